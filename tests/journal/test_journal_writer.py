"""Groups: what a journal is asked for in one turn is written as if it had been asked for one after another."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvs_async.batch.journal import writer as journal_writer
from cvs_async.batch.journal.jobs import Job
from cvs_async.batch.journal.statements import chunks
from cvs_async.batch.journal.writer import Writer
from tests.support.journals import on_open
from tests.support.scripted import unsynchronized

KEYS = [bytes([number]) * 32 for number in range(6)]
key = st.sampled_from(KEYS)
claim = st.tuples(
    key, st.just("ocr.card"), st.sampled_from(["a.jpg", "b.jpg"]), st.sampled_from([None, "7"]), st.none()
)
charge = st.sampled_from(["billed", "free", "unknown"])
content = st.sampled_from([None, b"{}", b'{"errorCode": "0"}'])
end = st.tuples(charge, st.just(200), st.just(None), st.just(0), st.just(2.0))
asked = st.one_of(
    st.tuples(st.just("claim"), st.tuples(st.lists(claim, min_size=1, max_size=3))),
    st.tuples(st.just("sent"), st.tuples(key, st.sampled_from([None, "sum"]), st.just(1.0))),
    st.tuples(st.just("ended"), st.tuples(key, content, end)),
    st.tuples(st.just("withdrawn"), st.tuples(key)),
    st.tuples(st.just("content"), st.tuples(key)),
    st.tuples(st.just("note"), st.tuples(st.just("{}"), st.just(3.0))),
)


@pytest.fixture(autouse=True)
def _one_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_writer.time, "time", lambda: 0.0)  # type: ignore[attr-defined]


def call(method: Any, arguments: tuple[Any, ...]) -> Job:
    return Job(method, arguments, future=cast(Any, None))


def outcome(groups: Sequence[Sequence[Any]]) -> tuple[list[str], list[str]]:
    """Return the result of each call, and the final content of the journal."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "journal.db")
        writer = unsynchronized(path)
        told = [repr(result) for group in groups for result in writer.commit([call(*asked) for asked in group])]
        writer.close()
        with closing(sqlite3.connect(path)) as database:
            tables = ("sources", "requests", "contents", "journal")
            return told, [repr(row) for table in tables for row in database.execute(f"SELECT * FROM {table}")]


def apart(calls: Sequence[Any], ends: list[int]) -> Iterator[Sequence[Any]]:
    start = 0
    for size in ends:
        if start < len(calls):
            yield calls[start : start + size]
            start += size
    if start < len(calls):
        yield calls[start:]


@given(calls=st.lists(asked, max_size=30), sizes=st.lists(st.integers(1, 8), max_size=12))
@settings(deadline=None, max_examples=150)
def test_groups_change_nothing(calls: list[Any], sizes: list[int]) -> None:
    one_by_one = outcome([[asked] for asked in calls])
    assert outcome(list(apart(calls, sizes))) == one_by_one


def test_many_are_written_in_few_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    databases = list[sqlite3.Connection]()
    on_open(monkeypatch, databases.append)
    keys = [number.to_bytes(32) for number in range(300)]
    with TemporaryDirectory() as folder:
        writer, statements = unsynchronized(Path(folder, "journal.db")), list[str]()
        databases[0].set_trace_callback(statements.append)
        for method, arguments in (
            ("claim", [([(key, "ocr.card", "a.jpg", None, None)],) for key in keys]),
            ("sent", [(key, None, 1.0) for key in keys]),
            ("ended", [(key, b"{}", ("billed", 200, None, 0, 2.0)) for key in keys]),
        ):
            results = writer.commit([call(method, argument) for argument in arguments])
            assert {repr(result) for result in results} <= {"None", "[None]"}
        writer.close()
    assert len(statements) < 80


@given(st.integers(0, 2_000), st.sampled_from([256, 64]))
def test_chunks_hold_everything_in_order(count: int, most: int) -> None:
    pieces = list(chunks(range(count), most))
    assert [value for piece in pieces for value in piece] == list(range(count))
    assert all(len(piece) <= most for piece in pieces)
    assert len(pieces) <= count // most + 12


@pytest.mark.parametrize("method", ["sent", "ended", "withdrawn"])
def test_what_must_not_be_lost_is_on_the_disk_when_it_is_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: Any
) -> None:
    databases = list[sqlite3.Connection]()
    on_open(monkeypatch, databases.append)
    end = ("billed", 200, None, 0, 2.0)
    arguments = {"sent": (KEYS[0], None, 1.0), "ended": (KEYS[0], b"{}", end), "withdrawn": (KEYS[0],)}
    writer, said = Writer(tmp_path / "journal.db"), list[str]()
    try:
        writer.commit([call("claim", ([(KEYS[0], "ocr.card", "a.jpg", None, None)],))])
        if method != "sent":
            writer.commit([call("sent", arguments["sent"])])
        writer.commit([call("claim", ([(KEYS[1], "ocr.card", "b.jpg", None, None)],))])  # which may be lost
        databases[0].set_trace_callback(said.append)
        assert writer.commit([call(method, arguments[method])]) == [None]
    finally:
        writer.close()
    assert said.index("PRAGMA synchronous = FULL") < said.index("BEGIN IMMEDIATE") < said.index("COMMIT")
