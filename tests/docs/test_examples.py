"""The examples, run as a reader would run them: scripts as scripts, the web app behind a real server."""

from __future__ import annotations

import asyncio
import json
import os
import runpy
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
import uvicorn
from anyio.from_thread import BlockingPortal, start_blocking_portal
from attrs import frozen

from cvs_async import AsyncCVS, Done
from cvs_async.models import Recognized
from cvs_async.sandbox import Sample, Sandbox
from cvs_async.sandbox.samples.truth import read_truth
from tests.support.servers import BadServer, Behaviour, bad_server, http, read_request

EXAMPLES = Path(__file__).parents[2] / "examples"
PATIENCE = 20.0
"""Seconds after which something that should happen is taken not to happen."""


def run(base_url: str, name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run an example in a process of its own."""
    environment = os.environ | {
        "CVS_API_KEY": "key",
        "CVS_API_SECRET": "secret",
        "CVS_BASE_URL": base_url,
        "PYTHONUTF8": "1",
        "PYTHONWARNINGS": "error",
    }
    command = [sys.executable, str(EXAMPLES / name), *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=PATIENCE)


def first(samples: list[Sample], kind: str) -> Path:
    return next(sample.path for sample in samples if sample.kind == kind)


def number_on(card: Path) -> str:
    """The number that is printed on a sample, of its own knowledge."""
    truth = read_truth(card.read_bytes())
    assert truth is not None
    return str(truth.pages[0].papers[0]["info"]["id"])


def read(answer: httpx.Response) -> list[tuple[str | None, str | None]]:
    """Type and number of the papers that the web app returns."""
    papers = [Recognized.from_dict(paper) for paper in answer.json()]
    return [(paper.type, paper.info.id.value) for paper in papers]


async def until(holds: Callable[[], bool]) -> None:
    """Wait for a state that something else brings about."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - what it looks at lives in other threads, and knows no events
            await asyncio.sleep(0.005)


def test_one_call_prints_what_was_read(sandbox: Sandbox, samples: list[Sample]) -> None:
    card = first(samples, "citizen_card")
    ended = run(sandbox.base_url, "one_call.py", card)
    assert (ended.returncode, ended.stderr) == (0, "")
    kind, _, rest = ended.stdout.strip().partition(": ")
    number, name, confidence = rest.split(", ")
    assert (kind, number) == ("chip_id_card_front", number_on(card))
    assert name != "?"
    assert 0 < float(confidence.removeprefix("confidence ")) <= 1
    assert sandbox.ledger.billed == 1


def test_one_call_says_in_a_line_what_went_wrong(sandbox: Sandbox, samples: list[Sample], tmp_path: Path) -> None:
    def said(base_url: str, path: Path) -> str:
        ended = run(base_url, "one_call.py", path)
        assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
        return ended.stderr

    assert "shows no identity paper" in said(sandbox.base_url, first(samples, "text"))
    assert "does not exist" in said(sandbox.base_url, tmp_path / "nowhere.jpg")
    with Sandbox(quota=0) as exhausted:
        assert "out of requests" in said(exhausted.base_url, first(samples, "citizen_card"))


def test_folder_to_jsonl_writes_a_line_for_each_file(sandbox: Sandbox, samples: list[Sample], tmp_path: Path) -> None:
    source, target = samples[0].path.parent, tmp_path / "results.jsonl"
    ended = run(sandbox.base_url, "folder_to_jsonl.py", source, target)
    assert (ended.returncode, ended.stderr) == (0, "")

    records = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    done = {record["source"] for record in records if record["status"] == "done"}
    assert sorted(record["source"] for record in records) == sorted(str(sample.path) for sample in samples)
    assert done == {str(sample.path) for sample in samples if sample.kind not in ("broken", "text")}
    assert f"{len(done)} done, {len(samples) - len(done)} failed, 0 held" in ended.stdout
    assert f"{sandbox.ledger.billed} billed" in ended.stdout

    again = run(sandbox.base_url, "folder_to_jsonl.py", source, target)
    assert again.returncode == 1
    assert "exists" in again.stderr
    assert sandbox.ledger.billed == len(done)


def test_queue_stage_prints_a_line_for_each_file(sandbox: Sandbox, samples: list[Sample]) -> None:
    ended = run(sandbox.base_url, "queue_stage.py", samples[0].path.parent)
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert sorted(line.split()[0] for line in lines) == sorted(str(sample.path) for sample in samples)
    card = str(first(samples, "citizen_card"))
    assert f"{card} chip_id_card_front" in lines


async def test_queue_stage_presses_back_both_ways(sandbox: Sandbox, cvs: AsyncCVS, samples: list[Sample]) -> None:
    """Outcomes that are not consumed stop the calls, and the paths stay where they are."""
    card = first(samples, "citizen_card")
    paths: asyncio.Queue[Path | None] = asyncio.Queue()
    results: asyncio.Queue[Any] = asyncio.Queue(maxsize=2)
    for path in [card] * 30 + [None]:
        paths.put_nowait(path)

    stage = asyncio.create_task(runpy.run_path(str(EXAMPLES / "queue_stage.py"))["read_papers"](cvs, paths, results))
    called = 8 + 1 + 2  # by the workers, which wait to hand over; one in the stage's hand; two on the queue
    await until(lambda: sandbox.ledger.billed == called and results.full())
    await asyncio.sleep(0.1)  # could more happen, it would now
    assert (sandbox.ledger.requests, paths.qsize()) == (called, 31 - called)

    outcomes = []
    while (outcome := await results.get()) is not None:
        outcomes.append(outcome)
    await stage
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert (len(outcomes), sandbox.ledger.billed, paths.qsize()) == (30, 30, 0)


class Serve(Protocol):
    """Runs the web app for a service that listens at `base_url`."""

    def __call__(self, base_url: str, secret: str = ...) -> AbstractContextManager[WebApp]: ...


@frozen
class WebApp:
    """The example, serving.

    Attributes:
        url: of its one operation.
    """

    url: str
    _portal: BlockingPortal

    def tasks(self) -> set[asyncio.Task[Any]]:
        """Return the tasks of its event loop."""

        async def others() -> set[asyncio.Task[Any]]:
            return asyncio.all_tasks() - {asyncio.current_task()}

        return self._portal.call(others)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Serve:
    @contextmanager
    def serving(base_url: str, secret: str = "secret") -> Iterator[WebApp]:
        for name, value in (("CVS_API_KEY", "key"), ("CVS_API_SECRET", secret), ("CVS_BASE_URL", base_url)):
            monkeypatch.setenv(name, value)
        app = runpy.run_path(str(EXAMPLES / "web_app.py"))["app"]
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        with socket.create_server(("127.0.0.1", 0)) as listening, start_blocking_portal() as portal:
            ended = portal.start_task_soon(server.serve, [listening])
            portal.call(_started, server)
            try:
                yield WebApp(f"http://127.0.0.1:{listening.getsockname()[1]}/cards", portal)
            finally:
                server.should_exit = True
                ended.result(PATIENCE)

    return serving


async def _started(server: uvicorn.Server) -> None:
    await until(lambda: server.started)


def upload(app: WebApp, content: bytes, name: str = "canary.jpg") -> httpx.Response:
    return httpx.post(app.url, files={"file": (name, content)}, timeout=PATIENCE, trust_env=False)


def test_web_app_answers_with_what_was_read(sandbox: Sandbox, samples: list[Sample], serve: Serve) -> None:
    card = first(samples, "citizen_card")
    with serve(sandbox.base_url) as app:
        for _ in range(2):
            answer = upload(app, card.read_bytes())
            assert answer.status_code == 200
            assert read(answer) == [("chip_id_card_front", number_on(card))]
    assert sandbox.ledger.billed == 2


CANARY = b"canary in the upload"


@pytest.mark.parametrize(
    ("content", "reason", "requests"),
    [(CANARY, "an unreadable upload", 1), (b"", "an empty upload", 0), ("text", "no paper in it", 1)],
    ids=["unreadable", "empty", "no paper"],
)
def test_web_app_refuses_what_it_cannot_read(
    sandbox: Sandbox, samples: list[Sample], serve: Serve, content: bytes | str, reason: str, requests: int
) -> None:
    if isinstance(content, str):
        content = first(samples, content).read_bytes()
    with serve(sandbox.base_url) as app:
        answer = upload(app, content)
    assert answer.status_code == 422, reason
    assert answer.json() == {"detail": "There is no readable identity paper in it."}
    assert (sandbox.ledger.requests, sandbox.ledger.billed) == (requests, 0)


def test_web_app_says_when_the_account_is_out_of_requests(samples: list[Sample], serve: Serve) -> None:
    with Sandbox(quota=1) as sandbox, serve(sandbox.base_url) as app:
        statuses = [upload(app, first(samples, "citizen_card").read_bytes()).status_code for _ in range(3)]
    assert statuses == [200, 503, 503]


def test_web_app_tells_its_visitor_nothing_of_its_account(
    sandbox: Sandbox, samples: list[Sample], serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    with serve(sandbox.base_url, secret="wrong") as app:
        answer = upload(app, CANARY)
    assert (answer.status_code, answer.json()) == (502, {"detail": "The papers could not be read."})
    assert "refused api_key or api_secret" in caplog.text, "it is the operator who is told"
    assert "canary" not in caplog.text


class Waiting:
    """Service that answers when `go` is set, and knows how many calls wait for it."""

    def __init__(self) -> None:
        self.calls = 0
        self.go = asyncio.Event()

    def __call__(self, _: BadServer) -> Behaviour:
        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            self.calls += 1
            await self.go.wait()
            writer.write(http())
            self.calls -= 1
            await reader.read()  # returns when the caller hangs up

        return connection


async def test_web_app_gives_up_when_its_visitor_leaves(serve: Serve) -> None:
    waiting = Waiting()
    async with bad_server(waiting) as service:
        with serve(service.base_url) as app:
            before = app.tasks()
            async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as visitor:
                visits = [
                    asyncio.create_task(visitor.post(app.url, files={"file": ("card.jpg", CANARY)})) for _ in range(3)
                ]
                await until(lambda: waiting.calls == 3)
                assert len(app.tasks()) > len(before)

                at_work = len(app.tasks())
                visits[0].cancel()
                await until(lambda: len(app.tasks()) < at_work)
                assert not visits[1].done(), "those who stay are waited for"
                for visit in visits:
                    visit.cancel()
                await asyncio.gather(*visits, return_exceptions=True)
                assert waiting.calls == 3, "what may be paid for is not broken off"
                waiting.go.set()
                await until(lambda: waiting.calls == 0)
                await until(lambda: app.tasks() == before)


async def test_web_app_serves_the_next_visitor_after_a_disconnect(samples: list[Sample], serve: Serve) -> None:
    card = first(samples, "citizen_card")
    async with Sandbox(latency=0.3) as sandbox:
        with serve(sandbox.base_url) as app:
            before = app.tasks()
            async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as visitor:
                visit = asyncio.create_task(visitor.post(app.url, files={"file": ("card.jpg", card.read_bytes())}))
                await until(lambda: sandbox.ledger.requests == 1)
                visit.cancel()
                await until(lambda: app.tasks() == before)
                answer = await visitor.post(app.url, files={"file": ("card.jpg", card.read_bytes())})
            assert read(answer) == [("chip_id_card_front", number_on(card))]
