"""Ledger of the sandbox: requests, their contents and their charges."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from attrs import define, field, frozen

KEPT = 10_000


@frozen
class Upload:
    """An uploaded file.

    Attributes:
        name: of the input, such as ``img``.
        filename, content_type: as declared by the client; None for base64.
        size: of the file in bytes.
        sha256: of its content, in hex.
    """

    name: str
    filename: str | None
    content_type: str | None
    size: int
    sha256: str


@define
class Entry:
    """A request and its result.

    Attributes:
        operation: the name in the table of operations.
        method: HTTP method.
        parameters: of the query.
        uploads: the files, in the order received.
        code: code of the answer, or the code that a fault replaced; None while the request is processed, and if it was
            rejected without an envelope.
        billed: whether it was charged.
        violations: deviations of the request from the vendor's documents.
        fault: injected fault, such as ``lost``; None if there was no fault.
        status: HTTP status; meaningless if nothing was sent.
        answered: whether a complete answer was sent to a client that was still connected.
    """

    operation: str
    method: str
    parameters: Mapping[str, str] = field(factory=dict)
    uploads: tuple[Upload, ...] = ()
    code: int | None = None
    billed: bool = False
    violations: list[str] = field(factory=list)
    fault: str | None = None
    status: int = 200
    answered: bool = False


class Ledger:
    """All requests in order of arrival: exact totals, and the last 10,000 entries.

    Attributes:
        requests: number of requests received.
        billed: number of requests charged, whether or not the answer arrived.
        codes: number of answers with each code, including codes that a fault replaced.
        violations: all deviations of requests from the documents.
        faults: number of faults of each kind.
        most_at_once: maximum number of requests processed at the same time.
    """

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self.requests = 0
        self.billed = 0
        self.codes: Counter[int] = Counter()
        self.violations: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.most_at_once = 0
        self._at_work = 0

    def open(self, entry: Entry) -> None:
        """Record a new request."""
        self.requests += 1
        self._entries.append(entry)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count a request as being processed while the block runs."""
        self._at_work += 1
        self.most_at_once = max(self.most_at_once, self._at_work)
        try:
            yield
        finally:
            self._at_work -= 1

    def close(
        self,
        entry: Entry,
        code: int | None = None,
        *,
        fault: str | None = None,
        status: int = 200,
        answered: bool = True,
    ) -> None:
        """Record the result of a request."""
        entry.code, entry.billed = code, code == 0
        entry.fault, entry.status, entry.answered = fault, status, answered
        self.billed += entry.billed
        if code is not None:
            self.codes[code] += 1
        if fault is not None:
            self.faults[fault] += 1
        self.violations.update(entry.violations)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Entry:
        return self._entries[index]
