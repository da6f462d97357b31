"""The cost of documents by day, summed from requests in the order of day, operation, key and check_sum."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from itertools import groupby
from typing import Any, Protocol, TypeAlias, TypeVar

from attrs import field, frozen

from ..._codec.answer import parse, text_of
from ..._codec.decoding import decode
from ..._codec.endpoint import Endpoint
from ..._exchange import WireReply
from ...api import OPERATIONS
from ...errors import CVSError

Name: TypeAlias = tuple[str, str | None]
"""The name of a source, and the user's own id of it."""

Moment: TypeAlias = tuple[float, float | None, bool]
"""The times at which a request was sent and ended, and whether it was billed."""

Group: TypeAlias = tuple[str, str, bytes, bool, str]
"""Day, operation, key, whether there is a check_sum, and check_sum: what requests are grouped by."""

T = TypeVar("T")


@frozen
class Charges:
    """The cost of one document on one day: a line to compare with the vendor's invoice.

    Attributes:
        day: on which the requests left, in the requested time zone, such as ``2025-01-31``.
        operation: such as ``ocr.card``.
        key: of the document, 64 hex digits, as in results.
        check_sum: as sent.
        billed: number of billed requests.
        free: number of free requests by the envelope's code, or by the name of the error without an envelope.
        unknown: number of requests that may have been billed.
        sent_at: when the first of these requests left, in seconds since 1970.
        ended_at: when the last of them ended; None if no end is recorded.
        sources: names of the document with the user's ids. Not in the repr.
        papers: number of papers, or pages, that were read and billed on that day; None if it was not requested, or the
            answer was not billed or was purged.
    """

    day: str
    operation: str
    key: str
    check_sum: str | None
    billed: int
    free: Mapping[int | str, int] = field(factory=dict)
    unknown: int = 0
    sent_at: float | None = None
    ended_at: float | None = None
    sources: Sequence[Name] = field(default=(), repr=False)
    papers: int | None = None


@frozen
class Request:
    """A request that is not in flight.

    Attributes:
        group: of requests that are added up; requests are sorted by it.
        why: code or name of the error of a free request.
        document: its number in its journal.
    """

    group: Group
    sent_at: float
    ended_at: float | None
    charge: str
    why: int | str | None
    document: int


class ReadableJournal(Protocol):
    """The methods of a journal from which charges are summed."""

    def requests(self, zone: tzinfo) -> Iterator[Request]:
        """Yield all requests that are not in flight, in the order of their groups."""
        ...

    def names(self, document: int) -> list[Name]:
        """Return the names of a document, in the order in which they were claimed."""
        ...

    def content(self, document: int) -> bytes | None:
        """Return the answer's body; None without an answer."""


def to_request(row: Sequence[Any]) -> Request:
    """Make a request of day, operation, key, check_sum, sent_at, ended_at, charge, why, document."""
    day, operation, key, check_sum, *rest = row
    return Request((day, operation, key, check_sum is not None, check_sum or ""), *rest)


def day_in(zone: tzinfo) -> Callable[[float], str]:
    """Return a function that returns the day of a time in a time zone; ``?`` for a time beyond the calendar."""

    def day(moment: float) -> str:
        try:
            return datetime.fromtimestamp(moment, zone).date().isoformat()
        except (OverflowError, ValueError, OSError):
            return "?"

    return day


def charges_of(journals: Sequence[ReadableJournal], zone: tzinfo, *, papers: bool) -> Iterator[Charges]:
    """Add up the requests of all journals. A request that several of them have, as copies do, counts once."""
    streams = (_numbered(number, journal.requests(zone)) for number, journal in enumerate(journals))
    merged = heapq.merge(*streams, key=lambda pair: pair[1].group)
    for group, found in groupby(merged, key=lambda pair: pair[1].group):
        yield _charges(journals, group, list(found), papers=papers)


def _charges(
    journals: Sequence[ReadableJournal], group: Group, found: Sequence[tuple[int, Request]], *, papers: bool
) -> Charges:
    day, operation, key, has_check_sum, check_sum = group
    requests = once(found, lambda request: (request.sent_at, request.ended_at, request.charge == "billed"))
    documents = {number: request.document for number, request in found}
    billed = sum(request.charge == "billed" for request in requests)
    names = [name for number, document in documents.items() for name in journals[number].names(document)]
    read: int | None = None
    if papers and billed:
        contents = (journals[number].content(document) for number, document in documents.items())
        read = papers_in(operation, next(filter(None, contents), None))
    return Charges(
        day,
        operation,
        key.hex(),
        check_sum if has_check_sum else None,
        billed=billed,
        free=Counter(request.why for request in requests if request.charge == "free" and request.why is not None),
        unknown=sum(request.charge == "unknown" for request in requests),
        sent_at=min(request.sent_at for request in requests),
        ended_at=max((request.ended_at for request in requests if request.ended_at is not None), default=None),
        sources=list(dict.fromkeys(names)),
        papers=read,
    )


def _numbered(number: int, requests: Iterator[Request]) -> Iterator[tuple[int, Request]]:
    for request in requests:
        yield number, request


def once(found: Iterable[tuple[int, T]], moment_of: Callable[[T], Moment]) -> list[T]:
    """Return the requests for a document, each once, although several journals may have it.

    Requests sent at the same moment are the same request. It is taken from the journal with the most complete record.

    Args:
        found: pairs of the number of a journal and a request.
        moment_of: returns when a request was sent, when it ended, and whether it was billed.
    """
    moments: defaultdict[float, defaultdict[int, list[T]]] = defaultdict(lambda: defaultdict(list))
    for number, request in found:
        moments[moment_of(request)[0]][number].append(request)

    def knowledge(requests: Sequence[T]) -> tuple[int, int, float]:
        ends = [(billed, ended_at or 0.0) for _, ended_at, billed in map(moment_of, requests)]
        return len(ends), sum(billed for billed, _ in ends), max(ended_at for _, ended_at in ends)

    return [request for journals in moments.values() for request in max(journals.values(), key=knowledge)]


def papers_in(operation: str, content: bytes | None) -> int | None:
    """Return the number of papers or pages in an answer; None if it cannot be read."""
    if content is None:
        return None
    endpoint = OPERATIONS.get(operation) or Endpoint("charges", attribute=operation)
    if endpoint.envelope.data is None:  # the data has no place of its own in the envelope
        try:
            data: object = decode(endpoint, WireReply(200, content)).data
        except CVSError:
            return None
    else:
        answer = parse(text_of(content))
        if answer is None:
            return None
        data = answer.get(endpoint.envelope.data)
    if data is None:
        return 0
    if isinstance(data, list):
        return len(data)
    return 1
