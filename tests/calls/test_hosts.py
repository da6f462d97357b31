"""An operation at an address of its own: what holds for the client holds there too. Two services on this machine."""

from __future__ import annotations

import sqlite3
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cvs_async import (
    AsyncCVS,
    ConfigurationError,
    Done,
    Endpoint,
    OutOfRequestsError,
    RateLimit,
    RateLimitedError,
    RedirectError,
    RetryPolicy,
    TimeoutError,
    Url,
)
from cvs_async._http.offline import VARIABLE
from cvs_async.batch.journal import JournalError, JournalReader
from cvs_async.sandbox import Sandbox
from tests.support.servers import answers, bad_server, http
from tests.support.service import reasons, run

ONCE = RetryPolicy(attempts=1)


@pytest.fixture
def home() -> Iterator[Sandbox]:
    """The service of all operations but `ocr.card`."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def away() -> Iterator[Sandbox]:
    """The service of `ocr.card`."""
    with Sandbox() as running:
        yield running


def moved(home: Sandbox, away: Sandbox) -> Mapping[str, str]:
    return {"cloud": home.base_url, "demo": home.base_url, "ocr.card": away.base_url}


def client(home: Sandbox, away: Sandbox, **settings: Any) -> AsyncCVS:
    return AsyncCVS("key", "secret", base_url=moved(home, away), **settings)


def requests(*services: Sandbox) -> list[int]:
    return [service.ledger.requests for service in services]


async def test_only_the_named_operation_goes_to_its_address(home: Sandbox, away: Sandbox, jpg: bytes) -> None:
    async with client(home, away) as cvs:
        await cvs.ocr.card(jpg)
        assert requests(home, away) == [0, 1]
        await cvs.ekyc.card(jpg)
        await cvs.ocr.document.credit_report(jpg)
        assert requests(home, away) == [2, 1]
        assert repr(cvs) == f"<AsyncCVS at {home.base_url}, {away.base_url}>"


async def test_an_endpoint_of_the_users_own_goes_by_its_name_else_to_its_host(
    home: Sandbox, away: Sandbox, jpg: bytes
) -> None:
    async with client(home, away) as cvs:
        await cvs.call(Endpoint("ocr/card"), img=jpg)
        assert requests(home, away) == [0, 1]
        await cvs.call(Endpoint("ocr/vehicle", host="demo"), img=jpg)
        assert requests(home, away) == [1, 1]
    async with AsyncCVS("key", "secret", base_url={"cloud": home.base_url, "demo": away.base_url}) as cvs:
        await cvs.call(Endpoint("ocr/vehicle", host="demo"), img=jpg)
        assert requests(home, away) == [1, 2]


async def test_an_account_out_of_requests_closes_the_gate_for_all_addresses(home: Sandbox, jpg: bytes) -> None:
    with Sandbox(quota=0) as away:
        async with client(home, away, quota_probe=3600) as cvs:
            for operation in (cvs.ocr.card, cvs.ekyc.card, cvs.ocr.card):
                with pytest.raises(OutOfRequestsError):
                    await operation(jpg)
        assert requests(home, away) == [0, 1]


async def test_a_pause_that_one_address_asks_for_holds_up_no_other(home: Sandbox, jpg: bytes) -> None:
    with Sandbox(limit=0, retry_after=3600) as away:
        async with client(home, away, retry=ONCE) as cvs:
            for attempts in (1, 0):
                with pytest.raises(RateLimitedError) as caught:
                    await cvs.ocr.card(jpg)
                assert (caught.value.attempts, caught.value.charge) == (attempts, "free")
            await cvs.ekyc.card(jpg)
        assert requests(home, away) == [1, 1]


async def test_the_rate_limit_is_that_of_all_addresses(home: Sandbox, away: Sandbox, jpg: bytes) -> None:
    async with client(home, away, rate_limit=RateLimit(1, per=3600)) as cvs:
        await cvs.ocr.card(jpg)
        with pytest.raises(TimeoutError) as caught:
            await cvs.ekyc.card(jpg, timeout=0.05)
        assert caught.value.attempts == 0
    assert requests(home, away) == [0, 1]


@pytest.mark.parametrize("elsewhere", ["cloud", "ocr.card"])
async def test_offline_refuses_each_address_on_another_machine(
    elsewhere: str, home: Sandbox, jpg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "1")
    base_url = {"cloud": home.base_url, "ocr.card": home.base_url} | {elsewhere: "https://cvs.example.com"}
    async with AsyncCVS("key", "secret", base_url=base_url) as cvs:
        here, there = (cvs.ocr.card, cvs.ekyc.card) if elsewhere == "cloud" else (cvs.ekyc.card, cvs.ocr.card)
        await here(jpg)
        with pytest.raises(ConfigurationError, match=f"{VARIABLE}.*cvs.example.com.*nothing was sent"):
            await there(jpg)
    assert requests(home) == [1]


async def test_hosts_that_are_not_named_stay_with_the_vendor(
    home: Sandbox, jpg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "1")
    async with AsyncCVS("key", "secret", base_url={"ocr.card": home.base_url}) as cvs:
        await cvs.ocr.card(jpg)
        for operation, host in ((cvs.ekyc.card, "cloud"), (cvs.ocr.document.credit_report, "demo")):
            with pytest.raises(ConfigurationError, match=f"{host}.computervision.com.vn; nothing was sent"):
                await operation(jpg)
    assert requests(home) == [1]


async def test_what_the_argument_does_not_name_goes_where_the_variable_says(
    home: Sandbox, away: Sandbox, jpg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CVS_BASE_URL", home.base_url)
    async with AsyncCVS("key", "secret", base_url={"ocr.card": away.base_url}) as cvs:
        await cvs.ocr.card(jpg)
        await cvs.ekyc.card(jpg)
        await cvs.ocr.document.credit_report(jpg)
    assert requests(home, away) == [2, 1]


async def test_a_redirect_from_a_moved_operation_is_not_followed(home: Sandbox, jpg: bytes) -> None:
    redirect = http(b"", status="307 Temporary Redirect", headers=(f"Location: {home.base_url}/api/v2/ocr/card",))
    async with bad_server(answers(redirect)) as server:
        base_url = {"cloud": home.base_url, "ocr.card": server.base_url}
        async with AsyncCVS("key", "secret", base_url=base_url) as cvs:
            with pytest.raises(RedirectError) as caught:
                await cvs.ocr.card(jpg)
        assert (caught.value.charge, len(server.requests)) == ("free", 1)
    assert requests(home) == [0]


async def test_downloads_carry_credentials_to_the_addresses_of_operations_only(home: Sandbox) -> None:
    sent = b64encode(b"key:secret")
    async with bad_server(answers(http(b"away"))) as away, bad_server(answers(http(b"foreign"))) as foreign:
        base_url = {"cloud": home.base_url, "ocr.card": away.base_url}
        async with AsyncCVS("key", "secret", base_url=base_url) as cvs:
            for server in (away, foreign):
                await cvs.smartcrop.download(Url(f"{server.base_url}/a.jpg"))
        assert [sent in request for request in (*away.requests, *foreign.requests)] == [True, False]


# --- journals


async def resumed(cvs: AsyncCVS, path: Path, source: bytes, operation: Any, **options: Any) -> None:
    """The answer is given from the journal, and nothing is planned to be paid."""
    plan = await cvs.batch(operation, [source], journal=path, **options).plan()
    [outcome], _ = await run(cvs, [source], path, operation=operation, **options)
    assert plan.most_billed == 0
    assert isinstance(outcome, Done)
    assert outcome.replayed


async def refused(cvs: AsyncCVS, path: Path, source: bytes, operation: Any, match: str) -> None:
    """Neither plan nor batch takes the journal, which stays as it is."""
    before = notes(path)
    with pytest.raises(JournalError, match=match):
        await cvs.batch(operation, [source], journal=path).plan()
    with pytest.raises(JournalError, match=match):
        await run(cvs, [source], path, operation=operation)
    assert notes(path) == before


def notes(path: Path) -> Any:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT opening, origin, account FROM journal").fetchone()


async def pay(cvs: AsyncCVS, path: Path, source: bytes, *operations: Any) -> None:
    for operation in operations:
        outcomes, stats = await run(cvs, [source], path, operation=operation)
        assert (reasons(outcomes), stats.billed) == ({"Done": 1}, 1)


async def test_a_journal_from_before_an_operation_moved_is_not_paid_twice_unseen(
    home: Sandbox, away: Sandbox, jpg: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "a.db"
    async with AsyncCVS("key", "secret", base_url=home.base_url) as cvs:
        await pay(cvs, path, jpg, cvs.ocr.card, cvs.ekyc.card)
    async with client(home, away) as cvs:
        said = f"holds answers of {home.base_url}, and this client calls {away.base_url}.*--moved-from"
        await refused(cvs, path, jpg, cvs.ocr.card, said)
        await resumed(cvs, path, jpg, cvs.ekyc.card)
        await resumed(cvs, path, jpg, cvs.ocr.card, moved_from=home.base_url)
        for operation in (cvs.ocr.card, cvs.ekyc.card):  # from now on both are known
            await resumed(cvs, path, jpg, operation)
    async with AsyncCVS("key", "secret", base_url=home.base_url) as cvs:
        await refused(cvs, path, jpg, cvs.ocr.card, f"answers of {away.base_url}, and this client calls")
        await resumed(cvs, path, jpg, cvs.ekyc.card)
        await resumed(cvs, path, jpg, cvs.ocr.card, moved_from=away.base_url)
        for operation in (cvs.ocr.card, cvs.ekyc.card):
            await resumed(cvs, path, jpg, operation)
    assert requests(home, away) == [2, 0]


@pytest.mark.parametrize("first", ["ocr.card", "ekyc.card"])
async def test_a_moved_operation_shares_a_journal_with_others(
    first: str, home: Sandbox, away: Sandbox, jpg: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "a.db"
    async with client(home, away) as cvs:
        operations = [cvs.ocr.card, cvs.ekyc.card]
        await pay(cvs, path, jpg, *(operations if first == "ocr.card" else reversed(operations)))
        for operation in operations:
            await resumed(cvs, path, jpg, operation)
    with JournalReader(path) as reader:
        origin = reader.figures().origin or ""
    assert sorted(origin.split(", ")) == sorted([home.base_url, away.base_url])
    assert requests(home, away) == [1, 1]


async def test_a_moved_operation_never_gets_the_answers_of_a_third_address(
    home: Sandbox, away: Sandbox, jpg: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "a.db"
    async with client(home, away) as cvs:
        await pay(cvs, path, jpg, cvs.ocr.card)
    with Sandbox() as third:
        for base_url in (third.base_url, {"cloud": away.base_url, "demo": home.base_url, "ocr.card": third.base_url}):
            async with AsyncCVS("key", "secret", base_url=base_url) as cvs:
                await refused(cvs, path, jpg, cvs.ocr.card, f"answers of {away.base_url}, and this client calls")
        assert requests(home, away, third) == [0, 1, 0]


async def test_a_journal_of_a_moved_operation_still_asks_for_its_account(
    home: Sandbox, away: Sandbox, jpg: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "a.db"
    async with client(home, away) as cvs:
        await pay(cvs, path, jpg, cvs.ocr.card)
    async with AsyncCVS("other", "secret", base_url=moved(home, away)) as cvs:
        await refused(cvs, path, jpg, cvs.ocr.card, "another api_key")
    assert requests(home, away) == [0, 1]
