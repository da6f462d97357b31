"""Redaction of pages: only words known to this library, small numbers, and times are kept."""

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
"""Replacement of a word that is not known."""

HIDDEN = "…"
"""Replacement of a value, which keeps it apart from an empty one."""

LARGEST = 9_999
"""Largest code, page or row that is kept: a larger number could identify a person."""

CHARGES = ("billed", "free", "unknown")
KINDS = frozenset(name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, CVSError))
REASONS = frozenset(get_args(Reason))


def redacted(number: int, document: DocumentView) -> DocumentView:
    """Return a document without values, names, references, messages, and words that are not documented.

    Results files may have been made by other programs, and the service names some fields itself: so a word is kept only
    if it is known. Redacting twice is the same as redacting once.
    """
    key = ""
    if document.key is not None:
        key = f" {document.key[:8]}…"
    return evolve(
        document,
        name=f"#{number + 1}{key}",
        operation=known_operation(document.operation),
        charge=document.charge if document.charge in CHARGES else "",
        reference=None,
        check_sum=None,
        message=None,
        raw=None,
        why=_known_or_none(document.why, KINDS | REASONS),
        code=_small(document.code),
        requests=_small(document.requests) or 0,
        papers=[_paper(paper) for paper in document.papers],
    )


def _paper(paper: PaperView) -> PaperView:
    kind = _known_or_none(paper.type, {**PAPERS, **V1_PAPERS})
    return PaperView(
        kind, [_read(read, kind) for read in paper.reads], [(known_warning(name), "") for name, _ in paper.warnings]
    )


def known_warning(name: str) -> str:
    """Return the name of a warning, without the code of an undocumented one if it is long."""
    kind, _, code = name.partition("_")
    return OTHER if kind == "UNKNOWN" and not _is_row(code) else name


def _read(read: Read, kind: str | None) -> Read:
    value = None if read.value in (None, "") else HIDDEN
    confidence = read.confidence
    if confidence is not None and not 0 <= confidence <= 1:
        confidence = None
    path, column = documented(read.path), documented(read.column)
    return evolve(read, value=value, type=kind, path=path, column=column, confidence=confidence, page=_small(read.page))


def _known(word: str, known: Container[str]) -> str:
    return word if word in known else OTHER


def _known_or_none(word: str | None, known: Container[str]) -> str | None:
    return None if word is None else _known(word, known)


def known_operation(name: str) -> str:
    """Return the name of an operation if it is documented or empty."""
    return _known(name, {"", *OPERATIONS})


def documented(path: str) -> str:
    """Return a path without words that are not documented."""
    return ".".join(_known_or_row(part) for part in path.split("."))


def _known_or_row(part: str) -> str:
    return part if _is_row(part) else _known(part, _words())


def _small(number: object) -> int | None:
    """Return a number that may be shown; None for anything else."""
    if isinstance(number, int) and abs(number) <= LARGEST:
        return number
    return None


def _is_row(part: str) -> bool:
    return part.isdecimal() and len(part) <= len(str(LARGEST))


@cache
def _words() -> frozenset[str]:
    words = {part for name in names() for one in fields_of(name) for part in one.path.split(".")}
    return frozenset({*words, *GoodsLabel, "extra", "*", OTHER})
