"""Answers of the sandbox: the truth of a sample, and values fabricated from the content of any other file."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, get_args

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
from . import faces, legacy
from .documented import Boxes, as_documented
from .fabricate import TYPE_NAMES, fabricate
from .intake import Refusal
from .picture import Gallery, cropped, thumbnail
from .samples.einvoice import read_einvoice
from .tabular import TABLE, tables_on
from .views import Files, PageView, cut_out, text_of

OBJECT_FOR_ONE = frozenset({"ekyc.card", "ocr.card"})
"""Operations that answer with an object for a picture of one paper, and with a list otherwise."""

JUDGED = OBJECT_FOR_ONE | {"ekyc.cards", "v3.ekyc.cards"}
"""Operations that say whether a paper is valid."""

UNJUDGED = ("driving_license", "vehicle_registration", "picertificate")
"""Beginnings of the types of papers of which they do not say it."""

VERDICT = {"valid": "True", "invalidCode": "0", "invalidMessage": "Successful"}

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
            **legacy.OWN,
            "v3.ekyc.face_matching": _face_matching,
            "ocr.document.invoice_hospital": lambda files: _unpublished(files, self.boxes),
            "ocr.document.van_ban_phap_quy": lambda files: _unpublished(files, self.boxes),
            "smartcrop.crop_image": self._crop,
            "smartcrop.crop_person": lambda files: (
                self._crop(files) | {"invalidCode": 0, "invalidMessage": "Successful"}
            ),
        }

        store: dict[str, Callable[[Files], Any]] = {
            "list_images": lambda files: self._faces.page(**_numbers(files, "offset", "limit")),
            "search": lambda files: self._faces.search(files.contents[0]),
            "add_image": self._add_face,
            "update_image": lambda files: self._faces.update(
                str(files.arguments["image_id"]), files.arguments.get("metadata", {})
            ),
            "delete_images": lambda files: self._faces.delete(list(map(str, files.arguments["ids"]))),
        }
        for name, of_store in store.items():
            self._own[f"face_search.{name}"] = _converted(of_store, faces.as_stored)
        for older, name in legacy.STORE.items():
            self._own[f"v1.face_search.{older}"] = _converted(store[name], legacy.as_stored)

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
            return legacy.in_v1(endpoint, papers, files)
        if endpoint.name in ALWAYS_OBJECT:
            return papers[0]
        if endpoint.name in JUDGED:
            papers = _judged(papers, files)
        if len(papers) == 1 and endpoint.name in OBJECT_FOR_ONE and not files.files[0][0].is_pdf:
            return papers[0]
        return papers

    def _add_face(self, files: Files) -> Any:
        content = files.contents[0]
        if files.files[0][0].is_pdf:
            raise Refusal(NoContentError)
        url = f"{files.base_url}pictures/{self._gallery.put(_as_jpeg(content))}"
        return self._faces.add(content, url, files.arguments.get("metadata", {}))

    def _crop(self, files: Files) -> dict[str, Any]:
        if files.files[0][0].is_pdf:
            raise Refusal(NoContentError)
        picture = cropped(files.contents[0], **_numbers(files, "width", "height"))
        return {"url": f"{files.base_url}pictures/{self._gallery.put(picture)}"}


def _converted(answer: Callable[[Files], Any], convert: Callable[[Any], Any]) -> Callable[[Files], Any]:
    return lambda files: convert(answer(files))


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
                read |= {"pages": [page.number], "info": _on_page(read["info"], page.number)}
            found.append(read)
    return found


def _on_page(info: dict[str, Any], page: int) -> dict[str, Any]:
    """Return a paper whose tables, if it is a list of expenses, have this page."""
    table = info.get("table")
    if not isinstance(table, dict) or "page_table" not in table:
        return info
    return info | {"table": table | {"page_table": [page] * len(table["page_table"])}}


def _papers_on(page: PageView, endpoint: Endpoint[Any]) -> list[dict[str, Any]]:
    if page.picture.truth is None:
        return [_other_paper(endpoint, page)]
    return [paper for paper in page.papers if paper["type"] != TABLE]


def _judged(papers: list[dict[str, Any]], files: Files) -> list[dict[str, Any]]:
    """Add the verdict on each paper, unless a file is a PDF or shows several papers."""
    if len(papers) != len(files.files) or any(picture.is_pdf for picture, _ in files.files):
        return papers
    return [paper if paper["type"].startswith(UNJUDGED) else paper | VERDICT for paper in papers]


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


def _text_page(page: PageView, *, with_picture: bool) -> Any:
    if not with_picture:
        return text_of(page)
    return {"result": text_of(page)} | page.image


def _face_matching(files: Files) -> dict[str, Any]:
    scores = {f"face{number}_score": str(score) for number, score in enumerate(_face_scores(files), start=1)}
    return faces.match(files.contents) | cut_out(files, "face1", "face2") | scores


def _face_scores(files: Files) -> list[float]:
    return [page.source.score("face") for page in files.pages()]


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
        shown = [paper["info"] for paper in page.papers if paper["type"] == "bank_statement"]
        images = list(page.image.values())
        pages += [info | {"image_table": images} for info in shown] or [fabricate(StatementPage, page.source)]
    return pages


def _invoice_xml(files: Files) -> list[dict[str, Any]]:
    info = read_einvoice(files.contents[0])
    if info is None:
        raise Refusal(InvalidImageError)
    return [{"type": "invoice", "info": info}]
