"""What the groups of operations on the client have in common."""

from __future__ import annotations

from .._call import Caller


class Family:
    """Operations whose paths begin alike. `path` is where they hang on the client."""

    path: str

    def __init__(self, call: Caller) -> None:
        self._call = call

    def __repr__(self) -> str:
        return f"<operations {self.path}.*>"
