"""Smart crop: cropping a picture to a given size around its content (vendor document 001)."""

from __future__ import annotations

from typing import Any, Unpack

from .._codec.endpoint import CallOptions, Endpoint
from .._codec.envelope import SMART_CROP
from .._codec.inputs import Input, Url
from .._codec.params import Param, integer
from .._codec.reply import Reply
from ..errors import InvalidInputError
from ..models.crop import Crop
from ._family import Family

_SIZED: dict[str, Any] = {
    "forms": ("url", "file"),
    "names": {"url": ("url",)},
    "params": (Param("width", integer(1)), Param("height", integer(1))),
    "format_type": False,
    "thumb": False,
    "envelope": SMART_CROP,
}

CROP_IMAGE = Endpoint("smartcrop/crop_image", returns=Crop, document="001, Smart Crop 1, 2 and 5", **_SIZED)
CROP_PERSON = Endpoint("smartcrop/crop_person", returns=Crop, document="001, Smart Crop 3 to 5", **_SIZED)

ENDPOINTS = (CROP_IMAGE, CROP_PERSON)


class SmartCrop(Family):
    """``cvs.smartcrop``: pictures cropped to a given size."""

    path = "smartcrop"

    async def crop_image(self, img: Input, width: int, height: int, **options: Unpack[CallOptions]) -> Reply[Crop]:
        """Crop a picture to `width` times `height` pixels, around its main content. The data has the result's URL.

        Raises `NoContentError` for an empty picture. Vendor document 001, Smart Crop 1, 2 and 5.
        """
        return await self._call(CROP_IMAGE, {"img": img}, width=width, height=height, **options)

    async def crop_person(self, img: Input, width: int, height: int, **options: Unpack[CallOptions]) -> Reply[Crop]:
        """Crop a picture to `width` times `height` pixels, around the people in it. The data has the result's URL.

        `invalid_code` and `invalid_message` of the data report a face that is hidden, tilted or too small.

        Raises `NoContentError` for an empty picture. Vendor document 001, Smart Crop 3 to 5.
        """
        return await self._call(CROP_PERSON, {"img": img}, width=width, height=height, **options)

    async def download(self, crop: Crop | str) -> bytes:
        """Fetch the picture that a crop made. Free; credentials are sent only to the configured hosts.

        Raises `InvalidInputError` if it has no http or https URL, `ResponseTooLargeError` above
        `max_response_bytes`, and the errors of HTTP and transport.
        """
        url = crop.url if isinstance(crop, Crop) else crop
        if not url:
            raise InvalidInputError("smartcrop.download: the crop has no URL", operation="smartcrop.download")
        return await self._call.download(Url(url), operation="smartcrop.download")
