"""Many calls at once: bounded, streamed, and with an outcome for every item."""

from .outcome import Done, Failed, Held, Item, Outcome, Stats
from .runner import Batch
from .sinks import JsonLines, to_record
from .sources import Source, folder

__all__ = ["Batch", "Done", "Failed", "Held", "Item", "JsonLines", "Outcome", "Source", "Stats", "folder", "to_record"]
