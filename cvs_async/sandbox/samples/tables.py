"""Pages with one table and no paper, for the newer and the older answers of `get_table`."""

from __future__ import annotations

from random import Random

from . import hospital, people
from .drawing import LABEL, RED
from .people import Person, printed
from .sheet import A4, Column, Drawn, Sheet, Table, TableInk, cell

__all__ = ["newer_table", "older_table"]

_PRICES = (
    Column("number", "STT", 120, False),
    Column("service", "Tên dịch vụ", 430, False),
    Column("unit", "ĐVT", 540, False),
    Column("price", "Giá thường", 690),
    Column("soon", "Giá nhanh", 850),
)
_STAFF = (
    Column("number", "STT", 120, False),
    Column("name", "Họ và tên", 440, False),
    Column("gender", "Giới tính", 560, False),
    Column("dob", "Ngày sinh", 700, False),
    Column("town", "Quê quán", 850, False),
)
_PERCENT_FOR_HASTE = 150


def newer_table(person: Person, chance: Random) -> Drawn:
    """Draw a list of prices, answered as cells (``json``). Their boxes are those of the page."""
    services = chance.sample(hospital.SERVICES, chance.randint(5, len(hospital.SERVICES)))
    rows = [
        {
            "number": str(place),
            "service": name,
            "unit": "Lần",
            "price": printed(price),
            "soon": printed(price * _PERCENT_FOR_HASTE // 100),
        }
        for place, (name, price) in enumerate(services, start=1)
    ]
    sheet = Sheet(A4, (246, 248, 244), chance)
    table = _page(sheet, "BẢNG GIÁ DỊCH VỤ", _PRICES, rows, person)
    sheet.info["json"] = [[cell(inks[column.label]) for column in _PRICES] for inks in table.lines]
    return sheet.drawn("table")


def older_table(person: Person, chance: Random) -> Drawn:
    """Draw a list of people, answered as bare texts (``info``)."""
    staff = [people.person(chance) for _ in range(chance.randint(8, 14))]
    rows = [
        {
            "number": str(place),
            "name": one.name.title(),
            "gender": one.gender,
            "dob": printed(one.dob),
            "town": one.hometown.town,
        }
        for place, one in enumerate(staff, start=1)
    ]
    sheet = Sheet(A4, (244, 246, 250), chance)
    table = _page(sheet, "DANH SÁCH NHÂN VIÊN", _STAFF, rows, person)
    sheet.info["info"] = [[inks[column.label].text for column in _STAFF] for inks in table.lines]
    return sheet.drawn("table")


def _page(sheet: Sheet, title: str, columns: tuple[Column, ...], rows: list[dict[str, str]], by: Person) -> TableInk:
    sheet.text(50, 70, people.FIRMS[0], size=22, bold=True)
    sheet.text(50, 98, "Tài liệu mẫu để thử phần mềm", size=18, color=LABEL)
    sheet.block()
    sheet.text(450, 190, title, size=36, bold=True, color=RED, align="m")
    table = Table(50, 240, columns).drawn(sheet, rows)
    sheet.signature(660, table.bottom + 70, "Người lập", by.name)
    sheet.void()
    return table
