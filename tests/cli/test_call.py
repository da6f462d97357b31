"""Output of ``cvs-async call``: JSON or a table, and pictures in files rather than in the terminal."""

from __future__ import annotations

import base64
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cvs_async.cli.app import app
from cvs_async.sandbox import Sample, Sandbox
from tests.support.commands import cvs_async


def card_of(samples: list[Sample]) -> Path:
    return next(sample.path for sample in samples if sample.kind == "citizen_card")


def read(*words: str | Path, sandbox: Sandbox) -> Any:
    """Return the output of a call as JSON."""
    ended = cvs_async("call", *words, sandbox=sandbox)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def picture_of(card: Path, sandbox: Sandbox) -> bytes:
    """The picture in the answer."""
    raw = read("ocr.card", card, "--get-thumb", "--raw", sandbox=sandbox)
    return base64.b64decode(raw["data"]["info"]["image"])


def test_a_picture_is_printed_by_its_kind_and_size(sandbox: Sandbox, samples: list[Sample]) -> None:
    card = card_of(samples)
    ended = cvs_async("call", "ocr.card", card, "--get-thumb", sandbox=sandbox)
    (paper,) = json.loads(ended.stdout)
    size = round(len(picture_of(card, sandbox)) / 1024)
    assert paper["info"]["image"] == f"<image/jpeg, {size} KB>"
    assert "Pictures not saved: 1; --thumbs DIR writes them to files, --raw prints them." in ended.stderr
    assert len(ended.stdout) < 10_000


def test_all_pictures_of_an_answer_are_printed_so(sandbox: Sandbox, samples: list[Sample]) -> None:
    card = card_of(samples)
    matching = read("ekyc.face_matching", card, card, sandbox=sandbox)
    assert [matching[face].startswith("<image/jpeg, ") for face in ("face1", "face2")] == [True, True]


def test_pictures_of_an_answer_without_declared_types_are_shown_and_kept_alike(
    sandbox: Sandbox, samples: list[Sample], tmp_path: Path
) -> None:
    """The stamp of a legal document needs no --get-thumb."""
    words = ("ocr.document.van_ban_phap_quy", card_of(samples), "--set", "get_seal=true")
    (shown,) = read(*words, sandbox=sandbox)
    assert shown["seal"].startswith("<image/jpeg, ")
    table = cvs_async("call", *words, "--table", sandbox=sandbox)
    assert "<image/jpeg, " in table.stdout
    assert len(table.stdout) < 10_000
    (named,) = read(*words, "--thumbs", tmp_path / "p", sandbox=sandbox)
    (kept,) = (tmp_path / "p").iterdir()
    assert named["seal"] == str(kept)
    assert kept.read_bytes().startswith(b"\xff\xd8\xff")
    batch = ("batch", *words, "--thumbs", tmp_path / "q", "--out", tmp_path / "r.jsonl")
    assert cvs_async(*batch, sandbox=sandbox).returncode == 0
    assert [path.read_bytes() for path in (tmp_path / "q").iterdir()] == [kept.read_bytes()]


def test_pictures_are_kept_in_a_folder_and_named_in_the_json(
    sandbox: Sandbox, samples: list[Sample], tmp_path: Path
) -> None:
    card, folder = card_of(samples), tmp_path / "new" / "pictures"
    words = ("ocr.card", card, "--get-thumb", "--thumbs", folder)
    (paper,) = read(*words, sandbox=sandbox)
    kept = folder / "0-0-chip_id_card_front.jpg"
    assert paper["info"]["image"] == str(kept)
    assert kept.read_bytes() == picture_of(card, sandbox)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (kept, folder)] == [0o600, 0o700]


def test_no_picture_replaces_a_file(sandbox: Sandbox, samples: list[Sample], tmp_path: Path) -> None:
    card, own = card_of(samples), tmp_path / "0-0-chip_id_card_front.jpg"
    own.write_bytes(b"mine")
    (tmp_path / "0-0-chip_id_card_front-2.jpg").symlink_to(tmp_path / "nowhere")
    names = [
        read("ocr.card", card, "--get-thumb", "--thumbs", tmp_path, sandbox=sandbox)[0]["info"]["image"]
        for _ in range(2)
    ]
    assert names == [str(tmp_path / f"0-0-chip_id_card_front-{number}.jpg") for number in (3, 4)]
    assert own.read_bytes() == b"mine"
    assert not (tmp_path / "nowhere").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".part")]


def test_a_table_is_printed_instead_of_json(sandbox: Sandbox, samples: list[Sample], tmp_path: Path) -> None:
    card = card_of(samples)
    words = ("call", "ocr.card", card, "--get-thumb", "--thumbs", tmp_path / "p", "--table")
    ended = cvs_async(*words, sandbox=sandbox)
    assert ended.returncode == 0, ended.stderr
    number = read("ocr.card", card, sandbox=sandbox)[0]["info"]["id"]["value"]
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in ended.stdout.splitlines() if "│" in line]
    assert ["info.id", number] in [row[:2] for row in rows]
    assert "chip_id_card_front" in ended.stdout
    assert "<image/jpeg, " in ended.stdout
    assert len(list((tmp_path / "p").iterdir())) == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--raw", "--table"), "--raw prints the answer as received"),
        (("--raw", "--get-thumb", "--thumbs", "p"), "--raw prints the answer as received"),
        (("--thumbs", "p"), "--thumbs requires --get-thumb"),
        (("--get-thumb", "--thumbs", "file"), "file is a file, not a folder"),
        (("--get-thumb", "--thumbs", "/proc/pictures"), "/proc/pictures cannot be written"),
    ],
)
def test_impossible_options_are_refused_before_anything_is_paid(
    words: tuple[str, ...], sentence: str, samples: list[Sample], tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with Sandbox() as sandbox:
        ended = cvs_async("call", "ocr.card", card_of(samples), *words, sandbox=sandbox, cwd=tmp_path)
        assert (ended.returncode, len(sandbox.ledger)) == (2, 0)
    assert sentence in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("more", [[], ["--table"]])
def test_a_picture_that_cannot_be_written_is_in_the_json(
    more: list[str], samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: str, flags: int) -> int:
        Path(path).touch()
        return os.open("/dev/full", os.O_WRONLY)

    monkeypatch.setenv("CVS_API_KEY", "key")
    monkeypatch.setenv("CVS_API_SECRET", "secret")
    with Sandbox() as sandbox:
        monkeypatch.setattr("cvs_async._system.atomic.open_private", full)
        words = ["call", "ocr.card", str(card_of(samples)), "--get-thumb", "--thumbs", str(tmp_path / "p")]
        ended = CliRunner().invoke(app, [*words, *more, "--base-url", sandbox.base_url])
    assert ended.exit_code == 2
    (paper,) = json.loads(ended.stdout)
    assert base64.b64decode(paper["info"]["image"]).startswith(b"\xff\xd8\xff")
    assert "0-0-chip_id_card_front.jpg cannot be written: No space left on device" in ended.stderr.replace("\n", "")
    assert list((tmp_path / "p").iterdir()) == []
