"""Many calls at once: bounded, streamed, and with an outcome for every item."""

from typing import TYPE_CHECKING

from .._names import missing
from .entries import Entry
from .journal import Charges, JournalError, JournalFigures, JournalReader, Opening, Record, SourceFile, purge
from .manifests import manifest, standard_input
from .outcome import Cost, Done, Failed, Held, Item, Outcome, Stats, cost_of
from .patterns import matches
from .plan import Plan
from .prices import Bill, Prices
from .runner import Batch
from .sinks import JsonLines, to_record
from .sources import Source, folder
from .tables import Csv, Parquet, Xlsx
from .tables.frames import frames, read_results, to_frame, to_parquet
from .thumbnails import Thumbnails

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
    "Opening",
    "Outcome",
    "Parquet",
    "Plan",
    "Prices",
    "Record",
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
    "purge",
    "read_results",
    "standard_input",
    "to_frame",
    "to_parquet",
    "to_record",
]


def __dir__() -> list[str]:
    """List what is for users: the modules of this package are not."""
    return __all__


if not TYPE_CHECKING:  # for them a wrong name stays an error

    def __getattr__(name: str) -> object:
        raise missing(__name__, name)
