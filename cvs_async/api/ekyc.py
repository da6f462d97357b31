"""eKYC: identity papers and faces, with checks for forgery (vendor documents 001 and 003)."""

from __future__ import annotations

from typing import Literal, Unpack

from .._codec.endpoint import CallOptions, Endpoint, ThumbOptions
from .._codec.envelope import FACE_MATCHING as FACE_MATCHING_ENVELOPE
from .._codec.envelope import PERSON_WITH_CARD as PERSON_WITH_CARD_ENVELOPE
from .._codec.inputs import Input
from .._codec.params import Param, one_of
from .._codec.reply import Reply
from ..models.faces import FaceMatching, Liveness, PersonWithCard
from ..models.recognized import Recognized
from ._family import Family

CARD = Endpoint("ekyc/card", returns=list[Recognized], document="003, 7 to 10")
CARDS = Endpoint("ekyc/cards", returns=list[Recognized], images=("img1", "img2"), document="003, 1 to 3 and 10")
FACE_MATCHING = Endpoint(
    "ekyc/face_matching",
    returns=FaceMatching,
    images=("img1", "img2"),
    params=(Param("type1", one_of("portrait", "card"), default="card"),),
    thumb=False,
    envelope=FACE_MATCHING_ENVELOPE,
    document="001, Face Matching 1 to 3",
)
VERIFY_LIVENESS = Endpoint(
    "ekyc/verify_liveness",
    returns=Liveness,
    images=("portrait_left", "portrait_mid", "portrait_right"),
    thumb=False,
    envelope=FACE_MATCHING_ENVELOPE,
    document="001, Liveness Verify; url and base64: newer pages",
)
PERSON_WITH_CARD = Endpoint(
    "ekyc/person_with_card",
    returns=PersonWithCard,
    thumb=False,
    envelope=PERSON_WITH_CARD_ENVELOPE,
    listed=False,
    document="001, Face Matching 4 to 6 (comment)",
)

ENDPOINTS = (CARD, CARDS, FACE_MATCHING, VERIFY_LIVENESS, PERSON_WITH_CARD)


class Ekyc(Family):
    """``cvs.ekyc``: identity papers, and comparison of faces with them."""

    path = "ekyc"

    async def card(self, img: Input, **options: Unpack[ThumbOptions]) -> Reply[list[Recognized]]:
        """Read one identity card (either side), passport, driving licence or vehicle paper.

        `img` is a picture or PDF. The data is a list: of one paper for a picture, of one or more for a PDF.
        `valid` and `invalid_message` of a paper report whether it looks forged, copied or cut off.

        Raises `NoContentError` if no such paper is found. Vendor document 003, chapters 7 to 10.
        """
        return await self._call(CARD, {"img": img}, **options)

    async def cards(self, img1: Input, img2: Input, **options: Unpack[ThumbOptions]) -> Reply[list[Recognized]]:
        """Read the front (`img1`) and the back (`img2`) of one identity card, two pictures or two URLs.

        The data is the list of both papers, in any order: select them by `type`, or with `models.front` and
        `models.back`.

        Raises `NoContentError` if no card is found. Vendor document 003, chapters 1 to 3 and 10.
        """
        return await self._call(CARDS, {"img1": img1, "img2": img2}, **options)

    async def face_matching(
        self,
        img1: Input,
        img2: Input,
        type1: Literal["portrait", "card"] = "card",
        **options: Unpack[CallOptions],
    ) -> Reply[FaceMatching]:
        """Compare the face on a card or portrait (`img1`, of kind `type1`) with a portrait (`img2`).

        The data has the similarity in percent, and problems with the pictures.

        Raises `NoContentError` if a picture shows no face. Vendor document 001, Face Matching 1 to 3.
        """
        return await self._call(FACE_MATCHING, {"img1": img1, "img2": img2}, type1=type1, **options)

    async def verify_liveness(
        self, portrait_left: Input, portrait_mid: Input, portrait_right: Input, **options: Unpack[CallOptions]
    ) -> Reply[Liveness]:
        """Check that three portraits (turned left, straight, turned right) show one living person.

        The data has the result, `valid`, and the similarity of the portraits in percent. A result of False is charged
        as well.

        Raises `InvalidImageError` for an unreadable picture, `NoContentError` for one without a face. Vendor
        document 001, Liveness Verify; URLs and base64: newer pages.
        """
        inputs = {"portrait_left": portrait_left, "portrait_mid": portrait_mid, "portrait_right": portrait_right}
        return await self._call(VERIFY_LIVENESS, inputs, **options)

    async def person_with_card(self, img: Input, **options: Unpack[CallOptions]) -> Reply[PersonWithCard]:
        """Compare the faces of a person and of the card in their hand, in one picture, and read the card.

        The vendor documents this operation only in a comment.

        Raises `NoContentError` if no card or no face is found. Vendor document 001, Face Matching 4 to 6.
        """
        return await self._call(PERSON_WITH_CARD, {"img": img}, **options)
