"""Consoles for the commands: foreign text is escaped, and a lost terminal causes no error."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import IO, Any, TextIO, cast

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from .._system.stdout import check_stdout
from .._text.escape import escaped, escaped_lines

PIPED_WIDTH = 220


class Screen(Console):
    """Console that prints text literally: neither as markup nor as control characters.

    Plain text, line breaks included, is escaped before layout, and `Text` before it is written.
    """

    def __init__(self, file: IO[str] | None = None, **options: Any) -> None:
        super().__init__(file=file, markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a text with its control characters escaped."""
        options |= {"markup": False, "emoji": False}
        return super().render_str(escaped(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Return the rendered segments, each without control characters."""
        for part in super().render(renderable, options):
            yield part if part.control else Segment(escaped_lines(part.text), part.style)


class Lossy(io.TextIOBase):
    """Stream whose output may be lost: the batch continues without a terminal or with a full disk."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Return the encoding of the stream."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def write(self, text: str, /) -> int:
        """Write the text, ignoring errors."""
        if self._stream is not None:
            with suppress(OSError, ValueError):  # a closed stream raises ValueError
                self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, ignoring errors."""
        if self._stream is not None:
            with suppress(OSError, ValueError):
                self._stream.flush()

    def isatty(self) -> bool:
        """Return whether this is a terminal that still exists."""
        with suppress(OSError, ValueError):
            return self._stream is not None and self._stream.isatty()
        return False


def console() -> Console:
    """Return standard output. If it is not a terminal, tables are not limited to 80 columns.

    Raises:
        InvalidInputError: it is closed.
    """
    check_stdout()
    return Screen(width=None if sys.stdout.isatty() else PIPED_WIDTH)


def is_terminal() -> bool:
    """Return whether standard output is a terminal."""
    with suppress(OSError, ValueError):
        return sys.stdout is not None and sys.stdout.isatty()
    return False


def print_result(text: str) -> None:
    """Print JSON or other plain text to standard output. Line breaks are kept; other control characters are escaped.

    Raises:
        InvalidInputError: it is closed.
        OSError: it cannot be written.
    """
    check_stdout()
    sys.stdout.write(escaped_lines(text) + "\n")
    sys.stdout.flush()


def messages() -> Console:
    """Return standard error, for everything except results. Write errors are ignored.

    On a terminal, lines are wrapped between words, where the terminal itself would wrap within words.
    """
    stream = Lossy(sys.stderr)
    return Screen(cast(IO[str], stream), soft_wrap=not stream.isatty())
