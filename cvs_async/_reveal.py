"""Whether reprs hold the values that were read. They do not, unless somebody asks."""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import attrs

_revealed: ContextVar[bool] = ContextVar("cvs_async_revealed", default=False)


@contextmanager
def reveal() -> Iterator[None]:
    """Let reprs hold the values that were read, for a session of exploring.

    Inside, reprs of fields, papers, pages and replies, and what a notebook renders of them, hold names, numbers and
    dates of people. So does whatever keeps a repr: log lines, tracebacks, assertion messages, saved notebooks. Keep it
    away from services.

    It counts for the current thread or task, and for tasks and threads that copy its context inside, until they end.

    >>> from cvs_async import reveal
    >>> from cvs_async.models import Field
    >>> Field("LÊ VĂN MẪU", 0.9)
    Field(value=…, confidence=0.9)
    >>> with reveal():
    ...     print(Field("LÊ VĂN MẪU", 0.9))
    Field(value='LÊ VĂN MẪU', confidence=0.9)
    """
    token = _revealed.set(True)
    try:
        yield
    finally:
        _revealed.reset(token)


def is_revealed() -> bool:
    """Whether values may show."""
    return _revealed.get()


def repr_of(instance: Any, *, never: Container[str] = (), defaults: bool = True) -> str:
    """Return a repr of an attrs instance.

    Args:
        instance: its attributes with ``repr=False`` are in it inside of `reveal` only.
        never: names of those that are not even there.
        defaults: whether attributes are in it that are as they are by default.
    """
    everything = is_revealed()
    parts = []
    for attribute in attrs.fields(type(instance)):
        value = getattr(instance, attribute.name)
        hidden = attribute.name in never or not (everything or attribute.repr)
        if not hidden and (defaults or value != _default(attribute)):
            parts.append(f"{attribute.name}={value!r}")
    return f"{type(instance).__name__}({', '.join(parts)})"


def _default(attribute: attrs.Attribute[Any]) -> Any:
    default: Any = attribute.default
    return default.factory() if isinstance(default, attrs.Factory) else default  # type: ignore[arg-type]
