"""Face search: a store of pictures on the service, searchable by face (vendor document 001)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Unpack

from .._codec.endpoint import CallOptions, Endpoint
from .._codec.envelope import FACE_SEARCH
from .._codec.inputs import Input
from .._codec.params import Param, identifier, identifiers, integer, metadata
from .._codec.reply import Reply
from ..models.faces import FaceImage
from ._family import Family

_PICTURE: dict[str, Any] = {
    "images": ("image",),
    "forms": ("base64",),
    "names": {"base64": ("base64",)},
    "nest": "image",
    "format_type": False,
    "thumb": False,
    "envelope": FACE_SEARCH,
}
_NO_PICTURE: dict[str, Any] = {"images": (), "forms": (), "thumb": False, "envelope": FACE_SEARCH}

LIST_IMAGES = Endpoint(
    "face_search/images",
    returns=list[FaceImage],
    method="GET",
    params=(Param("offset", integer(0), default=0), Param("limit", integer(1), default=50)),
    document="001, Face Search 1",
    attribute="face_search.list_images",
    **_NO_PICTURE,
)
SEARCH = Endpoint("face_search/search", returns=list[FaceImage], document="001, Face Search 2", **_PICTURE)
ADD_IMAGE = Endpoint(
    "face_search/images",
    returns=FaceImage,
    params=(Param("metadata", metadata, ("body",), required=False),),
    repeatable=False,
    document="001, Face Search 3",
    attribute="face_search.add_image",
    **_PICTURE,
)
UPDATE_IMAGE = Endpoint(
    "face_search/images/{image_id}",
    returns=FaceImage,
    method="PUT",
    params=(Param("image_id", identifier, ("path", "body")), Param("metadata", metadata, ("body",), required=False)),
    document="001, Face Search 4",
    attribute="face_search.update_image",
    **_NO_PICTURE,
)
DELETE_IMAGES: Endpoint[Any] = Endpoint(
    "face_search/images",
    method="DELETE",
    params=(Param("ids", identifiers, ("body",)),),
    document="001, Face Search 5",
    attribute="face_search.delete_images",
    **_NO_PICTURE,
)

ENDPOINTS = (LIST_IMAGES, SEARCH, ADD_IMAGE, UPDATE_IMAGE, DELETE_IMAGES)


class FaceSearch(Family):
    """``cvs.face_search``: pictures of faces stored by the service."""

    path = "face_search"

    async def list_images(
        self, offset: int = 0, limit: int = 50, **options: Unpack[CallOptions]
    ) -> Reply[list[FaceImage]]:
        """List the pictures in the store: at most `limit`, after the first `offset`.

        Raises `AuthenticationError` for wrong credentials. Vendor document 001, Face Search 1.
        """
        return await self._call(LIST_IMAGES, {}, offset=offset, limit=limit, **options)

    async def iter_images(self, limit: int = 50, **options: Unpack[CallOptions]) -> AsyncGenerator[FaceImage]:
        """Iterate over all pictures in the store, fetched in pages of `limit` on demand.

        Each page is a separate call and is charged. A picture that is added or deleted during the iteration may cause
        others to be missed or repeated. Vendor document 001, Face Search 1.
        """
        offset = 0
        while True:
            page = (await self.list_images(offset, limit, **options)).data
            for image in page:
                yield image
            if len(page) < limit:
                return
            offset += len(page)

    async def search(self, image: Input, **options: Unpack[CallOptions]) -> Reply[list[FaceImage]]:
        """Find the pictures in the store that show the face in `image`.

        Raises `NoContentError` if `image` shows no face. Vendor document 001, Face Search 2.
        """
        return await self._call(SEARCH, {"image": image}, **options)

    async def add_image(
        self, image: Input, metadata: Mapping[str, Any] | None = None, **options: Unpack[CallOptions]
    ) -> Reply[FaceImage]:
        """Add a picture to the store, with `metadata` of JSON values (but not `user`, `encoding` or `_id`).

        Raises `NoContentError` if it shows no face. Vendor document 001, Face Search 3.
        """
        extra: dict[str, Any] = {} if metadata is None else {"metadata": metadata}
        return await self._call(ADD_IMAGE, {"image": image}, **extra, **options)

    async def update_image(
        self, image_id: int | str, metadata: Mapping[str, Any] | None = None, **options: Unpack[CallOptions]
    ) -> Reply[FaceImage]:
        """Replace the metadata of a picture in the store.

        Raises `InvalidIdError` if the picture is unknown. Vendor document 001, Face Search 4.
        """
        extra: dict[str, Any] = {} if metadata is None else {"metadata": metadata}
        return await self._call(UPDATE_IMAGE, {}, image_id=image_id, **extra, **options)

    async def delete_images(self, ids: Sequence[int | str], **options: Unpack[CallOptions]) -> Reply[Any]:
        """Delete pictures from the store, at least one. The documented data is None.

        Raises `InvalidIdError` if the picture is unknown. Vendor document 001, Face Search 5.
        """
        return await self._call(DELETE_IMAGES, {}, ids=ids, **options)
