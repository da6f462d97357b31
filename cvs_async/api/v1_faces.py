"""Faces in API v1: comparisons, and a store of pictures (newer pages)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from attrs import evolve

from .._codec.endpoint import CallOptions, Endpoint
from .._codec.envelope import V1_FACE_MATCHING
from .._codec.inputs import Input
from .._codec.params import Param, metadata, numeric_identifier, numeric_identifiers, text_metadata
from .._codec.reply import Reply
from ..models.faces import FaceImage
from ..models.v1_faces import V1CardMatching, V1FaceMatching, V1LivenessMatching
from . import face_search
from ._family import Family

_BELOW = "/backend/api/v1/request/"
_PAGES = "newer pages, v1"


def _matching(name: str) -> dict[str, Any]:
    """Return the keywords of an endpoint that compares faces, with a separate path for base64."""
    return {
        "paths": {"base64": f"{_BELOW}face_matching/{name}base64"},
        "thumb": False,
        "format_type": False,
        "envelope": V1_FACE_MATCHING,
        "document": f"{_PAGES}, face matching",
        "attribute": f"v1.{name}",
    }


MATCHING = Endpoint(
    f"{_BELOW}face_matching/matching",
    returns=V1CardMatching,
    images=("img_cmt", "img_person"),
    **_matching("matching"),
)
FACE_MATCHING = Endpoint(
    f"{_BELOW}face_matching/face_matching",
    returns=V1FaceMatching,
    images=("face1", "face2"),
    **_matching("face_matching"),
)
MATCHINGLIVENESS = Endpoint(
    f"{_BELOW}face_matching/matchingliveness",
    returns=V1LivenessMatching,
    images=("img_cmt", "mid", "left", "right"),
    forms=("file", "base64"),
    **_matching("matchingliveness"),
)


def _stored(name: str) -> dict[str, Any]:
    """Return the keywords that differ from the endpoint of `cvs.face_search`."""
    return {
        "path": f"{_BELOW}face_search/{name}",
        "document": f"{_PAGES}, face search",
        "attribute": f"v1.face_search.{name}",
    }


GET_ALL_IMAGES = evolve(face_search.LIST_IMAGES, **_stored("get_all_images"))
SEARCH = evolve(face_search.SEARCH, **_stored("search"))
ADD = evolve(
    face_search.ADD_IMAGE,
    params=(Param("metadata", text_metadata, ("body",), required=False),),
    **_stored("add"),
)
EDIT_METADATA = evolve(
    face_search.UPDATE_IMAGE,
    method="POST",
    params=(Param("image_id", numeric_identifier, ("body",)), Param("metadata", metadata, ("body",), required=False)),
    **_stored("edit_metadata"),
)
DELETE = evolve(
    face_search.DELETE_IMAGES,
    method="POST",
    params=(Param("ids", numeric_identifiers, ("body",)),),
    **_stored("delete"),
)

ENDPOINTS = (MATCHING, FACE_MATCHING, MATCHINGLIVENESS, GET_ALL_IMAGES, SEARCH, ADD, EDIT_METADATA, DELETE)


class V1FaceSearch(Family):
    """``cvs.v1.face_search``: the store of pictures of API v1."""

    path = "v1.face_search"

    async def get_all_images(
        self, offset: int = 0, limit: int = 50, **options: Unpack[CallOptions]
    ) -> Reply[list[FaceImage]]:
        """List the pictures in the store: at most `limit`, after the first `offset`.

        Raises `AuthenticationError` for wrong credentials. Newer pages, v1, face search.
        """
        return await self._call(GET_ALL_IMAGES, {}, offset=offset, limit=limit, **options)

    async def search(self, image: Input, **options: Unpack[CallOptions]) -> Reply[list[FaceImage]]:
        """Find the pictures in the store that show the face in `image`.

        Raises `NoContentError` if `image` shows no face. Newer pages, v1, face search.
        """
        return await self._call(SEARCH, {"image": image}, **options)

    async def add(
        self, image: Input, metadata: Mapping[str, str] | None = None, **options: Unpack[CallOptions]
    ) -> Reply[FaceImage]:
        """Add a picture to the store, with `metadata` whose values are text.

        Raises `NoContentError` if it shows no face, `InvalidInputError` for other values. Newer pages, v1, face search.
        """
        extra: dict[str, Any] = {} if metadata is None else {"metadata": metadata}
        return await self._call(ADD, {"image": image}, **extra, **options)

    async def edit_metadata(
        self, image_id: int | str, metadata: Mapping[str, Any] | None = None, **options: Unpack[CallOptions]
    ) -> Reply[FaceImage]:
        """Replace the metadata of a picture in the store. The answer is undocumented.

        `image_id` is sent as a number if it is one, also in text as in `FaceImage.id`.

        Raises `InvalidIdError` if the picture is unknown. Newer pages, v1, face search.
        """
        extra: dict[str, Any] = {} if metadata is None else {"metadata": metadata}
        return await self._call(EDIT_METADATA, {}, image_id=image_id, **extra, **options)

    async def delete(self, ids: Sequence[int | str], **options: Unpack[CallOptions]) -> Reply[Any]:
        """Delete pictures from the store, at least one. The documented data is None.

        An id is sent as a number if it is one, also in text as in `FaceImage.id`.

        Raises `InvalidIdError` if the picture is unknown. Newer pages, v1, face search.
        """
        return await self._call(DELETE, {}, ids=ids, **options)
