"""One overlay of a photograph of 12 megapixels: ``python -m benchmarks.overlay``."""

from __future__ import annotations

import io
import statistics
import time
from random import Random
from typing import Any

from PIL import Image

from cvs_async import Reply
from cvs_async._converter import structure
from cvs_async.api import OPERATIONS
from cvs_async.look import overlay

SIZE = (4000, 3000)
BOXES = 40
ROUNDS = 5
MOST_SECONDS = 0.4


def photograph() -> bytes:
    """A JPEG of noise in large grains, about as large as a camera's."""
    grains = Image.frombytes("RGB", (400, 300), Random(0).randbytes(400 * 300 * 3))
    target = io.BytesIO()
    grains.resize(SIZE, Image.Resampling.BICUBIC).save(target, "JPEG", quality=88)
    return target.getvalue()


def reply() -> Reply[Any]:
    """An invoice with so many boxes."""
    cells = [
        {
            "value": "1.000",
            "score": 0.5 + number / 100,
            "box": [100, 60 * number, 900, 60 * number + 40],
            "label": "unit",
        }
        for number in range(BOXES)
    ]
    paper = {"type": "invoice", "info": {"table": [[cell] for cell in cells]}}
    endpoint = OPERATIONS["ocr.document.invoice"]
    return Reply(operation=endpoint.name, data=structure([paper], endpoint.returns), raw={})


def main() -> None:
    """Print the seconds of one overlay, in full size and reduced."""
    body, read = photograph(), reply()
    for width in (None, 1200):
        seconds = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            overlay(read, body, width=width)
            seconds.append(time.perf_counter() - began)
        size = "full size" if width is None else f"{width} pixels wide"
        print(f"{size}: {statistics.median(seconds):.3f} s, bound {MOST_SECONDS} s; file {len(body) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
