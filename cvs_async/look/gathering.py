"""What a report is about: the documents of journals and results files, each once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from ..batch._journals import Journals
from ..batch.outcome import Done, Held, Outcome
from ..batch.replay import outcomes_of
from ..batch.tables.frames import read_results
from ..batch.tables.rows import result_of
from ..batch.tables.values import part_of
from ..models import warnings
from ..models.warnings import CardWarning, FaceWarning
from .reads import Read, reads_of_paper

WARNINGS: Mapping[str, type[CardWarning | FaceWarning | Any]] = {
    "ekyc.face_matching": warnings.FaceWarning,
    "ekyc.verify_liveness": warnings.LivenessWarning,
    "smartcrop.crop_person": warnings.CropWarning,
}
"""Whose codes are no `CardWarning`."""

RESULTS = (".jsonl", ".ndjson")


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

    Iterating yields each document once, and may be done again: a document that comes again, under another name or from
    another input, is a copy, and not yielded. What is deduplicated is told by keys.

    Attributes:
        copies: other names of documents, by the document's number, after an iteration.
    """

    journals: Sequence[Path]
    results: Sequence[Path]
    copies: dict[int, list[str]] = field(factory=dict, init=False)

    def __iter__(self) -> Iterator[tuple[int, DocumentView]]:
        seen: dict[bytes, tuple[int, str]] = {}
        self.copies = {}
        count = 0
        for given in self._outcomes():
            document = view_of(given)
            if document.key is None:
                yield count, document
                count += 1
                continue
            key = bytes.fromhex(document.key)[:12]
            if key not in seen:
                seen[key] = count, document.name
                yield count, document
                count += 1
                continue
            number, name = seen[key]
            others = self.copies.setdefault(number, [])
            if document.name != name and document.name not in others:
                others.append(document.name)

    def _outcomes(self) -> Iterator[Outcome[Any] | Mapping[str, Any]]:
        if self.journals:
            with Journals(self.journals) as journals:
                yield from outcomes_of(journals.records())
        for path in self.results:
            with closing(read_results(path)) as records:  # type: ignore[type-var]
                yield from records


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
        answered_at=head["ended_at"],
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
    if isinstance(outcome, Mapping) and isinstance(outcome.get("elapsed"), int | float):
        return float(outcome["elapsed"])
    if head["sent_at"] is not None and head["ended_at"] is not None:
        return float(head["ended_at"]) - float(head["sent_at"])
    return outcome.reply.elapsed if isinstance(outcome, Done) else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
