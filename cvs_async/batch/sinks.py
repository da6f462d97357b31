"""Where the outcomes of a batch go."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import anyio.to_thread

from .._converter import unstructure
from .._inputs import describe
from ..errors import APIError, CVSError, InvalidInputError
from .outcome import Done, Held, Outcome


def to_record(outcome: Outcome[Any]) -> dict[str, Any]:
    """An outcome as plain JSON values: one line of a results file.

    ``data`` is the reply's data, each field with value, confidence, box and page. A file's path stands in
    ``source``; of a URL the query is left out.
    """
    source = outcome.item.source
    record: dict[str, Any] = {
        "index": outcome.item.index,
        "source": [describe(part) for part in source] if isinstance(source, tuple) else describe(source),
        "status": type(outcome).__name__.lower(),
    }
    if isinstance(outcome, Done):
        reply = outcome.reply
        return record | {
            "operation": reply.operation,
            "charge": reply.charge,
            "attempts": reply.attempts,
            "elapsed": round(reply.elapsed, 4),
            "check_sum": reply.check_sum,
            "data": unstructure(reply.data),
        }
    if isinstance(outcome, Held):
        record["reason"] = outcome.reason
    return record | _error_record(outcome.error)


def _error_record(error: CVSError) -> dict[str, Any]:
    record: dict[str, Any] = {
        "operation": error.operation,
        "charge": error.charge,
        "attempts": error.attempts,
        "error": {"kind": type(error).__name__, "text": str(error)},
    }
    if isinstance(error, APIError):
        record["error"] |= {"code": error.code, "message": error.message}
    if error.raw is not None:
        raw = error.raw
        record["raw"] = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return record


class JsonLines:
    """A file with one JSON object a line for each outcome, in UTF-8.

    Lines are written off the event loop and are with the operating system when `write` returns; on leaving,
    they are on the disk.

    Args:
        path: of the file; None is standard output.
        append: go on with a file that exists. Without it such a file is refused: its answers were paid for.

    Raises:
        InvalidInputError: on entering, if the file exists or cannot be made.
    """

    def __init__(self, path: str | os.PathLike[str] | None, *, append: bool = False) -> None:
        self._path = None if path is None else Path(path)
        self._mode = "ab" if append else "xb"
        self._file: BinaryIO | None = None

    async def __aenter__(self) -> Self:
        await anyio.to_thread.run_sync(self._open)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._close)

    async def write(self, outcome: Outcome[Any]) -> None:
        """Add the line of one outcome."""
        await anyio.to_thread.run_sync(self._write, outcome)

    def _open(self) -> None:
        if self._path is None:
            self._file = sys.stdout.buffer
            return
        try:
            self._file = self._path.open(self._mode, buffering=0)  # type: ignore[assignment]
        except FileExistsError:
            raise InvalidInputError(
                f"{self._path} exists, and its answers were paid for: choose another name, or append to it"
            ) from None
        except OSError as error:
            raise InvalidInputError(f"{self._path} cannot be written: {error.strerror}") from error

    def _write(self, outcome: Outcome[Any]) -> None:
        if self._file is None:
            raise RuntimeError("write inside of: async with JsonLines(...) as sink")
        self._file.write(json.dumps(to_record(outcome), ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        self._file.flush()

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None and self._path is not None:
            with file:
                os.fsync(file.fileno())
