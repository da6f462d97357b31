"""The documents of a report, from journals and results files, each once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from ..batch.journal.several import Journals
from ..batch.outcome import Done, Held, Outcome
from ..batch.replay import outcomes_of
from ..batch.tables.frames import read_results
from ..batch.tables.results import result_of
from ..batch.tables.values import part_of, whole
from ..errors import InvalidInputError
from ..models import warnings
from ..models.warnings import CardWarning, FaceWarning
from .reads import Read, reads_of_paper

WARNINGS: Mapping[str, type[CardWarning | FaceWarning | Any]] = {
    "ekyc.face_matching": warnings.FaceWarning,
    "ekyc.verify_liveness": warnings.LivenessWarning,
    "smartcrop.crop_person": warnings.CropWarning,
}
"""Operations whose warning codes are not those of `CardWarning`."""

RESULTS = (".jsonl", ".ndjson")

RANKS = {"held": 0, "failed": 1, "purged": 2, "done": 3}
"""Ranks of states: if a document has several lines, the one with the highest rank counts."""

KEY = re.compile("[0-9a-f]{64}")
IDENTITY = 12
"""Number of bytes of a key that identify a document, to save memory."""

LARGEST = 1e12
"""Seconds. Larger numbers are not valid times."""


@frozen
class PaperView:
    """One paper of a document.

    Attributes:
        type: type of the paper, as the service names it.
        reads: values.
        warnings: names of the service's warnings, each with the vendor's message.
        extra: names of undocumented fields.
    """

    type: str | None
    reads: list[Read] = field(repr=False)
    warnings: list[tuple[str, str]] = field(factory=list, repr=False)
    extra: list[str] = field(factory=list, repr=False)


@frozen
class DocumentView:
    """A document and its outcome.

    Attributes:
        name: file name, as given to the batch.
        key: hash of contents, operation and parameters; None if the file could not be read.
        status: ``done``, ``failed``, ``held`` or ``purged``.
        why: kind of the error, or the reason of being held.
        message: text of the error.
        seconds: time from the request to its answer.
        sent_at, answered_at: times of the last request and its answer, in seconds since 1970.
    """

    name: str = field(repr=False)
    operation: str
    key: str | None
    status: str
    charge: str
    reference: str | None = field(repr=False)
    check_sum: str | None
    requests: int
    billed: int
    seconds: float | None
    sent_at: float | None
    answered_at: float | None
    why: str | None
    code: int | str | None
    message: str | None = field(repr=False)
    papers: list[PaperView] = field(repr=False)
    raw: object = field(repr=False)

    @property
    def reads(self) -> Iterator[Read]:
        """Return an iterator over the values of all papers."""
        for paper in self.papers:
            yield from paper.reads


@define
class Gathering:
    """The documents of several journals and results files.

    Iterating yields each document once, with a number; other names of it are copies. If results files have several
    lines about a document, the best one counts, since a later run may have read what was held before.

    Later iterations yield the same documents with the same numbers, also while a batch is writing.

    Attributes:
        is_wanted: returns whether a document belongs to the report.
        copies: other names of documents by number. Complete after the first iteration.
    """

    journals: Sequence[Path]
    results: Sequence[Path]
    is_wanted: Callable[[DocumentView], bool] = lambda _: True
    copies: dict[int, list[str]] = field(factory=dict, init=False)
    _numbers: dict[bytes, int] = field(factory=dict, init=False)
    _best: dict[bytes, tuple[int, bytes]] | None = field(default=None, init=False)

    def __iter__(self) -> Iterator[tuple[int, DocumentView]]:
        return self._again() if self._numbers else self._first()

    def _first(self) -> Iterator[tuple[int, DocumentView]]:
        names: dict[bytes, str] = {}
        others: dict[bytes, list[str]] = {}
        numbers: dict[bytes, int] = {}
        for identity, document, is_best in self._documents():
            if not self.is_wanted(document):
                continue
            if is_best and identity not in numbers:
                numbers[identity] = len(numbers)
                names[identity] = document.name
                yield numbers[identity], document
            elif document.name not in (*others.get(identity, ()), names.get(identity)):
                others.setdefault(identity, []).append(document.name)
        self._numbers = numbers
        for identity, found in others.items():
            kept = [name for name in found if name != names.get(identity)]
            if kept and identity in numbers:
                self.copies[numbers[identity]] = kept

    def _again(self) -> Iterator[tuple[int, DocumentView]]:
        """Yield the documents of the first iteration in the same order; documents that come too early wait."""
        expected = 0
        early: dict[int, DocumentView] = {}
        for identity, document, is_best in self._documents():
            number = self._numbers.get(identity, -1)
            if not is_best or number < expected:
                continue
            early.setdefault(number, document)
            while expected in early:
                yield expected, early.pop(expected)
                expected += 1
        if expected < len(self._numbers):
            raise InvalidInputError("the journals or results were changed while they were read: try again")

    def _documents(self) -> Iterator[tuple[bytes, DocumentView, bool]]:
        """Yield the identity of each source's document, the document, and whether this is its best view."""
        in_journals = set[bytes]()
        if self.journals:
            with Journals(self.journals) as journals:
                for outcome in outcomes_of(journals.records()):
                    document = view_of(outcome)
                    identity = bytes.fromhex(document.key or "")[:IDENTITY]
                    in_journals.add(identity)
                    yield identity, document, True
        if self._best is None:
            self._best = self._best_lines()
        for place, identity, record in self._lines():
            is_best = identity not in in_journals and self._best.get(identity, (0, b""))[1] == place
            yield identity, view_of(record), is_best

    def _best_lines(self) -> dict[bytes, tuple[int, bytes]]:
        """Return the highest rank of each document, and the place of the first line with it."""
        best: dict[bytes, tuple[int, bytes]] = {}
        for place, identity, record in self._lines():
            rank = RANKS[record["status"]]
            if identity not in best or rank > best[identity][0]:
                best[identity] = rank, place
        return best

    def _lines(self) -> Iterator[tuple[bytes, bytes, Mapping[str, Any]]]:
        """Yield the lines of the results files: place, identity of the document, record."""
        for number, path in enumerate(self.results):
            with closing(read_results(path)) as records:  # type: ignore[type-var]
                for line, record in enumerate(records, start=1):
                    place = f"{number}:{line}".encode()
                    status, key = record["status"], record.get("key")
                    if not isinstance(status, str) or status not in RANKS or not _is_key(key):
                        raise InvalidInputError(f"{path}: line {line} is not a result of a batch")
                    yield place, bytes.fromhex(key or "")[:IDENTITY] or place, record


def _is_key(key: object) -> bool:
    return key is None or (isinstance(key, str) and KEY.fullmatch(key) is not None)


def view_of(outcome: Outcome[Any] | Mapping[str, Any]) -> DocumentView:
    """Return a document for the report, from an outcome or a line of a results file."""
    result = result_of(outcome)
    head = result.head
    operation = str(head["operation"] or "")
    papers = [paper_view(number, paper, operation) for number, paper in enumerate(result.papers)]
    why, message, code = _problem(outcome, head)
    return DocumentView(
        name=str(head["source"]),
        operation=operation,
        key=_text(head["key"]),
        status=str(head["status"]),
        charge=str(head["charge"] or ""),
        reference=_text(head["id"]),
        check_sum=_check_sum(outcome),
        requests=_requests(outcome),
        billed=result.billed,
        seconds=_seconds(outcome, head),
        sent_at=_finite(head["sent_at"]),
        answered_at=_finite(head["ended_at"]),
        why=why,
        code=code,
        message=message,
        papers=papers,
        raw=result.instead if result.data is None else result.data,  # an empty answer is data
    )


def paper_view(number: int, paper: object, operation: str) -> PaperView:
    """Return a paper for the report."""
    kind = part_of(paper, "type")[1]
    extra = part_of(part_of(paper, "info")[1], "extra")[1]
    names = extra if isinstance(extra, Mapping) else ()
    return PaperView(
        kind if isinstance(kind, str) else None,
        list(reads_of_paper(number, paper)),
        list(_warnings(paper, operation)),
        sorted(map(str, names)),
    )


def _warnings(paper: object, operation: str) -> Iterator[tuple[str, str]]:
    code, valid = part_of(paper, "invalid_code")[1], part_of(paper, "valid")[1]
    words = part_of(paper, "invalid_message")[1]
    text = words if isinstance(words, str) else ""
    if isinstance(code, int) and code != 0:
        yield WARNINGS.get(operation, CardWarning)(code).name, text
    elif valid is False:
        yield "not valid", text


def _problem(outcome: Outcome[Any] | Mapping[str, Any], head: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """Return kind, message and code of a problem."""
    if isinstance(outcome, Mapping):
        error = outcome.get("error")
        if not isinstance(error, Mapping):
            return None, None, None
        why = outcome.get("reason") or error.get("kind")
        return _text(why), _text(error.get("text")), head["code"]
    if isinstance(outcome, Done):
        return None, None, None
    if isinstance(outcome, Held):
        return outcome.reason, str(outcome.error), head["code"]
    return type(outcome.error).__name__, str(outcome.error), head["code"]


def _requests(outcome: Outcome[Any] | Mapping[str, Any]) -> int:
    if isinstance(outcome, Mapping):
        return whole(outcome.get("attempts")) or 0
    if isinstance(outcome, Done):
        return outcome.reply.attempts
    return outcome.error.attempts


def _check_sum(outcome: Outcome[Any] | Mapping[str, Any]) -> str | None:
    if isinstance(outcome, Mapping):
        return _text(outcome.get("check_sum"))
    if isinstance(outcome, Done):
        return outcome.reply.check_sum
    return None


def _seconds(outcome: Outcome[Any] | Mapping[str, Any], head: Mapping[str, Any]) -> float | None:
    if isinstance(outcome, Mapping) and (elapsed := _finite(outcome.get("elapsed"))) is not None:
        return elapsed
    sent, ended = _finite(head["sent_at"]), _finite(head["ended_at"])
    if sent is not None and ended is not None:
        return ended - sent
    if isinstance(outcome, Done):
        return outcome.reply.elapsed
    return None


def _finite(number: object) -> float | None:
    """Return a number that a page can show; None for anything else, which a results file may have instead."""
    if isinstance(number, int | float) and not isinstance(number, bool) and abs(number) < LARGEST:
        return float(number)
    return None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
