"""Several journals read as one: sums in which a document or request that two of them have counts once."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, tzinfo
from functools import cached_property
from heapq import merge
from itertools import groupby
from types import TracebackType
from typing import Self

import attrs
from attrs import define, field

from .charges import Charges, charges_of
from .files import real_path
from .reader import JournalFigures, JournalReader
from .records import Record, State, is_answered
from .shared import Part, Shared


class Journals:
    """Reads one or more journals: ``with Journals(["a.db", "b.db"]) as journals``.

    Entries with the same key are one document, with the names of all journals. If one journal is a copy of another,
    each of their common requests counts once. Journals are compared on first use; memory grows with the number of
    documents that they share.

    Args:
        paths: of the journals; duplicates are ignored.

    Attributes:
        readers: one for each journal.

    Raises:
        JournalError: as `JournalReader` does.
    """

    def __init__(self, paths: Sequence[str | os.PathLike[str]]) -> None:
        different = dict[os.PathLike[str], str | os.PathLike[str]]()
        for path in paths:
            different.setdefault(real_path(path), path)
        self.readers = [JournalReader(path) for path in different.values()]
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for reader in self.readers:
                stack.enter_context(reader)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, traceback)

    @property
    def remarks(self) -> list[str]:
        """Remarks for people: losses of damaged journals, and documents that several journals have."""
        remarks = [reader.warning for reader in self.readers if reader.warning is not None]
        shared, twice = self._overlap.documents, self._overlap.paid_twice
        if shared:
            remarks.append(f"Documents in more than one journal, which count once: {shared:,}.")
        if twice:
            remarks[-1] += f" Of these, paid for more than once: {twice:,}."
        return remarks

    def figures(self) -> list[JournalFigures]:
        """Return each journal in numbers."""
        return [reader.figures() for reader in self.readers]

    def sum_up(self, each: Sequence[JournalFigures]) -> JournalFigures:
        """Return the sums of the figures of all journals; the sum has no writer and no figures of a running batch."""
        if len(each) == 1:
            return each[0]
        states, requests = Counter(self._overlap.states), Counter(self._overlap.requests)
        for one in each:
            states.update(one.states)
            requests.update(billed=one.billed, free=one.free, unknown=one.unknown, in_flight=one.in_flight)
        sources = sum(one.sources for one in each) + self._overlap.names
        documents = sum(states.values())
        origins = {one.origin for one in each if one.origin is not None}
        warnings = [one.warning for one in each if one.warning is not None]
        return JournalFigures(
            sources, documents, sources - documents, {state: states[state] for state in each[0].states},
            requests["billed"], requests["free"], requests["unknown"], requests["in_flight"],
            min((one.first_at for one in each if one.first_at is not None), default=None),
            max((one.last_at for one in each if one.last_at is not None), default=None),
            noted=None, noted_at=None, writer=None, origin=", ".join(sorted(origins)) or None,
            warning="; ".join(warnings) or None,
            answered=sum(one.answered for one in each) + self._overlap.answered,
        )  # fmt: skip

    def billed(self) -> dict[str, int]:
        """Return how many requests of each operation were billed."""
        billed = Counter(self._overlap.billed)
        for reader in self.readers:
            billed.update(reader.billed())
        return dict(billed)

    def reconcile(self, zone: tzinfo = UTC, *, papers: bool = False) -> Iterator[Charges]:
        """Yield what was paid in all journals, see `JournalReader.reconcile`."""
        return charges_of(self.readers, zone, papers=papers)

    def records(self) -> Iterator[tuple[Record, str, str | None]]:
        """Yield each source once, see `JournalReader.records`; a shared document has the requests of all journals."""
        given = set[tuple[bytes, str, str | None]]()
        for reader in self.readers:
            for record, name, reference in reader.records():
                if (key := bytes.fromhex(record.key)) in self._shared:
                    if (key, name, reference) in given:
                        continue
                    given.add((key, name, reference))
                    record = self._read(self._document(key))
                yield record, name, reference

    def record(self, key: bytes) -> Record:
        """Return a document by its key, with the requests of all journals, and with its answer if any has it.

        Raises:
            LookupError: if no journal has it.
        """
        return self._read(self._document(key))

    @cached_property
    def _shared(self) -> frozenset[bytes]:
        """The keys that more than one journal has."""
        if len(self.readers) < 2:
            return frozenset()
        keys = merge(*(reader.keys() for reader in self.readers))
        return frozenset(key for key, same in groupby(keys) if sum(1 for _ in same) > 1)

    @cached_property
    def _overlap(self) -> _Overlap:
        overlap = _Overlap()
        for key in self._shared:
            overlap.add(self._document(key))
        return overlap

    def _document(self, key: bytes) -> Shared:
        parts = []
        for number, reader in enumerate(self.readers):
            rows, session = reader.rows(key)
            if rows:
                parts.append(Part.of(number, rows, reader.names(rows[0][0]), session))
        return Shared(parts)

    def _read(self, document: Shared) -> Record:
        """Return the record of a document with its answer, from the first journal that has it."""
        for part in document.holders:
            if (content := self.readers[part.journal].content(part.document)) is not None:
                return attrs.evolve(document.record, content=content)
        return document.record


@define
class _Overlap:
    """Corrections, mostly negative, of sums over several journals, so that shared documents count once.

    Attributes:
        documents: number of shared documents.
        paid_twice: number of shared documents with more than one billed request.
        names: of sources.
        states: of documents.
        answered: documents with a reply whose charge is unknown.
        requests: by charge.
        billed: billed requests, by operation.
    """

    documents: int = 0
    paid_twice: int = 0
    names: int = 0
    states: Counter[State] = field(factory=Counter)
    answered: int = 0
    requests: Counter[str] = field(factory=Counter)
    billed: Counter[str] = field(factory=Counter)

    def add(self, document: Shared) -> None:
        """Add the correction for a shared document."""
        costs, in_each = document.costs, document.costs_in_each
        self.documents += 1
        self.paid_twice += costs["billed"] > 1
        self.names += len(document.names) - sum(len(part.names) for part in document.parts)
        self.states[document.record.state] += 1
        self.states.subtract(document.states)
        self.answered += is_answered(document.record) - document.answered
        self.requests.update(costs)
        self.requests.subtract(in_each)
        self.billed[document.record.operation] += costs["billed"] - in_each["billed"]
