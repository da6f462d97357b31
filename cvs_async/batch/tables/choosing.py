"""Columns selected by the user, by names of fields, wildcards, parts of fields, and ``name``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from attrs import evolve

from ...api import OPERATIONS
from ...errors import InvalidInputError
from .columns import NAME, Column, Documented, documented, documented_elsewhere
from .kinds import DATES, UNITS
from .values import Kind

PARTS: dict[str, Kind] = {
    "value": "text",
    "confidence": "number",
    "score": "number",
    "label": "text",
    "corrected": "flag",
    "box": "box",
    "page": "whole",
    "box.left": "number",
    "box.top": "number",
    "box.right": "number",
    "box.bottom": "number",
}
"""Parts of a field or cell; `corrected` is true for values corrected by verdicts in an export."""

NEAR = 3
"""Number of suggestions for a wrong name."""


def is_pattern(name: str) -> bool:
    """Return whether a name stands for several fields, or for one with different names in different papers."""
    return name == NAME.name or "*" in name or "?" in name


def check_names(names: Sequence[str], operations: tuple[str, ...] | None) -> None:
    """Refuse names that cannot be columns, and `id` if the id of a paper may be meant.

    Args:
        names: as given by the user.
        operations: that read the papers; None if unknown.

    Raises:
        InvalidInputError: naming the column.
    """
    for place, name in enumerate(names):
        if not all(name.split(".")):
            raise InvalidInputError(f"fields: {name!r} is not the path of a field, such as info.id")
        if name in names[:place]:
            raise InvalidInputError(f"fields: {name} is a column already")
    if "id" not in names or any(name.endswith(".id") for name in names):
        return
    if operations is None or any(column.name.endswith(".id") for column in documented(operations).fields):
        raise InvalidInputError("fields: id is your own id of an item, which every table has; a paper's own is info.id")


def choose(names: Sequence[str], known: Documented, *, of_lines: bool) -> list[Column]:
    """Return the columns of the selected names, each once, in this order.

    Args:
        names: as given by the user, without columns that every table has.
        known: documented fields.
        of_lines: whether the rows are line items, so that columns of items can be chosen.
    """
    columns = known.selectable(of_lines=of_lines)
    chosen: dict[str, Column] = {}
    for name in names:
        for column in _chosen(name, columns):
            chosen.setdefault(column.name, column)
    return list(chosen.values())


def _chosen(name: str, columns: Sequence[Column]) -> list[Column]:
    same = [column for column in columns if name in _names_of(column)]
    if same:
        return same[:1]
    if name == NAME.name:
        return [NAME]
    if is_pattern(name):
        return list(_matching(name, columns))
    for column in columns:
        for own in _names_of(column):
            part = name.removeprefix(f"{own}.")
            if part in PARTS and part != name:
                return [part_column(column, part)]
    return [_undocumented(name)]


def _names_of(column: Column) -> tuple[str, ...]:
    """Return the names of a column; of a line item also the path of its field without the stars."""
    if column.of_item:
        return column.name, column.path, column.path.replace("*.", "")
    return column.name, column.path


def _undocumented(name: str) -> Column:
    """Return the column of an undocumented path; its kind follows only from the names in the path."""
    parts = tuple(name.split("."))
    for part, kind in PARTS.items():
        if name.endswith(f".{part}") and kind != "text":
            return Column(name, kind, parts)
    if (units := UNITS.get(parts[-1])) is not None:
        return Column(name, "any", parts, says="amount", units=units)
    return Column(name, "any", parts, says="date" if parts[-1] in DATES else "any")


def _matching(pattern: str, columns: Sequence[Column]) -> Iterator[Column]:
    """Yield the fields that match a pattern; a part such as ``.confidence`` after it applies to each of them."""
    for column in columns:
        if _matches(column, pattern):
            yield column
    for part in PARTS:
        if pattern.endswith(f".{part}"):
            wanted = pattern.removesuffix(f".{part}")
            fields = (column for column in columns if column.kind == "text" and _matches(column, wanted))
            yield from (part_column(column, part) for column in fields)


def _matches(column: Column, pattern: str) -> bool:
    return fnmatchcase(column.name, pattern) or fnmatchcase(column.path, pattern)


def part_column(column: Column, part: str) -> Column:
    """Return the column of a part of a field, such as its confidence."""
    return evolve(
        column, name=f"{column.name}.{part}", kind=PARTS[part], parts=(*column.parts, *part.split(".")), says="text"
    )


def patterns_of(name: str, known: Documented) -> tuple[str, ...]:
    """Return patterns of the paths of the fields that a selected name stands for, for rows of single fields."""
    field = _without_part(name)
    return (name, field, *(column.path for column in known.items if column.path and field in _names_of(column)))


def of_papers(names: Sequence[str], operations: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names without those that only line items have."""
    known = documented(operations)

    def is_known(name: str, *, of_lines: bool) -> bool:
        return _is_known(name, operations, known, of_lines=of_lines)

    return tuple(name for name in names if is_known(name, of_lines=False) or not is_known(name, of_lines=True))


def _without_part(name: str) -> str:
    return re.sub(rf"\.({'|'.join(PARTS)})$", "", name)


# --- wrong names


def check_lines(operations: tuple[str, ...]) -> None:
    """Refuse rows of line items if no paper of the operations has line items.

    Raises:
        InvalidInputError: naming the operations.
    """
    known = documented(operations)
    if not known.items and all(name in OPERATIONS for name in operations):
        raise InvalidInputError(
            f"rows: {' and '.join(operations)} has no line items: choose the rows 'paper', or 'field' (--rows field)"
        )


def check_fields(names: Sequence[str], operations: tuple[str, ...], *, rows: str) -> None:
    """Refuse names of fields that no paper of the operations has.

    Undocumented fields under ``extra`` cannot be checked.

    Raises:
        InvalidInputError: naming them, with the most similar valid names.
    """
    known = documented(operations)
    of_lines = rows in ("line", "field")
    wrong = [name for name in names if not _is_known(name, operations, known, of_lines=of_lines)]
    if not known.is_complete or not wrong:
        return
    if any(_is_known(name, operations, known, of_lines=True) for name in wrong):
        raise InvalidInputError(f"fields: {wrong[0]} is a field of line items: choose the rows 'line' (--rows line)")
    near = [right for name in wrong for right in _near(name, known, of_lines=of_lines)][:NEAR]
    advice = f"; near: {', '.join(near)}" if near else ""
    raise InvalidInputError(
        f"fields: there is no {' and no '.join(wrong)} in {' or '.join(operations)}{advice}."
        f" `cvs-async fields {operations[0]}` lists them; undocumented fields are in info.extra"
    )


def _is_known(name: str, operations: tuple[str, ...], known: Documented, *, of_lines: bool) -> bool:
    columns = known.selectable(of_lines=of_lines)
    if name == NAME.name:
        return any(column.name.rpartition(".")[2] in NAMES for column in known.fields) or _has(columns, name)
    if is_pattern(name):
        return any(_matching(name, columns))
    if "extra" in name.split(".") or _has(columns, name):
        return True
    field = _without_part(name)
    if _has(columns, field) or {name, field} & (known.nodes | documented_elsewhere(operations)):
        return True
    inside = [node for node in (*known.tables, *known.nodes) if name.startswith(f"{node}.")]
    return any(part.isdecimal() for node in inside for part in name.removeprefix(node).split("."))


NAMES = ("name", "full_name", "insure_name", "patient_name", "given_name")
"""Fields with a person's name; `given_name` goes with `sur_name`."""


def _has(columns: Iterable[Column], name: str) -> bool:
    return any(name in _names_of(column) for column in columns)


def _near(wrong: str, known: Documented, *, of_lines: bool) -> list[str]:
    """Return the valid names most similar to a wrong one: by their last part, then as a whole."""
    names = [column.name for column in known.fields]
    if of_lines:
        names += [column.name for column in known.items]
    last = wrong.rpartition(".")[2].strip("*?").lower()
    by_last = {name.rpartition(".")[2]: name for name in reversed(names)}
    near = [by_last[part] for part in difflib.get_close_matches(last, by_last, n=NEAR, cutoff=0.75)]
    for part, name in by_last.items():
        if len(last) > 2 and difflib.get_close_matches(last, part.split("_"), cutoff=0.85):
            near.append(name)
    near += difflib.get_close_matches(wrong, names, n=NEAR, cutoff=0.6)
    return list(dict.fromkeys(near))[:NEAR]
