"""Data of outcomes, or of the lines of a results file, for tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._codec.converter import structure
from ...api import OPERATIONS
from ...errors import APIError, Charge
from ...models.general import Page
from ..outcome import Done, Held, Outcome, name_of, printable_name
from .columns import COLUMNS
from .reading import papers_in
from .values import seconds_of, text_of, whole


class Result:
    """Data that a table needs of an outcome, or of a line of a results file.

    Attributes:
        head: the first columns of its rows, in their order.
        data: data of the reply.
        instead: answer received in place of data, as text.
        billed: number of charged requests.
        is_replayed: whether an earlier run has paid for it.
    """

    __slots__ = ("billed", "data", "head", "instead", "is_replayed", "papers")

    def __init__(self, head: dict[str, Any], data: object, instead: object, billed: int, is_replayed: bool) -> None:
        self.head = head
        self.data = data
        self.papers = papers_in(data)
        self.instead = text_of(instead)
        self.billed = billed
        self.is_replayed = is_replayed and head["key"] is not None
        head["papers"] = len(self.papers)


def result_of(outcome: Outcome[Any] | Mapping[str, Any]) -> Result:
    """Return the data that a table needs of an outcome, or of a line of a results file as plain JSON."""
    if isinstance(outcome, Mapping):
        return _from_record(outcome)
    item = outcome.item
    sources = item.source if isinstance(item.source, tuple) else (item.source,)
    head: dict[str, Any] = dict.fromkeys(COLUMNS)
    head["index"], head["id"], head["key"] = item.index, item.reference, item.key
    head["source"] = "; ".join(map(name_of, sources))
    requests = outcome.requests
    if requests is not None:
        head["sent_at"], head["ended_at"] = requests.sent_at, requests.ended_at
    data: object = None
    instead: object = None
    if isinstance(outcome, Done):
        reply = outcome.reply
        head["operation"], head["charge"], data = reply.operation, reply.charge, reply.data
        head["status"] = "purged" if outcome.purged else "done"
        if reply.charge == "billed":
            head["code"] = 0
    else:
        error = outcome.error
        head["operation"], head["charge"] = error.operation, error.charge
        head["status"] = type(outcome).__name__.lower()
        head["error"] = f"{type(error).__name__}: {printable_name(str(error))}"
        if isinstance(error, APIError):
            head["code"] = whole(error.code)
        instead = error.raw
        if isinstance(instead, bytes):
            instead = instead.decode("utf-8", "replace")
    is_replayed = not isinstance(outcome, Held) and outcome.replayed
    return Result(head, data, instead, _billed_of(outcome, head["charge"]), is_replayed)


def _billed_of(outcome: Outcome[Any], charge: Charge) -> int:
    """Return the billed requests of an outcome. A duplicate has none, because its original has them."""
    if not isinstance(outcome, Held) and outcome.deduplicated:
        return 0
    if outcome.requests is not None:
        return outcome.requests.billed
    return int(charge == "billed" and not isinstance(outcome, Held))


def _from_record(record: Mapping[str, Any]) -> Result:
    """Return the same from a line of a results file."""
    head: dict[str, Any] = dict.fromkeys(COLUMNS) | {name: record.get(name) for name in _RECORDED}
    if isinstance(record.get("source"), list):
        head["source"] = "; ".join(record["source"])
    for name in ("sent_at", "ended_at"):
        head[name] = seconds_of(head[name])
    error = record.get("error")
    if isinstance(error, Mapping):
        head["error"], head["code"] = f"{error.get('kind')}: {error.get('text')}", whole(error.get("code"))
    elif head["charge"] == "billed":
        head["code"] = 0
    billed = int(head["charge"] == "billed" and not record.get("deduplicated") and head["status"] != "held")
    data, endpoint = record.get("data"), OPERATIONS.get(str(head["operation"]))
    if endpoint is not None and endpoint.returns == list[Page]:
        data = structure(data, list[Page])  # they have a text of their own
    return Result(head, data, record.get("raw"), billed, bool(record.get("replayed")))


_RECORDED = ("index", "source", "id", "key", "operation", "status", "charge", "sent_at", "ended_at")
