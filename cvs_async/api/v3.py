"""API v3: its requests are published (newer pages), its answers are assumed to be those of API v2."""

from __future__ import annotations

from typing import Literal, Unpack

from attrs import evolve

from .._codec.endpoint import CallOptions, ThumbOptions
from .._codec.inputs import Input
from .._codec.reply import Reply
from ..models.faces import FaceMatching
from ..models.recognized import Recognized
from . import ekyc
from ._family import Attached, Family

CARDS = evolve(ekyc.CARDS, path="/api/v3/ekyc/cards", document="newer pages, v3", attribute="v3.ekyc.cards")
FACE_MATCHING = evolve(
    ekyc.FACE_MATCHING,
    path="/api/v3/ekyc/face_matching",
    listed=False,
    document="users' programs only",
    attribute="v3.ekyc.face_matching",
)

ENDPOINTS = (CARDS, FACE_MATCHING)


class V3Ekyc(Family):
    """``cvs.v3.ekyc``: identity papers and faces."""

    path = "v3.ekyc"

    async def cards(self, img1: Input, img2: Input, **options: Unpack[ThumbOptions]) -> Reply[list[Recognized]]:
        """Read both sides of an identity card, driving licence or military card.

        The answer is undocumented and decoded like that of `cvs.ekyc.cards`. A paper of an unknown type stays JSON, in
        `extra`.

        Raises `NoContentError` if no card is found. Newer pages, v3.
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

        The vendor does not document this operation; it is known from programs of other users.

        Raises `NoContentError` if a picture shows no face.
        """
        return await self._call(FACE_MATCHING, {"img1": img1, "img2": img2}, type1=type1, **options)


class V3(Family):
    """``cvs.v3``: the newest version of the API, of which little is published."""

    path = "v3"

    ekyc = Attached(V3Ekyc)
