"""Inputs that cannot be used: each is refused by name, with its operation and a remedy."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path

import aiofiles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvs_async import InvalidInputError
from cvs_async._codec.endpoint import SendAs
from cvs_async._codec.inputs import CHUNK, describe
from tests.support.inputs import (
    CARD,
    CARDS,
    JPEG,
    SECRET_LINK,
    PathLike,
    Reader,
    bytes_path_like,
    open_inputs,
    refusal,
    text_path_like,
)


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
