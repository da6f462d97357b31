"""The sandbox: a strict reader of requests, a truthful reader of samples, and an honest bookkeeper."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import PIL.Image
import pytest

from cvs_async import (
    APIError,
    AsyncCVS,
    AuthenticationError,
    ConfigurationError,
    InvalidIdError,
    InvalidImageError,
    NoContentError,
    OutOfRequestsError,
    Url,
    UrlUnavailableError,
)
from cvs_async._codec.converter import unstructure
from cvs_async.api import OPERATIONS
from cvs_async.models import Image, Invoice, Page, Recognized
from cvs_async.sandbox import Sample, Sandbox, server
from cvs_async.sandbox.samples.truth import Truth, read_truth
from tests.support.servers import answers, bad_server
from tests.support.servers import http as http_answer
from tests.support.truth import of_kind, truth_of

AUTH = ("key", "secret")


def assert_equals_truth(read: list[Recognized[Any]], truth: Truth) -> None:
    """Every value, box and confidence that the file says of itself is where the model has it."""
    papers = [paper for page in truth.pages for paper in page.papers]
    assert [paper.type for paper in read] == [paper["type"] for paper in papers]
    for recognized, paper in zip(read, papers, strict=True):
        assert recognized.info.extra == {}
        for key, value in paper["info"].items():
            if isinstance(value, list) and not key.endswith("_box"):
                continue
            if key.endswith("_box"):
                assert list(getattr(recognized.info, key.removesuffix("_box")).box) == value
            elif key.endswith("_confidence") and hasattr(recognized.info, key.removesuffix("_confidence")):
                assert getattr(recognized.info, key.removesuffix("_confidence")).confidence == value
            elif isinstance(value, str):
                assert getattr(recognized.info, key).value == value
            else:
                assert getattr(recognized.info, key) == value


@pytest.mark.parametrize("form", ["file", "base64", "url"])
async def test_identity_samples_are_read_truly_in_every_form(samples: list[Sample], form: Any) -> None:
    async with (
        Sandbox(files=samples[0].path.parent, boxes="all") as sandbox,
        AsyncCVS("key", "secret", base_url=sandbox.base_url) as cvs,
    ):
        for sample in of_kind(samples, "citizen_card", "passport"):
            source = Url(sandbox.url(sample.path.name)) if form == "url" else sample.path
            reply = await cvs.ocr.card(source, send_as=form)
            assert_equals_truth(reply.data, truth_of(sample))
    assert sandbox.ledger.billed == len(of_kind(samples, "citizen_card", "passport"))
    assert not sandbox.ledger.violations


async def test_claims_are_read_truly(cvs: AsyncCVS, samples: list[Sample]) -> None:
    for sample in of_kind(samples, "claim"):
        assert_equals_truth((await cvs.ocr.claims(sample.path)).data, truth_of(sample))


async def test_invoices_are_read_truly_with_their_tables(cvs: AsyncCVS, samples: list[Sample]) -> None:
    for sample in of_kind(samples, "invoice"):
        reply, truth = await cvs.ocr.document.invoice(sample.path), truth_of(sample)
        assert_equals_truth(reply.data, truth)
        for page, recognized in zip(truth.pages, reply.data, strict=True):
            invoice, wire = recognized.info, page.papers[0]["info"]
            assert isinstance(invoice, Invoice)
            read = [[(c.value, c.score, c.label, list(c.box or ())) for c in row] for row in invoice.table]
            assert read == [[(c["value"], c["score"], c["label"], c["box"]) for c in row] for row in wire["table"]]
            assert [goods.name.value for goods in invoice.info_goods] == [g["name"] for g in wire["info_goods"]]
            assert [a.account_no.value for a in invoice.account_bank] == [a["account_no"] for a in wire["account_bank"]]


async def test_text_is_read_truly(cvs: AsyncCVS, samples: list[Sample]) -> None:
    for sample in of_kind(samples, "text", "claim"):
        reply, truth = await cvs.ocr.document.general(sample.path), truth_of(sample)
        assert all(isinstance(page, Page) for page in reply.data)
        read = [[[[item.text for item in line] for line in block] for block in page] for page in reply.data]
        assert read == [[[[i["text"] for i in line] for line in b] for b in page.blocks] for page in truth.pages]


async def test_both_sides_of_a_card(cvs: AsyncCVS, samples: list[Sample]) -> None:
    one, two = [s.path for s in of_kind(samples, "citizen_card", "passport") if s.path.suffix != ".pdf"][:2]
    reply = await cvs.ekyc.cards(one, two)
    expected = [paper["type"] for path in (one, two) for page in read_pages(path) for paper in page]
    assert [paper.type for paper in reply.data] == expected


def read_pages(path: Path) -> list[list[dict[str, Any]]]:
    truth = read_truth(path.read_bytes())
    assert truth is not None
    return [page.papers for page in truth.pages]


async def test_data_has_one_shape_though_the_wire_has_two(cvs: AsyncCVS, samples: list[Sample]) -> None:
    picture = next(s for s in of_kind(samples, "citizen_card", "passport") if s.path.suffix != ".pdf")
    pdf = next(s for s in of_kind(samples, "citizen_card", "claim") if s.path.suffix == ".pdf")
    one, many = await cvs.ocr.card(picture.path), await cvs.ocr.card(pdf.path)
    assert (type(one.raw["data"]), type(many.raw["data"])) == (dict, list)
    assert (type(one.data), type(many.data)) == (list, list)
    assert one.data[0].valid is True
    assert many.data[0].valid is None


async def test_a_thumb_is_the_picture_itself(cvs: AsyncCVS, samples: list[Sample]) -> None:
    for sample in of_kind(samples, "citizen_card", "claim"):
        for paper in (await cvs.ocr.claims(sample.path, get_thumb=True)).data:
            assert isinstance(paper.info.image, Image)
            assert paper.info.image.decode().startswith(b"\xff\xd8\xff")


async def test_broken_samples_are_refused_and_cost_nothing(
    sandbox: Sandbox, cvs: AsyncCVS, samples: list[Sample]
) -> None:
    broken = [sample.path for sample in of_kind(samples, "broken") if sample.path.stat().st_size]
    for path in broken:
        with pytest.raises(InvalidImageError) as caught:
            await cvs.ocr.card(path)
        assert (caught.value.code, caught.value.message) == (3, "Incorrect image format")
    assert broken
    assert (sandbox.ledger.billed, sandbox.ledger.codes) == (0, {3: len(broken)})


async def test_text_holds_no_paper(cvs: AsyncCVS, samples: list[Sample]) -> None:
    with pytest.raises(NoContentError) as caught:
        await cvs.ocr.card(of_kind(samples, "text")[0].path)
    assert (caught.value.code, caught.value.charge) == (1, "free")


ARGUMENTS: dict[str, dict[str, Any]] = {
    "smartcrop.crop_image": {"width": 40, "height": 30},
    "smartcrop.crop_person": {"width": 40, "height": 30},
    "face_search.add_image": {"metadata": {"tên": "Ví dụ"}},
    "face_search.update_image": {"image_id": "100001", "metadata": {"tên": "Ví dụ"}},
    "face_search.delete_images": {"ids": ["100001"]},
    "v1.face_search.add": {"metadata": {"tên": "Ví dụ"}},
    "v1.face_search.edit_metadata": {"image_id": "100001", "metadata": {"tên": "Ví dụ"}},
    "v1.face_search.delete": {"ids": ["100001"]},
    "ocr.document.van_ban_phap_quy": {"get_seal": True},
}
STORED = ("search", "update_image", "delete_images", "edit_metadata", "delete")
"""Operations of face search that need a picture in the store."""
EMPTY = {
    "face_search.list_images",
    "face_search.delete_images",
    "v1.face_search.get_all_images",
    "v1.face_search.delete",
}
EVERY = [(name, form) for name, endpoint in OPERATIONS.items() for form in (endpoint.forms or (None,))]


def extras(data: Any) -> Iterator[Any]:
    """Yield decoded content outside of any field."""
    if isinstance(data, dict):
        yield from [data["extra"]] if data.get("extra") else []
        data = list(data.values())
    for part in data if isinstance(data, list) else []:
        yield from extras(part)


@pytest.mark.parametrize(("operation", "form"), EVERY, ids=[f"{name}-{form}" for name, form in EVERY])
async def test_every_operation_in_every_form_is_answered_as_documented(
    operation: str, form: str | None, jpg: bytes, tmp_path: Path
) -> None:
    (tmp_path / "ảnh thẻ.jpg").write_bytes(jpg)
    async with Sandbox(files=tmp_path) as sandbox, AsyncCVS("key", "secret", base_url=sandbox.base_url) as cvs:
        await answered_as_documented(sandbox, cvs, operation, form, jpg)


async def answered_as_documented(sandbox: Sandbox, cvs: AsyncCVS, operation: str, form: str | None, jpg: bytes) -> None:
    endpoint = OPERATIONS[operation]
    source: Any = sandbox.url("ảnh thẻ.jpg") if form == "url" else jpg
    if operation == "ocr.document.invoice_xml":
        source = EINVOICE
    if "face_search" in operation and operation.rpartition(".")[2] in STORED:
        await cvs.face_search.add_image(jpg)
    arguments = dict.fromkeys(endpoint.images, source) | ARGUMENTS.get(operation, {})
    arguments |= {"send_as": form} if form else {}
    arguments |= {"get_thumb": True} if endpoint.thumb else {}
    first = await cvs.call(endpoint, check_sum="120EA8A25E5D487", **arguments)
    assert not sandbox.ledger.violations
    assert sandbox.ledger[-1].parameters["check_sum"] == "120EA8A25E5D487"
    assert first.data or operation in EMPTY
    left = [] if "face_search" in endpoint.name else list(extras(unstructure(first.data)))
    assert left == [], "the answer holds nothing that the models lack"
    if "face_search" not in endpoint.name:
        assert (await cvs.call(endpoint, check_sum="120EA8A25E5D487", **arguments)).raw == first.raw


EINVOICE = """<?xml version="1.0" encoding="UTF-8"?>
<HDon><DLHDon><TTChung><KHMSHDon>1</KHMSHDon><KHHDon>C25TMAU</KHHDon><SHDon>7</SHDon><NLap>2025-04-27</NLap>
<HTTToan>TM/CK</HTTToan></TTChung><NDHDon><NBan><Ten>CÔNG TY MẪU</Ten><MST>0001669897</MST></NBan>
<NMua><HVTNMHang>Trần Thị Ví Dụ</HVTNMHang></NMua><DSHHDVu><HHDVu><STT>1</STT><THHDVu>Bút bi</THHDVu>
<SLuong>2</SLuong><DGia>5000</DGia><ThTien>10000</ThTien></HHDVu></DSHHDVu>
<TToan><TgTCThue>10000</TgTCThue><TgTThue>1000</TgTThue><TgTTTBSo>11000</TgTTTBSo></TToan></NDHDon></DLHDon></HDon>
""".encode()


async def test_an_electronic_invoice_is_read_from_its_xml(cvs: AsyncCVS, jpg: bytes) -> None:
    (page,) = (await cvs.ocr.document.invoice_xml(EINVOICE)).data
    assert (page.info.supplier.value, page.info.invoice_no.value) == ("CÔNG TY MẪU", "7")
    assert (page.info.total_amount.value, page.info.supplier.box) == ("11000", None)
    assert [[cell.value for cell in row if cell.label == "description"] for row in page.info.table] == [["Bút bi"]]
    with pytest.raises(InvalidImageError):
        await cvs.ocr.document.invoice_xml(jpg)


async def test_faces_are_kept_found_changed_and_forgotten(cvs: AsyncCVS, samples: list[Sample], jpg: bytes) -> None:
    card, passport = (of_kind(samples, kind)[0].path for kind in ("citizen_card", "passport"))
    kept = [(await cvs.face_search.add_image(path, {"tên": path.name})).data for path in (card, passport)]
    assert [image.id async for image in cvs.face_search.iter_images(1)] == [image.id for image in kept]
    found = (await cvs.face_search.search(card)).data
    assert found[0].id == kept[0].id
    assert kept[0].id is not None
    changed = (await cvs.face_search.update_image(kept[0].id, {"nhãn": 1})).data
    assert changed.id == kept[0].id
    await cvs.face_search.delete_images([kept[0].id])
    assert [image.id for image in (await cvs.face_search.list_images()).data] == [kept[1].id]
    for lost in (cvs.face_search.update_image(kept[0].id, {}), cvs.face_search.delete_images([kept[0].id])):
        with pytest.raises(InvalidIdError) as caught:
            await lost
        assert caught.value.code == 7


async def test_faces_are_compared_by_what_the_pictures_show(cvs: AsyncCVS, samples: list[Sample]) -> None:
    card, passport = (of_kind(samples, kind)[0].path for kind in ("citizen_card", "passport"))
    same, other = (await cvs.ekyc.face_matching(card, card)).data, (await cvs.ekyc.face_matching(card, passport)).data
    assert (same.matching, same.match) == (100.0, 1)
    assert other.matching is not None
    assert other.matching < 100
    living, painted = (
        (await cvs.ekyc.verify_liveness(card, card, card)).data,
        (await cvs.ekyc.verify_liveness(passport, card, card)).data,
    )
    assert (living.valid, living.invalid_code) == (True, 0)
    assert painted.matching_mid_left == other.matching


async def test_a_crop_has_the_wanted_size_and_is_downloaded(
    sandbox: Sandbox, cvs: AsyncCVS, samples: list[Sample]
) -> None:
    crop = (await cvs.smartcrop.crop_person(of_kind(samples, "citizen_card")[0].path, 50, 60)).data
    assert crop.invalid_code == 0
    with PIL.Image.open(io.BytesIO(await cvs.smartcrop.download(crop))) as picture:
        assert (picture.format, picture.size) == ("JPEG", (50, 60))
    with pytest.raises(APIError) as caught:
        await cvs.smartcrop.download(f"{sandbox.base_url}/pictures/none.jpg")
    assert (caught.value.http_status, caught.value.charge) == (404, "free")


async def test_the_legacy_api_answers_in_its_own_words(cvs: AsyncCVS, samples: list[Sample]) -> None:
    front = next(s for s in of_kind(samples, "citizen_card") if s.path.name.endswith("căn-cước.jpg"))
    told = truth_of(front).pages[0].papers[0]["info"]
    paper = (await cvs.v1.get_mattruoc(front.path)).data
    assert (paper.type, paper.valid) == ("tcc", True)
    assert paper.info.id.value == told["id"]
    sides = (await cvs.v1.get_haimat(front.path, front.path)).data
    assert sides.mattruoc.quoctich.value == told["nationality"]
    pdf = next(s for s in of_kind(samples, "citizen_card") if s.path.suffix == ".pdf")
    assert [each.type for each in (await cvs.v1.get_infor(pdf.path)).data] == ["tcc", "matsautcc"]


async def test_the_ledger_says_what_was_asked_with_what(sandbox: Sandbox, cvs: AsyncCVS, jpg: bytes) -> None:
    await cvs.ocr.claims(jpg, check_sum="120EA8A25E5D487")
    (entry,) = sandbox.ledger
    assert (entry.operation, entry.method, entry.code, entry.billed) == ("ocr.claims", "POST", 0, True)
    assert entry.parameters == {"format_type": "file", "get_thumb": "false", "check_sum": "120EA8A25E5D487"}
    (upload,) = entry.uploads
    assert (upload.name, upload.filename, upload.content_type) == ("img", "img.jpg", "image/jpeg")
    assert (upload.size, upload.sha256) == (len(jpg), hashlib.sha256(jpg).hexdigest())


async def test_the_quota_counts_only_what_is_billed(jpg: bytes) -> None:
    async with Sandbox(quota=1) as sandbox, AsyncCVS("key", "secret", base_url=sandbox.base_url) as cvs:
        with pytest.raises(InvalidImageError):
            await cvs.ocr.card(b"no picture")
        await cvs.ocr.card(jpg)
        with pytest.raises(OutOfRequestsError) as caught:
            await cvs.ocr.card(jpg)
    assert (caught.value.code, caught.value.message) == (4, "Out of requests")
    assert sandbox.ledger.codes == {3: 1, 0: 1, 4: 1}


@pytest.mark.parametrize(("key", "secret", "welcome"), [("k", "s", True), ("k", "x", False), ("x", "s", False)])
async def test_credentials_are_checked(jpg: bytes, key: str, secret: str, welcome: bool) -> None:
    async with Sandbox(api_key="k", api_secret="s") as sandbox, AsyncCVS(key, secret, base_url=sandbox.base_url) as cvs:
        if welcome:
            assert (await cvs.ocr.card(jpg)).charge == "billed"
        else:
            with pytest.raises(AuthenticationError) as caught:
                await cvs.ocr.card(jpg)
            assert caught.value.code == 5


@pytest.mark.parametrize("header", [None, "Basic", "Basic !", "Bearer a2V5OnNlY3JldA==", "Basic OnM=", "Basic azo="])
async def test_requests_without_credentials_are_refused(sandbox: Sandbox, jpg: bytes, header: str | None) -> None:
    async with httpx.AsyncClient(base_url=sandbox.base_url) as http:
        answer = await http.post(
            "/api/v2/ocr/card?format_type=file&get_thumb=false",
            files={"img": jpg},
            headers={} if header is None else {"Authorization": header},
        )
    assert answer.json() == {"data": None, "errorCode": "5", "errorMessage": "Incorrect Api_key or api_secret"}


async def test_the_secret_wrong_is_always_wrong(sandbox: Sandbox, jpg: bytes) -> None:
    async with AsyncCVS("key", "wrong", base_url=sandbox.base_url) as cvs:
        with pytest.raises(AuthenticationError):
            await cvs.ocr.card(jpg)


# The addresses are reserved for examples; the guard under all tests sees it if one of them is tried all the same.
NOT_HERE = [
    "http://192.0.2.1/a.jpg",
    "http://[2001:db8::1]/a.jpg",
    "http://[::ffff:192.0.2.1]/a.jpg",
    "http://pictures.invalid/a.jpg",
    "https://pictures.invalid/a.jpg",
    "http://127.0.0.1.invalid/a.jpg",
    "http://localhost.invalid/a.jpg",
    "http://evil-localhost/a.jpg",
    "http://192.0.2.1#@127.0.0.1/a.jpg",
    "http://192.0.2.1?@127.0.0.1/a.jpg",
    "http://127.0.0.1@192.0.2.1/a.jpg",
    "http://192.0.2.1\\@127.0.0.1/a.jpg",
    "http://127.0.0.1:9/a.jpg",
    "http://127.0.0.1:port/a.jpg",
]


@pytest.mark.parametrize("link", NOT_HERE)
async def test_only_this_machine_is_downloaded_from(sandbox: Sandbox, link: str) -> None:
    query = {"format_type": "url", "get_thumb": "false", "img": link}
    async with httpx.AsyncClient(base_url=sandbox.base_url, auth=AUTH) as http:
        answer = await http.get("/api/v2/ocr/card", params=query)
    assert (answer.json()["errorCode"], sandbox.ledger.billed) == ("2", 0)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("place", ["http://192.0.2.1/a.jpg", "//pictures.invalid/a.jpg", "/again"])
async def test_a_link_that_redirects_is_not_followed(sandbox: Sandbox, cvs: AsyncCVS, status: str, place: str) -> None:
    async with bad_server(answers(http_answer(b"", status, (f"Location: {place}",)))) as server:
        with pytest.raises(UrlUnavailableError) as caught:
            await cvs.ocr.card(Url(f"{server.base_url}/a.jpg"))
    assert len(server.requests) == 1
    assert (caught.value.code, sandbox.ledger.billed) == (2, 0)


UNDOCUMENTED: list[tuple[str, dict[str, Any], int, str | None]] = [
    ("GET ?format_type=file", {}, 6, None),
    ("POST ?format_type=url", {}, 6, None),
    ("POST ?format_type=fax", {}, 6, None),
    ("POST ?format_type=file", {"json": {"img": "aaaa"}}, 6, None),
    ("POST ?format_type=base64", {"files": {"img": b"x"}}, 6, None),
    ("POST ?format_type=file", {"files": {"image": b"x"}}, 3, "ocr.card: img is missing"),
    ("POST ?format_type=base64", {"json": {"img": "aGV\nsbG8="}}, 3, None),
    ("POST ?format_type=base64", {"json": ["img"]}, 3, None),
    ("POST ?format_type=file", {"files": {"img": "JPG"}}, 0, "ocr.card: get_thumb is neither true nor false"),
    (
        "POST ?format_type=file&get_thumb=true&x=1",
        {"files": {"img": "JPG"}},
        0,
        "ocr.card: parameter x is not documented",
    ),
    (
        "POST ?format_type=file&get_thumb=true&check_sum=1&check_sum=2",
        {"files": {"img": "JPG"}},
        0,
        "ocr.card: a parameter is given twice",
    ),
]


@pytest.mark.parametrize(("request_line", "body", "code", "violation"), UNDOCUMENTED)
async def test_what_is_not_documented_is_refused_or_noted(
    sandbox: Sandbox, jpg: bytes, request_line: str, body: dict[str, Any], code: int, violation: str | None
) -> None:
    method, _, query = request_line.partition(" ")
    if body.get("files", {}).get("img") == "JPG":
        body = {"files": {"img": jpg}}
    async with httpx.AsyncClient(base_url=sandbox.base_url, auth=AUTH) as http:
        answer = await http.request(method, f"/api/v2/ocr/card{query}", **body)
    assert answer.json()["errorCode"] == str(code)
    if violation is not None:
        assert sandbox.ledger.violations[violation] == 1


async def test_base64_of_a_paper_is_decoded(sandbox: Sandbox, jpg: bytes) -> None:
    async with httpx.AsyncClient(base_url=sandbox.base_url, auth=AUTH) as http:
        answer = await http.post(
            "/api/v2/ocr/card?format_type=base64&get_thumb=false", json={"img": base64.b64encode(jpg).decode()}
        )
    assert answer.json()["errorCode"] == "0"


async def test_a_port_in_use_is_reported(sandbox: Sandbox) -> None:
    port = int(sandbox.base_url.rpartition(":")[2])
    with pytest.raises(ConfigurationError, match=str(port)):
        Sandbox(port=port).start()


async def test_the_server_is_gone_after_the_with(jpg: bytes) -> None:
    async with Sandbox() as sandbox:
        pass
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(sandbox.base_url)


def test_it_ends_when_it_is_asked_to_and_not_when_it_looks_next(monkeypatch: pytest.MonkeyPatch, jpg: bytes) -> None:
    monkeypatch.setattr(server, "TICK", 1000.0)
    sandbox = Sandbox()
    sandbox.start()
    thread = sandbox._thread
    assert thread is not None
    sandbox.stop()
    assert not thread.is_alive()
    with pytest.raises(httpx.ConnectError):
        httpx.get(sandbox.base_url)


def test_it_ends_while_a_connection_is_open() -> None:
    with httpx.Client() as client:
        with Sandbox() as sandbox:
            assert client.get(sandbox.base_url).status_code == 404
            thread = sandbox._thread
        assert thread is not None
        assert not thread.is_alive()
