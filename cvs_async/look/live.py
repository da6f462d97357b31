"""The data of the live page: journals are read again when they have changed."""

from __future__ import annotations

import getpass
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import define, evolve, field

from ..batch.journal.several import Journals
from ..batch.replay import outcomes_of
from ..errors import InvalidInputError
from .data import PageData, to_json
from .finding import Finder
from .gathering import DocumentView, Gathering, view_of
from .options import ReportOptions
from .overview import PLAIN_ROWS, Overview
from .pictures import Drawing, Job, draw_in, picture_of
from .queue import Entry, ReviewQueue, entry_row, position_of
from .report import head_of
from .review import Review, Verdict, review_path
from .summary import Summary
from .template import render
from .words import LANGUAGES
from .workers import SECONDS, GivenUpError, Workers

SHARD = 25
"""Number of documents or queue entries in one part of the data, which is made on request."""

KEPT = 200
"""Number of pictures kept in memory."""

LEAST_PAUSE = 1.0
"""Minimum seconds between two reads of the journals."""

SHARE = 10
"""Length of the pause after a read, as a multiple of its duration."""


@define(eq=False)
class Snapshot:
    """The contents of journals at one moment.

    Attributes:
        number: number of the snapshot, from 1.
        summary: figures of all documents.
        queue: review queue.
        entries: entries of the queue, in the order of the review.
        keys: keys of the documents.
        rows: rows of the table of documents.
        copies: other names of documents, by number.
    """

    number: int
    summary: Summary
    queue: ReviewQueue
    entries: list[Entry]
    keys: list[str | None] = field(factory=list)
    rows: list[list[Any]] = field(factory=list)
    copies: dict[int, list[str]] = field(factory=dict)


class Live:
    """The live page about journals, and its parts. Methods block; they are thread-safe.

    Documents are drawn by worker processes. `close` ends them.

    Args:
        journals: paths of the journals, which are only read.
        options: options of a report; pictures are drawn on request.
    """

    def __init__(self, journals: Sequence[Path], options: ReportOptions) -> None:
        self._journals = list(journals)
        self._options = evolve(options, pictures="all")
        self._data = PageData(options.limits)
        self._review = Review(review_path(self._journals[0]))
        self._lock = threading.Lock()
        self._pictures_lock = threading.Lock()  # separate, because reading many journals takes seconds
        self._state: tuple[object, ...] = ()
        self._rest_until = 0.0
        self._pictures: OrderedDict[str, bytes] = OrderedDict()
        self._workers = Workers()
        self._given_up: dict[str | None, str] = {}  # reasons by key; each of these documents would block a worker again
        self.snapshot = self._read(1)

    def close(self) -> None:
        """End the workers."""
        self._workers.close()

    def look(self) -> int:
        """Return the number of the snapshot, after reading the journals again if they have changed and it is time."""
        with self._lock:
            if time.monotonic() < self._rest_until:
                return self.snapshot.number
            began = time.monotonic()
            if self._figures() != self._state:
                self.snapshot = self._read(self.snapshot.number + 1)
            self._rest_until = time.monotonic() + max(LEAST_PAUSE, SHARE * (time.monotonic() - began))
            return self.snapshot.number

    def _figures(self) -> tuple[object, ...]:
        with Journals(self._journals) as journals:
            return tuple((one.sources, one.in_flight, one.billed, one.free, one.unknown) for one in journals.figures())

    def _read(self, number: int) -> Snapshot:
        self._state = self._figures()
        summary = Summary(self._options.limits)
        queue = ReviewQueue(self._options.limits, self._options.sample)
        gathering = Gathering(self._journals, [])
        keys, rows = list[str | None](), list[list[Any]]()
        for place, document in gathering:
            summary.add(place, document)
            queue.add(place, document)
            keys.append(document.key)
            rows.append(self._data.row(place, document))
        for place, names in gathering.copies.items():
            rows[place][14] = len(names)
        return Snapshot(number, summary, queue, queue.entries(), keys, rows, gathering.copies)

    # --- the page and its parts

    def page(self) -> str:
        """Return the page."""
        now = self.snapshot
        overview = Overview(self._options, self._journals, now.copies)
        head = self._head(now)
        return "".join(
            render("view", self._options.lang, overview.values(head, now.summary, now.queue, now.rows[:PLAIN_ROWS]))
        )

    def part(self, name: str) -> str | None:
        """Return a part of the data as JSON, by its name as in a report; None if it does not exist."""
        kind, _, text = name.partition("-")
        now = self.snapshot
        if name == "index":
            return to_json(self._index(now))
        if not text.isdecimal():
            return None
        begin = (int(text) - 1) * SHARD
        with self._opened() as opened:
            if kind == "documents" and 0 <= begin < len(now.keys):
                places = range(begin, min(begin + SHARD, len(now.keys)))
                verdicts, problem = self._verdicts()
                given = [self._details(opened, now, place, verdicts) for place in places]
                return to_json([{**details, "verdicts_problem": problem} for details in given])
            if kind == "queue" and 0 <= begin < len(now.entries):
                return to_json([self._entry(opened, now, entry) for entry in now.entries[begin : begin + SHARD]])
        return None

    def _verdicts(self) -> tuple[dict[str, list[Verdict]], str | None]:
        """Return the verdicts by key, and the reason if they cannot be read: documents are shown nevertheless."""
        try:
            return self._review.by_key(), None
        except (InvalidInputError, OSError) as error:
            return {}, reason_of(error)

    @contextmanager
    def _opened(self) -> Iterator[_Opened]:
        with Journals(self._journals) as journals:
            sessions = [session for reader in journals.readers for session in reader.sessions()]
            finder = Finder(
                [path.parent for path in self._journals],
                self._options.files,
                self._options.parameters,
                sessions,
                lambda key: [file for reader in journals.readers for file in reader.files(key)],
            )
            yield _Opened(journals, finder)

    def _head(self, now: Snapshot) -> dict[str, Any]:
        return head_of(self._options, " + ".join(path.name for path in self._journals), now.summary)

    def _index(self, now: Snapshot) -> dict[str, Any]:
        extra = {"queue": len(now.entries), "queue_all": now.queue.all_entries(now.entries), "shard": SHARD}
        words = dict(LANGUAGES[self._options.lang])
        return {**self._head(now), **extra, "copies": {}, "words": words, "rows": now.rows}

    def _details(
        self, opened: _Opened, now: Snapshot, place: int, verdicts: Mapping[str, Sequence[Verdict]]
    ) -> dict[str, Any]:
        document = opened.document(now, place)
        found = opened.finder.find(document.name, document.operation, document.key)
        drawing = self._drawing(place, document, found.paths)
        pages = [
            {"src": f"picture/{place}/{page}", "width": width, "height": height}
            for page, (width, height) in enumerate(drawing.sizes)
        ]
        details = self._data.details(place, document, drawing, pages)
        details["picture"] = drawing.problem_or(found.certainty)
        details["picture_note"] = drawing.problem
        details["copies"] = now.copies.get(place, [])
        details["key"] = now.rows[place][16]
        details["verdicts"] = verdicts_of(document, verdicts.get(document.key or "", ()))
        return details

    def _entry(self, opened: _Opened, now: Snapshot, entry: Entry) -> list[Any]:
        reads = list(opened.document(now, entry.document).reads)
        position = position_of(entry, reads)
        src = None
        if position >= 0 and reads[position].box is not None:
            src = f"cut/{entry.document}/{position}"
        return entry_row(entry, reads, position, (src, 0, 0))

    # --- verdicts

    def judge(self, body: bytes) -> None:
        """Store a verdict about a value.

        Args:
            body: JSON object with ``document`` and ``field``, their numbers in the data; ``key``, as in the document's
                row, to detect that numbers have changed; ``verdict``; and ``value`` for a correction.

        Raises:
            InvalidInputError: the body is not a verdict, or does not fit the journal.
            OSError: the verdict cannot be written.
        """
        now = self.snapshot
        try:
            given = json.loads(body)
            place, position, key, said = (given[name] for name in ("document", "field", "key", "verdict"))
            value = given.get("value")
        except (ValueError, TypeError, LookupError, RecursionError, AttributeError):
            raise InvalidInputError("this is not a verdict") from None
        if type(place) is not int or type(position) is not int:
            raise InvalidInputError("this is not a verdict")
        if not 0 <= place < len(now.keys):
            raise InvalidInputError("there is no such document")
        if not key or key != now.rows[place][16]:
            raise InvalidInputError("the journal has changed: load the page again")
        with self._opened() as opened:
            document = opened.document(now, place)
        reads = list(document.reads)
        if not 0 <= position < len(reads) or document.key is None:
            raise InvalidInputError("there is no such value")
        read = reads[position]
        self._review.add(
            Verdict(
                key=document.key,
                operation=document.operation,
                paper=read.paper,
                path=read.path,
                verdict=said,  # checked on writing
                value=value,
                confidence=read.confidence,
                by=_user(),
                at=time.time(),
            )
        )

    # --- pictures

    def _drawing(
        self, place: int, document: DocumentView, paths: tuple[Path, ...], cuts: tuple[int, ...] = ()
    ) -> Drawing:
        reads = list(document.reads)
        if not paths or any(position >= len(reads) for position in cuts):
            return Drawing(place)
        if document.key in self._given_up:
            return Drawing(place, self._given_up[document.key])
        papers, dpi = len(document.papers), self._options.dpi
        job = Job(place, paths, document.operation, reads, cuts, False, dpi, SECONDS, papers)
        drawing = draw_in(self._workers, job)
        if drawing.given_up and drawing.problem is not None:
            self._given_up[document.key] = drawing.problem
        return drawing

    def picture(self, place: int, page: int) -> bytes | None:
        """Return a page of a document as WebP; None if it cannot be drawn."""

        def make(document: DocumentView, paths: tuple[Path, ...]) -> bytes | None:
            if document.key in self._given_up:
                return None
            try:
                return self._workers.call(picture_of, paths, page, seconds=SECONDS)
            except GivenUpError as error:
                self._given_up[document.key] = str(error)
                return None

        return self._kept(place, f"page {page}", make)

    def cut(self, place: int, position: int) -> bytes | None:
        """Return the cut-out of a value as WebP; None if it cannot be drawn."""

        def make(document: DocumentView, paths: tuple[Path, ...]) -> bytes | None:
            found = self._drawing(place, document, paths, (position,)).cuts.get(position)
            return None if found is None else found.content

        return self._kept(place, f"cut {position}", make)

    def _kept(
        self, place: int, what: str, make: Callable[[DocumentView, tuple[Path, ...]], bytes | None]
    ) -> bytes | None:
        now = self.snapshot
        if not 0 <= place < len(now.keys):
            return None
        mark = f"{now.keys[place]} {what}"
        with self._pictures_lock:
            if mark in self._pictures:
                self._pictures.move_to_end(mark)
                return self._pictures[mark]
        with self._opened() as opened:
            document = opened.document(now, place)
            paths = opened.finder.find(document.name, document.operation, document.key).paths
        content = make(document, paths) if paths else None
        if content is not None:
            with self._pictures_lock:
                self._pictures[mark] = content
                while len(self._pictures) > KEPT:
                    self._pictures.popitem(last=False)
        return content


def reason_of(error: Exception) -> str:
    """Return the reason of an error of this library or the system, without contents of documents."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error)


def verdicts_of(document: DocumentView, verdicts: Iterable[Verdict]) -> dict[str, list[str | None]]:
    """Return verdict and correction of a document's values, by number of the value."""
    said = {(verdict.paper, verdict.path): [verdict.verdict, verdict.value] for verdict in verdicts}
    if not said:
        return {}
    places = ((str(number), (read.paper, read.path)) for number, read in enumerate(document.reads))
    return {number: said[place] for number, place in places if place in said}


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


@define(eq=False)
class _Opened:
    """Journals opened for one request."""

    journals: Journals
    finder: Finder

    def document(self, now: Snapshot, place: int) -> DocumentView:
        """Read a document from the journals."""
        record = self.journals.record(bytes.fromhex(now.keys[place] or ""))
        [outcome] = outcomes_of([(record, record.source, now.rows[place][11])])
        return view_of(outcome)
