"""Fixtures of connections."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.faults import certified


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The certificate of `self_signed` is believed."""
    (tmp_path / "ca.pem").write_text(certified()[1])
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
