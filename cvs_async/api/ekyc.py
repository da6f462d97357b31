"""eKYC: identity papers, with the service's judgement of them (vendor documents 001 and 003)."""

from __future__ import annotations

from typing import Unpack

from .._endpoint import Endpoint, ThumbOptions
from .._inputs import Input
from .._reply import Reply
from ..models.recognized import Recognized
from ._family import Family

CARD = Endpoint("ekyc/card", returns=list[Recognized], document="003, 7 to 10")
CARDS = Endpoint("ekyc/cards", returns=list[Recognized], images=("img1", "img2"), document="003, 1 to 3 and 10")

ENDPOINTS = (CARD, CARDS)


class Ekyc(Family):
    """``cvs.ekyc``: one paper, or both sides of a card."""

    path = "ekyc"

    async def card(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[list[Recognized]]:
        """Read one identity card (either side), passport, driving licence or vehicle paper.

        `img` is a picture or PDF. The data is a list: of one paper for a picture, of one or more for a PDF.
        `valid` and `invalid_message` of a paper tell whether it looks forged, copied or cut off.

        Raises `NoContentError` where there is no such paper. Vendor document 003, chapters 7 to 10.
        """
        return await self._call(CARD, {"img": img}, **options)

    async def cards(self, img1: Input, img2: Input, **options: Unpack[ThumbOptions]) -> Reply[list[Recognized]]:
        """Read the front (`img1`) and the back (`img2`) of one identity card, two pictures or two URLs.

        The data is the list of both papers, in that order.

        Raises `NoContentError` where there is no card. Vendor document 003, chapters 1 to 3 and 10.
        """
        return await self._call(CARDS, {"img1": img1, "img2": img2}, **options)
