"""Papers of registries: birth certificates and business registrations."""

from __future__ import annotations

from datetime import date
from random import Random

from . import people
from .drawing import LABEL, RED
from .people import Firm, Person, printed
from .sheet import A4, SURE, Drawn, Row, Sheet

__all__ = ["birth_certificate", "business_registration"]


def birth_certificate(child: Person, chance: Random) -> Drawn:
    """Draw a birth certificate. The vendor documents confidences for it, but not boxes."""
    sheet = Sheet(A4, (250, 238, 232), chance, SURE)
    sheet.heading(76)
    sheet.emblem(450, 176, 44)
    sheet.text(450, 276, "GIẤY KHAI SINH", size=44, bold=True, color=RED, align="m")
    sheet.text(450, 306, "Birth certificate · Bản sao mẫu", size=20, color=LABEL, align="m")
    sheet.block()
    sheet.labelled("number", 80, 360, "Số:", f"000{chance.randrange(1000):03}", size=24, bold=True)
    sheet.labelled("number_book", 560, 360, "Quyển số:", f"00/{child.dob.year}", size=24, bold=True)
    _newborn(sheet, child)
    for title, name, gender, y in (("MẸ", "mother", "Nữ", 650), ("CHA", "father", "Nam", 820)):
        _parent(sheet, y, title, name, _elder(child, gender, chance), chance)
    _registered(sheet, child, chance)
    sheet.void()
    return sheet.drawn("birth_certificate")


def _newborn(sheet: Sheet, child: Person) -> None:
    sheet.block()
    sheet.labelled("name", 80, 420, "Họ, chữ đệm, tên:", child.name, size=28, bold=True)
    sheet.labelled("dob", 80, 470, "Ngày, tháng, năm sinh:", printed(child.dob), size=25)
    sheet.labelled("gender", 560, 470, "Giới tính:", child.gender, size=25)
    sheet.label(80, 520, "Nơi sinh:")
    sheet.text(180, 520, f"Bệnh viện Mẫu {child.hometown.town}", size=24)
    sheet.label(80, 570, "Quê quán:")
    sheet.text(180, 570, str(child.hometown), size=24)
    sheet.draw.line((80, 600, 820, 600), fill=LABEL)


def _elder(child: Person, gender: str, chance: Random) -> tuple[str, date]:
    """Return name and birthday of a parent; the child has the father's family name."""
    sur_name = child.sur_name if gender == "Nam" else chance.choice(people.SUR_NAMES)
    age = chance.randint(22, 38)
    born = date(child.dob.year - age, chance.randint(1, 12), chance.randint(1, 28))
    return f"{sur_name} {chance.choice(people.GIVEN_NAMES[gender])}", born


def _parent(sheet: Sheet, y: int, title: str, name: str, parent: tuple[str, date], chance: Random) -> None:
    sheet.block()
    sheet.labelled(f"{name}_name", 80, y, f"HỌ TÊN {title}:", parent[0], size=26, bold=True)
    sheet.labelled(f"{name}_dob", 80, y + 46, "Ngày sinh:", printed(parent[1]), size=24)
    sheet.label(480, y + 46, "Dân tộc:")
    sheet.text(570, y + 46, chance.choice(people.ETHNICITIES), size=24)
    sheet.label(80, y + 92, "Nơi cư trú:")
    sheet.text(190, y + 92, f"{chance.choice(people.STREETS)}, {people.place(chance)}", size=22)


def _registered(sheet: Sheet, child: Person, chance: Random) -> None:
    sheet.block()
    sheet.label(80, 990, "Nơi đăng ký khai sinh:")
    sheet.text(290, 990, f"Ủy ban nhân dân {child.home.ward}", size=23)
    regis = child.dob.replace(month=child.dob.month % 12 + 1, year=child.dob.year + child.dob.month // 12)
    sheet.labelled("regis_date", 80, 1036, "Ngày đăng ký:", printed(regis), size=24)
    sheet.signature(660, 1100, "Người ký giấy khai sinh", "Bùi Văn Giả Định")


def business_registration(owner: Person, chance: Random) -> Drawn:
    """Draw the registration certificate of a business."""
    sheet = Sheet(A4, (252, 244, 226), chance)
    firm = people.firm(chance)
    sheet.text(240, 60, "SỞ KẾ HOẠCH VÀ ĐẦU TƯ MẪU", size=19, bold=True, align="m")
    sheet.emblem(240, 112, 36)
    sheet.text(640, 60, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", size=19, bold=True, align="m")
    sheet.text(640, 88, "Độc lập - Tự do - Hạnh phúc", size=18, bold=True, align="m")
    sheet.block()
    sheet.text(450, 190, "GIẤY CHỨNG NHẬN ĐĂNG KÝ DOANH NGHIỆP", size=31, bold=True, color=RED, align="m")
    issued = owner.issue_date
    sheet.labelled("business_code", 300, 228, "Mã số doanh nghiệp:", firm.tax_code, size=24, bold=True)
    sheet.labelled(
        "regis_date", 60, 264, "Đăng ký lần đầu, ngày:", printed(issued.replace(year=issued.year - 3)), size=20
    )
    sheet.labelled("date_of_change", 480, 264, "Thay đổi lần thứ 2, ngày:", printed(issued), size=20)
    sheet.block()
    sheet.rows(60, 312, 38, _company(firm, chance), size=20)
    sheet.block()
    sheet.text(60, 768, "NGƯỜI ĐẠI DIỆN THEO PHÁP LUẬT", size=21, bold=True)
    sheet.rows(60, 806, 36, _representative(owner, chance), size=20)
    sheet.signature(740, 880, "TRƯỞNG PHÒNG", "Hồ Thị Thử Nghiệm")
    sheet.void()
    return sheet.drawn("business_registration")


def _company(firm: Firm, chance: Random) -> list[Row]:
    words = people.plain(firm.name).split()
    short = "".join(words[-2:])
    kind = "COMPANY LIMITED" if "TNHH" in words else "JOINT STOCK COMPANY"
    shares = chance.randint(1, 90) * 10_000
    phone = f"0200000{chance.randrange(1000):03}"
    return [
        ("company_name", "1. Tên công ty:", firm.name),
        ("english_name", "Tên nước ngoài:", f"{short} {kind}"),
        ("short_name", "Tên viết tắt:", f"{short} CO"),
        ("address", "2. Địa chỉ:", firm.address),
        ("company_phone", "Điện thoại:", phone),
        ("fax", "Fax:", f"0200001{chance.randrange(1000):03}"),
        ("email", "Email:", f"{short.lower()}@example.com"),
        ("website", "Website:", f"https://{short.lower()}.example.com"),
        ("authorized_capital", "3. Vốn điều lệ:", f"{printed(shares * 10_000)} đồng"),
        ("par_value", "Mệnh giá cổ phần:", "10.000 đồng"),
        ("total_shares", "Tổng số cổ phần:", printed(shares)),
    ]


def _representative(owner: Person, chance: Random) -> list[Row]:
    return [
        ("representative_name", "Họ và tên:", owner.name),
        ("representative_title", "Chức danh:", chance.choice(("Giám đốc", "Tổng giám đốc", "Chủ tịch"))),
        ("gender", "Giới tính:", owner.gender),
        ("dob", "Sinh ngày:", printed(owner.dob)),
        ("ethnicity", "Dân tộc:", chance.choice(people.ETHNICITIES)),
        ("nationality", "Quốc tịch:", "Việt Nam"),
        ("document_type", "Loại giấy tờ:", "Thẻ căn cước công dân"),
        ("number_of_idcard", "Số giấy tờ:", owner.number),
        ("issue_date", "Ngày cấp:", printed(owner.issue_date)),
        ("issued_at", "Nơi cấp:", "Cục Quản lý Giấy tờ Mẫu"),
        ("household_address", "Hộ khẩu thường trú:", owner.address),
        ("representative_address", "Chỗ ở hiện tại:", f"Số 9 Đường Mẫu, {people.place(chance)}"),
    ]
