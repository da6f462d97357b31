"""Redaction of pages: words that this library knows, numbers, and times are kept."""

from __future__ import annotations

from collections.abc import Container
from functools import cache
from typing import get_args

from attrs import evolve

from .. import errors
from ..api import OPERATIONS
from ..batch.outcome import Reason
from ..errors import CVSError
from ..models.catalogue import fields_of, names
from ..models.fields import PAPERS
from ..models.invoice import GoodsLabel
from ..models.v1 import V1_PAPERS
from .gathering import DocumentView, PaperView
from .reads import Read

OTHER = "other"
"""Stands for a word that is not known."""

HIDDEN = "…"
"""Stands for a value: figures count what was read, and what is empty."""

LARGEST = 9_999
"""Largest code, page or row that is shown: a larger number, in a file or answer, could be that of a person."""

CHARGES = ("billed", "free", "unknown")
KINDS = frozenset(name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, CVSError))
REASONS = frozenset(get_args(Reason))


def redacted(number: int, document: DocumentView) -> DocumentView:
    """Return a document without values, names, references, words of the vendor, and words that are not documented.

    A results file may come from elsewhere, and the service names some fields itself; so a word stays only if it is
    known. What was redacted is not changed again.
    """
    key = "" if document.key is None else f" {document.key[:8]}…"
    return evolve(
        document,
        name=f"#{number + 1}{key}",
        operation=known_operation(document.operation),
        charge=document.charge if document.charge in CHARGES else "",
        reference=None,
        check_sum=None,
        message=None,
        raw=None,
        why=None if document.why is None else _known(document.why, KINDS | REASONS),
        code=document.code if isinstance(document.code, int) and _is_small(document.code) else None,
        requests=document.requests if _is_small(document.requests) else 0,
        papers=[_paper(paper) for paper in document.papers],
    )


def _paper(paper: PaperView) -> PaperView:
    kind = None if paper.type is None else _known(paper.type, {**PAPERS, **V1_PAPERS})
    return PaperView(
        kind, [_read(read, kind) for read in paper.reads], [(known_warning(name), "") for name, _ in paper.warnings]
    )


def known_warning(name: str) -> str:
    """Return the name of a warning without the code of one that is not documented, if it is long."""
    kind, _, code = name.partition("_")
    return OTHER if kind == "UNKNOWN" and not _is_row(code) else name


def _read(read: Read, kind: str | None) -> Read:
    value = None if read.value in (None, "") else HIDDEN
    confidence = read.confidence if read.confidence is not None and 0 <= read.confidence <= 1 else None
    page = read.page if read.page is not None and _is_small(read.page) else None
    path, column = documented(read.path), documented(read.column)
    return evolve(read, value=value, type=kind, path=path, column=column, confidence=confidence, page=page)


def _known(word: str, known: Container[str]) -> str:
    return word if word in known else OTHER


def known_operation(name: str) -> str:
    """Return the name of an operation, if it is documented."""
    return _known(name, OPERATIONS) if name else name


def documented(path: str) -> str:
    """Return a path without the words that are not documented."""
    return ".".join(part if _is_row(part) else _known(part, _words()) for part in path.split("."))


def _is_small(number: int) -> bool:
    return abs(number) <= LARGEST


def _is_row(part: str) -> bool:
    return part.isdecimal() and len(part) <= len(str(LARGEST))


@cache
def _words() -> frozenset[str]:
    words = {part for name in names() for one in fields_of(name) for part in one.path.split(".")}
    return frozenset({*words, *GoodsLabel, "extra", "*", OTHER})
