"""Sources of the items of a batch."""

from .base import Listed, Source, in_thread, is_read_once, iterate, may_be_read_ahead
from .entries import Entry
from .folders import PICTURES, folder
from .manifests import manifest, standard_input
from .patterns import matches

__all__ = [
    "PICTURES",
    "Entry",
    "Listed",
    "Source",
    "folder",
    "in_thread",
    "is_read_once",
    "iterate",
    "manifest",
    "matches",
    "may_be_read_ahead",
    "standard_input",
]
