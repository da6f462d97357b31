"""Charges: by day in a time zone, joined with the results, and compared with the vendor's list."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cvs_async import InvalidInputError
from cvs_async.batch import JournalReader
from cvs_async.batch.journal import Journal
from cvs_async.cli._vendor import VendorLine, read_vendor
from cvs_async.cli._zones import parse_zone
from cvs_async.sandbox import Sample, Sandbox
from tests.support.booked import EVENING, A, B, C, D, E, F, book, rows_of
from tests.support.commands import run
from tests.support.hostile import OBEYED


def test_days_and_times_are_those_of_a_time_zone(tmp_path: Path) -> None:
    path = book(tmp_path / "j.db", [(A, "billed", EVENING)])
    with JournalReader(path) as reader:
        assert [row.day for row in reader.reconcile()] == ["2026-11-24"]
        [row] = reader.reconcile(ZoneInfo("Asia/Ho_Chi_Minh"))
    assert (row.day, row.sent_at, row.ended_at) == ("2026-11-25", EVENING, EVENING + 2)
    [told] = rows_of(run("reconcile", path, "--csv", "-", "--tz", "Asia/Ho_Chi_Minh"))
    assert (told["day"], told["sent_at"], told["ended_at"]) == (
        "2026-11-25", "2026-11-25T01:30:00+07:00", "2026-11-25T01:30:02+07:00",
    )  # fmt: skip
    shown = run("reconcile", path, "--tz", "Asia/Ho_Chi_Minh").stdout
    assert ("by day (Asia/Ho_Chi_Minh)" in shown, "2026-11-25" in shown) == (True, True)
    assert "by day (UTC)" in run("reconcile", path).stdout


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Asia/Ho_Chi_Min", "Asia/Ho_Chi_Minh"),
        ("ho chi minh", "Asia/Ho_Chi_Minh"),
        ("Asia/Hanoi", "Asia/Ho_Chi_Minh"),
        ("Asia", "looks like Asia/Ho_Chi_Minh"),
        ("../etc/passwd", "looks like Asia/Ho_Chi_Minh"),
        ("", "looks like Asia/Ho_Chi_Minh"),
        ("Europe/Berln", "Europe/Berlin"),
    ],
)
def test_a_wrong_time_zone_is_answered_with_the_nearest(name: str, near: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=near):
        parse_zone(name)
    ended = run(
        "reconcile", book(tmp_path / "j.db", [(A, "billed", EVENING)]), "--tz", name, "--csv", tmp_path / "r.csv"
    )
    assert (ended.exit_code, (tmp_path / "r.csv").exists()) == (2, False)


def test_a_document_is_counted_once_a_day_and_has_all_its_names(tmp_path: Path) -> None:
    names: dict[str, list[tuple[str, str | None]]] = {A: [("a.jpg", None), ("=1+1", "A-1")], B: [("b.jpg", None)]}
    path = book(tmp_path / "j.db", [(A, "free", EVENING), (A, "billed", EVENING + 5), (B, "unknown", EVENING)], names)
    first, second = rows_of(run("reconcile", path, "--csv", "-"))
    assert (first["key"], first["source"], first["id"], first["papers"]) == (A, "a.jpg | =1+1", " | A-1", "3")
    assert (first["billed"], first["free"], first["free_by_code"], first["unknown"]) == ("1", "1", "1 × 5", "0")
    assert first["sent_at"] < first["ended_at"] == "2026-11-24T18:30:07+00:00"
    assert (second["source"], second["id"], second["papers"], second["unknown"]) == ("b.jpg", "", "", "1")
    shown = " ".join(run("reconcile", path).stdout.split())
    assert "requests requests requests free, day documents billed unknown operation by code" in shown
    assert "2026-11-24 2 1 1 ocr.card 1 (1 × 5)" in shown


def test_names_are_defused_for_spreadsheets_and_terminals(tmp_path: Path) -> None:
    path = book(tmp_path / "j.db", [(A, "billed", EVENING)], {A: [("=cmd|'/c calc'!A1", "\x1b]0;pwned\x07")]})
    [row] = rows_of(run("reconcile", path, "--csv", "-"))
    assert row["source"] == "'=cmd|'/c calc'!A1"
    out = tmp_path / "r.csv"
    ended = run("reconcile", path, "--csv", out)
    assert not OBEYED.search(ended.stdout + ended.stderr)
    assert "cmd" not in ended.stdout + ended.stderr, "names are in the file only"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_charges_join_with_the_results_by_key(sandbox: Sandbox, samples: list[Sample], tmp_path: Path) -> None:
    listed, out, journal = tmp_path / "list.jsonl", tmp_path / "r.jsonl", tmp_path / "j.db"
    entries = [{"id": f"N-{number}", "path": str(sample.path)} for number, sample in enumerate(samples)]
    listed.write_text("\n".join(map(json.dumps, [*entries, {"id": "again", "path": str(samples[0].path)}])))
    run("batch", "ocr.card", "--manifest", listed, "--journal", journal, "--out", out, sandbox=sandbox)
    results = [json.loads(line) for line in out.read_text().splitlines()]
    keyed: dict[str, list[dict[str, Any]]] = {}
    for line in results:
        if line["key"] is not None:
            keyed.setdefault(line["key"], []).append(line)
    rows = rows_of(run("reconcile", journal, "--csv", "-"))
    assert {row["key"] for row in rows} == set(keyed)
    for row in rows:
        lines = keyed[row["key"]]
        assert sorted(row["source"].split(" | ")) == sorted(line["source"] for line in lines)
        assert sorted(row["id"].split(" | ")) == sorted(line["id"] for line in lines)
        papers = [len(line["data"]) for line in lines if line["status"] == "done"]
        assert [int(row["papers"])] * len(papers) == papers if papers else row["papers"] == ""
    assert any(" | " in row["source"] for row in rows)


def test_prices_make_sums_by_day_and_operations_without_a_price_are_named(tmp_path: Path) -> None:
    path = book(tmp_path / "j.db", [(A, "billed", EVENING), (B, "billed", EVENING), (C, "billed", EVENING + 86400)])
    shown = run("reconcile", path, "--price", "ocr.card=1000đ", "--csv", "-")
    assert [(row["amount"], row["currency"]) for row in rows_of(shown)] == [("1000", "VND")] * 3
    told = " ".join(shown.stderr.split())
    assert "2026-11-24 2 2 0 2,000 ocr.card 0 2026-11-25 1 1 0 1,000 ocr.card 0 " in told
    assert "all 3 0 3,000 0 Cost of billed requests: 3,000 VND." in told
    other = run("reconcile", path, "--price", "ocr.claims=5", "--csv", "-")
    assert [row["amount"] for row in rows_of(other)] == [""] * 3
    assert "Cost of billed requests: no price for 3 requests of ocr.card." in other.stderr
    assert "Cost of billed requests: 3,000 VND." in run("status", path, "--price", "ocr.card=1000 VND").stdout
    figures = json.loads(run("status", path, "--price", "ocr.card=0.5", "--json").stdout)
    assert (figures["amount"], figures["currency"], figures["unpriced"]) == ("1.5", None, {})


# --- the vendor's list


def vendor(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        "check_sum,note\naa,x\nbb,y\naa,z\n",
        "\ufeffSTT;Check-Sum\r\n1;aa\r\n2;bb\r\n3;aa\r\n",
        "sep=\t\nCHECKSUM\tday\naa\t1\nbb\t1\n\t\naa\t2\n",
        "checkSum,count\naa,2\nbb,1\n",
        "Mã đối soát;Số lượng\naa;2.0\nbb;1\n",
        '"check_sum","charged"\n"aa",yes\n" bb ",TRUE\naa,1\n',
        "check_sum,billed\naa,2\nbb,1\n",
        "check_sum,errorCode\naa,0\nbb,0\naa,0\n",
    ],
)
def test_the_vendors_list_is_read_as_vendors_write_it(content: str, tmp_path: Path) -> None:
    billed: dict[str, int] = {}
    for line in read_vendor(vendor(tmp_path / "v.csv", content)):
        billed[line.check_sum] = billed.get(line.check_sum, 0) + line.billed
        assert line.free == 0
    assert billed == {"aa": 2, "bb": 1}


def test_lines_that_the_vendor_did_not_charge_are_free(tmp_path: Path) -> None:
    lines = [*read_vendor(vendor(tmp_path / "v.csv", "check_sum,code\naa,5\nbb,\ncc,0\n"))]
    assert lines == [VendorLine("aa", 0, 1), VendorLine("bb", 0, 1), VendorLine("cc", 1, 0)]
    lines = [*read_vendor(vendor(tmp_path / "v.csv", "check_sum,charge,count\naa,free,3\nbb,không,1\n"))]
    assert lines == [VendorLine("aa", 0, 3), VendorLine("bb", 0, 1)]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("id,day\n1,2\n", "row 1: has no column check_sum"),
        ("", "row 1: has no column check_sum"),
        ("check_sum,checksum\na,b\n", "row 1: has several columns for check_sum"),
        ("check_sum,count\naa,1\nbb,many\n", "row 3: its count is not a number"),
        ("check_sum,charge\naa,maybe\n", "row 2: its charge is neither yes nor no nor a number"),
        ("id;check_sum\n1\n", "row 2: is shorter than the first row"),
        ('check_sum\n"aa\n', "row 2: unexpected end of data"),
        (b"PK\x03\x04\xff\xfe\x00", "is not UTF-8 text"),
        ("check_sum\naa\n".encode("utf-16"), "is not UTF-8 text"),
        (None, "No such file"),
    ],
)
def test_a_bad_list_gets_a_clear_error_and_makes_no_file(content: str | bytes | None, why: str, tmp_path: Path) -> None:
    path, file = book(tmp_path / "j.db", [(A, "billed", EVENING)]), tmp_path / "v.csv"
    if content is not None:
        vendor(file, content)
    ended = run("reconcile", path, "--against", file, "--csv", tmp_path / "r.csv")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert f"{file}" in ended.stderr
    assert why in ended.stderr
    assert not (tmp_path / "r.csv").exists()


def test_our_requests_are_compared_with_the_vendors_by_check_sum(tmp_path: Path) -> None:
    sent = [
        (A, "billed", EVENING),
        (B, "billed", EVENING),
        (C, "unknown", EVENING),
        (D, "unknown", EVENING),
        (E, "free", EVENING),
        (F, "billed", EVENING),
    ]
    path = book(tmp_path / "j.db", sent, {key: [(f"secret {key[0]}.jpg", key[0])] for key, _, _ in sent})
    content = f"Check_Sum;who\n{A[:16].upper()};x\n{C[:16]};x\n{F[:16]};x\n{F[:16]};x\n1,2E+15;x\n;Total\n"
    file = vendor(tmp_path / "v.csv", content)
    ended = run("reconcile", path, "--against", file, "--csv", "-")
    rows = {row["check_sum"]: row for row in rows_of(ended)}
    told = {
        check_sum[:1]: (row["match"], row["billed"], row["unknown"], row["vendor_billed"])
        for check_sum, row in rows.items()
    }
    assert told == {
        "a": ("both", "1", "0", "1"),
        "b": ("ours only", "1", "0", "0"),
        "c": ("different", "0", "1", "1"),
        "d": ("ours only", "0", "1", "0"),
        "e": ("free", "0", "0", "0"),
        "f": ("different", "1", "0", "2"),
        "1": ("theirs only", "0", "0", "1"),
    }
    assert (rows[A[:16]]["key"], rows[A[:16]]["source"], rows[A[:16]]["id"]) == (A, "secret a.jpg", "a")
    shown = " ".join(run("reconcile", path, "--against", file).stdout.split())
    assert "both 1 1 0 1 billed" in shown
    assert "ours only 2 1 1 0 billed" in shown
    assert "different 2 1 1 3 billed" in shown
    assert "theirs only 1 0 0 1 in" in shown
    assert "Unknown requests that are in the vendor's file: 1; billed of them: 1." in shown
    assert "Unknown requests that are not in the vendor's file: 1." in shown
    assert "without a check_sum, which are ignored: 1." in shown
    assert "numbers such as 1.2E+15: 1." in shown
    assert "secret" not in shown


def test_a_period_bounds_what_is_compared(tmp_path: Path) -> None:
    day = 86_400
    sent = [(A, "billed", EVENING - day), (B, "billed", EVENING), (C, "billed", EVENING + day)]
    path = book(tmp_path / "j.db", sent)
    rows = {
        since: [row["key"] for row in rows_of(run("reconcile", path, "--csv", "-", *since))]
        for since in [(), ("--since", "2026-11-24"), ("--until", "2026-11-24")]
    }
    assert sorted(rows[()]) == [A, B, C]
    assert (sorted(rows["--since", "2026-11-24"]), sorted(rows["--until", "2026-11-24"])) == ([B, C], [A, B])
    hanoi = ["--tz", "Asia/Ho_Chi_Minh", "--since", "2026-11-25", "--until", "2026-11-25"]
    assert [row["key"] for row in rows_of(run("reconcile", path, "--csv", "-", *hanoi))] == [B]
    file = vendor(tmp_path / "v.csv", f"check_sum\n{B[:16]}\n{C[:16]}\n{D[:16]}\n")
    only = ["--since", "2026-11-24", "--until", "2026-11-24"]
    matches = {
        row["check_sum"]: row["match"]
        for row in rows_of(run("reconcile", path, "--against", file, "--csv", "-", *only))
    }
    assert matches == {B[:16]: "both", C[:16]: "theirs only", D[:16]: "theirs only"}
    shown = " ".join(run("reconcile", path, "--against", file, *only).stdout.split())
    assert "from 2026-11-24 to 2026-11-24" in shown
    assert "check_sums that are theirs only, but that these journals have on other days: 1." in shown
    assert "on other days" not in run("reconcile", path, "--against", file).stdout


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--since", "24.11.2026"], "such as 2026-11-24"),
        (["--until", "2026-11-31"], "such as 2026-11-24"),
        (["--since", "2026-11-25", "--until", "2026-11-24"], "after"),
    ],
)
def test_an_invalid_period_is_refused(words: list[str], why: str, tmp_path: Path) -> None:
    ended = run("reconcile", book(tmp_path / "j.db", [(A, "billed", EVENING)]), *words)
    assert (ended.exit_code, why in ended.stderr) == (2, True), ended.stderr


def test_what_was_sent_without_a_check_sum_is_ours_only(tmp_path: Path) -> None:
    async def without() -> None:
        async with Journal(tmp_path / "j.db") as journal:
            for key in (A, B):
                await journal.claim(key, operation="ocr.card", source="a.jpg")
                await journal.sent(key, check_sum=None)

    asyncio.run(without())
    file = vendor(tmp_path / "v.csv", "check_sum\n\nNone\n")
    rows = rows_of(run("reconcile", tmp_path / "j.db", "--against", file, "--csv", "-"))
    assert sorted((row["match"], row["check_sum"]) for row in rows) == [
        ("ours only", ""), ("ours only", ""), ("theirs only", "None"),
    ]  # fmt: skip


def test_the_sandboxs_ledger_agrees_with_us(sandbox: Sandbox, samples: list[Sample], tmp_path: Path) -> None:
    words = ["--journal", tmp_path / "j.db", "--out", tmp_path / "r.jsonl"]
    run("batch", "ocr.card", samples[0].path.parent, *words, sandbox=sandbox)
    lines = [f"{entry.parameters['check_sum']},{entry.code}" for entry in sandbox.ledger]
    file = vendor(tmp_path / "v.csv", "\n".join(["check_sum,code", *lines]))
    rows = rows_of(run("reconcile", tmp_path / "j.db", "--against", file, "--csv", "-"))
    assert {row["match"] for row in rows} == {"both"}
    assert sum(int(row["vendor_billed"]) for row in rows) == sandbox.ledger.billed


@pytest.mark.parametrize("name", ["j.db", "v.csv"])
def test_nothing_that_is_read_is_written(name: str, tmp_path: Path) -> None:
    path, file = book(tmp_path / "j.db", [(A, "billed", EVENING)]), vendor(tmp_path / "v.csv", "check_sum\naa\n")
    before: Callable[[], tuple[bytes, bytes]] = lambda: (path.read_bytes(), file.read_bytes())  # noqa: E731
    was = before()
    assert run("reconcile", path, "--against", file, "--csv", tmp_path / name).exit_code == 2
    assert before() == was
