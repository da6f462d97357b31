"""Sample papers: each function draws one page and returns its picture and truth."""

from __future__ import annotations

from random import Random

from . import people
from .drawing import INK, LABEL, RED
from .people import Firm, Good, Person, printed
from .sheet import A4, CARD, MOTTO, PASSPORT, STATE, Column, Drawn, Sheet, Table, cell, parts, triple

__all__ = ["chip_id_card_back", "chip_id_card_front", "claim_form", "invoice", "passport", "text_page"]


def chip_id_card_front(person: Person, chance: Random) -> Drawn:
    """Draw the front of a citizen card with a chip."""
    sheet = Sheet(CARD, (214, 232, 234), chance)
    sheet.emblem(110, 100, 62)
    sheet.text(590, 56, STATE, size=27, bold=True, align="m")
    sheet.text(590, 88, MOTTO, size=21, bold=True, align="m")
    sheet.text(590, 148, "CĂN CƯỚC CÔNG DÂN", size=42, bold=True, color=RED, align="m")
    sheet.text(590, 178, "Citizen Identity Card", size=20, color=RED, align="m")
    sheet.portrait(40, 196, 270, 506)
    sheet.block()
    _front_fields(sheet, person)
    sheet.void()
    return sheet.drawn("chip_id_card_front")


def _front_fields(sheet: Sheet, person: Person) -> None:
    sheet.labelled("id", 310, 234, "Số / No.:", person.number, size=36, bold=True)
    sheet.label(310, 274, "Họ và tên / Full name:")
    sheet.field("name", 310, 310, person.name, size=30, bold=True)
    sheet.labelled("dob", 310, 352, "Ngày sinh / Date of birth:", printed(person.dob), size=24)
    sheet.labelled("gender", 310, 392, "Giới tính / Sex:", person.gender, size=24)
    sheet.labelled("nationality", 560, 392, "Quốc tịch / Nationality:", "Việt Nam", size=24)
    sheet.label(310, 430, "Quê quán / Place of origin:")
    sheet.field("hometown", 310, 462, str(person.hometown), size=24)
    sheet.label(310, 502, "Nơi thường trú / Place of residence:")
    sheet.field("address", 310, 534, person.address, size=24, width=650)
    sheet.block()
    sheet.label(40, 542, "Có giá trị đến / Date of expiry:", 16)
    sheet.field("due_date", 40, 572, printed(person.due_date), size=23)
    sheet.info.update(parts("address", person.home), **parts("hometown", person.hometown))


def chip_id_card_back(person: Person, chance: Random) -> Drawn:
    """Draw the back of the same card."""
    sheet = Sheet(CARD, (226, 232, 218), chance)
    sheet.label(40, 56, "Đặc điểm nhận dạng / Personal identification:")
    sheet.text(40, 90, "Nốt ruồi tưởng tượng cách 1 cm dưới mép phải", size=23)
    sheet.chip(60, 130)
    sheet.block()
    issued = printed(person.issue_date)
    sheet.labelled("issue_date", 250, 150, "Ngày, tháng, năm / Date, month, year:", issued, size=24)
    sheet.field("issued_at", 250, 192, "CỤC QUẢN LÝ GIẤY TỜ MẪU", size=24, bold=True)
    sheet.text(250, 226, "Đã ký: Vũ Thị Minh Họa", size=20, color=LABEL)
    for x, finger in ((700, "Ngón trỏ trái"), (840, "Ngón trỏ phải")):
        sheet.block()
        sheet.fingerprint(x, 210)
        sheet.text(x + 60, 394, finger, size=17, color=LABEL, align="m")
    sheet.block()
    for row, line in enumerate(person.card_zone()):
        sheet.spaced(35, 470 + 50 * row, line, pitch=31, size=36)
    sheet.info.update(_zone_fields(person), document_number=person.number[-9:], mrz_confidence=sheet.confidence())
    sheet.void()
    return sheet.drawn("chip_id_card_back")


def passport(person: Person, chance: Random) -> Drawn:
    """Draw the photo page of a passport. The vendor reads its machine-readable zone, so it has no boxes."""
    sheet = Sheet(PASSPORT, (240, 228, 214), chance)
    sheet.emblem(90, 76, 46)
    sheet.text(530, 54, STATE, size=25, bold=True, align="m")
    sheet.text(530, 100, "HỘ CHIẾU / PASSPORT", size=38, bold=True, color=RED, align="m")
    sheet.portrait(50, 150, 290, 470)
    sheet.block()
    for x, y, label, value in _passport_rows(person):
        sheet.label(x, y, label, 16)
        sheet.text(x, y + 32, value, size=27, bold=True)
    sheet.block()
    for row, line in enumerate(person.passport_zone()):
        sheet.spaced(38, 600 + 52 * row, line, pitch=21, size=31)
    sheet.info.update(_zone_fields(person), id=person.passport_number, confidence=sheet.confidence())
    sheet.void()
    return sheet.drawn("passport")


def _passport_rows(person: Person) -> list[tuple[int, int, str, str]]:
    return [
        (330, 156, "Loại / Type", "P"),
        (500, 156, "Mã số / Code", "VNM"),
        (700, 156, "Số hộ chiếu / Passport No.", person.passport_number),
        (330, 226, "Họ và tên / Full name", person.name),
        (330, 296, "Quốc tịch / Nationality", "VIỆT NAM"),
        (700, 296, "Giới tính / Sex", f"{person.gender} / {person.sex}"),
        (330, 366, "Ngày sinh / Date of birth", printed(person.dob)),
        (700, 366, "Nơi sinh / Place of birth", person.hometown.town),
        (330, 436, "Ngày cấp / Date of issue", printed(person.issue_date)),
        (700, 436, "Có giá trị đến / Date of expiry", printed(person.due_date)),
        (330, 506, "Số định danh / ID No.", person.number),
    ]


def claim_form(person: Person, chance: Random) -> Drawn:
    """Draw a claim form of a health insurance."""
    sheet = Sheet(A4, (247, 248, 250), chance)
    sheet.heading(70)
    sheet.block()
    sheet.text(450, 172, "GIẤY YÊU CẦU BỒI THƯỜNG", size=36, bold=True, color=RED, align="m")
    sheet.text(450, 204, "Bảo hiểm sức khỏe · Health insurance claim form", size=20, color=LABEL, align="m")
    _section(sheet, 262, "I. THÔNG TIN NGƯỜI ĐƯỢC BẢO HIỂM")
    for row, (name, label, value) in enumerate(_claim_rows(person, chance)):
        y = 312 + 46 * row
        sheet.labelled(name, 70, y, label, value, size=23)
        sheet.draw.line((70, y + 12, 830, y + 12), fill=(190, 196, 206))
    _section(sheet, 756, "II. NỘI DUNG YÊU CẦU")
    reason = " ".join(chance.sample(people.SENTENCES, 4))
    sheet.text(70, 800, reason, size=20, width=760)
    _section(sheet, 976, "III. CAM KẾT")
    sheet.text(70, 1020, "Tôi cam đoan mọi điều trên đây chỉ là dữ liệu thử nghiệm.", size=20)
    sheet.block()
    sheet.text(660, 1080, "Người yêu cầu ký tên", size=20, bold=True, align="m")
    sheet.text(660, 1160, person.name.title(), size=22, color=(44, 62, 140), align="m")
    sheet.void()
    return sheet.drawn("claim_form")


def _section(sheet: Sheet, y: int, title: str) -> None:
    sheet.block()
    sheet.draw.rectangle((50, y - 24, 850, y + 10), fill=(222, 229, 240))
    sheet.text(62, y, title, size=21, bold=True)


def _claim_rows(person: Person, chance: Random) -> list[tuple[str, str, str]]:
    relative = people.person(chance)
    mail = people.plain(person.given_name).lower().replace(" ", ".")
    return [
        ("insure_name", "Họ và tên người được bảo hiểm:", person.name),
        ("dob", "Ngày sinh:", printed(person.dob)),
        ("gender", "Giới tính:", person.gender),
        ("certificate_no", "Số thẻ bảo hiểm:", f"000-BH-{chance.randrange(10**6):06}"),
        ("id_card_no", "Số CMND/CCCD:", person.number),
        ("family_member", "Người thân:", relative.name),
        ("policy_holder", "Bên mua bảo hiểm:", chance.choice(people.FIRMS)),
        ("cellphone_no", "Điện thoại:", f"0900000{chance.randrange(1000):03}"),
        ("email", "Email:", f"{mail}@example.com"),
    ]


def invoice(chance: Random) -> Drawn:
    """Draw a value-added-tax invoice of an office supplier or a pharmacy."""
    sheet = Sheet(A4, (250, 248, 242), chance)
    medicine = chance.random() < 0.5
    bought, supplier = people.goods(chance, medicine=medicine), people.firm(chance)
    _invoice_head(sheet, chance)
    _invoice_parties(sheet, supplier, chance)
    rate = chance.choice((5, 8, 10))
    bottom = _goods_table(sheet, bought, _PHARMACY if medicine else _OFFICE, rate)
    _invoice_sums(sheet, bottom, sum(good.amount for good in bought), sum(_tax(good, rate) for good in bought), rate)
    sheet.info["info_goods"] = [{"name": good.name, "coin": printed(good.amount)} for good in bought]
    _invoice_foot(sheet, chance)
    sheet.void()
    return sheet.drawn("invoice")


def _invoice_head(sheet: Sheet, chance: Random) -> None:
    sheet.text(400, 76, "HÓA ĐƠN GIÁ TRỊ GIA TĂNG", size=34, bold=True, color=RED, align="m")
    sheet.text(400, 106, "VAT INVOICE", size=19, color=LABEL, align="m")
    day, month, year = chance.randint(1, 28), chance.randint(1, 12), chance.randint(2022, 2025)
    sheet.field("date", 400, 140, f"Ngày {day:02} tháng {month:02} năm {year}", size=20, align="m")
    sheet.block()
    sheet.labelled("form", 690, 70, "Mẫu số:", "1", size=20)
    sheet.labelled("serial_no", 690, 102, "Ký hiệu:", f"C{year % 100}TMAU", size=20)
    sheet.labelled("invoice_no", 690, 134, "Số:", f"000{chance.randrange(10**5):05}", size=22, bold=True, color=RED)
    sheet.draw.line((50, 164, 850, 164), fill=INK, width=2)


def _invoice_parties(sheet: Sheet, supplier: Firm, chance: Random) -> None:
    sheet.block()
    sheet.labelled("supplier", 50, 202, "Đơn vị bán hàng:", supplier.name, size=21, bold=True)
    sheet.labelled("tax_code", 50, 236, "Mã số thuế:", supplier.tax_code, size=21)
    sheet.labelled("supplier_address", 50, 270, "Địa chỉ:", supplier.address, size=21)
    ink = sheet.label(50, 304, "Số tài khoản:")
    account = sheet.text(ink.box[2] + 12, 304, supplier.account_no, size=21)
    bank = sheet.text(account.box[2] + 30, 304, supplier.bank, size=21)
    sheet.info["account_bank"] = [triple("account_no", account) | triple("bank", bank)]
    sheet.draw.line((50, 324, 850, 324), fill=LABEL)
    sheet.block()
    buyer = people.person(chance).name.title()
    sheet.labelled("buyer_name", 50, 360, "Họ tên người mua hàng:", buyer, size=21)
    sheet.labelled("purchaser_name", 50, 394, "Tên đơn vị mua hàng:", people.firm(chance).name, size=21)
    method = chance.choice(("Chuyển khoản", "Tiền mặt", "TM/CK"))
    sheet.labelled("payment_method", 50, 428, "Hình thức thanh toán:", method, size=21)


_OFFICE = (
    Column("number", "STT", 88, False),
    Column("description", "Tên hàng hóa, dịch vụ", 268, False),
    Column("unit", "ĐVT", 330, False),
    Column("quantity", "SL", 374),
    Column("unit_price", "Đơn giá", 462),
    Column("amount_before_tax", "Thành tiền", 564),
    Column("tax", "Thuế", 618),
    Column("tax_amount", "Tiền thuế", 726),
    Column("amount_total", "Tổng cộng", 850),
)
_PHARMACY = (
    Column("number", "STT", 92, False),
    Column("description", "Tên hàng hóa, dịch vụ", 302, False),
    Column("batch_no", "Số lô", 380, False),
    Column("expired_date", "Hạn dùng", 480, False),
    Column("unit", "ĐVT", 546, False),
    Column("quantity", "SL", 600),
    Column("unit_price", "Đơn giá", 716),
    Column("amount_before_tax", "Thành tiền", 850),
)
_TABLE_TOP = 458


def _goods_table(sheet: Sheet, bought: list[Good], columns: tuple[Column, ...], rate: int) -> int:
    """Draw the table, record its rows, and return its lower edge."""
    values = [_good_values(row, good, rate) for row, good in enumerate(bought, start=1)]
    grid = Table(50, _TABLE_TOP, columns)
    inks = grid.drawn(sheet, values)
    sheet.info["table"] = [[cell(ink) | {"label": label} for label, ink in row.items()] for row in inks.rows]
    return inks.bottom


def _good_values(row: int, good: Good, rate: int) -> dict[str, str]:
    return {
        "number": str(row),
        "description": good.name,
        "unit": good.unit,
        "quantity": str(good.quantity),
        "unit_price": printed(good.price),
        "amount_before_tax": printed(good.amount),
        "tax": f"{rate}%",
        "tax_amount": printed(_tax(good, rate)),
        "amount_total": printed(good.amount + _tax(good, rate)),
        "batch_no": good.batch_no,
        "expired_date": good.expired_date,
    }


def _tax(good: Good, rate: int) -> int:
    return good.amount * rate // 100


def _invoice_sums(sheet: Sheet, top: int, net: int, tax: int, rate: int) -> None:
    rows = (
        ("sub_total", "Cộng tiền hàng:", printed(net)),
        ("vat_rate", "Thuế suất GTGT:", f"{rate}%"),
        ("vat_amount", "Tiền thuế GTGT:", printed(tax)),
        ("total_amount", "Tổng tiền thanh toán:", printed(net + tax)),
    )
    sheet.sums(640, top, 36, rows)


def _invoice_foot(sheet: Sheet, chance: Random) -> None:
    for x, title in ((240, "Người mua hàng"), (660, "Người bán hàng")):
        sheet.block()
        sheet.text(x, 1080, title, size=20, bold=True, align="m")
        sheet.text(x, 1106, "(Ký, ghi rõ họ tên)", size=17, color=LABEL, align="m")
    sheet.block()
    sheet.labelled("lookup_website", 50, 1186, "Tra cứu tại:", "https://tracuu.example.com", size=19)
    sheet.labelled("lookup_code", 50, 1216, "Mã tra cứu:", f"000MAU{chance.randrange(16**6):06X}", size=19)


def text_page(chance: Random) -> Drawn:
    """Draw a page of plain Vietnamese text without any paper to recognise."""
    sheet = Sheet(A4, (249, 249, 246), chance)
    sheet.heading(76)
    sheet.block()
    sheet.text(450, 190, f"VĂN BẢN MẪU SỐ {chance.randrange(1000):03}", size=32, bold=True, align="m")
    sentences, y = chance.sample(people.SENTENCES, 12), 256
    for start in range(0, 12, 3):
        sheet.block()
        ink = sheet.text(80, y, " ".join(sentences[start : start + 3]), size=26, width=740)
        y = ink.box[3] + 60
    sheet.void()
    return sheet.drawn()


def _zone_fields(person: Person) -> dict[str, str]:
    """Return the fields of a machine-readable zone."""
    return {
        "country": "VNM",
        "person_number": person.number,
        "dob": printed(person.dob),
        "gender": person.sex,
        "due_date": printed(person.due_date),
        "nationality": "VNM",
        "sur_name": people.plain(person.sur_name),
        "given_name": people.plain(person.given_name),
    }
