"""Writer of sample documents: a mix of papers with a few broken files, as in real folders."""

from __future__ import annotations

import filecmp
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import attrs
from PIL import Image

from ..._system.atomic import move_to_new
from . import business, cards, civil, medical, papers, tables, vehicles
from .einvoice import write_einvoice
from .people import Person, person, vehicle
from .truth import Page, Truth, save_image, save_pdf

__all__ = ["Sample", "is_name_of_sample", "write_samples"]

Drawn = tuple[Image.Image, Page]


@attrs.frozen
class Sample:
    """A written file.

    Attributes:
        kind: citizen_card, passport, claim, invoice, text or broken; from the 25th file on also old_card,
            driving_license, vehicle_registration, vehicle_inspection, birth_certificate, business_registration,
            insurance_card, price_quotation, bank_statement, einvoice, prescription, discharge_paper, expense_list,
            hospital_bill or table.
        operation: the operation that reads it best.
    """

    path: Path
    kind: str
    operation: str


def write_samples(folder: Path, count: int, seed: int = 0) -> Iterator[Sample]:
    """Write `count` files into a folder, which is created if missing, and yield each file once it is written.

    The same seed gives the same files, byte for byte; a larger count only adds files. Existing identical files are
    kept.

    Raises:
        NotADirectoryError: if the path exists and is not a folder.
        FileExistsError: while writing, if a different file has the name of a sample.
    """
    if count < 0:
        raise ValueError(f"the number of samples must not be negative: {count}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise NotADirectoryError(f"{folder} is not a folder to write samples into") from None
    return _written(folder, count, seed)


def _written(folder: Path, count: int, seed: int) -> Iterator[Sample]:
    written: Counter[str] = Counter()
    for number, kind in enumerate(itertools.islice(_kinds(seed), count), start=1):
        # Each file has its own random generator, so that it does not depend on the others.
        chance = Random(f"{seed}/{number}")  # noqa: S311
        ways = _WAYS[kind]
        name, write = ways[written[kind] % len(ways)]
        path = folder / f"{number:04}-{name}"
        with TemporaryDirectory(prefix=".", dir=folder) as drafts:
            draft = Path(drafts, path.name)  # a PDF contains its file name
            write(draft, kind, chance)
            _give_name(draft, path)
        written[kind] += 1
        yield Sample(path, kind, _OPERATIONS[kind])


def _give_name(draft: Path, path: Path) -> None:
    try:
        move_to_new(draft, path)
    except FileExistsError:
        if not path.is_file() or not filecmp.cmp(draft, path, shallow=False):
            raise FileExistsError(
                f"{path} exists with different content: choose another folder, or the same seed as before"
            ) from None


_OPERATIONS = {
    "citizen_card": "ocr.card",
    "passport": "ocr.card",
    "claim": "ocr.claims",
    "invoice": "ocr.document.invoice",
    "text": "ocr.document.general",
    "broken": "ocr.card",
    "old_card": "ocr.card",
    "driving_license": "ocr.driving_license",
    "vehicle_registration": "ocr.vehicle_registration",
    "vehicle_inspection": "ocr.vehicle_inspection",
    "birth_certificate": "ocr.birth_certificate",
    "business_registration": "ocr.document.business_registration",
    "insurance_card": "ocr.claims",
    "price_quotation": "ocr.document.price_quotation",
    "bank_statement": "ocr.document.bank_statement",
    "einvoice": "ocr.document.invoice_xml",
    "prescription": "ocr.claims",
    "discharge_paper": "ocr.claims",
    "expense_list": "ocr.claims",
    "hospital_bill": "ocr.document.invoice_hospital",
    "table": "ocr.document.get_table",
}
_SHARES: dict[str, int] = {"citizen_card": 45, "passport": 20, "claim": 13, "invoice": 12, "text": 7}
_OPENING: tuple[str, ...] = ("citizen_card", "passport", "claim", "invoice", "text", "citizen_card", "citizen_card")
# The rarer kinds, in turn: three occur twice, because they have two sides or forms.
_RARE: tuple[str, ...] = (
    *("driving_license", "vehicle_registration", "old_card", "birth_certificate", "insurance_card"),
    *("vehicle_registration", "business_registration", "vehicle_inspection", "old_card", "price_quotation"),
    *("bank_statement", "einvoice", "prescription", "discharge_paper", "expense_list", "hospital_bill"),
    *("table", "table"),
)
_COMMON = 24  # number of files without rarer kinds; then every sixth file is of a rarer kind


def _kinds(seed: int) -> Iterator[str]:
    """Yield the endless sequence of kinds: all common kinds among the first six, rarer kinds after the common files."""
    good, rare = _good_kinds(seed), itertools.cycle(_RARE)
    for number in itertools.count(1):
        if number == 5 or number % 33 == 20:
            yield "broken"
        else:
            yield next(rare if number > _COMMON and number % 6 == 1 else good)


def _good_kinds(seed: int) -> Iterator[str]:
    """Yield the common kinds except broken files, shuffled in packs of 97."""
    yield from _OPENING
    opening = Counter(_OPENING)
    for pack in itertools.count():
        kinds = list((Counter(_SHARES) - opening).elements())
        Random(f"{seed}/pack {pack}").shuffle(kinds)  # noqa: S311
        yield from kinds
        opening.clear()


# Writer of a file: to a path, of a kind, with random numbers.
Write = Callable[[Path, str, Random], None]
Draw = Callable[[Random], list[Drawn]]


def _good(draw: Draw) -> Write:
    """Return a writer of pages with their truth; the path's suffix selects the format."""

    def write(path: Path, kind: str, chance: Random) -> None:
        images, pages = zip(*draw(chance), strict=True)
        truth = Truth(kind, pages)
        if path.suffix == ".pdf":
            save_pdf(images, path, truth)
        else:
            save_image(images[0], path, truth)

    return write


def _front(chance: Random) -> list[Drawn]:
    return [papers.chip_id_card_front(person(chance), chance)]


def _back(chance: Random) -> list[Drawn]:
    return [papers.chip_id_card_back(person(chance), chance)]


def _both_sides(chance: Random) -> list[Drawn]:
    somebody = person(chance)
    return [papers.chip_id_card_front(somebody, chance), papers.chip_id_card_back(somebody, chance)]


def _passport(chance: Random) -> list[Drawn]:
    return [papers.passport(person(chance), chance)]


def _claim(chance: Random) -> list[Drawn]:
    return [papers.claim_form(person(chance), chance)]


def _claim_file(chance: Random) -> list[Drawn]:
    somebody = person(chance)
    draws = (papers.claim_form, papers.chip_id_card_front, papers.chip_id_card_back)
    return [draw(somebody, chance) for draw in draws]


def _invoice(chance: Random) -> list[Drawn]:
    return [papers.invoice(chance)]


def _text(chance: Random) -> list[Drawn]:
    return [papers.text_page(chance)]


def _texts(chance: Random) -> list[Drawn]:
    return [papers.text_page(chance) for _ in range(chance.randint(2, 4))]


def _old_sides(chance: Random) -> list[Drawn]:
    somebody = person(chance)
    return [cards.old_id_card_front(somebody, chance), cards.old_id_card_back(somebody, chance)]


def _registration_front(chance: Random) -> list[Drawn]:
    return [vehicles.vehicle_registration_front(person(chance), vehicle(chance), chance)]


def _registration_back(chance: Random) -> list[Drawn]:
    return [vehicles.vehicle_registration_back(person(chance), vehicle(chance), chance)]


def _inspection(chance: Random) -> list[Drawn]:
    return [vehicles.vehicle_inspection(vehicle(chance), chance)]


def _of_person(draw: Callable[[Person, Random], Drawn]) -> Draw:
    """Return a function that draws the only page of a person's paper."""
    return lambda chance: [draw(person(chance), chance)]


def _of(draw: Callable[[Person, Random], Drawn], *names: str) -> list[tuple[str, Write]]:
    """Return the ways to write a person's paper of one page, one for each end of a file name."""
    return [(name, _good(_of_person(draw))) for name in names]


def _statements(chance: Random) -> list[Drawn]:
    somebody = person(chance)
    return [business.bank_statement(somebody, chance) for _ in range(2)]


def _einvoice(path: Path, _: str, chance: Random) -> None:
    write_einvoice(path, chance)


def _encoded(draw: Draw, form: str, chance: Random) -> bytes:
    """Return the first page as a file without truth."""
    buffer = BytesIO()
    draw(chance)[0][0].save(buffer, form)
    return buffer.getvalue()


def _cut_jpeg(path: Path, _: str, chance: Random) -> None:
    content = _encoded(_front, "JPEG", chance)
    path.write_bytes(content[: len(content) // 3])


def _cut_pdf(path: Path, _: str, chance: Random) -> None:
    content = _encoded(_passport, "PDF", chance)
    path.write_bytes(content[: len(content) // 2])


def _text_as_png(path: Path, _: str, chance: Random) -> None:
    path.write_text(f"Tệp này không phải là ảnh, mã {chance.randrange(1000):03}.\n", encoding="utf-8", newline="\n")


def _empty(path: Path, _: str, __: Random) -> None:
    path.write_bytes(b"")


# Writers of each kind, used in turn: the end of the file name, and how to write it.
_WAYS: dict[str, list[tuple[str, Write]]] = {
    "citizen_card": [
        ("căn-cước.jpg", _good(_front)),
        ("căn-cước-mặt-sau.jpg", _good(_back)),
        ("căn-cước-hai-mặt.pdf", _good(_both_sides)),
        ("căn-cước.png", _good(_front)),
        ("căn-cước-mặt-sau.png", _good(_back)),
        ("căn-cước.jpg", _good(_front)),
        ("căn-cước-hai-mặt.pdf", _good(_both_sides)),
    ],
    "passport": [
        ("hộ-chiếu.jpg", _good(_passport)),
        ("hộ-chiếu.png", _good(_passport)),
        ("hộ-chiếu.jpg", _good(_passport)),
        ("hộ-chiếu.pdf", _good(_passport)),
    ],
    "claim": [
        ("yêu-cầu-bồi-thường.pdf", _good(_claim_file)),
        ("yêu-cầu-bồi-thường.jpg", _good(_claim)),
    ],
    "invoice": [
        ("hóa-đơn.pdf", _good(_invoice)),
        ("hóa-đơn.jpg", _good(_invoice)),
        ("hóa-đơn.png", _good(_invoice)),
    ],
    "text": [
        ("văn-bản.jpg", _good(_text)),
        ("văn-bản.pdf", _good(_texts)),
        ("văn-bản.png", _good(_text)),
    ],
    "broken": [
        ("ảnh-hỏng.jpg", _cut_jpeg),
        ("không-phải-ảnh.png", _text_as_png),
        ("tệp-rỗng.jpg", _empty),
        ("tài-liệu-hỏng.pdf", _cut_pdf),
    ],
    "old_card": [
        ("chứng-minh-nhân-dân.jpg", _good(_of_person(cards.old_id_card_front))),
        ("chứng-minh-nhân-dân-mặt-sau.jpg", _good(_of_person(cards.old_id_card_back))),
        ("chứng-minh-nhân-dân-hai-mặt.pdf", _good(_old_sides)),
    ],
    "driving_license": _of(cards.driving_license, "giấy-phép-lái-xe.jpg", "giấy-phép-lái-xe.png"),
    "vehicle_registration": [
        ("đăng-ký-xe.jpg", _good(_registration_front)),
        ("đăng-ký-xe-mặt-sau.jpg", _good(_registration_back)),
    ],
    "vehicle_inspection": [("đăng-kiểm-xe.jpg", _good(_inspection))],
    "birth_certificate": _of(civil.birth_certificate, "giấy-khai-sinh.jpg"),
    "business_registration": _of(civil.business_registration, "đăng-ký-doanh-nghiệp.pdf", "đăng-ký-doanh-nghiệp.jpg"),
    "insurance_card": _of(cards.insurance_card, "thẻ-bảo-hiểm.jpg"),
    "price_quotation": _of(business.price_quotation, "báo-giá-xe.jpg"),
    "bank_statement": [
        ("sao-kê-ngân-hàng.pdf", _good(_statements)),
        ("sao-kê-ngân-hàng.jpg", _good(_of_person(business.bank_statement))),
    ],
    "einvoice": [("hóa-đơn-điện-tử.xml", _einvoice)],
    "prescription": _of(medical.prescription, "đơn-thuốc.jpg", "đơn-thuốc.pdf"),
    "discharge_paper": _of(medical.discharge_paper, "giấy-ra-viện.jpg", "giấy-ra-viện.pdf"),
    "expense_list": _of(medical.expense_list, "bảng-kê-chi-phí.pdf", "bảng-kê-chi-phí.jpg"),
    "hospital_bill": _of(medical.hospital_bill, "biên-lai-viện-phí.jpg", "biên-lai-viện-phí.pdf"),
    "table": _of(tables.newer_table, "bảng-giá.jpg") + _of(tables.older_table, "danh-sách.jpg"),
}

_NAMES = frozenset(name for ways in _WAYS.values() for name, _ in ways)


def is_name_of_sample(name: str) -> bool:
    """Return whether `write_samples` may use this file name: ``0001-căn-cước.jpg``."""
    number, _, rest = name.partition("-")
    return number.isdecimal() and rest in _NAMES
