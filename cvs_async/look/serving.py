"""The server of ``cvs-async view``, for one user of this machine.

A page of another site can make a browser send requests here, also under a host name that resolves to 127.0.0.1. So a
request is answered only if it names this host and port exactly and has the token of this run.
"""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import anyio
import anyio.to_thread
from attrs import define, field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from ..errors import CVSError, InvalidInputError
from .data import to_json
from .live import Live, reason_of
from .template import text_of

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

ENTRANCE = '<!doctype html><title>cvs-async view</title><meta http-equiv="refresh" content="0; url=/">'
"""Page that redirects to the report."""

LARGEST_VERDICT = 10_000
"""Maximum number of bytes of a verdict."""

PART = re.compile(r"[a-z]+(-\d{1,6})?")


@define(eq=False)
class Guard:
    """Middleware that accepts requests with the right host and token, and answers others with 400, 403 or 405.

    Attributes:
        app: application that answers accepted requests.
        port: port of the server.
        token: secret of this run.
    """

    app: App
    port: int
    token: str = field(factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def cookie(self) -> str:
        """Return the name of the cookie. It has the port, since browsers send cookies to all ports of a host."""
        return f"cvs-view-{self.port}"

    @property
    def address(self) -> str:
        """Return the address of the page, with the token."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return
        request = Request(scope)
        await (self._refusal(request) or self._entrance(request) or self.app)(scope, receive, _with_headers(send))

    def _refusal(self, request: Request) -> App | None:
        names = [f"127.0.0.1:{self.port}", f"localhost:{self.port}"]
        hosts = request.headers.getlist("host")
        if len(hosts) != 1 or hosts[0] not in names:
            return PlainTextResponse("wrong host", 400)
        if request.method not in ("GET", "HEAD") and (request.method, request.url.path) != ("POST", "/verdict"):
            return PlainTextResponse("nothing can be changed here", 405)
        site = request.headers.get("sec-fetch-site")
        if site in ("cross-site", "same-site") and request.url.path != "/":
            return PlainTextResponse("not for other pages", 403)
        if request.method == "POST" and (site not in (None, "same-origin") or not self._is_ours(request)):
            return PlainTextResponse("not for other pages", 403)
        given = request.query_params.get("token") or request.cookies.get(self.cookie) or ""
        if not secrets.compare_digest(given.encode(), self.token.encode()):
            return PlainTextResponse("open the address that cvs-async view printed", 403)
        return None

    def _is_ours(self, request: Request) -> bool:
        """Return whether the request has the origin of this server and JSON, which forms cannot send."""
        origins = request.headers.getlist("origin")
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        return origins == [f"http://{request.headers['host']}"] and kind == "application/json"

    def _entrance(self, request: Request) -> App | None:
        """Move the token from the address to a cookie, so that it stays out of history and referrers."""
        if "token" not in request.query_params:
            return None
        # A redirect would still count as coming from the file that opened the browser: no strict cookie is sent then.
        response = HTMLResponse(ENTRANCE)
        response.set_cookie(self.cookie, self.token, httponly=True, samesite="strict", path="/")
        return response


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            names = {name for name, _ in own}
            message["headers"] = [pair for pair in message.get("headers", []) if pair[0] not in names] + own
        await send(message)

    return sending


def make_app(live: Live, pause: float = 1.0) -> Starlette:
    """Return the server's application.

    Args:
        live: data of the page.
        pause: seconds between two checks for changes.
    """
    answers = _Answers(live, pause)
    return Starlette(
        routes=[
            Route("/", answers.page),
            Route("/report.css", answers.style),
            Route("/report.js", answers.script),
            Route("/data/{name}", answers.part),
            Route("/picture/{place:int}/{number:int}", answers.picture),
            Route("/cut/{place:int}/{number:int}", answers.cut),
            Route("/events", answers.events),
            Route("/verdict", answers.verdict, methods=["POST"]),
        ],
        exception_handlers={CVSError: _failed, OSError: _failed},
    )


@define(eq=False)
class _Answers:
    """Handlers of the addresses. They call blocking functions in threads."""

    live: Live
    pause: float

    async def page(self, _: Request) -> Response:
        return HTMLResponse(await anyio.to_thread.run_sync(self.live.page))

    async def style(self, _: Request) -> Response:
        return Response(text_of("report.css"), media_type="text/css")

    async def script(self, _: Request) -> Response:
        return Response(text_of("report.js"), media_type="text/javascript")

    async def part(self, request: Request) -> Response:
        name = request.path_params["name"].removesuffix(".js")
        if not PART.fullmatch(name):
            return _response(None, "")
        try:
            text = await anyio.to_thread.run_sync(self.live.part, name)
        except (CVSError, OSError) as error:  # browsers do not run scripts with an error status
            text = to_json([name, reason_of(error)])[1:-1]
            return Response(f"cvs.failed({text});", media_type="text/javascript")
        return _response(text and f'cvs("{name}",{text});', "text/javascript")

    async def picture(self, request: Request) -> Response:
        return await self._drawn(self.live.picture, request)

    async def cut(self, request: Request) -> Response:
        return await self._drawn(self.live.cut, request)

    async def _drawn(self, make: Callable[[int, int], bytes | None], request: Request) -> Response:
        place, number = request.path_params["place"], request.path_params["number"]
        content = await anyio.to_thread.run_sync(make, place, number)
        return _response(content, "image/webp")

    async def events(self, request: Request) -> Response:
        return StreamingResponse(_changes(request, self.live, self.pause), media_type="text/event-stream")

    async def verdict(self, request: Request) -> Response:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST_VERDICT:
                return PlainTextResponse("too long", 413)
        try:
            await anyio.to_thread.run_sync(self.live.judge, body)
        except InvalidInputError as error:
            return PlainTextResponse(str(error), 400)
        except OSError as error:
            return PlainTextResponse(f"the verdict cannot be written: {reason_of(error)}", 500)
        return Response(status_code=204)


async def _changes(request: Request, live: Live, pause: float) -> AsyncIterator[str]:
    """Yield the number of each new snapshot as an event; comments detect that the page was closed."""
    known = live.snapshot.number
    while not await request.is_disconnected():
        try:
            number = await anyio.to_thread.run_sync(live.look)
        except (CVSError, OSError) as error:  # such as a network drive that may come back
            yield f": {' '.join(reason_of(error).split())}\n\n"
            await anyio.sleep(pause)
            continue
        if number == known:
            yield ": no change\n\n"
        else:
            yield f"data: {number}\n\n"
        known = number
        await anyio.sleep(pause)


def _response(content: str | bytes | None, kind: str) -> Response:
    if content is None:
        return PlainTextResponse("not found", 404)
    return Response(content, media_type=kind)


async def _failed(request: Request, error: Exception) -> Response:
    """Answer with the reason of an error, such as a journal that is missing, damaged, or of another version."""
    reason = reason_of(error)
    if request.url.path != "/":
        return PlainTextResponse(reason, 500)
    return HTMLResponse(f"<!doctype html><title>cvs-async view</title><p>{html.escape(reason)}", 500)
