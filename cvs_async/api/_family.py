"""What the groups of operations on the client have in common."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from .._call import Caller
from .._endpoint import DEFAULTS, CallOptions, ThumbOptions
from .._private import private

_OPTIONS: dict[str, type] = {f"Unpack[{keywords.__name__}]": keywords for keywords in (CallOptions, ThumbOptions)}


class Family:
    """Operations whose paths begin alike. `path` is where they hang on the client."""

    path: str

    def __init__(self, call: Caller) -> None:
        self._call = call

    def __init_subclass__(cls) -> None:
        """Spell the keywords of the operations out for `help` and notebooks, as type checkers know them already.

        And keep the documents, which are their arguments, out of tracebacks.
        """
        for name, function in list(vars(cls).items()):
            if inspect.iscoroutinefunction(function):
                function = private(function)
                setattr(cls, name, function)
            if keywords := _OPTIONS.get(getattr(function, "__annotations__", {}).get("options", "")):
                function.__signature__ = _spelled_out(function, keywords)

    def __repr__(self) -> str:
        return f"<operations {self.path}.*>"


def _spelled_out(function: Callable[..., Any], keywords: type) -> inspect.Signature:
    signature = inspect.signature(function)
    *positional, _ = signature.parameters.values()
    named = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=_text(keywords, name))
        for name, default in DEFAULTS.items()
        if name in keywords.__annotations__
    ]
    return signature.replace(parameters=[*positional, *named])


def _text(keywords: type, name: str) -> str:
    annotation = keywords.__annotations__[name]
    return str(getattr(annotation, "__forward_arg__", annotation))
