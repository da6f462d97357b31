"""Escaping of text from answers, file names or journals for terminals."""

from __future__ import annotations

import re

# C0 and C1 controls and DEL; line and paragraph separators; marks of text direction; the byte order mark; surrogates,
# which cannot be encoded.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def escaped(text: str) -> str:
    r"""Replace characters that a terminal obeys by ``\uXXXX``.

    Escaped JSON keeps its meaning, because JSON uses the same escapes.

    >>> from cvs_async._text.escape import escaped
    >>> print(escaped("scan\x1b[31m.jpg"))
    scan\u001b[31m.jpg
    """
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def escaped_lines(text: str) -> str:
    """Escape a text of several lines, except its line breaks."""
    return "\n".join(map(escaped, text.split("\n")))
