"""E-invoices: what is written is read back, and nothing else is taken for one."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvs_async.sandbox.samples.einvoice import read_einvoice, write_einvoice

INVOICE = """<HDon><DLHDon Id="data">
  <TTChung>
    <PBan>2.0.0</PBan><KHMSHDon>1</KHMSHDon><KHHDon>C24TMA</KHHDon><SHDon> 12 </SHDon><NLap>2024-05-03</NLap>
    <HTTToan>TM/CK</HTTToan>
  </TTChung>
  <NDHDon>
    <NBan>
      <Ten>CÔNG TY MẪU &amp; VÍ DỤ</Ten><MST>0001234567</MST><DChi>Số 1 Đường Mẫu</DChi>
      <STKNHang>000123</STKNHang><TNHang>Ngân hàng Mẫu</TNHang>
    </NBan>
    <NMua><Ten>CÔNG TY THỬ</Ten><MST>0007654321</MST><HVTNMHang>Trần Thị Ví Dụ</HVTNMHang></NMua>
    <DSHHDVu>
      <HHDVu>
        <STT>1</STT><THHDVu>Giấy</THHDVu><DVTinh>Ream</DVTinh><SLuong>2</SLuong><DGia>50000.5</DGia>
        <ThTien>100001</ThTien><TSuat>8%</TSuat>
      </HHDVu>
      <HHDVu><STT>2</STT><THHDVu>Sách</THHDVu><ThTien>1000</ThTien><TSuat>KCT</TSuat></HHDVu>
    </DSHHDVu>
    <TToan>
      <THTTLTSuat><LTSuat><TSuat>8%</TSuat></LTSuat><LTSuat><TSuat>KCT</TSuat></LTSuat></THTTLTSuat>
      <TgTCThue>101001</TgTCThue><TgTThue>8000</TgTThue><TgTTTBSo>109001</TgTTTBSo>
    </TToan>
  </NDHDon>
</DLHDon></HDon>"""
INFO = {
    "date": "2024-05-03",
    "form": "1",
    "serial_no": "C24TMA",
    "invoice_no": "12",
    "payment_method": "TM/CK",
    "supplier": "CÔNG TY MẪU & VÍ DỤ",
    "tax_code": "0001234567",
    "supplier_address": "Số 1 Đường Mẫu",
    "buyer_name": "Trần Thị Ví Dụ",
    "purchaser_name": "CÔNG TY THỬ",
    "sub_total": "101001",
    "vat_amount": "8000",
    "total_amount": "109001",
    "vat_rate": "8%, KCT",
    "account_bank": [{"account_no": "000123", "bank": "Ngân hàng Mẫu"}],
    "table": [
        [
            {"value": "1", "label": "number"},
            {"value": "Giấy", "label": "description"},
            {"value": "Ream", "label": "unit"},
            {"value": "2", "label": "quantity"},
            {"value": "50000.5", "label": "unit_price"},
            {"value": "100001", "label": "amount_before_tax"},
            {"value": "8%", "label": "tax"},
        ],
        [
            {"value": "2", "label": "number"},
            {"value": "Sách", "label": "description"},
            {"value": "1000", "label": "amount_before_tax"},
            {"value": "KCT", "label": "tax"},
        ],
    ],
}
DECLARED = '<?xml version="1.0" encoding="{}"?>'
BOMB = '<!DOCTYPE HDon [<!ENTITY a "ha"><!ENTITY b "' + "&a;" * 50 + '"><!ENTITY c "' + "&b;" * 50 + '">]>'
EXTERNAL = '<!DOCTYPE HDon [<!ENTITY c SYSTEM "file:///etc/hostname">]>'


def written(folder: Path, seed: int) -> bytes:
    path = folder / "hóa-đơn.xml"
    write_einvoice(path, Random(seed))
    return path.read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        INVOICE.encode(),
        INVOICE.encode("utf-8-sig"),
        INVOICE.encode("utf-16"),
        (DECLARED.format("UTF-8") + INVOICE).encode(),
        (DECLARED.format("UTF-16") + INVOICE).encode("utf-16"),
        # What a file declares wrongly does no harm.
        (DECLARED.format("us-ascii") + INVOICE).encode(),
        INVOICE.replace("<HDon>", '<HDon xmlns="http://example.com/hoadon">').encode(),
        INVOICE.replace("<HDon>", '<h:HDon xmlns:h="urn:h">').replace("</HDon>", "</h:HDon>").encode(),
        f"<TDiep><TTChung/><DLieu>{INVOICE}</DLieu></TDiep>".encode(),
        INVOICE.removeprefix("<HDon>").removesuffix("</HDon>").encode(),
    ],
    ids=lambda content: content[:24].decode("latin-1"),
)
def test_an_invoice_is_read_whatever_its_wrapping(content: bytes) -> None:
    assert read_einvoice(content) == INFO


def test_what_is_absent_or_blank_is_left_out() -> None:
    content = "<HDon><DLHDon><TTChung><SHDon>7</SHDon><NLap> </NLap></TTChung><NDHDon/></DLHDon></HDon>"
    assert read_einvoice(content.encode()) == {"invoice_no": "7", "account_bank": [], "table": []}


def test_without_sums_the_rate_is_that_of_the_goods() -> None:
    start, end = INVOICE.index("<TToan>"), INVOICE.index("</NDHDon>")
    info = read_einvoice((INVOICE[:start] + INVOICE[end:]).encode())
    assert info is not None
    assert info["vat_rate"] == "8%, KCT"
    assert "sub_total" not in info


@pytest.mark.parametrize("seed", range(20))
def test_a_written_invoice_is_read_back_and_adds_up(tmp_path: Path, seed: int) -> None:
    info = read_einvoice(written(tmp_path, seed))
    assert info is not None
    assert set(info) == set(INFO)
    rows: list[dict[str, Any]] = [{cell["label"]: cell["value"] for cell in row} for row in info["table"]]
    assert [int(row["quantity"]) * int(row["unit_price"]) for row in rows] == [
        int(row["amount_before_tax"]) for row in rows
    ]
    assert sum(int(row["amount_before_tax"]) for row in rows) == int(info["sub_total"])
    assert int(info["sub_total"]) + int(info["vat_amount"]) == int(info["total_amount"])
    assert {row["tax"] for row in rows} == {info["vat_rate"]}


def test_written_invoices_are_the_same_for_a_seed_and_marked_as_invented(tmp_path: Path) -> None:
    content = written(tmp_path, 3)
    assert content == written(tmp_path, 3) != written(tmp_path, 4)
    assert "SPECIMEN" in content.decode()
    info = read_einvoice(content)
    assert info is not None
    assert info["tax_code"].startswith("000")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<HDon/>",
        b"<HDon><DLHDon/></HDon>",
        b"<DLHDon><TTChung/></DLHDon>",
        b"<DLHDon><NDHDon/></DLHDon>",
        b"<Invoice><ID>7</ID></Invoice>",
        b"<html><body>DLHDon</body></html>",
        b"%PDF-1.4",
        INVOICE[:-1].encode(),
        (INVOICE + "<HDon/>").encode(),
        INVOICE.encode("utf-16-le"),
        INVOICE.replace("VÍ DỤ", "V\u00cd D").encode("latin-1", "ignore"),
        INVOICE.replace("Sách", "&chua;").encode(),
        INVOICE.replace("Sách", "\x00").encode(),
    ],
)
def test_other_files_are_not_invoices(content: bytes) -> None:
    assert read_einvoice(content) is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-7"])
@pytest.mark.parametrize("declaration", [BOMB, EXTERNAL, "<!DOCTYPE HDon>", '<!DOCTYPE HDon SYSTEM "x.dtd">'])
def test_document_type_declarations_are_refused(declaration: str, encoding: str) -> None:
    body = INVOICE.replace("Sách", "&c;") if "ENTITY" in declaration else INVOICE
    text = DECLARED.format(encoding.removesuffix("-sig")) + declaration + body
    assert read_einvoice(text.encode(encoding)) is None


def test_deep_files_raise_no_error() -> None:
    depth = 200_000
    assert read_einvoice(b"<a>" * depth + b"</a>" * depth) is None


@settings(deadline=None)
@given(st.binary() | st.text().map(str.encode))
def test_junk_is_not_an_invoice(junk: bytes) -> None:
    assert read_einvoice(junk) is None


@settings(deadline=None)
@given(
    st.integers(0, len(INVOICE.encode())),
    st.integers(0, 40),
    st.binary(max_size=12) | st.sampled_from([b"<HHDVu>", b"</Ten>", b"<!--", b"]]>", b"<?x?>", b"&#0;", b"&#65;"]),
)
def test_damaged_invoices_are_read_or_refused(start: int, length: int, junk: bytes) -> None:
    content = INVOICE.encode()
    info = read_einvoice(content[:start] + junk + content[start + length :])
    assert info is None or set(info) <= set(INFO)


# XML holds no control characters, and reads line ends and outer blanks as it likes.
texts = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")).map(str.strip)


@settings(deadline=None)
@given(texts.filter(bool))
def test_any_text_comes_back(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    info = read_einvoice(INVOICE.replace("CÔNG TY THỬ", escaped).encode())
    assert info == INFO | {"purchaser_name": text}
