"""Decoding answers: a card of twenty fields, and forty pages of text, which also shows what the loop feels of it.

And the card as a dictionary, and back.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import httpx

from benchmarks._tools import print_table, verdict
from cvs_async import AsyncCVS
from cvs_async._codec.decoding import decode
from cvs_async._exchange import WireReply
from cvs_async.api import OPERATIONS

CARD_BOUND = 100.0
PAGES_BOUND = 150.0
DICTIONARY_BOUND = 40.0
ROUNDS = 7


def main() -> None:
    """Measure, and print the table."""
    card, pages = _answer(_card()), _answer(_pages(40))
    card_time = _seconds("ocr.card", card, calls=2_000) * 1e6
    pages_time = _seconds("ocr.document.general", pages, calls=1) * 1e3
    print_table(
        ("answer", "bytes", "takes", ""),
        ("a card of 20 fields", f"{len(card):,}", f"{card_time:.0f} µs", verdict(card_time, CARD_BOUND, " µs")),
        *_dictionaries(card),
        ("40 pages of text", f"{len(pages):,}", f"{pages_time:.0f} ms", verdict(pages_time, PAGES_BOUND, " ms")),
        ("the same, awaited: longest stall of the loop", f"{len(pages):,}", f"{_stall(pages) * 1e3:.0f} ms", ""),
    )


def _dictionaries(card: bytes) -> Iterator[tuple[str, ...]]:
    """Yield the cost of writing a decoded card as a dictionary, and of reading it back."""
    (paper,) = decode(OPERATIONS["ocr.card"], WireReply(200, card)).data
    written, size = paper.to_dict(), f"{len(paper.to_json()):,}"
    for name, work, bound in (
        ("its to_dict", paper.to_dict, DICTIONARY_BOUND),
        ("its to_dict(compact=True)", lambda: paper.to_dict(compact=True), DICTIONARY_BOUND),
        ("its from_dict", lambda: type(paper).from_dict(written), None),
    ):
        taken = median(_timed(work, 2_000) for _ in range(ROUNDS)) * 1e6
        yield name, size, f"{taken:.0f} µs", verdict(taken, bound, " µs") if bound else ""


def _answer(data: Any) -> bytes:
    return json.dumps({"data": data, "errorCode": "0", "errorMessage": "Success"}, ensure_ascii=False).encode()


def _card() -> dict[str, Any]:
    names = ("id", "name", "dob", "hometown", "address", "gender", "due_date", "nationality")
    parts = tuple(f"{name}_{part}" for name in ("address", "hometown") for part in ("town", "district", "ward"))
    info: dict[str, Any] = {}
    for name in (*names, *parts, *(f"{part}_code" for part in parts)):
        info |= {name: "Thành phố Mẫu", f"{name}_box": [1, 2, 30, 40], f"{name}_confidence": 0.97}
    return {"type": "chip_id_card_front", "info": info, "valid": "True", "invalidMessage": "Successful"}


def _pages(count: int) -> list[Any]:
    word = {"text": "Nguyễn", "confidence": 0.98, "box": {"left": 100, "right": 180, "top": 40, "bottom": 60}}
    return [[[[word] * 8 for _ in range(6)] for _ in range(9)] for _ in range(count)]


def _seconds(operation: str, answer: bytes, calls: int) -> float:
    endpoint, wire = OPERATIONS[operation], WireReply(200, answer)
    return median(_timed(lambda: decode(endpoint, wire), calls) for _ in range(ROUNDS))


def _timed(work: Callable[[], object], calls: int) -> float:
    started = time.process_time()
    for _ in range(calls):
        work()
    return (time.process_time() - started) / calls


def _stall(answer: bytes) -> float:
    """The longest time that a ticker in the same loop was late while the answer was awaited."""
    return median(asyncio.run(_lateness(answer)) for _ in range(ROUNDS))


async def _lateness(answer: bytes) -> float:
    late = 0.0

    async def tick() -> None:
        nonlocal late
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.002)
            late = max(late, time.perf_counter() - before - 0.002)

    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=answer))
    async with AsyncCVS("key", "secret", transport=transport) as cvs:
        ticker = asyncio.create_task(tick())
        await cvs.ocr.document.general(b"a picture")
        ticker.cancel()
    return late


if __name__ == "__main__":
    main()
