"""Text of settings."""

from __future__ import annotations


def trimmed(text: str) -> str:
    """Return a setting without the line breaks, blanks and byte order mark that files and shells put around it."""
    return text.strip().strip("\ufeff\u200b").strip()
