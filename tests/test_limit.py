"""The limit on the time of a test: a hanging test fails, whatever it waits for and even if it catches errors."""

from __future__ import annotations

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
from tests import limit
from tests.limit import pytest_runtest_call, pytest_runtest_setup, pytest_runtest_teardown
"""
SHORT = "limit.LIMIT, limit.AGAIN = 0.5, 0.1"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no alarms")
@pytest.mark.parametrize("program", WAITS.values(), ids=list(WAITS))
def test_what_hangs_fails_alone_with_the_place_where_it_hangs(tmp_path: Path, program: str) -> None:
    (tmp_path / "conftest.py").write_text(f"{HEAD}\n{SHORT}\n")
    (tmp_path / "test_hang.py").write_text(f"{HEAD}\n{program}\n\ndef test_next(): pass\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    root = Path(__file__).parent.parent
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    command += ["-c", str(tmp_path / "pytest.ini"), str(tmp_path)]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "1 failed, 1 passed" in ended.stdout or "passed, 1 error" in ended.stdout
    assert "takes more than 0.5 seconds" in ended.stdout
    assert "test_hang.py:" in ended.stdout
