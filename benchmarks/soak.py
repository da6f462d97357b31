"""A long batch with a journal, under faults: constant memory, no open resources, consistent accounts.

python -m benchmarks.soak [--items 50000] [--concurrency 64] [--faults 1%]     ends with 1 if anything is not so
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import define, field, frozen

from benchmarks._tools import Service, picture, print_table
from cvs_async import AsyncCVS
from cvs_async.batch import Stats
from cvs_async.batch.journal import JournalFigures, JournalReader
from cvs_async.stats import ClientStats

KINDS = ("503", "reset", "lost")
"""The faults, of which each makes up a third: refused and free, broken off unread, and billed but not answered."""
MILESTONES = (1_000, 2_000, 5_000)
"""Numbers of items after which it is measured, in addition to every ten thousand and the end."""
WARM = 2_000
"""Number of items after which memory must not grow."""
GROWTH = 15.0
MEGABYTE = 1 << 20
TINY = picture(16, 0)

Row = tuple[object, object, object, bool]
"""Name, actual value, expected value, and whether they agree."""


@frozen
class Reading:
    """Resources of this process at some number of items."""

    items: int
    megabytes: float
    files: int
    tasks: int
    threads: int


@define
class Soak:
    """A batch with its measurements and its final accounts.

    Attributes:
        before, after: around the client, which has closed everything by then.
        readings: after some of the items.
        service: what the sandbox has counted.
        size: of the journal, in bytes.
    """

    before: Reading
    after: Reading
    readings: list[Reading]
    batch: Stats
    client: ClientStats
    journal: JournalFigures
    service: dict[str, int]
    size: int

    @property
    def growth(self) -> float:
        """Megabytes from the `WARM`-th item to the last one."""
        warm = next((reading for reading in self.readings if reading.items >= WARM), self.readings[-1])
        return self.readings[-1].megabytes - warm.megabytes

    def leaks(self) -> list[Row]:
        """Return resources that are open after the batch and were not before."""
        return [_equal(name, getattr(self.after, name), getattr(self.before, name)) for name in ("files", "tasks")]

    def books(self) -> list[Row]:
        """Return all figures that must be equal, from batch to client, to journal, to service."""
        batch, client, journal, service = self.batch, self.client, self.journal, self.service
        unknown = service["lost"] + service["reset"]
        return [
            _equal("items", batch.finished, journal.documents),
            _equal("done", batch.done, journal.states["billed"]),
            _equal("failed", batch.failed, journal.states["free"]),
            _equal("held, in doubt", batch.held, journal.states["unknown"]),
            _equal("open in the journal", journal.states["planned"] + journal.states["sent"], 0),
            _equal("requests", client.attempts, service["requests"]),
            _equal("billed, and lost", client.billed + service["lost"], service["billed"]),
            _equal("free", client.free, service["503"]),
            _equal("unknown: lost or reset", client.unknown, unknown),
            _equal("billed in the batch", batch.billed, client.billed),
            _equal("billed in the journal", journal.billed, client.billed),
            _equal("free in the journal", journal.free, client.free),
            _equal("unknown in the journal", journal.unknown, client.unknown),
        ]


@define
class _Meter:
    """Measures at some of the items."""

    items: int
    count: int = 0
    readings: list[Reading] = field(factory=list)

    def step(self) -> None:
        """Count an item."""
        self.count += 1
        if self.count in MILESTONES or self.count % 10_000 == 0 or self.count == self.items:
            self.readings.append(measure(self.count))


def main(items: int, concurrency: int, faults: float) -> int:
    """Run the batch, print the tables, and return the exit status."""
    with TemporaryDirectory() as root, sandbox(faults) as service:
        soak = asyncio.run(run(service, Path(root, "soak.db"), items, concurrency))
    flat = f"MB grown since item {WARM:,}", f"{soak.growth:.1f}", f"<= {GROWTH:g}", soak.growth <= GROWTH
    rows = [*soak.books(), *soak.leaks(), flat]
    readings = (soak.before, *soak.readings, soak.after)
    print_table(("after item", "RSS MB", "files", "tasks", "threads"), *map(_cells, readings))
    print(f"\n{items:,} items in {soak.batch.elapsed:.0f} s, {soak.batch.rate:.0f} items/s; ", end="")
    print(f"journal {soak.size / MEGABYTE:.1f} MB, {soak.size / items:.0f} bytes an item\n")
    print_table(("", "is", "ought to be", ""), *((*row[:3], "met" if row[3] else "not met") for row in rows))
    return not all(row[3] for row in rows)


def _cells(reading: Reading) -> tuple[object, ...]:
    return f"{reading.items:,}", f"{reading.megabytes:.1f}", reading.files, reading.tasks, reading.threads


def _equal(name: str, value: object, bound: object) -> Row:
    return name, value, bound, value == bound


async def run(service: Service, path: Path, items: int, concurrency: int) -> Soak:
    """Run a batch of `items` tiny distinct documents."""
    documents, meter, before = (TINY + b"%d" % number for number in range(items)), _Meter(items), measure(0)
    async with (
        AsyncCVS("key", "secret", base_url=service.url, max_connections=concurrency) as cvs,
        cvs.batch(cvs.ocr.card, documents, journal=path, concurrency=concurrency) as outcomes,
    ):
        async for _ in outcomes:
            meter.step()
    await asyncio.sleep(0.1)  # for connections to be closed
    gc.collect()
    size = sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))
    with JournalReader(path) as reader:
        figures = reader.figures()
    after = measure(items)
    return Soak(before, after, meter.readings, outcomes.stats, cvs.stats, figures, service.counts(), size)


def measure(items: int) -> Reading:
    """Return the resources of this process."""
    tasks = len(asyncio.all_tasks())
    return Reading(items, _resident() / MEGABYTE, _open_files(), tasks, threading.active_count())


def _resident() -> int:
    """Return the resident memory in bytes, or its maximum if the system reports only that."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return pages * resource.getpagesize()


def _open_files() -> int:
    return len(os.listdir("/dev/fd")) if os.path.isdir("/dev/fd") else 0


@contextlib.contextmanager
def sandbox(share: float) -> Iterator[Service]:
    """Run a sandbox in a separate process, with this share of faults."""
    faults = ",".join(f"{kind}={share / len(KINDS)}" for kind in KINDS)
    command = [sys.executable, "-m", "benchmarks.soak", "sandbox", faults]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Service(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()


def serve(faults: str) -> None:
    """Serve in that process: print the port, and the counts for every line received."""
    from cvs_async.sandbox import Sandbox

    with Sandbox(faults=faults) as running:
        print(running.base_url.rpartition(":")[2], flush=True)
        for _ in sys.stdin:
            ledger = running.ledger
            counts = {"requests": ledger.requests, "billed": ledger.billed}
            print(json.dumps(counts | {kind: ledger.faults[kind] for kind in KINDS}), flush=True)


def _share(text: str) -> float:
    return float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text)


if __name__ == "__main__":
    if sys.argv[1:2] == ["sandbox"]:
        serve(sys.argv[2])
    else:
        parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
        parser.add_argument("--items", type=int, default=50_000)
        parser.add_argument("--concurrency", type=int, default=64)
        parser.add_argument("--faults", type=_share, default=0.01, metavar="SHARE", help="such as 1%% or 0.01")
        sys.exit(main(**vars(parser.parse_args())))
