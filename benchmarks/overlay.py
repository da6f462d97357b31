"""Overlays and cut-outs of a photograph of twelve megapixels, and of a PDF that holds it, which a worker process opens.

python -m benchmarks.overlay
"""

from __future__ import annotations

import io
import time
from random import Random
from statistics import median
from typing import Any

from PIL import Image

from benchmarks._tools import print_table, verdict
from cvs_async import Reply
from cvs_async._codec.converter import structure
from cvs_async.api import OPERATIONS
from cvs_async.look import cutouts, overlay

SIZE = (4000, 3000)
BOUND = 0.4
ROUNDS = 5
OPERATION = "ocr.document.invoice"
RIGHT_TURN = 6
ORIENTATION = 0x0112


def main() -> None:
    """Measure, and print the table."""
    photograph = Image.effect_noise((SIZE[0] // 4, SIZE[1] // 4), 60).resize(SIZE).convert("RGB")
    exif = Image.Exif()
    exif[ORIENTATION] = RIGHT_TURN
    few, many = _reply(30), _reply(2_000)
    jpeg, turned = _encoded(photograph, "JPEG"), _encoded(photograph, "JPEG", exif=exif)
    pdf = _encoded(photograph, "PDF", resolution=300)
    rows = (
        ("JPEG, 30 boxes", lambda: overlay(few, jpeg), BOUND),
        ("the same, turned by EXIF", lambda: overlay(few, turned), BOUND),
        ("the same, 1,200 px wide", lambda: overlay(few, turned, width=1200), BOUND),
        ("JPEG, 2,000 boxes", lambda: overlay(many, jpeg), None),
        ("in a PDF, 30 boxes", lambda: overlay(few, pdf), None),
        ("30 cut-outs of the JPEG", lambda: list(cutouts(few, jpeg, below=1.1)), None),
    )
    print_table(("12 megapixels", "s", ""), *(_row(*row) for row in rows))


def _row(name: str, work: Any, bound: float | None) -> tuple[str, ...]:
    taken = median(_timed(work) for _ in range(ROUNDS))
    return name, f"{taken:.2f}", "" if bound is None else verdict(taken, bound, " s")


def _timed(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    body = io.BytesIO()
    picture.save(body, kind, **options)
    return body.getvalue()


def _reply(boxes: int) -> Reply[Any]:
    """Return an invoice with `boxes` cells, all over the common part of the upright and the stored picture."""
    chance = Random(boxes)
    cells = []
    for _ in range(boxes):
        left, top = chance.randrange(2800), chance.randrange(2900)
        box = [left, top, left + 120, top + 30]
        cells.append([{"value": "1", "score": chance.random(), "box": box, "label": "unit_price"}])
    data = structure([{"type": "invoice", "info": {"table": cells}}], OPERATIONS[OPERATION].returns)
    return Reply(operation=OPERATION, data=data, raw={})


if __name__ == "__main__":
    main()
