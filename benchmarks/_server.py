"""Services to measure against, each in a process of its own that names its port on standard output.

python -m benchmarks._server bare 0.2          reads a request as cheaply as can be; one constant answer after 0.2 s
python -m benchmarks._server strict 0 50       the same, but takes 50 requests in each second; more get HTTP 429
python -m benchmarks._server crowded 0.1 40    takes 40 requests at once; more get HTTP 429 without a Retry-After
python -m benchmarks._server queue 0.1 40      works on 40 requests at once; more wait in line
python -m benchmarks._server account 0 100     the account has 100 requests, and is empty after them
python -m benchmarks._server sandbox 0         the library's own sandbox

On standard input, but for the sandbox, a line with a number sets the number, and any other line asks what has come in.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import anyio

PAPERS = 2
CHUNK = 1 << 18
BACKLOG = 1024
EMPTY = b'{"data": null, "errorCode": "4", "errorMessage": "Out of requests"}'


def main(kind: str, latency: float, number: int = 0) -> None:
    """Serve until standard input closes."""
    if kind == "sandbox":
        _sandbox(latency)
    else:
        asyncio.run(_serve(Desk(kind, latency, number)))


def _sandbox(latency: float) -> None:
    from cvs_async.sandbox import Sandbox

    with Sandbox(latency=latency) as sandbox:
        print(sandbox.base_url.rpartition(":")[2], flush=True)
        sys.stdin.read()


Rule: TypeAlias = Callable[[], Awaitable[bytes]]


class Desk:
    """Responder to requests: `counts` has the number of received, answered and refused requests."""

    def __init__(self, kind: str, latency: float, number: int) -> None:
        self.counts = {"requests": 0, "answered": 0, "refused": 0}
        self._latency = latency
        self._number = number
        self._answer = _answer(PAPERS if kind == "bare" else 0)
        rules: dict[str, Rule] = {
            "strict": self._strict,
            "crowded": self._crowded,
            "queue": self._queue,
            "account": self._account,
        }
        self._rule = rules.get(kind)
        self._tasks: set[asyncio.Task[None]] = set()
        self._second = 0
        self._used = 0
        self._workers = anyio.CapacityLimiter(max(number, 1))

    def set(self, number: int) -> None:
        """Set the number from now on."""
        self._number = self._workers.total_tokens = number

    def take(self, reply: Callable[[bytes], None]) -> None:
        """Take a request, which is answered when it is due."""
        self.counts["requests"] += 1
        if self._rule is not None:
            task = asyncio.create_task(self._follow(self._rule, reply))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._hand_out, self._answer, reply)
        else:
            self._hand_out(self._answer, reply)

    async def _follow(self, rule: Rule, reply: Callable[[bytes], None]) -> None:
        self._hand_out(await rule(), reply)

    def _hand_out(self, answer: bytes, reply: Callable[[bytes], None]) -> None:
        self.counts["answered" if answer is self._answer else "refused"] += 1
        reply(answer)

    async def _work(self) -> bytes:
        await asyncio.sleep(self._latency)
        return self._answer

    async def _strict(self) -> bytes:
        if (second := int(time.monotonic())) != self._second:
            self._second, self._used = second, 0
        self._used += 1
        return await self._work() if self._used <= self._number else _http(b"429 Too Many", b"Retry-After: 1\r\n")

    async def _crowded(self) -> bytes:
        if self._used >= self._number:
            return _http(b"429 Too Many")
        self._used += 1
        try:
            return await self._work()
        finally:
            self._used -= 1

    async def _queue(self) -> bytes:
        async with self._workers:
            return await self._work()

    async def _account(self) -> bytes:
        granted = self._number > 0
        self._number -= granted
        answer = await self._work()
        return answer if granted else _http(b"200 OK", body=EMPTY)


async def _serve(desk: Desk) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Connection(desk), "127.0.0.1", 0, backlog=BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)
    while line := (await asyncio.to_thread(sys.stdin.readline)):
        try:
            desk.set(int(line))
        except ValueError:
            print(json.dumps(desk.counts), flush=True)


class Connection(asyncio.BufferedProtocol):
    """Reads requests in sequence and discards their content: all connections share one buffer."""

    _buffer = memoryview(bytearray(CHUNK))

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._head = b""
        self._left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._left:
            self._left -= nbytes
        else:
            self._head += self._buffer[:nbytes]
            head, end, body = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            self._head = b""
            self._left = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0) - len(body)
        if not self._left:
            self._desk.take(self._reply)

    def _reply(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


def _http(status: bytes, headers: bytes = b"", body: bytes = b"") -> bytes:
    kind = b"Content-Type: application/json\r\n"
    return b"HTTP/1.1 %b\r\n%b%bContent-Length: %d\r\n\r\n%b" % (status, kind, headers, len(body), body)


def _answer(papers: int) -> bytes:
    """Return an answer in the documented shape: identity cards of 3 KB, every field with box and confidence."""
    import attrs

    from cvs_async.models import ChipIdCardFront

    info: dict[str, object] = {"image": "AAAA" * 80}
    for name in (field.name for field in attrs.fields(ChipIdCardFront) if field.name not in ("extra", "image")):
        info |= {name: "không phải giấy tờ thật", f"{name}_confidence": 0.9876, f"{name}_box": [120, 40, 480, 72]}
    data = [{"type": "chip_id_card_front", "info": info}] * papers
    body = json.dumps({"data": data, "errorCode": "0", "errorMessage": "Success"}, ensure_ascii=False).encode()
    return _http(b"200 OK", body=body)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), *map(int, sys.argv[3:]))
