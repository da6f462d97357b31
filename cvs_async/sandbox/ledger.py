"""The sandbox's books: what it was asked, with what, and what it charged for."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from attrs import define, field, frozen

KEPT = 10_000


@frozen
class Upload:
    """One file that came in.

    Attributes:
        name: of the input, such as ``img``.
        filename, content_type: as the client declared them; None for base64.
        size: in bytes, of the file itself.
        sha256: of its content, in hex.
    """

    name: str
    filename: str | None
    content_type: str | None
    size: int
    sha256: str


@define
class Entry:
    """One request and what became of it.

    Attributes:
        operation: the name in the table of operations.
        method: of HTTP.
        parameters: of the query.
        uploads: the files, in the order in which they came.
        code: that was answered, or would have been but for a fault; None while the request is being worked on,
            and where it was turned away without an envelope.
        billed: whether it was charged for.
        violations: where the request differs from what the vendor documents.
        fault: that befell it, such as ``lost``; None is none.
        status: of HTTP; without meaning where nothing was sent.
        answered: whether a complete answer was sent to a client that was still there.
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
    """All requests in the order of their arrival: exact totals, and the last 10,000 entries.

    Attributes:
        requests: how many came in.
        billed: how many were charged for, whether or not the answer arrived.
        codes: how often each code was answered, or would have been but for a fault.
        violations: every way in which a request differed from the documents.
        faults: how often each kind befell a request.
        most_at_once: the most requests that were worked on at the same time.
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
        """A request came in."""
        self.requests += 1
        self._entries.append(entry)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count a request as worked on meanwhile."""
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
        """It was answered, or all was done for it that will be."""
        entry.code, entry.billed = code, code == 0
        entry.fault, entry.status, entry.answered = fault, status, answered
        self.billed += entry.billed
        self.codes.update([code] if code is not None else [])
        self.faults.update([fault] if fault is not None else [])
        self.violations.update(entry.violations)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Entry:
        return self._entries[index]
