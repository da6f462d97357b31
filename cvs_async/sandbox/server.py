"""Server that runs the service on a socket of this machine."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, get_args
from urllib.parse import quote

import anyio.to_thread
import uvicorn

from ..errors import ConfigurationError
from .app import Service
from .documented import Boxes
from .intake import Credentials

STARTING = 20.0
STOPPING = 20.0
TICK = 0.1
"""Seconds after which uvicorn sees a signal, and writes the date of its answers anew at each tenth time."""


class Sandbox(Service):
    """Service on 127.0.0.1 that implements the vendor's API, for experiments and for your own tests.

    It reads the true values of the sample documents of ``cvs-async samples``; its answers for any other picture or PDF
    depend only on the content. Use it as ``async with`` or ``with``; it runs in its own thread.

    >>> async with Sandbox(quota=1) as sandbox, AsyncCVS("key", "secret", base_url=sandbox.base_url) as cvs:
    ...     reply = await cvs.ocr.card("samples/0001-căn-cước.jpg")
    >>> sandbox.ledger.billed
    1

    Args:
        port: port to listen on; 0 selects a free one.
        latency: minimum seconds for each answer.
        quota: number of answers billed before the account is out of requests; None is unlimited.
        api_key, api_secret: the only accepted credentials. Without them any non-empty values are accepted, except the
            secret ``wrong``.
        files: folder served under `url`, for inputs by URL.
        faults: probability of each fault: a mapping, or text such as ``503=0.02,lost=0.01``. Free and not processed are
            the HTTP statuses 408, 429, 500, 502, 503 and 504, answered without an envelope, and ``reset``, a broken
            connection. Billed are ``lost``, a connection closed without an answer, ``cut``, half an answer,
            ``garbage``, a body that is not JSON, and ``stall``, no answer for an hour.
        limit: maximum number of accepted requests, including waiting ones; others get HTTP 429, free.
        workers: maximum number of requests processed at once; others wait. None is unlimited, as for `limit`.
        retry_after: seconds in the ``Retry-After`` header of HTTP 429 and 503; None omits it.
        seed: random seed of the faults; every valid request within `limit` draws once.
        boxes: ``documented``: only the boxes in the vendor's documents; ``all``: also those of identity cards, for
            trying software that draws boxes.

    Attributes:
        base_url: address of the service, for the client's ``base_url``; set once it runs.
        ledger: requests, their contents and their charges.
        latency, quota, faults, limit, workers: as above; they may be set while it runs.

    Raises:
        ConfigurationError: if `files` is not a folder, `workers` is less than 1, or `faults` is invalid; on entering,
            if the
            port is in use or the service does not start.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        latency: float = 0.0,
        quota: int | None = None,
        api_key: str | None = None,
        api_secret: str | None = None,
        files: str | os.PathLike[str] | None = None,
        faults: Mapping[str, float] | str | None = None,
        limit: int | None = None,
        workers: int | None = None,
        retry_after: float | None = None,
        seed: int = 0,
        boxes: Boxes = "documented",
    ) -> None:
        folder = Path(files) if files is not None else None
        if folder is not None and not folder.is_dir():
            raise ConfigurationError(f"{folder} is not a folder for the sandbox to serve")
        if boxes not in get_args(Boxes):
            raise ConfigurationError(f"boxes must be one of {', '.join(get_args(Boxes))}, not {boxes!r}")
        super().__init__(
            Credentials(api_key, api_secret),
            latency,
            quota,
            folder,
            faults=faults,
            limit=limit,
            workers=workers,
            retry_after=retry_after,
            seed=seed,
            boxes=boxes,
        )
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.base_url = ""

    def url(self, name: str) -> str:
        """Return the URL of a file in the folder `files`."""
        return f"{self.base_url}/files/{quote(name)}"

    def start(self) -> None:
        """Start listening, and return when requests are answered."""
        listening = _listen(self._port)
        config = uvicorn.Config(
            self.app(), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
        )
        self._server = server = _Server(config, self)
        self._thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listening]}, name="cvs-sandbox", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + STARTING
        while not server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise ConfigurationError("the sandbox did not start")
            time.sleep(0.005)
        self.base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"

    def stop(self) -> None:
        """Stop listening; requests in progress have one second to finish."""
        if self._server is not None and self._thread is not None:
            self._server.end()
            self._thread.join(STOPPING)
            self._server = self._thread = None

    def wait(self) -> None:
        """Return when the service has stopped."""
        while self._thread is not None and self._thread.is_alive():
            self._thread.join(0.5)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await anyio.to_thread.run_sync(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await anyio.to_thread.run_sync(self.stop)


class _Server(uvicorn.Server):
    """Server that stops as soon as it is asked to, and ends the stalls of its service first."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Ask the server to stop. Thread-safe."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended, and its loop is closed
                self._loop.call_soon_threadsafe(self._ending.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), TICK)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Omit uvicorn's pause for closing connections if there are no connections."""
        self._service.end_stalls()
        for server in self.servers:
            server.close()
        for _ in range(3):  # until connections that were accepted are known
            await asyncio.sleep(0)
        if self.server_state.connections or self.server_state.tasks:
            return await super().shutdown(sockets)
        for listening in sockets or ():
            listening.close()
        for server in self.servers:
            await server.wait_closed()


def _listen(port: int) -> socket.socket:
    # Name the protocol, or asyncio leaves Nagle's algorithm on, which costs 40 ms an answer.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(1024)
    except OSError as error:
        listening.close()
        raise ConfigurationError(f"the sandbox cannot listen on port {port}: {error.strerror}") from error
    return listening
