"""A journal answers for one service and one account: another's answers are never given out for them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import evolve

from cvs_async import AsyncCVS, ConfigurationError, Done, Endpoint
from cvs_async.batch.journal import Journal, JournalError, JournalReader
from cvs_async.sandbox import Sandbox
from tests.support.commands import cvs_async
from tests.support.journals import as_version_1
from tests.support.service import GOOD, Service, numbered, reasons, run

OLD, NEW = "https://old.example.com", "https://new.example.com"


def client(service: Service, base_url: Any = OLD, api_key: str = "key") -> AsyncCVS:
    return AsyncCVS(api_key, "secret", base_url=base_url, transport=httpx.MockTransport(service))


async def paid(path: Path, base_url: Any = OLD, api_key: str = "key") -> None:
    """A journal with three answers."""
    async with client(Service(), base_url, api_key) as cvs:
        outcomes, _ = await run(cvs, numbered(3), path)
    assert reasons(outcomes) == {"Done": 3}


def content(path: Path) -> list[Any]:
    """Everything in a journal, the number of its session included."""
    with closing(sqlite3.connect(path)) as database:
        tables = ("sources", "requests", "contents", "journal", "outputs")
        return [row for table in tables for row in database.execute(f"SELECT * FROM {table} ORDER BY 1, 2")]


def files_in(folder: Path) -> list[Path]:
    return [file for file in folder.iterdir() if file.is_file()]


def origin(path: Path) -> str | None:
    with JournalReader(path) as reader:
        return reader.figures().origin


async def refused(path: Path, base_url: Any = OLD, api_key: str = "key", **options: Any) -> str:
    """Return the error, which plan and batch share. Nothing is sent, and the journal is unchanged."""
    service, source, before = Service(), numbered(3), content(path)
    async with client(service, base_url, api_key) as cvs:
        with pytest.raises(JournalError) as caught:
            await run(cvs, source, path, **options)
        with pytest.raises(JournalError) as planned:
            await cvs.batch(cvs.ocr.card, list(numbered(3)), journal=path, **options).plan()
    assert str(planned.value) == str(caught.value)
    assert service.sent.total() == 0
    assert next(source) == b"document 0", "no item was taken"
    assert content(path) == before
    return str(caught.value)


async def replayed(path: Path, base_url: Any = OLD, api_key: str = "key", **options: Any) -> None:
    """The three answers are given once more, and the next document is sent."""
    service = Service()
    async with client(service, base_url, api_key) as cvs:
        plan = await cvs.batch(cvs.ocr.card, list(numbered(3)), journal=path, **options).plan()
        outcomes, _ = await run(cvs, numbered(3), path, **options)
    assert plan.most_billed == service.sent.total() == 0
    assert all(isinstance(outcome, Done) and outcome.replayed for outcome in outcomes)


async def test_a_journal_of_another_service_is_refused_with_both_addresses(path: Path) -> None:
    await paid(path)
    said = await refused(path, NEW)
    assert f"{path} holds answers of {OLD}, and this client calls {NEW}: choose another journal" in said
    assert f"moved_from='{OLD}' (--moved-from)" in said
    assert "sandbox" not in said
    assert "key" not in said
    await replayed(path)


async def test_a_sandbox_on_another_port_is_another_service_and_the_error_explains_it(path: Path, jpg: bytes) -> None:
    for number in range(2):
        with Sandbox() as sandbox:
            async with AsyncCVS("key", "secret", base_url=sandbox.base_url) as cvs:
                if not number:
                    await run(cvs, [jpg], path)
                    continue
                with pytest.raises(JournalError, match="a sandbox has another port each time, unless --port says"):
                    await run(cvs, [jpg], path)
            assert sandbox.ledger.requests == 0


async def test_a_service_that_has_moved_pays_for_nothing_again(path: Path) -> None:
    await paid(path)
    await replayed(path, NEW, moved_from=OLD)
    assert origin(path) == NEW
    await replayed(path, NEW)
    await replayed(path, NEW, moved_from=OLD)  # the same command again
    assert f"answers of {NEW}, and this client calls {OLD}" in await refused(path, OLD)
    await replayed(path, OLD, moved_from=NEW)


async def test_another_address_than_the_old_one_opens_no_journal(path: Path) -> None:
    await paid(path)
    for wrong in ("https://older.example.com", f"{OLD}/v2", "http://old.example.com", NEW):
        assert f"{wrong} is not the old address" in await refused(path, NEW, moved_from=wrong)


@pytest.mark.parametrize("wrong", ["", "old.example.com", "https://u:canary@old.example.com", "ftp://x", "https://x:y"])
async def test_an_invalid_old_address_is_refused_at_once(path: Path, wrong: str) -> None:
    async with client(Service()) as cvs:
        with pytest.raises(ConfigurationError, match=r"moved_from must look like https://cvs\.example\.com") as caught:
            cvs.batch(cvs.ocr.card, [], journal=path, moved_from=wrong)
    assert "canary" not in str(caught.value)
    assert files_in(path.parent) == []


@pytest.mark.parametrize(
    "spelled", ["https://old.example.com/", "https://OLD.example.com", "https://old.example.com:443"]
)
async def test_the_same_address_may_be_spelled_in_several_ways(path: Path, spelled: str) -> None:
    await paid(path)
    await replayed(path, spelled)
    await replayed(path, NEW, moved_from=spelled)


async def test_a_journal_of_another_account_is_refused_without_other_account(path: Path) -> None:
    await paid(path, api_key="first-canary")
    said = await refused(path, api_key="second-canary")
    assert f"was paid for with another api_key of {OLD}: choose another journal" in said
    assert "other_account=True (--other-account)" in said
    assert "canary" not in said
    await replayed(path, api_key="second-canary", other_account=True)
    await replayed(path, api_key="second-canary")
    assert "another api_key" in await refused(path, api_key="first-canary")


async def test_another_secret_of_the_same_account_goes_on(path: Path) -> None:
    await paid(path)
    async with AsyncCVS("key", "renewed", base_url=OLD, transport=httpx.MockTransport(Service())) as cvs:
        outcomes, _ = await run(cvs, numbered(3), path)
    assert reasons(outcomes) == {"Done": 3}


async def test_another_service_is_refused_also_with_other_account(path: Path) -> None:
    await paid(path, api_key="first")
    assert f"answers of {OLD}" in await refused(path, NEW, "second", other_account=True)
    assert "another api_key" in await refused(path, NEW, "second", moved_from=OLD)
    await replayed(path, NEW, "second", moved_from=OLD, other_account=True)


async def test_operations_of_both_hosts_share_a_journal(path: Path) -> None:
    origins = {"cloud": OLD, "demo": "https://demo.example.com"}
    await paid(path, origins)
    service = Service()
    async with client(service, origins) as cvs:
        outcomes, _ = await run(cvs, [b"report"], path, operation=cvs.ocr.document.credit_report)
    assert reasons(outcomes) == {"Done": 1}
    assert origin(path) == f"{OLD}, https://demo.example.com"
    await replayed(path, origins)
    await replayed(path, OLD)  # the operation of the other host is not called
    async with client(service, OLD) as cvs:
        with pytest.raises(JournalError, match=r"holds answers of https://demo\.example\.com, and this client calls"):
            await run(cvs, [b"report"], path, operation=cvs.ocr.document.credit_report)
    assert service.sent.total() == 1


@pytest.mark.parametrize(
    "other",
    [
        Endpoint("ocr/card", host="demo"),
        Endpoint("/ocr/card"),
        Endpoint("/api/v3/ocr/card", attribute="ocr.card"),
        Endpoint("ocr/card", method="PUT"),
        Endpoint("ocr/card", paths={"file": "/api/v2/ocr/card/file"}),
    ],
    ids=["host", "prefix", "attribute", "method", "path of a form"],
)
@pytest.mark.parametrize("first", [Endpoint("ocr/card"), Endpoint("ocr/new_paper")], ids=["known", "new"])
async def test_endpoints_of_one_name_in_different_places_do_not_share_answers(
    path: Path, first: Endpoint[Any], other: Endpoint[Any]
) -> None:
    if first.name != other.name:
        paths = {form: there.replace("card", "new_paper") for form, there in other.paths.items()}
        other = evolve(other, path=other.path.replace("card", "new_paper"), paths=paths)
        other = evolve(other, attribute=other.attribute and first.name)
    asked = list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.host}{request.url.path}")
        return httpx.Response(200, json={**GOOD, "data": [asked[-1]]})

    base_url = {"cloud": OLD, "demo": "https://demo.example.com"}
    async with AsyncCVS("key", "secret", base_url=base_url, transport=httpx.MockTransport(answer)) as cvs:
        for replayed in (False, True):
            answers = list[Any]()
            for endpoint in (first, other):
                assert endpoint.name == first.name
                [outcome], _ = await run(cvs, [b"document"], path, operation=endpoint)
                assert isinstance(outcome, Done)
                assert outcome.replayed == replayed
                answers += outcome.reply.data
            assert answers == asked
    assert len(set(asked)) == 2


async def test_an_endpoint_that_is_where_the_known_operation_is_has_its_answers(path: Path) -> None:
    await paid(path)
    service = Service()
    async with client(service) as cvs:
        outcomes, _ = await run(cvs, numbered(3), path, operation=Endpoint("ocr/card", returns=list[Any]))
    assert (reasons(outcomes), service.sent.total()) == ({"Done": 3}, 0)


@pytest.mark.parametrize("version", [1, 2])
async def test_a_journal_without_an_origin_is_taken_over_by_the_first_batch(path: Path, version: int) -> None:
    await paid(path)
    if version == 1:
        as_version_1(path)
    else:
        with closing(sqlite3.connect(path)) as database:
            database.execute("UPDATE journal SET origin = NULL, account = NULL")
            database.commit()
    assert origin(path) is None
    await replayed(path, NEW, "other", moved_from="https://older.example.com")
    assert origin(path) == NEW
    assert f"answers of {NEW}" in await refused(path, OLD)


async def test_the_key_is_not_in_the_journal_and_two_journals_do_not_show_the_same_account(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.db" for number in range(2)]
    for path in paths:
        await paid(path, api_key="key-canary")
    accounts = [content(path)[-1][-1] for path in paths]
    assert len(set(accounts)) == 2
    assert not any(b"canary" in content for content in map(Path.read_bytes, files_in(tmp_path)))


async def test_the_origin_in_a_journal_is_escaped_for_the_terminal(path: Path) -> None:
    await paid(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE journal SET origin = ?", ('{"cloud": "https://\\u001b[31mold"}',))
        database.commit()
    assert "\x1b" not in await refused(path) + (origin(path) or "")


@pytest.mark.parametrize("text", ["no JSON", "[1]", "5"])
async def test_a_journal_with_an_unreadable_origin_is_damaged(path: Path, text: str) -> None:
    await paid(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE journal SET origin = ?", (text,))
        database.commit()
    assert "is damaged" in await refused(path)


async def test_a_journal_by_itself_asks_for_no_service(path: Path) -> None:
    await paid(path)
    async with Journal(path) as journal:
        await journal.note({})
    await replayed(path)


@pytest.fixture
def scan(tmp_path: Path, jpg: bytes) -> Path:
    (tmp_path / "scan.jpg").write_bytes(jpg)
    return tmp_path / "scan.jpg"


@pytest.fixture
def other() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def test_the_command_refuses_and_goes_on_with_the_option(
    sandbox: Sandbox, other: Sandbox, scan: Path, path: Path
) -> None:
    command: list[str | Path] = ["batch", "ocr.card", scan, "--journal", path]
    assert cvs_async(*command, sandbox=sandbox).returncode == 0
    assert f"Answered by {sandbox.base_url}." in cvs_async("status", path).stdout
    for dry_run in ([], ["--dry-run"]):
        ended = cvs_async(*command, *dry_run, sandbox=other)
        assert (ended.returncode, ended.stdout) == (2, "")
        said = " ".join(ended.stderr.split())
        assert sandbox.base_url in said
        assert other.base_url in said
    assert cvs_async(*command, "--moved-from", sandbox.base_url, sandbox=other).returncode == 0
    assert cvs_async(*command, sandbox=other, CVS_API_KEY="other-canary").returncode == 2
    assert cvs_async(*command, "--other-account", sandbox=other, CVS_API_KEY="other-canary").returncode == 0
    assert other.ledger.requests == 0
    assert (sandbox.ledger.requests, sandbox.ledger.billed) == (1, 1)
