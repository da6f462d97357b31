"""Outputs of the commands: only files made by the same journal are ever replaced, and only the owner can read them."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import Result

from cvs_async import InvalidInputError
from cvs_async._codec.reply import Reply
from cvs_async.batch import Csv, Done, JsonLines, Parquet
from cvs_async.batch.journal import Journal, JournalError
from cvs_async.batch.outcome import Item
from cvs_async.batch.sinks.thumbnails import Thumbnails
from cvs_async.cli._results import Results, TableOptions
from cvs_async.sandbox import Sample, Sandbox
from tests.support.commands import COMMAND, environment, lines, run, start, wait_for

COMPANIONS = ("-wal", "-shm", "-lock")


@pytest.fixture
def scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with three pictures, in the working folder."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(3):
        Image.new("RGB", (64, 40), (number, 90, 200)).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def batch(scans: Path, sandbox: Sandbox) -> Callable[..., Result]:
    """A batch over all pictures, with the journal j.db."""

    def begin(*words: object, out: object = "r.jsonl", journal: object = "j.db") -> Result:
        return run("batch", "ocr.card", scans, "--journal", journal, "--out", out, *words, sandbox=sandbox)

    return begin


def everything(folder: Path) -> dict[str, bytes]:
    """All files below a folder with their contents; without the journals', which are opened."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".db" not in path.name)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def drafts(folder: Path) -> list[Path]:
    return list(folder.glob("*.part"))


def outcome(number: int = 0) -> Done[Any]:
    return Done(Item(number, "scan.jpg"), Reply(operation="ocr.card", data=None, raw={}))


@contextmanager
def under_way(*words: str | Path) -> Iterator[str]:
    """A batch of three that waits for its answers, as a process of its own; killed in the end. Gives the service."""
    with Sandbox(latency=60) as slow, start(*words, sandbox=slow) as process:
        try:
            wait_for(lambda: slow.ledger.requests >= 3, process)
            yield slow.base_url
        finally:
            process.kill()
            process.communicate()


# --- what is replaced


def test_a_file_that_the_journal_did_not_make_is_refused(
    batch: Callable[..., Result], scans: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    assert batch().exit_code == 0
    assert batch(journal="other.db", out="other.jsonl").exit_code == 0
    (tmp_path / "customers.csv").write_text("customer,phone\nLan,0901\n")
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "dangling.jsonl").symlink_to("nowhere.jsonl/deeper")
    (tmp_path / "link.csv").symlink_to("customers.csv")
    sent, before, other = sandbox.ledger.requests, everything(tmp_path), (tmp_path / "other.db").read_bytes()
    victims = ["customers.csv", "empty.jsonl", "dangling.jsonl", "link.csv", "other.jsonl", "other.db", "scans/1.png"]
    for victim in victims:
        for words in ((), ("--in-doubt", "retry")):
            refused = batch(*words, out=victim)
            assert (refused.exit_code, victim.partition("/")[0] in refused.stderr) == (2, True), victim
    assert everything(tmp_path) == before
    assert (tmp_path / "other.db").read_bytes() == other
    assert sandbox.ledger.requests == sent


@pytest.mark.parametrize("name", ["r.jsonl", "r.csv", "r.parquet"])
def test_what_the_journal_made_is_made_anew(batch: Callable[..., Result], tmp_path: Path, name: str) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "linked").symlink_to("real")
    for out in (f"real/{name}", f"linked/{name}", tmp_path / "real" / name):
        assert batch(out=out).exit_code == 0
        assert os.listdir("real") == [name]
    (tmp_path / name).symlink_to(f"real/{name}")
    assert batch(out=name).exit_code == 0
    assert (tmp_path / name).is_symlink()
    assert os.listdir("real") == [name]


@pytest.mark.parametrize("how", ["edited", "replaced", "longer"])
def test_a_results_file_that_was_changed_since_is_the_users(
    batch: Callable[..., Result], tmp_path: Path, how: str
) -> None:
    assert batch().exit_code == 0
    out = tmp_path / "r.jsonl"
    if how == "replaced":
        (tmp_path / "mine").write_bytes(out.read_bytes())
        os.utime(tmp_path / "mine", ns=(0, out.stat().st_mtime_ns))
        os.replace(tmp_path / "mine", out)
    elif how == "edited":
        os.utime(out, ns=(0, out.stat().st_mtime_ns + 1))
    else:
        modified = out.stat().st_mtime_ns
        out.write_bytes(out.read_bytes() + b"a note\n")
        os.utime(out, ns=(0, modified))
    before = everything(tmp_path)
    refused = batch()
    assert (refused.exit_code, everything(tmp_path)) == (2, before)
    assert "move it away, or choose another name" in refused.stderr
    out.rename(tmp_path / "kept.jsonl")
    assert batch().exit_code == 0
    assert len(lines(out)) == 3


def test_a_file_is_replaced_whatever_note_remains_after_a_kill(
    batch: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cvs_async._system.atomic import AtomicFile

    assert batch().exit_code == 0
    before = (tmp_path / "r.jsonl").read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(AtomicFile, "commit", lambda self: None)  # noted, and not renamed any more
        assert batch().exit_code == 0
    assert (tmp_path / "r.jsonl").read_bytes() == before
    assert len(list(tmp_path.glob(".r.jsonl.*.part"))) == 1
    (tmp_path / ".r.jsonl.01234567.part").write_text("of somebody else")
    assert batch().exit_code == 0
    assert [path.name for path in tmp_path.glob("*.part")] == [".r.jsonl.01234567.part"]
    assert (tmp_path / "r.jsonl").read_bytes() != before, "they are replayed now"


def test_what_is_only_called_like_a_draft_stays(batch: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "r.jsonl.part").write_text("precious")
    (tmp_path / "x.csv.part").write_text("precious")
    (tmp_path / "x.parquet.part.part").write_text("precious")
    assert batch(journal="k.jsonl.part", out="k.jsonl").exit_code == 0
    assert batch().exit_code == 0
    for name in ("x.csv", "x.parquet"):
        assert run("export", "j.db", "--to", name).exit_code == 0
    assert {path.read_text() for path in tmp_path.glob("[rx]*.part")} == {"precious"}
    assert run("status", "k.jsonl.part").exit_code == 0, "the journal is what it was"


def test_a_killed_batch_leaves_one_private_draft_that_the_next_run_takes_away(scans: Path, tmp_path: Path) -> None:
    words: list[str | Path] = ["batch", "ocr.card", scans, "--journal", "j.db", "--out", "r.jsonl"]
    with under_way(*words) as service:
        pass
    (draft,) = tmp_path.glob("*.part")
    assert stat.S_IMODE(draft.stat().st_mode) == 0o600
    with Sandbox() as sandbox:
        again = run(*words, "--in-doubt", "retry", "--moved-from", service, sandbox=sandbox)
    assert again.exit_code == 0
    assert list(tmp_path.glob("*.part")) == []
    assert len(lines(tmp_path / "r.jsonl")) == 3


async def test_a_file_that_was_made_meanwhile_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    results = Results(out, TableOptions(operation=("ocr.card",)), draft=True)
    with pytest.raises(FileExistsError, match="created or changed during the run"):
        async with results:
            await results.write(outcome())
            out.write_text("of somebody else")
            results.whole = True
    assert out.read_text() == "of somebody else"
    (draft,) = drafts(tmp_path)
    assert len(lines(draft)) == 1


async def test_what_the_journal_cannot_note_replaces_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "r.jsonl"

    async def write(count: int) -> None:
        async with Journal(tmp_path / "j.db") as journal:
            results = Results(out, TableOptions(operation=("ocr.card",)), draft=True)
            results.notes = journal
            async with results:
                for number in range(count):
                    await results.write(outcome(number))
                results.whole = True
                if count == 2:
                    monkeypatch.setattr(Journal, "made", refuse)

    async def refuse(*_: object) -> None:
        raise JournalError("the disk is full")

    await write(1)
    with pytest.raises(JournalError, match="disk is full"):
        await write(2)
    assert len(lines(out)) == 1
    out.unlink()
    monkeypatch.undo()
    with pytest.raises(JournalError, match="disk is full"):
        await write(2)
    assert len(lines(out)) == 2, "what replaces nothing gets its name nevertheless"


async def test_an_empty_file_is_made_anew_with_its_mode(tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    out.touch()
    out.chmod(0o640)
    results = Results(out, TableOptions(operation=("ocr.card",)), draft=True)
    async with results:
        await results.write(outcome())
        results.whole = True
    assert (len(lines(out)), stat.S_IMODE(out.stat().st_mode)) == (1, 0o640)


# --- what is the same file


def test_one_file_has_one_part_in_a_command(
    batch: Callable[..., Result], scans: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "list.jsonl").write_text(json.dumps({"path": str(scans / "0.png")}))
    (tmp_path / "same.jsonl").hardlink_to(tmp_path / "list.jsonl")
    (tmp_path / "here").symlink_to(".")
    given: list[Any] = ["batch", "ocr.card", "--manifest", "list.jsonl", "--journal", "j.db", "--out"]
    assert run(*given, "r.jsonl", sandbox=sandbox).exit_code == 0
    sent, before = sandbox.ledger.requests, everything(tmp_path)
    wrong = [[*given, name] for name in ("list.jsonl", "here/list.jsonl", "same.jsonl", "j.db", "here/j.db")]
    wrong += [[*given, f"j.db{companion}"] for companion in COMPANIONS]
    wrong += [[*given, "new.jsonl", "--thumbs", thumbs] for thumbs in ("j.db", "new.jsonl", "new.jsonl/thumbs")]
    wrong += [["batch", "ocr.card", "scans", "--get-thumb", "--thumbs", "here/scans"]]
    wrong += [["batch", "ocr.card", "j.db", "scans/0.png", "--journal", "j.db"]]
    wrong += [["batch", "ocr.card", "r.jsonl", "--journal", "j.db", "--out", "here/r.jsonl"]]
    wrong += [["export", "j.db", "--to", f"j.db{companion}"] for companion in COMPANIONS]
    wrong += [["export", "j.db", "--to", "new", "--thumbs", "here/new"]]
    wrong += [["reconcile", "j.db", "--csv", f"here/j.db{companion}"] for companion in COMPANIONS]
    for words in wrong:
        assert run(*words, sandbox=sandbox).exit_code == 2, words
    assert (everything(tmp_path), sandbox.ledger.requests) == (before, sent)
    for companion in COMPANIONS:
        if (path := tmp_path / f"j.db{companion}").exists():
            assert not path.read_bytes().startswith((b"\xef\xbb\xbfday", b"{"))


@pytest.mark.parametrize(
    ("inputs", "thumbs"),
    [
        ("scans", "scans/thumbs"),
        (".", "thumbs"),
        ("scans", "link/a/b"),
        ("scans/**/*.*g", "scans/thumbs"),
        ("*/*.jpg", "thumbs"),
        ("*.jpg", "."),
        ("**/*.jpg", "thumbs/a"),
    ],
)
def test_pictures_are_not_written_to_where_they_would_be_read_and_paid_for(
    scans: Path, sandbox: Sandbox, inputs: str, thumbs: str, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to("scans")
    before = everything(tmp_path)
    refused = run("batch", "ocr.card", inputs, "--get-thumb", "--thumbs", thumbs, "--out", "r.jsonl", sandbox=sandbox)
    assert (refused.exit_code, "would be sent too" in refused.stderr) == (2, True)
    assert (everything(tmp_path), sandbox.ledger.requests) == (before, 0)


@pytest.mark.parametrize("words", [["--out", "scans/r.jsonl"], ["--journal", "scans/j.db", "--out", "r.jsonl"]])
@pytest.mark.parametrize("pattern", ["scans/*", "scans/**", "**/?.*"])
def test_results_and_journal_are_not_kept_where_a_pattern_would_find_and_send_them(
    scans: Path, sandbox: Sandbox, words: list[str], pattern: str, tmp_path: Path
) -> None:
    before = everything(tmp_path)
    refused = run("batch", "ocr.card", pattern, *words, sandbox=sandbox)
    assert (refused.exit_code, "among the inputs" in refused.stderr) == (2, True)
    assert (everything(tmp_path), sandbox.ledger.requests) == (before, 0)
    assert list(tmp_path.rglob("*.db*")) == []


@pytest.mark.parametrize("inputs", ["scans", "scans/*.png"])
def test_results_and_journal_may_be_kept_beside_the_pictures(scans: Path, sandbox: Sandbox, inputs: str) -> None:
    words = ["batch", "ocr.card", inputs, "--journal", "scans/j.db", "--out", "scans/r.jsonl"]
    for _ in range(2):
        assert run(*words, sandbox=sandbox).exit_code == 0
    assert sandbox.ledger.requests == len(lines(scans / "r.jsonl")) == 3


@pytest.mark.parametrize(
    ("inputs", "thumbs"),
    [("scans/*.png", "scans/thumbs"), ("*/*.png", "thumbs/a"), ("scans", "scans/.thumbs"), ("scans/0.png", "thumbs")],
)
def test_pictures_may_be_written_beside_what_is_read(scans: Path, sandbox: Sandbox, inputs: str, thumbs: str) -> None:
    ended = run("batch", "ocr.card", inputs, "--get-thumb", "--thumbs", thumbs, "--out", "r.jsonl", sandbox=sandbox)
    assert ended.exit_code == 0
    assert list(Path(thumbs).iterdir())


# --- two writers


@pytest.mark.parametrize("kind", [JsonLines, partial(Csv, operation="ocr.card")], ids=["JsonLines", "Csv"])
async def test_a_second_writer_of_a_results_file_is_refused(tmp_path: Path, kind: Any) -> None:
    out = tmp_path / "results"
    async with kind(out) as sink:
        await sink.write(outcome())
        before = out.read_bytes()
        with pytest.raises(InvalidInputError, match="is being written"):
            async with kind(out, append=True):
                pass
        assert out.read_bytes() == before
    async with kind(out, append=True) as sink:
        await sink.write(outcome(1))


def test_a_file_that_another_command_makes_anew_is_refused(scans: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    words: list[str | Path] = ["batch", "ocr.card", scans, "--out", "r.jsonl"]
    (tmp_path / "here").symlink_to(".")
    with under_way(*words, "--journal", "j.db"):
        assert run("batch", "ocr.card", "scans/0.png", "--journal", "k.db", sandbox=sandbox).exit_code == 0
        sent = sandbox.ledger.requests
        for other in (
            [*words, "--journal", "k.db"],
            [*words[:3], "--journal", "k.db", "--out", "here/r.jsonl"],
            [*words, "--append"],
            words,
            ["export", "k.db", "--to", "r.jsonl"],
        ):
            refused = run(*other, sandbox=sandbox)
            assert (refused.exit_code, "is being written" in refused.stderr) == (2, True), other
        assert sandbox.ledger.requests == sent
        assert not (tmp_path / "r.jsonl").exists()
        assert len(list(tmp_path.glob("*.part"))) == 1


def test_a_file_that_another_command_appends_to_is_not_replaced(batch: Callable[..., Result], tmp_path: Path) -> None:
    assert batch().exit_code == 0
    sink = JsonLines(tmp_path / "r.jsonl", append=True)
    with asyncio.Runner() as runner:
        runner.run(sink.__aenter__())
        refused = batch()
        runner.run(sink.__aexit__(None, None, None))
    assert (refused.exit_code, "is being written" in refused.stderr) == (2, True)
    assert drafts(tmp_path) == []


async def test_lines_are_not_appended_to_half_a_line(scans: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    out.write_text('{"index": 0, "source": "ear')
    with pytest.raises(InvalidInputError, match="ends within a line"):
        async with JsonLines(out, append=True):
            pass
    out.write_text("")
    async with JsonLines(out, append=True) as sink:
        await sink.write(outcome())
    assert len(lines(out)) == 1


def test_half_a_line_is_reported_before_anything_is_sent(scans: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text("{")
    refused = run("batch", "ocr.card", scans, "--out", "r.jsonl", "--append", sandbox=sandbox)
    assert (refused.exit_code, "ends within a line" in refused.stderr) == (2, True)
    assert ((tmp_path / "r.jsonl").read_text(), sandbox.ledger.requests) == ("{", 0)


# --- pictures


@pytest.fixture
def thumbs(batch: Callable[..., Result]) -> Callable[..., Result]:
    """The batch with the folder of pictures t."""

    def begin(*words: object, folder: object = "t", **more: object) -> Result:
        return batch("--get-thumb", "--ordered", "--thumbs", folder, *words, **more)

    return begin


def test_pictures_do_not_go_into_a_folder_of_the_user(
    thumbs: Callable[..., Result], batch: Callable[..., Result], sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "0-0-chip_id_card_front.jpg").write_text("mine")
    before = everything(tmp_path)
    refused = thumbs(folder="photos")
    assert (refused.exit_code, "photos holds files" in refused.stderr) == (2, True)
    assert (everything(tmp_path), sandbox.ledger.requests) == (before, 0)
    assert not (tmp_path / "j.db").exists()
    assert batch().exit_code == 0
    before = everything(tmp_path)
    refused = thumbs(folder="photos")
    assert (refused.exit_code, "photos holds files" in refused.stderr) == (2, True)
    assert run("export", "j.db", "--to", "new.jsonl", "--thumbs", "photos").exit_code == 2
    assert everything(tmp_path) == before


def test_pictures_of_the_journal_are_replaced_and_those_of_the_user_stay(
    thumbs: Callable[..., Result], scans: Path, tmp_path: Path
) -> None:
    assert thumbs().exit_code == 0
    folder = tmp_path / "t"
    made = everything(folder)
    assert thumbs().exit_code == 0
    assert everything(folder) == made, "the same pictures"
    first, second, *_ = sorted(made)
    (folder / "notes.txt").write_text("mine")
    (folder / first).write_bytes(b"mine too")
    assert thumbs().exit_code == 0
    other = Path(first)
    assert everything(folder) == made | {
        "notes.txt": b"mine",
        first: b"mine too",
        f"{other.stem}-2{other.suffix}": made[first],
    }
    assert thumbs().exit_code == 0
    assert len(everything(folder)) == len(made) + 2, "the picture is there under its other name"
    (folder / second).unlink()
    assert thumbs().exit_code == 0
    assert (folder / second).read_bytes() == made[second]


def test_no_picture_of_another_document_stays_under_an_index(
    thumbs: Callable[..., Result], scans: Path, tmp_path: Path
) -> None:
    assert thumbs().exit_code == 0
    made = everything(tmp_path / "t")
    (scans / "1.png").unlink()
    (scans / "2.png").write_bytes(b"no picture")
    assert thumbs().exit_code == 1
    now = everything(tmp_path / "t")
    assert {name for name in now if name[0] == "1"} == set(), "the item with this index has failed"
    assert {name: made[name] for name in made if name[0] == "0"}.items() <= now.items()


def test_a_killed_batch_leaves_no_pictures_without_a_name(scans: Path, samples: list[Sample], tmp_path: Path) -> None:
    words: list[str | Path] = ["batch", "ocr.card", scans, "--get-thumb", "--thumbs", "t", "--journal", "j.db"]
    with under_way(*words, "--out", "r.jsonl") as service:
        pass
    (drafts,) = (tmp_path / "t").iterdir()
    (drafts / "0").write_bytes(b"a picture without a name")
    with Sandbox() as sandbox:
        ended = run(*words, "--out", "r.jsonl", "--in-doubt", "retry", "--moved-from", service, sandbox=sandbox)
    assert ended.exit_code == 0
    assert all(path.suffix == ".jpg" for path in (tmp_path / "t").iterdir())


def test_appended_pictures_replace_none(scans: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    words = ["--get-thumb", "--thumbs", "t", "--out", "r.jsonl", "--append"]
    for scan in ("scans/0.png", "scans/1.png"):
        assert run("batch", "ocr.card", scan, *words, sandbox=sandbox).exit_code == 0
    names = sorted(path.name for path in (tmp_path / "t").iterdir())
    assert len(names) == 2
    assert names[0].startswith("0-0-")
    assert names[1].startswith("0-0-")


# --- who may read it


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def readable(folder: Path) -> list[str]:
    """List the files in a folder that other users can read."""
    found = [path for path in folder.rglob("*") if mode(path) != (0o700 if path.is_dir() else 0o600)]
    return [f"{path} has {mode(path):o}" for path in found]


@pytest.mark.usefixtures("open_umask")
def test_what_is_written_is_for_its_owner_only(
    thumbs: Callable[..., Result], scans: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    scans.chmod(0o700)
    for scan in scans.iterdir():
        scan.chmod(0o600)
    for name in ("a.jsonl", "a.csv", "a.parquet"):
        assert thumbs(out=name, folder=f"{name}-thumbs/deep").exit_code == 0
        assert run("export", "j.db", "--to", f"export-{name}", "--thumbs", f"e-{name}").exit_code == 0
        assert run("batch", "ocr.card", "scans/0.png", "--out", f"plain-{name}", sandbox=sandbox).exit_code == 0
    assert run("reconcile", "j.db", "--csv", "charges.csv").exit_code == 0
    assert len(everything(tmp_path)) > 20
    assert readable(tmp_path) == []


@pytest.mark.usefixtures("open_umask")
async def test_sinks_make_private_files(tmp_path: Path) -> None:
    for name, kind in (("a.jsonl", JsonLines), ("a.csv", Csv), ("a.parquet", Parquet), ("a/b", Thumbnails)):
        sink: Any = kind(tmp_path / name)
        async with sink:
            await sink.write(outcome())
            assert readable(tmp_path) == []
    assert readable(tmp_path) == []


def test_a_wider_mode_that_exists_is_kept(thumbs: Callable[..., Result], scans: Path, sandbox: Sandbox) -> None:
    assert thumbs().exit_code == 0
    picture, other = sorted(Path("t").iterdir())[:2]
    picture.chmod(0o644)
    Path("r.jsonl").chmod(0o640)
    Path("t").chmod(0o755)
    for number in range(3):
        Image.new("RGB", (64, 40), (9, number, 200)).save(scans / f"{number}.png")
    assert thumbs().exit_code == 0
    assert [mode(path) for path in (Path("r.jsonl"), Path("t"), picture, other)] == [0o640, 0o755, 0o644, 0o600]
    assert run("batch", "ocr.card", scans, "--out", "r.jsonl", "--append", sandbox=sandbox).exit_code == 0
    assert mode(Path("r.jsonl")) == 0o640


# --- names, and standard output


@pytest.mark.parametrize("name", ["x.XLS", "x.ods", "x.tsv", "x.jsonl.gz", "x.pdf"])
def test_files_of_other_kinds_are_refused_by_name(batch: Callable[..., Result], name: str, tmp_path: Path) -> None:
    assert batch().exit_code == 0
    before = everything(tmp_path)
    for refused in (run("export", "j.db", "--to", name), batch(out=name)):
        assert (refused.exit_code, refused.stderr.startswith(name), ".csv" in refused.stderr) == (2, True, True)
    assert everything(tmp_path) == before


@pytest.mark.parametrize("name", ["x.ndjson", "x.json", "x.JSONL", "x"])
def test_json_lines_have_several_endings(batch: Callable[..., Result], name: str, tmp_path: Path) -> None:
    assert batch().exit_code == 0
    assert run("export", "j.db", "--to", name).exit_code == 0
    assert len(lines(tmp_path / name)) == 3


def test_a_dash_is_standard_output(scans: Path, tmp_path: Path) -> None:
    def written(*words: str) -> list[str]:
        ended = subprocess.run([*COMMAND, *words], env=env, capture_output=True, encoding="utf-8", timeout=60)
        assert ended.returncode == 0
        assert "Traceback" not in ended.stderr
        return [json.loads(line)["status"] for line in ended.stdout.splitlines()]

    with Sandbox() as sandbox:
        env = environment(sandbox)
        assert written("batch", "ocr.card", "scans", "--journal", "j.db", "--out", "-") == ["done"] * 3
        assert written("export", "j.db", "--to", "-") == ["done"] * 3
    assert not (tmp_path / "-").exists()


def test_an_export_into_parquet_leaves_nothing_beside_it(batch: Callable[..., Result], tmp_path: Path) -> None:
    assert batch(out="r.parquet").exit_code == 0
    assert run("export", "j.db", "--to", "x.parquet").exit_code == 0
    assert [path.name for path in tmp_path.iterdir() if ".part" in path.name] == []


async def test_a_parquet_draft_ended_by_an_error_is_not_a_result(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    out = tmp_path / "x.parquet"
    results = Results(out, TableOptions(operation=("ocr.card",)), draft=True)
    with pytest.raises(OSError, match="no room"):
        async with results:
            sink: Any = results._sink
            sink._writer.write_table = no_room
            await results.write(outcome())
    assert not out.exists()


def no_room(*_: object) -> None:
    raise OSError("no room")


def test_charges_that_cannot_be_read_to_their_end_make_no_file(
    batch: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cvs_async.batch.journal import JournalReader

    def broken(*_: object) -> Iterator[Any]:
        raise JournalError("j.db is damaged")

    assert batch().exit_code == 0
    before = everything(tmp_path)
    monkeypatch.setattr(JournalReader, "requests", broken)
    assert run("reconcile", "j.db", "--csv", "charges.csv").exit_code == 2
    assert everything(tmp_path) == before


# --- purged answers


def test_documents_whose_answers_were_purged_are_exported_as_purged(
    batch: Callable[..., Result], scans: Path, samples: list[Sample], tmp_path: Path
) -> None:
    (scans / "3.png").write_bytes(b"no picture")
    assert batch().exit_code == 1
    assert run("purge", "j.db", "--older-than", "0s").exit_code == 0
    for name in ("x.jsonl", "x.csv", "x.parquet"):
        assert run("export", "j.db", "--to", name).exit_code == 0
    records = lines(tmp_path / "x.jsonl")
    right = {"0.png": "purged", "1.png": "purged", "2.png": "purged", "3.png": "failed"}
    assert {Path(str(record["source"])).name: record["status"] for record in records} == right
    purged = [record for record in records if record["status"] == "purged"]
    assert {record["charge"] for record in purged} == {"billed"}
    assert not any("data" in record or "error" in record for record in purged)
    with (tmp_path / "x.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {Path(row["source"]).name: row["status"] for row in rows} == right
    assert {(row["charge"], row["error"]) for row in rows if row["status"] == "purged"} == {("billed", "")}


@pytest.mark.parametrize("name", ["pipe.jsonl", "pipe.csv"])
def test_results_are_not_appended_to_a_pipe_without_a_reader(scans: Path, sandbox: Sandbox, name: str) -> None:
    os.mkfifo(name)
    # Its own process: what waits for a pipe is a thread, which would keep the tests' one from ending.
    refused = subprocess.run(
        [*COMMAND, "batch", "ocr.card", str(scans), "--append", "--out", name],
        env=environment(sandbox),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (refused.returncode, sandbox.ledger.requests) == (2, 0)
    assert f"{name} " in refused.stderr


async def test_a_device_needs_no_disk(tmp_path: Path) -> None:
    async with JsonLines("/dev/null", append=True) as sink:
        await sink.write(outcome())


def test_the_device_of_standard_output_is_standard_output(scans: Path, sandbox: Sandbox) -> None:
    ended = run("batch", "ocr.card", scans, "--journal", "j.db", "--out", "/dev/stdout", sandbox=sandbox)
    assert (ended.exit_code, len(ended.stdout.splitlines())) == (0, 3)


@pytest.mark.parametrize(
    ("out", "reason"),
    [
        (f"{'x' * 250}.jsonl", "File name too long"),
        (f"{'x' * 240}.jsonl", "File name too long"),
        ("file/r.jsonl", "Not a directory"),
    ],
    ids=["too long", "too long for a draft", "below a file"],
)
@pytest.mark.parametrize("command", ["batch", "export"])
def test_a_file_that_cannot_be_made_is_refused_by_the_name_that_was_given(
    batch: Callable[..., Result], tmp_path: Path, command: str, out: str, reason: str
) -> None:
    batch()
    (tmp_path / "file").touch()
    refused = batch(out=out) if command == "batch" else run("export", "j.db", "--to", out)
    assert (refused.exit_code, refused.stderr) == (2, f"{out} cannot be written: {reason}\n")


@pytest.mark.parametrize("kind", [JsonLines, Csv, Parquet])
async def test_results_that_are_removed_while_they_are_written_are_an_error(tmp_path: Path, kind: Any) -> None:
    path = tmp_path / "results.jsonl"
    with pytest.raises(FileNotFoundError, match="was removed while it was written"):
        async with kind(path) as sink:
            await sink.write(outcome())
            for file in await asyncio.to_thread(lambda: list(tmp_path.iterdir())):
                file.unlink()


def test_a_batch_whose_results_were_removed_reports_failure(scans: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    out: list[str | Path] = ["--journal", tmp_path / "j.db", "--out", tmp_path / "out" / "r.jsonl"]
    with Sandbox(latency=2) as slow, start("batch", "ocr.card", scans, *out, sandbox=slow) as process:
        wait_for(lambda: slow.ledger.requests >= 3, process)
        for file in (tmp_path / "out").iterdir():
            file.unlink()
        said = process.communicate(timeout=60)[1]
    assert (process.returncode, "was removed while it was written" in said) == (2, True)
