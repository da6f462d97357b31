"""What becomes of one item: known already, held, or called, with the journal at both ends."""

from __future__ import annotations

import asyncio
import builtins
import time
from collections.abc import Callable, Mapping
from typing import Any, Generic, Literal, TypeVar, cast

import anyio
from attrs import evolve, frozen

from .._aside import aside, is_quick
from .._call import Caller
from .._endpoint import Arguments, Endpoint
from .._exchange import Progress, WireReply
from .._inputs import Part, Url, choose_form, open_inputs
from .._log import log
from .._reply import Reply
from .._threads import NoAnswerError
from ..errors import (
    APIError,
    Charge,
    ConfigurationError,
    CVSError,
    InvalidInputError,
    OutOfRequestsError,
    TimeoutError,
    UrlUnavailableError,
    drop_frames,
)
from ._open_requests import OpenRequests
from .ceiling import Ceiling
from .crew import Crew
from .elements import apart, are_at_hand, inputs_of
from .journal import Journal, JournalError, Record
from .keys import key_of, place_of, question_of, state_of
from .manifests import Entry
from .outcome import Done, Failed, Held, Item, Outcome, Requests, Stats, name_of
from .replay import PERMANENT, answered, in_doubt, is_answered, is_free, may_be_read, unread

T = TypeVar("T")
R = TypeVar("R")

InDoubt = Literal["report", "retry", "skip"]


@frozen(kw_only=True)
class Rules:
    """How a batch deals with what it knows, and when it gives up; the keywords of `AsyncCVS.batch`.

    Raises:
        ConfigurationError: if one of them makes no sense.
    """

    dedupe: bool = True
    replay: bool = True
    in_doubt: InDoubt = "report"
    quota: Literal["raise", "wait"] = "raise"
    max_billed: int | None = None
    max_consecutive_failures: int | None = 50
    moved_from: str | None = None
    other_account: bool = False

    def __attrs_post_init__(self) -> None:
        for name, known in (("in_doubt", ("report", "retry", "skip")), ("quota", ("raise", "wait"))):
            if getattr(self, name) not in known:
                raise ConfigurationError(f"{name} must be one of {', '.join(known)}, not {getattr(self, name)!r}")
        for name in ("max_billed", "max_consecutive_failures"):
            number = getattr(self, name)
            if number is not None and number < (0 if name == "max_billed" else 1):
                raise ConfigurationError(f"{name} makes no sense as {number!r}")


NOT_OF_THE_SERVICE = (InvalidInputError, OutOfRequestsError, UrlUnavailableError)
"""What many items in a row may meet while the service is well."""


class Processor(Generic[T]):
    """Turns the items of a batch into outcomes.

    Attributes:
        fatal: why the journal cannot be written any more, once it cannot.
        stopped: to be set when no more calls are to be made; items that still come are skipped.
    """

    def __init__(
        self,
        call: Caller,
        endpoint: Endpoint[T],
        options: Arguments,
        rules: Rules,
        stats: Stats,
        crew: Crew,
        journal: Journal | None,
        concurrency: int = 1,
    ) -> None:
        self._call = call
        self._endpoint = endpoint
        self._place = place_of(endpoint)
        self._options = options
        self._common: _Asked | None = None
        self._rules = rules
        self._stats = stats
        self._crew = crew
        self._journal = journal
        self._slots = asyncio.Semaphore(concurrency)
        self._placed = set[int]()
        self._ceiling = Ceiling(rules.max_billed, self.most_billed)
        self._busy: dict[str, asyncio.Event] = {}
        self._failures = 0
        self._hopeless: CVSError | None = None
        self._open = OpenRequests()
        self.fatal: JournalError | None = None
        self.stopped = False

    async def process(self, item: Item) -> Outcome[T] | None:
        """The outcome of an item; None if it is skipped. To be followed by `leave`, whatever becomes of it.

        Raises:
            JournalError: the journal cannot be written; nothing was sent.
        """
        element, item = item.source, self.named(item)
        if self._hopeless is not None:
            return self._stopped(item, self._hopeless)
        try:
            item, parts, options = await self.prepare(item, element)
        except ConfigurationError as error:  # nothing is wrong with the item: another run may send it
            return Held(item, "stop", drop_frames(error))
        except CVSError as error:
            error.operation = error.operation or self._endpoint.name
            return _without_reply(item, error)
        if self._journal is None:
            return await self._ask(item, parts, options)
        assert item.key is not None  # noqa: S101 - prepare has made it
        # A copy finds the answer in the journal, once it is there. Its request may still be under way when the item
        # itself has its outcome: it left before its caller ran out of time.
        while (copy := self._busy.get(item.key) or self._open.of(item.key)) is not None:
            await copy.wait()
        self._busy[item.key] = asyncio.Event()
        try:
            record = await self._journal.claim(
                item.key,
                operation=self._endpoint.name,
                source=name_of(item.source),
                reference=item.reference,
                files=state_of(parts),
            )
            known = None if record is None else await self._known(self._journal, item, record)
            return await self._ask(item, parts, options) if known is None else known.outcome
        finally:
            self._busy.pop(item.key).set()

    async def ended(self) -> None:
        """Return when every request that was sent has come to an end, also those whose caller has left."""
        await self._open.all_ended()

    @property
    def operation(self) -> str:
        """The name of what is asked, such as ``ocr.card``."""
        return self._endpoint.name

    @property
    def most_billed(self) -> int:
        """How many requests for one item can be charged."""
        return self._call.most_billed(self._endpoint)

    # --- what it is

    def named(self, item: Item) -> Item:
        """An item as its outcome shows it, whatever becomes of it: an entry by what it names, with the user's id."""
        entry = item.source
        if not isinstance(entry, Entry):
            return item
        inputs = tuple(value for _, value in inputs_of(self._endpoint, entry))
        source = inputs[0] if len(inputs) == 1 else inputs or entry.origin
        return evolve(item, source=source, reference=entry.reference)

    async def prepare(self, item: Item, element: object) -> tuple[Item, dict[str, Url | Part], Arguments]:
        """Open an element of the source: its item with the key, its inputs, and the keywords of its call.

        Raises:
            InvalidInputError: if it cannot be sent.
            TimeoutError: its files do not answer within the time of a call.
            ConfigurationError: if the system does not let this process open another file.
        """
        endpoint = self._endpoint
        inputs, given = apart(endpoint, item.index, element, self._options)
        asked = self._asked(given)
        form = choose_form(endpoint, inputs, asked.options.get("send_as", "auto"))
        copy = None if self._rules.dedupe else item.index

        def opened() -> tuple[dict[str, Url | Part], str]:
            parts = open_inputs(endpoint, inputs, form)
            return parts, key_of(asked.question, parts, copy=copy)

        parts, key = opened() if are_at_hand(inputs) else await self._aside(opened, item, asked.seconds)
        return Item(item.index, item.source, key=key, reference=item.reference), parts, asked.options

    async def _aside(self, work: Callable[[], R], item: Item, seconds: float | None) -> R:
        try:
            return await self._crew.run(work, hold=self._slots.locked(), seconds=seconds)
        except NoAnswerError as error:
            why = str(error)
        except builtins.TimeoutError:
            why = f"it could not be read within {seconds:g} seconds"
        name = self._endpoint.name
        raise TimeoutError(f"{name}: {name_of(item.source)}: {why}; nothing was sent", operation=name)

    def check(self, options: Arguments) -> None:
        """Refuse what the call of a prepared item would refuse.

        Raises:
            InvalidInputError: naming the keyword.
        """
        self._endpoint.completed(options)

    def _asked(self, given: Arguments) -> _Asked:
        """What is asked with the keywords of an item, or with those of the batch: of one request there is one key."""
        if given is self._options and self._common is not None:
            return self._common
        try:
            options = cast(Arguments, self._endpoint.completed(given))
            seconds = self._call.seconds_of(options)
        except InvalidInputError:  # its call will say why; until then it has a key like any other
            options, seconds = given, None
        asked = _Asked(options, question_of(self._endpoint.name, options, place=self._place), seconds)
        if given is self._options:
            self._common = asked
        return asked

    # --- what is known of it

    async def _known(self, journal: Journal, item: Item, record: Record) -> _Known[T] | None:
        """What the journal says; None if the item is to be called."""
        if record.state == "planned" or (is_free(record) and record.error not in PERMANENT):
            return None
        if record.state == "billed" or is_free(record):
            return _Known(await self._replayed(journal, item, record))
        if may_be_read(record) and (kept := await self._kept(journal, item, record)) is not None:
            return kept
        if self._rules.in_doubt == "retry" and not record.mine:  # what this run has lost is for the next one
            return None
        if self._rules.in_doubt == "skip":
            self._stats.skipped += 1
            return _Known(None)
        return _Known(in_doubt(self._endpoint, item, record))

    async def _replayed(self, journal: Journal, item: Item, record: Record) -> Outcome[T] | None:
        wanted = self._rules.replay or record.mine
        content = await journal.content(record.key) if wanted else None
        if content is None and wanted and record.error is not None:
            return unread(self._endpoint, item, record)
        if content is None:
            self._stats.skipped += 1
            return None
        return await self._answered(item, record, content)

    async def _kept(self, journal: Journal, item: Item, record: Record) -> _Known[T] | None:
        """An answer whose charge is unknown, if it can be read: it is neither in doubt nor asked for again."""
        content = await journal.content(record.key)
        if content is None:
            if not is_answered(record):
                return None
        else:
            outcome = await self._answered(item, record, content)
            if not isinstance(outcome, Done):
                return None
            if self._rules.replay or record.mine:
                return _Known(outcome)
        self._stats.skipped += 1
        return _Known(None)

    async def _answered(self, item: Item, record: Record, content: bytes) -> Done[T] | Failed:
        if is_quick(content):
            return answered(self._endpoint, item, record, content)
        return await aside(len(content), answered, self._endpoint, item, record, content)

    # --- calling

    async def _ask(self, item: Item, parts: Mapping[str, Url | Part], options: Arguments) -> Outcome[T] | None:
        if not await self._ceiling.reserve():
            return Held(item, "ceiling", self._held(f"max_billed={self._rules.max_billed} is reached"))
        paid = 0
        try:
            await self._slots.acquire()
            self._placed.add(item.index)
            if self._hopeless is not None:
                return self._stopped(item, self._hopeless)
            if self.stopped:
                return None
            outcome, paid = await self._called(item, parts, options)
            return outcome
        finally:
            await self._ceiling.settle(paid)

    def leave(self, item: Item) -> None:
        """The outcome of an item is taken: the next one may be sent. So a slow consumer slows the sending down."""
        if item.index in self._placed:
            self._placed.remove(item.index)
            self._slots.release()
            if not self._slots.locked():  # nobody was ready to take the place: what is held is due
                self._crew.flush_soon()

    async def _called(self, item: Item, parts: Mapping[str, Url | Part], options: Arguments) -> tuple[Outcome[T], int]:
        """The outcome of a call, and how many of its requests may have been charged."""
        if options.get("check_sum") is None and item.key is not None:
            options = cast(Arguments, {**options, "check_sum": item.key[:16]})
        recorder = None if self._journal is None else _JournalRecorder(self, self._open, self._journal, item, options)
        patient = self._rules.quota == "wait"
        self._stats.in_flight += 1
        began = time.time()
        try:
            reply = await self._call(self._endpoint, parts, recorder=recorder, patient=patient, **options)
            self._failures = 0
            done = Done(item, reply, requests=_requests(recorder, began, began + reply.elapsed, reply.charge))
            return done, reply.unknown_attempts + (reply.charge == "billed")
        except JournalError:
            raise
        except CVSError as error:
            self._count_failure(error)
            requests = _requests(recorder, began, time.time(), error.charge) if error.attempts else None
            return _without_reply(item, error, requests), error.unknown_attempts + (error.charge == "billed")
        finally:
            self._stats.in_flight -= 1

    def _count_failure(self, error: CVSError) -> None:
        """Many in a row that are not about their items: going on would be pointless, or worse."""
        self._note_set_up(error)
        kind = type(error).__name__
        if kind in PERMANENT or isinstance(error, NOT_OF_THE_SERVICE) or error.charge == "billed":
            self._failures = 0
            return
        self._failures += 1
        most = self._rules.max_consecutive_failures
        if most is not None and self._failures >= most and self._hopeless is None:
            self._hopeless = self._held(f"{self._failures} calls in a row failed, the last one with {kind}")

    def _note_set_up(self, error: CVSError) -> None:
        """Give up at once where the set-up is to blame: every other item would end in the same way."""
        if isinstance(error, ConfigurationError) and self._hopeless is None:
            self._hopeless = error

    def _stopped(self, item: Item, why: CVSError) -> Held:
        return Held(item, "stop", self._held(f"the batch has stopped; {why}"))

    def _held(self, why: str) -> CVSError:
        return CVSError(f"{self._endpoint.name}: {why}; nothing was sent", operation=self._endpoint.name)


@frozen
class _Asked:
    """Keywords as they are sent, what they and the operation are in a key, and how long a call may take."""

    options: Arguments
    question: bytes
    seconds: float | None


@frozen
class _Known(Generic[T]):
    outcome: Outcome[T] | None


class _JournalRecorder:
    """Writes one item's requests into the journal, before they leave and when they have ended."""

    def __init__(
        self, processor: Processor[Any], requests: OpenRequests, journal: Journal, item: Item, options: Arguments
    ) -> None:
        assert item.key is not None  # noqa: S101 - without one nothing is recorded
        self._processor = processor
        self._requests = requests
        self._journal = journal
        self._key = item.key
        self._check_sum = options.get("check_sum")
        self.sent_at: float | None = None

    async def sending(self) -> None:
        self.sent_at = time.time()
        self._requests.begin(self._key)
        await self._journal.sent(self._key, check_sum=self._check_sum)

    async def ended(self, progress: Progress, wire: WireReply | None, result: Reply[Any] | BaseException) -> None:
        try:
            with anyio.CancelScope(shield=True):
                await self._write(progress, wire, result)
        except JournalError as error:  # the answer goes on to its caller all the same; then the batch ends
            self._processor.fatal = error
        except RuntimeError:  # the batch was left by force, and has closed the journal: there it stays in doubt
            log.warning("the answer to a request came after its journal was closed")
        finally:
            self._requests.end(self._key)

    async def _write(self, progress: Progress, wire: WireReply | None, result: Reply[Any] | BaseException) -> None:
        if progress.attempts < progress.number:
            await self._journal.withdrawn(self._key)
            return
        charge, http_status = progress.charge, None if wire is None else wire.status
        if isinstance(result, (Reply, CVSError)):  # else the reading of the answer was broken off, if it came at all
            charge, http_status = result.charge, result.http_status
        await self._journal.ended(
            self._key,
            charge=charge,
            content=None if wire is None else wire.content,
            http_status=http_status,
            error=None if isinstance(result, Reply) else type(result).__name__,
            code=_code_of(result),
        )


def _code_of(result: Reply[Any] | BaseException) -> int | str | None:
    if isinstance(result, APIError):
        return result.code
    return 0 if isinstance(result, Reply) and result.charge == "billed" else None


def _requests(recorder: _JournalRecorder | None, began: float, ended: float, charge: Charge) -> Requests:
    """What is known of the requests of a call that has just ended."""
    sent_at = began if recorder is None else recorder.sent_at
    return Requests(sent_at, ended, int(charge == "billed"))


def _without_reply(item: Item, error: CVSError, requests: Requests | None = None) -> Failed | Held:
    drop_frames(error)
    if isinstance(error, OutOfRequestsError):
        return Held(item, "quota", error, requests=requests)
    if error.charge == "unknown":
        return Held(item, "in_doubt", error, requests=requests)
    if isinstance(error, ConfigurationError):  # the item can be sent, if by another client, or with a higher limit
        return Held(item, "stop", error, requests=requests)
    return Failed(item, error, requests=requests)
