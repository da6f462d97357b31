"""The report. Two passes over the documents: one for figures and queue, one for pictures and pages."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from attrs import define, evolve

from .._version import __version__
from ..batch.journal.charges import day_in
from ..batch.journal.several import Journals
from ..errors import InvalidInputError
from .data import PageData, shards, to_json
from .finding import Finder
from .gathering import RESULTS, DocumentView, Gathering
from .options import ReportOptions
from .overview import PLAIN_ROWS, Overview
from .pictures import Drawers, Drawing, Job
from .queue import KINDS, Cut, Entry, ReviewQueue, entry_row, position_of
from .redaction import documented, known_warning
from .summary import Summary
from .template import render, require_libraries
from .words import LANGUAGES
from .writing import Target, target_of

SHARD = 250
"""Number of documents or queue entries in one part of the data."""

MANY_PAGES = 5_000
"""Maximum number of pages drawn without `ReportOptions.yes`: more take half an hour and gigabytes."""


@define
class Remarks:
    """Counts of a finished report: documents, pictures, bytes, and documents whose files are missing or broken."""

    documents: int = 0
    pictures: int = 0
    size: int = 0
    missing: int = 0
    broken: int = 0


def write_report(inputs: Sequence[Path], to: Path, options: ReportOptions | None = None) -> Remarks:
    """Write a report about journals and results files. Blocks, and draws pictures in worker processes.

    Args:
        inputs: journals, and results files in JSON Lines.
        to: a new path: a .html file, of up to 60 MB, or a folder.
        options: see `ReportOptions`.

    Raises:
        InvalidInputError: an input is neither a journal nor a results file, or the target exists or would be too large.
        JournalError: a journal cannot be read.
        ConfigurationError: a library is missing; it says which.
        OSError: the report cannot be written.
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
    """Return the function that decides whether a document belongs to the report."""
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
        self._rows_of: dict[Entry, list[Any]] = {}
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
            self._target.part(f"queue-{number}", to_json([self._rows_of.pop(entry) for entry in listed]))

    # --- the first pass

    def _read(self, summary: Summary, queue: ReviewQueue) -> Iterator[tuple[int, DocumentView]]:
        """Count all documents, write their rows to a file, and yield the first documents."""
        for number, found in self._gathering:
            document = self._data.seen(number, found)
            summary.add(number, document)
            queue.add(number, found)  # not redacted: a required field may be undocumented
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
        separator = ""
        for line in self._rows:
            yield f"{separator}{line.rstrip()}"
            separator = ","
        yield "]}"

    # --- the second pass

    def _documents(self, entries: Sequence[Entry]) -> Iterator[dict[str, Any]]:
        wanted: dict[int, list[Entry]] = {}
        for entry in entries:
            wanted.setdefault(entry.document, []).append(entry)
        with Drawers() as drawers, Journals(self._gathering.journals) as journals:
            self._finder = self._make_finder(journals)
            for (number, document, certainty), drawn in drawers.draw(self._jobs(wanted)):
                drawing = drawn or Drawing(number)
                self.remarks.broken += drawing.problem is not None
                details = self._data.details(number, document, drawing, self._pages(number, drawing))
                details["picture"] = drawing.problem_or(certainty)
                details["picture_note"] = drawing.problem
                details["copies"] = [] if self._options.redact else self._gathering.copies.get(number, [])
                self._add_entries(number, document, wanted.get(number, ()), drawing)
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
            is_wanted = self._options.pictures == "all" or (self._options.pictures == "review" and entries)
            if self._options.redact or not is_wanted:
                yield (number, document, "skipped"), None
                continue
            found = self._finder.find(document.name, document.operation, document.key)
            self.remarks.missing += found.certainty == "missing"
            reads = list(document.reads)
            cuts = tuple(position for entry in entries if (position := position_of(entry, reads)) >= 0)
            job = Job(
                number,
                found.paths,
                document.operation,
                reads,
                cuts,
                dpi=self._options.dpi,
                papers=len(document.papers),
            )
            yield (number, document, found.certainty), job if found.paths else None

    def _pages(self, number: int, drawing: Drawing) -> list[dict[str, Any]]:
        self._drawn += len(drawing.pages)
        if self._options.pictures == "all" and self._drawn > MANY_PAGES and not self._options.yes:
            raise InvalidInputError(
                f"these are more than {MANY_PAGES:,} pages, whose pictures take gigabytes and half an hour or more: "
                "--yes makes them"
            )
        return [
            {"src": self._target.picture(f"{number:06}-{place}", page), "width": page.width, "height": page.height}
            for place, page in enumerate(drawing.pages)
        ]

    def _add_entries(self, number: int, document: DocumentView, entries: Sequence[Entry], drawing: Drawing) -> None:
        """Store the rows of a document's entries, each with the cut-out of its value."""
        seen = self._data.seen(number, document)
        reads, seen_reads = list(document.reads), list(seen.reads)
        cuts: dict[int, Cut] = {}
        for entry in entries:
            position = position_of(entry, reads)
            if position not in cuts and position in drawing.cuts:
                picture = drawing.cuts[position]
                src = self._target.picture(f"{number:06}-cut-{position}", picture)
                cuts[position] = src, picture.width, picture.height
            shown = _redacted(entry, seen) if self._options.redact else entry
            cut = cuts.get(position, (None, 0, 0))
            self._rows_of[entry] = entry_row(shown, seen_reads, position, cut, redact=self._options.redact)


def _redacted(entry: Entry, document: DocumentView) -> Entry:
    """Return an entry without words that are not documented; `document` is redacted."""
    if KINDS[entry.kind] in ("failed", "held"):
        return evolve(entry, note=document.why or "")
    return evolve(entry, path=documented(entry.path), note=known_warning(entry.note))


def head_of(options: ReportOptions, title: str, summary: Summary) -> dict[str, Any]:
    """Return the general data of the page."""
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
