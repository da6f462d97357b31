"""The switch for values in reprs, which by default contain none of them."""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import attrs

_revealed: ContextVar[bool] = ContextVar("cvs_async_revealed", default=False)


@contextmanager
def reveal() -> Iterator[None]:
    """Show values in reprs, for interactive exploration.

    In this context the reprs of fields, papers, pages and replies, and their display in a notebook, contain personal
    data. So does everything that keeps a repr: log lines, tracebacks, assertion messages, saved notebooks. Do not use
    it in services.

    It applies to the current thread or task, and to threads and tasks that are started in it, until they end.

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
    """Return whether values may be shown."""
    return _revealed.get()


def repr_of(instance: Any, *, never: Container[str] = (), defaults: bool = True) -> str:
    """Return a repr of an attrs instance.

    Args:
        instance: the instance. Its attributes with ``repr=False`` are included only inside `reveal`.
        never: names of attributes that are never included.
        defaults: include attributes that have their default value.
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
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        return default.factory()
    return default
