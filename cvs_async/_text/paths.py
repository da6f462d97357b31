"""Paths of values in documents, such as ``info.table.0``."""

from __future__ import annotations


def below(path: str, part: object) -> str:
    """Return the path of a part; an empty path is that of the whole document."""
    if not path:
        return str(part)
    return f"{path}.{part}"
