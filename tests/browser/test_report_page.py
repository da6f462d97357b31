"""The page of a report, as people see and use it."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from axe_playwright_python.sync_playwright import Axe
from pypdf import PdfReader

from cvs_async.look.report import write_report
from cvs_async.sandbox.samples.truth import read_truth
from tests.browser.conftest import NOW, OPTIONS, Open

pytestmark = pytest.mark.browser

VIEWS = ("documents", "d1", "review", "fields", "errors", "charges")


def go(page: Any, view: str) -> None:
    name = "document" if view.startswith("d") and view[1:].isdigit() else view
    page.evaluate("view => { location.hash = view; }", view)
    page.wait_for_selector(f"body[data-view={name}]")


def rows_of(report: Path) -> list[Any]:
    if report.name == "index.html":
        text = (report.parent / "data/index.js").read_text("utf-8")
        return list(json.loads(text[len('cvs("index",') : -3])["rows"])
    text = report.read_text("utf-8").split('data-part="index">')[1].split("</script>")[0]
    return list(json.loads(text)["rows"])


def number_of(report: Path, name: str) -> int:
    """The number of the first document with this in its name, from 1."""
    return 1 + next(place for place, row in enumerate(rows_of(report)) if name in row[0])


def written(path: Path, papers: Iterable[tuple[str, Any]]) -> None:
    """Write results: a document with one paper for each name."""
    with path.open("w", encoding="utf-8") as file:
        for number, (name, paper) in enumerate(papers):
            key = hashlib.sha256(b"%d" % number).hexdigest()
            record = {"index": number, "source": name, "id": name, "key": key, "status": "done", "data": [paper]}
            record |= {"operation": "ocr.card", "charge": "billed", "attempts": 1, "elapsed": 0.1, "check_sum": name}
            file.write(f"{json.dumps(record)}\n")


# --- every view, without a word on the console and without a request


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view_opens_from_the_disk(report: Path, opened: Open, scheme: str) -> None:
    page = opened(report, color_scheme=scheme)
    for view in VIEWS:
        go(page, view)
        assert page.locator("section.view:visible").count() == 1
    go(page, f"d{number_of(report, 'hóa-đơn')}")
    page.wait_for_selector(".sheet svg image")
    assert page.locator(".sheet .box").count() > 20
    fills = page.eval_on_selector_all(".sheet .box", "boxes => boxes.map(box => getComputedStyle(box).fill)")
    assert set(fills) <= {"rgba(0, 0, 0, 0)", "none"}, "what is printed shows through its box"
    assert page.locator(".sheet + *, #sheet-side .note").first.inner_text().count("assumed") <= 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_there_is_no_serious_finding_of_axe(in_file: Path, opened: Open, scheme: str) -> None:
    page = opened(in_file, color_scheme=scheme)
    for view in (*VIEWS, f"d{number_of(in_file, 'hóa-đơn')}"):
        go(page, view)
        found = Axe().run(page).response["violations"]
        serious = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]
        assert serious == [], view


# --- boxes


@pytest.mark.parametrize("width", [1000, 1440, 1900])
@pytest.mark.parametrize("name", ["hóa-đơn.pdf", "hóa-đơn.jpg", "văn-bản", "yêu-cầu-bồi-thường.pdf"])
def test_boxes_sit_on_the_ink(in_file: Path, given: Path, opened: Open, name: str, width: int) -> None:
    row = next(row for row in rows_of(in_file) if name in row[0])
    truth = read_truth((given.parent / "samples" / Path(row[0]).name).read_bytes())
    assert truth is not None
    page = opened(in_file, f"#d{number_of(in_file, name)}", size=(width, 900))
    for place, sheet in enumerate(truth.pages):
        if place:
            page.locator("#sheet-side button", has_text=f"page {place + 1}").click()
        page.locator("#sheet-side .sheet button, #sheet-side button", has_text="+").click()
        at = page.locator(".sheet image").bounding_box()
        scale = at["width"] / sheet.width
        sides = list(boxes_in([sheet.papers, sheet.blocks]))
        left, top = at["x"], at["y"]
        expected = [(left + x * scale, top + y * scale, left + r * scale, top + b * scale) for x, y, r, b in sides]
        drawn = page.eval_on_selector_all(".sheet .box", RECTANGLES)
        assert drawn
        for box in drawn:
            nearest = min(max(abs(a - b) for a, b in zip(box, other, strict=True)) for other in expected)
            assert nearest <= 2 * scale + 1


def boxes_in(truth: Any) -> Iterator[list[float]]:
    """Every box of a sample, as the vendor writes them."""
    if isinstance(truth, list):
        for part in truth:
            yield from boxes_in(part)
    elif isinstance(truth, dict):
        for name, part in truth.items():
            if name == "box" or name.endswith("_box"):
                yield [part[side] for side in SIDES] if isinstance(part, dict) else part
            else:
                yield from boxes_in(part)


SIDES = ("left", "top", "right", "bottom")

RECTANGLES = """boxes => boxes.map(box => {
    const { left, top, right, bottom } = box.getBoundingClientRect();
    return [left, top, right, bottom];
})"""


def test_values_and_boxes_point_at_each_other(report: Path, opened: Open) -> None:
    page = opened(report, f"#d{number_of(report, 'hóa-đơn')}")
    row = page.locator(".papers tr[data-id]").nth(3)
    row.hover()
    number = row.get_attribute("data-id")
    assert page.locator(f".sheet .box.at[data-id='{number}']").count() == 1
    other = page.locator(".sheet .box").nth(10)
    other.hover(force=True)
    other_number = other.get_attribute("data-id")
    assert page.locator(f".papers .at[data-id='{other_number}']").count() == 1


def test_the_page_switches_to_that_of_the_value(report: Path, opened: Open) -> None:
    page = opened(report, f"#d{number_of(report, 'căn-cước-hai-mặt')}")
    last = page.locator(".papers tr[data-id]:visible").last
    last.click()
    assert "page 2" in page.locator("#sheet-side button[aria-pressed=true]").inner_text()


# --- searching and sorting


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_search_finds_names_without_accents(report: Path, opened: Open, form: Any) -> None:
    page = opened(report)
    page.fill("#search", unicodedata.normalize(form, "hoa don"))
    assert page.locator("#rows tr.row").count() > 0
    assert all(
        "hóa-đơn" in unicodedata.normalize("NFC", text)
        for text in page.locator("#rows td:first-child a").all_inner_texts()
    )
    page.fill("#search", unicodedata.normalize(form, "ĐƠN"))
    assert page.locator("#rows tr.row").count() > 0


def test_values_are_searched_on_request(report: Path, opened: Open) -> None:
    page = opened(report)
    page.fill("#search", "cong ty tnhh vi du")
    assert page.locator("#rows tr.row").count() == 0
    page.check("#search-values")
    page.wait_for_selector("#rows tr.row")


def test_what_is_unknown_is_sorted_last(report: Path, opened: Open) -> None:
    page = opened(report)
    for _ in range(2):
        page.click("th[data-sort=least]")
        shown = page.locator("#rows tr.row td:nth-child(5)").all_inner_texts()
        known = [float(text.split()[1].rstrip("%\u00a0")) for text in shown if "–" not in text]
        assert ["–" in text for text in shown] == sorted("–" in text for text in shown)
        assert known in (sorted(known), sorted(known, reverse=True))
    assert page.locator("th[data-sort=least]").get_attribute("aria-sort") == "descending"


def test_filters_count(report: Path, opened: Open) -> None:
    page = opened(report)
    page.click("#chips button[value=failed]")
    assert page.locator("#rows tr.row").count() == sum(row[1] == "failed" for row in rows_of(report))
    assert page.locator("#counted").inner_text().startswith(str(sum(row[1] == "failed" for row in rows_of(report))))


def test_50_000_documents_are_usable(opened: Open, tmp_path: Path) -> None:
    info = {"id": {"value": "1", "confidence": 0.9}}
    names = (f"scans/{number:05}-nguyễn.jpg" for number in range(50_000))
    written(tmp_path / "x.jsonl", ((name, {"type": "passport", "info": info}) for name in names))
    write_report([tmp_path / "x.jsonl"], tmp_path / "report", evolve(OPTIONS, pictures="review"))
    page = opened(tmp_path / "report" / "index.html")
    assert page.locator("#rows tr").count() <= 100
    page.fill("#search", "49999-nguyen")
    assert page.locator("#rows td:first-child a").all_inner_texts() == ["scans/49999-nguyễn.jpg"]
    page.fill("#search", "")
    page.evaluate("document.getElementById('rows').scrollTop = 1e9")
    page.locator("#rows a", has_text="49999").wait_for()
    assert page.locator("#rows tr").count() <= 100
    go(page, "d49999")
    assert "scans/49998-nguyễn.jpg" in page.locator("#v-document h2").inner_text()


# --- what is not ours


def test_hostile_text_is_shown_and_nothing_of_it_runs(opened: Open, tmp_path: Path) -> None:
    texts = [
        "</script><script>window.bad = 1</script>",
        "<img src=x onerror='window.bad = 1'>",
        "\u202egpj.exe",
        "a\u2028b",
    ]
    papers = (
        {
            "type": text,
            "info": {"id": {"value": text, "confidence": 0.1}, "extra": {text: text}},
            "invalid_code": 1,
            "invalid_message": text,
        }
        for text in texts
    )
    written(tmp_path / "x.jsonl", zip(texts, papers, strict=True))
    for to in (tmp_path / "x.html", tmp_path / "report"):
        write_report([tmp_path / "x.jsonl"], to, OPTIONS)
        page = opened(to if to.suffix else to / "index.html")
        for view in (*VIEWS, "d2", "d3", "d4"):
            go(page, view)
        go(page, "d1")
        assert texts[0] in page.locator("#v-document").inner_text()
        assert page.evaluate("window.bad") is None


def test_a_redacted_page_is_whole(redacted: Path, opened: Open) -> None:
    page = opened(redacted)
    for view in (*VIEWS, f"d{len(rows_of(redacted))}"):
        go(page, view)
    go(page, "documents")
    count = len(rows_of(redacted))
    assert page.locator("#counted").inner_text() == f"{count} of {count}"
    assert page.locator("header .badge").inner_text() == "redacted"


# --- keys, paper, narrow screens, no script


def test_the_keyboard_is_enough(report: Path, opened: Open) -> None:
    page = opened(report)
    page.keyboard.press("/")
    page.locator("#search:focus").wait_for()
    page.keyboard.type("hoa don")
    page.keyboard.press("Escape")
    page.locator("#rows td:first-child a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("body[data-view=document]")
    first = page.locator("#v-document h2").inner_text()
    page.keyboard.press("n")
    low = page.evaluate("document.activeElement.dataset.id")
    assert low is not None
    page.keyboard.press("n")
    assert page.evaluate("document.activeElement.dataset.id") != low
    page.keyboard.press("b")
    assert page.locator(".sheet .box:visible").count() == 0
    page.keyboard.press("j")
    page.locator("#v-document h2").filter(has_not_text=first).wait_for()
    page.keyboard.press("k")
    page.locator("#v-document h2").filter(has_text=first).wait_for()
    page.keyboard.press("m")
    assert page.evaluate("document.body.classList.contains('masked')")
    number = page.evaluate("location.hash")
    page.keyboard.press("Escape")
    page.wait_for_selector("body[data-view=documents]")
    assert page.evaluate("document.activeElement.getAttribute('href')") == number


def test_back_from_a_document_its_row_is_in_sight(opened: Open, tmp_path: Path) -> None:
    info = {"id": {"value": "1", "confidence": 0.9}}
    written(tmp_path / "x.jsonl", ((f"{number}.jpg", {"type": "passport", "info": info}) for number in range(900)))
    write_report([tmp_path / "x.jsonl"], tmp_path / "a.html", OPTIONS)
    page = opened(tmp_path / "a.html", "#d700")
    page.keyboard.press("Escape")
    page.wait_for_selector("body[data-view=documents]")
    assert page.evaluate("document.activeElement.textContent") == "699.jpg"
    box, frame = page.locator("#rows a:focus").bounding_box(), page.locator("#rows").bounding_box()
    assert frame["y"] < box["y"] < frame["y"] + frame["height"]


def test_all_rows_are_printed_and_none_is_cut(opened: Open, tmp_path: Path) -> None:
    info = {"id": {"value": "1", "confidence": 0.9}}
    names = [f"scans/{number:04}-một-tên-khá-dài-của-tệp.jpg" for number in range(300)]
    written(tmp_path / "x.jsonl", ((name, {"type": "passport", "info": info}) for name in names))
    write_report([tmp_path / "x.jsonl"], tmp_path / "a.html", OPTIONS)
    page = opened(tmp_path / "a.html")
    page.pdf(path=tmp_path / "a.pdf", format="A4")
    sheets = [sheet.extract_text() for sheet in PdfReader(tmp_path / "a.pdf").pages]
    text = "".join(sheets).replace("\n", "")
    assert all(f"{number:04}-" in text for number in range(300))
    assert all("holds personal data" in sheet and len(sheet) > 60 for sheet in sheets)
    assert len(sheets) < 30
    assert all("check_sum" in sheet for sheet in sheets)  # the last column, in the head of each sheet
    page.wait_for_function("document.querySelectorAll('#rows tr').length <= 100")  # on the screen again


def test_single_keys_can_be_switched_off(in_file: Path, opened: Open) -> None:
    page = opened(in_file)
    page.click("#help-button")
    page.uncheck("#message input")
    page.locator("#rows").focus()
    page.keyboard.press("m")
    assert not page.evaluate("document.body.classList.contains('masked')")


@pytest.mark.parametrize("view", ["d4", "review", "fields"])
def test_every_sheet_of_paper_says_that_it_holds_personal_data(
    in_file: Path, opened: Open, tmp_path: Path, view: str
) -> None:
    page = opened(in_file)
    if view == "d4":
        view = f"d{number_of(in_file, 'hóa-đơn')}"
    go(page, view)
    page.pdf(path=tmp_path / "a.pdf", format="A4")
    sheets = [sheet.extract_text() for sheet in PdfReader(tmp_path / "a.pdf").pages]
    assert all("holds personal data" in text for text in sheets)
    assert all(len(text) > 60 for text in sheets)


def test_narrow_screens_do_not_scroll_sideways(report: Path, opened: Open) -> None:
    page = opened(report, size=(400, 800))
    for view in (*VIEWS, f"d{number_of(report, 'hóa-đơn')}"):
        go(page, view)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), view


def test_without_scripts_there_are_figures_and_rows(report: Path, opened: Open) -> None:
    page = opened(report, java_script_enabled=False)
    assert page.locator("#cards .card").count() == 4
    assert page.locator("#cards svg.chart rect").count() > 0
    assert page.locator("#rows tr.row").count() == len(rows_of(report))
    assert page.locator("#v-fields tbody tr").count() > 10
    assert NOW.isoformat(sep=" ", timespec="seconds") in page.locator("header").inner_text()


def test_a_field_leads_to_its_queue(report: Path, opened: Open) -> None:
    page = opened(report)
    go(page, "fields")
    row = page.locator("#v-fields tbody tr[data-column='info.due_date']").first
    row.click()
    page.wait_for_selector("body[data-view=review]")
    notes = page.locator("#queue .note").all_inner_texts()
    assert notes
    assert all(note.startswith("due_date · ") for note in notes)


def test_a_row_has_its_values_without_a_confidence_too(opened: Open, tmp_path: Path) -> None:
    drug = {"value": "Paracetamol", "confidence": 0.9}
    quantity = {"value": "10", "confidence": None}
    paper = {"type": "prescription", "info": {"drug_info": [{"drug": drug, "quantity": quantity}]}}
    written(tmp_path / "out.jsonl", [("a.jpg", paper)])
    write_report([tmp_path / "out.jsonl"], tmp_path / "r.html", OPTIONS)
    page = opened(tmp_path / "r.html")
    go(page, "d1")
    page.wait_for_selector(".papers th")
    assert page.locator(".papers th:visible").all_inner_texts() == ["drug", "quantity"]
