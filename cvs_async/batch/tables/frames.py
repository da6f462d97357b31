"""Outcomes as data frames of pandas or polars, also from results files."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Literal, TypeAlias, Unpack

from ..._codec.reply import Reply
from ...errors import ConfigurationError, InvalidInputError
from ..outcome import Done, Failed, Held, Item, Outcome
from .layout import Layout, Shape
from .parquet_file import Parquet
from .rows import Row, Table
from .series import Series, series_of_all
from .values import Kind

Backend: TypeAlias = Literal["pandas", "polars"]

Result: TypeAlias = Outcome[Any] | Reply[Any] | Mapping[str, Any]
Results: TypeAlias = Iterable[Result] | Outcome[Any] | Reply[Any]
"""Outcomes, lines of a results file, or replies; or one outcome or reply."""

CHUNK = 10_000
"""Default number of outcomes in a frame."""


def to_frame(
    outcomes: Results,
    *,
    fields: Sequence[str] | None = None,
    backend: Backend = "pandas",
    **shape: Unpack[Shape],
) -> Any:
    """Return outcomes as one data frame, with the typed columns of `Parquet`.

    The whole frame is in memory: see `frames` for pieces.

    Args:
        outcomes: a list or other iterable of outcomes, of lines of a results file (see `read_results`) or of replies;
            or one outcome or reply.
        fields: selected fields, as for `Csv`; None selects all documented ones.
        backend: ``pandas`` or ``polars``.
        shape: see `Shape`. The default operation is that of the first outcome.

    Returns:
        A `pandas.DataFrame`, or a `polars.DataFrame`.

    Raises:
        ConfigurationError: if the backend is not installed.
        InvalidInputError: if the fields or the shape are unusable.
    """
    build = _backend(backend)
    table = Table(Layout(fields=fields, with_parts=True, **shape))
    rows = [row for outcome in _each(outcomes) for row in table.add(outcome)]
    return _frame(build, table, [*rows, *table.end()])


def frames(
    outcomes: Results,
    *,
    fields: Sequence[str] | None = None,
    backend: Backend = "pandas",
    size: int = CHUNK,
    **shape: Unpack[Shape],
) -> Iterator[Any]:
    """Yield outcomes as a sequence of data frames with the same columns, in constant memory.

    Args:
        outcomes, fields, backend, shape: as for `to_frame`.
        size: number of outcomes in a frame.

    Raises:
        ConfigurationError: if the backend is not installed.
        InvalidInputError: if the fields or the shape are unusable.
    """
    build = _backend(backend)
    table = Table(Layout(fields=fields, with_parts=True, **shape))
    source = _each(outcomes)
    while some := list(islice(source, size)):
        rows = [row for outcome in some for row in table.add(outcome)]
        if table.columns is not None:
            yield _frame(build, table, rows)
    if rows := table.end():
        yield _frame(build, table, rows)


def to_parquet(
    path: str | os.PathLike[str], outcomes: Results, *, fields: Sequence[str] | None = None, **shape: Unpack[Shape]
) -> None:
    """Write outcomes to a Parquet file as a stream, in constant memory. Blocks.

    Args:
        path: of the file, which must not exist.
        outcomes, fields, shape: as for `to_frame`.

    Raises:
        ConfigurationError: if pyarrow is not installed.
        InvalidInputError: if the fields or the shape are unusable, or the file cannot be created.
        OSError: if it cannot be written.
    """
    Parquet(path, fields, **shape).write_all(_each(outcomes))


def read_results(path: str | os.PathLike[str]) -> Iterator[dict[str, Any]]:
    """Yield the lines of a file that `JsonLines` has written, for `to_frame`, `frames` and `to_parquet`.

    Raises:
        InvalidInputError: if a line is not a result, naming it.
        OSError: if the file cannot be read.
    """
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                record = json.loads(line)
            except ValueError:
                record = None
            if not isinstance(record, dict) or "status" not in record:
                raise InvalidInputError(f"{os.fspath(path)}: line {number} is not a result of a batch")
            yield record


def _each(results: Results) -> Iterator[Outcome[Any] | Mapping[str, Any]]:
    """Return what a table takes. The first element is checked at once, before a file is made."""
    each = _outcomes(_iterable(results))
    return chain(list(islice(each, 1)), each)


def _outcomes(results: Iterable[Any]) -> Iterator[Outcome[Any] | Mapping[str, Any]]:
    """Yield outcomes; a reply becomes the outcome of an item."""
    for place, result in enumerate(results):
        if isinstance(result, Reply):
            yield Done(Item(place, ""), result)
        elif isinstance(result, Done | Failed | Held | Mapping):
            yield result
        else:
            raise InvalidInputError(f"{type(result).__name__} is {_WRONG}")


def _iterable(results: Any) -> Iterable[Any]:
    if isinstance(results, Reply | Done | Failed | Held):
        return [results]
    if hasattr(results, "__aiter__"):
        raise InvalidInputError("outcomes come one by one: collect them first, [outcome async for outcome in outcomes]")
    if not isinstance(results, Iterable):
        raise InvalidInputError(f"{type(results).__name__} is {_WRONG}")
    return results


_WRONG = "neither an outcome nor a reply nor a line of a results file; of papers, give the reply that they are in"


Build: TypeAlias = Callable[[Mapping[str, list[Any]], Sequence[Series]], Any]
"""Function that builds a frame from the values of its columns."""


def _frame(build: Build, table: Table, rows: list[Row]) -> Any:
    all_series = series_of_all(table.columns or ())
    columns: list[tuple[object, ...]] = list(zip(*rows, strict=True)) or [()] * len(table.columns or ())
    return build({series.name: series.values(columns[series.place]) for series in all_series}, all_series)


def _backend(name: Backend) -> Build:
    builds: dict[str, Callable[[Any], Build]] = {"pandas": _pandas, "polars": _polars}
    if name not in builds:
        raise InvalidInputError(f"backend must be one of {', '.join(builds)}")
    try:
        return builds[name](importlib.import_module(name))
    except ImportError:
        raise ConfigurationError(f"{name} is not installed: pip install {name}") from None


_PANDAS: dict[Kind, str] = {
    "text": "string",
    "any": "string",
    "number": "float64",
    "amount": "float64",
    "whole": "Int64",
    "flag": "boolean",
    "date": "datetime64[s]",
    "time": "datetime64[ms, UTC]",
    "box": "object",
}


def _pandas(pandas: Any) -> Build:
    def build(columns: Mapping[str, list[Any]], all_series: Sequence[Series]) -> Any:
        return pandas.DataFrame(
            {series.name: pandas.Series(columns[series.name], dtype=_PANDAS[series.kind]) for series in all_series}
        )

    return build


def _polars(polars: Any) -> Build:
    kinds: dict[Kind, Any] = {
        "text": polars.String,
        "any": polars.String,
        "number": polars.Float64,
        "amount": polars.Float64,
        "whole": polars.Int64,
        "flag": polars.Boolean,
        "date": polars.Date,
        "time": polars.Datetime("ms", "UTC"),
        "box": polars.Struct({side: polars.Float64 for side in ("left", "top", "right", "bottom")}),
    }

    def build(columns: Mapping[str, list[Any]], all_series: Sequence[Series]) -> Any:
        return polars.DataFrame(dict(columns), schema={series.name: kinds[series.kind] for series in all_series})

    return build
