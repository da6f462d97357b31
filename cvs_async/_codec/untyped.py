"""The type of a paper that comes without one, found from the names of its fields. Pure.

The service omits ``type`` where claims consist of one paper only, and may name both sides of a vehicle registration
``vehicle_registrations`` (newer pages of the vendor).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import attrs

from ..models.fields import PAPERS
from .readers import wire_names

SIDES = {"vehicle_registrations": ("vehicle_registration_front", "vehicle_registration_back")}
"""Types that say less than the fields do, with those that they stand for."""

PARTS = ("_confidence", "_box", "_id")
"""Endings of the names that stand beside a field's own."""


def type_from_fields(given: str | None, info: Any) -> str | None:
    """Return the only known type whose fields include all names of `info`; else the given type.

    Args:
        given: the type in the answer. Any but None and those of `SIDES` is returned as it is.
        info: the fields of the paper.
    """
    if (given is not None and given not in SIDES) or not isinstance(info, Mapping):
        return given
    names = frozenset(map(str, info))
    found = [type_ for type_ in SIDES.get(given or "", PAPERS) if names <= _known_names(type_)]
    return found[0] if len(found) == 1 else given


@cache
def _known_names(type_: str) -> frozenset[str]:
    """Return the wire names of the fields of a type of paper, with those beside them."""
    attributes = [attribute for attribute in attrs.fields(PAPERS[type_]) if attribute.name != "extra"]
    own = {name for attribute in attributes for name in wire_names(attribute)}
    return frozenset(own | {name + part for name in own for part in PARTS})
