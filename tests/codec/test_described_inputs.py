"""URLs and paths, and how inputs are named where people see them: without what may be secret."""

from __future__ import annotations

import base64
import copy
import errno
import io
import os
import pickle
import traceback
from pathlib import Path

import pytest

from cvs_async import InvalidInputError, Url
from cvs_async._codec.inputs import describe, is_url
from cvs_async.batch.outcome import name_of
from tests.support.inputs import JPEG, LINK, PDF, PNG, SECRET_LINK, refusal


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


@pytest.mark.parametrize("value", ["user:CANARY@example.com/x", "https:user:CANARY@example.com/x"])
def test_a_refused_text_without_slashes_is_named_without_its_user(value: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Url(value)
    assert "CANARY" not in str(caught.value)


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
