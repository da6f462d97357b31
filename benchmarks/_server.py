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


class Desk:
    """What becomes of a request: `counts` says how many came in, and how many of them were answered or refused."""

    def __init__(self, kind: str, latency: float, number: int) -> None:
        self.counts = {"requests": 0, "answered": 0, "refused": 0}
        self._latency = latency
        self._number = number
        self._answer = _answer(PAPERS if kind == "bare" else 0)
        self._rules = {"strict": self._strict, "crowded": self._crowded, "queue": self._queue, "account": self._account}
        self._rule = self._rules.get(kind, self._work)
        self._second = 0
        self._used = 0
        self._workers = anyio.CapacityLimiter(max(number, 1))

    def set(self, number: int) -> None:
        """Another number, from now on."""
        self._number = self._workers.total_tokens = number

    async def answer(self) -> bytes:
        """The answer to one more request."""
        self.counts["requests"] += 1
        answer = await self._rule()
        self.counts["answered" if answer is self._answer else "refused"] += 1
        return answer

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
    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await _skip_request(reader)
                writer.write(await desk.answer())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.close()  # the client has gone, or the service is to end

    server = await asyncio.start_server(connection, "127.0.0.1", 0, limit=CHUNK, backlog=BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)
    while line := (await asyncio.to_thread(sys.stdin.readline)):
        try:
            desk.set(int(line))
        except ValueError:
            print(json.dumps(desk.counts), flush=True)


async def _skip_request(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    left = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
    while left:
        if not (chunk := await reader.read(min(left, CHUNK))):
            raise asyncio.IncompleteReadError(b"", left)
        left -= len(chunk)


def _http(status: bytes, headers: bytes = b"", body: bytes = b"") -> bytes:
    kind = b"Content-Type: application/json\r\n"
    return b"HTTP/1.1 %b\r\n%b%bContent-Length: %d\r\n\r\n%b" % (status, kind, headers, len(body), body)


def _answer(papers: int) -> bytes:
    """An answer in the documented shape: identity cards of 2.5 KB, every field with box and confidence."""
    import attrs

    from cvs_async.models import ChipIdCardFront

    info: dict[str, object] = {}
    for name in (field.name for field in attrs.fields(ChipIdCardFront) if field.name not in ("extra", "image")):
        info |= {name: "không phải giấy tờ thật", f"{name}_confidence": 0.9876, f"{name}_box": [120, 40, 480, 72]}
    data = [{"type": "chip_id_card_front", "info": info}] * papers
    body = json.dumps({"data": data, "errorCode": "0", "errorMessage": "Success"}, ensure_ascii=False).encode()
    return _http(b"200 OK", body=body)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), *map(int, sys.argv[3:]))
