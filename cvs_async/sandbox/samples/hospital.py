"""Fictitious hospitals, and what happens in them: stays, drugs, services and their prices."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import attrs

from . import people

__all__ = ["SERVICES", "Dose", "Expense", "Stay", "doses", "expenses", "stay"]

FACILITIES = ("BỆNH VIỆN ĐA KHOA MẪU", "BỆNH VIỆN VÍ DỤ", "BỆNH VIỆN MINH HỌA", "BỆNH VIỆN ĐA KHOA GIẢ ĐỊNH")
DOCTORS = ("Trần Thị Ví Dụ", "Lê Văn Minh Họa", "Phạm Thu Giả Định", "Vũ Đức Thử Nghiệm")
# Diagnosis, its code by ICD-10, department, treatment.
ILLNESSES = (
    ("Viêm họng cấp", "J02.9", "Khoa Tai Mũi Họng", "Nội khoa: kháng sinh, hạ sốt"),
    ("Viêm phế quản cấp", "J20.9", "Khoa Nội tổng hợp", "Nội khoa: kháng sinh, long đờm"),
    ("Viêm dạ dày", "K29.7", "Khoa Tiêu hóa", "Nội khoa: giảm tiết axit"),
    ("Sốt xuất huyết Dengue", "A97.9", "Khoa Truyền nhiễm", "Nội khoa: bù dịch, theo dõi"),
    ("Viêm mũi dị ứng", "J30.4", "Khoa Tai Mũi Họng", "Nội khoa: kháng dị ứng"),
)
# Fictitious drugs, the unit that is counted, and how to take them.
DRUGS = (
    ("Thuốc mẫu 500 mg", "viên", "Ngày uống 2 lần, mỗi lần 1 viên sau ăn"),
    ("Kháng sinh ví dụ 250 mg", "viên", "Ngày uống 3 lần, mỗi lần 1 viên"),
    ("Siro ho minh họa 100 ml", "chai", "Ngày uống 3 lần, mỗi lần 5 ml"),
    ("Vitamin giả định C", "viên", "Ngày uống 1 lần, mỗi lần 1 viên buổi sáng"),
    ("Men tiêu hóa thử nghiệm", "gói", "Ngày uống 2 lần, mỗi lần 1 gói trước ăn"),
    ("Nước muối mẫu 0,9%", "chai", "Súc họng ngày 3 lần"),
)
SERVICES = (
    ("Khám bệnh", 50_000),
    ("Công thức máu", 46_200),
    ("Sinh hóa máu", 128_000),
    ("Siêu âm ổ bụng", 82_300),
    ("Chụp X-quang ngực", 97_200),
    ("Tiền giường nội khoa", 226_500),
    ("Nội soi tai mũi họng", 108_000),
)
SUPPLIES = (("Thuốc trong đợt", 312_400), ("Vật tư y tế", 74_600))
_INSURED = 80  # percent that the health insurance pays


@attrs.frozen
class Stay:
    """Stay of a patient in a hospital."""

    facility: str
    address: str
    department: str
    pid: str
    doctor: str
    diagnosis: str
    icd: str
    treatment: str
    admitted: date
    discharged: date


@attrs.frozen
class Dose:
    """Line of a prescription."""

    drug: str
    quantity: int
    unit: str
    use: str


@attrs.frozen
class Expense:
    """Line of a list of expenses; amounts in đồng."""

    name: str
    quantity: int
    price: int

    @property
    def amount(self) -> int:
        """Return the cost of the line."""
        return self.quantity * self.price

    @property
    def insured(self) -> int:
        """Return the part that the health insurance pays."""
        return self.amount * _INSURED // 100

    @property
    def patient_pays(self) -> int:
        """Return the rest, which the patient pays."""
        return self.amount - self.insured


def stay(chance: Random) -> Stay:
    """Create a stay of some days."""
    diagnosis, icd, department, treatment = chance.choice(ILLNESSES)
    admitted = date(chance.randint(2023, 2025), chance.randint(1, 12), chance.randint(1, 28))
    return Stay(
        facility=chance.choice(FACILITIES),
        address=f"Số {chance.randint(1, 199)} {chance.choice(people.STREETS)}, {people.place(chance)}",
        department=department,
        pid=f"000{chance.randrange(10**6):06}",
        doctor=chance.choice(DOCTORS),
        diagnosis=diagnosis,
        icd=icd,
        treatment=treatment,
        admitted=admitted,
        discharged=admitted + timedelta(days=chance.randint(2, 9)),
    )


def doses(chance: Random) -> list[Dose]:
    """Create the lines of a prescription."""
    return [
        Dose(drug, chance.randint(1, 3) * (1 if unit == "chai" else 10), unit, use)
        for drug, unit, use in chance.sample(DRUGS, chance.randint(3, len(DRUGS)))
    ]


def expenses(chance: Random) -> list[Expense]:
    """Create the lines of a list of expenses."""
    return [
        Expense(name, chance.randint(1, 5), price)
        for name, price in chance.sample(SERVICES + SUPPLIES, chance.randint(4, 9))
    ]
