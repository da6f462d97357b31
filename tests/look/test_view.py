"""The viewer: access, served content, and that it only reads."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from cvs_async import AsyncCVS, InvalidInputError
from cvs_async.look.live import KEPT, Live
from cvs_async.look.options import ReportOptions
from cvs_async.look.serving import Guard, make_app
from cvs_async.look.summary import Limits
from cvs_async.look.workers import Workers
from cvs_async.sandbox import Sample, Sandbox
from tests.support.commands import COMMAND, environment
from tests.support.look import good_pdf, hanging_pdf

OPTIONS = ReportOptions(limits=Limits(1.0))


def read(samples: list[Sample], path: Path) -> Path:
    """Read claims, invoices and broken files with a journal."""
    files = [sample.path for sample in samples if sample.kind in ("claim", "invoice", "broken")]

    async def run() -> None:
        async with (
            Sandbox() as sandbox,
            AsyncCVS("key", "secret", base_url=sandbox.base_url) as cvs,
            cvs.batch(cvs.ocr.claims, files, journal=path) as outcomes,
        ):
            async for _ in outcomes:
                pass

    asyncio.run(run())
    return path


@contextmanager
def served(journal: Path) -> Iterator[Guard]:
    """A server in a thread of its own."""
    listening = socket.create_server(("127.0.0.1", 0))
    live = Live([journal], OPTIONS)
    guard = Guard(make_app(live, pause=0.05), listening.getsockname()[1])
    config = uvicorn.Config(guard, log_level="error", access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield guard
    server.should_exit = True
    thread.join(20)
    assert not thread.is_alive()
    live.close()


@pytest.fixture(scope="module")
def journal(samples: list[Sample], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return read(samples, tmp_path_factory.mktemp("view") / "claims.db")


@pytest.fixture(scope="module")
def guard(journal: Path) -> Iterator[Guard]:
    """One server for all that changes nothing."""
    with served(journal) as guard:
        yield guard


@pytest.fixture
def own_journal(journal: Path, tmp_path: Path) -> Path:
    """A journal that may be changed."""
    return Path(shutil.copy(journal, tmp_path / "claims.db"))


@pytest.fixture
def own_guard(own_journal: Path) -> Iterator[Guard]:
    with served(own_journal) as guard:
        yield guard


def client(guard: Guard, **headers: str) -> httpx.Client:
    cookies = {guard.cookie: guard.token}
    return httpx.Client(base_url=f"http://127.0.0.1:{guard.port}", cookies=cookies, headers=headers, timeout=20)


# --- who is let in


def test_the_address_leads_to_the_page_and_its_token_into_a_cookie(guard: Guard) -> None:
    with httpx.Client(timeout=20) as http:
        entered = http.get(guard.address)
        assert entered.status_code == 200
        assert '<meta http-equiv="refresh" content="0; url=/">' in entered.text
        assert guard.token not in entered.text
        cookie = entered.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert cookie.startswith(f"cvs-view-{guard.port}=")
        assert http.get(f"http://127.0.0.1:{guard.port}/").status_code == 200
    assert len(guard.token) >= 43
    assert guard.token not in repr(guard)


@pytest.mark.parametrize("token", [None, "", "x", "é", "A" * 43])
@pytest.mark.parametrize("path", ["/", "/data/index.js", "/picture/0/0", "/events", "/report.js"])
def test_without_the_token_there_is_nothing(guard: Guard, path: str, token: str | None) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{guard.port}", timeout=20) as http:
        assert http.get(path).status_code == 403
        given = {} if token is None else {"token": token}
        answer = http.get(path, params=given)
        assert (answer.status_code, guard.token in answer.text) == (403, False)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1.evil.example:{port}",
        "localhost.:{port}",
        "[::1]:{port}",
        "LOCALHOST.evil:{port}",
        "127.0.0.1:{port}@evil",
        "",
    ],
)
def test_another_host_is_refused_also_with_the_token(guard: Guard, host: str) -> None:
    with client(guard, Host=host.format(port=guard.port)) as http:
        assert http.get("/").status_code == 400


def test_two_hosts_are_refused(guard: Guard) -> None:
    lines = [f"Host: 127.0.0.1:{guard.port}", "Host: evil.example", f"Cookie: {guard.cookie}={guard.token}"]
    request = "\r\n".join(["GET / HTTP/1.1", *lines, "", ""])
    with socket.create_connection(("127.0.0.1", guard.port), timeout=20) as connection:
        connection.sendall(request.encode())
        assert connection.recv(100).split()[1] == b"400"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_it_only_reads(guard: Guard, method: str) -> None:
    with client(guard) as http:
        assert http.request(method, "/data/index.js", content=b"{}").status_code == 405


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_pages_of_others_get_no_data(guard: Guard, site: str) -> None:
    with client(guard, **{"Sec-Fetch-Site": site}) as http:
        for path in ("/data/index.js", "/picture/0/0", "/report.js"):
            assert http.get(path).status_code == 403


def test_every_answer_forbids_what_the_page_does_not_need(guard: Guard) -> None:
    with client(guard) as http:
        for path in ("/", "/data/index.js", "/picture/0/0", "/nothing", "/report.css"):
            headers = http.get(path).headers
            assert headers["cache-control"] == "no-store"
            assert headers["x-content-type-options"] == "nosniff"
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "access-control-allow-origin" not in headers
            assert (headers["cross-origin-resource-policy"], headers["cross-origin-opener-policy"]) == (
                "same-origin",
            ) * 2


def test_two_viewers_do_not_disturb_each_other(guard: Guard, own_guard: Guard) -> None:
    """A browser sends the cookies of 127.0.0.1 to every port."""
    with httpx.Client(timeout=20) as http:
        for entered in (guard, own_guard):
            assert http.get(entered.address).status_code == 200
        for entered in (guard, own_guard, guard):
            assert http.get(f"http://127.0.0.1:{entered.port}/data/index.js").status_code == 200


# --- what is served


def data_of(http: httpx.Client, name: str) -> Any:
    text = http.get(f"/data/{name}.js").text
    return json.loads(text[len(f'cvs("{name}",') : -2])


def test_data_and_pictures_are_those_of_the_journal(guard: Guard, journal: Path) -> None:
    before = hashlib.sha256(journal.read_bytes()).hexdigest()
    with client(guard) as http:
        assert "claims.db" in http.get("/").text
        index = data_of(http, "index")
        documents = data_of(http, "documents-1")
        queue = data_of(http, "queue-1")
        assert index["documents"] == len(index["rows"]) == len(documents)
        pages = [page for document in documents for page in document["pages"]]
        cuts = [entry[6] for entry in queue if entry[6]]
        assert pages
        assert cuts
        for source in (*(page["src"] for page in pages[:2]), *cuts[:2], cuts[0]):
            answer = http.get(f"/{source}")
            assert (answer.headers["content-type"], answer.content[:4], answer.content[8:12]) == (
                "image/webp",
                b"RIFF",
                b"WEBP",
            )
        assert {document["picture"] for document in documents} <= {"sent", "broken"}
    assert hashlib.sha256(journal.read_bytes()).hexdigest() == before


@pytest.mark.parametrize(
    "path",
    [
        "/data/documents-0.js",
        "/data/documents-99.js",
        "/data/../claims.db",
        "/data/claims.db",
        "/data/documents-1e3.js",
        "/picture/99/0",
        "/picture/0/99",
        "/cut/0/9999",
        "/claims.db",
        "/etc/passwd",
        "/data/%2e%2e%2fclaims.db",
    ],
)
def test_missing_pages_are_reported(guard: Guard, path: str) -> None:
    with client(guard) as http:
        assert http.get(path).status_code == 404


def test_pictures_are_kept_within_bounds(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvs_async.look.live.KEPT", 2)
    with closing(Live([journal], OPTIONS)) as live:
        first = live.picture(0, 0)
        for place in range(len(live.snapshot.keys)):
            live.picture(place, 0)
        assert len(live._pictures) <= 2 < KEPT
        assert live.picture(0, 0) == first


def test_pictures_that_are_kept_do_not_wait_for_the_journal(journal: Path) -> None:
    with closing(Live([journal], OPTIONS)) as live:
        place = next(place for place in range(len(live.snapshot.keys)) if live.picture(place, 0))
        found: list[bytes | None] = []
        with live._lock:
            thread = threading.Thread(target=lambda: found.append(live.picture(place, 0)), daemon=True)
            thread.start()
            thread.join(30)
        assert len(found) == 1


async def test_what_a_batch_writes_comes_as_an_event(jpg: bytes, tmp_path: Path) -> None:
    async with Sandbox() as sandbox, AsyncCVS("key", "secret", base_url=sandbox.base_url) as cvs:

        async def batch(content: bytes) -> None:
            async with cvs.batch(cvs.ocr.claims, [content], journal=tmp_path / "a.db") as outcomes:
                async for _ in outcomes:
                    pass

        async def count() -> int:
            text = (await http.get("/data/index.js")).text
            return len(json.loads(text[len('cvs("index",') : -2])["rows"])

        await batch(jpg)
        with served(tmp_path / "a.db") as guard:
            address, cookies = f"http://127.0.0.1:{guard.port}", {guard.cookie: guard.token}
            async with httpx.AsyncClient(base_url=address, cookies=cookies, timeout=30) as http:
                assert await count() == 1
                async with http.stream("GET", "/events") as events:
                    await batch(jpg + b" ")
                    async for line in events.aiter_lines():
                        if line.startswith("data: "):
                            break
                assert await count() == 2


# --- verdicts


def judge(guard: Guard, body: Any, **headers: str) -> httpx.Response:
    own = {"Origin": f"http://127.0.0.1:{guard.port}", "Content-Type": "application/json"} | headers
    with client(guard, **{name.replace("_", "-"): value for name, value in own.items()}) as http:
        return http.post("/verdict", content=body if isinstance(body, bytes) else json.dumps(body).encode())


def key_of_row(guard: Guard, place: int) -> Any:
    with client(guard) as http:
        return data_of(http, "index")["rows"][place][16]


def test_verdicts_are_kept_beside_the_journal_and_shown_again(own_guard: Guard, own_journal: Path) -> None:
    before = hashlib.sha256(own_journal.read_bytes()).hexdigest()
    with client(own_guard) as http:
        documents = data_of(http, "documents-1")
    place = next(number for number, document in enumerate(documents) if document["papers"])
    key = key_of_row(own_guard, place)
    for verdict, value in (("wrong", None), ("corrected", "LÊ </script> MẪU"), ("right", None)):
        for position in (0, 1):
            given = {"document": place, "key": key, "field": position, "verdict": verdict, "value": value}
            answer = judge(own_guard, given)
            assert answer.status_code == 204, answer.text
    given = {"document": place, "key": key, "field": 1, "verdict": "corrected", "value": "X"}
    assert judge(own_guard, given).status_code == 204
    path = own_journal.with_name("claims.review.jsonl")
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_text("utf-8").splitlines()) == 7
    with client(own_guard) as http:
        assert data_of(http, "documents-1")[place]["verdicts"] == {"0": ["right", None], "1": ["corrected", "X"]}
    assert hashlib.sha256(own_journal.read_bytes()).hexdigest() == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Content_Type": "text/plain"},
        {"Content_Type": "application/x-www-form-urlencoded"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "none"},
    ],
)
def test_verdicts_of_other_pages_are_refused(guard: Guard, journal: Path, headers: dict[str, str]) -> None:
    given = {"document": 0, "field": 0, "verdict": "right", "value": None}
    assert judge(guard, given, **headers).status_code == 403
    assert not journal.with_name("claims.review.jsonl").exists()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b"[" * 5000,
        b'{"document": Infinity, "field": 0, "verdict": "right", "key": ""}',
        {"document": 0.5, "field": 0, "verdict": "right"},
        {"document": False, "field": 0, "verdict": "right"},
        {"document": 0, "field": 0, "verdict": []},
        {"document": 0, "field": 0, "verdict": "right", "key": "000000000000"},
        {"document": 0, "field": 0, "verdict": "right", "key": ""},
        {"document": 0, "field": 0, "verdict": "right", "key": None},
        {"document": 99, "field": 0, "verdict": "right"},
        {"document": 0, "field": 9999, "verdict": "right"},
        {"document": -1, "field": 0, "verdict": "right"},
        {"document": 0, "field": 0, "verdict": "maybe"},
        {"document": 0, "field": 0, "verdict": "corrected"},
        {"document": 0, "field": 0, "verdict": "right", "value": "x"},
        {"document": 0, "field": 0, "verdict": "corrected", "value": 7},
    ],
)
def test_an_invalid_verdict_is_refused(guard: Guard, journal: Path, body: Any) -> None:
    if isinstance(body, dict):
        body = {"key": key_of_row(guard, 0), **body}
    assert judge(guard, body).status_code == 400
    assert not journal.with_name("claims.review.jsonl").exists()


def test_a_verdict_has_an_end(guard: Guard) -> None:
    assert judge(guard, b" " * 20_000).status_code == 413


def test_unreadable_verdicts_are_reported_and_the_documents_shown(own_guard: Guard, own_journal: Path) -> None:
    path = own_journal.with_name("claims.review.jsonl")
    path.write_text('{"verdict": "CANARY"}\n')
    with client(own_guard) as http:
        documents = data_of(http, "documents-1")
    assert documents
    [problem] = {document["verdicts_problem"] for document in documents}
    assert problem.endswith("claims.review.jsonl: line 1 is not a verdict: key")
    assert "CANARY" not in problem
    assert all(document["verdicts"] == {} for document in documents)
    path.unlink()
    with client(own_guard) as http:
        assert {document["verdicts_problem"] for document in data_of(http, "documents-1")} == {None}


def test_a_missing_journal_is_reported(own_guard: Guard, own_journal: Path) -> None:
    given = {"document": 0, "key": key_of_row(own_guard, 0), "field": 0, "verdict": "right", "value": None}
    own_journal.unlink()
    for beside in own_journal.parent.glob("claims.db-*"):
        beside.unlink()
    with client(own_guard) as http:
        part = http.get("/data/documents-1.js")
        assert (part.status_code, part.headers["content-type"].partition(";")[0]) == (200, "text/javascript")
        assert re.fullmatch(r'cvs\.failed\("documents-1",".*there is no journal.*"\);', part.text)
        page = http.get("/")
        assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (500, "text/html")
        assert "there is no journal" in page.text
        picture = http.get("/picture/0/0")
        assert (picture.status_code, "there is no journal" in picture.text) == (500, True)
        with http.stream("GET", "/events") as events:
            lines = events.iter_lines()
            assert ["there is no journal" in next(lines) for _ in range(3)] == [True, False, True]
    answer = judge(own_guard, given)
    assert (answer.status_code, "there is no journal" in answer.text) == (500, True)


def test_what_went_wrong_stays_text_in_a_page_and_in_a_script(
    own_guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> str:
        raise InvalidInputError('</script><img src=x>\u2028"')

    monkeypatch.setattr(Live, "page", fails)
    monkeypatch.setattr(Live, "part", fails)
    with client(own_guard) as http:
        for path in ("/", "/data/index.js"):
            assert "<img" not in http.get(path).text
            assert "</script>" not in http.get(path).text


# --- documents that hang


async def test_a_document_that_hangs_is_given_up_once(
    cvs: AsyncCVS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [hanging_pdf(tmp_path / "hang.pdf"), good_pdf(tmp_path / "good.pdf")]
    async with cvs.batch(cvs.ocr.claims, files, journal=tmp_path / "a.db") as outcomes:
        async for _ in outcomes:
            pass
    called: list[str] = []
    real = Workers.call

    def counted(self: Workers, function: Any, *arguments: Any, **more: Any) -> Any:
        called.append(function.__name__)
        return real(self, function, *arguments, **more)

    monkeypatch.setattr(Workers, "call", counted)
    monkeypatch.setattr("cvs_async.look.live.SECONDS", 4)

    def look() -> None:
        with closing(Live([tmp_path / "a.db"], OPTIONS)) as live:
            hung = 0
            for _ in range(2):
                documents = json.loads(live.part("documents-1") or "")
                [hung] = [place for place, document in enumerate(documents) if document["picture"] == "broken"]
                assert "within 4 seconds" in documents[hung]["picture_note"]
                assert (live.picture(hung, 0), live.cut(hung, 0)) == (None, None)
            assert live.picture(1 - hung, 0)

    await asyncio.to_thread(look)
    assert called == ["draw", "draw", "draw", "picture_of"]  # of the other document twice


# --- the command line


def test_the_command_prints_its_address_and_ends_with_ctrl_c(journal: Path, tmp_path: Path) -> None:
    words = [*COMMAND, "view", str(journal), "--no-browser"]
    interruptible = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # also where the tests run in the background
    with subprocess.Popen(
        words, env=environment(None), stderr=subprocess.PIPE, text=True, preexec_fn=interruptible
    ) as process:
        assert process.stderr is not None
        said = process.stderr.readline() + process.stderr.readline()
        [address] = re.findall(r"http://127\.0\.0\.1:\d+/\?token=\S+", said)
        assert "Its full address is secret" in said
        assert "refresh" in httpx.get(address, timeout=20).text
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(20) in (0, 130)
    assert "Traceback" not in rest
