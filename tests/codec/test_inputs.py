"""Inputs: choosing the form, opening them off the event loop, and refusing unusable ones."""

from __future__ import annotations

import base64
import copy
import errno
import io
import os
import pickle
import tempfile
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import aiofiles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvs_async import Endpoint, InvalidInputError, Url
from cvs_async._codec.endpoint import FORMS, Form, SendAs
from cvs_async._codec.inputs import CHUNK, Part, choose_form, describe, is_url, load
from cvs_async.batch.outcome import name_of

CARD = Endpoint[Any]("ocr/card")
CARDS = Endpoint[Any]("ekyc/cards", images=("img1", "img2"))
LINK = "https://example.com/ảnh.jpg"
SECRET_LINK = "https://user:CANARY@example.com/ảnh.jpg?token=CANARY#CANARY"
JPEG = b"\xff\xd8\xff\xe0 picture"
PNG = b"\x89PNG\r\n\x1a\n picture"
PDF = b"%PDF-1.7 document"


async def open_inputs(
    endpoint: Endpoint[Any], values: dict[str, object], send_as: SendAs = "auto"
) -> dict[str, Url | Part]:
    """Do the steps of a call before it builds a request."""
    return await load(endpoint, values, choose_form(endpoint, values, send_as))


async def load_part(value: object) -> Part:
    """The part that one input becomes."""
    part = (await open_inputs(CARD, {"img": value}))["img"]
    assert isinstance(part, Part)
    return part


async def content(part: Part) -> bytes:
    return b"".join([chunk async for chunk in part.chunks()])


async def refusal(value: object, send_as: SendAs = "auto") -> InvalidInputError:
    """The error that `load` ends with; it names operation and input in any case."""
    with pytest.raises(InvalidInputError) as caught:
        await open_inputs(CARD, {"img": value}, send_as)
    assert str(caught.value).startswith("ocr.card: img")
    assert (caught.value.operation, caught.value.charge, caught.value.attempts) == ("ocr.card", "free", 0)
    return caught.value


# Url and describe


@pytest.mark.parametrize(
    "value",
    [
        "http://example.com",
        "https://example.com/căn-cước.jpg?a=1&b=2#trang",
        "HTTPS://EXAMPLE.COM/X",
        "http://127.0.0.1:8787/0001.pdf",
        "https://[::1]/x",
        "https://tên-miền.vn/x",
        SECRET_LINK,
    ],
)
def test_a_url_is_an_absolute_http_url_and_stays_as_it_is(value: str) -> None:
    url = Url(value)
    assert url == value
    assert isinstance(url, str)
    assert is_url(url)
    assert is_url(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "ảnh.jpg",
        "example.com/x",
        "//example.com/x",
        "/đường/dẫn",
        "ftp://example.com/x",
        "file:///x",
        "data:image/png;base64,AAAA",
        "https://",
        "https:///x",
        "https://?x",
        "https:example.com",
        "https://[::1",
        "https://example.com/\ud800",
    ],
)
def test_other_text_is_not_a_url(value: str) -> None:
    with pytest.raises(InvalidInputError, match="is not an absolute http:// or https:// URL"):
        Url(value)


@pytest.mark.parametrize("begin", [" https", "\thttps", "\nhttps", "ht\ntps", "https\r"])
def test_a_url_with_white_space_before_its_scheme_is_refused(begin: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Url(begin + "://example.com/x?token=CANARY")
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (LINK, f"Url('{LINK}')"),
        (SECRET_LINK, "Url('https://example.com/ảnh.jpg?…')"),
        ("https://example.com?CANARY", "Url('https://example.com?…')"),
        ("https://example.com#CANARY", "Url('https://example.com')"),
        ("https://CANARY@example.com/a@b", "Url('https://example.com/a@b')"),
        ("https://example.com/#?CANARY", "Url('https://example.com/')"),
    ],
)
def test_the_repr_of_a_url_has_neither_query_nor_user(value: str, shown: str) -> None:
    assert repr(Url(value)) == shown


def test_a_refused_url_is_named_without_query_and_user() -> None:
    with pytest.raises(InvalidInputError, match=r"'ftp://example.com/x\?…' is no") as caught:
        Url("ftp://user:CANARY@example.com/x?token=CANARY")
    assert "CANARY" not in f"{caught.value} {caught.value!r}"


@pytest.mark.parametrize("value", ["https:/user:CANARY@example.com/x", "//user:CANARY@example.com/x"])
def test_a_refused_half_url_is_named_without_its_user(value: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Url(value)
    assert "CANARY" not in str(caught.value)


# DEFECT: user and password show where no slash stands before them: what _USER keeps in its first group takes them in.
@pytest.mark.parametrize("value", ["user:CANARY@example.com/x", "https:user:CANARY@example.com/x"])
def test_a_refused_text_without_slashes_is_named_without_its_user(value: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Url(value)
    assert "CANARY" not in str(caught.value)


# DEFECT: a document passed as data URL, or as its base64, is shown whole in the error's text.
@pytest.mark.parametrize("prefix", ["data:image/jpeg;base64,", ""])
def test_a_document_taken_for_a_url_is_not_shown_whole(prefix: str) -> None:
    document = base64.b64encode(JPEG * 1000).decode()
    with pytest.raises(InvalidInputError) as caught:
        Url(prefix + document)
    assert document[1000:2000] not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        "https://example.com/a b.jpg?token=CANARY",
        "https://example.com/a\r\nX-Injected: CANARY",
        "https://example.com/a\x00CANARY",
        "https://example.com/a\x1bCANARY",
        "https://example.com/a\u00a0CANARY",
        "https://example.com/a\u2028CANARY",
        " https://example.com/?CANARY",
        "https://example.com/?CANARY\n",
        "https://exa mple.com/?CANARY",
        "https://user:CAN ARY@example.com/",
    ],
)
async def test_a_url_with_blanks_or_control_characters_is_refused_with_a_remedy(value: str) -> None:
    with pytest.raises(InvalidInputError, match=r"is a URL with a blank or control character; write %20") as caught:
        Url(value)
    assert "CAN" not in str(caught.value)
    assert "CAN" not in str(await refusal(value))


@pytest.mark.parametrize("port", ["99999999", "65536", "0", "-1", "x", "CANARY"])
async def test_a_url_with_an_impossible_port_is_refused(port: str) -> None:
    with pytest.raises(InvalidInputError, match="is not an absolute http:// or https:// URL") as caught:
        Url(f"https://example.com:{port}/x")
    assert "CANARY" not in str(caught.value)
    assert Url("https://example.com:65535/x")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("s3://CANARY@bucket/CANARY?X-Amz-Signature=CANARY", "s3://bucket/…) is a URL with the scheme s3, but"),
        ("FTP://user:CANARY@Example.com/CANARY", "FTP://Example.com/…) is a URL with the scheme ftp, but"),
        ("  https://example.com/CANARY?CANARY", "https://example.com/…) is a URL after blanks"),
        ("\nhttps://CANARY@example.com", "https://example.com/…) is a URL after blanks"),
        ("file:///CANARY/CANARY.jpg", "file URL; pass the path"),
        ("data:image/png;base64,CANARY", "data:…) is a data URL; pass its content as bytes"),
        ("DATA:;base64,CANARY", "is a data URL"),
    ],
)
async def test_other_urls_are_not_taken_for_paths(value: str, said: str) -> None:
    error = await refusal(value, "file")
    assert said in str(error)
    assert "CANARY" not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("scans/a.jpg?X-Amz-Signature=CANARY", "scans/a.jpg?…"),
        ("example.com/a.jpg?a=1&token=CANARY/x", "example.com/a.jpg?…"),
        (Path("https://user:CANARY@example.com/a.jpg?x=CANARY"), "https:/example.com/a.jpg?…"),
        (Path("scans") / "s3://CANARY@bucket/a?x=CANARY", "scans/s3:/bucket/a?…"),
        ("//user:CANARY@example.com/a.jpg", "//example.com/a.jpg"),
        ("what?.jpg", "what?.jpg"),
        ("a@b.jpg", "a@b.jpg"),
        ("C:/scans/a.jpg", "C:/scans/a.jpg"),
    ],
)
async def test_a_path_is_shown_without_what_may_be_secret(value: str | Path, shown: str) -> None:
    assert describe(value) == shown
    assert name_of(value) == shown
    error = await refusal(value)
    assert str(error) == f"ocr.card: img ({shown}) does not exist"
    assert "CANARY" not in "".join(traceback.format_exception(error))


def chain(error: BaseException | None) -> list[BaseException]:
    return [] if error is None else [error, *chain(error.__cause__), *chain(error.__context__)]


@pytest.mark.parametrize("size", [60, 200, 700, 5000])
@pytest.mark.parametrize("kind", [JPEG, PNG, PDF, b"<?xml version='1.0'?>", b"II*\0"])
async def test_a_document_in_base64_given_as_a_path_shows_nowhere(size: int, kind: bytes) -> None:
    document = base64.b64encode(kind + os.urandom(size)).decode()
    for text in (document, "data:image/jpeg;base64," + document):
        error = await refusal(text)
        assert name_of(text).startswith(("a text of", "data:"))
        for step in chain(error):
            shown = f"{step} {step!r} {vars(step)} {getattr(step, 'filename', '')}"
            assert document[30:60] not in shown
        assert document[30:60] not in "".join(traceback.format_exception(error))


async def test_a_long_text_given_as_a_path_shows_nowhere() -> None:
    text = "<HDon>\n" + "CANARY " * 40
    error = await refusal(text)
    assert "CANARY" not in "".join(traceback.format_exception(error))


async def test_the_cause_of_a_refusal_has_no_name_of_a_file(tmp_path: Path) -> None:
    error = await refusal(tmp_path / "none.jpg")
    assert isinstance(error.__cause__, FileNotFoundError)
    assert (error.__cause__.errno, error.__cause__.filename, error.__context__) == (errno.ENOENT, None, None)


def test_a_url_survives_copying_and_pickling() -> None:
    url = Url(SECRET_LINK)
    for twin in (copy.copy(url), copy.deepcopy(url), pickle.loads(pickle.dumps(url))):
        assert type(twin) is Url
        assert twin == url


@pytest.mark.parametrize(
    "value", [b"https://example.com", Path(LINK), "https:/example.com", "http:", "ảnh https://x", 5, None]
)
def test_only_a_text_that_begins_like_one_is_a_url(value: object) -> None:
    assert not is_url(value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("căn cước.jpg", "căn cước.jpg"),
        (Path("hồ sơ/căn cước.jpg"), os.path.join("hồ sơ", "căn cước.jpg")),
        ("", "an empty path"),
        (SECRET_LINK, "https://example.com/ảnh.jpg?…"),
        (Url(SECRET_LINK), "https://example.com/ảnh.jpg?…"),
        (b"CANARY", "6 bytes"),
        (bytearray(b"CANARY"), "6 bytes"),
        (memoryview(b"CANARY"), "6 bytes"),
        (io.BytesIO(b"CANARY"), "BytesIO object"),
        (io.StringIO("CANARY"), "StringIO object"),
        (12345, "int object"),
        (None, "NoneType object"),
        (["CANARY"], "list object"),
    ],
)
def test_an_input_is_described_by_name_or_size(value: object, shown: str) -> None:
    assert describe(value) == shown


def test_an_open_file_is_described_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "giấy tờ.jpg"
    path.write_bytes(b"CANARY")
    with path.open("rb") as file:
        assert describe(file) == f"file object {str(path)!r}"


def test_a_memoryview_of_numbers_is_described_by_its_bytes() -> None:
    assert describe(memoryview(b"12345678").cast("I")) == "8 bytes"


def test_a_path_like_object_is_described_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "ảnh.jpg").write_bytes(JPEG)
    with os.scandir(tmp_path) as entries:
        assert [describe(entry) for entry in entries] == [str(tmp_path / "ảnh.jpg")]


async def test_base64_text_taken_for_a_path_is_not_shown_whole() -> None:
    document = base64.b64encode(JPEG * 1000).decode()
    error = await refusal(document)
    assert document not in f"{error} {error!r}"
    assert document[1000:2000] not in str(error)


# choose_form

URL_INPUTS: dict[str, object] = {"img1": LINK, "img2": Url(LINK)}
FILE_INPUTS: dict[str, object] = {"img1": "mặt trước.jpg", "img2": JPEG}


@pytest.mark.parametrize(
    ("send_as", "values", "form"),
    [
        ("auto", URL_INPUTS, "url"),
        ("url", URL_INPUTS, "url"),
        ("auto", FILE_INPUTS, "file"),
        ("file", FILE_INPUTS, "file"),
        ("base64", FILE_INPUTS, "base64"),
    ],
)
def test_urls_go_as_url_and_the_rest_as_file_or_base64(send_as: SendAs, values: dict[str, object], form: Form) -> None:
    assert choose_form(CARDS, values, send_as) == form


@pytest.mark.parametrize(
    ("send_as", "values", "message"),
    [
        ("file", URL_INPUTS, r"img1 \(https://example.com/ảnh.jpg\) cannot be sent as 'file'; download it first"),
        ("base64", URL_INPUTS, r"img1 \(https://example.com/ảnh.jpg\) cannot be sent as 'base64'; download it first"),
        ("url", FILE_INPUTS, r"img1 \(mặt trước.jpg\) cannot be sent as 'url'; pass a Url"),
    ],
)
def test_an_input_that_does_not_fit_the_form_is_refused(
    send_as: SendAs, values: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=f"ekyc.cards: {message}") as caught:
        choose_form(CARDS, values, send_as)
    assert caught.value.operation == "ekyc.cards"


@pytest.mark.parametrize("send_as", ["auto", *FORMS])
@pytest.mark.parametrize(
    ("values", "url"),
    [({"img1": LINK, "img2": JPEG}, "img1"), ({"img1": "mặt trước.jpg", "img2": Url(LINK)}, "img2")],
)
def test_urls_and_files_cannot_be_mixed(send_as: SendAs, values: dict[str, object], url: str) -> None:
    with pytest.raises(InvalidInputError, match=f"ekyc.cards: .*cannot be mixed.*only {url} is a URL"):
        choose_form(CARDS, values, send_as)


@pytest.mark.parametrize("send_as", ["fax", "", "FILE", None])
@pytest.mark.parametrize("values", [URL_INPUTS, FILE_INPUTS])
def test_an_unknown_form_is_refused_naming_those_there_are(send_as: Any, values: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError, match=r"ekyc.cards cannot be sent as .*; it takes url, file, base64"):
        choose_form(CARDS, values, send_as)


@pytest.mark.parametrize("lacking", FORMS)
def test_a_form_that_the_operation_lacks_is_refused(lacking: Form) -> None:
    forms: tuple[Form, ...] = tuple(form for form in FORMS if form != lacking)
    endpoint = Endpoint[Any]("ocr/new_paper", forms=forms)
    value = LINK if lacking == "url" else JPEG
    with pytest.raises(InvalidInputError, match=f"ocr.new_paper cannot be sent as {lacking!r}; it takes") as caught:
        choose_form(endpoint, {"img": value}, lacking)
    assert str(caught.value).endswith(", ".join(forms))
    assert caught.value.operation == "ocr.new_paper"


def test_a_url_for_an_operation_that_takes_none_is_refused() -> None:
    endpoint = Endpoint[Any]("ocr/document/invoice-xml", forms=("file", "base64"))
    with pytest.raises(InvalidInputError, match=r"ocr\.document\.invoice_xml"):
        choose_form(endpoint, {"img": LINK}, "auto")


def test_a_file_for_an_operation_that_takes_urls_only_is_refused() -> None:
    endpoint = Endpoint[Any]("ocr/new_paper", forms=("url",))
    with pytest.raises(InvalidInputError, match=r"ocr.new_paper: img \(12 bytes\) cannot be sent as 'url'; pass a Url"):
        choose_form(endpoint, {"img": JPEG}, "auto")


def test_a_file_goes_as_base64_where_the_operation_takes_no_file() -> None:
    assert choose_form(Endpoint[Any]("ocr/new_paper", forms=("url", "base64")), {"img": JPEG}, "auto") == "base64"


# load: what can be sent


async def test_urls_stay_urls() -> None:
    loaded = await open_inputs(CARDS, {"img1": LINK, "img2": Url(SECRET_LINK)})
    assert loaded == {"img1": LINK, "img2": SECRET_LINK}
    assert {type(value) for value in loaded.values()} == {Url}


@pytest.mark.parametrize("form", ["file", "base64"])
async def test_several_inputs_keep_their_names_and_order(tmp_path: Path, form: SendAs) -> None:
    (tmp_path / "mặt sau.png").write_bytes(PNG)
    loaded = await open_inputs(CARDS, {"img2": tmp_path / "mặt sau.png", "img1": JPEG}, form)
    assert list(loaded) == ["img2", "img1"]
    assert [part.filename for part in loaded.values() if isinstance(part, Part)] == ["mặt sau.png", "img1.jpg"]


class PathLike:
    """Path-like object other than a pathlib path; its `__fspath__` returns the given value."""

    def __init__(self, given: Any) -> None:
        self.given = given

    def __fspath__(self) -> Any:
        return self.given


def text_path_like(path: Path) -> PathLike:
    return PathLike(str(path))


def bytes_path_like(path: Path) -> PathLike:
    return PathLike(os.fsencode(path))


@pytest.mark.parametrize("make", [str, Path, text_path_like, bytes_path_like])
@pytest.mark.parametrize("name", ["scan.jpg", "Căn cước công dân – Nguyễn Văn Ánh.jpg", 'dấu "ngoặc".jpg'])
async def test_a_path_is_read_and_its_name_kept(tmp_path: Path, make: Callable[[Path], object], name: str) -> None:
    (tmp_path / name).write_bytes(JPEG)
    part = await load_part(make(tmp_path / name))
    assert (part.filename, part.content_type, part.size) == (name, "image/jpeg", len(JPEG))
    assert await content(part) == JPEG


async def test_a_relative_path_starts_from_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ảnh.png").write_bytes(PNG)
    assert await content(await load_part("ảnh.png")) == PNG


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview, lambda data: memoryview(data * 2)[: len(data)]])
async def test_bytes_of_any_kind_are_sent(make: Callable[[bytes], object]) -> None:
    part = await load_part(make(PDF))
    assert (part.filename, part.content_type, part.size) == ("img.pdf", "application/pdf", len(PDF))
    assert await content(part) == PDF


async def test_bytes_are_taken_as_they_were_at_the_time_of_the_call() -> None:
    buffer = bytearray(JPEG)
    part = await load_part(buffer)
    buffer[:] = b"overwritten"
    assert await content(part) == JPEG


async def test_a_binary_stream_is_read_from_where_it_stands_and_left_open() -> None:
    stream = io.BytesIO(b"skipped" + PNG)
    stream.seek(7)
    part = await load_part(stream)
    assert (part.filename, part.content_type) == ("img.png", "image/png")
    assert await content(part) == PNG
    assert not stream.closed


@pytest.mark.parametrize("buffering", [0, -1])
async def test_an_open_file_keeps_its_name(tmp_path: Path, buffering: int) -> None:
    path = tmp_path / "Hộ chiếu Đặng Thị Ý.pdf"
    path.write_bytes(PDF)
    with path.open("rb", buffering=buffering) as file:
        part = await load_part(file)
        assert not file.closed
    assert part.filename == "Hộ chiếu Đặng Thị Ý.pdf"
    assert await content(part) == PDF


def unnamed(tmp_path: Path) -> BinaryIO:
    """A file whose `name` is a number."""
    (tmp_path / "x").write_bytes(JPEG)
    return os.fdopen(os.open(tmp_path / "x", os.O_RDONLY), "rb")


def spooled(tmp_path: Path) -> BinaryIO:
    """A file whose `name` is None."""
    file: Any = tempfile.SpooledTemporaryFile(dir=str(tmp_path))  # noqa: SIM115
    file.write(JPEG)
    file.seek(0)
    return file  # type: ignore[no-any-return]


def standard_input(tmp_path: Path) -> BinaryIO:
    """A file whose `name` tells what it is."""
    stream = io.BytesIO(JPEG)
    stream.name = "<stdin>"
    return stream


@pytest.mark.parametrize("make", [unnamed, spooled, standard_input])
async def test_a_file_without_a_name_is_named_after_the_input(tmp_path: Path, make: Callable[[Path], BinaryIO]) -> None:
    with make(tmp_path) as file:
        assert (await load_part(file)).filename == "img.jpg"


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("ảnh.jpg", "image/jpeg"),
        ("ảnh.JPG", "image/jpeg"),
        ("ảnh.jpeg", "image/jpeg"),
        ("ảnh.JpEg", "image/jpeg"),
        ("ảnh.png", "image/png"),
        ("ảnh.PNG", "image/png"),
        ("hồ sơ.pdf", "application/pdf"),
        ("hồ sơ.PdF", "application/pdf"),
        ("hoá.đơn.2024.xml", "application/xml"),
    ],
)
async def test_the_suffix_decides_on_the_content_type(tmp_path: Path, name: str, content_type: str) -> None:
    (tmp_path / name).write_bytes(b"whatever it holds")
    part = await load_part(tmp_path / name)
    assert (part.filename, part.content_type) == (name, content_type)


CONTENTS = [
    (JPEG, "image/jpeg", ".jpg"),
    (PNG, "image/png", ".png"),
    (PDF, "application/pdf", ".pdf"),
    (b"something else", "application/octet-stream", ""),
]


@pytest.mark.parametrize(("data", "content_type", "suffix"), CONTENTS)
async def test_without_a_suffix_the_content_decides_on_type_and_suffix(
    tmp_path: Path, data: bytes, content_type: str, suffix: str
) -> None:
    (tmp_path / "căn cước").write_bytes(data)
    for value, stem in ((tmp_path / "căn cước", "căn cước"), (data, "img"), (io.BytesIO(data), "img")):
        part = await load_part(value)
        assert (part.filename, part.content_type) == (stem + suffix, content_type)


@pytest.mark.parametrize(("data", "content_type"), [row[:2] for row in CONTENTS])
async def test_with_an_unknown_suffix_the_content_decides_and_the_name_stays(
    tmp_path: Path, data: bytes, content_type: str
) -> None:
    (tmp_path / "bản.scan").write_bytes(data)
    part = await load_part(tmp_path / "bản.scan")
    assert (part.filename, part.content_type) == ("bản.scan", content_type)


# load: what cannot be sent


@pytest.mark.parametrize("make", [str, Path, text_path_like, bytes_path_like])
async def test_a_missing_path_is_refused(tmp_path: Path, make: Callable[[Path], object]) -> None:
    error = await refusal(make(tmp_path / "không có.jpg"))
    assert "does not exist" in str(error)
    assert isinstance(error.__cause__, FileNotFoundError)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("không có.jpg", "does not exist"),
        ("thư mục/không có.jpg", "does not exist"),
        ("x" * 300 + ".jpg", "cannot be read: " + os.strerror(errno.ENAMETOOLONG)),
        ("null\0byte.jpg", "is not a usable path"),
        ("lẻ\ud800.jpg", "is not a usable path"),
    ],
)
async def test_a_path_that_leads_nowhere_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert str(await refusal(name)) == f"ocr.card: img ({name}) {reason}"


async def test_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vòng.jpg"
    path.symlink_to(path)
    assert str(await refusal(path)) == f"ocr.card: img ({path}) cannot be read: {os.strerror(errno.ELOOP)}"


async def test_a_file_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)
    error = await refusal(tmp_path / "a.jpg" / "b.jpg")
    assert str(error).endswith(f"cannot be read: {os.strerror(errno.ENOTDIR)}")


@pytest.mark.parametrize("size", [len(JPEG), CHUNK + 1])
async def test_a_file_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    path = tmp_path / "mật.jpg"
    path.write_bytes(JPEG.ljust(size))

    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", forbidden)  # even for root
        error = await refusal(path)
    assert str(error) == f"ocr.card: img ({path}) cannot be read: {os.strerror(errno.EACCES)}"
    assert isinstance(error.__cause__, PermissionError)


@pytest.mark.parametrize("make", [str, Path])
async def test_a_folder_is_refused_with_a_hint(tmp_path: Path, make: Callable[[Path], object]) -> None:
    error = await refusal(make(tmp_path))
    assert str(error).startswith(f"ocr.card: img ({tmp_path}) is a folder; cvs.batch")


@pytest.mark.parametrize("value", ["", b"", bytearray(), memoryview(b""), io.BytesIO()])
async def test_an_empty_input_is_refused(value: object) -> None:
    error = await refusal(value)
    assert f"({describe(value)})" in str(error)


async def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rỗng.jpg"
    path.touch()
    assert str(await refusal(path)) == f"ocr.card: img ({path}) is empty"
    with path.open("rb") as file:
        assert str(await refusal(file)) == f"ocr.card: img (file object {str(path)!r}) is empty"


async def test_a_file_at_its_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hết.jpg"
    path.write_bytes(JPEG)
    with path.open("rb") as file:
        file.read()
        assert str(await refusal(file)) == f"ocr.card: img (file object {str(path)!r}) is empty"


async def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ống.jpg")
    assert str(await refusal(tmp_path / "ống.jpg")) == f"ocr.card: img ({tmp_path / 'ống.jpg'}) is not a regular file"


async def test_a_closed_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "đóng.jpg"
    path.write_bytes(JPEG)
    with path.open("rb") as file:
        pass
    assert str(await refusal(file)) == f"ocr.card: img (file object {str(path)!r}) is closed"


async def test_a_file_opened_as_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "chữ.txt"
    path.write_text("CANARY")
    with path.open() as file:
        error = await refusal(file)
    assert str(error) == f"ocr.card: img (file object {str(path)!r}) is opened as text; open it with mode 'rb'"
    assert "is opened as text" in str(await refusal(io.StringIO("CANARY")))


async def test_a_file_opened_for_writing_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "ghi.jpg").open("wb") as file:
        assert str(await refusal(file)).endswith("cannot be read")


async def test_an_asynchronous_file_is_refused_with_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "ảnh.jpg"
    path.write_bytes(JPEG)
    async with aiofiles.open(path, "rb") as file:
        assert "reads asynchronously; pass its bytes, its path or the plain file" in str(await refusal(file))


class Reader:
    """A file object that notes the threads it is read in, and gives or raises what it is made with."""

    def __init__(self, given: object) -> None:
        self.given = given
        self.threads: list[int] = []

    def read(self) -> object:
        self.threads.append(threading.get_ident())
        if isinstance(self.given, Exception):
            raise self.given
        return self.given


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("CANARY", "its read() returns str, not bytes"),
        (None, "its read() returns NoneType, not bytes"),
        (OSError(errno.EIO, "Lỗi đọc"), "cannot be read: Lỗi đọc"),
        (OSError("CANARY"), "cannot be read"),
        (ValueError("CANARY"), "cannot be read"),
        (b"", "is empty"),
    ],
)
async def test_a_file_object_that_does_not_give_bytes_is_refused(given: object, reason: str) -> None:
    assert str(await refusal(Reader(given))) == f"ocr.card: img (Reader object) {reason}"


@pytest.mark.parametrize("value", [None, 5, 1.5, [JPEG], {"img": JPEG}, ("a.jpg",), object, ...])
async def test_a_value_of_a_wrong_type_is_refused(value: object) -> None:
    assert "is not a path, Url, bytes, binary file object" in str(await refusal(value))


async def test_a_path_like_object_without_a_path_is_refused() -> None:
    await refusal(PathLike(5))


@pytest.mark.parametrize("value", ["https://", "http://[::1", "https://?CANARY", "https://CANARY@/x"])
async def test_an_invalid_text_that_begins_like_a_url_is_refused(value: str) -> None:
    error = await refusal(value)
    assert "is not an absolute http:// or https:// URL" in str(error)
    assert "CANARY" not in f"{error} {error!r}"


@pytest.mark.parametrize("send_as", ["file", "base64"])
async def test_a_url_that_cannot_be_a_file_is_named_without_its_query(send_as: SendAs) -> None:
    error = await refusal(SECRET_LINK, send_as)
    assert "(https://example.com/ảnh.jpg?…)" in str(error)
    assert "CANARY" not in f"{error} {error!r}"


async def test_the_error_names_the_one_of_several_inputs() -> None:
    with pytest.raises(InvalidInputError, match=r"ekyc.cards: img2 \(không có.jpg\) does not exist"):
        await open_inputs(CARDS, {"img1": JPEG, "img2": "không có.jpg"})


@given(value=st.one_of(st.text(), st.binary(), st.integers(), st.none(), st.lists(st.text(), max_size=2)))
@settings(max_examples=60, deadline=None)
async def test_whatever_is_given_there_is_a_part_or_the_documented_error(value: object) -> None:
    try:
        outcome: object = list(await open_inputs(CARD, {"img": value}))
    except InvalidInputError as error:
        outcome = error.operation
    assert outcome in (["img"], "ocr.card")


# Part


def test_the_repr_of_a_part_has_no_content() -> None:
    assert repr(Part("ảnh.jpg", "image/jpeg", 6, b"CANARY")) == (
        "Part(filename='ảnh.jpg', content_type='image/jpeg', size=6)"
    )


async def test_content_in_memory_can_be_read_twice() -> None:
    part = await load_part(JPEG)
    assert await content(part) == await content(part) == JPEG


LARGE = 2 * CHUNK + 12345


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file too large to be read whole."""
    path = tmp_path / "hồ sơ lớn.pdf"
    path.write_bytes(PDF + os.urandom(LARGE - len(PDF)))
    return path


@pytest.mark.parametrize(("size", "pieces"), [(1, 1), (CHUNK, 1), (CHUNK + 1, 2), (2 * CHUNK, 2), (LARGE, 3)])
async def test_small_files_are_one_piece_and_large_ones_are_streamed(tmp_path: Path, size: int, pieces: int) -> None:
    data = os.urandom(size)
    (tmp_path / "ảnh.jpg").write_bytes(data)
    part = await load_part(tmp_path / "ảnh.jpg")
    assert part.size == size
    for _ in range(2):
        chunks = [chunk async for chunk in part.chunks()]
        assert len(chunks) == pieces
        assert b"".join(chunks) == data
        assert size <= CHUNK or max(map(len, chunks)) <= CHUNK


async def test_a_large_file_is_not_kept_in_memory(large: Path) -> None:
    part = await load_part(large)
    assert (part.filename, part.content_type, part.size) == (large.name, "application/pdf", LARGE)
    assert part._content == large


@pytest.mark.parametrize(("data", "content_type", "suffix"), CONTENTS)
async def test_the_content_type_of_a_large_file_without_suffix_is_seen_in_its_content(
    tmp_path: Path, data: bytes, content_type: str, suffix: str
) -> None:
    (tmp_path / "căn cước").write_bytes(data.ljust(CHUNK + 1))
    assert (await load_part(tmp_path / "căn cước")).content_type == content_type


@pytest.mark.parametrize(("data", "content_type", "suffix"), CONTENTS)
async def test_a_large_file_without_suffix_is_named_like_a_small_one(
    tmp_path: Path, data: bytes, content_type: str, suffix: str
) -> None:
    (tmp_path / "căn cước").write_bytes(data.ljust(CHUNK + 1))
    assert (await load_part(tmp_path / "căn cước")).filename == "căn cước" + suffix


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"x")


def shrink(path: Path) -> None:
    os.truncate(path, LARGE - 1)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (grow, "its size changed while it was being sent"),
        (shrink, "its size changed while it was being sent"),
        (empty, "its size changed while it was being sent"),
        (Path.unlink, "does not exist while it was being sent"),
        (replace_by_a_folder, f"cannot be read: {os.strerror(errno.EISDIR)} while it was being sent"),
    ],
)
async def test_a_file_that_changes_before_it_is_sent_is_refused(
    large: Path, change: Callable[[Path], None], said: str
) -> None:
    part = await load_part(large)
    change(large)
    with pytest.raises(InvalidInputError) as caught:
        await content(part)
    assert str(caught.value) == f"{large}: {said}"


@pytest.mark.parametrize("change", [grow, shrink])
async def test_a_file_that_changes_while_it_is_sent_is_refused(large: Path, change: Callable[[Path], None]) -> None:
    chunks = (await load_part(large)).chunks()
    sent = [await anext(chunks)]
    change(large)
    with pytest.raises(InvalidInputError, match="its size changed while it was being sent"):
        while True:
            sent.append(await anext(chunks))
    assert sum(map(len, sent)) <= LARGE


async def test_no_file_is_open_between_the_pieces(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, closed = list[int](), list[int]()
    really_open, really_close = os.open, os.close

    def noting_open(*args: Any, **kwargs: Any) -> int:
        opened.append(really_open(*args, **kwargs))
        return opened[-1]

    def noting_close(descriptor: int) -> None:
        closed.append(descriptor)
        really_close(descriptor)

    part = await load_part(large)
    monkeypatch.setattr(os, "open", noting_open)
    monkeypatch.setattr(os, "close", noting_close)
    async for _ in part.chunks():
        assert opened
        assert opened == closed


# Off the event loop


async def test_a_file_object_is_read_off_the_event_loop() -> None:
    reader = Reader(JPEG)
    await load_part(reader)
    assert len(reader.threads) == 1
    assert threading.get_ident() not in reader.threads


@pytest.mark.parametrize("size", [100, LARGE])
async def test_a_path_is_looked_at_and_read_off_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    path = tmp_path / "ảnh.jpg"
    path.write_bytes(bytes(size))
    threads: list[int] = []

    def noting(function: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: Any, **kwargs: Any) -> Any:
            threads.append(threading.get_ident())
            return function(*args, **kwargs)

        return noted

    for name in ("open", "fstat", "read"):
        monkeypatch.setattr(os, name, noting(getattr(os, name)))
    monkeypatch.setattr(io, "open", noting(io.open))
    assert len(await content(await load_part(path))) == size
    assert len(threads) >= 2
    assert threading.get_ident() not in threads


async def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scan.jpg").write_bytes(JPEG)
    real = os.fstat

    def fstat(file: int) -> os.stat_result:
        status = real(file)
        with open(tmp_path / "scan.jpg", "ab") as more:
            more.write(b" and more")
        return status

    monkeypatch.setattr(os, "fstat", fstat)
    with pytest.raises(InvalidInputError, match="changes while it is read"):
        await load(CARD, {"img": tmp_path / "scan.jpg"}, "file")
