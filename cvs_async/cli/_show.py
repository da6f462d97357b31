"""What the commands print with: consoles that show foreign text as text, and never fail on a lost terminal."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import IO, Any, TextIO, cast

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from .._escape import escaped, escaped_lines
from .._stdout import check_stdout

PIPED_WIDTH = 220


class Screen(Console):
    """A console on which nothing that is printed is markup or reaches the terminal as a control character.

    Whoever prints need not think of it: plain text is escaped before it is laid out, line breaks included, and
    `Text` before it is written.
    """

    def __init__(self, file: IO[str] | None = None, **options: Any) -> None:
        super().__init__(file=file, markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return what stands for a text, whatever is in it."""
        options |= {"markup": False, "emoji": False}
        return super().render_str(escaped(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Return the parts that are written, each without control characters of its text."""
        for part in super().render(renderable, options):
            yield part if part.control else Segment(escaped_lines(part.text), part.style)


class Lossy(io.TextIOBase):
    """A stream for what may be lost: the batch goes on where the terminal is gone, or the log's disk is full."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Of the stream."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def write(self, text: str, /) -> int:
        """Write as much as can be."""
        if self._stream is not None:
            with suppress(OSError, ValueError):  # a closed stream raises ValueError
                self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush if that is possible."""
        if self._stream is not None:
            with suppress(OSError, ValueError):
                self._stream.flush()

    def isatty(self) -> bool:
        """Whether it is a terminal, and still there."""
        with suppress(OSError, ValueError):
            return self._stream is not None and self._stream.isatty()
        return False


def console() -> Console:
    """Return standard output. Where it is no terminal, tables are not squeezed into eighty columns.

    Raises:
        InvalidInputError: it is closed.
    """
    check_stdout()
    return Screen(width=None if sys.stdout.isatty() else PIPED_WIDTH)


def is_terminal() -> bool:
    """Whether standard output is a terminal."""
    with suppress(OSError, ValueError):
        return sys.stdout is not None and sys.stdout.isatty()
    return False


def print_result(text: str) -> None:
    """Print JSON or other plain text to standard output. Its line breaks are layout; all else is escaped.

    Raises:
        InvalidInputError: it is closed.
        OSError: it cannot be written.
    """
    check_stdout()
    sys.stdout.write(escaped_lines(text) + "\n")
    sys.stdout.flush()


def messages() -> Console:
    """Return standard error, for everything that is no result. Nothing fails because it cannot be written.

    A terminal would break lines within words, so there they are broken between them; elsewhere they are not broken.
    """
    stream = Lossy(sys.stderr)
    return Screen(cast(IO[str], stream), soft_wrap=not stream.isatty())
