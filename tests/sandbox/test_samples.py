"""Sample documents: the pictures say what their truth says, and the mix is as promised."""

from __future__ import annotations

import io
import itertools
import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf.errors import PyPdfError

from cvs_async.sandbox.samples import (
    Sample,
    business,
    cards,
    civil,
    medical,
    papers,
    tables,
    vehicles,
    write_samples,
    writing,
)
from cvs_async.sandbox.samples.einvoice import read_einvoice
from cvs_async.sandbox.samples.people import Person, person, vehicle
from cvs_async.sandbox.samples.truth import Page, Truth, read_truth, save_image, save_pdf
from tests.support.examples import some_of

Box = tuple[int, int, int, int]
Drawn = tuple[Image.Image, Page]

PARTS = ["town", "town_code", "district", "district_code", "ward", "ward_code"]
ZONE = {"country", "person_number", "dob", "gender", "due_date", "nationality", "sur_name", "given_name"}


def sure(*names: str) -> set[str]:
    return {f"{name}{part}" for name in names for part in ("", "_confidence")}


def triples(*names: str) -> set[str]:
    return {f"{name}{part}" for name in names for part in ("", "_box", "_confidence")}


DOCUMENTED = {
    "chip_id_card_front": triples(
        *("id", "name", "dob", "hometown", "gender", "due_date", "nationality", "address"),
    )
    | {f"{whole}_{part}" for whole in ("address", "hometown") for part in PARTS},
    "chip_id_card_back": triples("issue_date", "issued_at") | ZONE | {"document_number", "mrz_confidence"},
    "passport": ZONE | {"id", "confidence"},
    "claim_form": triples(
        *("insure_name", "dob", "gender", "certificate_no", "id_card_no", "family_member"),
        *("policy_holder", "cellphone_no", "email"),
    ),
    "invoice": triples(
        *("date", "form", "invoice_no", "serial_no", "supplier", "tax_code", "total_amount", "payment_method"),
        *("sub_total", "vat_amount", "purchaser_name", "lookup_website", "lookup_code", "buyer_name"),
        *("supplier_address", "vat_rate"),
    )
    | {"account_bank", "table", "info_goods"},
    "9_id_card_front": triples("id", "name", "dob", "hometown", "address")
    | {f"{whole}_{part}" for whole in ("address", "hometown") for part in PARTS},
    "9_id_card_back": triples("ethnicity", "issue_date", "religious", "issued_at"),
    "driving_license": {"id", "name", "dob", "class", "nationality", "issue_date", "due_date", "address"},
    "bvcard": triples("name", "plan", "company", "valid", "policy_no"),
    "vehicle_registration_front": sure("name", "address", "id", "plate", "issued_at"),
    "vehicle_registration_back": sure(
        *("name", "address", "engine", "chassis", "brand", "model", "color", "capacity", "issued_at"),
        *("last_issue_date", "first_issue_date", "plate", "pay_load", "year_of_manufacture", "sit", "stand", "lie"),
    )
    | {"issued_at_code", "address_town_code", "address_district_code"}
    | {f"Address_{part}" for part in ("town", "district", "ward", "ward_code")},
    "picertificate": {
        *("chassis_number", "commercial_use", "design_pay_load", "design_towed_mass", "engine_number"),
        *("inside_cargo_container_dimension", "issued_on", "life_time_limit", "manufactured_country"),
        *("manufactured_year", "mark", "model_code", "modification", "permissible_no", "regis_date"),
        *("registration_number", "seri", "tire_size", "type", "valid_until", "wheel_form", "capacity"),
        *("report_number", "authorized_pay_load"),
    },
    "birth_certificate": sure(
        *("dob", "father_dob", "father_name", "gender", "mother_dob", "mother_name", "name", "number"),
        *("number_book", "regis_date"),
    ),
    "business_registration": triples(
        *("company_name", "english_name", "short_name", "business_code", "regis_date", "date_of_change", "address"),
        *("company_phone", "fax", "email", "website", "authorized_capital", "par_value", "total_shares"),
        *("representative_name", "representative_title", "gender", "dob", "ethnicity", "nationality"),
        *("document_type", "number_of_idcard", "issue_date", "issued_at", "household_address"),
        "representative_address",
    ),
    "price_quotation": triples(
        *("name_of_garage", "quotation_date", "estimated_delivery_date", "total_amount", "sub_total", "vat_amount"),
    )
    | {"table"},
    "bank_statement": {"json"},
    "prescription": triples(
        *("patient_name", "gender", "year_of_birth", "address", "pid", "diagnose", "medical_facility"),
        "prescription_date",
    )
    | {"icd_10", "drug_info", "valid_seals"},
    "hospital_discharge_paper": triples(
        *("patient_name", "gender", "year_of_birth", "address", "pid", "department", "diagnose", "treatments"),
        *("hospitalization_date", "hospital_discharge_date", "medical_facility"),
    )
    | {"icd_10", "valid_seals"},
    "list_expense": triples(
        *("patient_name", "address", "pid", "diagnosis", "hospitalization_date", "hospital_discharge_date"),
        *("medical_facility", "table_date", "table_number", "total_payment"),
    )
    | {"icd_10", "table", "valid_seals"},
    "bill": triples("insure_name", "dob", "gender", "address", "medical_facility", "date", "total_amount")
    | {"valid_seals"},
    "table": {"json", "info"},
}
QUOTED = triples("description", "quantity", "unit_price", "percent_discount", "discount")
CELL_LABELS = {
    *("number", "description", "unit", "quantity", "unit_price", "amount_before_tax", "tax", "tax_amount"),
    *("amount_total", "batch_no", "expired_date"),
}
PEOPLE_PAPERS = [papers.chip_id_card_front, papers.chip_id_card_back, papers.passport, papers.claim_form]
RARE_PAPERS = [
    cards.old_id_card_front,
    cards.old_id_card_back,
    cards.driving_license,
    cards.insurance_card,
    civil.birth_certificate,
    civil.business_registration,
    business.price_quotation,
    business.bank_statement,
    medical.prescription,
    medical.discharge_paper,
    medical.expense_list,
    medical.hospital_bill,
]
TABLES = [tables.newer_table, tables.older_table]
OTHER_PAPERS = [papers.invoice, papers.text_page]
RARE_KINDS = {
    "old_card": "ocr.card",
    "driving_license": "ocr.driving_license",
    "vehicle_registration": "ocr.vehicle_registration",
    "vehicle_inspection": "ocr.vehicle_inspection",
    "birth_certificate": "ocr.birth_certificate",
    "business_registration": "ocr.document.business_registration",
    "insurance_card": "ocr.claims",
    "price_quotation": "ocr.document.price_quotation",
    "bank_statement": "ocr.document.bank_statement",
    "einvoice": "ocr.document.invoice_xml",
    "prescription": "ocr.claims",
    "discharge_paper": "ocr.claims",
    "expense_list": "ocr.claims",
    "hospital_bill": "ocr.document.invoice_hospital",
    "table": "ocr.document.get_table",
}


@pytest.fixture(name="many")
def hundred(all_kinds: list[Sample]) -> list[Sample]:
    return all_kinds[:100]


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write files without drawing them, for tests of their order only."""
    ways = {kind: [(name, lambda path, *_: path.touch()) for name, _ in known] for kind, known in writing._WAYS.items()}
    monkeypatch.setattr(writing, "_WAYS", ways)


def all_pages() -> Iterator[Drawn]:
    """Every paper, drawn with several seeds."""
    for seed in range(some_of(12)):
        chance = Random(seed)
        somebody = person(chance)
        yield from (draw(somebody, chance) for draw in PEOPLE_PAPERS + RARE_PAPERS + TABLES)
        yield from (draw(chance) for draw in OTHER_PAPERS)
        car = vehicle(chance)
        yield vehicles.vehicle_registration_front(somebody, car, chance)
        yield vehicles.vehicle_registration_back(somebody, car, chance)
        yield vehicles.vehicle_inspection(car, chance)


@pytest.fixture(scope="module", name="pages")
def drawn_pages() -> list[Drawn]:
    return list(all_pages())


def texts_of(page: Page) -> list[dict[str, Any]]:
    return [text for block in page.blocks for line in block for text in line]


def text_box(text: dict[str, Any]) -> Box:
    box = text["box"]
    return box["left"], box["top"], box["right"], box["bottom"]


def field_boxes(info: dict[str, Any]) -> dict[str, Box]:
    """Boxes by the value they hold, of the info itself and of what is nested in it."""
    boxes = {info[name.removesuffix("_box")]: tuple(box) for name, box in info.items() if name.endswith("_box")}
    for inner in (*info.get("account_bank", []), *info.get("table", [])):
        if isinstance(inner, dict):
            boxes |= field_boxes(inner)
    scored = {"icd_10": "icd", "drug_info": "drug"}
    return boxes | {one[name]: tuple(one["box"]) for list_, name in scored.items() for one in info.get(list_, [])}


def dark(image: Image.Image, box: Box) -> Box | None:
    """Return the ink's place in a box: text is darker or redder than paper, waves and watermark."""
    green = image.crop(box).getchannel("G")
    return green.point([255] * 150 + [0] * 106).getbbox()


def apart(one: Box, two: Box) -> bool:
    return one[2] <= two[0] or two[2] <= one[0] or one[3] <= two[1] or two[3] <= one[1]


# The mix


def test_same_count_and_seed_give_the_same_bytes(all_kinds: list[Sample], tmp_path: Path) -> None:
    runs = [all_kinds[:97], list(write_samples(tmp_path, 97, seed=3))]
    first, second = [[(item.path.name, item.path.read_bytes()) for item in run] for run in runs]
    assert first == second


def test_a_larger_count_only_adds_files_and_another_seed_changes_them(tmp_path: Path) -> None:
    contents = [
        [item.path.read_bytes() for item in write_samples(tmp_path / f"{count}-{seed}", count, seed)]
        for count, seed in ((6, 0), (8, 0), (6, 1))
    ]
    assert contents[1][:6] == contents[0]
    assert not {content for content in contents[2] if content} & set(contents[0])


def test_files_are_written_one_by_one_as_they_are_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    written = write_samples(folder, 50)
    next(written)
    assert len(list(folder.iterdir())) == 1
    next(written)
    assert len(list(folder.iterdir())) == 2


def test_files_that_are_there_are_left_alone(tmp_path: Path) -> None:
    def written() -> list[tuple[Path, int, int]]:
        statuses = [(item.path, item.path.stat()) for item in write_samples(tmp_path, 8)]
        return [(path, status.st_ino, status.st_mtime_ns) for path, status in statuses]

    assert written() == written()
    assert len(list(tmp_path.iterdir())) == 8


@pytest.mark.parametrize("kind", ["file", "symlink", "dangling", "hard link", "folder", "pipe"])
def test_a_foreign_file_with_the_name_of_a_sample_is_not_written_to(tmp_path: Path, kind: str) -> None:
    [name] = [item.path.name for item in write_samples(tmp_path / "names", 1)]
    mine, path = tmp_path / "mine.txt", tmp_path / "samples" / name
    path.parent.mkdir()
    if kind != "dangling":
        mine.write_text("mine")
    match kind:
        case "file":
            path.write_text("mine")
        case "symlink" | "dangling":
            path.symlink_to(mine)
        case "hard link":
            path.hardlink_to(mine)
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
    with pytest.raises(FileExistsError, match=f"{name} exists with different content"):
        list(write_samples(tmp_path / "samples", 1))
    assert list(path.parent.iterdir()) == [path]
    assert (mine.read_text() if kind != "dangling" else mine.exists()) == ("mine" if kind != "dangling" else False)
    assert kind != "file" or path.read_text() == "mine"


@pytest.mark.parametrize("count", [0, 1, 8, 21])
def test_exactly_count_files(tmp_path: Path, count: int) -> None:
    written = list(write_samples(tmp_path, count))
    assert len(written) == count
    assert sorted(tmp_path.iterdir()) == [sample.path for sample in written]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_eight_files_show_every_kind(tmp_path: Path, seed: int) -> None:
    kinds = {sample.kind for sample in write_samples(tmp_path, 8, seed)}
    assert kinds == {"citizen_card", "passport", "claim", "invoice", "text", "broken"}


@pytest.mark.parametrize(("count", "least"), [(5, 1), (20, 2)])
def test_some_files_are_broken(tmp_path: Path, count: int, least: int) -> None:
    kinds = Counter(sample.kind for sample in write_samples(tmp_path, count))
    assert kinds["broken"] >= least


def test_a_hundred_files_are_mostly_identity_papers(many: list[Sample]) -> None:
    kinds = Counter(sample.kind for sample in many)
    shares = {"citizen_card": 39, "passport": 17, "claim": 11, "invoice": 10, "text": 6, "broken": 4}
    for kind, share in shares.items():
        assert abs(kinds[kind] - share) <= 2, kind
    assert {sample.path.suffix for sample in many} == {".jpg", ".png", ".pdf", ".xml"}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.usefixtures("undrawn")
def test_rarer_kinds_follow_the_first_24_files(tmp_path: Path, seed: int) -> None:
    kinds = [sample.kind for sample in write_samples(tmp_path, 127, seed)]
    assert not set(kinds[:24]) & set(RARE_KINDS)
    assert set(RARE_KINDS) <= set(kinds[24:])


def test_the_samples_show_more_than_twelve_kinds_of_paper(all_kinds: list[Sample]) -> None:
    truths = [read_truth(sample.path.read_bytes()) for sample in all_kinds]
    seen = {paper["type"] for truth in truths if truth for page in truth.pages for paper in page.papers}
    assert seen == set(DOCUMENTED)
    assert len(seen) > 12


def test_names_carry_a_number_and_vietnamese_letters(many: list[Sample]) -> None:
    assert [sample.path.name[:5] for sample in many] == [f"{number:04}-" for number in range(1, 101)]
    assert all(unicodedata.is_normalized("NFC", sample.path.name) for sample in many)
    assert any("hộ-chiếu" in sample.path.name for sample in many)


def test_each_kind_names_the_operation_that_reads_it(all_kinds: list[Sample]) -> None:
    assert {sample.kind: sample.operation for sample in all_kinds} == {
        "citizen_card": "ocr.card",
        "passport": "ocr.card",
        "claim": "ocr.claims",
        "invoice": "ocr.document.invoice",
        "text": "ocr.document.general",
        "broken": "ocr.card",
        **RARE_KINDS,
    }


def test_wrong_arguments_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must not be negative: -1"):
        write_samples(tmp_path / "none", -1)
    assert not (tmp_path / "none").exists()
    file = tmp_path / "file"
    file.touch()
    for folder in (file, file / "below"):
        with pytest.raises(NotADirectoryError, match="is not a folder"):
            write_samples(folder, 1)


# Files


def test_good_files_are_readable_and_carry_their_truth(all_kinds: list[Sample]) -> None:
    for sample in all_kinds:
        if sample.kind == "broken":
            continue
        if sample.kind == "einvoice":
            assert read_einvoice(sample.path.read_bytes())
            continue
        truth = read_truth(sample.path.read_bytes())
        assert truth is not None
        assert truth.kind == sample.kind
        if sample.path.suffix == ".pdf":
            assert len(pypdf.PdfReader(sample.path, strict=True).pages) == len(truth.pages)
        else:
            with Image.open(sample.path) as image:
                image.load()
                assert [(page.width, page.height) for page in truth.pages] == [image.size]


def test_pdf_pages_hold_the_pictures_of_the_truth(many: list[Sample]) -> None:
    path = next(sample.path for sample in many if sample.path.match("*hai-mặt.pdf"))
    truth = read_truth(path.read_bytes())
    assert truth is not None
    pictures = [page.images[0].image for page in pypdf.PdfReader(path).pages]
    assert [picture.size for picture in pictures if picture] == [(page.width, page.height) for page in truth.pages]
    assert [page.papers[0]["type"] for page in truth.pages] == ["chip_id_card_front", "chip_id_card_back"]


def test_broken_files_are_empty_or_unreadable(all_kinds: list[Sample], caplog: pytest.LogCaptureFixture) -> None:
    broken = [sample.path for sample in all_kinds if sample.kind == "broken"]
    assert len({path.name[5:] for path in broken}) == 4
    assert [read_truth(path.read_bytes()) for path in broken] == [None] * len(broken)
    assert not caplog.records
    for path in broken:
        content = path.read_bytes()
        with pytest.raises((OSError, PyPdfError)):
            pypdf.PdfReader(io.BytesIO(content)) if path.suffix == ".pdf" else Image.open(io.BytesIO(content)).load()


def test_pictures_have_the_size_of_a_compressed_scan(many: list[Sample]) -> None:
    sizes = [sample.path.stat().st_size for sample in many if sample.path.suffix == ".jpg" and sample.kind != "broken"]
    assert min(sizes) > 60_000
    assert max(sizes) < 220_000


# Truth

texts = st.text(max_size=30) | st.sampled_from(["Nguyễn Văn Mẫu", "(đường\\hẻm)", "ĐẶNG THỊ VÍ DỤ\r\n", "\x00\uffff"])
numbers = st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(st.none() | st.booleans() | numbers | texts, lambda inner: st.lists(inner, max_size=3))
objects = st.dictionaries(texts, values, max_size=4)
some_pages = st.builds(
    Page,
    width=st.integers(0, 10_000),
    height=st.integers(0, 10_000),
    papers=st.lists(objects, max_size=2),
    blocks=st.lists(st.lists(st.lists(objects, max_size=2), max_size=2), max_size=2),
)
truths = st.builds(Truth, kind=texts, pages=st.lists(some_pages, max_size=3).map(tuple))
# The folder is only a place for one file that each example writes anew.
in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def saved(folder: Path, suffix: str, truth: Truth) -> bytes:
    path, image = folder / f"tệp{suffix}", Image.new("RGB", (16, 16), "white")
    if suffix == ".pdf":
        save_pdf([image, image], path, truth)
    else:
        save_image(image, path, truth)
    return path.read_bytes()


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".png", ".pdf"])
@pytest.mark.examples
@settings(in_one_folder, max_examples=some_of(100))
@given(truth=truths)
def test_truth_comes_back_as_it_was_saved(tmp_path: Path, suffix: str, truth: Truth) -> None:
    assert read_truth(saved(tmp_path, suffix, truth)) == truth


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".pdf"])
@pytest.mark.parametrize("length", [20_000, 65_533, 400_000])
def test_long_truth_comes_back_whole(tmp_path: Path, suffix: str, length: int) -> None:
    blocks = [[[{"text": "ẵ" + "x" * length}]]]
    truth = Truth("text", (Page(16, 16, [], blocks),))
    content = saved(tmp_path, suffix, truth)
    assert read_truth(content) == truth
    if suffix != ".pdf":
        Image.open(io.BytesIO(content)).load()


def test_a_picture_is_saved_by_its_suffix_only(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"not as \.tiff"):
        save_image(Image.new("RGB", (4, 4)), tmp_path / "a.tiff", Truth("text", ()))


@settings(deadline=None)
@given(junk=st.binary(), start=st.sampled_from([b"", b"%PDF-1.4\n", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"]))
def test_junk_carries_no_truth(junk: bytes, start: bytes) -> None:
    assert read_truth(start + junk) is None


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".pdf"])
def test_files_cut_anywhere_cause_no_error(tmp_path: Path, suffix: str) -> None:
    truth = Truth("text", (Page(16, 16, [], []),))
    content = saved(tmp_path, suffix, truth)
    found = [read_truth(content[:end]) for end in range(0, len(content), 7)]
    assert all(one in (None, truth) for one in found)
    assert found[0] is None


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".pdf"])
def test_files_without_truth_or_of_another_version_carry_none(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = io.BytesIO()
    Image.new("RGB", (4, 4)).save(plain, {".jpg": "JPEG", ".png": "PNG", ".pdf": "PDF"}[suffix])
    assert read_truth(plain.getvalue()) is None
    content = saved(tmp_path, suffix, Truth("text", ()))
    monkeypatch.setattr("cvs_async.sandbox.samples.truth._VERSION", 2)
    assert read_truth(content) is None


# Papers


@pytest.mark.examples
def test_boxes_lie_inside_the_picture_and_close_around_ink(pages: list[Drawn]) -> None:
    for image, page in pages:
        for text in texts_of(page):
            left, top, right, bottom = box = text_box(text)
            assert 0 <= left < right <= page.width == image.width
            assert 0 <= top < bottom <= page.height == image.height
            ink = dark(image, box)
            assert ink is not None, text
            slack = (ink[0], ink[1], right - left - ink[2], bottom - top - ink[3])
            assert max(slack) <= 3, (text, slack)


@pytest.mark.examples
def test_no_text_lies_on_another(pages: list[Drawn]) -> None:
    for _, page in pages:
        for one, two in itertools.combinations(texts_of(page), 2):
            assert apart(text_box(one), text_box(two)), (one, two)


@pytest.mark.examples
def test_every_field_box_is_where_its_text_stands(pages: list[Drawn]) -> None:
    for _, page in pages:
        for paper in page.papers:
            for value, box in field_boxes(paper["info"]).items():
                inside = [text["text"] for text in texts_of(page) if within(text_box(text), box)]
                assert " ".join(inside) == value


def within(inner: Box, outer: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


@pytest.mark.examples
def test_papers_hold_the_documented_fields_and_no_others(pages: list[Drawn]) -> None:
    seen = set()
    for _, page in pages:
        for paper in page.papers:
            assert set(paper) == {"type", "info"}
            if paper["type"] == "table":  # one of its two generations
                assert len(paper["info"].keys() & DOCUMENTED["table"]) == len(paper["info"]) == 1
            else:
                assert set(paper["info"]) == DOCUMENTED[paper["type"]]
            seen.add(paper["type"])
    assert seen == set(DOCUMENTED)


@pytest.mark.examples
def test_values_are_nfc_text_and_confidences_are_shares(pages: list[Drawn]) -> None:
    for _, page in pages:
        for paper in page.papers:
            for name, value in paper["info"].items():
                if name.endswith("confidence"):
                    assert 0.9 <= value <= 1
                elif isinstance(value, str):
                    assert value
                    assert unicodedata.is_normalized("NFC", value)


@pytest.mark.examples
def test_invoice_tables_add_up(pages: list[Drawn]) -> None:
    for info in infos(pages, "invoice"):
        rows = [{cell["label"]: cell for cell in row} for row in info["table"]]
        assert all(set(row) <= CELL_LABELS for row in rows)
        assert all(set(cell) == {"value", "box", "score", "label"} for row in rows for cell in row.values())
        amounts = [dong(row["amount_before_tax"]["value"]) for row in rows]
        assert amounts == [int(row["quantity"]["value"]) * dong(row["unit_price"]["value"]) for row in rows]
        assert sum(amounts) == dong(info["sub_total"])
        assert dong(info["sub_total"]) + dong(info["vat_amount"]) == dong(info["total_amount"])
        assert info["info_goods"] == [
            {"name": row["description"]["value"], "coin": row["amount_before_tax"]["value"]} for row in rows
        ]
        assert [set(account) for account in info["account_bank"]] == [triples("account_no", "bank")]


@pytest.mark.examples
def test_quotations_add_up(pages: list[Drawn]) -> None:
    for info in infos(pages, "price_quotation"):
        assert all(set(row) == QUOTED for row in info["table"])
        prices = [int(row["quantity"]) * dong(row["unit_price"]) for row in info["table"]]
        discounts = [dong(row["discount"]) for row in info["table"]]
        shares = [int(row["percent_discount"].removesuffix("%")) for row in info["table"]]
        assert discounts == [price * share // 100 for price, share in zip(prices, shares, strict=True)]
        assert sum(prices) - sum(discounts) == dong(info["sub_total"])
        assert dong(info["sub_total"]) + dong(info["vat_amount"]) == dong(info["total_amount"])


@pytest.mark.examples
def test_bank_statements_carry_their_balance_from_row_to_row(pages: list[Drawn]) -> None:
    for info in infos(pages, "bank_statement"):
        assert all(set(cell) == {"value", "score", "box"} for row in info["json"][0] for cell in row)
        rows = [[cell["value"] for cell in row] for row in info["json"][0]]
        changes = [dong(credit or "0") - dong(debit or "0") for _, _, debit, credit, _ in rows]
        balances = [dong(row[4]) for row in rows]
        assert balances[1:] == [old + change for old, change in zip(balances, changes[1:], strict=False)]
        assert all(bool(debit) != bool(credit) for _, _, debit, credit, _ in rows)


@pytest.mark.examples
def test_cells_of_a_bank_statement_lie_side_by_side_below_the_heading(pages: list[Drawn]) -> None:
    for info in infos(pages, "bank_statement"):
        boxes = [cell["box"] for row in info["json"][0] for cell in row]
        assert min(box[0] for box in boxes) == 0
        assert min(box[1] for box in boxes) > 0
        assert all(apart(one, two) for one, two in itertools.combinations(boxes, 2))


@pytest.mark.examples
def test_lists_of_expenses_add_up(pages: list[Drawn]) -> None:
    for info in infos(pages, "list_expense"):
        [table] = info["table"]["info_table"]
        assert info["table"]["page_table"] == [0]
        assert all(len(row) == 4 and set(cell) == {"value", "score", "box"} for row in table for cell in row)
        rows = [[cell["value"] for cell in row] for row in table]
        owed = [int(quantity) * dong(price) * 20 // 100 for _, _, quantity, price in rows]
        assert [dong(row[1]) for row in rows] == owed
        assert sum(owed) == dong(info["total_payment"])


@pytest.mark.examples
def test_cells_of_expenses_and_tables_lie_around_their_text(pages: list[Drawn]) -> None:
    for _, page in pages:
        by_box = {text_box(text): text["text"] for text in texts_of(page)}
        for paper in page.papers:
            match paper:
                case {"type": "list_expense", "info": {"table": {"info_table": [rows]}}}:
                    pass
                case {"type": "table", "info": {"json": rows}}:
                    pass
                case _:
                    continue
            cells = [cell for row in rows for cell in row]
            assert [by_box[tuple(cell["box"])] for cell in cells] == [cell["value"] for cell in cells]


@pytest.mark.examples
def test_text_of_tables_stays_between_the_lines(pages: list[Drawn]) -> None:
    ruled = {"list_expense": medical._EXPENSES, "bill": medical._BILLED, "table": None}
    seen = set()
    for _, page in pages:
        for paper in page.papers:
            if paper["type"] not in ruled:
                continue
            columns = ruled[paper["type"]] or columns_of(paper["info"])
            [head] = [line for block in page.blocks for line in block if line[0]["text"] == "STT"]
            block = next(block for block in page.blocks if head in block)
            edges = [50, *(column.right for column in columns)]
            for line in block:
                assert len(line) == len(columns)
                for text, left, right in zip(line, edges, edges[1:], strict=False):
                    assert left + 4 <= text["box"]["left"]
                    assert text["box"]["right"] <= right - 4
            seen.add(paper["type"])
    assert seen == set(ruled)


def columns_of(info: dict[str, Any]) -> Any:
    return tables._PRICES if "json" in info else tables._STAFF


@pytest.mark.examples
def test_prescriptions_name_drugs_with_their_quantities(pages: list[Drawn]) -> None:
    for info in infos(pages, "prescription"):
        assert len(info["drug_info"]) >= 3
        for line in info["drug_info"]:
            assert set(line) == {"drug", "quanlity", "score", "box"}
            assert int(line["quanlity"]) > 0


def test_the_two_tables_stand_for_the_two_generations_of_answers() -> None:
    newer, older = (draw(person(Random(1)), Random(1))[1].papers[0]["info"] for draw in TABLES)
    assert [cell["value"] for cell in newer["json"][0]] == ["STT", "Tên dịch vụ", "ĐVT", "Giá thường", "Giá nhanh"]
    assert older["info"][0] == ["STT", "Họ và tên", "Giới tính", "Ngày sinh", "Quê quán"]
    assert all(isinstance(text, str) for row in older["info"] for text in row)


def test_a_stay_ends_after_it_begins(pages: list[Drawn]) -> None:
    for kind in ("hospital_discharge_paper", "list_expense"):
        for info in infos(pages, kind):
            days = [info[name].split("/")[::-1] for name in ("hospitalization_date", "hospital_discharge_date")]
            assert days[0] < days[1]


def test_the_sides_of_a_registration_tell_of_one_vehicle() -> None:
    somebody, car, chance = person(Random(1)), vehicle(Random(1)), Random(1)
    draws = (vehicles.vehicle_registration_front, vehicles.vehicle_registration_back)
    front, back = (draw(somebody, car, chance)[1].papers[0]["info"] for draw in draws)
    shared = {"name": somebody.name, "address": somebody.address, "plate": car.plate}
    assert {name: front[name] for name in shared} == {name: back[name] for name in shared} == shared
    assert car.plate.startswith("00")


def infos(pages: list[Drawn], kind: str) -> list[dict[str, Any]]:
    return [paper["info"] for _, page in pages for paper in page.papers if paper["type"] == kind]


def dong(text: str) -> int:
    return int(text.replace(".", ""))


def test_a_text_page_has_text_in_several_blocks_and_no_paper() -> None:
    _, page = papers.text_page(Random(0))
    assert page.papers == []
    assert len(page.blocks) >= 5
    assert max(len(block) for block in page.blocks) >= 3
    tops = [text["box"]["top"] for text in texts_of(page)]
    assert tops == sorted(tops)


# People


@pytest.mark.parametrize("seed", range(20))
def test_people_are_recognisably_invented(seed: int) -> None:
    somebody = person(Random(seed))
    assert somebody.number.startswith("000")
    assert len(somebody.number) == 12
    assert somebody.passport_number.startswith("X000")
    assert "Đường Mẫu" in somebody.address
    assert somebody.dob < somebody.old_issue_date < somebody.issue_date < somebody.due_date
    assert len(somebody.old_number) == 9
    assert somebody.old_number.startswith("000")


@pytest.mark.parametrize("seed", range(20))
def test_machine_readable_zones_have_their_size_and_check_digits(seed: int) -> None:
    somebody = person(Random(seed))
    first, second, third = somebody.card_zone()
    assert {len(first), len(second), len(third)} == {30}
    upper, lower = somebody.passport_zone()
    assert {len(upper), len(lower)} == {44}
    for line, start, end in ((first, 5, 14), (first, 15, 29), (second, 0, 6), (second, 8, 14), (lower, 0, 9)):
        assert line[end] == check_digit(line[start:end])
    assert lower[43] == check_digit(lower[:10] + lower[13:20] + lower[21:43])


def check_digit(text: str) -> str:
    values = ["0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(letter.replace("<", "0")) for letter in text]
    return str(sum(value * weight for value, weight in zip(values, itertools.cycle((7, 3, 1)), strict=False)) % 10)


def test_check_digits_are_those_of_the_standards_example() -> None:
    assert check_digit("520727") == "3"
    assert check_digit("AB2134<<<") == "5"


@pytest.mark.parametrize("draw", PEOPLE_PAPERS)
def test_the_papers_of_one_person_agree(draw: Callable[[Person, Random], Drawn]) -> None:
    somebody = person(Random(4))
    _, page = draw(somebody, Random(0))
    info = page.papers[0]["info"]
    number = info.get("person_number") or info.get("id_card_no") or info["id"]
    assert number == somebody.number


@pytest.mark.parametrize("draw", RARE_PAPERS)
def test_rarer_papers_name_their_owner(draw: Callable[[Person, Random], Drawn]) -> None:
    somebody = person(Random(4))
    _, page = draw(somebody, Random(0))
    printed = {text["text"] for text in texts_of(page)}
    back = page.papers[0]["type"] == "9_id_card_back"
    assert (somebody.name in printed) != back
    assert any("MẪU" in text and "SPECIMEN" in text for text in printed)
