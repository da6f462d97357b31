"""Keep documents and credentials out of tracebacks.

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
    """Decorate a function or coroutine function to clear its local variables, and those of all callees, when it raises.

    The traceback keeps its lines.
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
    """Clear the frames of an error and its causes, but not those of `earlier`, which the caller is still handling."""
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
    """Headers of a request. Its repr hides them, because they include credentials."""

    def __repr__(self) -> str:
        return f"<{len(self)} headers>"
