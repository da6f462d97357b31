"""Cards other than the citizen card with a chip: old identity cards, driving licences, insurance cards."""

from __future__ import annotations

from random import Random

from . import people
from .drawing import LABEL, RED
from .people import Person, printed
from .sheet import BARE, CARD, MOTTO, STATE, Drawn, Sheet, parts

__all__ = ["driving_license", "insurance_card", "old_id_card_back", "old_id_card_front"]

_FOREVER = "Không thời hạn"


def old_id_card_front(person: Person, chance: Random) -> Drawn:
    """Draw the front of the old identity card, whose number has nine digits."""
    sheet = Sheet(CARD, (222, 234, 214), chance)
    sheet.emblem(150, 110, 62)
    sheet.text(610, 56, STATE, size=26, bold=True, align="m")
    sheet.text(610, 88, MOTTO, size=20, bold=True, align="m")
    sheet.text(610, 148, "GIẤY CHỨNG MINH NHÂN DÂN", size=38, bold=True, color=RED, align="m")
    sheet.portrait(40, 200, 270, 510)
    sheet.block()
    sheet.labelled("id", 460, 208, "Số:", person.old_number, size=40, bold=True, color=RED)
    sheet.labelled("name", 310, 264, "Họ tên:", person.name, size=30, bold=True)
    sheet.labelled("dob", 310, 318, "Ngày sinh:", printed(person.dob), size=26)
    sheet.label(310, 366, "Nguyên quán:")
    sheet.field("hometown", 310, 402, str(person.hometown), size=26, width=650)
    sheet.label(310, 456, "Nơi ĐKHK thường trú:")
    sheet.field("address", 310, 492, person.address, size=26, width=650)
    sheet.info.update(parts("address", person.home), **parts("hometown", person.hometown))
    sheet.void()
    return sheet.drawn("9_id_card_front")


def old_id_card_back(person: Person, chance: Random) -> Drawn:
    """Draw the back of the same card."""
    sheet = Sheet(CARD, (228, 230, 210), chance)
    ethnicity, religion = chance.choice(people.ETHNICITIES), chance.choice(people.RELIGIONS)
    sheet.labelled("ethnicity", 60, 66, "Dân tộc:", ethnicity, size=27, bold=True)
    sheet.labelled("religious", 520, 66, "Tôn giáo:", religion, size=27, bold=True)
    sheet.draw.line((40, 90, 960, 90), fill=LABEL)
    for y, finger in ((120, "Ngón trỏ trái"), (340, "Ngón trỏ phải")):
        sheet.block()
        sheet.fingerprint(60, y)
        sheet.text(120, y + 186, finger, size=17, color=LABEL, align="m")
    sheet.block()
    sheet.text(590, 140, "DẤU VẾT RIÊNG VÀ DỊ HÌNH", size=22, bold=True, align="m")
    sheet.text(590, 184, "Nốt ruồi tưởng tượng cách 2 cm trên đuôi mày trái", size=23, align="m")
    sheet.block()
    sheet.field("issue_date", 590, 290, _long_date(person), size=25, align="m")
    sheet.field("issued_at", 590, 336, f"GIÁM ĐỐC CA MẪU {person.home.town.upper()}", size=24, bold=True, align="m")
    sheet.text(590, 460, "Đặng Văn Minh Họa", size=24, color=(44, 62, 140), align="m")
    sheet.void()
    return sheet.drawn("9_id_card_back")


def _long_date(person: Person) -> str:
    return f"Ngày {person.old_issue_date:%d} tháng {person.old_issue_date:%m} năm {person.old_issue_date:%Y}"


def driving_license(person: Person, chance: Random) -> Drawn:
    """Draw a plastic driving licence. The vendor documents neither boxes nor confidences for it."""
    sheet = Sheet(CARD, (246, 232, 196), chance, BARE)
    sheet.text(190, 52, "CỤC ĐƯỜNG BỘ MẪU", size=22, bold=True, align="m")
    sheet.emblem(190, 120, 50)
    sheet.text(660, 52, STATE, size=25, bold=True, align="m")
    sheet.text(660, 84, MOTTO, size=20, bold=True, align="m")
    sheet.text(660, 138, "GIẤY PHÉP LÁI XE / DRIVER'S LICENSE", size=31, bold=True, color=RED, align="m")
    sheet.portrait(50, 192, 290, 500)
    sheet.block()
    sheet.labelled("id", 330, 190, "Số / No.:", f"000{person.number[-9:]}", size=32, bold=True, color=RED)
    sheet.labelled("name", 330, 240, "Họ tên / Full name:", person.name, size=25, bold=True)
    sheet.labelled("dob", 330, 286, "Ngày sinh / Date of birth:", printed(person.dob), size=25)
    sheet.labelled("nationality", 330, 332, "Quốc tịch / Nationality:", "VIỆT NAM", size=25)
    sheet.label(330, 374, "Nơi cư trú / Address:")
    sheet.field("address", 330, 406, person.address, size=24, width=620)
    sheet.block()
    rank = chance.choice(("A1", "B1", "B2", "C"))
    due = _FOREVER if rank == "A1" else printed(person.due_date)
    sheet.labelled("class", 60, 548, "Hạng / Class:", rank, size=40, bold=True, color=RED)
    sheet.labelled("issue_date", 330, 504, "Ngày cấp / Issued on:", printed(person.issue_date), size=24)
    sheet.labelled("due_date", 330, 550, "Có giá trị đến / Expires:", due, size=24)
    sheet.void()
    return sheet.drawn("driving_license")


def insurance_card(person: Person, chance: Random) -> Drawn:
    """Draw a private health insurance card, which the vendor calls ``bvcard``."""
    sheet = Sheet(CARD, (212, 226, 244), chance)
    sheet.draw.rectangle((0, 0, 1000, 110), fill=(196, 214, 240))
    sheet.text(50, 52, "BẢO HIỂM MẪU VÍ DỤ", size=34, bold=True, color=(30, 70, 140))
    sheet.text(50, 88, "Health insurance card", size=20, color=LABEL)
    sheet.text(950, 66, "THẺ BẢO HIỂM SỨC KHỎE", size=28, bold=True, color=RED, align="r")
    sheet.chip(60, 150)
    sheet.block()
    rows = (
        ("policy_no", "Số thẻ / Policy No.", f"000/BH/{chance.randrange(10**7):07}"),
        ("name", "Họ tên / Insured", person.name),
        ("company", "Công ty / Company", chance.choice(people.FIRMS)),
        ("plan", "Chương trình / Plan", f"{chance.choice(('CƠ BẢN', 'NÂNG CAO', 'TOÀN DIỆN'))} {chance.randint(1, 5)}"),
        ("valid", "Hiệu lực / Valid", f"{printed(person.issue_date)} - {printed(person.next_year)}"),
    )
    for place, (name, label, value) in enumerate(rows):
        sheet.label(250, 160 + 82 * place, label)
        sheet.field(name, 250, 196 + 82 * place, value, size=30, bold=True)
    sheet.block()
    sheet.text(50, 590, "Đường dây nóng: 1900 0000", size=18, color=LABEL)
    sheet.void()
    return sheet.drawn("bvcard")
