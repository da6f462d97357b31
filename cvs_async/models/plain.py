"""Normal forms of texts for comparison."""

from __future__ import annotations

import re
import unicodedata


def plain(text: object) -> str:
    """Return text in lower case without diacritics; "" for other types.

    Papers set in old fonts have the letter eth (ð), which looks the same, in place of đ.
    """
    if not isinstance(text, str):
        return ""
    letters = unicodedata.normalize("NFKD", text.lower().replace("đ", "d").replace("ð", "d"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def is_mark(letter: str) -> bool:
    """Return whether a letter is the mark of a note, such as ², or a number in a circle: no digit of a number."""
    return letter.isnumeric() and not letter.isdecimal()


def compact(number: object) -> str:
    """Return a number without spaces, dots and hyphens between its digits; "" for other types.

    Note marks such as ² are kept as they are, so they never become digits.
    """
    if not isinstance(number, str):
        return ""
    if not number.isascii():
        number = "".join(letter if is_mark(letter) else unicodedata.normalize("NFKC", letter) for letter in number)
    return re.sub(r"[\s.\-]", "", number)
