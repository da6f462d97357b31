"""The sandbox misbehaves in known ways, and its books say how."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cvs_async import ConfigurationError
from cvs_async.cli.app import app
from cvs_async.sandbox import Sandbox, faults, server
from cvs_async.sandbox.faults import KINDS, STATUSES, UNANSWERED, UNWORKED, Faults, HangUp
from cvs_async.sandbox.ledger import Entry
from tests.support.commands import read_until, start

PATH = "/api/v2/ocr/card?format_type=file&get_thumb=false"
SECOND = 1.0


@contextlib.asynccontextmanager
async def client(sandbox: Sandbox, secret: str = "secret") -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sandbox.base_url, auth=("key", secret), timeout=30) as http:
        yield http


async def post(http: httpx.AsyncClient, content: bytes) -> httpx.Response:
    return await http.post(PATH, files={"img": content})


async def code(http: httpx.AsyncClient, content: bytes) -> str:
    return str((await post(http, content)).json()["errorCode"])


async def received(sandbox: Sandbox, content: bytes) -> bytes:
    """All bytes of the answer to a request on a connection of its own."""
    request = httpx.Request("POST", sandbox.base_url + PATH, files={"img": content})
    request.headers["Authorization"] = "Basic a2V5OnNlY3JldA=="
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    place = urlsplit(sandbox.base_url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        writer.write(f"POST {PATH} HTTP/1.1\r\n{head}\r\n".encode() + request.read())
        return await reader.read()
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - the service runs in another thread
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def sent(http: httpx.AsyncClient, content: bytes, count: int) -> AsyncIterator[None]:
    """Requests that are under way; what is left of them is given up in the end."""
    tasks = [asyncio.create_task(post(http, content)) for _ in range(count)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def only(sandbox: Sandbox) -> Entry:
    (entry,) = sandbox.ledger
    return entry


def booked(entry: Entry) -> tuple[str | None, int | None, bool, bool]:
    return entry.fault, entry.code, entry.billed, entry.answered


@pytest.mark.parametrize("kind", STATUSES)
async def test_a_status_comes_without_an_envelope_and_costs_nothing(kind: str, jpg: bytes) -> None:
    async with Sandbox(faults={kind: 1}, retry_after=1, quota=1) as sandbox, client(sandbox) as http:
        answer = await post(http, jpg)
    assert (answer.status_code, answer.content) == (int(kind), f"<h1>{kind}</h1>".encode())
    assert answer.headers.get("retry-after") == ("1" if kind in ("429", "503") else None)
    assert booked(only(sandbox)) == (kind, None, False, True)
    assert (only(sandbox).status, sandbox.quota, sandbox.ledger.billed) == (int(kind), 1, 0)
    assert (sandbox.ledger.codes, sandbox.ledger.faults, sandbox.ledger.most_at_once) == ({}, {kind: 1}, 0)


@pytest.mark.parametrize(("seconds", "header"), [(None, None), (0, "0"), (2.0, "2"), (0.25, "0.25")])
async def test_retry_after_is_sent_if_requested(seconds: float | None, header: str | None, jpg: bytes) -> None:
    async with Sandbox(faults="503=1", retry_after=seconds) as sandbox, client(sandbox) as http:
        assert (await post(http, jpg)).headers.get("retry-after") == header


async def test_reset_breaks_the_connection_before_any_work(jpg: bytes) -> None:
    async with Sandbox(faults="reset=1") as sandbox, client(sandbox) as http:
        with pytest.raises(httpx.ReadError):
            await post(http, jpg)
        with pytest.raises(ConnectionResetError):
            await received(sandbox, jpg)
    assert [booked(entry) for entry in sandbox.ledger] == [("reset", None, False, False)] * 2
    assert (sandbox.ledger.billed, sandbox.ledger.most_at_once) == (0, 0)


async def test_lost_is_billed_and_sends_no_byte(jpg: bytes) -> None:
    async with Sandbox(faults="lost=1", quota=2) as sandbox, client(sandbox) as http:
        assert await received(sandbox, jpg) == b""
        with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            await post(http, jpg)
    assert [booked(entry) for entry in sandbox.ledger] == [("lost", 0, True, False)] * 2
    assert (sandbox.ledger.billed, sandbox.quota) == (2, 0)


async def test_cut_is_billed_and_sends_half_the_body(jpg: bytes) -> None:
    async with Sandbox() as sandbox, client(sandbox) as http:
        whole = (await post(http, jpg)).content
        sandbox.faults = {"cut": 1}
        head, _, half = (await received(sandbox, jpg)).partition(b"\r\n\r\n")
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
            await post(http, jpg)
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert f"content-length: {len(whole)}".encode() in head
    assert half == whole[: len(whole) // 2]
    assert booked(sandbox.ledger[-1]) == ("cut", 0, True, False)
    assert sandbox.ledger.billed == 3


async def test_garbage_is_billed_and_is_not_json(jpg: bytes) -> None:
    async with Sandbox(faults="garbage=1") as sandbox, client(sandbox) as http:
        answer = await post(http, jpg)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()
    assert booked(only(sandbox)) == ("garbage", 0, True, True)


async def test_a_stall_is_billed_and_ends_with_its_client(jpg: bytes) -> None:
    async with Sandbox(faults="stall=1", workers=1) as sandbox, client(sandbox) as http:
        async with sent(http, jpg, 2):
            await until(lambda: sandbox.ledger.billed == 2)  # it keeps no place among the workers
            stalls = sandbox._stalls
            await until(lambda: len(stalls) == 2)
        await until(lambda: not stalls)
        assert [booked(entry) for entry in sandbox.ledger] == [("stall", 0, True, False)] * 2


async def test_a_stall_ends_without_a_byte(jpg: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert faults.STALL == 3600
    monkeypatch.setattr(faults, "STALL", 0.05)
    async with Sandbox(faults="stall=1") as sandbox:
        assert await received(sandbox, jpg) == b""


async def test_stopping_does_not_wait_for_stalls(jpg: bytes) -> None:
    async with Sandbox(faults="stall=1") as sandbox:
        answer = asyncio.create_task(received(sandbox, jpg))
        await until(lambda: len(sandbox._stalls) == 1)
        began = time.monotonic()
    assert time.monotonic() - began < server.STOPPING / 4
    assert await answer == b"", "and it is not answered after all"


async def test_a_sandbox_with_stalls_runs_again(jpg: bytes) -> None:
    sandbox = Sandbox(faults="stall=1", workers=1)
    for _ in range(2):
        async with sandbox:
            answer = asyncio.create_task(received(sandbox, jpg))
            await until(lambda: len(sandbox._stalls) == 1)
        assert await answer == b""
    assert sandbox.ledger.billed == 2


@pytest.mark.parametrize("kind", KINDS)
async def test_a_wrong_request_is_refused_whatever_was_drawn(kind: str, jpg: bytes) -> None:
    async with Sandbox(faults={kind: 1}) as sandbox:
        async with client(sandbox, "wrong") as http:
            assert await code(http, jpg) == "5"
        async with client(sandbox) as http:
            assert (await http.post(PATH, files={"image": jpg})).json()["errorCode"] == "3"
    assert [booked(entry) for entry in sandbox.ledger] == [(None, 5, False, True), (None, 3, False, True)]
    assert sandbox.ledger.faults == {}


@pytest.mark.parametrize("kind", sorted(set(KINDS) - UNWORKED))
async def test_only_answers_that_are_billed_are_spoiled(kind: str, jpg: bytes) -> None:
    async with Sandbox(faults={kind: 1}, quota=0) as sandbox, client(sandbox) as http:
        assert [await code(http, b"no picture"), await code(http, jpg)] == ["4", "4"]
        sandbox.quota = None
        assert await code(http, b"no picture") == "3"
    assert {booked(entry)[::3] for entry in sandbox.ledger} == {(None, True)}


async def test_without_faults_nothing_is_injected(jpg: bytes) -> None:
    async with Sandbox() as sandbox, client(sandbox) as http:
        assert await code(http, jpg) == "0"
    assert (booked(only(sandbox)), only(sandbox).status) == ((None, 0, True, True), 200)


async def test_an_answer_to_a_disconnected_client_does_not_count_as_answered(jpg: bytes) -> None:
    async with Sandbox(latency=SECOND) as sandbox, client(sandbox) as http:
        async with sent(http, jpg, 1):
            await until(lambda: sandbox.ledger.most_at_once == 1)
        await until(lambda: sandbox.ledger.billed == 1)
    assert booked(only(sandbox)) == (None, 0, True, False)


async def test_the_same_seed_gives_the_same_faults(jpg: bytes) -> None:
    text = "429=0.2,503=0.2,garbage=0.3"
    told = []
    for seed in (1, 1, 2):
        async with Sandbox(faults=text, seed=seed) as sandbox, client(sandbox) as http:
            for _ in range(20):
                await post(http, jpg)
            told.append([entry.fault for entry in sandbox.ledger])
    drawing = Faults.parse(text, seed=1)
    assert told[0] == told[1] == [drawing.draw() for _ in range(20)]
    assert told[1] != told[2]


async def test_setting_the_faults_anew_starts_the_draws_anew(jpg: bytes) -> None:
    async with Sandbox() as sandbox, client(sandbox) as http:
        for _ in range(2):
            sandbox.faults = "503=0.5"
            for _ in range(10):
                await post(http, jpg)
        told = [entry.fault for entry in sandbox.ledger]
    assert told[:10] == told[10:]
    assert set(told) == {None, "503"}


async def test_beyond_the_limit_requests_are_turned_away_free(jpg: bytes) -> None:
    slow = Sandbox(limit=2, latency=60, retry_after=3, faults="stall=1")
    async with slow as sandbox, client(sandbox) as http, sent(http, jpg, 2):
        await until(lambda: sandbox.ledger.most_at_once == 2)
        answer = await post(http, jpg)
        assert (answer.status_code, answer.headers["retry-after"], answer.content) == (429, "3", b"<h1>429</h1>")
        assert booked(sandbox.ledger[-1]) == (None, None, False, True)
        assert sandbox.ledger[-1].status == 429
        sandbox.limit, sandbox.latency, sandbox.faults = 3, 0, None
        assert await code(http, jpg) == "0"
        assert (sandbox.limit, sandbox.latency) == (3, 0)
    assert sandbox.ledger.most_at_once == 3


async def test_the_limit_counts_those_in_line(jpg: bytes) -> None:
    slow = Sandbox(limit=2, workers=1, latency=60)
    async with slow as sandbox, client(sandbox) as http, sent(http, jpg, 2):
        await until(lambda: sandbox._taken_on == 2)
        assert (await post(http, jpg)).status_code == 429
    assert sandbox.ledger.most_at_once == 1


async def test_a_wrong_request_is_refused_beyond_the_limit_too(jpg: bytes) -> None:
    async with Sandbox(limit=0) as sandbox, client(sandbox, "wrong") as http:
        assert await code(http, jpg) == "5"


async def test_more_than_the_workers_wait_in_line(jpg: bytes) -> None:
    async with Sandbox(workers=2, latency=0.02) as sandbox, client(sandbox) as http:
        answers = await asyncio.gather(*(post(http, jpg) for _ in range(9)))
        assert {answer.status_code for answer in answers} == {200}
        assert (sandbox.ledger.most_at_once, sandbox.ledger.billed) == (2, 9)


async def test_more_workers_take_from_the_line(jpg: bytes) -> None:
    async with Sandbox(workers=1, latency=60) as sandbox, client(sandbox) as http, sent(http, jpg, 4):
        await until(lambda: sandbox._taken_on == 4 and sandbox.ledger.most_at_once > 0)
        assert sandbox.ledger.most_at_once == 1
        sandbox.workers = 3
        async with sent(http, jpg, 1):
            await until(lambda: sandbox.ledger.most_at_once == 3)
        sandbox.workers = None
        async with sent(http, jpg, 1):
            await until(lambda: sandbox.ledger.most_at_once == 6)


async def test_fewer_workers_take_effect_too(jpg: bytes) -> None:
    async with Sandbox(latency=0.02) as sandbox, client(sandbox) as http:
        sandbox.workers = 1
        await asyncio.gather(*(post(http, jpg) for _ in range(5)))
        assert sandbox.ledger.most_at_once == 1
        with pytest.raises(ConfigurationError, match="workers must be at least 1, not 0"):
            sandbox.workers = 0
        assert sandbox.workers == 1


async def test_the_quota_is_topped_up_and_taken_away(jpg: bytes) -> None:
    async with Sandbox(quota=0) as sandbox, client(sandbox) as http:
        assert await code(http, jpg) == "4"
        sandbox.quota = 2
        assert [await code(http, jpg) for _ in range(3)] == ["0", "0", "4"]
        assert sandbox.quota == 0
        sandbox.quota = None
        assert await code(http, jpg) == "0"
        assert sandbox.quota is None
        sandbox.quota = 0
        assert await code(http, jpg) == "4"
    assert sandbox.ledger.billed == 3


async def test_a_request_that_is_given_back_goes_to_the_quota_it_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Sandbox(quota=1) as sandbox, client(sandbox) as http:
        read = sandbox._read

        def exhausted_meanwhile(*arguments: Any) -> Any:
            sandbox.quota = 0
            return read(*arguments)

        monkeypatch.setattr(sandbox, "_read", exhausted_meanwhile)
        assert await code(http, b"no picture") == "3"
    assert sandbox.quota == 0


async def test_faults_come_and_go_while_it_runs(jpg: bytes) -> None:
    async with Sandbox(faults="503=1") as sandbox, client(sandbox) as http:
        assert (await post(http, jpg)).status_code == 503
        with pytest.raises(ConfigurationError):
            sandbox.faults = "504"
        assert sandbox.faults == {"503": 1.0}
        sandbox.faults = None
        assert await code(http, jpg) == "0"
        assert sandbox.faults == {}


async def test_a_connection_is_broken_under_uvicorn_only() -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError(message)

    with pytest.raises(RuntimeError, match="only under uvicorn"):
        await HangUp()({}, receive, send)


def test_the_kinds_are_all_accounted_for() -> None:
    assert UNWORKED | UNANSWERED | {"garbage"} == set(KINDS)


CHANCES = st.dictionaries(st.sampled_from(KINDS), st.floats(0, 1 / len(KINDS)))


@given(CHANCES, st.integers(0, 9), st.randoms(use_true_random=False))
def test_text_and_mapping_say_the_same_in_any_order(chances: dict[str, float], seed: int, random: Any) -> None:
    pairs = list(chances.items())
    random.shuffle(pairs)
    text = " , ".join(f"{kind} = {chance!r}" for kind, chance in pairs)
    one, other = Faults.parse(chances, seed), Faults.parse(text, seed)
    assert one.chances == other.chances == chances
    assert [one.draw() for _ in range(20)] == [other.draw() for _ in range(20)]


PIECES = st.lists(st.sampled_from([*KINDS, "200", "=", ",", " ", "0", "0.1", "1", "1.5", "-1", "nan", "é"]), max_size=9)


@given(st.text() | PIECES.map("".join))
def test_text_is_understood_or_refused(text: str) -> None:
    try:
        chances = Faults.parse(text).chances
    except ConfigurationError:
        return
    assert set(chances) <= set(KINDS)
    assert bool(chances) == bool(text.strip())
    assert sum(chances.values()) <= 1.000001


@pytest.mark.parametrize(
    "given",
    [
        "503",
        "503=",
        "503=a",
        "503=nan",
        "503=-0.1",
        "503=1.1",
        "=0.1",
        "200=0.1",
        "503=0.1,",
        "503=0.1,503=0.1",
        {"loss": 0.1},
        {"lost": None},
        {"lost": 10**400},
    ],
)
def test_an_invalid_fault_is_refused_with_the_kinds(given: Any) -> None:
    with pytest.raises(ConfigurationError, match=", ".join(KINDS)):
        Sandbox(faults=given)


def test_probabilities_add_up_to_one_at_most() -> None:
    with pytest.raises(ConfigurationError, match="of 503, lost exceed 1 together"):
        Faults.parse("503=0.5,lost=0.6")
    always = Faults.parse("408=0.1,500=0.2,502=0.3,503=0.4,lost=0")
    drawn = {always.draw() for _ in range(1000)}
    assert drawn == {"408", "500", "502", "503"}


def test_faults_occur_with_the_given_probability() -> None:
    drawing = Faults.parse({"503": 0.02, "lost": 0.01})
    drawn = [drawing.draw() for _ in range(100_000)]
    assert abs(drawn.count("503") - 2000) < 200
    assert abs(drawn.count("lost") - 1000) < 150


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--faults", "loss=0.1"], "the kinds are 408, 429"),
        (["--workers", "0"], "--workers"),
        (["--limit", "-1"], "--limit"),
        (["--retry-after", "-1"], "--retry-after"),
    ],
)
def test_wrong_options_are_refused_with_a_sentence(arguments: list[str], sentence: str) -> None:
    ended = CliRunner().invoke(app, ["sandbox", "--port", "0", *arguments], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert ended.exit_code == 2
    assert sentence in ended.output


def test_the_command_takes_every_option(jpg: bytes) -> None:
    options = ["--faults", "503=1", "--limit", "9", "--workers", "1", "--retry-after", "1.5", "--seed", "7"]
    with start("sandbox", "--port", "0", *options) as process:
        assert process.stderr is not None
        base_url = read_until(process.stderr, "Ctrl-C").partition("CVS_BASE_URL=")[2].split()[0]
        answer = httpx.post(base_url + PATH, files={"img": jpg}, auth=("key", "secret"))
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(20) == 0
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1.5")
    assert "1 requests, 0 billed" in rest
