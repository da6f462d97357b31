"""Files that do not answer, and systems that open no more: other items go on, and nothing is lost."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cvs_async import AsyncCVS, ConfigurationError, Done, Endpoint, Failed, Held, RetryPolicy
from cvs_async._codec import inputs as inputs_module
from cvs_async._codec.inputs import CHUNK, Part, load
from cvs_async._system import threads as threads_module
from cvs_async._system.descriptors import too_many_open_files
from cvs_async._system.files import open_regular
from cvs_async._system.threads import NoAnswerError, in_daemon_thread
from cvs_async.batch import Entry
from cvs_async.errors import TimeoutError
from tests.support.servers import until

CARD = Endpoint[Any]("ocr/card")
GOOD = {"data": [], "errorCode": "0", "errorMessage": "Success"}


async def answer(request: httpx.Request) -> httpx.Response:
    await request.aread()
    return httpx.Response(200, json=GOOD)


def client(**options: Any) -> AsyncCVS:
    retry = RetryPolicy(attempts=1)
    return AsyncCVS("key", "secret", transport=httpx.MockTransport(answer), retry=retry, **options)


@pytest.fixture
def go(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Files whose names begin with hang open once it is set."""
    event = threading.Event()

    def opening(path: str | os.PathLike[str]) -> tuple[int, os.stat_result]:
        if os.path.basename(path).startswith("hang"):
            event.wait(60)
        return open_regular(path)

    monkeypatch.setattr(inputs_module, "open_regular", opening)
    yield event
    event.set()


def files(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).write_bytes(b"\xff\xd8\xff" + name.encode())
    return [folder / name for name in names]


@pytest.mark.parametrize("hanging", [1, 12])
async def test_a_file_that_hangs_fails_after_its_time_and_the_others_are_done(
    tmp_path: Path, go: threading.Event, hanging: int
) -> None:
    others = files(tmp_path, *(f"{number:02}.jpg" for number in range(20)))
    hang = files(tmp_path, *(f"hang{number}.jpg" for number in range(hanging)))
    source: list[Any] = [others[0], *(Entry({"path": path, "timeout": 0.05}) for path in hang), *others[1:]]
    journal = tmp_path / "claims.db"
    async with client() as cvs:
        async with cvs.batch(cvs.ocr.card, source, journal=journal) as outcomes:
            seen = [outcome async for outcome in outcomes]
        assert Counter(map(type, seen)) == {Done: 20, Failed: hanging}
        for outcome in seen:
            if isinstance(outcome, Failed):
                assert (type(outcome.error), outcome.error.charge) == (TimeoutError, "free")
                assert "hang" in str(outcome.error)
                assert "could not be read within 0.05 seconds; nothing was sent" in str(outcome.error)
        go.set()
        answering = [*others, *hang]
        async with cvs.batch(cvs.ocr.card, answering, journal=journal, replay=False) as outcomes:
            assert [type(outcome) async for outcome in outcomes] == [Done] * hanging


async def test_the_timeout_of_a_batch_covers_the_opening_of_its_files(tmp_path: Path, go: threading.Event) -> None:
    [path] = files(tmp_path, "hang.jpg")
    async with client() as cvs, cvs.batch(cvs.ocr.card, [path], timeout=0.05) as outcomes:
        [outcome] = [outcome async for outcome in outcomes]
    assert isinstance(outcome, Failed)
    assert type(outcome.error) is TimeoutError


async def test_a_call_does_not_wait_for_a_file_that_hangs(tmp_path: Path, go: threading.Event) -> None:
    [path, good] = files(tmp_path, "hang.jpg", "good.jpg")
    async with client() as cvs:
        with pytest.raises(TimeoutError) as caught:
            await cvs.ocr.card(path, timeout=0.05)
        assert caught.value.charge == "free"
        assert (await cvs.ocr.card(good)).charge == "billed"


async def test_where_too_many_files_hang_further_calls_fail_at_once(
    tmp_path: Path, go: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    await until(lambda: threads_module._stuck == 0)  # those of earlier tests have ended
    monkeypatch.setattr(threads_module, "MOST_STUCK", 2)
    hang, good = files(tmp_path, "hang.jpg", "good.jpg")
    async with client() as cvs:
        for _ in range(2):
            with pytest.raises(TimeoutError, match="no answer within"):
                await cvs.ocr.card(hang, timeout=0.05)
        await until(lambda: threads_module._stuck == 2)
        with pytest.raises(TimeoutError, match=r"2 files before it do not answer.*nothing was sent") as caught:
            await cvs.ocr.card(good)
        assert caught.value.charge == "free"
        go.set()
        await until(lambda: threads_module._stuck == 0)
        assert (await cvs.ocr.card(good)).charge == "billed"


async def test_abandoned_work_in_a_thread_is_counted_until_it_ends() -> None:
    await until(lambda: threads_module._stuck == 0)  # those of earlier tests have ended
    begun, event = threading.Event(), threading.Event()
    task = asyncio.create_task(in_daemon_thread(lambda: begun.set() or event.wait(60)))  # type: ignore[func-returns-value]
    await until(begun.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert threads_module._stuck == 1
    event.set()
    await until(lambda: threads_module._stuck == 0)
    with pytest.raises(ZeroDivisionError):
        await in_daemon_thread(lambda: 1 // 0)
    assert threads_module._stuck == 0
    assert str(NoAnswerError()).startswith("64 files")


SCRIPT = """
import asyncio, sys, threading
import httpx
from cvs_async import AsyncCVS, CVSError
from cvs_async._codec import inputs
real = inputs.open_regular
inputs.open_regular = lambda path: threading.Event().wait() if path.endswith("hang.jpg") else real(path)
async def main():
    async with AsyncCVS("key", "secret", base_url="http://127.0.0.1:9") as cvs:
        if sys.argv[1] == "call":
            try:
                await cvs.ocr.card(sys.argv[2], timeout=0.05)
            except CVSError as error:
                print(type(error).__name__)
        else:
            async with cvs.batch(cvs.ocr.card, [sys.argv[2]], timeout=0.05) as outcomes:
                async for outcome in outcomes:
                    print(type(outcome.error).__name__)
asyncio.run(main())
"""


@pytest.mark.parametrize("how", ["call", "batch"])
def test_the_process_ends_though_a_file_hangs(how: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, how, "hang.jpg"], capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout.strip() == "TimeoutError"


# Too many open files


def refusing(code: int) -> Any:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code), "a.jpg")

    return refuse


@pytest.mark.parametrize(
    ("code", "remedy"),
    [(errno.EMFILE, r"at most \d+ at once.*ulimit -n"), (errno.ENFILE, r"the machine has too many files")],
)
async def test_too_many_open_files_are_reported_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, remedy: str
) -> None:
    [path] = files(tmp_path, "a.jpg")
    monkeypatch.setattr(os, "open", refusing(code))
    async with client() as cvs:
        with pytest.raises(ConfigurationError, match=rf"ocr\.card: img: .*{remedy}") as caught:
            await cvs.ocr.card(path)
    assert caught.value.charge == "free"


def test_other_errors_are_not_about_too_many_open_files() -> None:
    assert too_many_open_files(OSError(errno.ENOENT, "no")) is None


async def test_items_that_cannot_be_opened_for_now_are_held_and_done_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths, journal = files(tmp_path, "a.jpg", "b.jpg"), tmp_path / "claims.db"
    async with client() as cvs:
        with monkeypatch.context() as patch:
            patch.setattr(inputs_module, "open_regular", refusing(errno.EMFILE))
            async with cvs.batch(cvs.ocr.card, paths, journal=journal) as outcomes:
                for outcome in [outcome async for outcome in outcomes]:
                    assert isinstance(outcome, Held)
                    assert (outcome.reason, type(outcome.error)) == ("stop", ConfigurationError)
                    assert "ulimit -n" in str(outcome.error)
        async with cvs.batch(cvs.ocr.card, paths, journal=journal) as outcomes:
            assert [type(outcome) async for outcome in outcomes] == [Done, Done]


async def test_a_request_whose_file_cannot_be_opened_again_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.jpg"
    path.write_bytes(bytes(3 * CHUNK))
    part = (await load(CARD, {"img": path}, "file"))["img"]
    assert isinstance(part, Part)
    async with client() as cvs:
        monkeypatch.setattr(os, "open", refusing(errno.EMFILE))
        with pytest.raises(ConfigurationError, match="ulimit -n") as caught:
            await cvs.ocr.card(part)  # type: ignore[arg-type]
    assert caught.value.charge == "free"
