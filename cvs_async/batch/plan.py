"""A forecast of what a batch would do and cost. Its inputs are read, and nothing is sent."""

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
"""The most unreadable items that are named."""

Known: TypeAlias = Literal["planned", "sent", "billed", "free", "unknown", "answered"]
"""The state of a document in the journal; ``answered`` was refused for good, or has an answer without a code."""


@define
class Plan:
    """The contents of a source, and the most that a batch over it can cost.

    Attributes:
        count: items.
        bytes: of the files, all together.
        pages: of PDFs and pictures; None if there are PDFs and `pypdf` is not installed.
        duplicates: items whose content, operation and parameters another item has too.
        unreadable: the first of the items that cannot be sent, by name and reason.
        unreadable_count: how many cannot be sent.
        known: what the journal has of the others, by state.
        most_billed: how many requests can be charged at most.
        operation: of the batch, such as ``ocr.card``.
        passed_over: files that the source has found and does not read, by ending.
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
        """Return what the batch can cost at most, in money."""
        return prices.bill({self.operation: self.most_billed})


async def make_plan(
    source: object, preparer: Preparer[Any], policy: BatchPolicy, known: Mapping[bytes, Known], each: int
) -> Plan:
    """Read a source to its end.

    Args:
        source: of the batch.
        preparer: of its items.
        policy: of the batch.
        known: what its journal has, by key.
        each: how many requests of one call can be billed.
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
            continue
        seen.add(key)
        state = known.get(key)
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
    except Exception:  # pypdf raises whatever a broken file provokes; the service will say what it is
        return 1


def known_states(journal: Path | None, service: Service) -> dict[bytes, Known]:
    """Return what a journal has of each key. Blocks.

    Raises:
        JournalError: the journal cannot be read, or holds answers of another service.
    """
    if journal is None or is_new(journal):
        return {}
    with JournalReader(journal) as reader:
        if reader.warning is not None:
            raise JournalError(reader.warning)  # as the batch would
        reader.check_service(service)
        return {bytes.fromhex(record.key): _state(record) for record, _, _ in reader.records(content=False)}


def _state(record: Record) -> Known:
    if is_answered(record) or (is_free(record) and record.error in PERMANENT):
        return "answered"
    return "unknown" if record.state == "free" and not is_free(record) else record.state
