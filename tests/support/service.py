"""A service behind a transport, batches that are run on it, and their outcomes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
from attrs import define, field

from cvs_async import AsyncCVS, Done, Held, RetryPolicy
from cvs_async.batch import Outcome, Stats
from cvs_async.batch.journal import JournalReader, Record
from cvs_async.errors import CVSError

ONCE = RetryPolicy(attempts=1)
GOOD = {"data": [], "errorCode": "0", "errorMessage": "Success"}

Answer = Callable[[bytes], httpx.Response | Exception]


def refusal(code: int) -> httpx.Response:
    return httpx.Response(200, json={"data": None, "errorCode": str(code), "errorMessage": "no"})


def good(_: bytes) -> httpx.Response:
    return httpx.Response(200, json=GOOD)


@define
class Service:
    """Answers as `answer` says, after `latency`, once `go` is set; and counts the requests for each check_sum."""

    answer: Answer = good
    latency: float = 0.0
    go: asyncio.Event | None = None
    sent: Counter[str] = field(factory=Counter)
    ended: int = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent[request.url.params.get("check_sum", "")] += 1
        if self.go is not None:
            await self.go.wait()
        await asyncio.sleep(self.latency)
        self.ended += 1
        answer = self.answer(await request.aread())
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, **options: Any) -> AsyncCVS:
        return AsyncCVS("key", "secret", transport=httpx.MockTransport(self), **{"retry": ONCE, **options})


def numbered(count: int) -> Iterator[bytes]:
    return (b"document %d" % number for number in range(count))


def pictures(jpg: bytes, count: int) -> list[bytes]:
    """Distinct ones that the sandbox can read."""
    return [jpg + b"%d" % number for number in range(count)]


def files(root: Path, count: int) -> list[Path]:
    root.mkdir(exist_ok=True)
    paths = [root / f"{number}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(b"document %d" % number)
    return paths


async def run(cvs: AsyncCVS, source: Any, path: Path | None, **options: Any) -> tuple[list[Outcome[Any]], Stats]:
    """All outcomes, in order, and the batch in numbers."""
    options.setdefault("ordered", True)
    async with cvs.batch(options.pop("operation", cvs.ocr.card), source, journal=path, **options) as batch:
        outcomes = [outcome async for outcome in batch]
    return outcomes, batch.stats


def kinds(outcomes: Iterable[Outcome[Any]]) -> list[type]:
    return [type(outcome) for outcome in outcomes]


def reasons(outcomes: Iterable[Outcome[Any]]) -> Counter[str]:
    """Return the reasons of held items, and the kind of all others."""
    return Counter(o.reason if isinstance(o, Held) else type(o).__name__ for o in outcomes)


def errors(outcomes: Iterable[Outcome[Any]]) -> list[CVSError]:
    return [outcome.error for outcome in outcomes if not isinstance(outcome, Done)]


def records(path: Path) -> dict[str, Record]:
    with JournalReader(path) as reader:
        return {record.key: record for record, _, _ in reader.records()}


def closed(path: Path) -> bool:
    """Return whether the journal is closed."""
    with JournalReader(path) as reader:
        return reader.figures().writer is None
