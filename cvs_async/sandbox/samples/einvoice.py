"""Vietnamese e-invoices: XML in the format of the tax authority (its decision 1450/QĐ-TCT)."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

from . import people
from .people import Good
from .sheet import VOID

__all__ = ["read_einvoice", "write_einvoice"]

Element = ElementTree.Element

# Vendor's name of each field, and its path below DLHDon.
_FIELDS = {
    "date": "TTChung/NLap",
    "form": "TTChung/KHMSHDon",
    "serial_no": "TTChung/KHHDon",
    "invoice_no": "TTChung/SHDon",
    "payment_method": "TTChung/HTTToan",
    "supplier": "NDHDon/NBan/Ten",
    "tax_code": "NDHDon/NBan/MST",
    "supplier_address": "NDHDon/NBan/DChi",
    "buyer_name": "NDHDon/NMua/HVTNMHang",
    "purchaser_name": "NDHDon/NMua/Ten",
    "sub_total": "NDHDon/TToan/TgTCThue",
    "vat_amount": "NDHDon/TToan/TgTThue",
    "total_amount": "NDHDon/TToan/TgTTTBSo",
}
_CELLS = {
    "number": "STT",
    "description": "THHDVu",
    "unit": "DVTinh",
    "quantity": "SLuong",
    "unit_price": "DGia",
    "amount_before_tax": "ThTien",
    "tax": "TSuat",
}
_ACCOUNT = {"account_no": "STKNHang", "bank": "TNHang"}


def read_einvoice(content: bytes) -> dict[str, Any] | None:
    """Return the ``info`` of an invoice as the vendor answers it; None if the content is not an e-invoice.

    Values are text exactly as in the file, including dates and amounts. Missing values are omitted. A document type
    declaration is refused, so that nothing can be expanded or fetched.
    """
    data = _data(content)
    if data is None:
        return None
    seller = _find(data, "NDHDon/NBan")
    account = _values(seller, _ACCOUNT) if seller is not None else {}
    rates = {"vat_rate": ", ".join(dict.fromkeys(_rates(data)))}
    return (
        _values(data, _FIELDS)
        | {name: rate for name, rate in rates.items() if rate}
        | {"account_bank": [account] if account else []}
        | {"table": [_cells(row) for row in data.iterfind(_path("NDHDon/DSHHDVu/HHDVu"))]}
    )


def _data(content: bytes) -> Element | None:
    """Return the invoice's DLHDon, which may be wrapped in a message; None if it is missing."""
    text = _text(content)
    if text is None or "<!DOCTYPE" in text:
        return None
    try:
        # Text, unlike bytes, is parsed regardless of its declared encoding: the parser reads what was searched.
        root = ElementTree.fromstring(text)  # noqa: S314
    except ElementTree.ParseError:
        return None
    found = [root] if _local(root) == "DLHDon" else root.iterfind(_path(".//DLHDon"))
    return next((data for data in found if _is_invoice(data)), None)


def _text(content: bytes) -> str | None:
    utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        return None


def _is_invoice(data: Element) -> bool:
    return _find(data, "TTChung") is not None and _find(data, "NDHDon") is not None


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _path(path: str) -> str:
    """Return the path with a wildcard namespace."""
    return "/".join(step if step == "." or not step else f"{{*}}{step}" for step in path.split("/"))


def _find(element: Element, path: str) -> Element | None:
    return element.find(_path(path))


def _values(element: Element, paths: dict[str, str]) -> dict[str, str]:
    """Return the texts at the paths by name, without missing or blank ones."""
    texts = {name: element.findtext(_path(path), "").strip() for name, path in paths.items()}
    return {name: text for name, text in texts.items() if text}


def _rates(data: Element) -> Iterator[str]:
    """Yield the tax rates of the sums, or of the goods if the sums have none."""
    sums = data.findall(_path("NDHDon/TToan/THTTLTSuat/LTSuat"))
    for element in sums or data.findall(_path("NDHDon/DSHHDVu/HHDVu")):
        yield from _values(element, {"rate": "TSuat"}).values()


def _cells(row: Element) -> list[dict[str, Any]]:
    return [{"value": value, "label": label} for label, value in _values(row, _CELLS).items()]


def write_einvoice(path: Path, chance: Random) -> None:
    """Write an e-invoice that is recognisably fictitious."""
    root = Element("HDon")
    data = ElementTree.SubElement(root, "DLHDon", Id="MAU")
    year, month, day = chance.randint(2022, 2025), chance.randint(1, 12), chance.randint(1, 28)
    head = {
        "PBan": "2.0.1",
        "THDon": "Hóa đơn giá trị gia tăng",
        "KHMSHDon": "1",
        "KHHDon": f"C{year % 100}TMAU",
        "SHDon": f"000{chance.randrange(10**5):05}",
        "NLap": f"{year}-{month:02}-{day:02}",
        "DVTTe": "VND",
        "TGia": "1",
        "HTTToan": chance.choice(("Chuyển khoản", "Tiền mặt", "TM/CK")),
    }
    note = _added(ElementTree.SubElement(_added(data, "TTChung", head), "TTKhac"), "TTin", {})
    _fill(note, {"TTruong": "Ghi chú", "KDLieu": "string", "DLieu": VOID})
    _content(ElementTree.SubElement(data, "NDHDon"), chance)
    ElementTree.indent(root)
    path.write_bytes(ElementTree.tostring(root, "utf-8", xml_declaration=True) + b"\n")


def _content(content: Element, chance: Random) -> None:
    seller, buyer, somebody = people.firm(chance), people.firm(chance), people.person(chance)
    account = {"STKNHang": seller.account_no, "TNHang": seller.bank}
    _added(content, "NBan", {"Ten": seller.name, "MST": seller.tax_code, "DChi": seller.address} | account)
    bought = {"Ten": buyer.name, "MST": buyer.tax_code, "DChi": buyer.address, "HVTNMHang": somebody.name.title()}
    _added(content, "NMua", bought)
    goods, rate = people.goods(chance, medicine=chance.random() < 0.5), chance.choice((5, 8, 10))
    rows = ElementTree.SubElement(content, "DSHHDVu")
    for number, good in enumerate(goods, start=1):
        _added(rows, "HHDVu", _row(number, good, rate))
    _sums(ElementTree.SubElement(content, "TToan"), sum(good.amount for good in goods), rate)


def _row(number: int, good: Good, rate: int) -> dict[str, str]:
    return {
        "TChat": "1",
        "STT": str(number),
        "THHDVu": good.name,
        "DVTinh": good.unit,
        "SLuong": str(good.quantity),
        "DGia": str(good.price),
        "ThTien": str(good.amount),
        "TSuat": f"{rate}%",
    }


def _sums(sums: Element, net: int, rate: int) -> None:
    tax = net * rate // 100
    rates = ElementTree.SubElement(sums, "THTTLTSuat")
    _added(rates, "LTSuat", {"TSuat": f"{rate}%", "ThTien": str(net), "TThue": str(tax)})
    _fill(sums, {"TgTCThue": str(net), "TgTThue": str(tax), "TgTTTBSo": str(net + tax)})


def _added(parent: Element, tag: str, texts: dict[str, str]) -> Element:
    element = ElementTree.SubElement(parent, tag)
    _fill(element, texts)
    return element


def _fill(element: Element, texts: dict[str, str]) -> None:
    for tag, text in texts.items():
        ElementTree.SubElement(element, tag).text = text
