"""Refuse a report of `pyright --verifytypes … --outputjson` in which less of the interface is typed than before."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(report: str, least: str) -> str | None:
    """Return what is wrong, or None."""
    found = json.loads(Path(report).read_text(encoding="utf-8"))["typeCompleteness"]
    counts, score = found["exportedSymbolCounts"], found["completenessScore"]
    print(f"declared types: {score:.1%} of the interface, at least {float(least):.1%} is wanted; {counts}")
    if counts["withUnknownType"] or score < float(least):
        return "run: pyright --verifytypes cvs_async --ignoreexternal"
    return None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
