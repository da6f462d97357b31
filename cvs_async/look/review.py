"""Verdicts of users on values: right, wrong or corrected. They are kept in an append-only file beside the journal."""

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
"""Key of the document, index of the paper, path of the value."""

BEGIN = b'{"key"'
"""First bytes of each line."""

BINS = (0.0, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0)
"""Bounds of the ranges of confidence for error rates."""


@frozen
class Verdict:
    """A verdict on one value.

    Attributes:
        key: key of the document, 64 hex digits.
        operation: operation such as ``ocr.card``.
        paper: index of the paper in the reply's data.
        path: path from the paper to the value, such as ``info.id``.
        verdict: ``right``, ``wrong`` or ``corrected``.
        value: corrected value; not in the repr.
        confidence: confidence that the service returned.
        by: name of the user.
        at: time of the verdict, in seconds since 1970.
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
        """Return the place of the value."""
        return self.key, self.paper, self.path


def review_path(journal: Path) -> Path:
    """Return the path of a journal's verdicts, beside it."""
    return journal.with_name(f"{journal.stem}.review.jsonl")


@define
class Review:
    """A file of verdicts, one JSON object a line. The last verdict on a value counts.

    Attributes:
        path: path of the file, which is created with the first verdict and readable by its owner only.
    """

    path: Path

    def add(self, verdict: Verdict) -> None:
        """Append a verdict and sync the file. Several processes may do so at once. Blocks.

        Raises:
            InvalidInputError: the verdict has an invalid attribute.
            OSError: it cannot be written.
        """
        line = dumps(_checked(attrs.asdict(verdict), "the verdict")).encode() + b"\n"
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            lock(file)
            size = os.fstat(file).st_size
            if size and os.pread(file, 1, size - 1) != b"\n":  # the machine crashed while a line was written
                line = b"\n" + line
            _write_whole(file, line)
            os.fsync(file)
        finally:
            os.close(file)

    def by_key(self) -> dict[str, list[Verdict]]:
        """Return the last verdict on each value, by the key of the document.

        Raises:
            InvalidInputError: as for `read`.
        """
        found: dict[str, list[Verdict]] = {}
        for verdict in self.read().values():
            found.setdefault(verdict.key, []).append(verdict)
        return found

    def read(self) -> dict[Place, Verdict]:
        """Return the last verdict on each value. Incomplete lines are skipped.

        Raises:
            InvalidInputError: a line is not a verdict. The message has its number, not its contents.
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
            if line.startswith(BEGIN) or BEGIN.startswith(line.strip()):  # incomplete: its writing was interrupted
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


# --- corrected values


def corrected(outcome: Outcome[Any], verdicts: Mapping[str, Sequence[Verdict]]) -> dict[str, Any] | None:
    """Return an outcome with corrected values, as `outcome_to_dict` returns it; None if nothing was corrected.

    A corrected value has no confidence, and ``"corrected": true`` beside it.

    Args:
        outcome: outcome of a batch.
        verdicts: verdicts by the key of their document.
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
    """Correct the value at a path, if the path exists."""
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
    """Replace a value that is not an object with a confidence. Return whether there is one."""
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
        return next(iter(elements[int(name) :]), None)
    return next((one for one in elements if isinstance(one, dict) and one.get("label") == name), None)


# --- confidences and verdicts


@frozen
class ErrorRate:
    """The number of wrong values in a range of confidence.

    Attributes:
        least, most: bounds of the range; only the last range includes its upper bound.
        reviewed: number of reviewed values.
        wrong: number of these that were wrong or corrected.
    """

    least: float
    most: float
    reviewed: int
    wrong: int


def error_rates(verdicts: Iterable[Verdict]) -> list[ErrorRate]:
    """Return error rates by range of confidence, to choose a limit for reviews."""
    return list(_rates([one for one in verdicts if one.confidence is not None]))


def _rates(verdicts: list[Verdict]) -> Iterator[ErrorRate]:
    for least, most in pairwise(BINS):
        inside = [one for one in verdicts if least <= (one.confidence or 0.0) < most or one.confidence == most == 1.0]
        if inside:
            yield ErrorRate(least, most, len(inside), sum(one.verdict != "right" for one in inside))
