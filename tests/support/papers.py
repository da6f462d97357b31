"""An answer of each operation, with every field that is documented."""

from __future__ import annotations

from typing import Any

from cvs_async import Reply
from cvs_async._codec.converter import structure
from cvs_async.models import (
    BirthCertificate,
    BusinessRegistration,
    CreditReport,
    Crop,
    EmployeeProfile,
    FaceImage,
    FaceMatching,
    LandCertificate,
    Liveness,
    PageLabel,
    PersonWithCard,
    Plate,
    PriceQuotation,
    Recognized,
    StatementPage,
    Table,
    V1Paper,
    V1Sides,
)

Wire = dict[str, Any]
PICTURE = "iVBORw0KGgo="


def fields(names: str, *, page: bool = False) -> Wire:
    """The wire form of some fields, each with all that goes with a value."""
    wire: Wire = {}
    for name in names.split():
        wire |= {name: f"giá trị {name}", f"{name}_box": [1, 2, 30, 14], f"{name}_confidence": 0.97}
        wire |= {f"{name}_id": 1} if page else {}
    return wire


def texts(names: str) -> Wire:
    """Return the wire form of some fields that have only a value."""
    return {name: f"giá trị {name}" for name in names.split()}


def cell(value: str) -> Wire:
    return {"value": value, "box": [1, 2, 30, 14], "score": 0.9}


def cells(*values: str) -> list[Wire]:
    return [cell(value) for value in values]


BIRTH = "dob father_dob father_name gender mother_dob mother_name name number number_book regis_date"
BUSINESS = """company_name english_name short_name business_code regis_date date_of_change address company_phone fax
    email website authorized_capital par_value total_shares representative_name representative_title gender dob
    ethnicity nationality document_type number_of_idcard issue_date issued_at household_address representative_address
"""
QUOTATION = "name_of_garage quotation_date estimated_delivery_date total_amount sub_total vat_amount"
QUOTATION_LINE = "description quantity unit_price percent_discount discount"
CREDIT = "report_time cic_code id_card address credit_score credit_rank credit_ranking_date debt_sold_to_vamc"
LAND = "so_so noi_cap ngay_cap so_vao_so thong_tin_thua_dat"
OWNER = "ten nam_sinh so_cmt dia_chi"
DEBTS = {
    "value": [{"debt_name": "Dư nợ đủ tiêu chuẩn", "debt": "120"}, {"debt_name": "Dư nợ cần chú ý", "debt": "0"}],
    "box": [[1, 2, 30, 14], [1, 20, 30, 34]],
    "score": [0.9, "0.8"],
}
CREDIT_TABLES = {
    "loan_details": [[cell("1"), cell("01203"), cell("VCB"), DEBTS, cell("120")]],
    "credit_card_info": [cells("50", "3", "0", "2")],
    "outstanding_loans": [cells("120", "3", "123")],
    "bad_debt": [cells("31/12/2019", "Nhóm 3", "12", "1", "Ngân hàng")],
    "late_payments": [cells("Y", "12", "2")],
    "loan_guarantee": [cells("2", "1")],
    "credit_contract": [cells("01/01/2020", "01/01/2025")],
    "customers_look_up": [cells("01203", "Tin cơ bản", "14/11/2023")],
}
CREDIT_REPORT = {
    "type": "credit_report",
    "info": fields(CREDIT, page=True)
    | CREDIT_TABLES
    | {f"{name}_image": PICTURE for name in CREDIT_TABLES}
    | {"imgs": [PICTURE, PICTURE]},
}


def land(number: int, more: str) -> Wire:
    info = fields(f"{LAND} {more}", page=True)
    return {
        "type": f"giay_cnqshdd_mau_{number}",
        "info": info | {"noi_dung_chu_dat": [texts(OWNER)], "list_img": [PICTURE]},
    }


EMPLOYEE_PAPERS: dict[str, tuple[str, str]] = {
    "id_card": ("name dob gender address hometown id issue_date issued_at", "image_front image_back"),
    "curriculum_vitae": (
        "name dob work_experience father_name mother_name academic_level",
        "image_0 image_1 image_2 image_3",
    ),
    "registration_book": ("book_number address head_name", "image"),
    "academic_degree": ("name dob school major graduation_year award_classification academic_level", "image"),
    "birth_certificate": (
        "name dob regis_place number number_book father_name father_dob father_address mother_name mother_dob "
        "mother_address place_of_birth",
        "image",
    ),
    "health_certification": ("name dob height weight health_condition", "image_0 image_1 image_2"),
}
MEMBER = fields("relationship_to_head name dob id_card") | {"image_member": PICTURE}


def employee(info: str, member: Any = MEMBER) -> Wire:
    """An employee's file, what was read from each paper under a name of the documents."""
    profile: Wire = {"image_negative": [PICTURE]}
    for type_name, (names, images) in EMPLOYEE_PAPERS.items():
        read = fields(names, page=type_name == "curriculum_vitae") | dict.fromkeys(images.split(), PICTURE)
        read |= {"member": member} if type_name == "registration_book" else {}
        profile[type_name] = [{"type": type_name, info: read}]
    return profile


V1_CMT = texts("id name born country address")


V1_TCC = texts("id name born country sex duedate quoctich dantoc address")


V1_BACK_CMT = texts("dantoc date dauvet tongiao noicap")


V1_BACK_TCC = texts("dauvet date")


V1_BLX = texts("id name born class nation dateissue duedate address")


V1_DATA = {"cmt": V1_CMT, "tcc": V1_TCC, "matsaucmt": V1_BACK_CMT, "matsautcc": V1_BACK_TCC, "blx": V1_BLX}
SUCCESS = {"errorCode": "0", "errorMessage": "Success"}
VERDICT = {"invalidCode": "0", "invalidMessage": "Successful"}
MATCHING = {"matching": "87.25", "match": "1", "face1": PICTURE, "face2": PICTURE, **VERDICT}
PERSON = {
    "matching": {"matching": "70", "valid": "False", "invalidMessage": "mờ", "match": "0"},
    "ocr": {"type": "12_id_card_front", "infor": texts("id name dob"), "valid": "True", "invalidMessage": "Successful"},
    **SUCCESS,
}
STATEMENT = {
    "image_table": [PICTURE],
    "json": [[cells("01/02/2023", "Chuyển khoản", "0", "500.000", "1.500.000"), cells("02/02/2023", "Phí")]],
}
EXAMPLES: dict[str, tuple[Any, Any]] = {
    "birth": (
        list[Recognized[BirthCertificate]],
        [{"info": fields(BIRTH) | {"image": PICTURE}}],
    ),
    "business": (list[Recognized[BusinessRegistration]], [{"info": fields(BUSINESS) | {"image": PICTURE}}]),
    "quotation": (
        list[Recognized[PriceQuotation]],
        [
            {
                "info": fields(QUOTATION)
                | {"table": [fields(QUOTATION_LINE)], "image": PICTURE, "image_table": PICTURE},
            }
        ],
    ),
    "plates": (list[Plate], [{"plate": "51F-123.45", "plate_confidence": 0.9, "image": PICTURE}]),
    "plates wrapped": (list[Plate], [{"info": {"plate": "51F-123.45", "image": PICTURE}}]),
    "tables": (list[Table], [{"info": [["3", "Liti", "Li"], ["4", None, 5]], "image": PICTURE}]),
    "labels": (list[PageLabel], [{"id": 0, "label": "invoice", "image": PICTURE}, {"id": "1", "label": "None"}]),
    "statement": (list[StatementPage], [STATEMENT]),
    "credit": (Recognized[CreditReport], CREDIT_REPORT),
    "land 1": (Recognized[LandCertificate], land(1, "thong_tin_nha_o thong_tin_ghi_chu")),
    "land 2": (Recognized[LandCertificate], land(2, "dia_chi_thua_dat")),
    "land 3": (Recognized[LandCertificate], land(3, "")),
    "employee": (EmployeeProfile, employee("info")),
    "employee's other name": (EmployeeProfile, employee("info_goods", [MEMBER, MEMBER])),
    "matching": (FaceMatching, MATCHING),
    "liveness": (Liveness, {"matching_mid_left": "91.5", "matching_mid_right": 90, "valid": "True", **VERDICT}),
    "person": (PersonWithCard, PERSON),
    "faces": (list[FaceImage], [{"id": 123456, "url": "https://example.com/a.png"}]),
    "crop": (Crop, {"url": "https://example.com/a.png", "errorCode": 0, "errorMessage": "Success", **VERDICT}),
    "sides": (V1Sides, {"data": {"mattruoc": V1_TCC, "matsau": V1_BACK_CMT}, "valid": "True", **SUCCESS}),
    "v1 PDF": (
        list[V1Paper],
        {"type": "pdf", "data": [{"type": name, "data": data} for name, data in V1_DATA.items()], **SUCCESS},
    ),
    **{
        f"v1 {name}": (V1Paper, {"type": name, "data": data, "valid": "True", **SUCCESS})
        for name, data in V1_DATA.items()
    },
}


def example(name: str) -> Any:
    returns, wire = EXAMPLES[name]
    return structure(wire, returns)


def reply(data: Any, operation: str = "ocr.card", **more: Any) -> Reply[Any]:
    return Reply(operation=operation, data=data, raw={"errorCode": 0}, **more)
