"""All speed measurements: the library compared with its alternatives, and its parts alone.

python -m benchmarks                                       everything, three rounds; half an hour or more
python -m benchmarks --quick                               one short round; under two minutes
python -m benchmarks --write benchmarks/RESULTS.md         keeps what it prints
python -m benchmarks --quick --check --tolerance 1.5       ends with 1 if a bound is missed by more than that factor

The service runs in a process of its own on another processor, each contender in a fresh process on one processor.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import first_outcome, journal, replay, single_call
from benchmarks._bounds import Bound, bounds
from benchmarks._contenders import OURS
from benchmarks._contest import Figures
from benchmarks._report import Report, machine
from benchmarks._scenes import BASE, LONG, Results, Scene, full, long, quick, rows, run
from benchmarks._tools import in_child

ABOUT = """CPU is of all threads of the process. Peak memory is absolute, the interpreter included. Lag is how late a
ticker of 5 ms comes in the same event loop. What is measured is a window in the middle of a run, after as many
documents as are in flight at once, and before as many. Peers parse each answer to a dict, and do no more; cvs_async
decodes it to its types, retries, limits and accounts. Figures are medians, where there is more than one round."""
QUICK_KEYS = 50_000
QUICK_LONG = 4_000


def main() -> int:
    """Run the requested measurements and return the exit status."""
    options = _options()
    report = Report()
    report.say(f"# Measured{' in short' if options.quick else ''}")
    report.say("\n".join(f"- {name}: {value}" for name, value in machine()))
    report.say(ABOUT)
    results = _against_peers(report, quick() if options.quick else full(options.rounds))
    kept = _bounds(report, results, _parts(report, options.quick))
    if options.write:
        report.write(options.write)
    return 1 if options.check and not all(bound.kept(options.tolerance) for bound in kept) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one short round of what the bounds speak of")
    parser.add_argument("--rounds", type=int, default=3, help="of a full run; medians are shown (%(default)s)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="keep what is printed")
    parser.add_argument("--check", action="store_true", help="end with 1 if a bound is missed")
    parser.add_argument("--tolerance", type=float, default=1.25, help="factor by which it may be (%(default)s)")
    return parser.parse_args()


def _against_peers(report: Report, scenes: list[Scene]) -> Results:
    def told(scene: Scene, medians: Mapping[str, Figures | None]) -> None:
        report.say(f"## {scene.title}")
        report.table(*rows(scene, medians))

    return run(scenes, told)


def _parts(report: Report, in_short: bool) -> tuple[tuple[int, float] | None, float, float]:
    """Measure the library's parts alone: growth of memory, time to the first outcome, overhead of a call."""
    growth = _growth(report, QUICK_LONG if in_short else LONG)
    first = first_outcome.first_outcome(1 if in_short else first_outcome.ROUNDS)
    bare, call, decoded = single_call.figures()
    report.say("## One call, and the first outcome")
    report.table(
        ("", ""),
        ("first outcome, folder of 100,000 files", f"{first:.2f} s"),
        ("the transport alone", f"{bare:.0f} µs CPU"),
        ("a single awaited call", f"{call:.0f} µs CPU"),
        ("above the transport", f"{call - bare:.0f} µs CPU"),
        ("of it decoding the answer", f"{decoded:.0f} µs CPU"),
    )
    _journal(report, in_short)
    for title, module in (("Decoding", "decode"), ("Import", "import_time")):
        report.say(f"## {title}\n\n```text\n{_printed(module)}\n```")
    return growth, first, call - bare


def _growth(report: Report, items: int) -> tuple[int, float] | None:
    """Return the number of items and the growth of memory in megabytes."""
    scene = long(items)
    figures = next(iter(run([scene], lambda *_: None).values()))
    if not figures.done:
        return None
    report.say("## Memory over a long batch")
    head = ("", f"peak MB, {BASE:,} items", f"{items:,} items")
    report.table(head, (f"{OURS}, {scene.title}", f"{figures.before:.0f}", f"{figures.peak:.0f}"))
    return BASE + figures.done, figures.peak - figures.before


def _journal(report: Report, in_short: bool) -> None:
    report.say("## The journal")
    with TemporaryDirectory() as root:
        report.table(("items through it", "items/s", "peak MB"), *_throughput(Path(root), (64,) if in_short else None))
        report.table(("resuming", "seconds", "peak MB"), *_resume(Path(root), QUICK_KEYS if in_short else journal.KEYS))
    report.table(("a batch run twice", "CPU ms an item", "items/s"), *replay.rows())


def _throughput(root: Path, wanted: tuple[int, ...] | None) -> Iterator[tuple[str, ...]]:
    size = journal.SIZES[-1]
    for at_once in wanted or journal.ITEMS:
        rate, peak = in_child("benchmarks.journal", "items", root / f"{at_once}.db", at_once, size)
        yield f"{at_once} at once, answers of {size:,} bytes", f"{rate:,.0f}", f"{peak:.0f}"


def _resume(root: Path, keys: int) -> Iterator[tuple[str, ...]]:
    for step in ("claimed first", "claimed again"):
        seconds, peak = in_child("benchmarks.journal", step, root / "keys.db", keys)
        yield f"{keys:,} keys, {step}", f"{seconds:.2f}", f"{peak:.0f}"


def _printed(module: str) -> str:
    command = [sys.executable, "-m", f"benchmarks.{module}"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=300).stdout.strip()


def _bounds(report: Report, results: Results, parts: tuple[tuple[int, float] | None, float, float]) -> list[Bound]:
    measured = bounds(results, *parts)
    report.say("## Bounds")
    report.table(("", "bound", "measured", ""), *(bound.row for bound in measured))
    return measured


if __name__ == "__main__":
    sys.exit(main())
