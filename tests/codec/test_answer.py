"""Reading JSON from an untrusted source: within bounds, and in pieces if there is much of it."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cvs_async import AsyncCVS, ResponseTooLargeError
from cvs_async._calls import call as call_module
from cvs_async._codec import answer as answer_module
from cvs_async._codec import aside as aside_module
from cvs_async._codec.answer import (
    AT_ONCE,
    MOST_ELEMENTS,
    MOST_NODES,
    WINDOWS,
    count_elements,
    count_nodes,
    members,
    parse,
    whole_number,
)
from cvs_async._codec.aside import FEW, LARGE, SMALL, aside
from cvs_async._codec.decoding import decode
from cvs_async._http.unpack import PIECE
from tests.support.examples import examples
from tests.support.servers import until

MANY = AT_ONCE + 1
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e300, 1e300) | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(st.text(max_size=9), inner, max_size=9),
    max_leaves=60,
)


@examples(100)
@given(st.dictionaries(st.text(max_size=5), VALUES), st.sampled_from([None, 1]))
@example({"data": [["x" * 300, {"y": [["z" * 5000], 12, {}]}, []]] * 40, "n": -0.5}, None)
@example({"data": [[["[" * 70_000, '"' * 300], "\\" * 5000]]}, 2)
def test_json_read_in_pieces_is_the_same_as_json_read_at_once(value: dict[str, Any], indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    assert parse(text, MANY) == parse(text) == value


@examples(100)
@given(VALUES, st.integers(0, 3000), st.text('[]{},:" 0n', max_size=3))
def test_json_read_in_pieces_is_refused_like_json_read_at_once(value: Any, end: int, noise: str) -> None:
    text = json.dumps({"data": [value, "x" * WINDOWS[0]]})
    for broken in (text[:end], text[:end] + noise + text[end:], noise + text):
        assert parse(broken, MANY) == parse(broken)


@pytest.mark.parametrize("nodes", [0, MANY])
def test_odd_numbers_and_control_characters_are_read_at_once_and_in_pieces(nodes: int) -> None:
    digits = f"{'9' * 640}, {'8' * 5000}"
    text = f'{{"a": [1e999, NaN, -Infinity, {digits}, 1.5, "\t\n\x00"], "b": ["{"x" * 400}"]}}'
    numbers = [None, None, None, int("9" * 640), "8" * 5000, 1.5, "\t\n\x00"]
    assert parse(text, nodes) == {"a": numbers, "b": ["x" * 400]}


@pytest.mark.parametrize("depth", [600, 100_000])
@pytest.mark.parametrize("nodes", [0, MANY])
def test_what_is_nested_without_end_is_refused_and_breaks_nothing(nodes: int, depth: int) -> None:
    text = '{"errorCode": 0, "data": ' + "[" * depth + "]" * depth + "}"
    assert parse(text, nodes) is None or depth == 600
    assert next(members(text, nodes)) == ("errorCode", 0)


def test_much_is_read_in_pieces_and_little_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    longest = list[int]()
    monkeypatch.setattr(answer_module._IN_PIECES, "_in_c", watched(answer_module._IN_PIECES._in_c, longest))
    at_once = list[int]()
    decoder: Any = answer_module._DECODER
    monkeypatch.setattr(decoder, "scan_once", watched(decoder.scan_once, at_once))
    for count, pieces in ((100, False), (AT_ONCE, True)):
        longest.clear()
        at_once.clear()
        text = '{"data": [' + "[1.5, 2]," * count + "0]}"
        assert parse(text, count_nodes(text.encode())) is not None
        assert (bool(longest), bool(at_once)) == (pieces, not pieces)
        assert max(longest, default=0) <= WINDOWS[-1], "C is never given more, but for a number or a text"


def test_long_integers_among_few_values_are_not_converted_in_one_go() -> None:
    """C would not let anything else run before the last of thousands: those beyond 640 digits stay text."""
    text = f'{{"a": [{("7" * 4000 + ", ") * 20}{"7" * 640}]}}'
    assert parse(text, count_nodes(text.encode())) == {"a": ["7" * 4000] * 20 + [int("7" * 640)]}


def watched(scan: Callable[[str, int], Any], given: list[int]) -> Callable[[str, int], Any]:
    def look(text: str, index: int) -> Any:
        value, end = scan(text, index)
        given.append(end - index)
        return value, end

    return look


def test_a_hundred_full_pages_are_far_within_the_bound() -> None:
    word = {"text": "Nguyễn", "confidence": 0.98, "box": {"left": 100, "right": 180, "top": 40, "bottom": 60}}
    page = json.dumps([[[word] * 10] * 6] * 10).encode()
    assert 100 * count_nodes(page) < MOST_NODES / 2
    assert 100 * count_elements(json.loads(page)) < MOST_ELEMENTS / 3


def test_elements_are_counted_at_any_place_except_boxes() -> None:
    answer = {"a": [1, [2, 3], {"b": [[1, 2, 3, 4], [1, 2, 3, [4]]]}], "box": [1, 2, 3, 4], "text": "[1, 2]"}
    assert count_elements(answer) == 3 + 2 + 2 + 4 + 1
    assert count_elements(None) == 0


# Codes


@pytest.mark.parametrize(
    ("raw", "code"),
    [(0, 0), (-1, -1), ("0", 0), (" +7\n", 7), ("-007", -7), ("0" * 9000, 0), ("9" * 641, "9" * 641), (1 << 80,) * 2],
)
def test_whole_numbers(raw: object, code: object) -> None:
    assert whole_number(raw) == code


@pytest.mark.parametrize("raw", [None, True, 0.0, "", "+", "1.0", "１", "1 0", "\N{NO-BREAK SPACE}1", "1_0", b"1", [1]])
def test_other_values_are_not_whole_numbers(raw: object) -> None:
    assert whole_number(raw) is None


@given(st.text("0123456789+- \t\n１٣_", max_size=8))
def test_a_whole_number_is_one_for_python_too(text: str) -> None:
    code = whole_number(text)
    assert code is None or code == int(text)


# Members


@pytest.mark.parametrize("nodes", [0, MANY])
def test_members_come_until_the_text_breaks_off(nodes: int) -> None:
    assert list(members(' {"a": 1, "a": [2], "b": {"c": NaN', nodes)) == [("a", 1), ("a", [2])]
    assert list(members('{"a": 1} {"b": 2}', nodes)) == [("a", 1)]
    assert list(members('{"a": 1, "b": 2x}', nodes)) == [("a", 1)]
    assert list(members('{"a": 1 "b": 2}', nodes)) == []
    assert list(members('{1: 1, "b": 2}', nodes)) == []
    assert list(members("[1]", nodes)) == []


# Threads


async def test_answers_do_not_wait_for_files() -> None:
    """A drive that is gone can hold all threads for files; an answer that was paid for is decoded all the same."""
    hanging = anyio.to_thread.current_default_thread_limiter()
    for number in range(int(hanging.total_tokens)):
        hanging.acquire_on_behalf_of_nowait(number)
    with anyio.fail_after(10):
        for size in (SMALL + 1, LARGE + 1):
            assert await aside(size, lambda: "read") == "read"


@pytest.mark.parametrize("size", [SMALL + 1, LARGE, LARGE + 1])
async def test_few_answers_of_a_kind_are_decoded_at_once(size: int) -> None:
    """Each thread more would take turns from the event loop."""
    begun, go = list[int](), threading.Event()

    def work(number: int) -> None:
        begun.append(number)
        assert go.wait(10)

    async with anyio.create_task_group() as tasks:
        for number in range(30):
            tasks.start_soon(aside, size, work, number)
        await until(lambda: len(begun) == aside_module.AT_ONCE)
        for _ in range(20):
            await anyio.sleep(0.001)
        assert len(begun) == aside_module.AT_ONCE
        go.set()


async def test_large_answers_wait_for_each_other_and_others_do_not() -> None:
    begun, go = list[int](), threading.Event()

    def work(number: int) -> None:
        begun.append(number)
        assert go.wait(10)

    async with anyio.create_task_group() as tasks:
        for number in range(5):
            tasks.start_soon(aside, LARGE + 1, work, number)
        await until(lambda: len(begun) == aside_module.AT_ONCE)
        for _ in range(20):
            assert await aside(LARGE, lambda: "small") == "small"
        assert len(begun) == aside_module.AT_ONCE
        go.set()
    assert sorted(begun) == list(range(5))


@pytest.mark.parametrize(("size", "elsewhere"), [(SMALL, False), (SMALL + 1, True), (LARGE + 1, True)])
async def test_what_takes_long_is_decoded_in_a_thread(
    size: int, elsewhere: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = b'{"errorCode": 0, "data": "'
    content = head + b"x" * (size - len(head) - 2) + b'"}'
    assert await is_decoded_in_a_thread(content, monkeypatch) == elsewhere


@pytest.mark.parametrize("value", [b"0", b"{}", b"[]", b'{"info": {}}'])
async def test_many_values_in_a_small_answer_are_decoded_in_a_thread(
    value: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the event loop sixty of them would take a minute in which nothing else runs."""
    for count, elsewhere in ((FEW // 8, False), (2 * FEW, True)):
        content = b'{"errorCode": 0, "data": [%s]}' % b",".join([value] * count)
        assert len(content) <= SMALL
        assert await is_decoded_in_a_thread(content, monkeypatch) == elsewhere


async def is_decoded_in_a_thread(content: bytes, monkeypatch: pytest.MonkeyPatch) -> bool:
    threads = list[threading.Thread]()
    real = decode

    def look(*arguments: Any, **keywords: Any) -> Any:
        threads.append(threading.current_thread())
        return real(*arguments, **keywords)

    monkeypatch.setattr(call_module, "decode", look)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    async with AsyncCVS("key", "secret", transport=transport) as cvs:
        await cvs.ocr.card(b"x")
    (thread,) = threads
    return thread is not threading.current_thread()


async def test_other_tasks_run_while_a_small_chunk_is_unpacked_into_much() -> None:
    """Else sixty bombs that come together would take seconds in which nothing else runs."""
    packed = gzip.compress(b'{"errorCode": 0, "data": "' + b" " * (200 * PIECE) + b'"}')
    turns = 0

    class Chunk(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            nonlocal turns
            turns = 0
            yield packed

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Chunk()))
    async with AsyncCVS("key", "secret", transport=transport) as cvs, anyio.create_task_group() as tasks:
        tasks.start_soon(count)
        with pytest.raises(ResponseTooLargeError):
            await cvs.ocr.card(b"x")
        tasks.cancel_scope.cancel()
    assert turns > 100
