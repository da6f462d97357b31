"""The report: two passes over the documents, the first for figures and queue, the second for pictures and pages."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from attrs import define

from .._version import __version__
from ..batch.journal.charges import day_in
from ..batch.journal.several import Journals
from ..errors import InvalidInputError
from .data import PageData, shards, to_json, value_of
from .finding import Finder
from .gathering import RESULTS, DocumentView, Gathering
from .options import ReportOptions
from .overview import PLAIN_ROWS, Overview
from .pictures import Drawers, Drawing, Job
from .queue import KINDS, Entry, ReviewQueue
from .reads import Read
from .redaction import documented, known_warning
from .summary import Summary
from .template import render, require_libraries
from .words import LANGUAGES
from .writing import Target, target_of

SHARD = 250
"""Documents, or entries of the queue, in one part of the data."""

MANY_PAGES = 5_000
"""More pages are drawn only with `ReportOptions.yes`: they take half an hour and gigabytes."""


@define
class Remarks:
    """The figures of a report that was written."""

    documents: int = 0
    pictures: int = 0
    size: int = 0
    missing: int = 0
    broken: int = 0


def write_report(inputs: Sequence[Path], to: Path, options: ReportOptions | None = None) -> Remarks:
    """Write a report about journals and results files. Blocks; starts worker processes for pictures.

    Args:
        inputs: journals, and files of JSON Lines.
        to: a path that ends in .html: one file, up to 60 MB; any other: a folder. It must not exist.
        options: see `ReportOptions`.

    Raises:
        InvalidInputError: an input is neither a journal nor a results file; the target exists or would be too large.
        JournalError: a journal cannot be read.
        ConfigurationError: a library is missing; it says which.
        OSError: it cannot be written.
    """
    chosen = options or ReportOptions()
    require_libraries()
    results = [path for path in inputs if path.suffix.lower() in RESULTS]
    journals = [path for path in inputs if path not in results]
    if chosen.period and results:
        raise InvalidInputError(f"{results[0]} does not have the times of requests: a period needs journals")
    with target_of(to) as target, tempfile.TemporaryFile("w+", encoding="utf-8") as rows:
        report = _Report(Gathering(journals, results, _wanted_by(chosen)), target, chosen, rows)
        title = " + ".join(path.name for path in inputs)
        report.write(f"{title}, {chosen.period}" if chosen.period else title)
    report.remarks.size, report.remarks.pictures = target.size, target.pictures
    return report.remarks


def _wanted_by(options: ReportOptions) -> Callable[[DocumentView], bool]:
    """Return whether a document belongs to the report, as a function."""
    if not options.period:
        return lambda _: True
    day = day_in(options.zone_of_days)
    return lambda document: document.sent_at is not None and day(document.sent_at) in options.period


class _Report:
    def __init__(self, gathering: Gathering, target: Target, options: ReportOptions, rows: IO[str]) -> None:
        self._gathering = gathering
        self._target = target
        self._options = options
        self._rows = rows
        self._data = PageData(options.limits, redact=options.redact)
        self._sources: dict[Entry, list[Any]] = {}
        self._drawn = 0
        self.remarks = Remarks()

    def write(self, title: str) -> None:
        """Write everything."""
        options = self._options
        summary = Summary(options.limits)
        queue = ReviewQueue(options.limits, options.sample)
        first = [self._data.row(number, document) for number, document in self._read(summary, queue)]
        copies = {number: len(names) for number, names in self._gathering.copies.items()}
        for row, number in zip(first, range(len(first)), strict=True):
            row[14] = copies.get(number, 0)
        self.remarks.documents = summary.documents
        if options.pictures == "all" and summary.documents > MANY_PAGES and not options.yes:
            raise InvalidInputError(
                f"pictures of {summary.documents:,} documents take gigabytes and half an hour or more: --yes makes them"
            )
        entries = queue.entries()
        head = head_of(options, "report" if options.redact else title, summary)
        overview = Overview(options, self._gathering.journals, self._gathering.copies)
        self._target.page(*render(self._target.mode, options.lang, overview.values(head, summary, queue, first)))
        self._target.part("index", "".join(self._index(head, summary, queue, entries, copies)))
        for number, shard in enumerate(shards(self._documents(entries), SHARD), start=1):
            self._target.share = min(number * SHARD / summary.documents, 1.0)
            self._target.part(f"documents-{number}", to_json(shard))
        for number, listed in enumerate(shards(entries, SHARD), start=1):
            self._target.part(f"queue-{number}", to_json([self._entry(entry) for entry in listed]))

    # --- the first pass

    def _read(self, summary: Summary, queue: ReviewQueue) -> Iterator[tuple[int, DocumentView]]:
        """Add everything up, and yield the first documents; the rows of all go to a file."""
        for number, found in self._gathering:
            document = self._data.seen(number, found)
            summary.add(number, document)
            queue.add(number, found)  # what is required may be a field that is not documented
            self._rows.write(to_json(self._data.row(number, found)))
            self._rows.write("\n")
            if number < PLAIN_ROWS:
                yield number, document

    def _index(
        self,
        head: Mapping[str, Any],
        summary: Summary,
        queue: ReviewQueue,
        entries: Sequence[Entry],
        copies: Mapping[int, int],
    ) -> Iterator[str]:
        counts = {"queue": len(entries), "queue_all": queue.all_entries(entries)}
        known = {f"{number}": count for number, count in copies.items()}
        yield to_json({**head, **counts, "copies": known, "words": dict(LANGUAGES[self._options.lang])})[:-1]
        yield ',"rows":['
        self._rows.seek(0)
        for number, line in enumerate(self._rows):
            yield f"{',' if number else ''}{line.rstrip()}"
        yield "]}"

    # --- the second pass

    def _documents(self, entries: Sequence[Entry]) -> Iterator[dict[str, Any]]:
        wanted: dict[int, list[Entry]] = {}
        for entry in entries:
            wanted.setdefault(entry.document, []).append(entry)
        with Drawers() as drawers, Journals(self._gathering.journals) as journals:
            self._finder = self._make_finder(journals)
            for (number, document, certainty), drawing in drawers.draw(self._jobs(wanted)):
                pages = self._pages(number, drawing)
                details = self._data.details(number, document, drawing, pages)
                details["picture"], details["picture_note"] = self._certainty(certainty, drawing)
                names = self._gathering.copies.get(number, [])
                details["copies"] = [] if self._options.redact else names
                self._cut(number, document, wanted.get(number, ()), drawing)
                yield details

    def _make_finder(self, journals: Journals) -> Finder:
        inputs = (*self._gathering.journals, *self._gathering.results)
        return Finder(
            [path.parent for path in inputs],
            self._options.files,
            self._options.parameters,
            [session for reader in journals.readers for session in reader.sessions()],
            lambda key: [file for reader in journals.readers for file in reader.files(key)],
        )

    def _jobs(
        self, wanted: Mapping[int, Sequence[Entry]]
    ) -> Iterator[tuple[tuple[int, DocumentView, str], Job | None]]:
        for number, document in self._gathering:
            entries = wanted.get(number, ())
            is_wanted = self._options.pictures == "all" or (self._options.pictures == "review" and bool(entries))
            if self._options.redact or not is_wanted:
                yield (number, document, "skipped"), None
                continue
            found = self._finder.find(document.name, document.operation, document.key)
            self.remarks.missing += found.certainty == "missing"
            job = None
            if found.paths:
                reads = list(document.reads)
                cuts = tuple(position for entry in entries if (position := position_of(entry, reads)) >= 0)
                papers = len(document.papers)
                job = Job(number, found.paths, document.operation, reads, cuts, dpi=self._options.dpi, papers=papers)
            yield (number, document, found.certainty), job

    def _pages(self, number: int, drawing: Drawing | None) -> list[dict[str, Any]]:
        self._drawn += 0 if drawing is None else len(drawing.pages)
        if self._options.pictures == "all" and self._drawn > MANY_PAGES and not self._options.yes:
            raise InvalidInputError(
                f"these are more than {MANY_PAGES:,} pages, whose pictures take gigabytes and half an hour or more: "
                "--yes makes them"
            )
        return [
            {
                "src": self._target.picture(f"{number:06}-{place}", page),
                "width": page.width,
                "height": page.height,
            }
            for place, page in enumerate(() if drawing is None else drawing.pages)
        ]

    def _certainty(self, certainty: str, drawing: Drawing | None) -> tuple[str, str | None]:
        if drawing is not None and drawing.problem is not None:
            self.remarks.broken += 1
            return "broken", drawing.problem
        return certainty, None

    def _cut(self, number: int, document: DocumentView, entries: Sequence[Entry], drawing: Drawing | None) -> None:
        """Remember what the queue shows of a document: value and cut-out of each entry."""
        if not entries:
            return
        seen = self._data.seen(number, document)
        reads = list(seen.reads)
        kept: dict[int, tuple[str, int, int]] = {}
        for entry in entries:
            position = position_of(entry, list(document.reads))
            is_about_value = KINDS[entry.kind] in ("low", "sample")
            read = reads[position] if position >= 0 and is_about_value else None
            if position not in kept and drawing is not None and position in drawing.cuts:
                picture = drawing.cuts[position]
                src = self._target.picture(f"{number:06}-cut-{position}", picture)
                kept[position] = src, picture.width, picture.height
            src_of_cut, width, height = kept.get(position, (None, 0, 0))
            self._sources[entry] = [
                entry.document,
                entry.paper if entry.paper >= 0 or read is None else read.paper,
                self._path_of(entry) if read is None else read.path,
                None if read is None or self._options.redact else shortened(read.value),
                None if read is None else read.confidence,
                KINDS[entry.kind],
                src_of_cut,
                width,
                height,
                self._note_of(entry, seen),
            ]

    def _path_of(self, entry: Entry) -> str:
        return documented(entry.path) if self._options.redact else entry.path

    def _note_of(self, entry: Entry, seen: DocumentView) -> str:
        if KINDS[entry.kind] in ("failed", "held"):
            return seen.why or ""
        return known_warning(entry.note) if self._options.redact else entry.note

    def _entry(self, entry: Entry) -> list[Any]:
        return self._sources.pop(entry)


def head_of(options: ReportOptions, title: str, summary: Summary) -> dict[str, Any]:
    """Return the head of the page."""
    named = documented if options.redact else str
    return {
        "version": 1,
        "title": title,
        "operations": list(summary.operations),
        "made_at": options.now.isoformat(timespec="seconds"),
        "library": __version__,
        "redacted": options.redact,
        "lang": options.lang,
        "low": options.limits.low,
        "lows": {named(name): low for name, low in options.limits.lows.items()},
        "require": [named(name) for name in options.limits.required],
        "sample": options.sample,
        "pictures": "none" if options.redact else options.pictures,
        "shard": SHARD,
        "documents": summary.documents,
    }


def shortened(value: object) -> str | None:
    """Return a value as the queue shows it."""
    shown = value_of(value)
    return None if shown is None else f"{shown}"[:200]


def position_of(entry: Entry, reads: Sequence[Read]) -> int:
    """The value that an entry shows: its own, else the first one with a box, of its paper if it is about one."""
    if entry.position >= 0 or KINDS[entry.kind] == "missing":
        return entry.position if entry.position < len(reads) else -1  # an answer may have been dropped since
    boxed = (
        place
        for place, read in enumerate(reads)
        if read.box is not None and (entry.paper < 0 or read.paper == entry.paper)
    )
    return next(boxed, -1)
