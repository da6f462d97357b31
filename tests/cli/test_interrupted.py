"""Commands that are ended with Ctrl-C."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

from cvs_async.sandbox import Sample, Sandbox
from tests.support.commands import cvs_async, lines, read_until, start


def test_sandbox_runs_until_it_is_interrupted(samples: list[Sample]) -> None:
    with start("sandbox", "--port", "0", "--quota", "1", "--latency", "0.01") as process:
        assert process.stderr is not None
        said = read_until(process.stderr, "Ctrl-C")
        base_url = said.partition("CVS_BASE_URL=")[2].split()[0]
        codes = [
            cvs_async("call", "ocr.card", samples[0].path, "--base-url", base_url, CVS_BASE_URL="").returncode
            for _ in range(2)
        ]
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(20) == 0
    assert codes == [0, 1]
    assert "2 requests, 1 billed" in rest


def test_ctrl_c_stops_a_batch_cleanly(samples: list[Sample], tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    paths = [sample.path for sample in samples if sample.kind == "citizen_card"] * 200
    arguments: list[str | Path] = ["batch", "ocr.card", *paths, "--out", out, "--concurrency", "2"]
    with Sandbox(latency=0.02) as sandbox, start(*arguments, sandbox=sandbox) as process:
        pause = threading.Event()
        while not (out.exists() and out.stat().st_size) and not pause.wait(0.02):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said[1]
    assert "calls in flight" in said[1]
    assert all(line["status"] == "done" for line in lines(out)), "no line is torn"
    assert f"{len(lines(out))} items" in said[1], "every answer that was paid for is in the file"
    assert sandbox.ledger.billed == len(lines(out)) < len(paths)


def test_a_second_ctrl_c_ends_a_batch_at_once(samples: list[Sample], tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    arguments: list[str | Path] = ["batch", "ocr.card", *[samples[0].path] * 9, "--out", out, "--concurrency", "3"]
    with Sandbox(latency=60) as sandbox, start(*arguments, sandbox=sandbox) as process:
        assert process.stderr is not None
        while sandbox.ledger.requests < 3:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        said = read_until(process.stderr, "3 calls in flight")
        process.send_signal(signal.SIGINT)
        said += process.stderr.read()
        assert process.wait(20) == 130
    assert "Traceback" not in said
    assert "Interrupted" in said
