"""Verdicts of people about values: right, wrong, or corrected. They are in an append-only file beside the journal."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import attrs
from attrs import define, field, frozen

from .._system.atomic import lock
from .._text.json import dumps
from ..batch.outcome import Done, Outcome
from ..batch.sinks import outcome_to_dict
from ..batch.tables.reading import papers_in
from ..errors import InvalidInputError

Said: TypeAlias = Literal["right", "wrong", "corrected"]

Place: TypeAlias = tuple[str, int, str]
"""Key of the document, position of the paper, path of the value."""

BEGIN = b'{"key"'
"""The first bytes of a line."""

BINS = (0.0, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0)
"""Bounds between the ranges of confidence that have an error rate each."""


@frozen
class Verdict:
    """A verdict about one value.

    Attributes:
        key: of the document, 64 hex digits.
        operation: such as ``ocr.card``.
        paper: position of the paper in the reply's data, from 0.
        path: from the paper, such as ``info.id``.
        verdict: ``right``, ``wrong`` or ``corrected``.
        value: what it should be, where it is corrected; not in the repr.
        confidence: that the service had.
        by: the user's name.
        at: when, in seconds since 1970.
    """

    key: str
    operation: str
    paper: int
    path: str
    verdict: Said
    value: str | None = field(default=None, repr=False)
    confidence: float | None = None
    by: str = ""
    at: float = 0.0

    @property
    def place(self) -> Place:
        """The value that it judges."""
        return self.key, self.paper, self.path


def review_path(journal: Path) -> Path:
    """Return the path of the verdicts about a journal: beside it."""
    return journal.with_name(f"{journal.stem}.review.jsonl")


@define
class Review:
    """The verdicts in a file, one JSON object a line; the last one about a value counts.

    Attributes:
        path: of the file; it is made with the first verdict, readable for its owner only.
    """

    path: Path

    def add(self, verdict: Verdict) -> None:
        """Append a verdict, and bring it to the disk. Several processes may do so. Blocks.

        Raises:
            InvalidInputError: if it is not a verdict.
            OSError: if it cannot be written.
        """
        line = dumps(_checked(attrs.asdict(verdict), "the verdict")).encode() + b"\n"
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            lock(file)
            size = os.fstat(file).st_size
            if size and os.pread(file, 1, size - 1) != b"\n":  # a line that was cut when the machine went down
                line = b"\n" + line
            _write_whole(file, line)
            os.fsync(file)
        finally:
            os.close(file)

    def by_key(self) -> dict[str, list[Verdict]]:
        """Return the verdicts that count, by the key of their document.

        Raises:
            InvalidInputError: as `read`.
        """
        found: dict[str, list[Verdict]] = {}
        for verdict in self.read().values():
            found.setdefault(verdict.key, []).append(verdict)
        return found

    def read(self) -> dict[Place, Verdict]:
        """Return the verdict that counts for each value. A last line that was cut is left out.

        Raises:
            InvalidInputError: a line is not a verdict; the message has its number and no values.
        """
        verdicts = dict[Place, Verdict]()
        if not self.path.exists():
            return verdicts
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip() and (verdict := self._parsed(line, number)) is not None:
                    verdicts[verdict.place] = verdict
        return verdicts

    def _parsed(self, line: bytes, number: int) -> Verdict | None:
        where = f"{self.path}: line {number}"
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            if line.startswith(BEGIN) or BEGIN.startswith(
                line.strip()
            ):  # what is left of one whose writing was broken off
                return None
            raise InvalidInputError(f"{where} is not a verdict") from None
        return Verdict(**_checked(found, where))


def _write_whole(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]


def _checked(found: object, where: str) -> dict[str, Any]:
    names = attrs.fields_dict(Verdict)
    kinds: Mapping[str, Any] = {"paper": int, "confidence": (float, int, type(None)), "at": (float, int)}
    if not isinstance(found, dict) or not found.keys() <= names.keys():
        raise InvalidInputError(f"{where} is not a verdict")
    for name in names:
        if name == "value":
            is_right = isinstance(found.get(name), str | None)
        else:
            is_right = isinstance(found.get(name, "" if name == "by" else None), kinds.get(name, str))
        if not is_right and (name in found or names[name].default is attrs.NOTHING):
            raise InvalidInputError(f"{where} is not a verdict: {name}")
    if found["verdict"] not in get_args(Said) or (found["verdict"] == "corrected") != (found.get("value") is not None):
        raise InvalidInputError(f"{where} is not a verdict: verdict")
    if len(found["key"]) != 64 or found["paper"] < 0:
        raise InvalidInputError(f"{where} is not a verdict: key or paper")
    return found


# --- putting corrections in


def corrected(outcome: Outcome[Any], verdicts: Mapping[str, Sequence[Verdict]]) -> dict[str, Any] | None:
    """Return the record of an outcome, see `outcome_to_dict`, with corrected values; None if none of its values is.

    A corrected value has no confidence, and ``"corrected": true`` beside it.

    Args:
        outcome: of a batch.
        verdicts: by the key of their document.
    """
    wanted = [one for one in verdicts.get(outcome.item.key or "", ()) if one.verdict == "corrected"]
    if not wanted or not isinstance(outcome, Done):
        return None
    record = outcome_to_dict(outcome)
    if outcome.requests is not None:  # for tables
        record |= {"sent_at": outcome.requests.sent_at, "ended_at": outcome.requests.ended_at}
    papers = papers_in(record.get("data"))
    for verdict in wanted:
        if verdict.paper < len(papers):
            _put(papers[verdict.paper], verdict.path.split("."), verdict.value)
    return record


def _put(whole: Any, parts: list[str], value: str | None) -> None:
    """Correct the value at a path; a path that does not exist is ignored."""
    for number, name in enumerate(parts):
        is_last = number == len(parts) - 1
        if is_last and _replace(whole, name, value):
            return
        if isinstance(whole, list):
            whole = _element(whole, name)
        elif isinstance(whole, dict):
            whole = whole.get(name)
        if whole is None:
            return
    own = next((own for own in ("value", "text") if isinstance(whole, dict) and own in whole), None)
    if own is not None:
        whole[own] = value
        whole["score" if "score" in whole else "confidence"] = None
        whole["corrected"] = True


def _replace(whole: Any, name: str, value: str | None) -> bool:
    """Replace a plain value, without a confidence in an object of its own; return False if it is not there."""
    if isinstance(whole, list) and name.isdecimal() and int(name) < len(whole):
        if not isinstance(whole[int(name)], dict | list):
            whole[int(name)] = value
            return True
    elif isinstance(whole, dict) and name in whole and not isinstance(whole[name], dict):
        whole[name] = value
        if f"{name}_confidence" in whole:
            whole[f"{name}_confidence"] = None
        return True
    return False


def _element(elements: list[Any], name: str) -> Any:
    if name.isdecimal():
        return elements[int(name)] if int(name) < len(elements) else None
    return next((one for one in elements if isinstance(one, dict) and one.get("label") == name), None)


# --- confidences and verdicts


@frozen
class ErrorRate:
    """The share of wrong values in a range of confidence.

    Attributes:
        least, most: of the confidences; the last one includes its `most`.
        reviewed: how many values were looked at.
        wrong: how many of them were wrong or corrected.
    """

    least: float
    most: float
    reviewed: int
    wrong: int


def error_rates(verdicts: Iterable[Verdict]) -> list[ErrorRate]:
    """Return how often values were wrong, by confidence: it shows which limit is useful."""
    return list(_rates([one for one in verdicts if one.confidence is not None]))


def _rates(verdicts: list[Verdict]) -> Iterator[ErrorRate]:
    for least, most in pairwise(BINS):
        inside = [one for one in verdicts if least <= (one.confidence or 0.0) < most or one.confidence == most == 1.0]
        if inside:
            yield ErrorRate(least, most, len(inside), sum(one.verdict != "right" for one in inside))
