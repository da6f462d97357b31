"""The command line with a journal: killed, resumed, looked at, exported, reconciled and purged."""

from __future__ import annotations

import csv
import io
import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rich.console import Console

from cvs_async.batch import Stats
from cvs_async.cli import _bars, _progress
from cvs_async.sandbox import Sample, Sandbox
from cvs_async.stats import ClientStats
from tests.conftest import good
from tests.support.commands import COMMAND, environment, lines, run, start, wait_for

COUNT = 40


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small pictures, no two of them equal."""
    folder = tmp_path_factory.mktemp("cards")
    for number in range(COUNT):
        Image.new("RGB", (64, 40), (number, 90, 200)).save(folder / f"{number:03}.png")
    return folder


@pytest.fixture
def words(cards: Path, tmp_path: Path) -> list[str | Path]:
    """A batch over all cards, with a journal."""
    files: list[str | Path] = ["--journal", tmp_path / "claims.db", "--out", tmp_path / "results.jsonl"]
    words: list[str | Path] = ["batch", "ocr.card", cards]
    return [*words, *files, "--concurrency", "8"]


def reconciled(journal: Path) -> list[dict[str, str]]:
    ended = run("reconcile", journal, "--csv", "-")
    assert ended.exit_code == 0
    return list(csv.DictReader(io.StringIO(ended.stdout)))


def total(rows: list[dict[str, str]], column: str) -> int:
    return sum(int(row[column]) for row in rows)


def told(record: dict[str, Any]) -> dict[str, Any]:
    """A line without what depends on when it was written."""
    return {name: value for name, value in record.items() if name not in ("index", "elapsed", "replayed")}


def by_source(path: Path) -> dict[str, dict[str, Any]]:
    found = {str(line["source"]): line for line in lines(path)}
    assert len(found) == len(lines(path)), "no source has two lines"
    return found


def test_killed_and_run_again_every_file_has_one_line_and_nothing_is_paid_twice(
    words: list[str | Path], tmp_path: Path
) -> None:
    out, journal = tmp_path / "results.jsonl", tmp_path / "claims.db"
    with Sandbox(latency=0.1) as sandbox:
        with start(*words, sandbox=sandbox) as process:
            wait_for(lambda: sandbox.ledger.billed >= 12, process)
            process.kill()
            process.communicate()
        assert not out.exists()
        assert json.loads(run("status", journal, "--json").stdout)["running"] is False
        assert "To resume, run the same command again" in run("status", journal).stdout

        again = run(*words, sandbox=sandbox)
        found = by_source(out)
        doubtful = [line for line in found.values() if line["status"] == "held"]
        assert len(found) == COUNT
        assert again.exit_code == (3 if doubtful else 0)
        assert all(line["reason"] == "in_doubt" for line in doubtful)
        assert len(doubtful) <= 8
        assert sum("replayed" in line for line in found.values()) >= 4
        rows = reconciled(journal)
        assert total(rows, "unknown") == len(doubtful)
        assert total(rows, "billed") == COUNT - len(doubtful)
        assert COUNT - len(doubtful) <= sandbox.ledger.billed <= COUNT

        assert run(*words, "--in-doubt", "retry", sandbox=sandbox).exit_code == 0
        assert [line["status"] for line in by_source(out).values()] == ["done"] * COUNT
        assert sandbox.ledger.billed <= COUNT + len(doubtful)
        assert total(reconciled(journal), "unknown") == len(doubtful)


def test_looked_at_while_it_runs_interrupted_and_resumed(words: list[str | Path], tmp_path: Path) -> None:
    out, journal = tmp_path / "results.jsonl", tmp_path / "claims.db"

    def status() -> dict[str, Any]:
        ended = run("status", journal, "--json")
        return json.loads(ended.stdout) if ended.exit_code == 0 else {"states": {"billed": 0}}

    with Sandbox(latency=0.3) as sandbox:
        with start(*words, sandbox=sandbox) as process:
            wait_for(lambda: status()["states"]["billed"] >= 8, process)
            seen = status()
            assert (seen["running"], seen["writer"], seen["in_doubt"]) == (True, process.pid, 0)
            shown = run("status", journal).stdout
            assert f"Process {process.pid} is running a batch" in shown
            second = run(*words, sandbox=sandbox)
            assert (second.exit_code, f"process {process.pid}" in second.stderr) == (2, True)
            assert second.stderr.count("\n") == 1, "one sentence"
            refused = run("purge", journal, "--older-than", "0s")
            assert (refused.exit_code, f"process {process.pid}" in refused.stderr) == (2, True)
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=30)[1]
        assert process.returncode == 130
        assert "run the same command again" in said
        assert "\x1b" not in said
        before = by_source(out)
        assert 8 <= len(before) < COUNT
        assert sandbox.ledger.billed == len(before), "what was in flight has come home"
        assert not status()["running"]

        sandbox.latency = 0.0
        assert run(*words, sandbox=sandbox).exit_code == 0
        assert len(by_source(out)) == COUNT == sandbox.ledger.billed
        assert list(tmp_path.glob("*.part")) == []


def test_drain_bounds_the_wait_after_sigterm(words: list[str | Path], tmp_path: Path) -> None:
    with Sandbox(latency=60) as sandbox, start(*words, "--drain", "0.3", sandbox=sandbox) as process:
        wait_for(lambda: sandbox.ledger.requests >= 8, process)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        said = process.communicate(timeout=30)[1]
        assert (process.returncode, time.monotonic() - began < 20) == (130, True)
    assert "8 calls in flight have 0.3 s" in said
    assert json.loads(run("status", tmp_path / "claims.db", "--json").stdout)["in_doubt"] == 8


def test_calls_at_a_closed_gate_are_not_waited_for(words: list[str | Path]) -> None:
    with Sandbox(quota=3) as sandbox, start(*words, "--quota", "wait", sandbox=sandbox) as process:
        wait_for(lambda: sandbox.ledger.requests > 3, process)
        time.sleep(0.3)
        assert process.poll() is None, "it waits"
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        process.communicate(timeout=30)
        assert (process.returncode, time.monotonic() - began < 20) == (130, True)
    assert sandbox.ledger.billed == 3


def test_export_is_what_the_batch_has_written(sandbox: Sandbox, samples: list[Sample], tmp_path: Path) -> None:
    shutil.copytree(samples[0].path.parent, tmp_path / "scans")
    shutil.copy(good(samples)[0], tmp_path / "scans" / "copy.jpg")
    out, journal, exported = tmp_path / "results.jsonl", tmp_path / "claims.db", tmp_path / "exported.jsonl"
    words = ["batch", "ocr.card", tmp_path / "scans", "--journal", journal, "--out", out, "--get-thumb", "--ordered"]
    assert run(*words, "--thumbs", tmp_path / "thumbs", sandbox=sandbox).exit_code == 1
    assert run("export", journal, "--to", exported, "--thumbs", tmp_path / "again").exit_code == 0

    written, rebuilt = by_source(out), by_source(exported)
    unreadable = {source for source, line in written.items() if line["key"] is None}
    assert {source: told(line) for source, line in written.items() if source not in unreadable} == {
        source: told(line) for source, line in rebuilt.items()
    }
    assert [line["index"] for line in lines(exported)] == list(range(len(rebuilt)))
    pictures = {path.read_bytes() for path in (tmp_path / "thumbs").iterdir()}
    assert pictures == {path.read_bytes() for path in (tmp_path / "again").iterdir()} != set()

    table = tmp_path / "exported.csv"
    assert run("export", journal, "--to", table, "--fields", "info.id, info.nonsense").exit_code == 2
    assert run("export", journal, "--to", table, "--fields", "info.id, info.dob").exit_code == 0
    read = csv.DictReader(io.StringIO(table.read_text("utf-8-sig"), newline=""))
    ids = [(row["source"], row["info.id"]) for row in read if row["type"] == "chip_id_card_front"]
    papers = [(source, paper) for source, line in rebuilt.items() for paper in line.get("data", ())]
    fronts = [(source, paper["info"]) for source, paper in papers if paper["type"] == "chip_id_card_front"]
    assert sorted(ids) == sorted((source, info["id"]["value"] or "") for source, info in fronts)
    assert ids
    assert run("export", journal, "--to", table).exit_code == 2, "it exists"

    rows = reconciled(journal)
    assert total(rows, "billed") == sandbox.ledger.billed
    assert total(rows, "billed") + total(rows, "free") == sandbox.ledger.requests
    sent = {entry.parameters["check_sum"] for entry in sandbox.ledger}
    assert {row["check_sum"] for row in rows} == sent == {row["key"][:16] for row in rows}
    assert run("reconcile", journal, "--csv", tmp_path / "r.csv").exit_code == 0
    assert (tmp_path / "r.csv").read_text("utf-8-sig").splitlines()[1:]


def test_what_was_held_for_an_empty_account_is_held_in_an_export_too(cards: Path, tmp_path: Path) -> None:
    with Sandbox(quota=3) as sandbox:
        batch = ["batch", "ocr.card", cards, "--journal", tmp_path / "j.db", "--out", tmp_path / "r.jsonl"]
        assert run(*batch, sandbox=sandbox).exit_code == 3
    assert run("export", tmp_path / "j.db", "--to", tmp_path / "x.jsonl").exit_code == 0
    first, second = by_source(tmp_path / "r.jsonl"), by_source(tmp_path / "x.jsonl")
    statuses = {source: line["status"] for source, line in first.items()}
    assert {"done", "held"} == set(statuses.values())
    assert {source: line["status"] for source, line in second.items()} == statuses
    asked = [line for line in second.values() if line["status"] == "held" and line["attempts"]]
    assert {line["reason"] for line in asked} == {"quota"}


def test_rows_of_line_items_are_refused_before_sending_if_the_operation_has_no_line_items(
    cards: Path, tmp_path: Path
) -> None:
    with Sandbox() as sandbox:
        ended = run("batch", "ocr.card", cards, "--rows", "line", "--out", tmp_path / "x.csv", sandbox=sandbox)
        assert sandbox.ledger.requests == 0
    assert (ended.exit_code, "ocr.card has no line items" in ended.stderr) == (2, True)


@pytest.mark.parametrize("more", [(), ("--raw",), ("--rows", "field")])
def test_a_table_has_the_values_of_an_answer_that_is_not_documented(
    cards: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    words = ("batch", "ocr.document.invoice_hospital", cards, "--out", tmp_path / "x.csv", *more)
    with Sandbox() as sandbox:
        assert run(*words, sandbox=sandbox).exit_code == 0
    assert "the vendor publishes no answer" in (tmp_path / "x.csv").read_text(encoding="utf-8-sig")


def test_the_remark_on_papers_without_a_column_names_a_remedy_of_its_format(
    samples: list[Sample], tmp_path: Path
) -> None:
    card = next(sample.path for sample in samples if sample.kind == "citizen_card")
    remarks = {}
    with Sandbox() as sandbox:
        for name in ("x.csv", "x.xlsx"):
            words = ("batch", "ocr.card", card, "--out", tmp_path / name, "--fields", "info.given_name")
            remarks[name] = run(*words, sandbox=sandbox).stderr
    assert "1 paper has none of these fields: --rows field has every value." in remarks["x.csv"]
    assert "1 paper has none of these fields: a .jsonl file has every value." in remarks["x.xlsx"]


def test_export_writes_parquet(words: list[str | Path], sandbox: Sandbox, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    assert run(*words, sandbox=sandbox).exit_code == 0
    assert run("export", tmp_path / "claims.db", "--to", tmp_path / "all.parquet").exit_code == 0
    assert set(parquet.read_table(tmp_path / "all.parquet").column("status").to_pylist()) == {"done"}


def test_purge_drops_contents_and_nothing_is_paid_again(
    words: list[str | Path], sandbox: Sandbox, tmp_path: Path
) -> None:
    out, journal = tmp_path / "results.jsonl", tmp_path / "claims.db"
    assert run(*words, sandbox=sandbox).exit_code == 0
    before = out.read_bytes()
    assert "0 answers deleted" in run("purge", journal, "--older-than", "1d").stderr
    assert f"{COUNT} answers deleted" in run("purge", journal, "--older-than", "0s").stderr
    again = run(*words, sandbox=sandbox)
    assert (again.exit_code, sandbox.ledger.billed) == (0, COUNT)
    assert f"{COUNT} skipped" in again.stderr
    assert out.read_bytes() == before, "what can no longer be made anew is not replaced"
    assert total(reconciled(journal), "billed") == COUNT


def test_money_bounds_hold_the_rest(words: list[str | Path], sandbox: Sandbox, tmp_path: Path) -> None:
    planned = run(*words, "--dry-run", sandbox=sandbox)
    assert (planned.exit_code, sandbox.ledger.requests) == (0, 0)
    assert f"maximum billed calls │ {COUNT}" in planned.stdout
    assert list(tmp_path.iterdir()) == []

    bounded = run(*words, "--max-billed", "7", sandbox=sandbox)
    assert (bounded.exit_code, sandbox.ledger.billed) == (3, 7)
    assert f"{COUNT - 7} held: --max-billed is reached" in bounded.stderr

    sandbox.quota = 5
    assert run(*words, sandbox=sandbox).exit_code == 3
    assert sandbox.ledger.billed == 12
    assert sum(line.get("reason") == "quota" for line in lines(tmp_path / "results.jsonl")) == COUNT - 12
    sandbox.quota = None
    assert run(*words, sandbox=sandbox).exit_code == 0
    assert sandbox.ledger.billed == COUNT
    planned = run(*words, "--dry-run", sandbox=sandbox)
    assert "maximum billed calls │ 0" in " ".join(planned.stdout.split())


def test_many_failures_in_a_row_stop_the_batch(words: list[str | Path], monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(api_key="other") as sandbox:
        ended = run(*words, "--max-failures", "3", sandbox=sandbox)
        assert ended.exit_code == 3
        assert sandbox.ledger.requests < COUNT
    assert "held: the batch stopped before sending them" in ended.stderr


def test_a_manifest_gives_ids_and_arguments_of_their_own(sandbox: Sandbox, cards: Path, tmp_path: Path) -> None:
    listed, out = tmp_path / "list.jsonl", tmp_path / "results.csv"
    entries: list[dict[str, object]] = [
        {"id": "A-1", "path": str(cards / "000.png"), "width": 30},
        {"id": "A-2", "path": str(cards / "001.png")},
        {"id": "A-3"},
    ]
    listed.write_text("\n".join(map(json.dumps, entries)))
    sizes = ["--set", "width=40", "--set", "height=30"]
    words = ["batch", "smartcrop.crop_image", "--manifest", listed, *sizes, "--journal", tmp_path / "j.db"]
    ended = run(*words, "--out", out, "--ordered", "--fields", "url", sandbox=sandbox)
    assert ended.exit_code == 1
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"), newline="")))
    assert [(row["id"], row["status"]) for row in rows] == [("A-1", "done"), ("A-2", "done"), ("A-3", "failed")]
    assert sorted(entry.parameters["width"] for entry in sandbox.ledger) == ["30", "40"]
    assert run("export", tmp_path / "j.db", "--to", tmp_path / "e.jsonl").exit_code == 0
    assert {line["id"] for line in lines(tmp_path / "e.jsonl")} == {"A-1", "A-2"}


def test_paths_come_from_standard_input_or_a_pattern(sandbox: Sandbox, cards: Path, tmp_path: Path) -> None:
    names = "".join(f"{cards / f'{number:03}.png'}\n" for number in range(4))
    ended = subprocess.run(
        [*COMMAND, "batch", "ekyc.cards", "-"],
        env=environment(sandbox),
        input=names,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert (ended.returncode, sandbox.ledger.billed) == (0, 2)
    assert len(json.loads(ended.stdout.splitlines()[0])["source"]) == 2
    assert run("batch", "ocr.card", cards / "00?.png", "--out", tmp_path / "r", sandbox=sandbox).exit_code == 0
    assert len(lines(tmp_path / "r")) == 10
    empty = run("batch", "ocr.card", cards / "9*.png", "--out", tmp_path / "s", sandbox=sandbox)
    assert (empty.exit_code, "nothing matches" in empty.stderr) == (2, True)


def test_a_file_that_is_not_of_this_journal_is_never_replaced(
    words: list[str | Path], sandbox: Sandbox, tmp_path: Path
) -> None:
    out = tmp_path / "results.jsonl"
    out.write_text("of somebody else")
    for _ in range(2):
        refused = run(*words, sandbox=sandbox)
        assert (refused.exit_code, "results.jsonl exists" in refused.stderr) == (2, True)
    assert (out.read_text(), sandbox.ledger.requests) == ("of somebody else", 0)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["batch", "ocr.card"], "give paths"),
        (["batch", "ocr.card", "x", "--manifest", "list.csv"], "not both"),
        (["batch", "ocr.card", "--manifest", "list.csv"], "list.csv"),
        (["batch", "ocr.card", "-", "-"], "only once"),
        (["batch", "ocr.card", "x", "--in-doubt", "maybe"], "report, retry, skip"),
        (["batch", "ocr.card", "x", "--quota", "maybe"], "raise, wait"),
        (["batch", "ocr.card", "x", "--fields", "info.id"], "--fields applies to"),
        (["batch", "ocr.card", "x", "--out", "r.csv", "--fields", "a..b"], "not the path of a field"),
        (["batch", "ocr.card", "x", "--thumbs", "here"], "--get-thumb"),
        (["batch", "ocr.card", "x", "--journal", "j", "--out", "j"], "another name for the results"),
        (["batch", "ocr.card", "x", "--journal", "nowhere/j"], "nowhere/j"),
        (["status", "missing.db"], "there is no journal missing.db"),
        (["export", "missing.db", "--to", "r.jsonl"], "there is no journal missing.db"),
        (["reconcile", "foreign.db"], "foreign.db is not a journal"),
        (["reconcile", "missing.db", "--csv", "foreign.db"], "there is no journal missing.db"),
        (["purge", "missing.db", "--older-than", "1d"], "there is no journal missing.db"),
        (["purge", "missing.db", "--older-than", "soon"], "such as 30d"),
    ],
)
def test_mistakes_get_one_sentence(
    arguments: list[str],
    sentence: str,
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("foreign.db").write_text("This is not a journal.")
    ended = run(*arguments, sandbox=sandbox)
    assert ended.exit_code == 2
    assert sentence in " ".join(ended.stderr.split())
    assert ended.stderr.count("\n") == 1
    assert (ended.stdout, [path.name for path in tmp_path.iterdir()]) == ("", ["foreign.db"])


@pytest.mark.parametrize("name", ["batch", "status", "export", "reconcile", "purge"])
def test_every_command_has_help(name: str) -> None:
    ended = run(name, "--help")
    assert (ended.exit_code, "Usage:" in ended.stdout) == (0, True)
    assert name != "batch" or "130 interrupted" in " ".join(ended.stdout.replace("│", " ").split())


@pytest.fixture
def stats() -> Iterator[Stats]:
    """A batch that is half through."""
    stats = Stats(total=10, done=4, failed=1, billed=4, free=1)
    stats.start()
    yield stats
    stats.end()


def test_progress_is_a_bar_on_a_terminal(stats: Stats) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=120)
    with _progress.Display(terminal, "ocr.card", stats, lambda: ClientStats(gate="closed")) as display:
        display.show()
    written = terminal.file.getvalue()  # type: ignore[attr-defined]
    assert "5 of 10 · 4 done, 1 failed · 4 billed, 1 free · " in written
    assert "out of requests" in written


def test_progress_is_a_plain_line_now_and_then_elsewhere(stats: Stats, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Console(file=io.StringIO(), width=120)
    with _progress.Display(plain, "ocr.card", stats, ClientStats) as display:
        display.show()
        assert plain.file.getvalue() == ""  # type: ignore[attr-defined]
        monkeypatch.setattr(_bars, "PLAIN", 0.0)
        display.show()
    (line,) = plain.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert line.startswith("ocr.card: 5 of 10 · 4 done")
    assert line.isprintable()


def test_scans_that_were_answered_are_not_in_doubt(samples: list[Sample], sandbox: Sandbox, tmp_path: Path) -> None:
    scans = [sample.path for sample in samples if sample.path.suffix == ".jpg" and sample.kind != "broken"][:2]
    out, journal = tmp_path / "scans.jsonl", tmp_path / "scans.db"
    assert run("batch", "v1.get_scan_a4", *scans, "--out", out, "--journal", journal, sandbox=sandbox).exit_code == 0
    status = json.loads(run("status", journal, "--json").stdout)
    assert (status["in_doubt"], status["answered"]) == (0, 2)
    assert "In doubt: 0. Answered, with an unknown charge: 2." in run("status", journal).stdout
