"""Collecting the documents of a report from journals and results files, each once."""

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
from ..batch.tables.rows import result_of
from ..batch.tables.values import part_of
from ..errors import InvalidInputError
from ..models import warnings
from ..models.warnings import CardWarning, FaceWarning
from .reads import Read, reads_of_paper

WARNINGS: Mapping[str, type[CardWarning | FaceWarning | Any]] = {
    "ekyc.face_matching": warnings.FaceWarning,
    "ekyc.verify_liveness": warnings.LivenessWarning,
    "smartcrop.crop_person": warnings.CropWarning,
}
"""Operations whose codes are not a `CardWarning`."""

RESULTS = (".jsonl", ".ndjson")

RANKS = {"held": 0, "failed": 1, "purged": 2, "done": 3}
"""Ranks of states: the line with the highest rank counts if a document has several."""

KEY = re.compile("[0-9a-f]{64}")
IDENTITY = 12
"""Bytes of a key that identify a document; they take less memory than the whole key."""

LARGEST = 1e12
"""Seconds. Larger numbers are not times."""


@frozen
class PaperView:
    """One paper of a document.

    Attributes:
        type: what the service calls it.
        reads: its values.
        warnings: names of the service's warnings, each with the vendor's words.
        extra: names that are not documented.
    """

    type: str | None
    reads: list[Read] = field(repr=False)
    warnings: list[tuple[str, str]] = field(factory=list, repr=False)
    extra: list[str] = field(factory=list, repr=False)


@frozen
class DocumentView:
    """One document, with what became of it.

    Attributes:
        name: the file, as it was given.
        key: of content, operation and parameters; None where the file could not be read.
        status: ``done``, ``failed``, ``held`` or ``purged``.
        why: the kind of the error, or the reason of what is held.
        message: the error, for people.
        seconds: from the request to its answer.
        answered_at: in seconds since 1970.
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
        """Every value of every paper."""
        for paper in self.papers:
            yield from paper.reads


@define
class Gathering:
    """The documents of several journals and results files.

    Iterating yields each document once: one that comes again, under another name or from another input, is a copy. Of
    several lines of results about a document the best one counts: a later run may have read what was held before.

    It may be iterated again, also while a batch goes on writing: then the same documents come with the same numbers,
    and newer ones are left out.

    Attributes:
        copies: other names of documents, by the document's number, after the first iteration.
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
        """Yield the documents of the first time in their order; those that come earlier now wait for their turn."""
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
            raise InvalidInputError("what the report is about was changed while it was read: try again")

    def _documents(self) -> Iterator[tuple[bytes, DocumentView, bool]]:
        """Yield every source: the identity of its document, the document, and whether this view of it counts."""
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
        """The first of the lines that say most of a document, with its rank."""
        best: dict[bytes, tuple[int, bytes]] = {}
        for place, identity, record in self._lines():
            rank = RANKS[record["status"]]
            if identity not in best or rank > best[identity][0]:
                best[identity] = rank, place
        return best

    def _lines(self) -> Iterator[tuple[bytes, bytes, Mapping[str, Any]]]:
        """Yield the lines of the results files: the place, the identity of the document, and the record."""
        for number, path in enumerate(self.results):
            with closing(read_results(path)) as records:  # type: ignore[type-var]
                for line, record in enumerate(records, start=1):
                    place = f"{number}:{line}".encode()
                    status, key = record["status"], record.get("key")
                    if not isinstance(status, str) or status not in RANKS or not _is_key(key):
                        raise InvalidInputError(f"{path}: line {line} is not a result of a batch")
                    yield place, place if key is None else bytes.fromhex(key)[:IDENTITY], record


def _is_key(key: object) -> bool:
    return key is None or (isinstance(key, str) and KEY.fullmatch(key) is not None)


def view_of(outcome: Outcome[Any] | Mapping[str, Any]) -> DocumentView:
    """Return a document as a report shows it, of an outcome or of a line of a results file."""
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
        raw=result.instead if result.data is None else result.data,
    )


def paper_view(number: int, paper: object, operation: str) -> PaperView:
    """Return a paper as a report shows it."""
    kind = part_of(paper, "type")[1]
    extra = part_of(part_of(paper, "info")[1], "extra")[1]
    return PaperView(
        kind if isinstance(kind, str) else None,
        list(reads_of_paper(number, paper)),
        list(_warnings(paper, operation)),
        sorted(map(str, extra)) if isinstance(extra, Mapping) else [],
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
    """The kind of a problem, its words and its code."""
    if isinstance(outcome, Mapping):
        error = outcome.get("error")
        if not isinstance(error, Mapping):
            return None, None, None
        why = outcome.get("reason") or error.get("kind")
        return _text(why), _text(error.get("text")), head["code"]
    if isinstance(outcome, Done):
        return None, None, None
    why = outcome.reason if isinstance(outcome, Held) else type(outcome.error).__name__
    return why, str(outcome.error), head["code"]


def _requests(outcome: Outcome[Any] | Mapping[str, Any]) -> int:
    if isinstance(outcome, Mapping):
        attempts = outcome.get("attempts")
        return attempts if isinstance(attempts, int) else 0
    return outcome.reply.attempts if isinstance(outcome, Done) else outcome.error.attempts


def _check_sum(outcome: Outcome[Any] | Mapping[str, Any]) -> str | None:
    if isinstance(outcome, Mapping):
        return _text(outcome.get("check_sum"))
    return outcome.reply.check_sum if isinstance(outcome, Done) else None


def _seconds(outcome: Outcome[Any] | Mapping[str, Any], head: Mapping[str, Any]) -> float | None:
    elapsed = outcome.get("elapsed") if isinstance(outcome, Mapping) else None
    if (given := _finite(elapsed)) is not None:
        return given
    sent, ended = _finite(head["sent_at"]), _finite(head["ended_at"])
    if sent is not None and ended is not None:
        return ended - sent
    return outcome.reply.elapsed if isinstance(outcome, Done) else None


def _finite(number: object) -> float | None:
    """A number that a page can show; None for anything else that stands in its place in a results file."""
    if not isinstance(number, int | float) or isinstance(number, bool):
        return None
    return float(number) if abs(number) < LARGEST else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
