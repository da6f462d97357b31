"""Functions whose arguments are documents or credentials, hidden from tracebacks.

Error reporters, pytest and rich print the local variables of all frames of a traceback.
"""

from __future__ import annotations

import functools
import inspect
import sys
import traceback
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")


def private(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function, or a coroutine function, clear its local variables when it raises.

    This includes all functions that it calls. The lines stay in the traceback.
    """
    if inspect.iscoroutinefunction(function):
        return cast(Callable[P, R], _private_coroutine(function))

    @functools.wraps(function)
    def call(*arguments: P.args, **keywords: P.kwargs) -> R:
        earlier = sys.exception()
        try:
            return function(*arguments, **keywords)
        except BaseException as error:
            del arguments, keywords
            forget_locals(error, earlier)
            raise

    return call


def _private_coroutine(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*arguments: Any, **keywords: Any) -> Any:
        earlier = sys.exception()
        try:
            try:
                work = function(*arguments, **keywords)
            finally:
                del arguments, keywords
            return await work
        except BaseException as error:
            forget_locals(error, earlier)
            raise

    return call


def forget_locals(error: BaseException, earlier: BaseException | None) -> None:
    """Clear the frames of an error and of its causes, except those of the error that the caller was handling."""
    seen, waiting = {id(earlier)}, list[BaseException | None]([error])
    while waiting:
        step = waiting.pop()
        if step is not None and id(step) not in seen:
            seen.add(id(step))
            traceback.clear_frames(step.__traceback__)
            waiting += (step.__cause__, step.__context__)
            if isinstance(step, BaseExceptionGroup):
                waiting += step.exceptions


class Headers(dict[str, str]):
    """Headers of a request, including credentials, hidden in its repr."""

    def __repr__(self) -> str:
        return f"<{len(self)} headers>"
