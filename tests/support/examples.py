"""The number of examples for slow properties: some in each run, all of them where CI asks."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import settings

from tests.support.clock import unhurried

Test = TypeVar("Test", bound=Callable[..., Any])

ALL = os.environ.get("CVS_TESTS_EXAMPLES") == "all"


def some_of(count: int, part: int = 4) -> int:
    """Return a part of a count, one in `part`; where all examples are wanted, the whole."""
    return count if ALL else -(-count // part)


def examples(count: int, part: int = 4) -> Callable[[Test], Test]:
    """Try a property with `count` examples, or a part of them, however slow the machine is."""

    def decorate(test: Test) -> Test:
        pytest.mark.examples(settings(unhurried, max_examples=some_of(count, part))(test))
        return test

    return decorate
