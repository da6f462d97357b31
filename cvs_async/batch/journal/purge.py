"""Dropping old answers from a journal."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack

from .files import existing, open_to_write
from .schema import translated

PURGE = """
DELETE FROM contents
WHERE (SELECT max(coalesce(ended_at, sent_at)) FROM requests WHERE document = contents.document) < ?
"""


def purge_journal(path: str | os.PathLike[str], older_than: float) -> int:
    """Drop the answers that are older than so many seconds, and free their space. Keys and charges stay.

    Blocks; in an event loop, use it in a thread.

    Returns:
        How many were dropped.

    Raises:
        JournalError: if the journal is missing, or another process writes to it.
    """
    path = existing(path)
    with translated(path), ExitStack() as stack:
        database = open_to_write(path, stack)
        database.execute("PRAGMA secure_delete = ON")
        dropped = database.execute(PURGE, (time.time() - older_than,)).rowcount
        database.executescript("PRAGMA incremental_vacuum")  # `execute` would free one page only
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return dropped
