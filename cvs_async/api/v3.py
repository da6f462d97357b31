"""API v3, as far as it is known: requests only (newer pages). What it answers is read like API v2."""

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
        """Read both sides of an identity card, driving licence, or card of the military.

        The vendor's page describes the request; its answers could not be read, and are taken to be those of
        `cvs.ekyc.cards`. Papers of types that are not known stay JSON, in `extra`.

        Raises `NoContentError` where there is no card. Newer pages, v3.
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

        No page of the vendor describes it: only programs of users call it.

        Raises `NoContentError` where a picture shows no face.
        """
        return await self._call(FACE_MATCHING, {"img1": img1, "img2": img2}, type1=type1, **options)


class V3(Family):
    """``cvs.v3``: the newest version, of which little is published."""

    path = "v3"

    ekyc = Attached(V3Ekyc)
