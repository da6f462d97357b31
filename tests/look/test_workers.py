"""Documents that hang or crash a library: they are given up, and nothing else is."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cvs_async import ConfigurationError, InvalidInputError
from cvs_async.look import Pages, cutouts, overlay, workers
from cvs_async.look.pictures import Drawers, Job, draw_in
from cvs_async.look.workers import GivenUpError, Workers
from tests.support.look import good_pdf, hanging_jpeg, hanging_pdf, reply_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are ended by signals")


def wait(seconds: float) -> None:
    time.sleep(seconds)


def wait_long(*_: object) -> None:
    wait(600)


def crash(marker: str | None = None) -> str:
    """End this process; with a marker only the first time."""
    if marker is None or not os.path.exists(marker):
        if marker is not None:
            Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def noisy(text: str) -> str:
    sys.stdout.write(text)
    sys.stdout.flush()
    os.write(1, text.encode())
    return text


def folder_and_process() -> tuple[str, int]:
    return os.getcwd(), os.getpid()


def refuse(name: str) -> None:
    if name == "config":
        raise ConfigurationError("a library")
    if name == "input":
        raise InvalidInputError("no file")
    raise KeyError("CANARY")


@pytest.fixture
def own() -> Iterator[Workers]:
    with Workers() as own:
        yield own


def test_a_worker_answers_again_and_again_whatever_is_printed(own: Workers) -> None:
    assert [own.call(noisy, "x" * size) for size in (1, 100_000)] == ["x", "x" * 100_000]


def test_it_works_in_the_callers_folder(own: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = own.call(folder_and_process)
    monkeypatch.chdir(tmp_path)
    second = own.call(folder_and_process)
    assert (second[0], first[1] == second[1]) == (str(tmp_path), True)


def test_our_errors_are_the_callers_and_others_have_no_words(own: Workers) -> None:
    with pytest.raises(ConfigurationError, match="a library"):
        own.call(refuse, "config")
    with pytest.raises(InvalidInputError, match="no file"):
        own.call(refuse, "input")
    with pytest.raises(InvalidInputError, match=r"it cannot be drawn \(KeyError\)") as caught:
        own.call(refuse, "other")
    assert "CANARY" not in str(caught.value)


def test_what_hangs_is_given_up_and_the_next_call_works(own: Workers) -> None:
    own.call(noisy, "started")
    with pytest.raises(GivenUpError, match=r"within 0\.2 seconds"):
        own.call(wait, 600, seconds=0.2)
    assert own.call(noisy, "a") == "a"


def test_what_crashes_is_tried_once_more(own: Workers, tmp_path: Path) -> None:
    assert own.call(crash, str(tmp_path / "marker")) == "done"
    with pytest.raises(GivenUpError, match="ended the process"):
        own.call(crash)
    assert own.call(noisy, "a") == "a"


def test_a_worker_that_was_ended_while_idle_costs_nothing(own: Workers) -> None:
    _, process = own.call(folder_and_process)
    os.kill(process, signal.SIGKILL)
    assert own.call(folder_and_process)[1] != process


def test_closing_ends_calls_that_hang() -> None:
    own = Workers()
    found: list[BaseException] = []

    def hang() -> None:
        try:
            own.call(wait, 600, seconds=600)
        except InvalidInputError as error:
            found.append(error)

    own.call(noisy, "started")
    thread = threading.Thread(target=hang, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not own._busy:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    own.close()
    thread.join(60)
    assert len(found) == 1


@pytest.mark.parametrize("step", ["_send", "pickle.load"])
def test_closing_ends_a_call_before_each_of_its_steps(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Workers()
    own.call(noisy, "started")
    whole: Any = pickle.load if step == "pickle.load" else workers._send

    def close_first(*arguments: object) -> object:
        own.close()
        return whole(*arguments)

    monkeypatch.setattr(f"cvs_async.look.workers.{step}", close_first)
    with pytest.raises(GivenUpError, match="ended the process"):
        own.call(noisy, "a")


def test_a_call_after_closing_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Workers()
    own.close()
    monkeypatch.delattr("subprocess.Popen")
    with pytest.raises(GivenUpError, match="are closed"):
        own.call(noisy, "a")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_has_workers_of_its_own() -> None:
    code = """
    import os, sys
    from cvs_async.look import workers
    from os import getpid
    first = workers.shared.call(getpid)
    child = os.fork()
    if not child:
        os._exit(0 if workers.shared.call(getpid) != first else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert workers.shared.call(getpid) == first
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, timeout=120)


# --- documents


def test_a_pdf_that_hangs_does_not_hang_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = hanging_pdf(tmp_path / "hang.pdf")
    workers.shared.call(os.getpid)
    monkeypatch.setattr(Pages.__init__, "__kwdefaults__", {"seconds": 2})
    reply = reply_of({"id": "1", "id_box": [1, 1, 9, 9]})
    for use in (overlay, lambda reply, path: reply.show(path)):
        with pytest.raises(InvalidInputError, match="within 2 seconds"):
            use(reply, path)
    good = good_pdf(tmp_path / "good.pdf")
    assert overlay(reply, good).size == (40, 20)


def test_a_photograph_that_hangs_does_not_hang_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = hanging_jpeg(tmp_path / "hang.jpg")
    workers.shared.call(os.getpid)
    monkeypatch.setattr(Pages.__init__, "__kwdefaults__", {"seconds": 2})
    reply = reply_of({"id": "1", "id_confidence": 0.1, "id_box": [1, 1, 9, 9]})
    uses: tuple[Any, ...] = (overlay, lambda reply, path: list(cutouts(reply, path)))
    for use, source in zip(uses, (path, path.read_bytes()), strict=True):
        with pytest.raises(InvalidInputError, match="page 1: it was not finished within 2 seconds"):
            use(reply, source)


def test_a_picture_file_is_never_decoded_in_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (40, 20), "white").save(tmp_path / "a.png")
    monkeypatch.setattr("PIL.Image.open", None)
    with Pages([tmp_path / "a.png", (tmp_path / "a.png").read_bytes()]) as pages:
        assert [pages.picture(page).size for page in (0, 1)] == [(40, 20), (40, 20)]


def test_a_page_that_hangs_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvs_async.look.pages._drawn_in", wait_long)
    with Pages(good_pdf(tmp_path / "a.pdf"), seconds=3) as pages, pytest.raises(InvalidInputError) as caught:
        pages.picture(0)
    assert str(caught.value) == "page 1: it was not finished within 3 seconds"


def test_of_several_documents_one_that_hangs_is_named(tmp_path: Path) -> None:
    hanging, good = hanging_pdf(tmp_path / "hang.pdf"), good_pdf(tmp_path / "good.pdf")
    paths = [good, hanging, good, good]
    jobs = [(path.name, Job(place, (path,), "ocr.claims", [], seconds=3)) for place, path in enumerate(paths)]
    with Drawers() as drawers:
        for _ in range(2):  # started, so that their start is in no time
            draw_in(drawers.workers, jobs[0][1])
        found = [(name, drawing.number, drawing.problem) for name, drawing in drawers.draw(jobs) if drawing]
    assert [name for name, *_ in found] == [path.name for path in paths]
    assert [number for _, number, _ in found] == [0, 1, 2, 3]
    assert [problem is None for *_, problem in found] == [True, False, True, True]
    assert "within 3 seconds" in (found[1][2] or "")


def test_the_callers_main_module_is_not_run_again(tmp_path: Path) -> None:
    """A script without a guard that pays for calls, and then writes a report, would pay once more."""
    good_pdf(tmp_path / "a.pdf")
    script = tmp_path / "script.py"
    code = f"""
    import json, pathlib
    with open("runs", "a") as file:
        file.write("run\\n")
    from cvs_async.look import overlay
    from cvs_async.look.options import ReportOptions
    from cvs_async.look.report import write_report
    record = {{"source": "a.pdf", "key": "{"ab" * 32}", "operation": "ocr.claims", "status": "done",
              "charge": "billed", "attempts": 1, "data": []}}
    pathlib.Path("a.jsonl").write_text(json.dumps(record) + "\\n")
    remarks = write_report([pathlib.Path("a.jsonl")], pathlib.Path("a.html"), ReportOptions(pictures="all"))
    assert (remarks.pictures, remarks.broken) == (1, 0), remarks
    """
    script.write_text(textwrap.dedent(code))
    subprocess.run([sys.executable, script], cwd=tmp_path, check=True, timeout=120)
    assert (tmp_path / "runs").read_text() == "run\n"
