"""Normal forms of texts for comparison."""

from __future__ import annotations

import re
import unicodedata


def plain(text: object) -> str:
    """Return text in lower case without diacritics; "" for other types.

    The letter eth (ð) counts as đ, because papers in old fonts have it instead.
    """
    if not isinstance(text, str):
        return ""
    letters = unicodedata.normalize("NFKD", text.lower().replace("đ", "d").replace("ð", "d"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def is_mark(letter: str) -> bool:
    """Return whether a character is a number but not a digit, such as the mark of a note: ² or ①."""
    return letter.isnumeric() and not letter.isdecimal()


def compact(number: object) -> str:
    """Return a number without spaces, dots and hyphens between its digits; "" for other types.

    Marks of notes such as ² are kept, so that they do not become digits.
    """
    if not isinstance(number, str):
        return ""
    if not number.isascii():
        number = "".join(letter if is_mark(letter) else unicodedata.normalize("NFKC", letter) for letter in number)
    return re.sub(r"[\s.\-]", "", number)
