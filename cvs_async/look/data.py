"""The data of a page as plain JSON, redacted before anything is written."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice, zip_longest
from typing import Any

from attrs import define

from .._codec.converter import unstructure
from .frames import State
from .gathering import DocumentView, PaperView
from .pictures import Drawing
from .reads import Read
from .redaction import redacted
from .summary import Limits

KEY = 12
"""Number of hex digits of a key that are shown."""

LONGEST = 2_000
"""Number of characters of a value that are shown."""

LONGEST_ANSWER = 20_000
"""Number of characters of an answer that are shown."""

MOST_READS = 3_000
"""Number of values of a paper that are shown."""

_ESCAPED = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


def to_json(value: object) -> str:
    """Return JSON that is safe in HTML and JavaScript: without tags, line separators, surrogates and NaN."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:  # NaN or infinity, which browsers refuse
        text = json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _finite(value: Any) -> Any:
    """Replace numbers that JSON does not have by text."""
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


@define
class PageData:
    """Maker of the data of documents.

    Attributes:
        limits: below which values are uncertain.
        redact: whether to remove values, names, references, messages, and words that are not documented.
    """

    limits: Limits
    redact: bool = False

    def seen(self, number: int, document: DocumentView) -> DocumentView:
        """Return a document, redacted if required."""
        return redacted(number, document) if self.redact else document

    def row(self, number: int, document: DocumentView) -> list[Any]:
        """Return the row of a document in the table of documents. The caller sets its number of copies."""
        seen = self.seen(number, document)
        reads = list(seen.reads)
        confidences = [read.confidence for read in reads if read.confidence is not None]
        pages = [read.page for read in reads if read.page is not None]
        return [
            seen.name,
            document.status,
            list(dict.fromkeys(paper.type for paper in seen.papers if paper.type)),
            len(set(pages)) or None,
            min(confidences, default=None),
            sum(map(self.limits.is_low, document.reads)),
            len(self.limits.missing(document)),
            sum(len(paper.warnings) for paper in document.papers),
            seen.charge,
            seen.requests,
            document.seconds and round(document.seconds, 2),
            seen.reference,
            seen.check_sum,
            seen.why,
            0,
            seen.operation,
            document.key and document.key[:KEY],
        ]

    def details(
        self, number: int, document: DocumentView, drawing: Drawing, pages: Sequence[dict[str, Any]]
    ) -> dict[str, Any]:
        """Return the data of a document's own page.

        Args:
            number: number of the document.
            document: the document, not redacted.
            drawing: its drawing, empty if it was not drawn.
            pages: ``src``, ``width`` and ``height`` of each page.
        """
        seen = self.seen(number, document)
        ends = accumulate(len(paper.reads) for paper in seen.papers)
        papers = [
            (paper, drawing.places[end - len(paper.reads) : end]) for paper, end in zip(seen.papers, ends, strict=True)
        ]
        return {
            "papers": [self._paper(paper, its_places) for paper, its_places in papers],
            "pages": list(pages),
            "frame": drawing.frame,
            "frame_note": drawing.note,
            "error": _error(seen),
            "answered_at": document.answered_at,
            "raw": _bounded(seen.raw),
        }

    def _paper(self, paper: PaperView, places: Sequence[tuple[int | None, State, Any]]) -> dict[str, Any]:
        fields = []
        page, state = None, "none"
        for read, place in zip_longest(paper.reads[:MOST_READS], places[:MOST_READS]):
            its_page, its_state, box = place or _unplaced(read)
            if page is None and its_page is not None:
                page, state = its_page, its_state
            value = None if self.redact else value_of(read.value)
            rounded = box and [round(side, 5) for side in box]
            fields.append([read.path, read.column, value, read.confidence, its_page, rounded])
        return {
            "type": paper.type,
            "page": page,
            "page_state": state,
            "warnings": paper.warnings,
            "extra": paper.extra,
            "fields": fields,
        }


def _unplaced(read: Read) -> tuple[int | None, State, tuple[float, ...] | None]:
    """Return the place of a value of a document that was not drawn."""
    if read.page is None:
        return None, "none", None
    return read.page, "stated", None


def _error(document: DocumentView) -> dict[str, Any] | None:
    if document.why is None:
        return None
    return {"kind": document.why, "code": document.code, "message": document.message, "charge": document.charge}


def value_of(value: object) -> Any:
    """Return a value as pages show it: a number or Boolean as it is, everything else as text of bounded length."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if not isinstance(value, str):
        value = json.dumps(unstructure(value), ensure_ascii=False, default=str)
    return _cut(value, LONGEST)


def _bounded(raw: object) -> str | None:
    """Return an answer as text of bounded length, JSON without pictures if it was parsed."""
    if raw is None:
        return None
    if not isinstance(raw, str):
        raw = json.dumps(_without_pictures(unstructure(raw)), ensure_ascii=False, indent=1, default=str)
    return _cut(raw, LONGEST_ANSWER)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _without_pictures(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_pictures(part) for name, part in value.items() if part not in (None, [], {})}
    if isinstance(value, list):
        return [_without_pictures(part) for part in value]
    if isinstance(value, str) and len(value) > LONGEST:
        return f"<{len(value)} characters>"
    return value


def shards(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield the items in lists of the given size; the last one may be shorter."""
    source = iter(items)
    while shard := list(islice(source, size)):
        yield shard
