"""What a redacted page may hold: only words that this library knows, and numbers."""

from __future__ import annotations

from collections.abc import Container
from functools import cache
from typing import get_args

from attrs import evolve

from .. import errors
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

CHARGES = ("billed", "free", "unknown")
KINDS = frozenset(name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, CVSError))
REASONS = frozenset(get_args(Reason))


def redacted(number: int, document: DocumentView) -> DocumentView:
    """Return a document without values, names, references, the vendor's words, and undocumented words.

    A results file may have come from elsewhere, and the service names some fields itself; so a word stays only if it
    is known. The operation stays, which the caller has chosen. What was redacted is not changed again.
    """
    key = "" if document.key is None else f" {document.key[:8]}…"
    return evolve(
        document,
        name=f"#{number + 1}{key}",
        charge=document.charge if document.charge in CHARGES else "",
        reference=None,
        check_sum=None,
        message=None,
        raw=None,
        why=None if document.why is None else _known(document.why, KINDS | REASONS),
        code=document.code if isinstance(document.code, int) else None,
        papers=[_paper(paper) for paper in document.papers],
    )


def _paper(paper: PaperView) -> PaperView:
    kind = None if paper.type is None else _known(paper.type, {**PAPERS, **V1_PAPERS})
    return PaperView(kind, [_read(read, kind) for read in paper.reads], [(name, "") for name, _ in paper.warnings])


def _read(read: Read, kind: str | None) -> Read:
    value = None if read.value in (None, "") else HIDDEN
    return evolve(read, value=value, type=kind, path=_documented(read.path), column=_documented(read.column))


def _known(word: str, known: Container[str]) -> str:
    return word if word in known else OTHER


def _documented(path: str) -> str:
    """Return a path without the words that are not documented."""
    return ".".join(part if part.isdecimal() else _known(part, _words()) for part in path.split("."))


@cache
def _words() -> frozenset[str]:
    documented = {part for name in names() for one in fields_of(name) for part in one.path.split(".")}
    return frozenset({*documented, *GoodsLabel, "extra", OTHER})
