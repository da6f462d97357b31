"""Outcomes of documents as the service answers them, and what tables have of them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from cvs_async import Done, Failed, InvalidInputError
from cvs_async._codec.converter import structure
from cvs_async._codec.reply import Reply
from cvs_async.api import OPERATIONS
from cvs_async.batch.outcome import Item

INVOICE = "ocr.document.invoice"
DATED: dict[str, Any] = {"operation": INVOICE, "dates": "iso", "amounts": "number"}
WITH_PICTURES = [name for name, endpoint in OPERATIONS.items() if endpoint.images and endpoint.returns is not None]


def failed(index: int = 0) -> Failed:
    return Failed(Item(index, ("front.jpg", "https://x/back.jpg?token=canary")), InvalidInputError("is empty"))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def read(path: Path) -> list[dict[str, Any]]:
    parquet = pytest.importorskip("pyarrow.parquet")
    found: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    return found


def done(data: Any, operation: str = "ocr.card", index: int = 0) -> Done[Any]:
    """An item that was read."""
    read = structure(data, OPERATIONS[operation].returns)
    return Done(Item(index, "scan.jpg", reference="A-17"), Reply(operation=operation, data=read, raw={}))


def card(type_: str = "passport", **info: Any) -> dict[str, Any]:
    return {"type": type_, "info": info}


def invoice(*amounts: str, **info: Any) -> dict[str, Any]:
    """An invoice as the service sends it, with a line for each amount."""
    cells = [
        [
            {"value": amount, "score": 0.5, "box": [1, 2, 3, 4], "label": "amount_total"},
            {"value": "spare", "score": 0.9, "box": [1, 2, 3, 4], "label": "colour"},
            {"value": "bare", "score": 0.9, "box": [1, 2, 3, 4]},
        ]
        for amount in amounts
    ]
    return {"type": "invoice", "info": {"table": cells, **info}}
