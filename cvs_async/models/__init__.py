"""The types that replies are made of.

Every documented field is there, under the vendor's name. A field that an answer lacks is empty and never
missing; what an answer has beyond the documents is in `Document.extra`.
"""

from .claims import BaoVietCard, ClaimForm
from .fields import Box, Document, Field, Image, Paper, Text, Unknown
from .general import Block, Line, Page, TextItem
from .identity import (
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
from .invoice import BankAccount, Goods, Invoice
from .recognized import Recognized
from .tables import Cell
from .vehicle import DrivingLicense, VehicleInspection, VehicleRegistrationBack, VehicleRegistrationFront

__all__ = [
    "BankAccount",
    "BaoVietCard",
    "Block",
    "Box",
    "Cell",
    "ChipIdCardBack",
    "ChipIdCardFront",
    "ClaimForm",
    "Document",
    "DrivingLicense",
    "Field",
    "Goods",
    "IdCard9Back",
    "IdCard9Front",
    "IdCard12Back",
    "IdCard12Front",
    "IdCardFront",
    "Image",
    "Invoice",
    "Line",
    "MachineReadable",
    "Page",
    "Paper",
    "Passport",
    "Recognized",
    "Text",
    "TextItem",
    "Unknown",
    "VehicleInspection",
    "VehicleRegistrationBack",
    "VehicleRegistrationFront",
]
