"""The data of a page, as plain JSON; what is redacted is left out here, before anything is written."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, zip_longest
from typing import Any

from attrs import define

from .._codec.converter import unstructure
from .frames import State
from .gathering import DocumentView, PaperView
from .pictures import Drawing
from .redaction import redacted
from .summary import Limits

KEY = 12
"""Hex digits of a key that are shown."""

LONGEST = 2_000
"""Characters of one value that are shown."""

LONGEST_ANSWER = 20_000
"""Characters of an answer that are shown."""

MOST_READS = 3_000
"""Values of one document that are shown."""

_ESCAPED = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


def to_json(value: object) -> str:
    """Return JSON that may stand in a page and in a script: it holds no tag, no line break of JavaScript, no NaN."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:  # browsers refuse JSON with such a number
        text = json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _finite(value: Any) -> Any:
    """The same without numbers that JSON does not have."""
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


@define
class PageData:
    """Makes the data of documents.

    Attributes:
        limits: of what is uncertain.
        redact: remove values, names, references, words of the vendor, and words that are not documented.
    """

    limits: Limits
    redact: bool = False

    def seen(self, number: int, document: DocumentView) -> DocumentView:
        """Return a document as it may be seen."""
        return redacted(number, document) if self.redact else document

    def row(self, number: int, document: DocumentView) -> list[Any]:
        """Return the row of a document in the table of all; its copies are counted later."""
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
            len(self.limits.missing(document.papers)) if document.status == "done" else 0,
            sum(len(paper.warnings) for paper in document.papers),
            seen.charge,
            seen.requests,
            None if document.seconds is None else round(document.seconds, 2),
            seen.reference,
            seen.check_sum,
            seen.why,
            0,
            seen.operation,
            None if document.key is None else document.key[:KEY],
        ]

    def details(
        self, number: int, document: DocumentView, drawing: Drawing | None, pages: Sequence[dict[str, Any]]
    ) -> dict[str, Any]:
        """Return all that a document's own page shows.

        Args:
            number: of the document.
            document: as gathered.
            drawing: of it, if it was drawn.
            pages: with ``src``, ``width`` and ``height``.
        """
        seen = self.seen(number, document)
        places = [] if drawing is None else drawing.places
        ends = accumulate(len(paper.reads) for paper in seen.papers)
        papers = [(paper, places[end - len(paper.reads) : end]) for paper, end in zip(seen.papers, ends, strict=True)]
        return {
            "papers": [self._paper(paper, its_places) for paper, its_places in papers],
            "pages": list(pages),
            "frame": "none" if drawing is None else drawing.frame,
            "frame_note": None if drawing is None else drawing.note,
            "error": self._error(seen),
            "answered_at": document.answered_at,
            "raw": None if self.redact else _bounded(document.raw),
        }

    def _paper(self, paper: PaperView, places: Sequence[tuple[int | None, State, Any]]) -> dict[str, Any]:
        fields = []
        page, state = None, "none"
        for read, place in zip_longest(paper.reads[:MOST_READS], places[:MOST_READS]):
            its_page, its_state, box = place or (read.page, "none" if read.page is None else "stated", None)
            if page is None and its_page is not None:
                page, state = its_page, its_state
            value = None if self.redact else value_of(read.value)
            rounded = None if box is None else [round(side, 5) for side in box]
            fields.append([read.path, read.column, value, read.confidence, its_page, rounded])
        return {
            "type": paper.type,
            "page": page,
            "page_state": state,
            "warnings": paper.warnings,
            "extra": paper.extra,
            "fields": fields,
        }

    def _error(self, document: DocumentView) -> dict[str, Any] | None:
        if document.why is None:
            return None
        return {
            "kind": document.why,
            "code": document.code,
            "message": document.message,
            "charge": document.charge,
        }


def value_of(value: object) -> Any:
    """Return a value as pages show it: numbers and truth as they are, everything else as text within bounds."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(unstructure(value), ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _bounded(raw: object) -> str | None:
    """The answer as JSON text, unless it is long: pictures are left out."""
    if raw is None:
        return None
    text = raw
    if not isinstance(text, str):
        text = json.dumps(_without_pictures(unstructure(raw)), ensure_ascii=False, indent=1, default=str)
    return text if len(text) <= LONGEST_ANSWER else f"{text[:LONGEST_ANSWER]}…"


def _without_pictures(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_pictures(part) for name, part in value.items() if part not in (None, [], {})}
    if isinstance(value, list):
        return [_without_pictures(part) for part in value]
    return f"<{len(value)} characters>" if isinstance(value, str) and len(value) > LONGEST else value


def shards(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield items in lists of a size."""
    shard: list[Any] = []
    for item in items:
        shard.append(item)
        if len(shard) == size:
            yield shard
            shard = []
    if shard:
        yield shard
