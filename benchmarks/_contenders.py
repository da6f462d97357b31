"""Contenders: this library, and its alternatives.

Each takes the next file as it becomes free, sends it, and reports each parsed answer. The alternatives parse to a dict
and have none of the library's other features. They are imported when they run, so that none pays for another.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from attrs import frozen

AUTHORIZATION = {"Authorization": "Basic a2V5OnNlY3JldA=="}
PNG = "image/png"
PATIENCE = 60.0


@frozen
class Job:
    """Work for a contender.

    Attributes:
        origin: of the service.
        paths: the files in sequence.
        at_once: number in flight.
        scratch: folder for temporary files.
        answered: called for each answer.
    """

    origin: str
    paths: Iterator[Path]
    at_once: int
    scratch: Path
    answered: Callable[[], None]

    @property
    def url(self) -> str:
        return f"{self.origin}/api/v2/ocr/card"

    def has(self, answer: Mapping[str, Any]) -> None:
        """Count an answer if it is valid."""
        if answer["errorCode"] != "0":
            raise ValueError("an answer that is none")
        self.answered()


Run = Callable[[Job], Awaitable[None]]


@frozen
class Contender:
    """One way to send documents.

    Attributes:
        run: sends them.
        needs: the library that it measures.
        loop: whether it works in the event loop, so that it can block others.
        slow: whether it gets less time, because it takes milliseconds a document.
    """

    run: Run
    needs: str
    loop: bool = True
    slow: bool = False

    @property
    def installed(self) -> bool:
        return find_spec(self.needs) is not None


async def _requests(job: Job) -> None:
    requests: Any = import_module("requests")
    adapter = requests.adapters.HTTPAdapter(pool_maxsize=job.at_once)
    with requests.Session() as session, ThreadPoolExecutor(job.at_once) as threads:
        session.mount("http://", adapter)
        session.headers.update(AUTHORIZATION)

        def call(path: Path) -> None:
            with path.open("rb") as file:
                job.has(session.post(job.url, files={"img": (path.name, file, PNG)}, timeout=PATIENCE).json())

        for ended in [threads.submit(call, path) for path in job.paths]:
            ended.result()


async def _httpx_gathered(job: Job) -> None:
    httpx = import_module("httpx")
    turn = asyncio.Semaphore(job.at_once)
    async with httpx.AsyncClient(timeout=PATIENCE, headers=AUTHORIZATION) as client:

        async def call(path: Path) -> None:
            async with turn:
                response = await client.post(job.url, files={"img": _file(path)})
            job.has(response.json())

        await asyncio.gather(*map(call, job.paths))


async def _httpx_pool(library: str, client_class: str, job: Job) -> None:
    limits = import_module("httpx2" if library == "httpx2" else "httpx").Limits(
        max_connections=job.at_once, max_keepalive_connections=job.at_once
    )
    make = getattr(import_module(library), client_class)
    async with make(limits=limits, timeout=PATIENCE, trust_env=False, headers=AUTHORIZATION) as client:

        async def call(path: Path) -> None:
            response = await client.post(job.url, files={"img": _file(path)})
            job.has(response.json())

        await _work(job, call)


async def _aiohttp(job: Job) -> None:
    import aiohttp

    connector = aiohttp.TCPConnector(limit=job.at_once)
    async with aiohttp.ClientSession(connector=connector, headers=AUTHORIZATION) as session:

        async def call(path: Path) -> None:
            form = aiohttp.FormData()
            name, content, kind = _file(path)
            form.add_field("img", content, filename=name, content_type=kind)
            async with session.post(job.url, data=form) as response:
                job.has(await response.json())

        await _work(job, call)


async def _cvs_async(journal: str | None, job: Job) -> None:
    from cvs_async import AsyncCVS, Done

    path = None if journal is None else job.scratch / journal
    async with (
        AsyncCVS("key", "secret", base_url=job.origin, max_connections=job.at_once) as cvs,
        cvs.batch(cvs.ocr.card, list(job.paths), concurrency=job.at_once, journal=path, dedupe=False) as outcomes,
    ):
        async for outcome in outcomes:
            if not isinstance(outcome, Done):
                raise ValueError(outcome)
            job.answered()


def _file(path: Path) -> tuple[str, bytes, str]:
    return path.name, path.read_bytes(), PNG


async def _work(job: Job, call: Callable[[Path], Awaitable[None]]) -> None:
    """Run `at_once` workers."""

    async def worker() -> None:
        for path in job.paths:
            await call(path)

    async with asyncio.TaskGroup() as workers:
        for _ in range(job.at_once):
            workers.create_task(worker())


BY_HAND = "aiohttp by hand"
THREADS = "requests + threads"
POOL = "httpx, well configured pool"
OURS = "cvs_async batch"
JOURNALED = "cvs_async batch with journal"

CONTENDERS = {
    THREADS: Contender(_requests, "requests", loop=False),
    "httpx, gather + semaphore": Contender(_httpx_gathered, "httpx", slow=True),
    POOL: Contender(partial(_httpx_pool, "httpx", "AsyncClient"), "httpx", slow=True),
    "httpx2, well configured pool": Contender(partial(_httpx_pool, "httpx2", "AsyncClient"), "httpx2", slow=True),
    "httpx over httpx-aiohttp": Contender(partial(_httpx_pool, "httpx_aiohttp", "HttpxAiohttpClient"), "httpx_aiohttp"),
    BY_HAND: Contender(_aiohttp, "aiohttp"),
    OURS: Contender(partial(_cvs_async, None), "cvs_async"),
    JOURNALED: Contender(partial(_cvs_async, "journal.db"), "cvs_async"),
}


def files(folder: Path, count: int) -> Iterator[Path]:
    """Yield `count` of the files of a folder, starting again after the last."""
    return itertools.islice(itertools.cycle(sorted(folder.iterdir())), count)
