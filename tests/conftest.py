"""Shared fixtures: a folder of samples, a sandbox, and a client of it."""

from __future__ import annotations

import atexit
import fcntl
import io
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from PIL import Image

from cvs_async import AsyncCVS
from cvs_async.sandbox import Sample, Sandbox, write_samples
from tests.guard import sitecustomize as guard
from tests.support.limit import pytest_runtest_call, pytest_runtest_setup, pytest_runtest_teardown

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


def _keep_bytecode() -> None:
    """Compile modules once for all processes, though not beside their files where the surroundings forbid that."""
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        folder = Path(__file__).parents[1] / ".pytest_cache" / "bytecode"
        sys.pycache_prefix = os.environ.setdefault("PYTHONPYCACHEPREFIX", str(folder))
        sys.dont_write_bytecode = False


def _explain_assertions() -> None:
    """Let pytest explain the assertions of helpers like those of tests."""
    helpers = (f"tests.support.{path.stem}" for path in Path(__file__).with_name("support").glob("*.py"))
    pytest.register_assert_rewrite(*(name for name in helpers if name not in sys.modules), "tests.vendor.cases")


# What a property says must not hang on how fast the machine is.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
_guard_processes()
_keep_bytecode()
_explain_assertions()


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
def all_kinds(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    """127 sample documents of all kinds, the rare ones too; written once for all processes of the run, so only read."""
    folder = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        folder = folder.parent
    index, files = folder / "all-kinds.json", folder / "all-kinds"
    with open(folder / "all-kinds.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not index.exists():
            written = write_samples(files, 127, seed=3)
            names = [(sample.path.name, sample.kind, sample.operation) for sample in written]
            index.write_text(json.dumps(names), encoding="utf-8")
    known = json.loads(index.read_text(encoding="utf-8"))
    return [Sample(files / name, kind, operation) for name, kind, operation in known]


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
