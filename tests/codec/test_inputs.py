"""Inputs: choosing the form, opening them off the event loop, and refusing unusable ones."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from cvs_async import Endpoint, InvalidInputError, Url
from cvs_async._codec.endpoint import FORMS, Form, SendAs
from cvs_async._codec.inputs import Part, choose_form
from tests.support.inputs import (
    CARDS,
    CONTENTS,
    JPEG,
    LINK,
    PDF,
    PNG,
    SECRET_LINK,
    bytes_path_like,
    content,
    load_part,
    open_inputs,
    text_path_like,
)

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
