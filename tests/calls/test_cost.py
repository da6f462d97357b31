"""Cost of a call other than time, as counts: a change that makes the library slower shows here without a stopwatch.

Each bound is the count when it was set, plus a reserve. Raising one means that something became dearer; explain it in
the commit.
"""

from __future__ import annotations

import asyncio
import cProfile
import json
import os
import pstats
import re
import shutil
import subprocess
import sys
import threading
from asyncio.selector_events import _SelectorSocketTransport  # type: ignore[attr-defined]
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from cvs_async import AsyncCVS, Done, Reply
from cvs_async.batch.worker_threads import GROUP
from cvs_async.sandbox import Sandbox
from tests.support.journals import on_open

CALLS = 200
AT_ONCE = 16
SMALL = b"\xff\xd8\xff a small picture"
CARD = {
    "data": [
        {
            "type": "chip_id_card_front",
            "info": {
                key: value
                for name in ("id", "name", "dob", "gender", "hometown", "address", "due_date", "nationality")
                for key, value in (
                    (name, "không phải giấy tờ thật"),
                    (f"{name}_confidence", 0.98),
                    (f"{name}_box", [120, 40, 480, 72]),
                )
            },
        }
    ],
    "errorCode": "0",
    "errorMessage": "Success",
}
ANSWER = json.dumps(CARD).encode()

Work = Callable[[AsyncCVS], Awaitable[None]]


async def answer(_: httpx.Request) -> httpx.Response:
    await asyncio.sleep(0)
    return httpx.Response(200, content=ANSWER)


async def one_after_another(cvs: AsyncCVS) -> None:
    for _ in range(CALLS):
        assert isinstance(await cvs.ocr.card(SMALL), Reply)


async def batch(cvs: AsyncCVS, source: Any = None, **keywords: Any) -> None:
    source = [SMALL + b"%d" % number for number in range(CALLS)] if source is None else source
    async with cvs.batch(cvs.ocr.card, source, concurrency=AT_ONCE, **keywords) as outcomes:
        assert len([outcome async for outcome in outcomes if isinstance(outcome, Done)]) == CALLS


async def counted(work: Work, cvs: AsyncCVS) -> Counter[str]:
    """Return how often each function is called in the event loop's thread, by name, for each call; ``all`` is the
    total.
    """
    await work(cvs)  # connections are opened, caches filled
    profile = cProfile.Profile()
    profile.enable()
    await work(cvs)
    profile.disable()
    calls = Counter[str]()
    statistics: dict[tuple[str, int, str], tuple[int, int, float, float, Any]] = vars(pstats.Stats(profile))["stats"]
    for (_, _, name), (_, count, *_) in statistics.items():
        calls[re.sub(r"<(?:built-in )?method (?:builtins\.)?(\S+).*>", r"\1", name)] += count
        calls["all"] += count
    return calls


def within(calls: Counter[str], **bounds: float) -> dict[str, float]:
    """Those that are over their bound for a call; a bound far above what is counted would bound nothing."""
    each = {name: calls[name] / CALLS for name in bounds}
    return {name: figure for name, figure in each.items() if not bounds[name] / 2 <= figure <= bounds[name]}


@pytest.mark.parametrize(
    ("work", "bounds"),
    [
        (one_after_another, {"all": 1_150, "_run_once": 4, "create_task": 1, "call_soon": 4, "raw_decode": 1}),
        (batch, {"all": 1_400, "_run_once": 1.1, "create_task": 1.4, "call_soon": 7.5, "raw_decode": 1}),
    ],
    ids=["one after another", "a batch"],
)
async def test_steps_of_the_event_loop(work: Work, bounds: dict[str, float]) -> None:
    async with AsyncCVS("key", "secret", transport=httpx.MockTransport(answer)) as cvs:
        calls = await counted(work, cvs)
    assert within(calls, **bounds) == {}


class Traffic:
    """Traffic between files, threads and sockets, counted at the functions that all of it passes through."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.files = Counter[str]()
        self.hops = self.writes = self.copied = 0
        self._contents: dict[int, bytes] = {}  # kept, or another object might get the id of one
        self._thread = threading.current_thread()
        self._monkeypatch = monkeypatch
        for name in ("open", "fstat", "read", "close"):
            self._watch(os, name, partial(self._file, name))
        self._watch(asyncio.get_running_loop(), "call_soon_threadsafe", self._hop)
        self._watch(_SelectorSocketTransport, "write", self._write)

    def _watch(self, owner: Any, name: str, note: Callable[..., None]) -> None:
        real = getattr(owner, name)

        def call(*arguments: Any, **keywords: Any) -> Any:
            result = real(*arguments, **keywords)
            note(result, *arguments)
            return result

        self._monkeypatch.setattr(owner, name, call)

    def _file(self, name: str, result: Any, *_: Any) -> None:
        self.files[name] += 1
        if name == "read":
            self._contents[id(result)] = result

    def _hop(self, *_: Any) -> None:
        self.hops += 1

    def _write(self, _: None, transport: Any, data: bytes) -> None:
        if threading.current_thread() is self._thread:  # and not the service
            self.writes += 1
            self.copied += 0 if self._contents.get(id(data)) is data else len(data)


async def test_a_document_is_read_once_and_not_copied(
    sandbox: Sandbox, jpg: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "scan.jpg"
    path.write_bytes(jpg.ljust(100_000, b"."))
    async with AsyncCVS("key", "secret", base_url=sandbox.base_url, max_connections=AT_ONCE) as cvs:
        await batch(cvs, [path] * CALLS)
        traffic = Traffic(monkeypatch)
        await batch(cvs, [path] * CALLS)
    assert traffic.files == dict.fromkeys(("open", "fstat", "read", "close"), CALLS)
    assert traffic.writes == 3 * CALLS  # head, document, end
    assert traffic.copied < 1_000 * CALLS
    assert CALLS / GROUP <= traffic.hops <= CALLS + GROUP


async def test_statements_of_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    statements = list[str]()
    on_open(monkeypatch, lambda database: database.set_trace_callback(statements.append))
    async with AsyncCVS("key", "secret", transport=httpx.MockTransport(answer)) as cvs:
        await batch(cvs, journal=tmp_path / "claims.db")
    assert statements.count("COMMIT") < CALLS
    assert CALLS / AT_ONCE < len(statements) < 3 * CALLS


# What the system is asked for, but for what depends on how threads happen to meet.
ASKED = ("sendto", "recvfrom", "openat", "read", "fstat", "newfstatat", "close", "epoll_wait", "poll", "getrandom")


def traces() -> bool:
    """Return whether strace exists and may trace other processes."""
    return (
        bool(shutil.which("strace")) and subprocess.run(["strace", "-c", "true"], capture_output=True).returncode == 0
    )


@pytest.mark.skipif(not traces(), reason="there is no strace, or it may not trace")
def test_system_calls(sandbox: Sandbox, jpg: bytes, tmp_path: Path) -> None:
    path, table = tmp_path / "scan.jpg", tmp_path / "calls"
    path.write_bytes(jpg.ljust(100_000, b"."))

    def count(calls: int) -> Counter[str]:
        strace = ["strace", "-f", "-c", "-U", "name,calls", "-o", str(table)]
        program = [sys.executable, "-m", "tests.scripts.cost_batch", sandbox.base_url, str(path), str(calls)]
        subprocess.run([*strace, *program], check=True, timeout=120)
        rows = (line.split() for line in table.read_text().splitlines())
        return Counter({row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdecimal()})

    few, many = count(50), count(50 + CALLS)
    each = {name: (many[name] - few[name]) / CALLS for name in ASKED}
    assert 8 < sum(each.values()) < 16, each
