"""A batch never reads its own journal, results and pictures as inputs, whatever source lists them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cvs_async import AsyncCVS, Done, Failed, InvalidInputError
from cvs_async._system.files import KeptFileError, kept_apart, open_regular
from cvs_async.sandbox import Sample, Sandbox
from tests.conftest import good
from tests.support.commands import COMMAND, environment, lines

COMPANIONS = ("", "-wal", "-shm", "-lock")


async def test_a_journal_in_the_list_of_its_own_batch_is_not_sent(
    cvs: AsyncCVS, sandbox: Sandbox, samples: list[Sample], tmp_path: Path
) -> None:
    scan, journal = good(samples)[0], tmp_path / "j.db"
    files = [str(scan), *(f"{journal}{companion}" for companion in COMPANIONS), str(tmp_path / "." / "j.db")]
    before = sandbox.ledger.requests
    async with cvs.batch(cvs.ocr.card, files, journal=journal, ordered=True) as outcomes:
        ended = [outcome async for outcome in outcomes]
    assert sandbox.ledger.requests == before + 1
    assert isinstance(ended[0], Done)
    assert len(ended) == len(files)
    for outcome in ended[1:]:
        assert isinstance(outcome, Failed)
        assert isinstance(outcome.error, InvalidInputError)
        assert "journal or results file of this process" in str(outcome.error)
        assert outcome.error.charge == "free"


def find_and_batch(folder: Path, sandbox: Sandbox) -> int:
    """Send all that `find` finds, with a journal, results and pictures beside it."""
    words = ["batch", "ocr.card", "-", "--null", "--journal", "j.db", "--out", "r.jsonl"]
    found = subprocess.run(["find", ".", "-type", "f", "-print0"], cwd=folder, capture_output=True, check=True)
    return subprocess.run(
        [*COMMAND, *words, "--get-thumb", "--thumbs", "pictures"],
        input=found.stdout,
        env=environment(sandbox),
        cwd=folder,
        capture_output=True,
        timeout=60,
    ).returncode


def test_what_a_batch_has_written_is_not_paid_for_when_find_lists_it(samples: list[Sample], tmp_path: Path) -> None:
    (tmp_path / "scan.jpg").write_bytes(good(samples)[0].read_bytes())
    with Sandbox() as sandbox:
        assert find_and_batch(tmp_path, sandbox) == 0
        assert sandbox.ledger.requests == 1
        pictures = list((tmp_path / "pictures").iterdir())
        assert len(pictures) == 1
        assert find_and_batch(tmp_path, sandbox) == 1
        assert sandbox.ledger.requests == 1
    failed = {
        os.path.normpath(str(line["source"])) for line in lines(tmp_path / "r.jsonl") if line["status"] == "failed"
    }
    assert failed == {"j.db", "j.db-lock", "r.jsonl", f"pictures/{pictures[0].name}"}


def test_a_file_is_kept_whatever_path_leads_to_it_and_only_for_that_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kept").mkdir()
    for name in ("a.jpg", "b.jpg", "kept/a.jpg", "other-a.jpg"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    refused: list[str | Path] = [
        "a.jpg",
        "./a.jpg",
        tmp_path / "a.jpg",
        "link/a.jpg",
        "kept/../a.jpg",
        "kept/a.jpg",
        "link/kept/a.jpg",
    ]
    with kept_apart("a.jpg", tmp_path / "kept"):
        for path in refused:
            with pytest.raises(KeptFileError):
                open_regular(path)
        for path in ("b.jpg", "other-a.jpg"):
            os.close(open_regular(path)[0])
    for path in refused:
        os.close(open_regular(path)[0])
