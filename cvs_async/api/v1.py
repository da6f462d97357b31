"""Legacy API v1: identity cards under its own names and paths (vendor document 004 and v1-responses)."""

from __future__ import annotations

from typing import Any, Unpack

from .._endpoint import CallOptions, Endpoint
from .._envelope import V1 as ENVELOPE
from .._inputs import Input
from .._reply import Reply
from ..models.v1 import V1Paper, V1Sides
from ._family import Family

_BELOW = "/backend/api/v1/request/ocr/"
_V1: dict[str, Any] = {"thumb": False, "format_type": False, "envelope": ENVELOPE}


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

ENDPOINTS = (GET_HAIMAT, GET_MATTRUOC, GET_MATSAU, GET_INFOR, GET_INFOR_ALL)


class V1(Family):
    """``cvs.v1``: the legacy API. New code reads cards with `cvs.ekyc` and `cvs.ocr`."""

    path = "v1"

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
