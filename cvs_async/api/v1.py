"""The legacy API v1: papers and faces, under names and paths of its own (vendor document 004, and newer pages)."""

from __future__ import annotations

from typing import Any, Unpack

from .._codec.endpoint import CallOptions, Endpoint
from .._codec.envelope import V1 as ENVELOPE
from .._codec.envelope import V1_SCAN as SCAN_ENVELOPE
from .._codec.inputs import Input
from .._codec.reply import Reply
from ..models.v1 import V1Paper, V1Scan, V1Sides
from ..models.v1_faces import V1CardMatching, V1FaceMatching, V1LivenessMatching
from . import v1_faces
from ._family import Attached, Family
from .v1_faces import V1FaceSearch

_BELOW = "/backend/api/v1/request/ocr/"
_V1: dict[str, Any] = {"thumb": False, "format_type": False, "envelope": ENVELOPE}
_SCAN: dict[str, Any] = {**_V1, "envelope": SCAN_ENVELOPE}


def _one_picture(name: str) -> dict[str, Any]:
    """Return the keywords of an endpoint whose picture is named `url` or `image`, with a separate path for base64."""
    return _V1 | {
        "images": ("image",),
        "names": {"url": ("url",)},
        "paths": {"base64": f"{_BELOW}cmt/{name}base64"},
        "attribute": f"v1.{name}",
    }


GET_HAIMAT = Endpoint(
    f"{_BELOW}cmt/get_haimat",
    returns=V1Sides,
    images=("mattruoc", "matsau"),
    paths={"base64": f"{_BELOW}cmt/get_haimatbase64"},
    document="004, 1, 4 and 7",
    attribute="v1.get_haimat",
    **_V1,
)
GET_MATTRUOC = Endpoint(
    f"{_BELOW}cmt/get_mattruoc", returns=V1Paper, document="004, 2, 5 and 8", **_one_picture("get_mattruoc")
)
GET_MATSAU = Endpoint(
    f"{_BELOW}cmt/get_matsau", returns=V1Paper, document="004, 3, 6 and 9", **_one_picture("get_matsau")
)
GET_INFOR = Endpoint(
    f"{_BELOW}v1/get_infor",
    returns=list[V1Paper],
    images=("file",),
    forms=("file",),
    document="004, 10",
    attribute="v1.get_infor",
    **_V1,
)
GET_INFOR_ALL = Endpoint(
    f"{_BELOW}cmt/get_infor_all", returns=V1Paper, document="004, 11 to 13", **_one_picture("get_infor_all")
)

GET_BLX = Endpoint(
    f"{_BELOW}blx/get_blx",
    returns=V1Paper,
    images=("img",),
    names={"url": ("url",), "file": ("image",), "base64": ("image",)},
    paths={"base64": f"{_BELOW}blx/get_blxbase64"},
    document="newer pages, v1, licence",
    attribute="v1.get_blx",
    **_V1,
)
GET_SCAN_A4 = Endpoint(
    "/backend/api/v1/request/text_photostory/get_scan_a4",
    returns=V1Scan,
    images=("img",),
    forms=("url", "file"),
    names={"url": ("url",), "file": ("image",)},
    document="newer pages, v1, scan",
    attribute="v1.get_scan_a4",
    **_SCAN,
)

ENDPOINTS = (GET_HAIMAT, GET_MATTRUOC, GET_MATSAU, GET_INFOR, GET_INFOR_ALL, GET_BLX, GET_SCAN_A4, *v1_faces.ENDPOINTS)


class V1(Family):
    """``cvs.v1``: the legacy API. New code reads cards with `cvs.ekyc` and `cvs.ocr`."""

    path = "v1"

    face_search = Attached(V1FaceSearch)

    async def get_haimat(self, mattruoc: Input, matsau: Input, **options: Unpack[CallOptions]) -> Reply[V1Sides]:
        """Read the front (`mattruoc`) and the back (`matsau`) of one identity card.

        Raises `NoContentError` if no card is found. Vendor document 004, chapters 1, 4 and 7.
        """
        return await self._call(GET_HAIMAT, {"mattruoc": mattruoc, "matsau": matsau}, **options)

    async def get_mattruoc(self, image: Input, **options: Unpack[CallOptions]) -> Reply[V1Paper]:
        """Read the front of an identity card.

        Raises `NoContentError` if no card is found. Vendor document 004, chapters 2, 5 and 8.
        """
        return await self._call(GET_MATTRUOC, {"image": image}, **options)

    async def get_matsau(self, image: Input, **options: Unpack[CallOptions]) -> Reply[V1Paper]:
        """Read the back of an identity card.

        Raises `NoContentError` if no card is found. Vendor document 004, chapters 3, 6 and 9.
        """
        return await self._call(GET_MATSAU, {"image": image}, **options)

    async def get_infor(self, file: Input, **options: Unpack[CallOptions]) -> Reply[list[V1Paper]]:
        """Read all identity cards of a PDF or picture. Files only; the data is the list of the papers found.

        Raises `NoContentError` if none is found. Vendor document 004, chapter 10.
        """
        return await self._call(GET_INFOR, {"file": file}, **options)

    async def get_infor_all(self, image: Input, **options: Unpack[CallOptions]) -> Reply[V1Paper]:
        """Read one identity card (either side), passport or driving licence.

        Raises `NoContentError` if none is found. Vendor document 004, chapters 11 to 13.
        """
        return await self._call(GET_INFOR_ALL, {"image": image}, **options)

    async def get_blx(self, img: Input, **options: Unpack[CallOptions]) -> Reply[V1Paper]:
        """Read a driving licence. `valid` of the data is always None.

        Raises `NoContentError` if no licence is found. Newer pages, v1, licence.
        """
        return await self._call(GET_BLX, {"img": img}, **options)

    async def get_scan_a4(self, img: Input, **options: Unpack[CallOptions]) -> Reply[V1Scan]:
        """Read the lines of text of a scanned page, by URL or file.

        The vendor documents no code for success, so the charge of its replies is ``unknown``.

        Raises `InvalidImageError` for an unreadable picture, `DecodeError` for an answer without a result.
        Newer pages, v1, scan.
        """
        return await self._call(GET_SCAN_A4, {"img": img}, **options)

    async def matching(
        self, img_cmt: Input, img_person: Input, **options: Unpack[CallOptions]
    ) -> Reply[V1CardMatching]:
        """Compare the face on an identity card (`img_cmt`) with a portrait (`img_person`).

        Raises `NoContentError` if a picture shows no face. Newer pages, v1, face matching.
        """
        return await self._call(v1_faces.MATCHING, {"img_cmt": img_cmt, "img_person": img_person}, **options)

    async def face_matching(self, face1: Input, face2: Input, **options: Unpack[CallOptions]) -> Reply[V1FaceMatching]:
        """Compare the faces of two portraits. The scale of `match` differs from that of API v2.

        Raises `NoContentError` if a picture shows no face. Newer pages, v1, face matching.
        """
        return await self._call(v1_faces.FACE_MATCHING, {"face1": face1, "face2": face2}, **options)

    async def matchingliveness(
        self, img_cmt: Input, mid: Input, left: Input, right: Input, **options: Unpack[CallOptions]
    ) -> Reply[V1LivenessMatching]:
        """Compare a card or portrait (`img_cmt`) with three portraits of one living person. Files or base64.

        Raises `NoContentError` if a picture shows no face. Newer pages, v1, face matching.
        """
        inputs = {"img_cmt": img_cmt, "mid": mid, "left": left, "right": right}
        return await self._call(v1_faces.MATCHINGLIVENESS, inputs, **options)
