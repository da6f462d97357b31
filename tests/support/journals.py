"""Access to the database of a journal that is being written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from cvs_async.batch.journal import writer as writer_module
from cvs_async.batch.journal.files import open_to_write


def on_open(patch: pytest.MonkeyPatch, look: Callable[[sqlite3.Connection], object]) -> None:
    """Hand each connection that a writer opens to a function first."""

    def opened(path: Path, stack: ExitStack) -> sqlite3.Connection:
        database = open_to_write(path, stack)
        look(database)
        return database

    patch.setattr(writer_module, "open_to_write", opened)
