"""Data frames: of outcomes, of journals, of results files; and Parquet files, in pandas, polars and DuckDB."""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from cvs_async import AsyncCVS, ConfigurationError, InvalidInputError
from cvs_async.api import OPERATIONS
from cvs_async.batch import (
    JournalReader,
    JsonLines,
    Outcome,
    Parquet,
    frames,
    outcome_to_dict,
    read_results,
    to_frame,
    to_parquet,
)
from cvs_async.batch.tables import Layout, Table
from cvs_async.sandbox import Sample, Sandbox
from tests.tables.test_table_shapes import DATED, INVOICE, card, done, invoice
from tests.tables.test_table_truth import WITH_PICTURES, _method
from tests.tables.test_table_truth import every_sample as every_sample
from tests.tables.test_tables import failed

pandas: Any = pytest.importorskip("pandas")
polars: Any = pytest.importorskip("polars")
duckdb: Any = pytest.importorskip("duckdb")

BOX = {"left": 1.0, "top": 2.0, "right": 3.0, "bottom": 4.0}


@pytest.fixture
def outcomes() -> list[Any]:
    """An invoice with values of all types, one that cannot be read, and a failure."""
    good = invoice("1.000", date="19/05/2024", total_amount="1.000", total_amount_confidence=0.5)
    good["info"]["total_amount_box"] = [1, 2, 3, 4]
    return [done([good | {"valid": "True"}], INVOICE), done([invoice(total_amount="?")], INVOICE, 1), failed(2)]


def values(frame: Any, name: str) -> list[Any]:
    """A column of any frame; None where there is nothing."""
    if isinstance(frame, polars.DataFrame):
        return list(frame[name].to_list())
    return [None if value is pandas.NA or value is pandas.NaT or value != value else value for value in frame[name]]


async def test_papers_of_unknown_types_have_the_same_values_from_a_results_file(tmp_path: Path) -> None:
    info = {"id": "001", "hometown": "Mẫu", "hometown_confidence": 0.5, "hometown_box": [1, 2, 3, 4], "new": {"a": "b"}}
    paper = done([{"type": "card_of_2027", "info": info, "more": 7}], "ocr.card")
    async with JsonLines(tmp_path / "x.jsonl") as sink:
        await sink.write(paper)
    fields = ["info.hometown", "info.hometown.confidence", "info.hometown.box", "info.new.a", "more"]
    frames = [to_frame(given, fields=fields) for given in ([paper], read_results(tmp_path / "x.jsonl"))]
    assert [values(frames[0], name) for name in fields] == [values(frames[1], name) for name in fields]
    assert values(frames[1], "info.hometown") == ["Mẫu"]


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_outcomes_are_a_frame_with_typed_columns(outcomes: list[Any], backend: Any) -> None:
    frame = to_frame(outcomes, backend=backend, **DATED)
    assert len(frame) == 3
    assert values(frame, "billed") == [1, 1, 0]
    assert values(frame, "info.total_amount") == [1000.0, None, None]
    assert values(frame, "info.total_amount.unread") == [None, "?", None]
    assert values(frame, "info.total_amount.confidence") == [0.5, None, None]
    assert values(frame, "info.total_amount.box") == [BOX, None, None]
    [day, *nothing] = values(frame, "info.date")
    assert (day.year, day.month, day.day, nothing) == (2024, 5, 19, [None, None])


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_leading_zeros_stay_and_columns_have_types_though_they_are_empty(backend: Any) -> None:
    some = to_frame([done([card(id="007")])], backend=backend)
    none = to_frame([], backend=backend, operation="ocr.card")
    assert values(some, "info.id") == ["007"]
    assert list(some.columns) == list(none.columns)
    assert list(map(str, some.dtypes)) == list(map(str, none.dtypes))


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_frames_come_in_pieces_of_the_same_columns(outcomes: list[Any], backend: Any) -> None:
    taken = 0

    def source() -> Iterator[Outcome[Any]]:
        nonlocal taken
        for outcome in [failed(), *outcomes * 5]:
            taken += 1
            yield outcome

    found = list[Any]()
    for frame in frames(source(), backend=backend, size=4):
        assert taken <= 4 * (len(found) + 1), "no more is read than the piece needs"
        found.append(frame)
    assert [len(frame) for frame in found] == [4, 4, 4, 4]
    assert len({tuple(map(str, frame.dtypes)) for frame in found}) == 1


def test_failures_before_the_columns_are_known_are_not_lost(outcomes: list[Any]) -> None:
    assert [len(frame) for frame in frames([failed(), failed(), *outcomes], size=1)] == [3, 1, 1]
    assert [len(frame) for frame in frames([failed(), failed()], size=1)] == [2]


def test_line_items_and_fields_are_frames_too(outcomes: list[Any]) -> None:
    lines = to_frame(outcomes, rows="line", **DATED)
    assert values(lines, "amount_total") == [1000.0, None, None]
    found = to_frame(outcomes, rows="field", fields=["info.total_amount"])
    assert values(found, "value") == ["1.000", "?", None]


def test_a_parquet_file_is_written_from_what_is_there(outcomes: list[Any], tmp_path: Path) -> None:
    to_parquet(tmp_path / "out.parquet", iter(outcomes), **DATED)
    assert len(pandas.read_parquet(tmp_path / "out.parquet")) == 3
    with pytest.raises(InvalidInputError, match="is never written over"):
        to_parquet(tmp_path / "out.parquet", outcomes)


def test_pandas_polars_and_duckdb_read_a_parquet_file(outcomes: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    to_parquet(path, outcomes, **DATED)
    for frame in (pandas.read_parquet(path), polars.read_parquet(path)):
        assert values(frame, "info.total_amount") == [1000.0, None, None]
        assert values(frame, "info.total_amount.box")[0] == BOX
        assert sum(values(frame, "billed")) == 2
    query = """
        SELECT sum(billed), sum("info.total_amount"), max("info.total_amount.box".right), min("info.date"),
            count(*) FILTER (WHERE "info.total_amount.unread" IS NOT NULL), count(sent_at)
        FROM read_parquet(?)
    """
    assert duckdb.sql(query, params=[str(path)]).fetchall() == [(2, 1000.0, 3.0, datetime.date(2024, 5, 19), 1, 0)]


async def test_a_journal_and_a_results_file_are_frames(
    cvs: AsyncCVS, samples: list[Sample], sandbox: Sandbox, tmp_path: Path
) -> None:
    methods: dict[str, Any] = {"ocr.claims": cvs.ocr.claims, "ocr.card": cvs.ocr.card}
    for name, method in methods.items():
        batch = cvs.batch(method, [sample.path for sample in samples], journal=tmp_path / "j.db", ordered=True)
        async with batch, JsonLines(tmp_path / f"{name}.jsonl") as lines:
            async for outcome in batch:
                await lines.write(outcome)
    with JournalReader(tmp_path / "j.db") as reader:
        assert reader.operations() == ("ocr.claims", "ocr.card")
        frame = reader.to_frame()
        to_parquet(tmp_path / "j.parquet", reader.outcomes(), operation=reader.operations())
    assert int(frame["billed"].sum()) == sandbox.ledger.billed
    assert set(frame["operation"]) == {"ocr.claims", "ocr.card"}
    assert {"info.insure_name", "info.sur_name"} < set(frame.columns)
    assert frame["sent_at"].notna().all()
    found = to_frame(read_results(tmp_path / "ocr.claims.jsonl"))
    same = frame[frame["operation"] == "ocr.claims"].set_index("key")
    names = ["info.insure_name", "min_confidence", "billed", "paper", "type"]
    found = found[found["key"].notna()].set_index("key")
    right = same.loc[found.index.unique()]
    assert found[names].fillna({"min_confidence": -1}).to_dict("list") == right[names].fillna(
        {"min_confidence": -1}
    ).to_dict("list")


@pytest.mark.parametrize("operation", WITH_PICTURES)
async def test_a_results_file_has_the_same_rows_as_the_outcomes(
    operation: str, mixed: list[Sample], jpg: bytes, cvs: AsyncCVS
) -> None:
    endpoint = OPERATIONS[operation]
    files: list[Any] = [sample.path for sample in mixed if sample.operation == operation] or [jpg]
    sizes: Any = {"width": 40, "height": 30} if operation.startswith("smartcrop") else {}
    given = [(file,) * len(endpoint.images) if len(endpoint.images) > 1 else file for file in [*files, b""]]
    async with cvs.batch(_method(cvs, operation), given, **sizes) as batch:
        outcomes = [outcome async for outcome in batch]
    for rows in ("paper", "document", "line", "field"):
        of_outcomes, of_lines = (Table(Layout(operation=operation, rows=rows)) for _ in range(2))
        names = [column.name for column in of_outcomes.columns or ()]
        for outcome in outcomes:
            record = json.loads(json.dumps(outcome_to_dict(outcome)))
            first, second = of_outcomes.add(outcome), of_lines.add(record)
            for row in (*first, *second):
                row[names.index("sent_at")] = row[names.index("ended_at")] = None
            assert second == first


@pytest.mark.parametrize("content", ["x", "[]", "{}", '{"status": "done"}\nx'])
def test_another_file_than_results_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(content)
    number = content.count("\n") + 1
    with pytest.raises(InvalidInputError, match=rf"x\.jsonl: line {number} is not a result"):
        list(read_results(tmp_path / "x.jsonl"))


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_without_a_backend_the_error_names_what_to_install(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, backend, None)
    with pytest.raises(ConfigurationError, match=f"pip install {backend}"):
        to_frame([], backend=backend)


def test_another_backend_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="pandas, polars"):
        to_frame([], backend="dask")  # type: ignore[arg-type]


async def test_a_batch_and_a_list_make_the_same_parquet_file(outcomes: list[Any], tmp_path: Path) -> None:
    to_parquet(tmp_path / "a.parquet", outcomes)
    async with Parquet(tmp_path / "b.parquet") as sink:
        for outcome in outcomes:
            await sink.write(outcome)
    assert polars.read_parquet(tmp_path / "a.parquet").equals(polars.read_parquet(sink.path))


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [(0.5, 0.5), ("1970-01-01T07:00:00.500+07:00", 0.5), ("1970-01-01T00:00:00", None), ("x", None), (None, None)],
)
def test_times_in_a_results_file_are_numbers_or_iso(moment: object, seconds: float | None) -> None:
    table = Table(Layout(fields=["info.id"]))
    names = [column.name for column in table.columns or ()]
    [row] = table.add({"status": "done", "operation": "ocr.card", "data": [], "sent_at": moment})
    assert row[names.index("sent_at")] == seconds


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_replies_are_a_frame_without_any_batch(backend: Any, tmp_path: Path) -> None:
    reply = done([invoice("1", form="F"), invoice("2")], INVOICE).reply
    for given in (reply, [reply], done([invoice("1", form="F"), invoice("2")], INVOICE)):
        frame = to_frame(given, backend=backend)
        assert values(frame, "operation") == [INVOICE] * 2
        assert values(frame, "info.form") == ["F", None]
    frame = to_frame([reply, reply], rows="line", backend=backend)
    assert (values(frame, "index"), values(frame, "amount_total")) == ([0, 0, 1, 1], ["1", "2", "1", "2"])
    assert sum(len(frame) for frame in frames(reply, backend=backend)) == 2
    to_parquet(tmp_path / "x.parquet", reply)
    assert duckdb.sql(f"SELECT count(*) FROM '{tmp_path / 'x.parquet'}'").fetchall() == [(2,)]


async def _none() -> AsyncIterator[Any]:
    for nothing in list[Any]():
        yield nothing


@pytest.mark.parametrize("make", [to_frame, lambda given: list(frames(given)), lambda given: to_parquet("x", given)])
def test_the_error_for_a_wrong_argument_names_the_right_one(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    reply = done([invoice("1", form="F")], INVOICE).reply
    for given, said in ((reply.data, "Recognized.*the reply"), (_none(), "async for"), ([7], "int"), (7, "int")):
        with pytest.raises(InvalidInputError, match=said):
            make(given)
    assert list(tmp_path.glob("*.parquet")) == []
