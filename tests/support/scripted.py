"""One thing at a time: whenever no task can go on by itself, a script lets one more thing happen.

An answer comes in, the journal writes what waits, the source gives an item, the consumer takes an outcome: which of
them is next was drawn beforehand. So every run can be repeated exactly, and none hangs on how fast anything is.
"""

from __future__ import annotations

import asyncio
import functools
import json
import selectors
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, TypeVar, get_args

import httpx
from attrs import define, field

from cvs_async.batch.journal import Journal, JournalError
from cvs_async.batch.journal.files import create
from cvs_async.batch.journal.jobs import Job, JournalWriter, Method
from cvs_async.batch.journal.service import Service
from cvs_async.batch.journal.writer import SessionInfo, Writer
from cvs_async.batch.worker_threads import resolve
from cvs_async.errors import Charge

T = TypeVar("T")

Kind = Literal["journal", "consumer", "source", "service"]
KINDS: Sequence[Kind] = get_args(Kind)
Answer = tuple[Charge, bool, int | Exception, str]
"""Known charge, whether it is billed, HTTP status or exception, and body of an answer."""

ENDLESS = 10_000
"""Turns of the loop in which something must come to rest."""


def envelope(code: int) -> str:
    return json.dumps({"data": [], "errorCode": str(code), "errorMessage": "as told"})


ANSWERS: dict[str, Answer] = {
    "good": ("billed", True, 200, envelope(0)),
    "blank": ("free", False, 200, envelope(1)),
    "link": ("free", False, 200, envelope(2)),
    "empty": ("free", False, 200, envelope(4)),
    "busy": ("free", False, 503, ""),
    "refused": ("free", False, httpx.ConnectError("refused"), ""),
    "gateway": ("unknown", False, 502, ""),
    "reset": ("unknown", False, httpx.ReadError("reset"), ""),
    "surprise": ("unknown", False, KeyError("surprise"), ""),
    "lost": ("unknown", True, httpx.ReadError("lost"), ""),
    "garbage": ("unknown", True, 200, "<h1>200</h1>"),
}


PATIENCE = 10.0
"""Real seconds in which a thread wakes the loop, if one is to."""


class _Selector(selectors.DefaultSelector):
    """Waits for threads only: where nothing is ready, the script takes a step."""

    script: Script
    turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.turns += 1
        assert self.turns < ENDLESS, "it does not come to rest"
        if timeout is None or timeout > 0:
            self.turns = 0
            if self.script.is_idle and (events := super().select(PATIENCE)):
                return events
            self.script.step()
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    """Its time goes on by itself, and by leaps where the script says so."""

    def __init__(self, script: Script) -> None:
        self.script = script
        selector = _Selector()
        selector.script = script
        super().__init__(selector)

    def time(self) -> float:
        return super().time() + self.script.leapt


@define(eq=False)
class Script:
    """Script of the next events.

    Attributes:
        choices: which of the things that can happen does, step by step; after them, the first one.
        order: of what is preferred then.
        newest: of these, the one that came last rather than first.
        events: what else happens, at which steps.
        watch: looks whether all is as it should be, before every step.
        leapt: seconds by which the loop's time is ahead of the clock.
    """

    choices: Iterator[int]
    order: Sequence[Kind] = KINDS
    newest: bool = False
    events: dict[int, Callable[[], object]] = field(factory=dict)
    watch: Callable[[], None] = lambda: None
    leapt: float = 0.0
    _offers: list[tuple[Kind, asyncio.Future[None]]] = field(factory=list)
    _steps: int = 0

    def offer(self, kind: Kind) -> asyncio.Future[None]:
        """Something can happen; it does when this is done."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._offers.append((kind, future))
        return future

    @property
    def is_idle(self) -> bool:
        """Return whether the script can do nothing more, so that only a thread can wake the loop."""
        return self._steps + 1 not in self.events and all(future.done() for _, future in self._offers)

    def step(self) -> None:
        """Let one thing happen."""
        self.watch()
        self._steps += 1
        if event := self.events.get(self._steps):
            event()
            return
        self._offers = [offer for offer in self._offers if not offer[1].done()]
        assert self._offers, "all wait, and nothing is left that could happen"
        ranked = sorted(self._offers[:: -1 if self.newest else 1], key=lambda offer: self.order.index(offer[0]))
        chosen = ranked[next(self.choices, 0) % len(ranked)]
        self._offers.remove(chosen)
        chosen[1].set_result(None)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run it from beginning to end."""
        with asyncio.Runner(loop_factory=lambda: _Loop(self)) as runner:
            return runner.run(coroutine)

    def leap(self, seconds: float) -> None:
        """Let time go by."""
        self.leapt += seconds


@define(eq=False)
class ScriptedService:
    """Service that answers when the script decides, with one answer after another, and then with good ones. Keeps a
    ledger.

    Attributes:
        answers: names in `ANSWERS`.
        left: number of answers left in the account; None is unlimited.
        patience: number of refusals after which the account is refilled.
        billed: number of charges, by check_sum.
        `told`: number of answers with each charge, as far as the caller can know.
        told_billed: number of charges that were answered, by check_sum.
        in_flight: requests that wait for their answers.
        most: maximum of `in_flight`.
        keys: check_sums of the requests in flight.
    """

    script: Script
    answers: Iterator[str]
    left: int | None = None
    patience: int = 0
    billed: Counter[str] = field(factory=Counter)
    told: Counter[str] = field(factory=Counter)
    told_billed: Counter[str] = field(factory=Counter)
    in_flight: int = 0
    most: int = 0
    keys: Counter[str] = field(factory=Counter)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        key = request.url.params["check_sum"]
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        self.keys[key] += 1
        try:
            await self.script.offer("service")
        finally:
            self.in_flight -= 1
            self.keys[key] -= 1
        charge, billed, status, body = self._next()
        self.told[charge] += 1
        self.billed[key] += billed
        self.told_billed[key] += charge == "billed"
        if isinstance(status, Exception):
            raise type(status)(*status.args)
        return httpx.Response(status, text=body)

    def _next(self) -> Answer:
        answer = ANSWERS[next(self.answers, "good")]
        if not answer[1] or self.left is None:
            return answer
        if self.left:
            self.left -= 1
            return answer
        self.patience -= 1
        if self.patience < 0:
            self.left = None
        return ANSWERS["empty"]


@functools.cache
def _blank() -> bytes:
    """A new journal; made once, because that waits for the disk."""
    with TemporaryDirectory() as folder:
        create(path := Path(folder, "blank.db"))
        return path.read_bytes()


def unsynchronized(path: Path, service: Service | None = None, info: SessionInfo | None = None) -> Writer:
    """Return a writer that waits for no disk, which is enough where the machine goes on."""
    if not path.exists():
        path.write_bytes(_blank())
    return Writer(path, service, info, durable=False)


@define(eq=False)
class ScriptedRunner:
    """Writes a journal when the script says so, and without a thread.

    Attributes:
        breaks: after how many groups its disk is full; None is never.
        make_writer: opens the journal.
    """

    script: Script
    breaks: int | None
    make_writer: Callable[[], JournalWriter]
    _writer: JournalWriter | None = None
    _waiting: list[Job] = field(factory=list)

    async def open(self) -> None:
        self._writer = self.make_writer()

    async def aclose(self) -> None:
        if self._writer is not None:
            self._commit()
            self._writer.close()
            self._writer = None

    def submit(self, method: Method, *arguments: Any) -> asyncio.Future[Any]:
        if self._writer is None:
            raise RuntimeError("the journal is closed")
        if not self._waiting:
            self.script.offer("journal").add_done_callback(lambda _: self._commit())
        job = Job(method, arguments, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        return job.future

    def _commit(self) -> None:
        group, self._waiting = self._waiting, []
        resolve([(job.future, result) for job, result in zip(group, self._results(group), strict=True)])

    def _results(self, group: Sequence[Job]) -> list[Any]:
        if self.breaks is not None:
            self.breaks -= 1
            if self.breaks < 0:
                return [JournalError("the disk is full") for _ in group]
        return [] if self._writer is None else self._writer.commit(group)


def scripted_journal(
    script: Script, breaks: int | None, path: Path, service: Service | None = None, info: SessionInfo | None = None
) -> Journal:
    """Return a true journal that a script writes."""
    return Journal(path, runner=ScriptedRunner(script, breaks, lambda: unsynchronized(path, service, info)))
