"""The type of a paper that comes without one, found from the names of its fields. Pure.

The service omits ``type`` where claims consist of one paper only, and may name both sides of a vehicle registration
``vehicle_registrations`` (newer pages of the vendor).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import attrs

from ..models.fields import PAPERS
from ..models.recognized import Recognized
from .readers import wire_names

SIDES = {"vehicle_registrations": ("vehicle_registration_front", "vehicle_registration_back")}
"""Types that say less than the fields do, with those that they stand for."""

INFO = tuple(attrs.fields_dict(Recognized)["info"].metadata["wire"])
"""Names of the object with the fields of a paper."""

PARTS = ("_confidence", "_box", "_id")
"""Endings of the names that stand beside a field's own."""

PICTURES = ("image", "valid_seals")
"""Beginnings of the names of pictures and stamps, which an answer may lack although the paper has them."""


UNTYPED = (None, *SIDES)


def lacks_type(data: Any) -> bool:
    """Return whether data, or one of its elements, is an object whose type has to be found. Every answer is asked."""
    papers = data if type(data) is list else (data,)
    for paper in papers:  # noqa: SIM110  # faster than any()
        if type(paper) is dict and paper.get("type") in UNTYPED:
            return True
    return False


def with_types(data: Any, operation: str) -> Any:
    """Return the data of an operation that returns papers, with the types that `type_of` finds."""
    if not isinstance(data, list):
        return _with_type(data, operation)
    return [_with_type(paper, operation) for paper in data]


def _with_type(paper: Any, operation: str) -> Any:
    if not isinstance(paper, Mapping):
        return paper
    given = paper.get("type")
    if given not in UNTYPED:
        return paper
    name = next((name for name in INFO if name in paper), None)
    if name is not None:
        found = _type_of(given, paper[name], operation)
        return paper if found is None else {**paper, "type": found}
    info = {name: value for name, value in paper.items() if name != "type"}
    found = _type_of(given, info, operation)
    return paper if found is None else {"type": found, "info": info}


def _type_of(given: str | None, info: Any, operation: str) -> str | None:
    """Return the only type of paper that the operation documents and that fits the names in `info`; else None.

    1. Only one type has all names: it is that.
    2. Several have them, and all fields of only one are there: it is that.
    3. One of two sides is asked for: at least half of the fields of only one are there. Otherwise it stays open,
       because all fields of a front but one are also on the back.
    """
    if not isinstance(info, Mapping) or not info:
        return None
    names = frozenset(map(str, info))
    share = 1.0
    candidates: Iterable[str] = _documented(operation)
    if given is not None:
        share, candidates = 0.5, SIDES[given]
    fitting = [type_ for type_ in candidates if type_ in PAPERS and names <= _known_names(type_)]
    if len(fitting) > 1:
        own = {type_: _own_names(operation, type_) for type_ in fitting}
        fitting = [type_ for type_ in fitting if own[type_] and len(own[type_] & names) >= share * len(own[type_])]
    if len(fitting) != 1:
        return None
    return fitting[0]


def _documented(operation: str) -> Mapping[str, Mapping[str, str]]:
    from ..models.catalogue_sources import documented  # few answers need it

    return documented().get(operation, {})


@cache
def _known_names(type_: str) -> frozenset[str]:
    """Return the wire names of the fields of a type of paper, with those beside them."""
    attributes = [attribute for attribute in attrs.fields(PAPERS[type_]) if attribute.name != "extra"]
    own = {name for attribute in attributes for name in wire_names(attribute)}
    return frozenset(own | {name + part for name in own for part in PARTS})


@cache
def _own_names(operation: str, type_: str) -> frozenset[str]:
    """Return the documented names of a type of paper without pictures and parts of addresses."""
    names = {name.partition(".")[0] for name in _documented(operation).get(type_, {})}
    texts = {name for name in names if not name.startswith(PICTURES)}
    return frozenset(name for name in texts if not any(name.startswith(f"{other}_") for other in texts))
