"""Tables: what an export of a large journal takes, and what writing a table costs beside writing JSON Lines.

python -m benchmarks.tables              200,000 cards
python -m benchmarks.tables 20000        fewer
"""

from __future__ import annotations

import asyncio
import json
import resource
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks._tools import print_table, verdict
from benchmarks.decode import _answer, _card
from cvs_async import Done
from cvs_async._codec.decoding import decode
from cvs_async._exchange import WireReply
from cvs_async.api import OPERATIONS
from cvs_async.batch import Csv, JsonLines, Parquet
from cvs_async.batch.journal.schema import SCHEMA
from cvs_async.batch.outcome import Item

CARDS = 200_000
CPU_BOUND = 120.0
MEMORY_BOUND = 300.0
DEARER_BOUND = 1.2
OUTCOMES = 2_000
ROUNDS = 5


def main(cards: int) -> None:
    """Measure, and print the tables."""
    with TemporaryDirectory() as folder:
        journal = Path(folder, "cards.db")
        _fill(journal, cards)
        found = [(kind, *_export(journal, Path(folder, f"all.{kind}"))) for kind in ("csv", "parquet", "jsonl")]
    scale = cards / CARDS
    print_table(
        (f"export of {cards:,} cards", "s CPU", "", "MB", ""),
        *(
            (
                kind,
                f"{cpu:.1f}",
                verdict(cpu, CPU_BOUND * scale, " s"),
                f"{memory:.0f}",
                verdict(memory, MEMORY_BOUND, " MB"),
            )
            for kind, cpu, memory in found
        ),
    )
    costs = asyncio.run(_sinks())
    print_table(
        ("a card decoded and written", "µs CPU", ""),
        *(
            (name, f"{cost * 1e6:.0f}", verdict(cost / costs["jsonl"], DEARER_BOUND, " of JSON Lines"))
            for name, cost in costs.items()
        ),
    )


def _fill(path: Path, cards: int) -> None:
    """Make a journal of cards that were paid for, each with an answer of its own."""
    card = _card()
    with sqlite3.connect(path) as database:
        database.executescript(SCHEMA)
        for number in range(1, cards + 1):
            card["info"]["id"] = f"{number:012}"
            content = zlib.compress(_answer(card), 1)
            key = number.to_bytes(32, "big")
            source = number, number, key, "ocr.card", f"scans/{number:07}.jpg", None, 1.7e9 + number
            request = number, 1, 1, key.hex()[:16], 1.7e9 + number, 1.7e9 + number + 1, "billed", 200, None, 0
            database.execute("INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?, ?)", source)
            database.execute("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", request)
            database.execute("INSERT INTO contents VALUES (?, ?)", (number, content))
    database.close()


_COMMAND = """
import json, resource, sys
from cvs_async.cli import main
sys.argv = ["cvs-async", "export", sys.argv[1], "--to", sys.argv[2]]
try:
    main()
except SystemExit as ended:
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps([ended.code, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""


def _export(journal: Path, out: Path) -> tuple[float, float]:
    """Seconds of CPU, and the most MB of memory."""
    ended = subprocess.run([sys.executable, "-c", _COMMAND, journal, out], check=True, capture_output=True, text=True)
    code, cpu, memory = json.loads(ended.stdout.splitlines()[-1])
    assert code == 0, ended.stderr
    return float(cpu), float(memory)


async def _sinks() -> dict[str, float]:
    """Seconds of CPU for a card, by where it goes."""
    makes: dict[str, Callable[[Path], Any]] = {
        "jsonl": JsonLines,
        "csv": lambda path: Csv(path, operation="ocr.card"),
        "parquet": lambda path: Parquet(path, operation="ocr.card"),
    }
    costs: dict[str, list[float]] = {name: [] for name in makes}
    for _ in range(ROUNDS):
        for name, make in makes.items():
            with TemporaryDirectory() as folder:
                costs[name].append(await _written(make(Path(folder, f"out.{name}"))))
    return {name: median(measured) for name, measured in costs.items()}


async def _written(sink: Any) -> float:
    endpoint, wire = OPERATIONS["ocr.card"], WireReply(200, _answer(_card()))
    begun = _used()
    async with sink:
        for number in range(OUTCOMES):
            await sink.write(Done(Item(number, f"scans/{number:07}.jpg"), decode(endpoint, wire)))
    return (_used() - begun) / OUTCOMES


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CARDS)
