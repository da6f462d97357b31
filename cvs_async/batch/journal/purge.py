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
PURGE_SESSIONS = """
DELETE FROM openings WHERE number NOT IN (SELECT opening FROM requests) AND after = coalesce(
  (SELECT after FROM openings next WHERE next.number > openings.number ORDER BY number LIMIT 1),
  (SELECT max(id) FROM sources), 0
)
"""


def purge_journal(path: str | os.PathLike[str], older_than: float) -> int:
    """Drop answers older than `older_than` seconds, and free their space. Return their number.

    Keys, charges and names stay, and so do folder and parameters of each session that claimed or sent a document.
    Other sessions are dropped. Blocks; in an event loop, use it in a thread.

    Raises:
        JournalError: if the journal is missing, or another process writes to it.
    """
    path = existing(path)
    with translated(path), ExitStack() as stack:
        database = open_to_write(path, stack)
        database.execute("PRAGMA secure_delete = ON")
        dropped = database.execute(PURGE, (time.time() - older_than,)).rowcount
        database.execute(PURGE_SESSIONS)
        database.executescript("PRAGMA incremental_vacuum")  # `execute` would free one page only
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return dropped
