"""The contents of an SQLite write-ahead log, read without SQLite: https://sqlite.org/fileformat2.html#walformat

SQLite reads a WAL up to the first frame with a wrong checksum. That frame is the end of what was written, or it is
damaged: then whole commits follow it, which SQLite ignores silently.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

from attrs import define

HEADER = 32
FRAME = 24
MAGIC = 0x377F0682
VERSION = 3007000
PAGE_SIZES = [1 << power for power in range(9, 17)]


def wal_path(path: Path) -> Path:
    """Return the path of a journal's WAL."""
    return path.with_name(path.name + "-wal")


def size_of(path: Path) -> int:
    """Return the size of a file, 0 if it is missing."""
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


@define
class Wal:
    """The frames that SQLite recovers from a WAL.

    Attributes:
        frames: up to the last commit that is recovered.
        first_page: the newest page 1 among them; None if it is missing.
        passed_over: number of commits behind them, judged by their headers.
    """

    frames: int = 0
    first_page: bytes | None = None
    passed_over: int = 0

    @property
    def is_damaged(self) -> bool:
        """Return whether commits are lost. Only the last may be torn: writer or machine died while writing it."""
        return self.passed_over > 1


def read_wal(path: Path) -> Wal:
    """Read a WAL; a missing one is empty. Takes about 0.1 seconds for 1,000 pages.

    If it is written to meanwhile, damage is not reported.
    """
    wal = Wal()
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return wal
    with file:
        before = os.fstat(file.fileno())
        header = file.read(HEADER)
        if len(header) == HEADER:
            _read_frames(file, header, wal)
        after = os.fstat(file.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            wal.passed_over = 0
    return wal


def _read_frames(file: BinaryIO, header: bytes, wal: Wal) -> None:
    magic, version, page_size, _, *salts, _, _ = struct.unpack(">8I", header)
    order = ">" if magic & 1 else "<"
    sums = _sums((0, 0), header[:24], order)
    if magic & ~1 == MAGIC and version == VERSION and page_size in PAGE_SIZES and sums == _stored(header[24:]):
        end = _recover(file, wal, salts, page_size, sums, order)
    else:  # a header is never torn, so one commit behind it proves damage
        end = 0
        if page_size not in PAGE_SIZES:
            page_size = 4096
        salts = _salts_of_first_frame(file, page_size)
        wal.passed_over = int(any(salts))
    _count_rest(file, wal, salts, page_size, end)


def _recover(file: BinaryIO, wal: Wal, salts: list[int], page_size: int, sums: tuple[int, int], order: str) -> int:
    """Read the frames as SQLite does. Return their number before the first wrong one."""
    count, first_page = 0, None
    while len(frame := file.read(FRAME + page_size)) == FRAME + page_size:
        page, commit, *own = struct.unpack_from(">4I", frame)
        sums = _sums(_sums(sums, frame[:8], order), frame[FRAME:], order)
        if not page or own != salts or sums != _stored(frame[16:FRAME]):
            break
        count += 1
        if page == 1:
            first_page = frame[FRAME:]
        if commit:
            wal.frames, wal.first_page = count, first_page
    return count


def _count_rest(file: BinaryIO, wal: Wal, salts: list[int], page_size: int, end: int) -> None:
    frames = (os.fstat(file.fileno()).st_size - HEADER) // (FRAME + page_size)
    for number in range(end, frames):
        file.seek(HEADER + number * (FRAME + page_size))
        page, commit, *own = struct.unpack(">4I", file.read(16))
        wal.passed_over += bool(page and commit and own == salts)


def _salts_of_first_frame(file: BinaryIO, page_size: int) -> list[int]:
    """Return the salts of the first valid frame of a WAL whose header is damaged; zeros if there is no such frame."""
    frames = (os.fstat(file.fileno()).st_size - HEADER) // (FRAME + page_size)
    for number in range(frames):
        file.seek(HEADER + number * (FRAME + page_size))
        page, _, *salts = struct.unpack(">4I", file.read(16))
        if page and any(salts):
            return salts
    return [0, 0]


def _stored(sums: bytes) -> tuple[int, ...]:
    return struct.unpack(">2I", sums)


def _sums(sums: tuple[int, int], content: bytes, order: str) -> tuple[int, int]:
    one, two = sums
    words = iter(struct.unpack(f"{order}{len(content) // 4}I", content))
    for word, following in zip(words, words, strict=True):
        one = (one + word + two) & 0xFFFFFFFF
        two = (two + following + one) & 0xFFFFFFFF
    return one, two
