"""The error tree: as drawn, exported, and fit for `except` clauses that know nothing of this library."""

from __future__ import annotations

import builtins
import copy
import pickle
import re
from collections.abc import Callable
from typing import Any

import pytest

import cvs_async
from cvs_async import errors
from cvs_async.errors import APIError, CVSError, drop_frames


def drawn() -> dict[str, str | None]:
    """Each class in the drawing of the module docstring, with the class it hangs on."""
    parents: dict[str, str | None] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r" {4}([ │├└─]*)([A-Z]\w+)(?: {2,}\S|$)", line):
            depth = len(match[1]) // 4
            parents[match[2]] = above[depth - 1] if depth else None
            above[depth:] = [match[2]]
    return parents


def public() -> dict[str, type[CVSError]]:
    """Every error class that the module defines."""
    return {
        name: value
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, CVSError) and not name.startswith("_")
    }


def pickled(error: CVSError) -> Any:
    """An error that has been through pickle."""
    return pickle.loads(pickle.dumps(error))


ERRORS = sorted(public().values(), key=lambda kind: kind.__name__)


def test_the_drawing_is_the_class_tree() -> None:
    real = {name: None if kind is CVSError else kind.__bases__[0].__name__ for name, kind in public().items()}
    assert drawn() == real


def test_all_lists_every_error_and_the_type_of_their_charge() -> None:
    assert sorted(errors.__all__) == sorted([*public(), "Charge"])


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_is_exported_by_the_package(kind: type[CVSError]) -> None:
    assert getattr(cvs_async, kind.__name__) is kind
    assert kind.__name__ in cvs_async.__all__


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_says_what_it_means(kind: type[CVSError]) -> None:
    assert kind.__doc__
    assert "__doc__" in vars(kind)


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.InvalidInputError, ValueError),
        (errors.TimeoutError, builtins.TimeoutError),
        (errors.ConnectError, ConnectionError),
        (errors.ConnectionLostError, ConnectionError),
    ],
)
def test_some_errors_are_builtin_ones_too(kind: type[CVSError], builtin: type[Exception]) -> None:
    with pytest.raises(builtin, match="thẻ căn cước"):
        raise kind("thẻ căn cước")


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_has_defaults_for_every_attribute(kind: type[CVSError]) -> None:
    error = kind("nói")
    assert (error.operation, error.attempts, error.charge, error.http_status, error.raw) == (
        None,
        0,
        "free",
        None,
        None,
    )
    if isinstance(error, APIError):
        assert (error.code, error.message) == (None, None)


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, pickled])
def test_an_error_survives_copying_and_pickling(kind: type[CVSError], again: Callable[[CVSError], CVSError]) -> None:
    error = kind("văn bản", operation="ocr.card", attempts=2, charge="unknown", http_status=502, raw={"data": ["ảnh"]})
    if isinstance(error, APIError):
        error.code, error.message = 7, "lời của máy chủ"
    twin = again(error)
    assert type(twin) is kind
    assert str(twin) == "văn bản"
    assert vars(twin) == vars(error)


@pytest.mark.parametrize("kind", ERRORS)
def test_neither_text_nor_repr_shows_what_came_back(kind: type[CVSError]) -> None:
    error = kind("văn bản", operation="ocr.card", raw={"data": "bí mật"})
    if isinstance(error, APIError):
        error.message = "bí mật"
    assert "bí mật" not in f"{error} {error!r}"


def test_frames_are_dropped_also_where_errors_are_each_other_s_context() -> None:
    def raised(error: CVSError) -> CVSError:
        try:
            raise error
        except CVSError:
            return error

    one, other = raised(CVSError("one")), raised(CVSError("other"))
    one.__cause__, other.__context__ = other, one
    assert drop_frames(one) is one
    assert (one.__traceback__, other.__traceback__) == (None, None)
