"""Medical papers of a claim: prescriptions, discharge papers, lists of expenses, hospital bills."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

from . import hospital
from .drawing import INK, LABEL, RED, Ink
from .hospital import Dose, Expense, Stay
from .people import Person, printed
from .sheet import A4, Column, Drawn, Row, Sheet, Table, cell

__all__ = ["discharge_paper", "expense_list", "hospital_bill", "prescription"]


def prescription(patient: Person, chance: Random) -> Drawn:
    """Draw a doctor's prescription."""
    sheet, stay, doses = Sheet(A4, (243, 249, 248), chance), hospital.stay(chance), hospital.doses(chance)
    _letterhead(sheet, stay)
    sheet.labelled("pid", 630, 66, "Mã bệnh nhân:", stay.pid, size=20)
    _title(sheet, "ĐƠN THUỐC", "Prescription")
    _holder(sheet, patient, 252)
    sheet.labelled("diagnose", 70, 384, "Chẩn đoán:", stay.diagnosis, size=23)
    _icd(sheet, 600, 384, stay)
    sheet.block()
    sheet.text(70, 452, "Thuốc điều trị:", size=23, bold=True)
    sheet.info["drug_info"] = [_dose(sheet, 434 + 88 * place, place, dose) for place, dose in enumerate(doses, start=1)]
    _dated(sheet, 1010, "prescription_date", "Ngày kê đơn:", stay.admitted)
    sheet.signature(660, 1044, "Bác sĩ điều trị", f"BS. {stay.doctor}")
    return _stamped(sheet, "prescription")


def _dose(sheet: Sheet, y: int, place: int, dose: Dose) -> dict[str, Any]:
    """Print a drug, its quantity, and how to take it; the confidence and box are those of the drug."""
    sheet.block()
    sheet.text(84, y - 26, f"{place}.", size=22)
    drug = sheet.text(120, y - 26, dose.drug, size=22, bold=True)
    sheet.text(690, y - 26, "SL:", size=20, color=LABEL)
    quantity = sheet.text(770, y - 26, str(dose.quantity), size=22, bold=True, align="r")
    sheet.text(782, y - 26, dose.unit, size=20, color=LABEL)
    sheet.text(120, y + 4, dose.use, size=19, color=LABEL)
    return _scored("drug", drug) | {"quanlity": quantity.text}


def discharge_paper(patient: Person, chance: Random) -> Drawn:
    """Draw the paper that a patient gets when leaving the hospital."""
    sheet, stay = Sheet(A4, (248, 246, 240), chance), hospital.stay(chance)
    sheet.heading(70)
    sheet.block()
    sheet.field("medical_facility", 50, 172, stay.facility, size=23, bold=True)
    sheet.field("department", 50, 204, stay.department, size=21)
    sheet.labelled("pid", 630, 172, "Mã bệnh nhân:", stay.pid, size=20)
    sheet.text(450, 284, "GIẤY RA VIỆN", size=40, bold=True, color=RED, align="m")
    _holder(sheet, patient, 356)
    sheet.block()
    sheet.rows(70, 496, 50, _course(stay), size=23)
    _icd(sheet, 70, 696, stay)
    sheet.block()
    sheet.label(70, 746, "Ghi chú:")
    sheet.text(150, 746, "Uống thuốc theo đơn, tái khám khi có dấu hiệu bất thường", size=22)
    sheet.signature(660, 1000, "Trưởng khoa", f"BS. {stay.doctor}")
    return _stamped(sheet, "hospital_discharge_paper")


def _course(stay: Stay) -> list[Row]:
    return [
        ("hospitalization_date", "Vào viện ngày:", printed(stay.admitted)),
        ("hospital_discharge_date", "Ra viện ngày:", printed(stay.discharged)),
        ("diagnose", "Chẩn đoán:", stay.diagnosis),
        ("treatments", "Phương pháp điều trị:", stay.treatment),
    ]


_EXPENSES = (
    Column("number", "STT", 98, False),
    Column("goods", "Nội dung", 318, False),
    Column("quantity", "SL", 372),
    Column("unit_price", "Đơn giá", 480),
    Column("amount", "Thành tiền", 596),
    Column("insured", "BHYT trả", 714),
    Column("patient_pays", "Bệnh nhân trả", 850),
)
_ANSWERED = ("goods", "patient_pays", "quantity", "unit_price")
"""The cells of a row in the answer, in the vendor's order."""


def expense_list(patient: Person, chance: Random) -> Drawn:
    """Draw a hospital's list of expenses. Boxes of its cells are those of the page."""
    sheet, stay, bought = Sheet(A4, (249, 248, 250), chance), hospital.stay(chance), hospital.expenses(chance)
    _letterhead(sheet, stay)
    sheet.labelled("table_number", 650, 66, "Số:", f"000{chance.randrange(10**4):04}", size=20)
    sheet.labelled("pid", 650, 98, "Mã BN:", stay.pid, size=20)
    _title(sheet, "BẢNG KÊ CHI PHÍ ĐIỀU TRỊ", "List of expenses")
    sheet.block()
    sheet.labelled("patient_name", 50, 252, "Họ tên người bệnh:", patient.name, size=23, bold=True)
    sheet.labelled("address", 50, 292, "Địa chỉ:", patient.address, size=21)
    sheet.labelled("hospitalization_date", 50, 332, "Vào viện:", printed(stay.admitted), size=21)
    sheet.labelled("hospital_discharge_date", 450, 332, "Ra viện:", printed(stay.discharged), size=21)
    sheet.labelled("diagnosis", 50, 372, "Chẩn đoán:", stay.diagnosis, size=21)
    _icd(sheet, 450, 372, stay)
    rows = [_expense(place, one) for place, one in enumerate(bought, start=1)]
    table = Table(50, 402, _EXPENSES).drawn(sheet, rows)
    shown = [[cell(inks[name]) for name in _ANSWERED] for inks in table.rows]
    sheet.info["table"] = {"image_table": [], "page_table": [0], "info_table": [shown]}
    _expense_sums(sheet, table.bottom, bought)
    _dated(sheet, 1010, "table_date", "Ngày lập:", stay.discharged)
    sheet.signature(660, 1044, "Người lập bảng kê", "Đỗ Thị Kế Toán")
    return _stamped(sheet, "list_expense")


def _expense(place: int, one: Expense) -> dict[str, str]:
    return {
        "number": str(place),
        "goods": one.name,
        "quantity": str(one.quantity),
        "unit_price": printed(one.price),
        "amount": printed(one.amount),
        "insured": printed(one.insured),
        "patient_pays": printed(one.patient_pays),
    }


def _expense_sums(sheet: Sheet, top: int, bought: list[Expense]) -> None:
    sheet.block()
    for place, (label, amount) in enumerate(
        (
            ("Tổng chi phí:", sum(one.amount for one in bought)),
            ("Bảo hiểm y tế trả:", sum(one.insured for one in bought)),
        ),
        start=1,
    ):
        sheet.text(690, top + 34 * place, label, size=19, color=LABEL, align="r")
        sheet.text(842, top + 34 * place, printed(amount), size=20, align="r")
    owed = printed(sum(one.patient_pays for one in bought))
    sheet.sums(690, top + 68, 34, [("total_payment", "Người bệnh phải trả:", owed)])


_BILLED = (
    Column("number", "STT", 110, False),
    Column("name", "Dịch vụ", 440, False),
    Column("quantity", "SL", 520),
    Column("price", "Đơn giá", 680),
    Column("amount", "Thành tiền", 850),
)


def hospital_bill(patient: Person, chance: Random) -> Drawn:
    """Draw a hospital's bill. Claims know it as ``bill``; the answers of `invoice_hospital` are not published."""
    sheet, stay, bought = Sheet(A4, (250, 246, 246), chance), hospital.stay(chance), hospital.expenses(chance)
    _letterhead(sheet, stay)
    sheet.label(650, 66, "Ký hiệu: MAU/00")
    sheet.text(650, 98, f"Số: 000{chance.randrange(10**4):04}", size=20, bold=True, color=RED)
    _title(sheet, "BIÊN LAI THU VIỆN PHÍ", "Hospital bill")
    sheet.block()
    sheet.labelled("insure_name", 50, 252, "Họ tên người bệnh:", patient.name, size=23, bold=True)
    sheet.labelled("dob", 50, 294, "Ngày sinh:", printed(patient.dob), size=21)
    sheet.labelled("gender", 450, 294, "Giới tính:", patient.gender, size=21)
    sheet.labelled("address", 50, 336, "Địa chỉ:", patient.address, size=21)
    table = Table(50, 372, _BILLED).drawn(sheet, [_service(place, one) for place, one in enumerate(bought, start=1)])
    total = printed(sum(one.amount for one in bought))
    sheet.sums(690, table.bottom, 42, [("total_amount", "Tổng cộng (đồng):", total)])
    _dated(sheet, 1010, "date", "Ngày thu:", stay.discharged)
    sheet.signature(660, 1044, "Người thu tiền", "Ngô Văn Thu Ngân")
    return _stamped(sheet, "bill")


def _service(place: int, one: Expense) -> dict[str, str]:
    return {
        "number": str(place),
        "name": one.name,
        "quantity": str(one.quantity),
        "price": printed(one.price),
        "amount": printed(one.amount),
    }


def _letterhead(sheet: Sheet, stay: Stay) -> None:
    sheet.field("medical_facility", 50, 66, stay.facility, size=24, bold=True)
    sheet.label(50, 98, stay.address)
    sheet.draw.line((50, 122, 850, 122), fill=INK, width=2)


def _title(sheet: Sheet, title: str, english: str) -> None:
    sheet.block()
    sheet.text(450, 178, title, size=36, bold=True, color=RED, align="m")
    sheet.text(450, 206, english, size=19, color=LABEL, align="m")


def _holder(sheet: Sheet, patient: Person, y: int) -> None:
    """Print whom the paper is about."""
    sheet.block()
    sheet.labelled("patient_name", 70, y, "Họ tên người bệnh:", patient.name, size=25, bold=True)
    sheet.labelled("year_of_birth", 70, y + 44, "Năm sinh:", str(patient.dob.year), size=23)
    sheet.labelled("gender", 450, y + 44, "Giới tính:", patient.gender, size=23)
    sheet.labelled("address", 70, y + 88, "Địa chỉ:", patient.address, size=22)


def _icd(sheet: Sheet, x: int, y: int, stay: Stay) -> None:
    label = sheet.label(x, y, "Mã ICD-10:")
    sheet.info["icd_10"] = [_scored("icd", sheet.text(label.box[2] + 12, y, stay.icd, size=22, bold=True))]


def _scored(name: str, ink: Ink) -> dict[str, Any]:
    return {name: ink.text, "score": ink.confidence, "box": ink.box}


def _dated(sheet: Sheet, y: int, name: str, label: str, day: date) -> None:
    sheet.block()
    sheet.labelled(name, 560, y, label, printed(day), size=21)


def _stamped(sheet: Sheet, kind: str) -> Drawn:
    """Print the hospital's red stamp, and return the paper."""
    sheet.stamp(330, 1096, 66)
    sheet.info["valid_seals"] = True
    sheet.void()
    return sheet.drawn(kind)
