"""Fixtures of tables."""

from __future__ import annotations

import pytest

from cvs_async.sandbox import Sample


@pytest.fixture(name="mixed")
def hundred(all_kinds: list[Sample]) -> list[Sample]:
    """Samples of all kinds."""
    return all_kinds[:100]
