"""The limit on the time of a test: a hanging test fails, whatever it waits for and even if it catches errors."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

WAITS = {
    "a lock": "def test_it(): threading.Event().wait()",
    "a coroutine": "async def test_it(): await asyncio.sleep(1000)",
    "a task": """
async def test_it():
    await asyncio.wait([asyncio.create_task(asyncio.sleep(1000))])
""",
    "an example": """
@given(st.integers())
def test_it(number):
    if number > 5:
        threading.Event().wait()
""",
    "code that catches everything": """
def test_it():
    with contextlib.suppress(BaseException):
        time.sleep(1000)
    time.sleep(1000)
""",
    "a fixture": """
@pytest.fixture
def slow():
    time.sleep(1000)

def test_it(slow): pass
""",
    "the end of a fixture": """
@pytest.fixture
def slow():
    yield
    time.sleep(1000)

def test_it(slow): pass
""",
}
HEAD = """
import asyncio, contextlib, threading, time
import pytest
from hypothesis import given, settings, strategies as st
from tests.support import limit
from tests.support.limit import pytest_runtest_call, pytest_runtest_setup, pytest_runtest_teardown
"""
SHORT = "limit.LIMIT, limit.AGAIN = 0.5, 0.1"


def file_of(name: str) -> str:
    return f"test_{name.replace(' ', '_')}.py"


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """A run in which each of the tests hangs, and each is followed by one that does not."""
    folder = tmp_path_factory.mktemp("hangs")
    (folder / "conftest.py").write_text(f"{HEAD}\n{SHORT}\n")
    for name, program in WAITS.items():
        (folder / file_of(name)).write_text(f"{HEAD}\n{program}\n\ndef test_next(): pass\n")
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-n", "0", "-p", "no:cacheprovider"]
    command += ["--rootdir", str(folder), "-c", str(folder / "pytest.ini"), str(folder)]
    known = os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", ""))))
    environment = os.environ | {"PYTHONPATH": known}
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no alarms")
@pytest.mark.parametrize("name", WAITS)
def test_what_hangs_fails_alone_with_the_place_where_it_hangs(
    ended: subprocess.CompletedProcess[str], name: str
) -> None:
    assert ended.returncode == 1, ended.stdout + ended.stderr
    file = file_of(name)
    assert f"PASSED {file}::test_next" in ended.stdout
    assert (f"FAILED {file}::test_it" in ended.stdout) != (f"ERROR {file}::test_it" in ended.stdout)
    assert f"{file}::test_it takes more than 0.5 seconds" in ended.stdout
    waits = r"\S*selectors\.py" if name in ("a coroutine", "a task") else re.escape(file)
    assert re.search(rf"^{waits}:\d+: ", ended.stdout, re.MULTILINE)
