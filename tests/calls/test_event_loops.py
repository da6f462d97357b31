"""A client, a batch and a journal work in one event loop; any other is refused before anything is sent."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from cvs_async import AsyncCVS, ConfigurationError, CVSError, Done
from cvs_async._system import home as home_module
from cvs_async.batch.journal import Journal
from cvs_async.sandbox import Sandbox

SECONDS = 20
"""Only a hang takes them."""

Use = Callable[[AsyncCVS, Path], Awaitable[object]]


def run(work: Awaitable[Any]) -> Any:
    """Run something in an event loop of its own, which is closed afterwards."""

    async def bounded() -> Any:
        async with asyncio.timeout(SECONDS):
            return await work

    return asyncio.run(bounded())


@contextmanager
def open_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that stays open while others run."""
    loop = asyncio.new_event_loop()
    try:
        yield loop
    finally:
        loop.close()


async def card(cvs: AsyncCVS, scan: Path) -> object:
    return await cvs.ocr.card(scan)


async def batch(cvs: AsyncCVS, scan: Path) -> object:
    async with cvs.batch(cvs.ocr.card, [scan], journal=scan.with_suffix(".db")) as outcomes:
        return [outcome async for outcome in outcomes]


async def plan(cvs: AsyncCVS, scan: Path) -> object:
    return await cvs.batch(cvs.ocr.card, [scan]).plan()


async def download(cvs: AsyncCVS, _: Path) -> object:
    return await cvs.smartcrop.download("http://127.0.0.1:1/a.jpg")


async def enter(cvs: AsyncCVS, _: Path) -> object:
    async with cvs:
        return None


USES: list[Use] = [card, batch, plan, download, enter]


@pytest.fixture(autouse=True)
def _left_behind() -> Iterator[None]:
    """asyncio warns of connections whose event loop was closed before them, which is what these tests are about."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def scan(tmp_path: Path, jpg: bytes) -> Path:
    path = tmp_path / "scan.jpg"
    path.write_bytes(jpg)
    return path


@pytest.mark.parametrize("first_is_open", [False, True])
@pytest.mark.parametrize("use", USES)
def test_a_client_in_a_second_loop_sends_nothing(use: Use, first_is_open: bool, sandbox: Sandbox, scan: Path) -> None:
    cvs = AsyncCVS("key", "secret", base_url=sandbox.base_url)
    with open_loop() as first:
        if first_is_open:
            first.run_until_complete(card(cvs, scan))
        else:
            run(card(cvs, scan))
        before = sandbox.ledger.billed
        with pytest.raises(ConfigurationError, match=r"event loop .* Make the client inside asyncio\.run") as caught:
            run(use(cvs, scan))
        assert (caught.value.charge, caught.value.attempts) == ("free", 0)
        assert (sandbox.ledger.billed, sandbox.ledger.requests) == (before, before)
        assert not scan.with_suffix(".db").exists()
        if first_is_open:
            first.run_until_complete(cvs.aclose())


def test_eight_calls_at_once_in_a_second_loop(sandbox: Sandbox, scan: Path) -> None:
    cvs = AsyncCVS("key", "secret", base_url=sandbox.base_url)

    async def eight() -> list[Any]:
        return await asyncio.gather(*(cvs.ocr.card(scan) for _ in range(8)), return_exceptions=True)

    assert {reply.charge for reply in run(eight())} == {"billed"}
    errors = run(eight())
    assert {type(error) for error in errors} == {ConfigurationError}
    assert sandbox.ledger.billed == 8


def test_a_client_that_is_made_outside_of_a_loop_works_in_the_first(sandbox: Sandbox, scan: Path) -> None:
    cvs = AsyncCVS("key", "secret", base_url=sandbox.base_url)

    async def whole() -> str:
        async with cvs:
            return (await cvs.ocr.card(scan)).charge

    assert run(whole()) == "billed"


def test_a_client_whose_loop_is_closed_lets_go_of_its_sockets_in_another(sandbox: Sandbox, scan: Path) -> None:
    cvs = AsyncCVS("key", "secret", base_url=sandbox.base_url)
    run(card(cvs, scan))
    assert cvs.stats.connections == 1
    run(cvs.aclose())
    assert cvs.stats.connections == 0
    run(cvs.aclose())
    with pytest.raises(CVSError):
        run(card(cvs, scan))


def test_one_over_a_transport_of_the_users_is_closed_too(scan: Path) -> None:
    answer = {"data": [], "errorCode": "0", "errorMessage": "Success"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
    cvs = AsyncCVS("key", "secret", transport=transport)
    run(card(cvs, scan))
    run(cvs.aclose())


def test_a_client_is_not_closed_from_another_loop_while_its_own_is_open(sandbox: Sandbox, scan: Path) -> None:
    cvs = AsyncCVS("key", "secret", base_url=sandbox.base_url)
    with open_loop() as first:
        first.run_until_complete(card(cvs, scan))
        with pytest.raises(ConfigurationError, match="event loop"):
            run(cvs.aclose())
        first.run_until_complete(card(cvs, scan))
        first.run_until_complete(cvs.aclose())
    assert sandbox.ledger.billed == 2


def test_a_client_that_was_never_used_is_closed_anywhere() -> None:
    run(AsyncCVS("key", "secret").aclose())


@pytest.mark.parametrize("how", ["iterated", "planned", "left"])
def test_a_batch_works_in_the_loop_in_which_it_was_entered(
    how: str, sandbox: Sandbox, scan: Path, tmp_path: Path
) -> None:
    journal = tmp_path / "claims.db"
    cvs = AsyncCVS("key", "secret", base_url=sandbox.base_url)
    outcomes = cvs.batch(cvs.ocr.card, [scan] * 3, journal=journal, dedupe=False)
    elsewhere: dict[str, Callable[[], Awaitable[object]]] = {
        "iterated": outcomes.__anext__,
        "planned": outcomes.plan,
        "left": lambda: outcomes.__aexit__(None, None, None),
    }
    entered, go = asyncio.Event(), asyncio.Event()

    async def whole() -> list[object]:
        async with cvs, outcomes:
            entered.set()
            await go.wait()
            return [outcome async for outcome in outcomes if isinstance(outcome, Done)]

    with open_loop() as first:
        task = first.create_task(whole())
        first.run_until_complete(entered.wait())
        with pytest.raises(ConfigurationError, match="the batch belongs to the event loop"):
            run(elsewhere[how]())
        go.set()
        if how == "left":  # the journal is closed
            with pytest.raises((CVSError, RuntimeError)):
                first.run_until_complete(task)
        else:
            assert len(first.run_until_complete(task)) == 3

    async def again() -> None:  # the journal is not locked any more
        async with Journal(journal):
            pass

    run(again())


def test_a_journal_works_in_the_loop_in_which_it_was_entered(tmp_path: Path) -> None:
    path = tmp_path / "claims.db"
    with open_loop() as first:
        journal = Journal(path)
        first.run_until_complete(journal.__aenter__())
        with pytest.raises(ConfigurationError, match="the journal belongs to the event loop"):
            run(journal.claim("0" * 64, operation="ocr.card", source="a.jpg"))
        run(journal.aclose())
        run(journal.aclose())

    async def again() -> None:
        async with Journal(path) as other:
            assert await other.claim("0" * 64, operation="ocr.card", source="a.jpg") is None

    run(again())


@pytest.mark.parametrize("use", USES)
def test_without_asyncio_as_under_trio_nothing_is_sent(use: Use, sandbox: Sandbox, scan: Path) -> None:
    cvs = AsyncCVS("key", "secret", base_url=sandbox.base_url)
    with pytest.raises(ConfigurationError, match="cvs_async needs asyncio"):
        driven_by_hand(use(cvs, scan))
    assert sandbox.ledger.requests == 0


def test_without_asyncio_a_journal_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cvs_async needs asyncio"):
        driven_by_hand(Journal(tmp_path / "claims.db").__aenter__())
    assert list(tmp_path.iterdir()) == []


def driven_by_hand(work: Awaitable[object]) -> None:
    """Take the first step of something as another library's loop would."""
    next(work.__await__())


def test_of_two_threads_that_come_first_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second enters while the first still looks which event loop it is in."""
    home, real = home_module.Home("client", "Make another"), home_module._running
    refused = list[str]()

    async def enter(name: str) -> None:
        try:
            home.enter()
        except ConfigurationError:
            refused.append(name)

    def look() -> asyncio.AbstractEventLoop | None:
        found = real()
        monkeypatch.setattr(home_module, "_running", real)
        second = threading.Thread(target=asyncio.run, args=(enter("second"),))
        second.start()
        second.join()
        return found

    monkeypatch.setattr(home_module, "_running", look)
    asyncio.run(enter("first"))
    assert len(refused) == 1
