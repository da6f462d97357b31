"""Types of the data in replies.

Every documented field exists under the vendor's name. A field missing from an answer is empty, and content beyond
the documented fields is in `Document.extra`.
"""

from typing import TYPE_CHECKING, Any

from .._text.names import missing
from .amounts import Amount, parse_amount, parse_number
from .birth import BirthCertificate
from .business import BusinessRegistration
from .claims import (
    AccidentReport,
    BaoVietCard,
    Bill,
    ClaimForm,
    ClaimPaper,
    GuaranteeConfirmation,
    OtherIdentityPaper,
    Receipt,
)
from .credit import (
    BadDebt,
    CreditCardInfo,
    CreditContract,
    CreditReport,
    CustomerLookUp,
    Debt,
    DebtCell,
    LatePayment,
    LoanDetail,
    LoanGuarantee,
    OutstandingLoan,
)
from .crop import Crop
from .dates import is_impossible, is_unlimited, parse_date
from .employee import (
    AcademicDegree,
    CurriculumVitae,
    EmployeeBirthCertificate,
    EmployeeIdCard,
    EmployeeProfile,
    HealthCertification,
    HouseholdMember,
    HouseholdResident,
    RegistrationBook,
    ResidenceConfirmation,
)
from .faces import FaceImage, FaceMatching, Liveness, PersonWithCard
from .fields import Box, Document, Field, Image, Paper, Text, Unknown
from .finding import Finding, FindingKind
from .general import Block, Line, Page, TextItem
from .identity import (
    ChipIdCard2024Back,
    ChipIdCard2024Front,
    ChipIdCardBack,
    ChipIdCardFront,
    IdCard9Back,
    IdCard9Front,
    IdCard12Back,
    IdCard12Front,
    IdCardFront,
    MachineReadable,
    Passport,
)
from .invoice import BankAccount, Goods, GoodsLabel, Invoice
from .labels import ClaimLabel, PageLabel
from .land import LandCertificate, LandCertificate1, LandCertificate2, LandCertificate3, LandOwner
from .medical import (
    DischargePaper,
    DischargeReport,
    Drug,
    ExpenseList,
    ExpenseRow,
    ExpenseTables,
    HealthRecords,
    IcdCode,
    MedicalExamination,
    MedicalReport,
    Prescription,
    SurgicalCertificate,
    TestOrder,
    TestResults,
)
from .pairing import PersonCard, pair, pairs
from .picking import Back, Front, IdentityPaper, PaperType, back, first, front, identity_papers
from .quotation import PriceQuotation, QuotationLine
from .recognized import Recognized
from .statement import StatementPage, StatementRow
from .tables import Cell, Row, Table
from .v1 import (
    V1Back,
    V1DrivingLicense,
    V1Front,
    V1IdCard9Back,
    V1IdCard9Front,
    V1IdCard12Back,
    V1IdCard12Front,
    V1Paper,
    V1Scan,
    V1Sides,
)
from .v1_faces import V1CardMatching, V1FaceMatching, V1LivenessMatching
from .vehicle import DrivingLicense, Plate, VehicleInspection, VehicleRegistrationBack, VehicleRegistrationFront
from .warnings import CardWarning, CropWarning, FaceWarning, LivenessWarning

if TYPE_CHECKING:
    from .catalogue import FieldInfo, fields_of

__all__ = [
    "AcademicDegree",
    "AccidentReport",
    "Amount",
    "Back",
    "BadDebt",
    "BankAccount",
    "BaoVietCard",
    "Bill",
    "BirthCertificate",
    "Block",
    "Box",
    "BusinessRegistration",
    "CardWarning",
    "Cell",
    "ChipIdCard2024Back",
    "ChipIdCard2024Front",
    "ChipIdCardBack",
    "ChipIdCardFront",
    "ClaimForm",
    "ClaimLabel",
    "ClaimPaper",
    "CreditCardInfo",
    "CreditContract",
    "CreditReport",
    "Crop",
    "CropWarning",
    "CurriculumVitae",
    "CustomerLookUp",
    "Debt",
    "DebtCell",
    "DischargePaper",
    "DischargeReport",
    "Document",
    "DrivingLicense",
    "Drug",
    "EmployeeBirthCertificate",
    "EmployeeIdCard",
    "EmployeeProfile",
    "ExpenseList",
    "ExpenseRow",
    "ExpenseTables",
    "FaceImage",
    "FaceMatching",
    "FaceWarning",
    "Field",
    "FieldInfo",
    "Finding",
    "FindingKind",
    "Front",
    "Goods",
    "GoodsLabel",
    "GuaranteeConfirmation",
    "HealthCertification",
    "HealthRecords",
    "HouseholdMember",
    "HouseholdResident",
    "IcdCode",
    "IdCard9Back",
    "IdCard9Front",
    "IdCard12Back",
    "IdCard12Front",
    "IdCardFront",
    "IdentityPaper",
    "Image",
    "Invoice",
    "LandCertificate",
    "LandCertificate1",
    "LandCertificate2",
    "LandCertificate3",
    "LandOwner",
    "LatePayment",
    "Line",
    "Liveness",
    "LivenessWarning",
    "LoanDetail",
    "LoanGuarantee",
    "MachineReadable",
    "MedicalExamination",
    "MedicalReport",
    "OtherIdentityPaper",
    "OutstandingLoan",
    "Page",
    "PageLabel",
    "Paper",
    "PaperType",
    "Passport",
    "PersonCard",
    "PersonWithCard",
    "Plate",
    "Prescription",
    "PriceQuotation",
    "QuotationLine",
    "Receipt",
    "Recognized",
    "RegistrationBook",
    "ResidenceConfirmation",
    "Row",
    "StatementPage",
    "StatementRow",
    "SurgicalCertificate",
    "Table",
    "TestOrder",
    "TestResults",
    "Text",
    "TextItem",
    "Unknown",
    "V1Back",
    "V1CardMatching",
    "V1DrivingLicense",
    "V1FaceMatching",
    "V1Front",
    "V1IdCard9Back",
    "V1IdCard9Front",
    "V1IdCard12Back",
    "V1IdCard12Front",
    "V1LivenessMatching",
    "V1Paper",
    "V1Scan",
    "V1Sides",
    "VehicleInspection",
    "VehicleRegistrationBack",
    "VehicleRegistrationFront",
    "back",
    "fields_of",
    "first",
    "front",
    "identity_papers",
    "is_impossible",
    "is_unlimited",
    "pair",
    "pairs",
    "parse_amount",
    "parse_date",
    "parse_number",
]


def __dir__() -> list[str]:
    """List the public names, without the modules of this package."""
    return __all__


def __getattr__(name: str) -> Any:
    """Import the catalogue on first access."""
    if name not in ("FieldInfo", "fields_of"):
        raise missing(__name__, name)
    from . import catalogue

    return getattr(catalogue, name)
