"""Help for people who do not know the commands yet, and differences between a terminal and a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from cvs_async.api import OPERATIONS
from cvs_async.cli.app import ELSEWHERE, app
from cvs_async.sandbox import Sample, Sandbox
from tests.conftest import good
from tests.support import forked
from tests.support.commands import cvs_async, environment, lines

NAMED = [sys.executable, "-c", "import sys; sys.argv[0] = 'cvs-async'; from cvs_async.cli import main; main()"]
"""The command under its own name, by which shells ask for completions."""
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def on_a_terminal(*arguments: str | Path, sandbox: Sandbox | None = None, columns: int = 80) -> tuple[int, str]:
    """Run a command whose standard output and error are a terminal; return its exit code and what it wrote there."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    surroundings = environment(sandbox, TERM="xterm")
    surroundings.pop("COLUMNS", None)
    command = forked.run_on(slave, [*map(str, arguments)], surroundings)
    os.close(slave)
    written = b""
    while chunk := _read(master):
        written += chunk
    os.close(master)
    return command.wait(60), ANSI.sub("", written.decode()).replace("\r\n", "\n")


def _read(master: int) -> bytes:
    try:
        return os.read(master, 1 << 16)
    except OSError:  # Linux reports the closed terminal so
        return b""


COMMANDS = [str(command.name) for command in app.registered_commands]


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_h_is_help(name: str) -> None:
    ended = cvs_async(*filter(None, [name]), "-h")
    assert ended.returncode == 0
    assert "Usage" in ended.stdout
    assert ended.stdout == cvs_async(*filter(None, [name]), "--help").stdout


@pytest.mark.parametrize("name", sorted(ELSEWHERE.keys() - set(COMMANDS)))
def test_a_command_with_another_name_is_suggested(name: str) -> None:
    ended = cvs_async(name, "night.db")
    said = " ".join(ended.stderr.replace("│", " ").split())
    assert ended.returncode == 2
    assert f"There is no command {name}: " in said
    assert any(f"cvs-async {known}" in said for known in COMMANDS)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["bacth", "ocr.card"], "Did you mean 'batch'?"),
        (["batch", "ocr.card", "a.jpg", "--concurency", "3"], "--concurrency"),
        (["batch", "ocr.invoice", "a.jpg"], "did you mean ocr.document.invoice?"),
        (["call", "ocr.crad", "a.jpg"], "did you mean ocr.card or ocr.scan?"),
        (["batch", "auto", "scans/"], "Name the operation for the files"),
        (["export", "night.db", "--to", "x.csv", "--status", "fialed"], "did you mean failed?"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_one(words: list[str], answer: str) -> None:
    ended = cvs_async(*words)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert answer in " ".join(ended.stderr.replace("│", " ").split())


@pytest.mark.parametrize("words", [["--help"], ["samples", "--help"], ["batch", "--help"]])
def test_flags_are_shown_without_a_type(words: list[str]) -> None:
    lines = cvs_async(*words).stdout.splitlines()
    assert [line for line in lines if "--help " in line] != []
    assert [line for line in lines if "bool" in line] == []


def test_a_shell_completes_commands_options_and_operations() -> None:
    def completed(line: str) -> set[str]:
        words = {"_CVS_ASYNC_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
        ended = subprocess.run(NAMED, env=environment(None, **words), capture_output=True, text=True, timeout=60)
        return set(ended.stdout.split())

    assert completed("cvs-async ex") == {"export"}
    assert completed("cvs-async call ocr.ca") == {"ocr.card"}
    assert "--max-billed" in completed("cvs-async batch --max")


def test_installing_completion_writes_below_the_home_folder_only(tmp_path: Path) -> None:
    ended = subprocess.run(
        [*NAMED, "--install-completion", "bash"],
        env=environment(None, HOME=str(tmp_path), _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {".bashrc", ".bash_completions/cvs-async.sh"}


def test_on_a_terminal_a_batch_without_out_sends_nothing_and_says_where_results_can_go(samples: list[Sample]) -> None:
    with Sandbox() as sandbox:
        code, said = on_a_terminal("batch", "ocr.card", good(samples)[0], sandbox=sandbox)
        assert sandbox.ledger.requests == 0
    assert code == 2
    assert "--out results.jsonl" in said
    assert "--out -" in said


def test_on_a_terminal_results_are_shown_where_that_is_asked_for(samples: list[Sample]) -> None:
    with Sandbox() as sandbox:
        code, said = on_a_terminal("batch", "ocr.card", good(samples)[0], "--out", "-", sandbox=sandbox, columns=120)
        assert sandbox.ledger.billed == 1
    assert code == 0
    assert '"status": "done"' in said


def test_a_pipe_receives_the_results(samples: list[Sample]) -> None:
    with Sandbox() as sandbox:
        ended = cvs_async("batch", "ocr.card", good(samples)[0], sandbox=sandbox)
    assert (ended.returncode, len(ended.stdout.splitlines())) == (0, 1)


def test_a_plan_goes_to_the_terminal(samples: list[Sample]) -> None:
    with Sandbox() as sandbox:
        code, said = on_a_terminal("batch", "ocr.card", good(samples)[0], "--dry-run", sandbox=sandbox)
    assert (code, "Nothing was sent" in said) == (0, True)


@pytest.mark.parametrize("columns", [40, 80])
def test_lines_on_a_terminal_are_broken_between_words(samples: list[Sample], tmp_path: Path, columns: int) -> None:
    broken = next(sample.path for sample in samples if sample.kind == "broken")
    with Sandbox() as sandbox:
        arguments = ("batch", "ocr.card", broken, good(samples)[0], "--out", tmp_path / "r.jsonl")
        said = on_a_terminal(*arguments, sandbox=sandbox, columns=columns)[1]
    shown = [line.rstrip() for part in said.split("\n") for line in part.split("\r")]
    assert max(map(len, shown)) <= columns
    assert "1 failed" in " ".join(" ".join(shown).split())


def test_samples_say_how_far_they_are(tmp_path: Path) -> None:
    code, said = on_a_terminal("samples", tmp_path / "s", "--count", "6")
    assert (code, "6 of 6" in said) == (0, True)


def test_an_export_says_how_far_it_is_and_may_have_some_outcomes_only(samples: list[Sample], tmp_path: Path) -> None:
    files = [sample.path for sample in samples if sample.kind in ("broken", "citizen_card")]
    journal = tmp_path / "j.db"
    with Sandbox() as sandbox:
        cvs_async("batch", "ocr.card", *files, "--journal", journal, "--out", tmp_path / "r.jsonl", sandbox=sandbox)
    everything = lines(tmp_path / "r.jsonl")
    code, said = on_a_terminal("export", journal, "--to", tmp_path / "all.jsonl")
    exported = lines(tmp_path / "all.jsonl")
    assert (code, f"{len(exported)} of {len(exported)}" in said) == (0, True)
    for status in ("done", "failed", "held"):
        assert cvs_async("export", journal, "--to", tmp_path / f"{status}.jsonl", "--status", status).returncode == 0
        wanted = [line["source"] for line in exported if line["status"] == status]
        assert [line["source"] for line in lines(tmp_path / f"{status}.jsonl")] == wanted
    assert any(line["status"] == "failed" for line in everything)
    both = cvs_async("export", journal, "--to", "-", "--status", "failed, held")
    assert '"status": "done"' not in both.stdout
    assert len(both.stdout.splitlines()) == sum(line["status"] != "done" for line in exported) > 0


def test_operations_say_what_they_do_in_80_columns() -> None:
    code, told = on_a_terminal("operations")
    assert code == 0
    assert max(map(len, told.splitlines())) <= 80
    rows = {line.split()[0] for line in told.splitlines() if line.strip() and not line.startswith("  ")}
    assert set(OPERATIONS) <= rows
    assert "Read one identity card" in told


def test_an_operation_has_a_page_of_its_own() -> None:
    ended = cvs_async("operations", "ekyc.face_matching")
    assert ended.returncode == 0
    for part in ("Compare the face", "img1, img2", "type1=card", "001, Face Matching 1 to 3"):
        assert part in ended.stdout
    assert "cloud, called at https://cloud.computervision.com.vn" in ended.stdout
    ended = cvs_async(
        "operations", "ocr.document.invoice_hospital", CVS_BASE_URL="ocr.document.invoice_hospital=http://cvs.test"
    )
    assert "demo, called at http://cvs.test" in ended.stdout
    for operation, listed in (
        ("v3.ekyc.face_matching", "no"),
        ("ocr.scan", "no, in a comment only"),
        ("ocr.card", "yes"),
    ):
        (line,) = (line for line in cvs_async("operations", operation).stdout.splitlines() if "listed:" in line)
        assert line.partition("listed:")[2].strip() == listed
    wrong = cvs_async("operations", "ocr.invoice")
    assert (wrong.returncode, "did you mean ocr.document.invoice?" in wrong.stderr) == (2, True)


def test_fields_are_those_of_the_operation() -> None:
    assert "rest" not in cvs_async("fields", "v1.get_scan_a4").stdout.split()
    assert "such as rest." not in cvs_async("fields", "v1.get_scan_a4").stdout
    names = [line.split()[0] for line in cvs_async("fields", "v1.get_blx").stdout.splitlines()]
    assert "valid" not in names
    assert "valid" in [line.split()[0] for line in cvs_async("fields", "v1.get_infor").stdout.splitlines()]
    assert "image" in [line.split()[0] for line in cvs_async("fields", "ocr.document.general").stdout.splitlines()]
