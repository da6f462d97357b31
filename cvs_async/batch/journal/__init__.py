"""The journal of a batch: what was planned, what left, what came back and what it cost, safe against kill -9."""

from .charges import Charges
from .files import is_new
from .journal import Claim, Journal
from .purge import purge_journal
from .reader import JournalFigures, JournalReader
from .records import Output, Record, Session, SourceFile, State
from .schema import JournalError

__all__ = [
    "Charges",
    "Claim",
    "Journal",
    "JournalError",
    "JournalFigures",
    "JournalReader",
    "Output",
    "Record",
    "Session",
    "SourceFile",
    "State",
    "is_new",
    "purge_journal",
]
