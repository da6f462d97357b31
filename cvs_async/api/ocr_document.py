"""OCR of whole documents (vendor documents 001 and 002, and newer pages)."""

from __future__ import annotations

from typing import Any, Unpack

from .._codec.endpoint import Endpoint, ThumbOptions
from .._codec.inputs import Input
from .._codec.params import Param, boolean
from .._codec.reply import Reply
from ..models.business import BusinessRegistration
from ..models.credit import CreditReport
from ..models.general import Page
from ..models.invoice import Invoice
from ..models.labels import PageLabel
from ..models.land import LandCertificate
from ..models.quotation import PriceQuotation
from ..models.recognized import Recognized
from ..models.statement import StatementPage
from ..models.tables import Table
from ._family import Family

GENERAL = Endpoint("ocr/document/general", returns=list[Page], document="001, OCR 25 to 27 and 43")
INVOICE = Endpoint(
    "ocr/document/invoice", returns=list[Recognized[Invoice]], document="001, OCR 28 to 30 and 43; Hóa đơn"
)
INVOICE_XML = Endpoint(
    "ocr/document/invoice-xml", returns=list[Recognized[Invoice]], forms=("file",), document="001, Hóa đơn 2"
)
INVOICE_VEHICLE = Endpoint(
    "ocr/document/invoice_vehicle", returns=list[Recognized[Invoice]], document="001, OCR 31 to 33; answer: newer pages"
)
GET_TABLE = Endpoint("ocr/document/get_table", returns=list[Table], document="001, OCR 34 to 36 and 43")
BUSINESS_REGISTRATION = Endpoint(
    "ocr/document/business_registration",
    returns=list[Recognized[BusinessRegistration]],
    document="001, OCR 37 to 39 and 43",
)
PRICE_QUOTATION = Endpoint(
    "ocr/document/price_quotation", returns=list[Recognized[PriceQuotation]], document="001, OCR 40 to 42 and 43"
)
GET_LABEL_CLAIM = Endpoint(
    "ocr/document/get_label_claim", returns=list[PageLabel], host="demo", document="001, Phân loại giấy tờ"
)
BANK_STATEMENT = Endpoint("ocr/document/bank_statement", returns=list[StatementPage], document="001, Sao kê ngân hàng")
CREDIT_REPORT = Endpoint(
    "ocr/document/credit_report",
    returns=list[Recognized[CreditReport]],
    host="demo",
    document="002; 001, Báo cáo tín dụng",
)
LAND_CERTIFICATE = Endpoint(
    "ocr/document/land_certificate",
    returns=list[Recognized[LandCertificate]],
    host="demo",
    document="001, Giấy chứng nhận quyền sử dụng đất",
)

INVOICE_HOSPITAL: Endpoint[Any] = Endpoint(
    "ocr/document/invoice_hospital", host="demo", document="newer pages, hospital bill"
)
VAN_BAN_PHAP_QUY: Endpoint[Any] = Endpoint(
    "ocr/document/van_ban_phap_quy",
    params=(Param("get_seal", boolean, default=False),),
    host="demo",
    document="newer pages, legal documents",
)

ENDPOINTS = (
    GENERAL,
    INVOICE,
    INVOICE_XML,
    INVOICE_VEHICLE,
    GET_TABLE,
    BUSINESS_REGISTRATION,
    PRICE_QUOTATION,
    GET_LABEL_CLAIM,
    BANK_STATEMENT,
    CREDIT_REPORT,
    LAND_CERTIFICATE,
    INVOICE_HOSPITAL,
    VAN_BAN_PHAP_QUY,
)


class OcrDocument(Family):
    """``cvs.ocr.document``: text, invoices and other documents of many lines."""

    path = "ocr.document"

    async def general(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[list[Page]]:
        """Read all text of a picture or PDF.

        The data is a list of pages. A page is a list of blocks, a block of lines, and a line of pieces of text with
        confidence (0 to 1) and box (pixels). Pages, blocks and lines have the attribute `text`.

        Raises `NoContentError` if none is found. Vendor document 001, OCR chapters 25 to 27 and 43.
        """
        return await self._call(GENERAL, {"img": img}, **options)

    async def invoice(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[list[Recognized[Invoice]]]:
        """Read an invoice, a picture or PDF. The data is a list with one element for each page.

        Raises `NoContentError` if none is found. Vendor document 001, OCR chapters 28 to 30, and "Hóa đơn".
        """
        return await self._call(INVOICE, {"img": img}, **options)

    async def invoice_xml(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[list[Recognized[Invoice]]]:
        """Read an electronic invoice from its XML file. It has to be sent as a file. The answer has no boxes.

        Raises `InvalidImageError` for another kind of file. Vendor document 001, "Hóa đơn" 2.
        """
        return await self._call(INVOICE_XML, {"img": img}, **options)

    async def invoice_vehicle(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[list[Recognized[Invoice]]]:
        """Read the invoice of a vehicle, a picture or PDF. The data is that of `invoice`, without `info_goods`.

        Raises `NoContentError` if none is found. Vendor document 001, OCR chapters 31 to 33, and newer pages.
        """
        return await self._call(INVOICE_VEHICLE, {"img": img}, **options)

    async def get_table(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[list[Table]]:
        """Read every table of a picture or PDF. The data is a list of tables, each a list of rows of cells.

        Raises `NoContentError` if none is found. Vendor document 001, OCR chapters 34 to 36.
        """
        return await self._call(GET_TABLE, {"img": img}, **options)

    async def business_registration(
        self, img: Input, **options: Unpack[ThumbOptions]
    ) -> Reply[list[Recognized[BusinessRegistration]]]:
        """Read a company's registration certificate, a picture or PDF.

        Raises `NoContentError` if none is found. Vendor document 001, OCR chapters 37 to 39.
        """
        return await self._call(BUSINESS_REGISTRATION, {"img": img}, **options)

    async def price_quotation(
        self, img: Input, **options: Unpack[ThumbOptions]
    ) -> Reply[list[Recognized[PriceQuotation]]]:
        """Read a garage's quotation for a repair, with its table of parts and services.

        Raises `NoContentError` if none is found. Vendor document 001, OCR chapters 40 to 42.
        """
        return await self._call(PRICE_QUOTATION, {"img": img}, **options)

    async def get_label_claim(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[list[PageLabel]]:
        """Classify each page of a health-insurance claim by one of 17 labels, or None. On the demo host.

        Raises `NoContentError` if nothing is found. Vendor document 001, "Phân loại giấy tờ".
        """
        return await self._call(GET_LABEL_CLAIM, {"img": img}, **options)

    async def bank_statement(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[list[StatementPage]]:
        """Read a bank statement. The data is a list of pages with their tables: date, text, debit, credit and balance.

        Raises `NoContentError` if none is found. Vendor document 001, "Sao kê ngân hàng".
        """
        return await self._call(BANK_STATEMENT, {"img": img}, **options)

    async def credit_report(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[list[Recognized[CreditReport]]]:
        """Read a report of the credit information centre (CIC). On the demo host.

        Raises `NoContentError` if none is found. Vendor document 002.
        """
        return await self._call(CREDIT_REPORT, {"img": img}, **options)

    async def land_certificate(
        self, img: Input, **options: Unpack[ThumbOptions]
    ) -> Reply[list[Recognized[LandCertificate]]]:
        """Read a certificate of land use rights, of three forms. On the demo host.

        Raises `NoContentError` if none is found. Vendor document 001, "Giấy chứng nhận quyền sử dụng đất".
        """
        return await self._call(LAND_CERTIFICATE, {"img": img}, **options)

    async def invoice_hospital(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[Any]:
        """Read the bill of a hospital, a picture or PDF. On the demo host.

        The answer is undocumented, so the data is the JSON as received.

        Raises `NoContentError` if no bill is found. Newer pages, hospital bill.
        """
        return await self._call(INVOICE_HOSPITAL, {"img": img}, **options)

    async def van_ban_phap_quy(self, img: Input, get_seal: bool = False, **options: Unpack[ThumbOptions]) -> Reply[Any]:
        """Read a legal or official document, a picture or PDF. On the demo host.

        With `get_seal` the answer also contains the stamp as a picture. The answer is undocumented, so the data is the
        JSON as received.

        Raises `NoContentError` if no document is found. Newer pages, legal documents.
        """
        return await self._call(VAN_BAN_PHAP_QUY, {"img": img}, get_seal=get_seal, **options)
