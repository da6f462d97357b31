"""Make the picture of the review queue in README: ``python -m tests.browser.screenshot docs/review.png``.

Everything on it is a specimen: samples, read by the sandbox.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from pathlib import Path

from attrs import evolve
from PIL import Image
from playwright.sync_api import sync_playwright

from cvs_async import AsyncCVS
from cvs_async.api import OPERATIONS
from cvs_async.look.report import write_report
from cvs_async.look.summary import Limits
from cvs_async.sandbox import Sandbox, write_samples
from tests.browser.conftest import CHROMIUM, OPTIONS

COLOURS = 96


async def read(folder: Path, journal: Path) -> None:
    """Read samples of cards, claims and invoices, with a journal."""
    files: dict[str, list[Path]] = {}
    for sample in write_samples(folder, 60):
        files.setdefault(sample.operation, []).append(sample.path)
    async with Sandbox(latency=0.05) as sandbox, AsyncCVS("key", "secret", base_url=sandbox.base_url) as cvs:
        for operation in ("ocr.card", "ocr.claims", "ocr.document.invoice"):
            endpoint = OPERATIONS[operation]
            async with cvs.batch(endpoint, files[operation], journal=journal, concurrency=2) as outcomes:
                async for _ in outcomes:
                    pass


def make(target: Path) -> None:
    """Write the picture."""
    target = target.absolute()
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        folder = Path(name)
        asyncio.run(read(Path("scans"), Path("scans.db")))
        options = evolve(OPTIONS, pictures="review", limits=Limits(0.94))
        write_report([Path("scans.db")], folder / "report.html", options)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.goto(f"{(folder / 'report.html').as_uri()}#review")
            page.wait_for_selector("body[data-view=review]")
            page.wait_for_timeout(500)
            page.screenshot(path=folder / "review.png")
            browser.close()
        with Image.open(folder / "review.png") as picture:
            picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=COLOURS).save(target, optimize=True)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
