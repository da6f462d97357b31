"""Commands, as processes of their own or in this one, and the lines that they write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from typer.testing import CliRunner, Result

from cvs_async.cli.app import app
from cvs_async.sandbox import Sandbox
from tests.support import forked

COMMAND = [sys.executable, "-c", "from cvs_async.cli import main; main()"]


def environment(sandbox: Sandbox | None, **more: str) -> dict[str, str]:
    own = {"PYTHONUTF8": "1", "CVS_API_KEY": "key-canary", "CVS_API_SECRET": "secret-canary"}
    return os.environ | own | ({"CVS_BASE_URL": sandbox.base_url} if sandbox else {}) | more


def cvs_async(
    *arguments: str | Path, sandbox: Sandbox | None = None, cwd: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end. No output of it may hold a credential or a traceback."""
    assert not any(name.startswith("PYTHON") for name in more), "only a fresh interpreter reads these"
    ended = forked.run([*map(str, arguments)], environment(sandbox, **more), cwd, 60)
    assert "canary" not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    return ended


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def read_until(stream: IO[str], word: str) -> str:
    text = ""
    for line in stream:
        text += line
        if word in line:
            return text
    raise AssertionError(f"ended without {word!r}: {text}")


def start(*arguments: str | Path, sandbox: Sandbox | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        env=environment(sandbox),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def wait_for(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def run(*words: object, sandbox: Sandbox | None = None) -> Result:
    """Run a command in this process."""
    ended = CliRunner().invoke(app, [str(word) for word in words], env=environment(sandbox))
    assert "canary" not in ended.output
    assert isinstance(ended.exception, (SystemExit, type(None))), ended.exception
    return ended
