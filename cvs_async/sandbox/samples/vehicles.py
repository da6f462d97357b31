"""Vehicle papers. The vendor documents boxes for none of them, and confidences for registrations only."""

from __future__ import annotations

from datetime import date
from random import Random

from .drawing import LABEL, RED
from .people import Person, Vehicle, printed
from .sheet import BARE, CARD, MOTTO, STATE, SURE, Drawn, Row, Sheet, parts

__all__ = ["vehicle_inspection", "vehicle_registration_back", "vehicle_registration_front"]

_SPREAD = (1270, 900)


def vehicle_registration_front(person: Person, vehicle: Vehicle, chance: Random) -> Drawn:
    """Draw the front of a vehicle registration: the owner."""
    sheet = Sheet(CARD, (250, 226, 206), chance, SURE)
    sheet.emblem(120, 104, 58)
    sheet.text(600, 56, STATE, size=27, bold=True, align="m")
    sheet.text(600, 88, MOTTO, size=21, bold=True, align="m")
    sheet.text(600, 148, "CHỨNG NHẬN ĐĂNG KÝ XE Ô TÔ", size=38, bold=True, color=RED, align="m")
    sheet.text(600, 178, "Car registration certificate", size=20, color=RED, align="m")
    sheet.block()
    sheet.labelled("id", 420, 236, "Số / Number:", f"000{chance.randrange(10**6):06}", size=34, bold=True, color=RED)
    sheet.label(80, 290, "Tên chủ xe / Owner's full name:")
    sheet.field("name", 80, 330, person.name, size=32, bold=True)
    sheet.label(80, 378, "Nơi cư trú / Address:")
    sheet.field("address", 80, 414, person.address, size=27, width=840)
    sheet.block()
    sheet.labelled("plate", 80, 520, "Biển số đăng ký / Plate No.:", vehicle.plate, size=40, bold=True)
    sheet.block()
    sheet.text(760, 490, "Nơi cấp / Issued at", size=18, color=LABEL, align="m")
    sheet.field("issued_at", 760, 526, f"CSGT Mẫu {person.home.town}", size=25, bold=True, align="m")
    sheet.void()
    return sheet.drawn("vehicle_registration_front")


def vehicle_registration_back(person: Person, vehicle: Vehicle, chance: Random) -> Drawn:
    """Draw the back of the same registration: the vehicle and its seats, as the vendor's newer page has them."""
    sheet = Sheet(CARD, (246, 230, 214), chance, SURE)
    sheet.labelled("name", 50, 60, "Tên chủ xe / Owner:", person.name, size=26, bold=True)
    sheet.label(50, 100, "Nơi cư trú / Address:")
    sheet.field("address", 50, 134, person.address, size=23, width=880)
    sheet.draw.line((40, 180, 960, 180), fill=LABEL)
    left, right = _registered(vehicle, chance)
    sheet.block()
    sheet.rows(50, 222, 46, left, size=24)
    sheet.block()
    sheet.rows(590, 222, 46, right, size=24)
    sheet.block()
    for x, (name, label, value) in zip((50, 330, 590), _places(vehicle), strict=True):
        sheet.labelled(name, x, 452, label, value, size=24)
    sheet.block()
    first = date(vehicle.year, chance.randint(1, 12), chance.randint(1, 28))
    issued = first.replace(year=first.year + chance.choice((0, 2)))
    sheet.labelled("first_issue_date", 50, 508, "Đăng ký lần đầu / First:", printed(first), size=23)
    sheet.labelled("last_issue_date", 50, 552, "Đăng ký ngày / Date:", printed(issued), size=23)
    sheet.block()
    sheet.text(740, 508, "Nơi đăng ký / Registered at", size=18, color=LABEL, align="m")
    sheet.field("issued_at", 740, 548, f"Phòng CSGT Mẫu {person.home.town}", size=24, bold=True, align="m")
    sheet.info["issued_at_code"] = person.home.town_code
    sheet.info.update(_as_spelt(parts("address", person.home)))
    sheet.void()
    return sheet.drawn("vehicle_registration_back")


def _registered(vehicle: Vehicle, chance: Random) -> tuple[list[Row], list[Row]]:
    load = _load(vehicle, chance)
    return [
        ("brand", "Nhãn hiệu / Brand:", vehicle.brand),
        ("model", "Số loại / Model:", vehicle.model),
        ("engine", "Số máy / Engine No.:", vehicle.engine),
        ("chassis", "Số khung / Chassis No.:", vehicle.chassis),
        ("plate", "Biển số / Plate:", vehicle.plate),
    ], [
        ("color", "Màu sơn / Color:", vehicle.color),
        ("capacity", "Dung tích / Capacity:", f"{vehicle.capacity} cm3"),
        ("pay_load", "Trọng tải / Pay load:", f"{load} kg"),
        ("year_of_manufacture", "Năm sản xuất / Year:", str(vehicle.year)),
    ]


def _places(vehicle: Vehicle) -> list[Row]:
    return [
        ("sit", "Số chỗ ngồi / Sit:", str(vehicle.seats)),
        ("stand", "Chỗ đứng / Stand:", "0"),
        ("lie", "Chỗ nằm / Lie:", "0"),
    ]


def _load(vehicle: Vehicle, chance: Random) -> int:
    """Return the load that the vehicle may carry, in kg."""
    if not vehicle.is_truck:
        return 0
    return chance.randint(10, 35) * 100


_CAPITALS = ("address_town", "address_district", "address_ward", "address_ward_code")
_SPELT = {name: name.capitalize() for name in _CAPITALS}


def _as_spelt(address: dict[str, str]) -> dict[str, str]:
    """Return the parts of an address with the names that the vendor's newest page has."""
    return {_SPELT.get(name, name): value for name, value in address.items()}


def vehicle_inspection(vehicle: Vehicle, chance: Random) -> Drawn:
    """Draw the inspection certificate of a vehicle, which the vendor calls ``picertificate``."""
    sheet = Sheet(_SPREAD, (224, 238, 226), chance, BARE)
    sheet.text(635, 50, STATE, size=25, bold=True, align="m")
    sheet.text(635, 82, MOTTO, size=21, bold=True, align="m")
    sheet.text(635, 134, "GIẤY CHỨNG NHẬN KIỂM ĐỊNH", size=36, bold=True, color=RED, align="m")
    sheet.text(635, 164, "Periodical inspection certificate", size=20, color=RED, align="m")
    sheet.block()
    inspected = date(chance.randint(2023, 2025), chance.randint(1, 12), chance.randint(1, 28))
    sheet.rows(60, 224, 46, _identity(vehicle, inspected, chance), size=23)
    sheet.block()
    sheet.rows(660, 224, 46, _measures(vehicle, chance), size=23)
    sheet.block()
    sheet.labelled("valid_until", 60, 800, "Có hiệu lực đến hết ngày:", _valid_until(inspected), size=30, bold=True)
    sheet.labelled("issued_on", 660, 800, "Đơn vị kiểm định:", "TRUNG TÂM ĐĂNG KIỂM MẪU", size=24, bold=True)
    sheet.void()
    return sheet.drawn("picertificate")


def _valid_until(inspected: date) -> str:
    return printed(inspected.replace(year=inspected.year + 1))


def _identity(vehicle: Vehicle, inspected: date, chance: Random) -> list[Row]:
    return [
        ("registration_number", "Biển đăng ký:", vehicle.plate),
        ("report_number", "Số phiếu kiểm định:", f"0000V-{chance.randrange(10**5):05}/{inspected:%y}"),
        ("seri", "Số sê-ri:", f"KA-000{chance.randrange(10**4):04}"),
        ("regis_date", "Ngày đăng ký:", printed(inspected)),
        ("type", "Loại phương tiện:", vehicle.kind),
        ("mark", "Nhãn hiệu:", vehicle.brand),
        ("model_code", "Số loại:", vehicle.model),
        ("engine_number", "Số động cơ:", vehicle.engine),
        ("chassis_number", "Số khung:", vehicle.chassis),
        ("manufactured_year", "Năm sản xuất:", str(vehicle.year)),
        ("manufactured_country", "Nước sản xuất:", "Việt Nam"),
        ("life_time_limit", "Niên hạn sử dụng:", _life_time(vehicle)),
    ]


def _life_time(vehicle: Vehicle) -> str:
    if not vehicle.is_truck:
        return "Không"
    return str(vehicle.year + 25)


def _cargo_box(vehicle: Vehicle, chance: Random) -> str:
    if not vehicle.is_truck:
        return "-"
    return f"{chance.randint(20, 42) * 100} x 1650 x 1700 mm"


def _measures(vehicle: Vehicle, chance: Random) -> list[Row]:
    load, cargo = _load(vehicle, chance), _cargo_box(vehicle, chance)
    return [
        ("commercial_use", "Kinh doanh vận tải:", "Có" if vehicle.is_truck else "Không"),
        ("modification", "Cải tạo:", chance.choice(("Có", "Không"))),
        ("wheel_form", "Công thức bánh xe:", "4x2"),
        ("tire_size", "Cỡ lốp:", chance.choice(("4; 205/55R16", "4; 195/65R15", "6; 7.00-16"))),
        ("capacity", "Dung tích động cơ:", f"{vehicle.capacity} cm3"),
        ("permissible_no", "Số người cho phép chở:", f"{vehicle.seats} người"),
        ("design_pay_load", "Khối lượng hàng thiết kế:", f"{load} kg"),
        ("authorized_pay_load", "Khối lượng hàng cho phép:", f"{load} kg"),
        ("design_towed_mass", "Khối lượng kéo theo:", "0 kg"),
        ("inside_cargo_container_dimension", "Kích thước thùng hàng:", cargo),
    ]
