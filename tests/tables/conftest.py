"""Fixtures of tables."""

from __future__ import annotations

import pytest

from cvs_async.sandbox import Sample


@pytest.fixture(name="mixed")
def every_sample(all_kinds: list[Sample]) -> list[Sample]:
    """Samples of all kinds."""
    return all_kinds
