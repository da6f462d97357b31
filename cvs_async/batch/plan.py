"""A forecast of what a batch would do and cost. Its inputs are read; nothing is sent."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

import anyio.to_thread
from attrs import define, field

from .._codec.inputs import Part
from ..errors import CVSError
from .journal import JournalError, JournalReader, Record, is_new
from .journal.service import Service
from .outcome import Item, name_of
from .policy import BatchPolicy
from .prepare import Preparer, named
from .prices import Bill, Prices
from .replay import PERMANENT, is_answered, is_free
from .sources import iterate
from .sources.listing import passed_over_by

SHOWN = 20
"""Maximum number of unreadable items that are named."""

Known: TypeAlias = Literal["planned", "sent", "billed", "free", "unknown", "answered"]
"""State of a document in the journal; ``answered``: it was refused permanently, or its answer has no code."""


@define
class Plan:
    """The contents of a source, and the maximum cost of a batch over it.

    Attributes:
        count: number of items.
        bytes: total size of the files.
        pages: number of pages of PDFs and pictures; None if there are PDFs and `pypdf` is not installed.
        duplicates: number of items with the same content, operation and parameters as an earlier one. With a journal
            they are not sent.
        unreadable: name and reason of the first items that cannot be sent.
        unreadable_count: number of items that cannot be sent.
        known: number of other items that the journal has, by state.
        most_billed: maximum number of billed requests.
        operation: of the batch, such as ``ocr.card``.
        passed_over: number of files that the source found and ignores, by ending.
    """

    count: int = 0
    bytes: int = 0
    pages: int | None = 0
    duplicates: int = 0
    unreadable: list[tuple[str, str]] = field(factory=list)
    unreadable_count: int = 0
    known: Counter[str] = field(factory=Counter)
    most_billed: int = 0
    passed_over: Counter[str] = field(factory=Counter)
    operation: str = ""

    def cost(self, prices: Prices) -> Bill:
        """Return the maximum cost of the batch in money."""
        return prices.bill({self.operation: self.most_billed})


async def make_plan(
    source: object, preparer: Preparer[Any], policy: BatchPolicy, known: Mapping[bytes, Known] | None, each: int
) -> Plan:
    """Read a source to its end.

    Args:
        source: of the batch.
        preparer: of its items.
        policy: of the batch.
        known: states of documents in its journal, by key; None without a journal, which sends each copy.
        each: number of requests of one call that can be billed.
    """
    endpoint = preparer.endpoint
    plan, seen = Plan(operation=endpoint.name), set[bytes]()
    async for element in iterate(source):
        item = named(endpoint, Item(plan.count, element))
        plan.count += 1
        try:
            prepared = await preparer.prepare(item, element)
        except CVSError as error:
            plan.unreadable_count += 1
            if len(plan.unreadable) < SHOWN:
                plan.unreadable.append((name_of(item.source), str(error)))
            continue
        await _weigh(plan, prepared.parts)
        key = bytes.fromhex(prepared.key)  # half the memory
        if key in seen:
            plan.duplicates += 1
            if known is not None:
                continue
        seen.add(key)
        state = None if known is None else known.get(key)
        if state is not None:
            plan.known[state] += 1
        if _is_sent(state, policy):
            plan.most_billed += each
    plan.passed_over = passed_over_by(source)
    if policy.max_billed is not None:
        plan.most_billed = min(plan.most_billed, policy.max_billed)
    return plan


def _is_sent(state: Known | None, policy: BatchPolicy) -> bool:
    if state in ("sent", "unknown"):
        return policy.in_doubt == "retry"
    return state in (None, "planned", "free")


async def _weigh(plan: Plan, parts: Mapping[str, object]) -> None:
    for part in parts.values():
        if isinstance(part, Part):
            plan.bytes += part.size
            pages = await anyio.to_thread.run_sync(_pages, part)
            if plan.pages is None or pages is None:
                plan.pages = None
            else:
                plan.pages += pages


def _pages(part: Part) -> int | None:
    """Return the pages of a PDF; 1 for anything else and for a PDF that cannot be read, None without `pypdf`."""
    if part.content_type != "application/pdf":
        return 1
    try:
        from pypdf import PdfReader
    except ImportError:
        return None
    try:
        with part.open() as file:
            return len(PdfReader(io.BytesIO(file.read())).pages)
    except Exception:  # pypdf raises any kind of error for a broken file; the service will report it
        return 1


def known_states(journal: Path | None, service: Service) -> dict[bytes, Known] | None:
    """Return the state of each document in a journal, by key; None without a journal. Blocks.

    Raises:
        JournalError: the journal cannot be read, or holds answers of another service.
    """
    if journal is None:
        return None
    if is_new(journal):
        return {}
    with JournalReader(journal) as reader:
        if reader.warning is not None:
            raise JournalError(reader.warning)  # as the batch would
        reader.check_service(service)
        return {bytes.fromhex(record.key): _state(record) for record, _, _ in reader.records(content=False)}


def _state(record: Record) -> Known:
    if is_answered(record) or (is_free(record) and record.error in PERMANENT):
        return "answered"
    if record.state == "free" and not is_free(record):
        return "unknown"
    return record.state
