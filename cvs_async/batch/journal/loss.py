"""Known losses of a journal. It is refused until its user decides, because lost answers would be paid for again."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from .schema import COST, JournalError
from .wal import read_wal, size_of, wal_path


@frozen
class Loss:
    """A known loss, and its remedy."""

    what: str
    remedy: str

    @property
    def text(self) -> str:
        """Text for people."""
        return f"{self.what}: {self.remedy}"


def loss(path: Path) -> Loss | None:
    """Return a loss in a journal that no process writes to; None if none is known. There are three kinds:

    1. The WAL is damaged in the middle: SQLite would ignore the rest of it.
    2. A batch detected that a file was cut: the remaining file looks complete.
    3. A batch saved a copy of a journal that was removed or replaced: the present file may be older.
    """
    wal, mark = wal_path(path), mark_path(path)
    if (found := read_wal(wal)).is_damaged:
        return Loss(
            f"{wal} is damaged: what was written last ({found.passed_over:,} commits) cannot be read, and the"
            " documents in it would count as never sent",
            f"restore the journal together with its -wal from a backup, or, to do without them, run sqlite3 {path.name}"
            " 'PRAGMA wal_checkpoint(TRUNCATE)'; then they are sent, and may be paid for, again",
        )
    if mark.exists():
        return Loss(
            f"journal {path} was cut while a batch wrote to it, and the documents in what is lost would count as never"
            " sent",
            f"restore the journal together with its -wal from a backup, and remove {mark.name}; or, to do without them,"
            f" only remove {mark.name}; then they are sent, and may be paid for, again",
        )
    if copies := _copies(path):
        return Loss(
            f"{copies[0]} holds what journal {path.name} held when it was removed or replaced while a batch wrote to"
            " it, and the documents in it would count as never sent",
            _putting_back(path, copies[0]),
        )
    return None


def refuse_left(path: Path) -> None:
    """Refuse a name without a journal but with remains of one: perhaps the journal was only moved.

    Raises:
        JournalError: there are remains.
    """
    copies, saved = _copies(path), ""
    if copies:
        saved = f"{copies[0].name} holds what it held when it was removed: {_putting_back(path, copies[0])}"
    for left in (wal_path(path), path.with_name(path.name + "-journal")):
        if size_of(left):
            away = f"put the journal back, or move {left.name} away or choose another name to begin another journal"
            raise JournalError(
                f"there is no journal {path}, but {left.name} beside it, which belongs to one that was removed:"
                f" {saved or f'{away}; {COST}'}"
            )
    if saved:
        raise JournalError(f"there is no journal {path}, but {saved}")
    if (mark := mark_path(path)).exists():
        raise JournalError(
            f"there is no journal {path}, but {mark.name} beside it, of one that was cut while a batch wrote to it: put"
            f" a backup back, or remove {mark.name} to begin another journal; {COST}"
        )


def _putting_back(path: Path, copy: Path) -> str:
    wal, put_back = wal_path(path), f"move it to {path.name}"
    if wal.exists():
        put_back += f", and {wal.name} away"
    return (
        f"to go on with it, {put_back}; to do without it, move it away; then every document that"
        " only it has is sent, and paid for, again"
    )


# --- files that a batch writes after it has detected a loss


def mark_path(path: Path) -> Path:
    """Return the path of the file that marks a journal as cut."""
    return path.with_name(path.name + "-cut")


def leave_mark(path: Path, why: str) -> None:
    """Mark a journal as cut, if that is possible."""
    with suppress(OSError):
        file = os.open(mark_path(path), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            os.write(file, f"{why}\n".encode(errors="replace"))
            os.fsync(file)
        finally:
            os.close(file)


def new_copy(path: Path) -> Path:
    """Return a free name for a copy of a journal that has lost its own."""
    return path.with_name(f"{path.name}-saved-{secrets.token_hex(4)}")


def _copies(path: Path) -> list[Path]:
    """Return the copies that batches have saved of a journal."""
    with suppress(OSError):
        names = [name for name in os.listdir(path.parent) if name.startswith(f"{path.name}-saved-")]
        return sorted(path.with_name(name) for name in names if _is_copy(path, name))
    return []


def _is_copy(path: Path, name: str) -> bool:
    token = name.removeprefix(f"{path.name}-saved-")
    return len(token) == 8 and not token.strip("0123456789abcdef")
