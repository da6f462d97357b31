"""Error messages for unknown names, with suggestions."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

DICTIONARIES = frozenset({"as_dict", "asdict", "dict", "json", "items", "model_dump", "model_dump_json"})
"""Names of `to_dict` in other libraries."""


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Return at most three similar names, most similar first.

    Names are compared as a whole and by their last part, after the dot in names of operations.
    """
    wanted, known = name.lower().replace("-", "_"), list(known)
    last = wanted.rpartition(".")[2]
    same = [each for each in known if each.lower().rpartition(".")[2] == last]
    whole = get_close_matches(wanted, known, n=3, cutoff=0.75)
    if same:
        return list(dict.fromkeys([*same, *whole]))[:3]
    lasts = {each.rpartition(".")[2]: each for each in known}
    like = [lasts[part] for part in get_close_matches(last, lasts, n=3, cutoff=0.75)]
    return list(dict.fromkeys([*whole, *like]))[:3]


def did_you_mean(names: Collection[str]) -> str:
    """Return "; did you mean x or y?", or "" without names."""
    if not names:
        return ""
    return f"; did you mean {' or '.join(names)}?"


def no_attribute(owner: str, name: str, advice: str = "") -> AttributeError:
    """Return the error for a missing attribute. It holds no reference to the object, which may be a document."""
    return AttributeError(f"{owner} has no attribute {name!r}{advice}", name=name)


def no_key(owner: object, key: object) -> KeyError:
    """Return the error for a missing key, with a similar key if there is one."""
    hint = ""
    if isinstance(key, str) and isinstance(owner, Hinted):
        hint = owner._advice(key)
    return KeyError(f"{type(owner).__name__} has no {key!r}{hint}")


def is_private(name: str) -> bool:
    """Return whether a name is looked up by programs (copy, pickle, notebooks) rather than by people."""
    return name.startswith(("_", "wire_"))


def public_names(thing: object) -> list[str]:
    """Return the names of a class or object that are meant for people."""
    return [name for name in dir(thing) if not is_private(name)]


def advice(kind: type, name: str) -> str:
    """Return a hint to append to "has no attribute 'x'" for a class; "" without one."""
    return _advice(kind, name)


@lru_cache(256)  # tables ask many kinds of papers for the same columns
def _advice(kind: type, name: str) -> str:
    if name in DICTIONARIES:
        return "; .to_dict() returns a dictionary"
    return did_you_mean([f".{near}" for near in nearest(name, public_names(kind))])


class Hinted:
    """Base of classes whose error for a missing attribute suggests the right name.

    The methods are hidden from type checkers, which would otherwise accept any name.
    """

    __slots__ = ()

    def _advice(self, name: str) -> str:
        """Return a hint to append to "has no attribute 'x'"; "" without one."""
        return advice(type(self), name)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            if is_private(name):
                raise no_attribute(type(self).__name__, name)
            raise no_attribute(type(self).__name__, name, self._advice(name))

        def __dir__(self) -> list[str]:
            return [name for name in super().__dir__() if not name.startswith("wire_")]
