"""Foreign text in the output of the commands: it is shown, and neither obeyed nor taken for markup."""

from __future__ import annotations

import asyncio
import io
import json
import os
import pty
import subprocess
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.progress import Progress, TextColumn
from rich.table import Table
from rich.text import Text

from cvs_async._text.escape import escaped, escaped_lines
from cvs_async.batch.journal import Journal
from cvs_async.cli._show import Screen
from tests.support.commands import COMMAND, cvs_async, environment
from tests.support.hostile import HOSTILE, OBEYED
from tests.support.servers import ANSWER, answers, bad_server, http


def printed(*things: object, width: int = 500) -> str:
    file = io.StringIO()
    Screen(file, width=width).print(*things)
    return file.getvalue()


@pytest.mark.parametrize("thing", [HOSTILE, Text(HOSTILE)], ids=["text", "Text"])
def test_a_console_shows_control_characters_instead_of_obeying_them(thing: object) -> None:
    told = printed(thing)
    assert not OBEYED.search(told)
    assert "\\u001b]0;pwned" in told
    assert "[/] [red]:smile:" in told


def test_a_line_break_in_a_name_makes_no_line() -> None:
    assert printed("a.jpg\n0 failed").count("\n") == 1


def test_nothing_in_a_table_is_markup_or_control() -> None:
    table = Table(HOSTILE, title=HOSTILE, caption=HOSTILE, show_footer=True)
    table.columns[0].footer = HOSTILE
    table.add_row(HOSTILE)
    told = printed(table)
    assert told.count("[/] [red]:smile:") == 5
    assert not OBEYED.search(told)
    assert len({len(line) for line in told.splitlines() if "│" in line}) == 1, "the columns stay columns"


def test_nothing_in_a_bar_of_progress_is_markup_or_control() -> None:
    file = io.StringIO()
    columns = TextColumn("{task.description}", markup=False)
    with Progress(columns, console=Screen(file, width=500), auto_refresh=False) as progress:
        progress.add_task(HOSTILE)
    assert "[/] [red]:smile:" in file.getvalue()
    assert not OBEYED.search(file.getvalue())


@given(st.text())
def test_escaped_json_is_the_same_json(text: str) -> None:
    told = escaped_lines(json.dumps({"a": text, text: 1}, ensure_ascii=False, indent=1))
    assert json.loads(told) == {"a": text, text: 1}
    assert not OBEYED.search(told)


def test_ordinary_letters_are_not_escaped() -> None:
    name = "Nguyễn Văn Ả (2).jpg – c:\\scans 🙂"
    assert escaped(name) == name


async def journal_of_hostile_text(path: Path) -> None:
    async with Journal(path) as journal:
        key = "a" * 64
        await journal.claim(key, operation=f"ocr.{HOSTILE[:-30]}[/]", source="a.jpg")
        await journal.sent(key, check_sum=HOSTILE.replace("\ud800", ""))
        await journal.ended(key, charge="free", content=b"{}", http_status=200, error="APIError", code="\x1b[1m[/]")


def test_reconcile_and_status_show_a_journal_with_hostile_text(tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    asyncio.run(journal_of_hostile_text(journal))
    reconciled = cvs_async("reconcile", journal)
    assert (reconciled.returncode, reconciled.stderr) == (0, "")
    assert "1 × \\u001b[1m[/]" in reconciled.stdout
    assert not OBEYED.search(reconciled.stdout)
    beside = cvs_async("reconcile", journal, "--csv", "-")
    assert not OBEYED.search(beside.stderr)
    for words in (["status"], ["status", "--json"]):
        status = cvs_async(*words, journal)
        assert (status.returncode, OBEYED.search(status.stdout)) == (0, None)


@pytest.mark.parametrize(
    "arguments",
    [
        ["status", "no \x1b[31m[/]\u202e\n.db"],
        ["purge", "j.db", "--older-than", "\x9b31m[/]"],
        ["call", "ocr.\x1b[31m[/]", "a.jpg"],
        ["call", "ocr.card", "no \x1b[31m[/]\u202e\n.jpg"],
        ["batch", "ocr.card", "a.jpg", "--out", "no \x1b[31m[/]\u202e\n/r.jsonl"],
        ["batch", "ocr.card", "a.jpg", "--concurrency", "\x1b[31m[/]"],
        ["batch", "ocr.card", "--\u202e[/]"],
        ["\u202e[/]"],
        ["samples", "/dev/null/\x1b[31m[/]"],
    ],
)
def test_mistakes_are_quoted_safely(arguments: list[str], tmp_path: Path) -> None:
    ended = cvs_async(*arguments, cwd=tmp_path, CVS_BASE_URL="http://127.0.0.1:9")
    assert ended.returncode == 2
    assert "[/]" in ended.stderr
    assert not OBEYED.search(ended.stdout + ended.stderr)


def test_names_of_files_are_shown_safely_where_they_fail(tmp_path: Path) -> None:
    folder = tmp_path / "\x1b[31mscans[red]\u202e"
    folder.mkdir()
    (folder / "a\nb[bold].jpg").write_bytes(b"")
    words = ["batch", "ocr.card", str(folder), "--base-url", "http://127.0.0.1:9"]
    planned = cvs_async(*words, "--dry-run")
    ended = cvs_async(*words, "--out", folder / "r.jsonl")
    assert (planned.returncode, ended.returncode) == (0, 1)
    assert "a\\u000ab[bold].jpg" in planned.stdout
    assert "\\u001b[31mscans[red]\\u202e/r.jsonl" in ended.stderr
    assert not OBEYED.search(planned.stdout + ended.stderr)


async def test_an_answer_is_printed_as_json_that_a_terminal_does_not_obey(tmp_path: Path) -> None:
    scan = tmp_path / "scan.jpg"
    scan.write_bytes(b"\xff\xd8\xff picture")
    text = "\x9b31m\x7f\u202eNguyễn"
    reply = ANSWER.replace(b"[]", json.dumps([{"type": "passport", "info": {"id": text}}]).encode())
    async with bad_server(answers(http(reply))) as server:
        words = ["call", "ocr.card", str(scan), "--base-url", server.base_url]
        for more in ([], ["--raw"]):
            ended = await asyncio.to_thread(cvs_async, *words, *more)
            assert ended.returncode == 0
            assert text in json.dumps(json.loads(ended.stdout), ensure_ascii=False)
            assert "Nguyễn" in ended.stdout
            assert not OBEYED.search(ended.stdout)


def on_a_terminal(*words: str | Path) -> tuple[int, str]:
    """Run a command whose standard output is a terminal: its exit code, and what the terminal gets."""
    master, slave = pty.openpty()
    parts = list[bytes]()

    def read() -> None:
        try:
            while part := os.read(master, 1 << 16):
                parts.append(part)
        except OSError:  # Linux reports the end of the terminal so
            return

    reader = threading.Thread(target=read)
    reader.start()
    command = [*COMMAND, *map(str, words)]
    ended = subprocess.run(command, env=environment(None), stdout=slave, stderr=subprocess.DEVNULL, timeout=60)
    os.close(slave)
    reader.join()
    os.close(master)
    return ended.returncode, b"".join(parts).decode().replace("\r\n", "\n")


async def test_lines_of_json_on_a_terminal_are_the_same_json_and_are_not_obeyed(tmp_path: Path) -> None:
    scan = tmp_path / "scan\x9b31m\u202e.jpg"
    scan.write_bytes(b"\xff\xd8\xff picture")
    text = "\x9b31m\x7f\u202eNguyễn"
    reply = ANSWER.replace(b"[]", json.dumps([{"type": "passport", "info": {"id": text}}]).encode())
    journal = tmp_path / "j.db"
    async with bad_server(answers(http(reply))) as server:
        words: list[str | Path] = [
            "batch",
            "ocr.card",
            scan,
            "--base-url",
            server.base_url,
            "--journal",
            journal,
            "--out",
            "-",
        ]
        batch = await asyncio.to_thread(on_a_terminal, *words)
    export = await asyncio.to_thread(on_a_terminal, "export", journal, "--to", "-")
    for code, told in (batch, export):
        assert (code, OBEYED.search(told)) == (0, None)
        assert "Nguyễn" in told
        line = json.loads(told)
        assert (line["source"], line["data"][0]["info"]["id"]["value"]) == (str(scan), text)


def test_rows_of_csv_on_a_terminal_are_not_obeyed(tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    asyncio.run(journal_of_hostile_text(journal))
    code, told = on_a_terminal("reconcile", journal, "--csv", "-")
    assert (code, OBEYED.search(told)) == (0, None)
    assert told.count("\n") == 2
    assert "\\u001b]0;pwned" in told
