"""Fictitious people, places, companies and words for the samples."""

from __future__ import annotations

import unicodedata
from datetime import date
from random import Random

import attrs

__all__ = [
    "SENTENCES",
    "Firm",
    "Good",
    "Person",
    "Place",
    "Repair",
    "Vehicle",
    "firm",
    "goods",
    "person",
    "printed",
    "repairs",
    "vehicle",
]

SUR_NAMES = ("NGUYỄN", "TRẦN", "LÊ", "PHẠM", "HOÀNG", "VŨ", "ĐẶNG", "BÙI", "ĐỖ", "HỒ", "NGÔ", "DƯƠNG")
GIVEN_NAMES = {
    "Nam": ("VĂN MẪU", "VĂN VÍ DỤ", "ĐỨC MINH HỌA", "HỮU GIẢ ĐỊNH", "VĂN THỬ NGHIỆM", "QUỐC TƯỞNG TƯỢNG"),
    "Nữ": ("THỊ VÍ DỤ", "THỊ MẪU", "NGỌC MINH HỌA", "THỊ GIẢ ĐỊNH", "THỊ THỬ NGHIỆM", "THU TƯỞNG TƯỢNG"),
}
# Towns and districts with their real codes; the wards and their codes are fictitious.
DISTRICTS = (
    ("Hà Nội", "01", "Ba Đình", "001"),
    ("Hà Nội", "01", "Hoàn Kiếm", "002"),
    ("Hải Phòng", "31", "Hồng Bàng", "303"),
    ("Đà Nẵng", "48", "Hải Châu", "492"),
    ("Hồ Chí Minh", "79", "Quận 1", "760"),
    ("Cần Thơ", "92", "Ninh Kiều", "916"),
)
WARDS = (("Phường Mẫu", "99901"), ("Phường Ví Dụ", "99902"), ("Phường Minh Họa", "99903"), ("Xã Thử Nghiệm", "99904"))
STREETS = ("Đường Mẫu", "Ngõ 2 Đường Mẫu", "Đường Mẫu Mới", "Hẻm 7 Đường Mẫu")
FIRMS = ("CÔNG TY TNHH VÍ DỤ", "CÔNG TY CỔ PHẦN MINH HỌA", "CÔNG TY TNHH MẪU VÀ THỬ", "CÔNG TY CỔ PHẦN GIẢ ĐỊNH")
BANKS = ("Ngân hàng TMCP Mẫu", "Ngân hàng Ví Dụ Việt Nam", "Ngân hàng TMCP Minh Họa")
GOODS = (
    ("Giấy in khổ A4", "Ream", 68_000),
    ("Bút bi mực xanh", "Hộp", 45_000),
    ("Mực máy in", "Hộp", 620_000),
    ("Bàn làm việc gỗ", "Chiếc", 1_850_000),
    ("Ghế xoay văn phòng", "Chiếc", 1_240_000),
    ("Dịch vụ vệ sinh", "Tháng", 3_500_000),
    ("Cà phê hòa tan", "Gói", 92_000),
    ("Tủ đựng hồ sơ", "Chiếc", 2_760_000),
)
MEDICINES = (
    ("Thuốc mẫu 500 mg", "Hộp", 84_000),
    ("Vitamin C ví dụ", "Lọ", 56_000),
    ("Nước muối sinh lý", "Chai", 12_000),
    ("Băng gạc y tế", "Cuộn", 18_000),
    ("Khẩu trang y tế", "Hộp", 35_000),
    ("Siro ho minh họa", "Chai", 67_000),
)
ETHNICITIES = ("Kinh", "Tày", "Thái", "Mường", "Khmer", "Hoa", "Nùng")
RELIGIONS = ("Không", "Phật giáo", "Công giáo", "Cao Đài")
# Fictitious makers.
VEHICLES = (
    ("MẪU MOTOR", "VÍ DỤ 1.5", "Ô tô con", 1497),
    ("VÍ DỤ AUTO", "MINH HỌA 2.0", "Ô tô con", 1998),
    ("GIẢ ĐỊNH", "THỬ TẢI 3.5", "Ô tô tải", 2999),
    ("MINH HỌA", "MẪU VAN", "Ô tô tải van", 1242),
)
COLORS = ("Trắng", "Đen", "Bạc", "Đỏ", "Xanh", "Vàng cát")
REPAIRS = (
    ("Lọc dầu động cơ", 185_000),
    ("Má phanh trước", 1_250_000),
    ("Gạt mưa", 320_000),
    ("Ắc quy 12 V", 1_680_000),
    ("Sơn cản trước", 1_400_000),
    ("Công thay dầu", 150_000),
    ("Đèn pha trái", 2_850_000),
    ("Cân chỉnh góc đặt bánh xe", 450_000),
    ("Gương chiếu hậu phải", 1_120_000),
)
SENTENCES = (
    "Đây là một trang văn bản mẫu, không thuộc về người nào và không có giá trị pháp lý.",
    "Mọi tên người, địa chỉ và con số trong trang này đều được đặt ra để thử phần mềm nhận dạng chữ.",
    "Tiếng Việt có nhiều dấu thanh, vì vậy một dấu hỏi hay dấu ngã bị đọc sai cũng đủ làm đổi nghĩa của từ.",
    "Người viết đã chọn những câu ngắn và rõ ràng để người đọc dễ so sánh với kết quả nhận được.",
    "Buổi sáng, phiên chợ ở Phường Ví Dụ đông người mua bán rau quả, cá tươi và hoa cúc vàng.",
    "Trời mưa nhẹ từ đêm qua nên con đường Mẫu vẫn còn ướt và hàng cây bên đường xanh hơn mọi ngày.",
    "Văn bản được sắp thành nhiều đoạn; mỗi đoạn là một khối và mỗi dòng có tọa độ riêng trên ảnh.",
    "Nếu dịch vụ trả về đúng từng chữ thì phép thử này được coi là đạt yêu cầu.",
    "Thư viện đọc tệp, gửi yêu cầu, chờ câu trả lời rồi ghi lại kết quả cùng với chi phí của từng lần gọi.",
    "Khi mạng bị gián đoạn, chương trình không gửi lại một cách mù quáng mà báo cho người dùng biết.",
    "Ông Nguyễn Văn Mẫu và bà Trần Thị Ví Dụ đồng ý với các điều khoản được nêu ở những trang sau.",
    "Hồ sơ gồm có giấy yêu cầu, bản sao giấy tờ tùy thân và hóa đơn của cơ sở khám chữa bệnh.",
    "Bên A giao cho bên B một bản, bên B giữ một bản, các bản có giá trị thử nghiệm như nhau.",
    "Quyển sổ cũ ghi rằng năm ấy lũ về sớm, ruộng ngô ngoài bãi kịp gặt trước khi nước dâng.",
)


@attrs.frozen
class Place:
    """Ward with its district and town, and their codes."""

    town: str
    town_code: str
    district: str
    district_code: str
    ward: str
    ward_code: str

    def __str__(self) -> str:
        return f"{self.ward}, {self.district}, {self.town}"


@attrs.frozen
class Person:
    """Fictitious citizen. All numbers start with 000, the passport's after its letter."""

    sur_name: str
    given_name: str
    gender: str
    dob: date
    number: str
    passport_number: str
    hometown: Place
    home: Place
    address: str
    issue_date: date
    due_date: date

    @property
    def name(self) -> str:
        """Return the whole name as on Vietnamese papers."""
        return f"{self.sur_name} {self.given_name}"

    @property
    def sex(self) -> str:
        """Return the letter of a machine-readable zone."""
        return "M" if self.gender == "Nam" else "F"

    @property
    def old_number(self) -> str:
        """Return the nine digits of the old identity card."""
        return f"000{self.number[-6:]}"

    @property
    def old_issue_date(self) -> date:
        """Return the date of issue of the old identity card."""
        return self.issue_date.replace(year=self.issue_date.year - 4)

    @property
    def next_year(self) -> date:
        """Return the end of a validity of one year from the date of issue."""
        return self.issue_date.replace(year=self.issue_date.year + 1)

    def card_zone(self) -> list[str]:
        """Return the machine-readable zone of the citizen card: three lines of 30 letters (ICAO 9303, TD1)."""
        document, dob, due = self.number[-9:], f"{self.dob:%y%m%d}", f"{self.due_date:%y%m%d}"
        first = f"IDVNM{_checked(document)}{_checked(self.number + '<<')}"
        second = f"{_checked(dob)}{self.sex}{_checked(due)}VNM<<<<<<<<<<<"
        check = _check_digit(first[5:] + second[:7] + second[8:15] + second[18:])
        return [first, second + check, self._zone_name(30)]

    def passport_zone(self) -> list[str]:
        """Return the machine-readable zone of the passport: two lines of 44 letters (ICAO 9303, TD3)."""
        number, dob = self.passport_number.ljust(9, "<"), f"{self.dob:%y%m%d}"
        due, personal = f"{self.due_date:%y%m%d}", self.number.ljust(14, "<")
        line = f"{_checked(number)}VNM{_checked(dob)}{self.sex}{_checked(due)}{_checked(personal)}"
        return ["P<VNM" + self._zone_name(39), line + _check_digit(line[:10] + line[13:20] + line[21:])]

    def _zone_name(self, width: int) -> str:
        return f"{plain(self.sur_name)}<<{plain(self.given_name)}".replace(" ", "<").ljust(width, "<")[:width]


@attrs.frozen
class Firm:
    """Fictitious company."""

    name: str
    tax_code: str
    address: str
    bank: str
    account_no: str


@attrs.frozen
class Good:
    """Line of an invoice; amounts in đồng."""

    name: str
    unit: str
    quantity: int
    price: int
    batch_no: str
    expired_date: str

    @property
    def amount(self) -> int:
        """Return the cost of the line before tax."""
        return self.quantity * self.price


@attrs.frozen
class Vehicle:
    """Fictitious vehicle. Its plate is of the series 00, which belongs to no province."""

    plate: str
    brand: str
    model: str
    kind: str
    color: str
    capacity: int
    engine: str
    chassis: str
    year: int

    @property
    def is_truck(self) -> bool:
        """Return whether it carries goods."""
        return self.kind.startswith("Ô tô tải")

    @property
    def seats(self) -> int:
        """Return the number of seats."""
        return 3 if self.is_truck else 5


@attrs.frozen
class Repair:
    """Line of a garage quotation; amounts in đồng, the discount in percent."""

    name: str
    quantity: int
    price: int
    percent: int

    @property
    def discount(self) -> int:
        """Return the amount of the discount."""
        return self.quantity * self.price * self.percent // 100

    @property
    def amount(self) -> int:
        """Return the amount to pay before tax."""
        return self.quantity * self.price - self.discount


def person(chance: Random) -> Person:
    """Create a person."""
    gender = chance.choice(tuple(GIVEN_NAMES))
    dob = date(chance.randint(1950, 2003), chance.randint(1, 12), chance.randint(1, 28))
    issued = date(chance.randint(2021, 2024), chance.randint(1, 12), chance.randint(1, 28))
    home = place(chance)
    return Person(
        sur_name=chance.choice(SUR_NAMES),
        given_name=chance.choice(GIVEN_NAMES[gender]),
        gender=gender,
        dob=dob,
        number=_number(dob, gender, chance),
        passport_number=f"X000{chance.randrange(10**4):04}",
        hometown=place(chance),
        home=home,
        address=f"Số {chance.randint(1, 199)} {chance.choice(STREETS)}, {home}",
        issue_date=issued,
        due_date=issued.replace(year=issued.year + 10),
    )


def _number(dob: date, gender: str, chance: Random) -> str:
    """Create a citizen number consistent with its holder, of a nonexistent province."""
    century_and_sex = (dob.year // 100 - 19) * 2 + (gender == "Nữ")
    return f"000{century_and_sex}{dob:%y}{chance.randrange(10**6):06}"


def place(chance: Random) -> Place:
    """Create a nonexistent ward in a real town."""
    return Place(*chance.choice(DISTRICTS), *chance.choice(WARDS))


def firm(chance: Random) -> Firm:
    """Create a company."""
    return Firm(
        name=chance.choice(FIRMS),
        tax_code=f"000{chance.randrange(10**7):07}",
        address=f"Số {chance.randint(1, 199)} {chance.choice(STREETS)}, {place(chance)}",
        bank=chance.choice(BANKS),
        account_no=f"000{chance.randrange(10**9):09}",
    )


def goods(chance: Random, *, medicine: bool) -> list[Good]:
    """Create a list of purchases."""
    stock = MEDICINES if medicine else GOODS
    return [
        Good(
            name=name,
            unit=unit,
            quantity=chance.randint(1, 20),
            price=price,
            batch_no=f"M{chance.randrange(1000):03}",
            expired_date=f"{chance.randint(1, 12):02}/{chance.randint(2027, 2030)}",
        )
        for name, unit, price in chance.sample(stock, chance.randint(3, len(stock)))
    ]


def vehicle(chance: Random) -> Vehicle:
    """Create a vehicle."""
    brand, model, kind, capacity = chance.choice(VEHICLES)
    return Vehicle(
        plate=f"00{chance.choice('ABCDE')}-{chance.randrange(1000):03}.{chance.randrange(100):02}",
        brand=brand,
        model=model,
        kind=kind,
        color=chance.choice(COLORS),
        capacity=capacity,
        engine=f"000MAU{chance.randrange(10**6):06}",
        chassis=f"000MAUVIDU{chance.randrange(10**7):07}",
        year=chance.randint(2015, 2023),
    )


def repairs(chance: Random) -> list[Repair]:
    """Create a list of repairs."""
    return [
        Repair(name, chance.randint(1, 4), price, chance.choice((0, 5, 10, 15)))
        for name, price in chance.sample(REPAIRS, chance.randint(4, len(REPAIRS)))
    ]


def printed(value: date | int) -> str:
    """Format a date or an amount as on Vietnamese papers: 31/12/2030, 1.250.000."""
    if isinstance(value, int):
        return f"{value:,}".replace(",", ".")
    return f"{value:%d/%m/%Y}"


def plain(text: str) -> str:
    """Return the text without diacritics, as in a machine-readable zone."""
    letters = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _checked(text: str) -> str:
    return text + _check_digit(text)


def _check_digit(text: str) -> str:
    """Return the check digit of ICAO 9303: weights 7, 3, 1; letters count from A = 10, fillers 0."""
    values = (0 if letter == "<" else int(letter, 36) for letter in text)
    return str(sum(value * (7, 3, 1)[index % 3] for index, value in enumerate(values)) % 10)
