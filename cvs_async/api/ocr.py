"""OCR of papers, single or in a file (vendor documents 000, 001 and 003)."""

from __future__ import annotations

from typing import Unpack

from .._codec.endpoint import CallOptions, Endpoint, ThumbOptions
from .._codec.inputs import Input
from .._codec.reply import Reply
from ..models.birth import BirthCertificate
from ..models.employee import EmployeeProfile
from ..models.general import Page
from ..models.recognized import Recognized
from ..models.vehicle import DrivingLicense, Plate, VehicleInspection
from ._family import Attached, Family
from .ocr_document import OcrDocument

CARD = Endpoint("ocr/card", returns=list[Recognized], document="003, 4 to 6 and 10")
DRIVING_LICENSE = Endpoint(
    "ocr/driving_license",
    returns=list[Recognized[DrivingLicense]],
    listed=False,
    document="001, OCR 10 to 12 (comment)",
)
VEHICLE_REGISTRATION = Endpoint(
    "ocr/vehicle_registration", returns=list[Recognized], document="001, OCR 13 to 15 and 43"
)
VEHICLE_REGISTRATIONS = Endpoint(
    "ocr/vehicle_registrations",
    returns=list[Recognized],
    images=("img1", "img2"),
    document="001, OCR 10 to 12 and 43",
)
VEHICLE_INSPECTION = Endpoint(
    "ocr/vehicle_inspection", returns=list[Recognized[VehicleInspection]], document="001, OCR 16 to 18 and 43"
)
VEHICLE_PLATE = Endpoint("ocr/vehicle_plate", returns=list[Plate], document="001, OCR 22 to 24 and 43")
BIRTH_CERTIFICATE = Endpoint(
    "ocr/birth_certificate", returns=list[Recognized[BirthCertificate]], document="001, OCR 19 to 21 and 43"
)
SCAN = Endpoint(
    "ocr/scan",
    returns=list[Page],
    forms=("url", "file"),
    thumb=False,
    listed=False,
    document="001, OCR 22 and 23 (comment)",
)
CLAIMS = Endpoint("ocr/claims", returns=list[Recognized], document="000")
EMPLOYEE_PROFILE = Endpoint("ocr/employee_profile", returns=EmployeeProfile, document="001, Hồ sơ nhân sự")
VEHICLE = Endpoint("ocr/vehicle", returns=list[Recognized], document="001, Giấy tờ xe")

ENDPOINTS = (
    CARD,
    DRIVING_LICENSE,
    VEHICLE_REGISTRATION,
    VEHICLE_REGISTRATIONS,
    VEHICLE_INSPECTION,
    VEHICLE_PLATE,
    BIRTH_CERTIFICATE,
    SCAN,
    CLAIMS,
    EMPLOYEE_PROFILE,
    VEHICLE,
)


class Ocr(Family):
    """``cvs.ocr``: papers of all kinds; whole documents are in ``cvs.ocr.document``."""

    path = "ocr"

    document = Attached(OcrDocument)

    async def card(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[list[Recognized]]:
        """Find and read every identity paper in a picture or PDF: cards (either side) and passports.

        The data is the list of the papers found, each with its `type` and the `info` of that type.

        Raises `NoContentError` if none is found. Vendor document 003, chapters 4 to 6 and 10.
        """
        return await self._call(CARD, {"img": img}, **options)

    async def driving_license(
        self, img: Input, **options: Unpack[ThumbOptions]
    ) -> Reply[list[Recognized[DrivingLicense]]]:
        """Read a driving licence. The vendor documents this operation only in a comment.

        Raises `NoContentError` if none is found. Vendor document 001, OCR chapters 10 to 12.
        """
        return await self._call(DRIVING_LICENSE, {"img": img}, **options)

    async def vehicle_registration(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[list[Recognized]]:
        """Read one side of a vehicle's registration. `type` tells which side.

        Raises `NoContentError` if none is found. Vendor document 001, OCR chapters 13 to 15.
        """
        return await self._call(VEHICLE_REGISTRATION, {"img": img}, **options)

    async def vehicle_registrations(
        self, img1: Input, img2: Input, **options: Unpack[ThumbOptions]
    ) -> Reply[list[Recognized]]:
        """Read the front (`img1`) and the back (`img2`) of a vehicle's registration.

        Raises `NoContentError` if none is found. Vendor document 001, OCR chapters 10 to 12.
        """
        return await self._call(VEHICLE_REGISTRATIONS, {"img1": img1, "img2": img2}, **options)

    async def vehicle_inspection(
        self, img: Input, **options: Unpack[ThumbOptions]
    ) -> Reply[list[Recognized[VehicleInspection]]]:
        """Read a vehicle's inspection certificate.

        Raises `NoContentError` if none is found. Vendor document 001, OCR chapters 16 to 18.
        """
        return await self._call(VEHICLE_INSPECTION, {"img": img}, **options)

    async def vehicle_plate(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[list[Plate]]:
        """Read every number plate in a picture.

        Raises `NoContentError` if none is found. Vendor document 001, OCR chapters 22 to 24.
        """
        return await self._call(VEHICLE_PLATE, {"img": img}, **options)

    async def birth_certificate(
        self, img: Input, **options: Unpack[ThumbOptions]
    ) -> Reply[list[Recognized[BirthCertificate]]]:
        """Read a birth certificate.

        Raises `NoContentError` if none is found. Vendor document 001, OCR chapters 19 to 21.
        """
        return await self._call(BIRTH_CERTIFICATE, {"img": img}, **options)

    async def scan(self, img: Input, **options: Unpack[CallOptions]) -> Reply[list[Page]]:
        """Read the lines of text of a scanned page, by URL or file. The vendor documents it only in a comment.

        Raises `NoContentError` if none is found. Vendor document 001, OCR chapters 22 and 23.
        """
        return await self._call(SCAN, {"img": img}, **options)

    async def claims(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[list[Recognized]]:
        """Read a health-insurance claim: request forms, medical and identity papers, bills, insurance cards.

        The data is the list of the papers found: one for each page of a PDF, or for each paper in a picture.

        Raises `NoContentError` if none is found. Vendor document 000.
        """
        return await self._call(CLAIMS, {"img": img}, **options)

    async def employee_profile(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[EmployeeProfile]:
        """Read a staff file: identity card, household book, CV, degrees, birth and health certificates.

        The data has a list for each kind of paper, and the pictures without any paper.

        Raises `NoContentError` if none is found. Vendor document 001, "Hồ sơ nhân sự".
        """
        return await self._call(EMPLOYEE_PROFILE, {"img": img}, **options)

    async def vehicle(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[list[Recognized]]:
        """Read a file of vehicle papers: registrations, inspection certificates, driving licences.

        The data is the list of the papers found: one for each page of a PDF, or for each paper in a picture.

        Raises `NoContentError` if none is found. Vendor document 001, "Giấy tờ xe".
        """
        return await self._call(VEHICLE, {"img": img}, **options)
