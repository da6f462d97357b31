"""Many calls at once: bounded, streamed, and with an outcome for every item."""

from .entries import Entry
from .journal import Charges, JournalError, JournalFigures, JournalReader, Record, purge
from .manifests import manifest, standard_input
from .outcome import Done, Failed, Held, Item, Outcome, Stats
from .patterns import matches
from .plan import Plan
from .prices import Bill, Prices
from .runner import Batch
from .sinks import JsonLines, to_record
from .sources import Source, folder
from .tables import Csv, Parquet
from .thumbnails import Thumbnails

__all__ = [
    "Batch",
    "Bill",
    "Charges",
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
    "Source",
    "Stats",
    "Thumbnails",
    "folder",
    "manifest",
    "matches",
    "purge",
    "standard_input",
    "to_record",
]
