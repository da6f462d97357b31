"""The sandbox's books: what it was asked, with what, and what it charged for."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping

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
        code: that was answered; None while the request is being worked on.
        billed: whether it was charged for.
        violations: where the request differs from what the vendor documents.
    """

    operation: str
    method: str
    parameters: Mapping[str, str] = field(factory=dict)
    uploads: tuple[Upload, ...] = ()
    code: int | None = None
    billed: bool = False
    violations: list[str] = field(factory=list)


class Ledger:
    """All requests in the order of their arrival: exact totals, and the last 10,000 entries.

    Attributes:
        requests: how many came in.
        billed: how many were charged for.
        codes: how often each code was answered.
        violations: every way in which a request differed from the documents.
    """

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self.requests = 0
        self.billed = 0
        self.codes: Counter[int] = Counter()
        self.violations: Counter[str] = Counter()

    def open(self, entry: Entry) -> None:
        """A request came in."""
        self.requests += 1
        self._entries.append(entry)

    def close(self, entry: Entry, code: int) -> None:
        """It was answered."""
        entry.code, entry.billed = code, code == 0
        self.billed += entry.billed
        self.codes[code] += 1
        self.violations.update(entry.violations)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Entry:
        return self._entries[index]
