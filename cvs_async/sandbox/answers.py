"""Answers of the sandbox: the truth of a sample, and values fabricated from the content of any other file."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from attrs import frozen
from PIL import Image

from .._codec.endpoint import Endpoint
from ..errors import InvalidImageError, NoContentError
from ..models.employee import EmployeeProfile
from ..models.fields import PAPERS, Paper
from ..models.general import Page
from ..models.labels import ClaimLabel
from ..models.recognized import Recognized
from ..models.statement import StatementPage
from ..models.vehicle import Plate
from . import faces
from .documented import Boxes, as_documented
from .fabricate import TYPE_NAMES, Source, fabricate
from .intake import Refusal
from .legacy import as_v1
from .picture import Gallery, Picture, cropped, thumbnail
from .samples.einvoice import read_einvoice
from .tabular import TABLE, tables_on

OBJECT_FOR_ONE = frozenset({"ekyc.card", "ocr.card"})
"""Operations that answer with an object for a picture of one paper, and with a list otherwise."""

ALWAYS_OBJECT = frozenset({"ocr.document.credit_report", "ocr.document.land_certificate"})

OTHER_PAPERS = {
    "ocr.claims": "claim_form",
    "ocr.vehicle": "vehicle_registration_front",
    "ocr.vehicle_registration": "vehicle_registration_front",
    "ocr.vehicle_registrations": "vehicle_registration_front",
    "ocr.document.land_certificate": "giay_cnqshdd_mau_1",
    "v1.get_matsau": "12_id_card_back",
    "v1.get_blx": "driving_license",
}
"""Paper that operations for several kinds find in a readable file that is not a sample; others find a citizen card."""

OTHER_SECONDS = {
    "ekyc.cards": "chip_id_card_back",
    "ocr.vehicle_registrations": "vehicle_registration_back",
    "v1.get_haimat": "12_id_card_back",
    "v3.ekyc.cards": "chip_id_card_back",
}
"""Paper that they find in the second of two files."""

IDENTITY = ("id_card_front", "id_card_back", "passport")
"""Ends of the types of papers with the label ``id_doc``."""

WORDS = "văn bản mẫu của hộp cát không phải giấy tờ thật"


@frozen
class PageView:
    """Page of a file in a request.

    Attributes:
        file: index of the file in the request.
        number: index of the page in the file.
        picture: the file.
        source: source of fabricated values, if the file is not a sample.
    """

    file: int
    number: int
    picture: Picture
    source: Source

    @property
    def papers(self) -> list[dict[str, Any]]:
        """Return the papers of a sample page; empty for other files."""
        if self.picture.truth is None:
            return []
        return self.picture.truth.pages[self.number].papers

    @property
    def image(self) -> dict[str, str]:
        """Return the picture of the page as part of an answer; empty if none is requested or available."""
        if self.source.thumb is None:
            return {}
        return {"image": self.source.thumb}


@frozen
class Files:
    """Inspected files and other arguments of a request."""

    files: Sequence[tuple[Picture, bytes]]
    arguments: Mapping[str, Any]
    base_url: str

    @property
    def thumb(self) -> bool:
        """Return whether the answer should include pictures."""
        return self.arguments.get("get_thumb") == "true"

    @property
    def contents(self) -> list[bytes]:
        """Return the contents of the files."""
        return [content for _, content in self.files]

    def pages(self) -> list[PageView]:
        """Return every page of every file."""
        return [
            PageView(file, number, picture, self._source(picture, content, number, size))
            for file, (picture, content) in enumerate(self.files)
            for number, size in enumerate(picture.pages)
        ]

    def _source(self, picture: Picture, content: bytes, page: int, size: tuple[int, int]) -> Source:
        return Source(f"{picture.digest}/{page}", *size, self._thumb(content, page), page)

    def _thumb(self, content: bytes, page: int) -> str | None:
        if not self.thumb:
            return None
        return thumbnail(content, page)


class Responder:
    """Answers requests. Operations that read papers share one method; each other operation has its own."""

    def __init__(self, gallery: Gallery, boxes: Boxes = "documented") -> None:
        self.boxes: Boxes = boxes
        self._gallery = gallery
        self._faces = faces.FaceStore()
        self._own: dict[str, Callable[[Files], Any]] = {
            "ekyc.face_matching": _face_matching,
            "ekyc.verify_liveness": lambda files: faces.verify(files.contents),
            "ekyc.person_with_card": lambda files: _person_with_card(files, self.boxes),
            "ocr.vehicle_plate": lambda files: [fabricate(Plate, page.source) for page in files.pages()],
            "ocr.employee_profile": lambda files: _profile(files, self.boxes),
            "ocr.document.get_table": _tables,
            "ocr.document.get_label_claim": _labels,
            "ocr.document.bank_statement": _statements,
            "ocr.document.invoice_xml": _invoice_xml,
            "face_search.list_images": lambda files: self._faces.page(**_numbers(files, "offset", "limit")),
            "face_search.search": lambda files: self._faces.search(files.contents[0]),
            "face_search.add_image": self._add_face,
            "face_search.update_image": lambda files: self._faces.update(
                str(files.arguments["image_id"]), files.arguments.get("metadata", {})
            ),
            **_V1,
            "v3.ekyc.face_matching": _face_matching,
            "ocr.document.invoice_hospital": lambda files: _unpublished(files, self.boxes),
            "ocr.document.van_ban_phap_quy": lambda files: _unpublished(files, self.boxes),
            "face_search.delete_images": lambda files: self._faces.delete(list(map(str, files.arguments["ids"]))),
            "smartcrop.crop_image": self._crop,
            "smartcrop.crop_person": lambda files: (
                self._crop(files) | {"invalidCode": 0, "invalidMessage": "Successful"}
            ),
        }

        for name, newer in _V1_STORE.items():
            self._own[f"v1.face_search.{name}"] = self._own[f"face_search.{newer}"]

    def answer(self, endpoint: Endpoint[Any], files: Files) -> Any:
        """Return the data of an answer in its documented shape.

        Raises:
            Refusal: with the documented code, if the files contain nothing that the operation reads.
        """
        if endpoint.name in self._own:
            return self._own[endpoint.name](files)
        if endpoint.returns == list[Page]:
            return [_text_page(page, with_picture=files.thumb) for page in files.pages()]
        papers = _papers(endpoint, files)
        if not papers:
            raise Refusal(NoContentError)
        if self.boxes == "documented":
            papers = [as_documented(endpoint.name, paper) for paper in papers]
        if endpoint.name.startswith("v1."):
            return _in_v1(endpoint, papers, files)
        if endpoint.name in ALWAYS_OBJECT:
            return papers[0]
        if len(papers) == 1 and endpoint.name in OBJECT_FOR_ONE and not files.files[0][0].is_pdf:
            return papers[0] | {"valid": "True", "invalidMessage": "Successful"}
        return papers

    def _add_face(self, files: Files) -> Any:
        content = files.contents[0]
        url = f"{files.base_url}pictures/{self._gallery.put(_as_jpeg(content))}"
        return self._faces.add(content, url, files.arguments.get("metadata", {}))

    def _crop(self, files: Files) -> dict[str, Any]:
        if files.files[0][0].is_pdf:
            raise Refusal(NoContentError)
        picture = cropped(files.contents[0], **_numbers(files, "width", "height"))
        return {"url": f"{files.base_url}pictures/{self._gallery.put(picture)}"}


def _numbers(files: Files, *names: str) -> dict[str, int]:
    return {name: int(files.arguments[name]) for name in names}


def _as_jpeg(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as image:
        size = image.size
    return cropped(content, *size)


def _papers(endpoint: Endpoint[Any], files: Files) -> list[dict[str, Any]]:
    found = []
    for page in files.pages():
        for paper in _papers_on(page, endpoint):
            read = {"type": paper["type"], "info": paper["info"] | page.image}
            if endpoint.name == "ocr.claims":
                read["pages"] = [page.number]
            found.append(read)
    return found


def _papers_on(page: PageView, endpoint: Endpoint[Any]) -> list[dict[str, Any]]:
    if page.picture.truth is None:
        return [_other_paper(endpoint, page)]
    return [paper for paper in page.papers if paper["type"] != TABLE]


def _other_paper(endpoint: Endpoint[Any], page: PageView) -> dict[str, Any]:
    (recognized,) = get_args(endpoint.returns) or (Recognized,)
    (declared,) = get_args(recognized) or (Paper,)
    name = OTHER_PAPERS.get(endpoint.name) or TYPE_NAMES.get(declared)
    if page.file:
        name = OTHER_SECONDS.get(endpoint.name, name)
    if name is None and declared is Paper:
        name = "chip_id_card_front"
    name = name or endpoint.name.rpartition(".")[2]
    return {"type": name, "info": fabricate(PAPERS.get(name, declared), page.source)}


def _in_v1(endpoint: Endpoint[Any], papers: Sequence[dict[str, Any]], files: Files) -> dict[str, Any]:
    read = [as_v1(paper) for paper in papers]
    if endpoint.name == "v1.get_haimat":
        sides = {"mattruoc": read[0]["data"], "matsau": read[-1]["data"]}
        return {"data": sides, "valid": "True"}
    if files.files[0][0].is_pdf:
        return {"type": "pdf", "data": read}
    if endpoint.name == "v1.get_blx":
        return read[0]
    return read[0] | {"valid": "True"}


def _text_page(page: PageView, *, with_picture: bool) -> Any:
    if not with_picture:
        return _text(page)
    return {"result": _text(page)} | page.image


def _text(page: PageView) -> list[Any]:
    if page.picture.truth is not None:
        return page.picture.truth.pages[page.number].blocks
    words, source = WORDS.split(), page.source
    step, middle = source.width // len(words), source.height // 2
    line = [
        {
            "text": word,
            "confidence": source.score(word),
            "box": {"left": step * place, "right": step * (place + 1), "top": middle, "bottom": middle + step // 3},
        }
        for place, word in enumerate(words)
    ]
    return [[line]]


def _face_matching(files: Files) -> dict[str, Any]:
    return faces.match(files.contents) | _cut_out(files, "face1", "face2")


def _cut_out(files: Files, *names: str) -> dict[str, str | None]:
    """Return a small picture of each file, by its name in the answer."""
    return {name: thumbnail(content, 0) for name, content in zip(names, files.contents, strict=True)}


def _person_with_card(files: Files, boxes: Boxes) -> dict[str, Any]:
    page, content = files.pages()[0], files.contents[0]
    other = {"type": "chip_id_card_front", "info": fabricate(PAPERS["chip_id_card_front"], page.source)}
    paper = (page.papers or [other])[0]
    if boxes == "documented":
        paper = as_documented("ekyc.person_with_card", paper)
    judged = {"valid": "True", "invalidMessage": "Successful"}
    return {
        "matching": faces.match([content, content]) | judged,
        "ocr": {"infor": paper["info"], "type": paper["type"], **judged},
    }


def _profile(files: Files, boxes: Boxes) -> dict[str, Any]:
    profile: dict[str, Any] = fabricate(EmployeeProfile, files.pages()[0].source)
    if boxes == "all":
        return profile
    return {
        name: [as_documented("ocr.employee_profile", part) if isinstance(part, dict) else part for part in parts]
        for name, parts in profile.items()
    }


def _tables(files: Files) -> list[dict[str, Any]]:
    return [table | page.image for page in files.pages() for table in tables_on(page.papers, page.source)]


def _scan(files: Files) -> dict[str, Any]:
    lines = [
        " ".join(piece["text"] for piece in line) for page in files.pages() for block in _text(page) for line in block
    ]
    return {"result": lines or None, "time": 0.5}


def _v1_matching(files: Files, *names: str) -> dict[str, Any]:
    return {"matching": faces.match(files.contents)["matching"], "valid": "True"} | _cut_out(files, *names)


def _v1_verdict(files: Files) -> str:
    """1 for the same person, 2 for doubt, 3 for different ones, where API v2 has 1, 0 and -1."""
    return {"1": "1", "0": "2", "-1": "3"}[faces.match(files.contents)["match"]]


def _v1_liveness(files: Files) -> dict[str, Any]:
    card, mid, left, right = files.contents
    living = faces.verify([left, mid, right])
    wrong = "" if living["valid"] == "True" else living["invalidMessage"]
    return {"matching": faces.match([card, mid])["matching"], "valid": living["valid"], "errors": wrong}


def _unpublished(files: Files, boxes: Boxes) -> list[dict[str, Any]]:
    """Answer the papers of samples for an operation whose answers the vendor does not publish, and say so."""
    seal = {}
    if files.arguments.get("get_seal") == "true":
        seal = {"seal": thumbnail(files.contents[0], 0)}
    return [
        {"sandbox": "the vendor publishes no answer", "page": page.number} | _as_asked(paper, boxes) | page.image | seal
        for page in files.pages()
        for paper in page.papers or [{}]
    ]


def _as_asked(paper: dict[str, Any], boxes: Boxes) -> dict[str, Any]:
    """Return a paper without its boxes, none of which are documented, unless all are asked for."""
    if boxes == "all" or not paper:
        return paper
    return as_documented("", paper)


def _labels(files: Files) -> list[dict[str, Any]]:
    return [{"id": page.number, "label": _label(page)} | page.image for page in files.pages()]


def _label(page: PageView) -> str:
    for paper in page.papers:
        kind: str = paper["type"]
        if kind.endswith(IDENTITY):
            return "id_doc"
        if kind in set(ClaimLabel):
            return kind
    return "None"


def _statements(files: Files) -> list[Any]:
    pages = []
    for page in files.pages():
        shown = [paper["info"] for paper in page.papers if "json" in paper["info"]]
        images = list(page.image.values())
        pages += [info | {"image_table": images} for info in shown] or [fabricate(StatementPage, page.source)]
    return pages


def _invoice_xml(files: Files) -> list[dict[str, Any]]:
    info = read_einvoice(files.contents[0])
    if info is None:
        raise Refusal(InvalidImageError)
    return [{"type": "invoice", "info": info}]


_V1: dict[str, Callable[[Files], Any]] = {
    "v1.get_scan_a4": _scan,
    "v1.matching": lambda files: _v1_matching(files, "img_cmt", "img_person"),
    "v1.face_matching": lambda files: _v1_matching(files, "img_person1", "img_person2") | {"match": _v1_verdict(files)},
    "v1.matchingliveness": _v1_liveness,
}
"""Operations of API v1 that read no papers and need no store."""

_V1_STORE = {
    "get_all_images": "list_images",
    "search": "search",
    "add": "add_image",
    "edit_metadata": "update_image",
    "delete": "delete_images",
}
"""Operations on the store in API v1, by what they are called in v2."""
