"""Compressed answers, in pieces of bounded size; and what an answer has cost whose beginning only was read."""

from __future__ import annotations

import gzip
import json
import random
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvs_async import Endpoint
from cvs_async._codec.decoding import head_charge
from cvs_async._codec.envelope import DATA, FACE_MATCHING, FACE_SEARCH, PERSON_WITH_CARD, SMART_CROP, V1, Envelope
from cvs_async._http.unpack import ENCODINGS, PIECE, BrokenEncodingError, Unpacker
from tests.support.clock import unhurried


def bare(content: bytes) -> bytes:
    """Deflate without a header, as many servers send it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


def members(content: bytes) -> bytes:
    """Gzip in three members."""
    third = len(content) // 3
    return b"".join(gzip.compress(part) for part in (content[:third], content[third : 2 * third], content[2 * third :]))


Pack = Callable[[bytes], bytes]
KINDS: list[tuple[str, Pack]] = [
    ("", bytes),
    ("identity", bytes),
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    (" GZip ", gzip.compress),
    ("gzip", members),
    ("deflate", zlib.compress),
    ("deflate", bare),
]
PACKED = [kind for kind in KINDS if kind[0] not in ("", "identity")]


def unpack(encoding: str, chunks: Iterator[bytes] | list[bytes]) -> bytes:
    unpacker = Unpacker(encoding)
    content = b"".join(piece for chunk in chunks for piece in unpacker.feed(chunk))
    unpacker.finish()
    return content


def cut(packed: bytes, at: list[int]) -> list[bytes]:
    places = sorted({0, len(packed), *(place % (len(packed) + 1) for place in at)})
    return [packed[start:end] for start, end in pairwise(places)]


@pytest.mark.parametrize(("encoding", "pack"), KINDS)
@unhurried
@given(content=st.binary(max_size=2000), at=st.lists(st.integers(0, 10_000)))
def test_it_comes_out_as_it_went_in_wherever_it_is_cut(
    encoding: str, pack: Pack, content: bytes, at: list[int]
) -> None:
    assert unpack(encoding, cut(pack(content), at)) == content


@pytest.mark.parametrize(("encoding", "pack"), KINDS)
def test_it_may_come_byte_by_byte_and_in_two_at_every_place(encoding: str, pack: Pack) -> None:
    content = "Nguyễn Văn A, Trần Thị B, ".encode() * 5
    packed = pack(content)
    assert unpack(encoding, cut(packed, list(range(len(packed))))) == content
    for place in range(len(packed)):
        assert unpack(encoding, cut(packed, [place])) == content
    assert unpack(encoding, [packed, b""]) == content


@pytest.mark.parametrize(("encoding", "pack"), PACKED)
@given(over=st.integers(-3, 2000))
@settings(unhurried, max_examples=100)
def test_what_is_longer_than_a_piece_comes_out_whole(encoding: str, pack: Pack, over: int) -> None:
    content = b"a" * (PIECE + over)
    assert unpack(encoding, [pack(content)]) == content


@pytest.mark.parametrize(("encoding", "pack"), PACKED)
def test_pieces_are_bounded(encoding: str, pack: Pack) -> None:
    noise = random.Random(1).randbytes(PIECE)
    content = b"a" * 2_000_000 + noise + b"b" * 1_000_000
    pieces = list(Unpacker(encoding).feed(pack(content)))
    assert max(map(len, pieces)) <= PIECE
    assert b"".join(pieces) == content


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", bare)])
def test_a_bomb_is_not_unpacked_beyond_what_is_asked_for(encoding: str, pack: Pack) -> None:
    bomb = pack(bytes(100 << 20))
    tracemalloc.start()
    try:
        pieces = Unpacker(encoding).feed(bomb)
        assert [len(next(pieces)) for _ in range(3)] == [PIECE] * 3
        assert tracemalloc.get_traced_memory()[1] < 20 * PIECE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("encoding", "pack"), PACKED)
def test_what_is_cut_off_is_broken(encoding: str, pack: Pack) -> None:
    packed = pack(b"Nguyen Van A" * 10)
    first = len(gzip.compress(b"Nguyen Van A" * 3 + b"Nguy")) if pack is members else 0
    for end in range(1, len(packed)):
        if pack is members and end in (first, 2 * first):  # whole members; more may have been intended
            continue
        with pytest.raises(BrokenEncodingError):
            unpack(encoding, [packed[:end]])


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate"])
@pytest.mark.parametrize("garbage", [b"<html>", b"\xff" * 100, gzip.compress(b"x", mtime=0)[:-8] + b"12345678"])
def test_what_is_something_else_is_broken(encoding: str, garbage: bytes) -> None:
    with pytest.raises(BrokenEncodingError):
        unpack(encoding, [garbage])


@unhurried
@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate"]))
def test_garbage_raises_one_error_only(garbage: bytes, encoding: str) -> None:
    with suppress(BrokenEncodingError):
        unpack(encoding, [garbage])


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "utf-8", "none", "*"])
def test_what_was_not_asked_for_comes_out_as_it_is(encoding: str) -> None:
    """Some servers put a charset there; the answer was paid for all the same."""
    assert unpack(encoding, [b"{}", b"\x1f\x8b"]) == b"{}\x1f\x8b"
    assert encoding not in ENCODINGS.split(", ")


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip"])
def test_json_declared_as_gzip_is_returned_unchanged(encoding: str) -> None:
    """A proxy may have unpacked it without saying so."""
    assert unpack(encoding, [b"", b'{"data": [', b"]}"]) == b'{"data": []}'


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize("rest", [b"\r\n", b"\0" * 300, b"garbage \x1f\x8b"])
def test_bytes_after_a_whole_answer_are_ignored(encoding: str, rest: bytes) -> None:
    packed = (gzip.compress if encoding == "gzip" else zlib.compress)(b"{}" * 40)
    assert unpack(encoding, [packed + rest]) == b"{}" * 40
    assert unpack(encoding, [packed, *(bytes((byte,)) for byte in rest)]) == b"{}" * 40


@pytest.mark.parametrize("encoding", ["", "identity", "gzip", "deflate"])
def test_an_empty_body_is_empty(encoding: str) -> None:
    assert unpack(encoding, []) == b""
    assert unpack(encoding, [b""]) == b""


# What the beginning of an answer says of its cost

ENVELOPES = [DATA, FACE_MATCHING, PERSON_WITH_CARD, FACE_SEARCH, SMART_CROP, V1]


def charge(head: str | bytes, envelope: Envelope = DATA) -> str:
    return head_charge(Endpoint("ocr/card", envelope=envelope), head.encode() if isinstance(head, str) else head)


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize(
    ("code", "cost"), [("0", "billed"), (0, "billed"), ("4", "free"), (1, "free"), ("?", "unknown")]
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b" \r\n\t"])
def test_a_code_that_comes_first_decides_the_charge(envelope: Envelope, code: Any, cost: str, mark: bytes) -> None:
    answer = {envelope.code: code, envelope.message: "?", envelope.data or "x": ["x" * 1000]}
    for indent in (None, 2):
        text = mark + json.dumps(answer, indent=indent).encode()
        assert charge(text[:90], envelope) == cost


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_a_code_that_stands_after_the_data_is_not_known(envelope: Envelope) -> None:
    answer = json.dumps({envelope.data or "x": ["x" * 1000], envelope.code: "0"})
    assert charge(answer[:90], envelope) == "unknown"


def test_a_code_after_members_that_are_complete_is_read() -> None:
    assert charge('{"type": "card", "data": {"a": [1, {"b": "}, {"}]}, "errorCode": "0", "rest": "xxx') == "billed"


@pytest.mark.parametrize(
    "head",
    [
        '{"data": {"errorCode": "0", "errorMessage": "x", "rest": "',
        '{"data": [{"errorCode": "0", "rest": "x"}, {"errorCode": "0",',
        '{"data": "\\"errorCode\\": \\"0\\", ',
        '[{"errorCode": "0", "rest": "',
        '"errorCode": {"errorCode": "0", "rest": "',
    ],
)
def test_a_nested_code_does_not_count(head: str) -> None:
    assert charge(head) == "unknown"


@pytest.mark.parametrize(
    "head",
    [
        "",
        "{",
        '{"errorCode"',
        '{"errorCode":',
        '{"errorCode": 0',
        '{"errorCode": "0"',
        '{"errorCode": "0',
        '{"errorCode": null, "x": 1',
        '{"errorCode": true, "x": 1',
        '{"errorCode": "", "x": 1',
        '{"errorCode": [0], "x": 1',
        "<html>{0: 1}",
    ],
)
def test_an_incomplete_or_invalid_code_is_ignored(head: str) -> None:
    assert charge(head) == "unknown"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.just("errorCode"), inner),
    max_leaves=10,
)


@unhurried
@given(JSON, st.integers(0, 500), st.booleans(), st.binary(max_size=3))
def test_no_beginning_of_anything_breaks_it(value: Any, end: int, ascii_only: bool, noise: bytes) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert charge(text[:end] + noise) in ("billed", "free", "unknown")
    assert charge(noise + text[:end]) in ("billed", "free", "unknown")


@unhurried
@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4), JSON, st.integers(0, 500))
def test_it_never_says_what_the_whole_answer_does_not(before: dict[str, Any], code: Any, end: int) -> None:
    answer = json.dumps({**before, "errorCode": code, "rest": "x"})
    known = charge(answer[:end])
    assert known == "unknown" or known == charge(answer)


@pytest.mark.parametrize("head", ["[" * 100_000, '{"data": ' + "[" * 100_000, '{"a":' * 20_000])
def test_a_deep_answer_does_not_break_it(head: str) -> None:
    assert charge(head) == "unknown"
