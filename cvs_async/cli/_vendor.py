"""Reader for the vendor's request list (CSV): charged requests by check_sum."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from attrs import field, frozen

from ..errors import InvalidInputError

CHECK_SUM = frozenset({"checksum", "madoisoat", "doisoat", "thongtindoisoat", "dulieudoisoat"})
COUNT = frozenset({"count", "requests", "quantity", "qty", "soluong", "soluot", "soluotgoi"})
CHARGED = frozenset({"charge", "charged", "billed", "tinhphi"})
CODE = frozenset({"code", "errorcode", "statuscode", "maloi"})
"""Accepted column names; letters and digits only, without accents, in lower case."""

YES = frozenset({"billed", "charged", "yes", "true", "y", "x", "co"})
NO = frozenset({"free", "no", "false", "n", "khong", ""})

LONGEST = 1 << 20
"""Maximum number of characters in the first row."""

HEX = re.compile(r"[0-9A-Fa-f]{15,16}")
DAMAGED = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
"""Scientific notation, into which spreadsheets convert a check_sum of digits, possibly with an E."""


@frozen
class VendorLine:
    """Line of the vendor's list.

    Attributes:
        check_sum: check_sum as returned by `normal`; "" if absent.
        billed, free: number of requests in the line.
    """

    check_sum: str
    billed: int
    free: int


def normal(check_sum: str | None) -> str:
    """Normalise a check_sum for comparison: strip blanks and a spreadsheet's apostrophe.

    Our own check_sums are hexadecimal and are compared without regard to case.
    """
    text = (check_sum or "").strip().removeprefix("'")
    return text.lower() if HEX.fullmatch(text) else text


def read_vendor(path: Path) -> Iterator[VendorLine]:
    """Read the vendor's list: UTF-8, separated by commas, semicolons or tabs, with column names in the first line.

    The column check_sum is required. A line counts as one charged request, unless a column gives their number (count),
    whether they were charged (charge: yes, no or a number), or the answer's code (0 is charged).

    Raises:
        InvalidInputError: the file cannot be read, has no such column, or has an invalid line.
    """
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline(LONGEST)
            if first[:4].lower() == "sep=":  # Excel's way to declare the delimiter
                number, first = 1, file.readline(LONGEST)
            delimiter = max(",;\t", key=first.count)
            columns = _Columns.of(next(csv.reader([first], delimiter=delimiter, strict=True), []))
            number += 1
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            for cells in reader:
                if any(map(str.strip, cells)):
                    yield columns.line(cells)
                number += 1
    except OSError as error:
        raise InvalidInputError(f"{path}: {error.strerror or 'cannot be read'}") from error
    except UnicodeDecodeError:
        raise InvalidInputError(f"{path}: is not UTF-8 text; save it as CSV in UTF-8") from None
    except (csv.Error, _BadError) as error:
        raise InvalidInputError(f"{path}, row {number + 1}: {error}") from None


class _BadError(Exception):
    """Reason why a row cannot be used."""


@frozen
class _Columns:
    """Positions of the columns in a row."""

    names: Sequence[str]
    places: Mapping[str, int] = field(factory=dict)

    @classmethod
    def of(cls, names: Sequence[str]) -> _Columns:
        places: dict[str, int] = {}
        for place, name in enumerate(map(_plain, names)):
            for kind, known in (("check_sum", CHECK_SUM), ("count", COUNT), ("charged", CHARGED), ("code", CODE)):
                if name in known and kind in places:
                    raise _BadError(f"has several columns for {kind}: keep only one")
                if name in known:
                    places[kind] = place
        if "check_sum" not in places:
            raise _BadError("has no column check_sum; the first line must name the columns")
        return cls(names, places)

    def line(self, cells: Sequence[str]) -> VendorLine:
        number = _number(self._cell(cells, "count") or "1")
        if number is None:
            raise _BadError(f"its {self._name('count')} is not a number of requests")
        charged = self._charged(cells)
        if charged is None:
            raise _BadError(f"its {self._name('charged')} is neither yes nor no nor a number")
        check_sum = self._cell(cells, "check_sum")
        if check_sum is None:
            raise _BadError("is shorter than the first row and has no check_sum")
        if not isinstance(charged, bool):
            return VendorLine(normal(check_sum), charged, 0)
        return VendorLine(normal(check_sum), number * charged, number * (not charged))

    def _charged(self, cells: Sequence[str]) -> bool | int | None:
        """Return whether the requests were charged, or how many; None if it cannot be determined."""
        if (charge := self._cell(cells, "charged")) is not None:
            word = _plain(charge)
            number = _number(charge)
            if number is not None and "count" not in self.places:
                return number
            if number in (0, 1):
                return number == 1
            return {**dict.fromkeys(YES, True), **dict.fromkeys(NO, False)}.get(word)
        code = self._cell(cells, "code")
        return code is None or _number(code) == 0

    def _cell(self, cells: Sequence[str], kind: str) -> str | None:
        """Return the text of a cell; None if the table has no such column or the row is too short."""
        place = self.places.get(kind, len(cells))
        return cells[place].strip() if place < len(cells) else None

    def _name(self, kind: str) -> str:
        return self.names[self.places[kind]].strip()


def _number(text: str | None) -> int | None:
    """Parse a whole number of at least 0, also as spreadsheets write it: 1.0."""
    found = re.fullmatch(r"(\d{1,9})(?:[.,]0+)?", text or "")
    return None if found is None else int(found[1])


def _plain(text: str) -> str:
    """Reduce a text to letters and digits, without accents, in lower case."""
    parts = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    return "".join(filter(str.isalnum, parts))
