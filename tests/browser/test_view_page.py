"""The viewer in a browser: live, and closed to the pages of others."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import uvicorn

from cvs_async import AsyncCVS
from cvs_async.cli.view import _open as open_browser
from cvs_async.look.live import Live
from cvs_async.look.serving import Guard, make_app
from cvs_async.sandbox import Sandbox, write_samples
from tests.browser.conftest import OPTIONS

pytestmark = pytest.mark.browser

WIDTH_OF_PICTURE = """async () => {
    const image = new Image();
    image.src = document.querySelector(".sheet image").getAttribute("href");
    await image.decode();
    return image.naturalWidth;
}"""
FETCH = """async ([url, method]) => {
    try {
        return await (await fetch(url, { method, credentials: "include" })).text();
    } catch (error) {
        return "refused";
    }
}"""
LOAD = """url => new Promise(done => {
    window.cvs = () => done("read");
    const script = document.createElement("script");
    script.src = url;
    script.onerror = () => done("refused");
    document.head.append(script);
})"""


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return [sample.path for sample in write_samples(tmp_path / "samples", 30) if sample.operation == "ocr.claims"]


@pytest.fixture
def sandbox_port() -> Iterator[str]:
    with Sandbox() as sandbox:
        yield sandbox.base_url


class Batches:
    """Batches against one sandbox, whose journal stays the same service's."""

    def __init__(self, base_url: str, journal: Path) -> None:
        self.base_url, self.journal = base_url, journal

    def read(self, files: list[Path]) -> None:
        async def run() -> None:
            async with (
                AsyncCVS("key", "secret", base_url=self.base_url) as cvs,
                cvs.batch(cvs.ocr.claims, files, journal=self.journal) as outcomes,
            ):
                async for _ in outcomes:
                    pass

        with ThreadPoolExecutor(1) as thread:
            thread.submit(lambda: asyncio.run(run())).result()


@pytest.fixture
def batches(sandbox_port: str, tmp_path: Path, files: list[Path]) -> Batches:
    made = Batches(sandbox_port, tmp_path / "claims.db")
    made.read(files[:2])
    return made


@pytest.fixture
def guard(batches: Batches) -> Iterator[Guard]:
    listening = socket.create_server(("127.0.0.1", 0))
    live = Live([batches.journal], OPTIONS)
    guard = Guard(make_app(live, pause=0.1), listening.getsockname()[1])
    config = uvicorn.Config(guard, log_level="error", access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield guard
    server.should_exit = True
    thread.join(20)
    live.close()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context()
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    yield page
    context.close()


def test_the_page_follows_a_batch(guard: Guard, page: Any, batches: Batches, files: list[Path]) -> None:
    page.goto(guard.address)
    page.wait_for_selector("html[data-ready]")
    assert "token" not in page.url
    assert page.locator("#rows tr.row").count() == 2
    batches.read(files)
    page.locator("#rows tr.row").nth(len(files) - 1).wait_for(timeout=30_000)
    page.click("#rows td:first-child a >> nth=0")
    page.wait_for_selector(".sheet svg image")
    assert page.locator(".sheet .box").count() > 0
    loaded = page.evaluate(WIDTH_OF_PICTURE)
    assert loaded > 100
    assert page.problems == []


def test_the_file_that_opens_a_browser_leads_to_the_page(guard: Guard, page: Any, tmp_path: Path) -> None:
    """A browser takes this for a way from another site, on which it sends no strict cookie."""
    with patch("webbrowser.open", page.goto):
        open_browser(tmp_path, guard.address)
    page.wait_for_selector("html[data-ready]")
    assert page.url == f"http://127.0.0.1:{guard.port}/"
    page.go_back()
    assert guard.token not in page.url
    page.goto("about:blank")
    page.goto(f"http://127.0.0.1:{guard.port}/#review")
    page.wait_for_selector("html[data-ready]")


def test_unreadable_verdicts_are_reported(guard: Guard, page: Any, batches: Batches) -> None:
    batches.journal.with_name("claims.review.jsonl").write_text("junk\n")
    page.goto(guard.address)
    page.wait_for_selector("html[data-ready]")
    page.click("#rows td:first-child a >> nth=0")
    page.wait_for_selector(".papers tr[data-id]")
    assert "line 1 is not a verdict" in page.inner_text("#message")
    assert page.problems == []


def test_a_missing_journal_is_reported(guard: Guard, page: Any, batches: Batches) -> None:
    page.goto(guard.address)
    page.wait_for_selector("html[data-ready]")
    batches.journal.unlink()
    page.click("#rows td:first-child a >> nth=0")
    page.wait_for_selector("#message:not([hidden])")
    assert "there is no journal" in page.inner_text("#message")
    assert page.problems == []


def test_values_are_confirmed_and_corrected_by_keys(guard: Guard, page: Any, batches: Batches) -> None:
    page.goto(guard.address)
    page.wait_for_selector("html[data-ready]")
    page.click("#rows td:first-child a >> nth=0")
    page.wait_for_selector(".papers tr[data-id]")
    for key in ("y", "x"):
        page.locator(".papers tr[data-id]").nth(0).focus()
        page.keyboard.press(key)
        page.wait_for_selector(f".papers tr[data-id][data-verdict={'right' if key == 'y' else 'wrong'}]")
    row = page.locator(".papers tr[data-id]").nth(1)
    row.focus()
    page.keyboard.press("e")
    page.keyboard.press("Control+A")
    page.keyboard.type("j/k n p")  # keys of the page are text here
    page.keyboard.press("Enter")
    page.wait_for_selector(".papers tr[data-verdict=corrected]")
    page.reload()
    page.wait_for_selector(".papers tr[data-verdict=corrected]")
    assert "j/k n p" in page.locator(".papers tr[data-verdict=corrected]").inner_text()
    lines = batches.journal.with_name("claims.review.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == 3
    assert page.problems == []


def test_a_page_of_another_server_reads_nothing(guard: Guard, page: Any) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>other</title>")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    other = ThreadingHTTPServer(("127.0.0.1", 0), Other)
    thread = threading.Thread(target=other.serve_forever, daemon=True)
    thread.start()
    try:
        page.goto(guard.address)  # the cookie is there
        page.goto(f"http://127.0.0.1:{other.server_port}/")
        for method in ("GET", "POST"):
            got = page.evaluate(FETCH, [f"http://127.0.0.1:{guard.port}/data/index.js", method])
            assert got == "refused"
        told = page.evaluate(LOAD, f"http://127.0.0.1:{guard.port}/data/index.js")
        assert told == "refused"
    finally:
        other.shutdown()
        other.server_close()
        thread.join(20)
