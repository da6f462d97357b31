"""Excel files: what is on which sheet, and that text stays text."""

from __future__ import annotations

import datetime
import os
import stat
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest

from cvs_async import ConfigurationError, InvalidInputError
from cvs_async.batch import Xlsx
from cvs_async.batch.tables import COLUMNS, xlsx_file
from cvs_async.sandbox import Sample, Sandbox
from tests.support.commands import run
from tests.support.outcomes import DATED, INVOICE, card, done, failed, invoice

openpyxl: Any = pytest.importorskip("openpyxl")


def sheets(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of each sheet by their headings."""
    book = openpyxl.load_workbook(path)
    found = {}
    for sheet in book.worksheets:
        names, *rows = sheet.iter_rows(values_only=True)
        found[sheet.title] = [dict(zip(map(str, names), row, strict=True)) for row in rows]
    book.close()
    return found


async def written(path: Path, *outcomes: Any, **shape: Any) -> Xlsx:
    async with Xlsx(path, **shape) as sink:
        for outcome in outcomes:
            await sink.write(outcome)
    return sink


async def test_papers_lines_failures_and_a_summary_have_a_sheet_each(tmp_path: Path) -> None:
    outcome = done([invoice("1", "2", form="F"), invoice()], INVOICE)
    sink = await written(tmp_path / "out.xlsx", failed(3), outcome)
    assert os.listdir(tmp_path) == ["out.xlsx"]
    assert stat.S_IMODE(sink.path.stat().st_mode) == 0o600
    found = sheets(sink.path)
    assert list(found) == ["papers", "lines", "failures", "summary"]
    assert [(row["paper"], row["info.form"], row["billed"]) for row in found["papers"]] == [(1, "F", 1), (2, None, 0)]
    assert [(row["line"], row["amount_total"], row["billed"]) for row in found["lines"]] == [
        (1, "1", None),
        (2, "2", None),
    ]
    assert [(row["index"], row["status"], list(row)) for row in found["failures"]] == [(3, "failed", list(COLUMNS))]
    *_, total = found["summary"]
    assert total == {"operation": "total", "status": None, "documents": 2, "papers": 2, "lines": 2, "billed": 1}


@pytest.mark.parametrize(
    "text", ["000090000001", "=1+1", "+1", "@x", "02/03/1990", "https://x", "a\x07b", "_x0041_", "Ả", "{=1}", "TRUE"]
)
async def test_text_stays_text(tmp_path: Path, text: str) -> None:
    await written(tmp_path / "out.xlsx", done([card(id=text)]))
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    names, row = book["papers"].iter_rows()
    cell = next(cell for name, cell in zip(names, row, strict=True) if name.value == "info.id")
    assert (cell.data_type, cell.hyperlink) == ("s", None)
    assert openpyxl.utils.escape.unescape(cell.value) == text or cell.value == text
    book.close()


async def test_dates_and_amounts_are_those_of_excel(tmp_path: Path) -> None:
    papers = [
        invoice("1.000", date="19/05/2024", total_amount="128.800.800"),
        invoice(date="01/01/1890", total_amount="?"),
    ]
    await written(tmp_path / "out.xlsx", done(papers, INVOICE), **DATED)
    found = sheets(tmp_path / "out.xlsx")
    values = [(row["info.date"], row["info.total_amount"]) for row in found["papers"]]
    assert values == [(datetime.datetime(2024, 5, 19), 128800800), ("1890-01-01", "?")]
    assert [row["amount_total"] for row in found["lines"]] == [1000]
    assert found["summary"][-1]["operation"] == "info.total_amount: stays text"


async def test_a_text_that_is_too_long_for_a_cell_is_cut_and_counted(tmp_path: Path) -> None:
    sink = await written(tmp_path / "out.xlsx", done([card(id="x" * 40_000)]))
    assert len(sheets(sink.path)["papers"][0]["info.id"]) == 32_767
    assert sink.cut == 1


async def test_a_full_sheet_is_followed_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_file, "MOST_ROWS", 3)
    await written(tmp_path / "out.xlsx", *(done([card(id=str(number))]) for number in range(5)))
    found = sheets(tmp_path / "out.xlsx")
    ids = [[row["info.id"] for row in found[name]] for name in ("papers", "papers 2", "papers 3")]
    assert ids == [["0", "1"], ["2", "3"], ["4"]]


async def test_nothing_is_a_file_with_headings(tmp_path: Path) -> None:
    await written(tmp_path / "out.xlsx", operation="ocr.card")
    assert [len(rows) for rows in sheets(tmp_path / "out.xlsx").values()] == [0, 0, 0, 1]


async def test_what_there_is_is_kept_when_an_error_ends_it(tmp_path: Path) -> None:
    with pytest.raises(LookupError):
        async with Xlsx(tmp_path / "out.xlsx") as sink:
            await sink.write(done([card(id="P1")]))
            raise LookupError
    assert os.listdir(tmp_path) == ["out.xlsx.part"]
    os.rename(tmp_path / "out.xlsx.part", tmp_path / "x.xlsx")
    assert sheets(tmp_path / "x.xlsx")["papers"][0]["info.id"] == "P1"


async def test_an_existing_file_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "out.xlsx").write_text("paid for")
    with pytest.raises(InvalidInputError, match="is never written over"):
        await written(tmp_path / "out.xlsx")


def test_rows_of_another_kind_are_refused(tmp_path: Path) -> None:
    shapes: list[Any] = [{"rows": "line"}, {"raw": True}]
    for shape in shapes:
        with pytest.raises(InvalidInputError, match="without a choice of rows"):
            Xlsx(tmp_path / "out.xlsx", **shape)


@pytest.mark.parametrize("operation", [INVOICE, None])
@pytest.mark.parametrize(
    ("fields", "papers", "lines"),
    [
        (["info.form"], ["info.form"], ["info.form", "amount_total", "rest"]),
        (["info.form", "amount_total"], ["info.form"], ["info.form", "amount_total"]),
        (["amount_total"], ["info.form", "info.date"], ["amount_total"]),
    ],
)
async def test_the_sheets_have_the_chosen_fields(
    operation: Any, fields: list[str], papers: list[str], lines: list[str], tmp_path: Path
) -> None:
    outcome = done([invoice("1", form="F", date="D")], INVOICE)
    sink = await written(tmp_path / "out.xlsx", outcome, fields=fields, operation=operation)
    assert sink.unmatched == ()
    found = sheets(sink.path)
    own = [name for name in found["papers"][0] if name not in COLUMNS]
    assert own == papers if "info.form" in fields else set(papers) <= set(own)
    own = [name for name in found["lines"][0] if name not in (*COLUMNS, "table", "line")]
    assert own == lines if "amount_total" in fields else set(lines) <= set(own)
    assert found["lines"][0]["amount_total"] == "1"


async def test_an_operation_without_line_items_has_an_empty_sheet_of_them(tmp_path: Path) -> None:
    await written(tmp_path / "out.xlsx", done([card(id="1")]), operation="ocr.card", fields=["info.id"])
    found = sheets(tmp_path / "out.xlsx")
    assert ([row["info.id"] for row in found["papers"]], found["lines"]) == (["1"], [])


async def test_chosen_fields_that_are_in_no_sheet_are_reported(tmp_path: Path) -> None:
    fields = ["info.extra.new", "unit", "amount_total"]
    sink = await written(tmp_path / "out.xlsx", done([invoice("1")], INVOICE), fields=fields)
    assert sink.unmatched == ("info.extra.new", "unit")


def test_the_error_without_xlsxwriter_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter.exceptions", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'cvs_async\[xlsx\]'"):
        Xlsx(tmp_path / "out.xlsx")


async def test_what_was_written_by_an_earlier_run_costs_nothing_again(tmp_path: Path) -> None:
    outcome = attrs.evolve(done([card()]), deduplicated=True)
    await written(tmp_path / "out.xlsx", outcome)
    assert sheets(tmp_path / "out.xlsx")["summary"][-1]["billed"] == 0


def test_batch_and_export_write_excel_files(
    samples: list[Sample], sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["batch", INVOICE, samples[0].path.parent, "--journal", "j.db", "--amounts", "number"]
    assert run(*words, "--out", "r.xlsx", sandbox=sandbox).exit_code == 1
    assert run(*words, "--out", "r.xlsx", sandbox=sandbox).exit_code == 1, "it may be made anew"
    exported = run("export", "j.db", "--to", "x.xlsx", "--amounts", "number")
    assert exported.exit_code == 0, exported.stderr
    for name in ("r.xlsx", "x.xlsx"):
        found = sheets(Path(name))
        billed = sum(row["billed"] for row in (*found["papers"], *found["failures"]))
        assert billed == found["summary"][2]["billed"] == sandbox.ledger.billed
        assert any(isinstance(row["info.total_amount"], int) for row in found["papers"])
    assert stat.S_IMODE(Path("x.xlsx").stat().st_mode) == 0o600
    for option in (["--rows", "line"], ["--excel"], ["--delimiter", ";"]):
        refused = run("export", "j.db", "--to", "y.xlsx", *option)
        assert (refused.exit_code, option[0] in refused.stderr) == (2, True)
    assert sorted(path.name for path in tmp_path.iterdir() if "part" in path.name) == []
