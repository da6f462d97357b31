"""Shared fixtures: a folder of samples, a sandbox, and a client of it."""

from __future__ import annotations

import atexit
import io
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from PIL import Image

from cvs_async import AsyncCVS
from cvs_async.sandbox import Sample, Sandbox, write_samples
from tests.guard import sitecustomize as guard
from tests.limit import pytest_runtest_call, pytest_runtest_setup, pytest_runtest_teardown

__all__ = ["pytest_runtest_call", "pytest_runtest_setup", "pytest_runtest_teardown"]

# Where the tests run in the background Ctrl-C may be ignored, and every command that they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def _guard_processes() -> None:
    """Guard every Python process that a test starts, and report its attempts here."""
    handle, path = tempfile.mkstemp(prefix="cvs-tests-", suffix=".log")
    os.close(handle)
    atexit.register(os.unlink, path)
    os.environ[guard.LOG] = path
    folder, known = str(Path(guard.__file__).parent), os.environ.get("PYTHONPATH", "")
    if folder not in known.split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (folder, known)))


_guard_processes()


@pytest.fixture(autouse=True)
def _nothing_but_loopback() -> Iterator[None]:
    yield
    assert guard.attempts() == [], "a test reaches nothing but this machine"


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CVS_API_KEY", "CVS_API_SECRET", "CVS_BASE_URL", "CVS_ASYNC_OFFLINE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    """Two dozen sample documents of all kinds, some of them broken."""
    return list(write_samples(tmp_path_factory.mktemp("samples"), 24, seed=1))


@pytest.fixture(scope="session")
def jpg() -> bytes:
    """Return a readable picture that is not a sample."""
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
