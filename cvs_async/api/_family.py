"""Base of the groups of operations on the client."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from .._calls.call import Caller
from .._codec.endpoint import DEFAULTS, CallOptions, ThumbOptions
from .._system.private import private
from .._text.hints import did_you_mean, is_private, nearest, no_attribute

_OPTIONS: dict[str, type] = {f"Unpack[{keywords.__name__}]": keywords for keywords in (CallOptions, ThumbOptions)}


F = TypeVar("F", bound="Family")


class Attached(Generic[F]):
    """Descriptor of a family: on an object it is a family that can make calls, on the class it is the family's class.

    Therefore `help`, `dir` and `unittest.mock.create_autospec` find the operations in the class.
    """

    def __init__(self, family: type[F]) -> None:
        self.family = family

    @overload
    def __get__(self, holder: None, owner: type) -> type[F]: ...
    @overload
    def __get__(self, holder: object, owner: type) -> F: ...
    def __get__(self, holder: object | None, owner: type) -> type[F] | F:
        """Return the family's class. On an object, the attribute that `attach` has set precedes this descriptor."""
        return self.family


def attach(holder: object, call: Caller) -> None:
    """Set the families that an object's class declares as attributes of the object."""
    for name, attached in vars(type(holder)).items():
        if isinstance(attached, Attached):
            setattr(holder, name, attached.family(call))


class Family:
    """Base of groups of operations with a common prefix of their paths.

    Attributes:
        path: attribute path on the client, such as ``ocr.document``.
    """

    path: str

    def __init__(self, call: Caller) -> None:
        self._call = call
        attach(self, call)

    def __init_subclass__(cls) -> None:
        """Prepare the operations of a family: spell out ``**options`` in their signatures, for `help` and notebooks.

        Keep their arguments, which are documents, out of tracebacks.
        """
        for name, function in list(vars(cls).items()):
            if inspect.iscoroutinefunction(function):
                function = private(function)
                setattr(cls, name, function)
            if keywords := _OPTIONS.get(getattr(function, "__annotations__", {}).get("options", "")):
                function.__signature__ = _spelled_out(function, keywords)
        cls.__doc__ = f"{cls.__doc__}\n\n{textwrap.fill('Has ' + ', '.join(_names(cls)) + '.', 100)}"

    def __repr__(self) -> str:
        return f"<operations {self.path}.*>"

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if name != "path"]

    if not TYPE_CHECKING:  # type checkers report a wrong name

        def __getattr__(self, name: str) -> object:
            raise no_operation(f"cvs.{type(self).path}", name)


def no_operation(owner: str, name: str, others: Iterable[str] = ()) -> AttributeError:
    """Return the error for a missing attribute of the client or a family, with similar names.

    Args:
        owner: ``cvs``, or a family such as ``cvs.ocr``.
        name: name of the attribute.
        others: other names that may be suggested.
    """
    if is_private(name):
        return no_attribute(owner, name)
    families = Family.__subclasses__()
    operations = dict.fromkeys(f"{family.path}.{each}" for family in families for each in _names(family))
    near = nearest(f"{owner}.{name}".removeprefix("cvs."), [*operations, *others])
    return no_attribute(owner, name, did_you_mean([f"cvs.{each}" for each in near]))


def _names(family: type[Family]) -> list[str]:
    return [name for name in vars(family) if not is_private(name) and name != "path"]


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
