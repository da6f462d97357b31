"""OCR: papers and files of papers (vendor documents 000, 001 and 003)."""

from __future__ import annotations

from typing import Unpack

from .._call import Caller
from .._endpoint import Endpoint, ThumbOptions
from .._inputs import Input
from .._reply import Reply
from ..models.recognized import Recognized
from ._family import Family
from .ocr_document import OcrDocument

CARD = Endpoint("ocr/card", returns=list[Recognized], document="003, 4 to 6 and 10")
CLAIMS = Endpoint("ocr/claims", returns=list[Recognized], document="000")

ENDPOINTS = (CARD, CLAIMS)


class Ocr(Family):
    """``cvs.ocr``: papers of all kinds; whole documents are in ``cvs.ocr.document``."""

    path = "ocr"

    def __init__(self, call: Caller) -> None:
        super().__init__(call)
        self.document = OcrDocument(call)

    async def card(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[list[Recognized]]:
        """Find and read every identity paper in a picture or PDF: cards (either side) and passports.

        The data is the list of the papers found, each with its `type` and the `info` of that type.

        Raises `NoContentError` where there is none. Vendor document 003, chapters 4 to 6 and 10.
        """
        return await self._call(CARD, {"img": img}, **options)

    async def claims(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[list[Recognized]]:
        """Read a health-insurance claim: request forms, insurance cards and identity papers.

        The data is the list of the papers found, a page of a PDF or a paper of a picture each.

        Raises `NoContentError` where there is none. Vendor document 000.
        """
        return await self._call(CLAIMS, {"img": img}, **options)
