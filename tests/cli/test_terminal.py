"""The command line and its surroundings: lost terminals, closed streams, other encodings, foreign text."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import subprocess
import termios
from pathlib import Path

import pytest

from cvs_async.sandbox import Sample, Sandbox
from tests.conftest import good
from tests.support.commands import COMMAND, cvs_async, environment, lines, start, wait_for


def in_doubt(journal: Path) -> int:
    return int(json.loads(cvs_async("status", journal, "--json").stdout)["in_doubt"])


@pytest.fixture
def batch(samples: list[Sample], tmp_path: Path) -> list[str | Path]:
    """A batch of three documents, with a journal."""
    files = [sample.path for sample in samples if sample.kind == "citizen_card"][:3]
    return ["batch", "ocr.card", *files, "--journal", tmp_path / "j.db", "--out", tmp_path / "r.jsonl"]


def test_after_a_hang_up_a_batch_waits_for_what_is_in_flight(batch: list[str | Path], tmp_path: Path) -> None:
    with Sandbox(latency=2) as sandbox, start(*batch, sandbox=sandbox) as process:
        wait_for(lambda: sandbox.ledger.requests == 3, process)
        for _ in range(2):  # one of the terminal, one of the shell
            process.send_signal(signal.SIGHUP)
        said = process.communicate(timeout=30)[1]
        assert process.returncode == 130
    assert "3 calls in flight" in said
    assert in_doubt(tmp_path / "j.db") == 0
    assert len(lines(tmp_path / "r.jsonl")) == 3


def test_a_batch_survives_the_loss_of_its_terminal(batch: list[str | Path], tmp_path: Path) -> None:
    master, slave = pty.openpty()

    def adopt() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    with Sandbox(latency=2) as sandbox:
        process = subprocess.Popen(
            [*COMMAND, *map(str, batch)],
            env=environment(sandbox),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=adopt,
            text=True,
        )
        with process:
            os.close(slave)
            wait_for(lambda: sandbox.ledger.requests == 3, process)
            os.close(master)  # the kernel sends SIGHUP, and all that is written afterwards fails with EIO
            assert process.wait(30) == 130
    assert in_doubt(tmp_path / "j.db") == 0
    assert len(lines(tmp_path / "r.jsonl")) == 3


def test_under_nohup_a_hang_up_is_nothing(batch: list[str | Path], tmp_path: Path) -> None:
    with Sandbox(latency=2) as sandbox:
        process = subprocess.Popen(
            ["nohup", *COMMAND, *map(str, batch)],
            env=environment(sandbox),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            wait_for(lambda: sandbox.ledger.requests == 3, process)
            process.send_signal(signal.SIGHUP)
            assert "3 items: 3 done" in process.communicate(timeout=30)[1]
            assert process.returncode == 0


def test_messages_that_cannot_be_written_do_not_end_a_batch(batch: list[str | Path], tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with Sandbox(latency=2) as sandbox:
        process = subprocess.Popen([*COMMAND, *map(str, batch)], env=environment(sandbox), stderr=writing, text=True)
        with process:
            os.close(writing)
            wait_for(lambda: sandbox.ledger.requests == 3, process)
            os.close(reading)
            assert process.wait(30) == 0
    assert len(lines(tmp_path / "r.jsonl")) == 3


@pytest.mark.parametrize("name", ["SIGHUP", "SIGTERM", "SIGINT"])
def test_a_call_that_is_ended_waits_for_the_answer_to_its_request(samples: list[Sample], name: str) -> None:
    with Sandbox(latency=2) as sandbox, start("call", "ocr.card", good(samples)[0], sandbox=sandbox) as process:
        wait_for(lambda: sandbox.ledger.requests == 1, process)
        process.send_signal(getattr(signal, name))
        read, said = process.communicate(timeout=30)
        assert process.returncode == 0
    assert json.loads(read)
    assert "may be paid for" in said


def test_a_call_whose_request_was_not_sent_ends_at_once(samples: list[Sample]) -> None:
    arguments = ("call", "ocr.card", good(samples)[0])
    with Sandbox(faults="503=1", retry_after=60) as sandbox, start(*arguments, sandbox=sandbox) as process:
        wait_for(lambda: sandbox.ledger.requests == 1, process)
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=20)[1]
        assert (process.returncode, "nothing is in flight" in said) == (130, True)


def as_bytes(
    *arguments: str | Path, sandbox: Sandbox | None = None, cwd: Path | None = None, **more: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a command where the interpreter is not in UTF-8 mode."""
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(
        command, env=environment(sandbox, PYTHONUTF8="0", **more), cwd=cwd, capture_output=True, timeout=60
    )


ENCODINGS = [
    {"PYTHONIOENCODING": "cp1252"},
    {"PYTHONIOENCODING": "cp1258:strict"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONCOERCECLOCALE": "0", "LC_ALL": "C", "PYTHONIOENCODING": ""},
]


@pytest.mark.parametrize("surroundings", ENCODINGS, ids=["cp1252", "cp1258", "ascii", "C"])
def test_standard_output_is_utf_8_whatever_the_surroundings(
    sandbox: Sandbox, samples: list[Sample], tmp_path: Path, surroundings: dict[str, str]
) -> None:
    def run(*arguments: str | Path) -> str:
        ended = as_bytes(*arguments, sandbox=sandbox, cwd=tmp_path, **surroundings)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.decode("utf-8")

    scan = tmp_path / "scan.jpg"
    scan.write_bytes(good(samples)[0].read_bytes())
    read = json.loads(run("call", "ocr.card", scan))
    assert not read[0]["info"]["name"]["value"].isascii()
    assert json.loads(run("batch", "ocr.card", scan, "--journal", "j.db"))["source"] == str(scan)
    assert "│ billed" in run("status", "j.db")
    assert "ocr.card" in run("reconcile", "j.db")
    assert "│ ocr.card" in run("operations", "--long")


def test_a_message_that_the_terminal_cannot_spell_is_escaped(tmp_path: Path) -> None:
    ended = as_bytes("status", "căn cước.db", cwd=tmp_path, PYTHONIOENCODING="cp1252:strict")
    assert (ended.returncode, rb"c\u0103n c\u01b0\u1edbc.db" in ended.stderr) == (2, True)


def in_shell(
    command: str, *arguments: str | Path, sandbox: Sandbox | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a shell command in which "$@" is cvs-async with these arguments."""
    return subprocess.run(
        ["bash", "-c", command, "bash", *COMMAND, *map(str, arguments)],
        env=environment(sandbox),
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )


@pytest.mark.parametrize(
    ("redirection", "sentence"),
    [
        ('"$@" >&-', "standard output is closed: results cannot be written"),
        ('"$@" 1< /dev/null', "standard output cannot be written"),
    ],
    ids=["closed", "for reading"],
)
@pytest.mark.parametrize("command", ["batch", "call"])
def test_without_standard_output_nothing_is_paid(
    sandbox: Sandbox, samples: list[Sample], command: str, redirection: str, sentence: str
) -> None:
    ended = in_shell(redirection, command, "ocr.card", good(samples)[0], sandbox=sandbox)
    assert (ended.returncode, sandbox.ledger.requests) == (2, 0)
    assert sentence in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["batch", "call"])
def test_without_a_reader_of_standard_output_nothing_is_paid(
    sandbox: Sandbox, samples: list[Sample], command: str
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    words = [*COMMAND, command, "ocr.card", str(good(samples)[0])]
    ended = subprocess.run(words, env=environment(sandbox), stdout=writing, stderr=subprocess.PIPE, timeout=60)
    os.close(writing)
    assert (ended.returncode, sandbox.ledger.requests) == (2, 0)
    assert b"standard output has no reader" in ended.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["operations"],
        ["fields"],
        ["fields", "ocr.card"],
        ["status", "j.db"],
        ["status", "j.db", "--json"],
        ["reconcile", "j.db"],
    ],
)
def test_a_command_whose_output_is_closed_says_so(
    sandbox: Sandbox, samples: list[Sample], tmp_path: Path, words: list[str]
) -> None:
    cvs_async("batch", "ocr.card", good(samples)[0], "--journal", "j.db", sandbox=sandbox, cwd=tmp_path)
    ended = in_shell('"$@" >&-', *words, cwd=tmp_path)
    assert (ended.returncode, "standard output is closed" in ended.stderr) == (2, True)
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [["operations"], ["fields", "ocr.card"], ["--help"], ["--version"]])
def test_a_full_disk_behind_standard_output_is_an_error(words: list[str]) -> None:
    ended = in_shell('"$@" > /dev/full', *words)
    assert (ended.returncode, "No space left" in ended.stderr) == (2, True)
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("closed", ["2>&-", "2>&- >&-", "2>&- >&- <&-"])
def test_a_batch_that_writes_to_a_file_needs_no_other_stream(
    batch: list[str | Path], tmp_path: Path, closed: str
) -> None:
    with Sandbox() as sandbox:
        ended = in_shell(f'"$@" {closed}', *batch, sandbox=sandbox)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [line["status"] for line in lines(tmp_path / "r.jsonl")] == ["done"] * 3


def test_standard_input_that_is_closed_is_an_error(tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        ended = in_shell('"$@" <&-', "batch", "ocr.card", "-", "--out", "r.jsonl", sandbox=sandbox, cwd=tmp_path)
    assert (ended.returncode, "standard input: Bad file descriptor" in ended.stderr) == (2, True)


def test_a_dry_run_is_silent_about_what_pypdf_finds_wrong(tmp_path: Path) -> None:
    page = "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    end = "xref\n0 1\n0000000000 65535 f \ntrailer<</Root 1 0 R/Size 3>>\nstartxref\n5\n%%EOF\n"
    (tmp_path / "broken.pdf").write_text(f"%PDF-1.4\n{page}{end}")
    ended = cvs_async("batch", "ocr.card", "broken.pdf", "--dry-run", cwd=tmp_path, CVS_BASE_URL="http://127.0.0.1:9")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_message_that_cannot_be_written_does_not_change_the_exit_code() -> None:
    for closed in ("2>&-", "2>/dev/full"):
        assert in_shell(f'"$@" {closed}', "status", "--none").returncode == 2


@pytest.mark.parametrize("where", ["", "in a thread", "in a log"])
def test_the_traceback_of_an_unexpected_error_is_escaped(where: str) -> None:
    fail = "raise LookupError('\\x1b[31m\\x9b\\u202e')"
    programs = {
        "": fail,
        "in a thread": f"import threading; threading.Thread(target=lambda: exec({fail!r})).start()",
        "in a log": "import logging; logging.getLogger('another').warning('\\x1b[31m\\x9b\\u202e')",
    }
    program = f"from cvs_async.cli._streams import prepare; prepare(); {programs[where]}"
    ended = subprocess.run([COMMAND[0], "-c", program], env=environment(None), capture_output=True, encoding="utf-8")
    assert "\\u001b[31m\\u009b\\u202e" in ended.stderr
    assert not {"\x1b", "\x9b", "\u202e"} & set(ended.stderr)
