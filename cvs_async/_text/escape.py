"""Escaping of text from answers, file names or journals for terminals."""

from __future__ import annotations

import re

# C0 and C1 controls and DEL, which terminals obey; line and paragraph separators; marks that change the direction of
# writing; the byte order mark; surrogates, which no encoding accepts.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def escaped(text: str) -> str:
    r"""Return a text with everything that a terminal would obey replaced by ``\uXXXX``.

    JSON is unchanged in meaning, because it escapes such characters in the same way.

    >>> from cvs_async._text.escape import escaped
    >>> print(escaped("scan\x1b[31m.jpg"))
    scan\u001b[31m.jpg
    """
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def escaped_lines(text: str) -> str:
    """Return a text of several lines, each of them `escaped`."""
    return "\n".join(map(escaped, text.split("\n")))
