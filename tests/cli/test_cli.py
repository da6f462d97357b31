"""The command line, as a user meets it: as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from cvs_async import errors
from cvs_async.api import OPERATIONS
from cvs_async.cli._items import open_items
from cvs_async.cli._summary import SHOWN, meaning
from cvs_async.cli.app import app
from cvs_async.sandbox import Sample, Sandbox
from cvs_async.sandbox.samples.einvoice import write_einvoice
from cvs_async.sandbox.samples.truth import read_truth
from tests.conftest import good
from tests.support.commands import COMMAND, cvs_async, environment, lines


def values(info: dict[str, object]) -> dict[str, object]:
    """The values of a paper in a results line, by name; absent ones left out."""
    read = {key: part["value"] if isinstance(part, dict) else part for key, part in info.items()}
    return {key: value for key, value in read.items() if value not in (None, [])}


def test_batch_gives_a_line_a_file_with_the_samples_truth(
    sandbox: Sandbox, samples: list[Sample], tmp_path: Path
) -> None:
    out = tmp_path / "results.jsonl"
    ended = cvs_async("batch", "ocr.card", samples[0].path.parent, "--out", out, "--ordered", sandbox=sandbox)
    assert ended.returncode == 1, "some samples are broken on purpose"
    assert ended.stdout == ""
    found = lines(out)
    assert [line["source"] for line in found] == [str(sample.path) for sample in samples]
    assert [line["index"] for line in found] == list(range(len(samples)))
    for line, sample in zip(found, samples, strict=True):
        truth = read_truth(sample.path.read_bytes())
        papers = [paper for page in truth.pages for paper in page.papers] if truth else []
        assert line["status"] == ("done" if papers else "failed")
        if papers:
            data = line["data"]
            assert isinstance(data, list)
            for read, paper in zip(data, papers, strict=True):
                told = {key: value for key, value in paper["info"].items() if isinstance(value, str)}
                assert told.items() <= values(read["info"]).items()
    billed = sum(line["charge"] == "billed" for line in found)
    assert f"{len(samples)} items: {billed} done" in ended.stderr
    assert "\n1 item: 0 done, 1 failed" in f"\n{cvs_async('batch', 'ocr.card', 'nothing.jpg', sandbox=sandbox).stderr}"
    assert f"For details see {out}." in ended.stderr
    assert sandbox.ledger.billed == billed


def test_batch_exits_with_0_if_every_item_is_done(sandbox: Sandbox, samples: list[Sample]) -> None:
    one = samples[0].path
    ended = cvs_async("batch", "ocr.card", one, sandbox.url(one.name), "--concurrency", "2", sandbox=sandbox)
    assert ended.returncode == 0
    assert [json.loads(line)["status"] for line in ended.stdout.splitlines()] == ["done", "done"]


def test_batch_takes_files_in_pairs_for_operations_that_read_two(sandbox: Sandbox, samples: list[Sample]) -> None:
    one = samples[0].path
    assert cvs_async("batch", "ekyc.cards", one, one, one, one, sandbox=sandbox).returncode == 0
    assert sandbox.ledger.billed == 2
    odd = cvs_async("batch", "ekyc.cards", one, sandbox=sandbox)
    assert (odd.returncode, "img1, img2" in odd.stderr) == (2, True)


def test_a_results_file_is_never_overwritten(sandbox: Sandbox, samples: list[Sample], tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    out.write_text('{"paid": "for"}\n')
    refused = cvs_async("batch", "ocr.card", samples[0].path, "--out", out, sandbox=sandbox)
    assert (refused.returncode, sandbox.ledger.requests) == (2, 0)
    assert "exists" in refused.stderr
    assert cvs_async("batch", "ocr.card", samples[0].path, "--out", out, "--append", sandbox=sandbox).returncode == 0
    assert [len(line) > 1 for line in lines(out)] == [False, True]


def test_an_unwritable_results_file_is_reported_before_sending(sandbox: Sandbox, samples: list[Sample]) -> None:
    refused = cvs_async("batch", "ocr.card", samples[0].path, "--out", "/nowhere/x.jsonl", sandbox=sandbox)
    assert (refused.returncode, sandbox.ledger.requests) == (2, 0)
    assert "/nowhere/x.jsonl cannot be written" in refused.stderr


def test_errors_are_counted_by_kind(sandbox: Sandbox, samples: list[Sample]) -> None:
    ended = cvs_async("batch", "ocr.card", samples[0].path, "missing.jpg", sandbox=sandbox, CVS_API_SECRET="wrong")
    assert ended.returncode == 1
    assert "1 × AuthenticationError: the service refused api_key or api_secret" in ended.stderr
    assert "1 × InvalidInputError" in ended.stderr


def test_the_first_failed_files_are_listed_with_reasons(sandbox: Sandbox, samples: list[Sample]) -> None:
    broken = next(sample.path for sample in samples if sample.kind == "broken")
    missing = [f"missing-{number}.jpg" for number in range(SHOWN + 2)]
    ended = cvs_async("batch", "ocr.card", broken, *missing, "--ordered", sandbox=sandbox)
    said = ended.stderr.splitlines()
    place = said.index(f"  {len(missing)} × InvalidInputError: {meaning('InvalidInputError')}")
    assert said[place + 1 : place + 1 + SHOWN] == [
        f"    ocr.card: img ({name}) does not exist" for name in missing[:SHOWN]
    ]
    assert missing[SHOWN] not in ended.stderr
    assert any(line.startswith(f"    {broken}: ocr.card") for line in said), "a refusal is told with its file"


@pytest.mark.parametrize("kind", [name for name in errors.__all__ if name not in ("CVSError", "Charge")])
def test_every_kind_of_error_has_a_clause_of_its_own(kind: str) -> None:
    said = meaning(kind)
    assert said[0].islower()
    assert not said.endswith((".", " is", ",", ";"))
    assert "`" not in said
    assert "\n" not in said
    assert len(said.split()) >= 4


@pytest.mark.parametrize(
    ("given", "near"),
    [
        ("ocr.crad", "ocr.card"),
        ("card", "ocr.card"),
        ("ekyc.face-matching", "ekyc.face_matching"),
        ("invoice_xml", "ocr.document.invoice_xml"),
        ("OCR.Card", "ocr.card"),
    ],
)
def test_a_mistyped_operation_is_answered_with_the_nearest(given: str, near: str) -> None:
    ended = cvs_async("call", given, "a.jpg")
    assert (ended.returncode, near in ended.stderr) == (2, True)
    assert sum(f" {name}" in ended.stderr for name in OPERATIONS) < 6, "and not with all of them"


def test_an_operation_that_is_like_none_is_not_answered_with_guesses() -> None:
    said = cvs_async("call", "xyz", "a.jpg").stderr
    assert said == "There is no operation xyz; `cvs-async operations` lists them.\n"


def test_call_prints_what_was_read(samples: list[Sample]) -> None:
    with Sandbox(boxes="all") as sandbox:
        read = cvs_async("call", "ocr.card", samples[0].path, "--check-sum", "A1", sandbox=sandbox)
        raw = cvs_async("call", "ocr.card", samples[0].path, "--raw", "--get-thumb", sandbox=sandbox)
    assert (read.returncode, raw.returncode) == (0, 0)
    assert any('"id": {"value": "' in line and '"box": [' in line for line in read.stdout.splitlines())
    assert json.loads(read.stdout)[0]["info"]["id"]["value"] == json.loads(raw.stdout)["data"]["info"]["id"]
    assert [entry.parameters.get("check_sum") for entry in sandbox.ledger] == ["A1", None]
    assert [entry.parameters["get_thumb"] for entry in sandbox.ledger] == ["false", "true"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["call", "ocr.card", "missing.jpg"], "img (missing.jpg) does not exist"),
        (["call", "ocr.cards", "a.jpg"], "There is no operation ocr.cards"),
        (["call", "ekyc.cards", "a.jpg"], "ekyc.cards reads img1, img2"),
        (["call", "ocr.card", "https://example.com/?canary=1", "--send-as", "file"], "download it first"),
        (["batch", "ocr.card", "x", "--concurrency", "0"], "--concurrency"),
        (["batch", "ocr.card", "x", "--base-url", "nonsense"], "base_url must look like"),
        (["samples", "somewhere", "--count", "0"], "--count"),
        (["sandbox", "--port", "99999"], "--port"),
        (["sandbox", "--files", "nowhere"], "nowhere is not a folder"),
        (["batch", "ocr.card", "x", "--out", "."], ". is a folder"),
        (["batch", "ocr.card", "x", "--null"], "--null applies to standard input"),
    ],
)
def test_mistakes_get_one_helpful_sentence(arguments: list[str], sentence: str, sandbox: Sandbox) -> None:
    ended = cvs_async(*arguments, sandbox=sandbox)
    assert ended.returncode == 2
    assert sentence in " ".join(ended.stderr.split())
    assert ended.stdout == ""


def test_a_missing_key_is_reported_with_its_variable(samples: list[Sample]) -> None:
    ended = cvs_async("call", "ocr.card", samples[0].path, CVS_API_KEY="")
    assert (ended.returncode, "CVS_API_KEY" in ended.stderr) == (2, True)


@pytest.mark.parametrize("command", ["call", "batch"])
def test_missing_credentials_are_reported_in_the_words_of_the_command_line(command: str, tmp_path: Path) -> None:
    words = [command, "ocr.card", "missing.jpg"]
    ended = cvs_async(*words, cwd=tmp_path, CVS_API_KEY="", CVS_API_SECRET=" ")
    said = " ".join(ended.stderr.split())
    assert ended.returncode == 2
    assert said.startswith("missing.jpg does not exist. No credentials: set CVS_API_KEY and CVS_API_SECRET in the")
    assert "AsyncCVS" not in said
    (tmp_path / "missing.jpg").write_bytes(b"x")
    ended = cvs_async(*words, cwd=tmp_path, CVS_API_SECRET="")
    assert " ".join(ended.stderr.split()).startswith("No credentials: set CVS_API_SECRET in the environment")


def test_only_some_of_many_missing_files_are_named_beside_missing_credentials(tmp_path: Path) -> None:
    files = ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg", "*.png", "https://cvs.example.com/a.jpg", "-"]
    ended = cvs_async("batch", "ocr.card", *files, cwd=tmp_path, CVS_API_KEY="")
    assert " ".join(ended.stderr.split()).startswith("a.jpg, b.jpg, c.jpg and 2 more do not exist. No credentials")


def test_one_operation_is_called_at_another_address(sandbox: Sandbox, samples: list[Sample]) -> None:
    with Sandbox() as other:
        for words in (["call"], ["batch", "--out", "-"]):
            command, *options = words
            moved = ["--base-url", f"ocr.card={other.base_url}"]
            for operation in ("ocr.card", "ekyc.card"):
                ended = cvs_async(command, operation, samples[0].path, *options, *moved, sandbox=sandbox)
                assert ended.returncode == 0, ended.stderr
        assert (sandbox.ledger.requests, other.ledger.requests) == (2, 2)
        both = [*moved, "--base-url", sandbox.base_url]
        ended = cvs_async("call", "ocr.card", samples[0].path, *both, CVS_BASE_URL="https://cvs.example.com")
        assert (ended.returncode, other.ledger.requests) == (0, 3)


def test_an_unknown_operation_in_an_address_is_refused_before_anything_is_sent(
    sandbox: Sandbox, samples: list[Sample]
) -> None:
    ended = cvs_async(
        "call", "ocr.card", samples[0].path, "--base-url", f"ocr.cards={sandbox.base_url}", sandbox=sandbox
    )
    assert (ended.returncode, sandbox.ledger.requests) == (2, 0)
    assert "neither a host (cloud, demo) nor an operation; did you mean" in " ".join(ended.stderr.split())


def test_operations_lists_the_whole_table() -> None:
    ended = cvs_async("operations", "--long")
    assert ended.returncode == 0
    for endpoint in OPERATIONS.values():
        (row,) = [line for line in ended.stdout.splitlines() if f" {endpoint.name} " in line]
        assert ", ".join(endpoint.images) in row
        assert endpoint.document in row


def test_samples_are_written_and_counted(tmp_path: Path) -> None:
    ended = cvs_async("samples", "here", "--count", "8", "--seed", "3", cwd=tmp_path)
    assert ended.returncode == 0
    assert len(list((tmp_path / "here").iterdir())) == 8
    assert ended.stderr.startswith("8 files in here: ")


@pytest.fixture
def scans(tmp_path: Path, jpg: bytes) -> Path:
    """A folder with a picture, and things that are not read."""
    folder = tmp_path / "scans"
    for name in ("a.jpg", "b.heic", "x/c.heic", "x/a_draft.jpg", "@eaDir/t.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(jpg)
    return folder


@pytest.mark.parametrize("path", ["scans", "scans/**/*.jpg"])
def test_files_skipped_by_a_folder_or_pattern_are_reported(sandbox: Sandbox, scans: Path, path: str) -> None:
    words = ["batch", "ocr.card", str(scans.parent / path), "--exclude", "*_draft.jpg", "--exclude", "none"]
    planned = cvs_async(*words, "--dry-run", sandbox=sandbox)
    ended = cvs_async(*words, sandbox=sandbox)
    assert "2 files passed over: 2 .heic." in planned.stdout
    assert "2 files passed over: 2 .heic." in ended.stderr
    assert [Path(json.loads(line)["source"]).name for line in ended.stdout.splitlines()] == ["a.jpg"]


def test_a_path_that_gives_nothing_among_others_fails_alone(sandbox: Sandbox, scans: Path) -> None:
    ended = cvs_async("batch", "ocr.card", scans / "9*.jpg", scans / "a.jpg", "--ordered", sandbox=sandbox)
    assert ended.returncode == 1
    found = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [line["status"] for line in found] == ["failed", "done"]
    assert found[0]["error"]["text"] == f"ocr.card: {scans / '9*.jpg'}: nothing matches it"


async def test_paths_are_looked_at_off_the_event_loop(scans: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = list[threading.Thread]()

    def is_folder(_: str) -> bool:
        threads.append(threading.current_thread())
        return False

    monkeypatch.setattr(os.path, "isdir", is_folder)
    items = open_items(OPERATIONS["ocr.card"], ["a.jpg", "b.jpg"], None)
    items.ready.set()
    assert [item async for item in items] == ["a.jpg", "b.jpg"]
    assert threads
    assert all(thread.daemon for thread in threads), "the interpreter would wait for a drive that is gone"


@pytest.mark.parametrize("option", ["--null", "-0"])
def test_batch_takes_what_find_print0_gives(sandbox: Sandbox, scans: Path, jpg: bytes, option: str) -> None:
    (scans / "two\nlines.jpg").write_bytes(jpg)
    found = subprocess.run(["find", scans, "-name", "*.jpg", "-print0"], capture_output=True, check=True).stdout
    command = [*COMMAND, "batch", "ocr.card", "-"]
    ended = subprocess.run([*command, option], env=environment(sandbox), input=found, capture_output=True, timeout=60)
    assert (ended.returncode, len(ended.stdout.splitlines())) == (0, 4)
    without = subprocess.run(command, env=environment(sandbox), input=found, capture_output=True, timeout=60)
    assert (without.returncode, b"give --null" in without.stdout) == (1, True)


SETTINGS = {
    "smartcrop.crop_image": ["width=40", "height=30"],
    "smartcrop.crop_person": ["width=40", "height=30"],
    "face_search.add_image": ['metadata={"tên": "Ví dụ"}'],
    "face_search.update_image": ["image_id=100001", 'metadata={"tên": "Ví dụ"}'],
    "face_search.delete_images": ["ids=[100001]"],
    "v1.face_search.add": ['metadata={"tên": "Ví dụ"}'],
    "v1.face_search.edit_metadata": ["image_id=100001", 'metadata={"tên": "Ví dụ"}'],
    "v1.face_search.delete": ["ids=[100002]"],
    "ocr.document.van_ban_phap_quy": ["get_seal=true"],
}


def test_call_reaches_every_operation(samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = next(sample.path for sample in samples if sample.path.suffix == ".jpg")
    xml = tmp_path / "hóa-đơn.xml"
    write_einvoice(xml, Random(1))
    names = sorted(OPERATIONS, key=lambda name: name != "face_search.add_image")  # the others need a picture there
    names.append(names.pop(names.index("face_search.delete_images")))
    monkeypatch.setenv("CVS_API_KEY", "key")
    monkeypatch.setenv("CVS_API_SECRET", "secret")
    with Sandbox() as sandbox:
        for name in names:
            file = xml if name.endswith("_xml") else picture
            files = [str(file)] * len(OPERATIONS[name].images)
            settings = [word for setting in SETTINGS.get(name, []) for word in ("--set", setting)]
            ended = CliRunner().invoke(app, ["call", name, *files, *settings, "--base-url", sandbox.base_url])
            assert ended.exit_code == 0, (name, ended.output)
            json.loads(ended.stdout)
        assert sandbox.ledger.billed == len(OPERATIONS)
        assert not sandbox.ledger.violations


def test_arguments_other_than_files_are_checked(sandbox: Sandbox) -> None:
    ended = cvs_async("call", "face_search.delete_images", "--set", "ids=[]", sandbox=sandbox)
    assert (ended.returncode, "ids must contain at least one id" in ended.stderr) == (2, True)
    ended = cvs_async("call", "face_search.delete_images", "--set", "ids", sandbox=sandbox)
    assert (ended.returncode, "--set takes NAME=VALUE" in ended.stderr) == (2, True)


def test_batch_takes_arguments_other_than_files(sandbox: Sandbox, samples: list[Sample]) -> None:
    sizes = ["--set", "width=40", "--set", "height=30"]
    ended = cvs_async("batch", "smartcrop.crop_image", samples[0].path, *sizes, sandbox=sandbox)
    assert (ended.returncode, json.loads(ended.stdout)["status"]) == (0, "done")
    assert {"width": "40", "height": "30"}.items() <= sandbox.ledger[0].parameters.items()


def test_operations_that_read_no_files_have_no_batch(sandbox: Sandbox) -> None:
    ended = cvs_async("batch", "face_search.list_images", "x", sandbox=sandbox)
    assert (ended.returncode, "face_search.list_images reads no files" in ended.stderr) == (2, True)


def test_batch_takes_xml_files_of_a_folder_for_the_operation_that_reads_them(sandbox: Sandbox, tmp_path: Path) -> None:
    write_einvoice(tmp_path / "a.xml", Random(1))
    (tmp_path / "b.jpg").write_bytes(b"no picture")
    ended = cvs_async("batch", "ocr.document.invoice_xml", tmp_path, sandbox=sandbox)
    assert (ended.returncode, len(ended.stdout.splitlines())) == (0, 1)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("journal=j.db", "ocr.card takes no journal"),
        ("max_billed=0", "ocr.card takes no max_billed"),
        ("concurrency=3", "ocr.card takes no concurrency"),
        ("self=1", "ocr.card takes no self"),
        ("endpoint=1", "ocr.card takes no endpoint"),
        ("source=a.jpg", "ocr.card takes no source"),
        ("img=other.jpg", "ocr.card takes no img"),
        ("=1", "--set takes NAME=VALUE, not =1"),
        ("send_as=file", "send_as is given twice, with --set and with --send-as"),
        ("timeout=" + "[" * 5000, "timeout"),
    ],
)
@pytest.mark.parametrize("command", ["call", "batch"])
def test_only_arguments_of_the_operation_are_set(
    sandbox: Sandbox, samples: list[Sample], tmp_path: Path, command: str, setting: str, sentence: str
) -> None:
    words: list[str | Path] = [command, "ocr.card", samples[0].path, "--send-as", "base64", "--set", setting]
    ended = cvs_async(*words, sandbox=sandbox, cwd=tmp_path)
    assert (ended.returncode, ended.stdout, sandbox.ledger.requests) == (2, "", 0)
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list(tmp_path.iterdir())


def test_what_is_set_is_not_overruled_by_an_option_that_is_not_given(sandbox: Sandbox, samples: list[Sample]) -> None:
    words = ["--set", "check_sum=A-17", "--set", "send_as=base64"]
    assert cvs_async("call", "ocr.card", good(samples)[0], *words, sandbox=sandbox).returncode == 0
    request = sandbox.ledger[-1]
    assert (request.parameters["check_sum"], request.parameters["format_type"]) == ("A-17", "base64")


@pytest.mark.parametrize("number", ["10001", "99999999", "9" * 5000, "0", "-1", "²"])
def test_the_number_of_calls_is_bounded(sandbox: Sandbox, samples: list[Sample], number: str) -> None:
    ended = cvs_async("batch", "ocr.card", samples[0].path, f"--concurrency={number}", sandbox=sandbox)
    assert (ended.returncode, sandbox.ledger.requests) == (2, 0)
    assert "--concurrency takes a number from 1 to 10000 or auto" in ended.stderr


@pytest.mark.parametrize("journal", ["", ".", "..", "/"])
def test_a_journal_needs_the_name_of_a_file(sandbox: Sandbox, samples: list[Sample], journal: str) -> None:
    for words in (["batch", "ocr.card", samples[0].path, "--journal", journal], ["status", journal]):
        ended = cvs_async(*words, sandbox=sandbox)
        assert (ended.returncode, "Is a directory" in ended.stderr) == (2, True)
        assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("planned", [False, True])
def test_an_empty_folder_is_reported(sandbox: Sandbox, tmp_path: Path, planned: bool) -> None:
    (tmp_path / "scans").mkdir()
    ended = cvs_async("batch", "ocr.card", tmp_path / "scans", *["--dry-run"] * planned, sandbox=sandbox)
    assert ended.returncode == 0
    said = ended.stdout if planned else ended.stderr
    assert "Nothing to read: from folders, ocr.card takes files with these extensions:" in " ".join(said.split())
