"""OCR of whole documents (vendor document 001)."""

from __future__ import annotations

from typing import Unpack

from .._endpoint import Endpoint, ThumbOptions
from .._inputs import Input
from .._reply import Reply
from ..models.general import Page
from ..models.invoice import Invoice
from ..models.recognized import Recognized
from ._family import Family

GENERAL = Endpoint("ocr/document/general", returns=list[Page], document="001, OCR 25 to 27 and 43")
INVOICE = Endpoint(
    "ocr/document/invoice", returns=list[Recognized[Invoice]], document="001, OCR 28 to 30 and 43; Hóa đơn"
)

ENDPOINTS = (GENERAL, INVOICE)


class OcrDocument(Family):
    """``cvs.ocr.document``: text, invoices and other documents of many lines."""

    path = "ocr.document"

    async def general(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[list[Page]]:
        """Read all text of a picture or PDF.

        The data is a list of pages; a page is a list of blocks, a block of lines, a line of pieces of text
        with their confidence (0 to 1) and box (pixels). Pages, blocks and lines have their whole `text`.

        Raises `NoContentError` where there is none. Vendor document 001, OCR chapters 25 to 27 and 43.
        """
        return await self._call(GENERAL, {"img": img}, **options)

    async def invoice(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[list[Recognized[Invoice]]]:
        """Read an invoice, a picture or PDF.

        The data is a list with the `info` of each page.

        Raises `NoContentError` where there is none. Vendor document 001, OCR chapters 28 to 30, and "Hóa đơn".
        """
        return await self._call(INVOICE, {"img": img}, **options)
