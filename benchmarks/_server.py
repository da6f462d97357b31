"""Services to measure against, each in a process of its own that names its port on standard output.

python -m benchmarks._server bare 0.2     as cheap as can be: reads a request, gives one constant answer after 0.2 s
python -m benchmarks._server sandbox 0    the library's own sandbox
"""

from __future__ import annotations

import asyncio
import json
import sys

PAPERS = 2
CHUNK = 1 << 18


def main(kind: str, latency: float) -> None:
    """Serve until standard input closes."""
    if kind == "sandbox":
        _sandbox(latency)
    else:
        asyncio.run(_bare(latency))


def _sandbox(latency: float) -> None:
    from cvs_async.sandbox import Sandbox

    with Sandbox(latency=latency) as sandbox:
        print(sandbox.base_url.rpartition(":")[2], flush=True)
        sys.stdin.read()


async def _bare(latency: float) -> None:
    answer = _answer()

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await _skip_request(reader)
                await asyncio.sleep(latency)
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0, limit=CHUNK)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


async def _skip_request(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    left = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
    while left and (chunk := await reader.read(min(left, CHUNK))):
        left -= len(chunk)


def _answer() -> bytes:
    """An answer of about 5 KB in the documented shape: identity cards, every field with box and confidence."""
    import attrs

    from cvs_async.models import ChipIdCardFront

    info: dict[str, object] = {}
    for name in (field.name for field in attrs.fields(ChipIdCardFront) if field.name not in ("extra", "image")):
        info |= {name: "không phải giấy tờ thật", f"{name}_confidence": 0.9876, f"{name}_box": [120, 40, 480, 72]}
    papers = [{"type": "chip_id_card_front", "info": info}] * PAPERS
    body = json.dumps({"data": papers, "errorCode": "0", "errorMessage": "Success"}, ensure_ascii=False).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
