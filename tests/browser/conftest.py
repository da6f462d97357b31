"""One Chromium for all tests, without network; every message, error and request of a page is a failure."""

from __future__ import annotations

import asyncio
import datetime
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from cvs_async import AsyncCVS
from cvs_async.api import OPERATIONS
from cvs_async.batch import JsonLines
from cvs_async.look.options import ReportOptions
from cvs_async.look.report import write_report
from cvs_async.look.summary import Limits
from cvs_async.sandbox import Sandbox, write_samples

CHROMIUM = Path("/usr/bin/chromium")
NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
OPTIONS = ReportOptions(limits=Limits(0.95), pictures="all", now=NOW)
SAMPLES = 30

Open = Callable[..., Any]
"""Opens a page: its path, and keywords of the browser's context."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    playwright: Any = pytest.importorskip("playwright.sync_api") if not os.environ.get("CI") else None
    if playwright is None:
        from playwright import sync_api

        playwright = sync_api
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail(f"there is no Chromium at {CHROMIUM}")
        pytest.skip(f"there is no Chromium at {CHROMIUM}: apt-get install chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Any) -> Iterator[Open]:
    problems: list[str] = []
    contexts = []

    def open_page(path: Path, fragment: str = "", **options: Any) -> Any:
        width, height = options.pop("size", (1440, 900))
        context = chromium.new_context(viewport={"width": width, "height": height}, offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: problems.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: problems.append(f"error: {error}"))
        page.on("request", lambda request: _check(request.url, problems))
        page.goto(f"{path.as_uri()}{fragment}")
        if options.get("java_script_enabled", True):
            page.wait_for_selector("html[data-ready]", timeout=30_000)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


def _check(url: str, problems: list[str]) -> None:
    if not url.startswith(("file:", "data:")):
        problems.append(f"request: {url}")


def results(folder: Path) -> Path:
    """The results of a batch over samples, as a file."""

    async def run() -> None:
        samples = list(write_samples(folder / "samples", SAMPLES))
        with Sandbox() as sandbox:
            async with (
                AsyncCVS("key", "secret", base_url=sandbox.base_url) as cvs,
                JsonLines(folder / "results.jsonl") as sink,
            ):
                for sample in samples:
                    async with cvs.batch(OPERATIONS[sample.operation], [sample.path]) as outcomes:
                        async for outcome in outcomes:
                            await sink.write(outcome)

    with ThreadPoolExecutor(1) as thread:  # this one has the browser's event loop
        thread.submit(lambda: asyncio.run(run())).result()
    return folder / "results.jsonl"


@pytest.fixture(scope="session")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return results(tmp_path_factory.mktemp("given"))


@pytest.fixture(scope="session")
def in_file(given: Path) -> Path:
    write_report([given], given.with_name("report.html"), OPTIONS)
    return given.with_name("report.html")


@pytest.fixture(scope="session")
def in_folder(given: Path) -> Path:
    write_report([given], given.with_name("report"), OPTIONS)
    return given.with_name("report") / "index.html"


@pytest.fixture(scope="session")
def redacted(given: Path) -> Path:
    write_report([given], given.with_name("redacted.html"), evolve(OPTIONS, redact=True))
    return given.with_name("redacted.html")


@pytest.fixture(params=["file", "folder"])
def report(request: pytest.FixtureRequest) -> Path:
    name = "in_file" if request.param == "file" else "in_folder"
    found: Path = request.getfixturevalue(name)
    return found
