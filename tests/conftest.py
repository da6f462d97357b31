"""What the tests share: a folder of samples, a sandbox, and a client of it."""

from __future__ import annotations

import io
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from PIL import Image

from cvs_async import AsyncCVS
from cvs_async.sandbox import Sample, Sandbox, write_samples

# Where the tests run in the background Ctrl-C may be ignored, and every command that they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CVS_API_KEY", "CVS_API_SECRET", "CVS_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    """Two dozen sample documents of all kinds, some of them broken."""
    return list(write_samples(tmp_path_factory.mktemp("samples"), 24, seed=1))


@pytest.fixture(scope="session")
def jpg() -> bytes:
    """A readable picture that is no sample."""
    target = io.BytesIO()
    Image.new("RGB", (320, 200), "white").save(target, "JPEG")
    return target.getvalue()


@pytest.fixture
def sandbox(samples: list[Sample]) -> Iterator[Sandbox]:
    """A service with an empty ledger, which serves the samples as files too."""
    with Sandbox(files=samples[0].path.parent) as running:
        yield running


@pytest.fixture
async def cvs(sandbox: Sandbox) -> AsyncIterator[AsyncCVS]:
    """A client of the sandbox."""
    async with AsyncCVS("key", "secret", base_url=sandbox.base_url) as client:
        yield client


def good(samples: list[Sample]) -> list[Path]:
    """The samples that can be read."""
    return [sample.path for sample in samples if sample.kind != "broken"]
