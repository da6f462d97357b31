"""Many calls at once: bounded, streamed, and with an outcome for every item."""

from typing import TYPE_CHECKING

from .._text.names import missing
from .journal import Charges, JournalError, JournalFigures, JournalReader, Record, Session, SourceFile, purge_journal
from .outcome import Cost, Done, Failed, Held, Item, Outcome, Stats, cost_of
from .plan import Plan
from .prices import Bill, Prices
from .runner import Batch
from .sinks import JsonLines, outcome_to_dict
from .sinks.thumbnails import Thumbnails
from .sources import Source, folder
from .sources.entries import Entry
from .sources.manifests import manifest, standard_input
from .sources.patterns import matches
from .tables import Csv, Parquet, Xlsx
from .tables.frames import frames, read_results, to_frame, to_parquet

__all__ = [
    "Batch",
    "Bill",
    "Charges",
    "Cost",
    "Csv",
    "Done",
    "Entry",
    "Failed",
    "Held",
    "Item",
    "JournalError",
    "JournalFigures",
    "JournalReader",
    "JsonLines",
    "Outcome",
    "Parquet",
    "Plan",
    "Prices",
    "Record",
    "Session",
    "Source",
    "SourceFile",
    "Stats",
    "Thumbnails",
    "Xlsx",
    "cost_of",
    "folder",
    "frames",
    "manifest",
    "matches",
    "outcome_to_dict",
    "purge_journal",
    "read_results",
    "standard_input",
    "to_frame",
    "to_parquet",
]


def __dir__() -> list[str]:
    """List what is for users: the modules of this package are not."""
    return __all__


if not TYPE_CHECKING:  # for them a wrong name stays an error

    def __getattr__(name: str) -> object:
        raise missing(__name__, name)
