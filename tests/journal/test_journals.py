"""Several journals read as one: nothing is counted twice, and no second payment is hidden."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cvs_async.batch import JournalReader
from cvs_async.batch.journal.records import is_answered
from cvs_async.batch.journal.several import Journals
from cvs_async.sandbox import Sandbox
from tests.support.booked import EVENING, A, B, C, D, Sent, book, rows_of
from tests.support.commands import lines, run

KEYS = [A, B, C, D]
STEPS = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(["billed", "free", "unknown", ""])), max_size=6)


def numbered(steps: Sequence[tuple[str, str]], begin: int = 0) -> list[Sent]:
    """Each a minute after the one before."""
    return [(key, charge, EVENING + 60 * number) for number, (key, charge) in enumerate(steps, begin)]


def possible(steps: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without what no batch does: send a document that its journal has an answer for."""
    paid, kept = set[str](), list[tuple[str, str]]()
    for key, charge in steps:
        if key not in paid:
            kept.append((key, charge))
        if charge == "billed":
            paid.add(key)
    return kept


@settings(max_examples=40, deadline=None)
@given(STEPS, STEPS)
def test_a_copy_of_a_journal_and_what_it_has_become_are_one_journal(
    before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> None:
    names: dict[str, list[tuple[str, str | None]]] = {key: [(f"{key[0]}.jpg", None)] for key in KEYS}
    with tempfile.TemporaryDirectory() as folder:
        path, copy = Path(folder, "j.db"), Path(folder, "copy.db")
        steps = possible([*before, *after])
        book(path, numbered(steps[: len(before)]), names)
        shutil.copy(path, copy)
        book(path, numbered(steps[len(before) :], len(before)), names)
        with JournalReader(path) as reader:
            alone = reader.figures()
            charges, records = list(reader.reconcile()), list(reader.records())
        with Journals([copy, path]) as both:
            assert sum(row.billed for row in charges) == sum(both.billed().values()) == alone.billed
            assert list(both.reconcile()) == charges
            total = both.sum_up(both.figures())
            merged = list(both.records())
    for name in ("documents", "sources", "duplicates", "states", "answered", "billed", "free", "unknown", "in_flight"):
        assert getattr(total, name) == getattr(alone, name), name
    assert [(r.key, name, r.attempts, r.billed, r.unknown_attempts) for r, name, _ in merged] == [
        (r.key, name, r.attempts, r.billed, r.unknown_attempts) for r, name, _ in records
    ]
    for (one, _, _), (other, _, _) in zip(merged, records, strict=True):
        assert one.state == other.state
        assert (one.content is not None) == (one.state == "billed")


@settings(max_examples=40, deadline=None)
@given(STEPS, STEPS)
def test_requests_of_two_machines_are_all_counted_and_their_documents_once(
    first: list[tuple[str, str]], second: list[tuple[str, str]]
) -> None:
    first, second = possible(first), possible(second)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, "a.db"), Path(folder, "b.db")]
        book(paths[0], numbered(first))
        book(paths[1], numbered(second, 100))
        with Journals(paths) as both:
            each = both.figures()
            total = both.sum_up(each)
            charges = list(both.reconcile())
            records = {record.key: record for record, _, _ in both.records()}
            remarks = both.remarks
    for name in ("billed", "free", "unknown"):
        assert getattr(total, name) == sum(getattr(one, name) for one in each)
    assert total.billed == sum(row.billed for row in charges) == sum(record.billed for record in records.values())
    assert total.documents == len(records) == len({key for key, _ in first + second})
    assert dict(total.states) == {
        state: sum(record.state == state for record in records.values()) for state in total.states
    }
    assert total.answered == sum(map(is_answered, records.values()))
    paid = {key for key, charge in first + second if charge == "billed"}
    assert {key for key, record in records.items() if record.state == "billed"} == paid
    shared = len({key for key, _ in first} & {key for key, _ in second})
    twice = [key for key, record in records.items() if record.billed > 1 and key in {k for k, _ in first}]
    assert any(f"count once: {shared}." in remark for remark in remarks) == bool(shared)
    assert not any("paid for more than once" in remark for remark in remarks) or twice


def test_a_second_payment_in_another_journal_is_named(tmp_path: Path) -> None:
    paths = [book(tmp_path / "a.db", [(A, "billed", EVENING)]), book(tmp_path / "b.db", [(A, "billed", EVENING + 1)])]
    shown = run("status", *paths).stdout
    assert "Requests: 2 billed" in shown
    assert "Documents in more than one journal, which count once: 1. Of these, paid for more than once: 1." in shown
    ended = run("reconcile", *paths, "--csv", "-")
    assert [row["billed"] for row in rows_of(ended)] == ["2"]
    assert "paid for more than once: 1" in ended.stderr
    copy = tmp_path / "copy.db"
    shutil.copy(paths[0], copy)
    shown = run("status", paths[0], copy).stdout
    assert ("Requests: 1 billed" in shown, "paid for more" in shown) == (True, False)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_export_of_two_journals_has_the_paid_answer_for_every_name(order: tuple[int, int], tmp_path: Path) -> None:
    paths = [
        book(
            tmp_path / "a.db",
            [(A, "unknown", EVENING), (B, "free", EVENING)],
            {A: [("a.jpg", None)], B: [("b.jpg", None)]},
        ),
        book(
            tmp_path / "b.db",
            [(A, "billed", EVENING - 60)],
            {A: [("a.jpg", None), ("other.jpg", "7")], C: [("c.jpg", None)]},
        ),
    ]
    out = tmp_path / "r.jsonl"
    assert run("export", *(paths[place] for place in order), "--to", out).exit_code == 0
    told = {(line["source"], line.get("id")): (line["status"], line["charge"]) for line in lines(out)}
    assert told == {
        ("a.jpg", None): ("done", "billed"),
        ("other.jpg", "7"): ("done", "billed"),
        ("b.jpg", None): ("failed", "free"),
        ("c.jpg", None): ("held", "free"),
    }
    assert len(lines(out)) == 4


def test_status_of_several_journals_is_their_sum_with_each_of_them(sandbox: Sandbox, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(3):
            Image.new("RGB", (64, 40), (number, ord(name), 200)).save(tmp_path / name / f"{number}.png")
        words = ["--journal", tmp_path / f"{name}.db", "--out", tmp_path / f"{name}.jsonl", "--max-billed", "2"]
        run("batch", "ocr.card", tmp_path / name, *words, "--concurrency", "1", sandbox=sandbox)
    paths = [tmp_path / "a.db", tmp_path / "b.db"]
    figures = json.loads(run("status", *paths, "--json").stdout)
    assert (figures["documents"], figures["billed"], figures["left"]) == (6, sandbox.ledger.billed, 0)
    assert [one["path"] for one in figures["journals"]] == [str(path) for path in paths]
    assert figures["not_sent"] == sum(one["not_sent"] for one in figures["journals"]) == 6 - sandbox.ledger.billed == 2
    shown = run("status", *paths).stdout
    assert (f"{paths[0]}: No batch is running" in shown, f"{paths[1]}: No batch" in shown) == (True, True)
    assert f"Documents not sent and not listed: {6 - sandbox.ledger.billed}." in run("reconcile", *paths).stdout


def test_a_journal_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    path = book(tmp_path / "j.db", [(A, "billed", EVENING)])
    (tmp_path / "link.db").symlink_to(path)
    one = run("status", path, "--json").stdout
    assert run("status", path, tmp_path / "link.db", path, "--json").stdout == one


@pytest.mark.parametrize("words", [["status"], ["reconcile", "--csv", "r.csv"], ["export", "--to", "r.jsonl"]])
def test_one_journal_that_is_missing_is_named_and_nothing_is_written(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    book(tmp_path / "j.db", [(A, "billed", EVENING)])
    ended = run(words[0], "j.db", "missing.db", *words[1:])
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "there is no journal missing.db" in ended.stderr
    assert not list(tmp_path.glob("*r.*"))


@pytest.mark.parametrize("name", ["a.db", "b.db", "b.db-lock"])
def test_no_journal_of_several_is_written_over(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = [book(tmp_path / name, [(A, "billed", EVENING)]) for name in ("a.db", "b.db")]
    was = [path.read_bytes() for path in paths]
    assert run("reconcile", *paths, "--csv", name).exit_code == 2
    assert run("export", *paths, "--to", name).exit_code == 2
    assert [path.read_bytes() for path in paths] == was
