"""README and docstrings do what they say, and say what there is."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import csv
import doctest
import importlib
import inspect
import io
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest
import typer.main

import cvs_async
from cvs_async import RetryPolicy
from cvs_async.api import OPERATIONS
from cvs_async.api.ocr_document import OcrDocument
from cvs_async.cli.app import app
from cvs_async.models import Field
from cvs_async.sandbox import Sandbox, write_samples

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
PYTHON = [text for language, text in BLOCKS if language == "python"]
BASH = [text for language, text in BLOCKS if language == "bash"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with samples, as README's reader has after `cvs-async samples samples`."""
    folder = tmp_path_factory.mktemp("reader")
    list(write_samples(folder / "samples", 20, seed=0))
    return folder


@pytest.fixture
def reader(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """README's reader: in an own copy of that folder, with the three variables set."""
    shutil.copytree(place, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    with Sandbox() as sandbox:
        monkeypatch.setenv("CVS_BASE_URL", sandbox.base_url)
        monkeypatch.setenv("CVS_API_KEY", "key")
        monkeypatch.setenv("CVS_API_SECRET", "secret")
        yield sandbox


def run(code: CodeType, names: dict[str, Any]) -> None:
    """Run code that may await at its top level."""
    result = eval(code, names)
    if inspect.iscoroutine(result):
        asyncio.get_event_loop().run_until_complete(result)


@contextlib.contextmanager
def event_loop() -> Iterator[None]:
    """One loop for all statements of an example, as in `python -m asyncio`."""
    with asyncio.Runner() as runner:
        asyncio.set_event_loop(runner.get_loop())
        try:
            yield
        finally:
            asyncio.set_event_loop(None)


@pytest.mark.parametrize("text", PYTHON, ids=range(len(PYTHON)))
def test_the_python_of_readme_runs(text: str, reader: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    with event_loop():
        run(compile(text, "README.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), {})
    assert capsys.readouterr().out or "assert" in text, "an example shows something"


def test_the_commands_of_readme_run(reader: Sandbox, tmp_path: Path) -> None:
    install = re.compile(r"pip install (-e )?'\.\[[\w,]+\]' && ")
    demo, tests, others = BASH
    assert (install.sub("", demo), install.sub("", tests)) == ("cvs-async demo\n", "python -m pytest\n")
    shutil.rmtree("samples")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    script = f"set -euo pipefail\n{install.sub('', demo).strip()} --count 30\n{others}"
    ended = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    assert "Some of the results" in ended.stdout
    assert len((tmp_path / "cvs-demo" / "results.jsonl").read_text().splitlines()) == 30
    rows = list(csv.DictReader(io.StringIO((tmp_path / "cards.csv").read_text("utf-8-sig"))))
    assert len({row["source"] for row in rows}) == 20
    exported = [json.loads(line) for line in (tmp_path / "cards.jsonl").read_text().splitlines()]
    done = {row["source"] for row in rows if row["status"] == "done"}
    assert {line["source"] for line in exported if line["status"] == "done"} == done
    charges = csv.DictReader(io.StringIO((tmp_path / "charges.csv").read_text("utf-8-sig")))
    assert sum(int(row["billed"]) for row in charges) == len(done)


def modules() -> list[ModuleType]:
    names = [module.name for module in pkgutil.walk_packages(cvs_async.__path__, "cvs_async.")]
    return [cvs_async, *(importlib.import_module(name) for name in names)]


EXAMPLES = {
    test.name: test
    for module in modules()
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, module.__name__)
    if test.examples
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_docstrings_run(name: str, reader: Sandbox) -> None:
    names: dict[str, Any] = dict(vars(cvs_async)) | {"Sandbox": Sandbox}
    with event_loop():
        run(compile("cvs = AsyncCVS()", name, "exec"), names)
        try:
            for example in EXAMPLES[name].examples:
                assert_says_so(example, name, names)
        finally:
            run(compile("await cvs.aclose()", name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)


def assert_says_so(example: doctest.Example, name: str, names: dict[str, Any]) -> None:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        run(compile(example.source, name, "single", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
    assert said.getvalue() == example.want


def test_there_are_examples() -> None:
    assert {"cvs_async", "cvs_async.client.AsyncCVS.batch", "cvs_async._codec.urls.Url"} <= set(EXAMPLES)
    assert len(PYTHON) >= 6


def test_readme_names_every_command_and_operation() -> None:
    commands = typer.main.get_group(app).commands
    assert [name for name in commands if f"`cvs-async {name}" not in README] == []
    assert [name for name in OPERATIONS if f"`{name}`" not in README] == []


@pytest.mark.parametrize("host", ["trustid.vn", "myanmar.computervision.com.vn", "cambodia.computervision.com.vn"])
def test_readme_names_hosts_of_brands_and_countries(host: str) -> None:
    assert host in README


def test_readme_names_the_stamp_of_legal_documents() -> None:
    assert "get_seal" in README


def test_readme_names_every_setting() -> None:
    settings = set(inspect.signature(cvs_async.AsyncCVS).parameters)
    assert {name for name in settings if f"`{name}`" not in README} == set()


def public(module: ModuleType) -> Iterator[tuple[str, Any]]:
    for name in getattr(module, "__all__", []):
        thing = getattr(module, name)
        yield f"{module.__name__}.{name}", thing
        if inspect.isclass(thing):
            for member, value in vars(thing).items():
                if not member.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
                    yield f"{module.__name__}.{name}.{member}", value


def test_every_public_thing_is_documented() -> None:
    found = [
        (name, thing)
        for module in modules()
        for name, thing in public(module)
        if inspect.isclass(thing) or inspect.isroutine(thing) or isinstance(thing, property)
    ]
    bare = [name for name, thing in found if not (thing.__doc__ or "").strip()]
    assert len(found) > 100
    assert bare == []


def test_what_newer_pages_add_is_documented() -> None:
    assert "nor on which of several pages a paper is" not in README
    assert "ocr.claims" in (Field.__doc__ or "")
    assert "undocumented" not in (OcrDocument.invoice_vehicle.__doc__ or "")


def test_each_operation_that_is_never_sent_again_is_named() -> None:
    (line,) = (line for line in README.splitlines() if "is never retried in this case" in line)
    for name in (name for name, endpoint in OPERATIONS.items() if not endpoint.repeatable):
        assert f"`{name}`" in line
        assert f"`{name}`" in (RetryPolicy.__doc__ or "")


def test_the_figures_of_speed_are_those_of_the_full_run() -> None:
    measured = (ROOT / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
    section = README.partition("\n## Speed\n")[2].partition("\n## ")[0]
    lines = [line.strip("|").split("|") for line in section.splitlines() if "|" in line]
    head, _, *rows = [[cell.strip() for cell in line] for line in lines]
    assert len(rows) == 6
    for at_once, *told in zip(head[1:], *(row[1:] for row in rows), strict=True):
        scene = measured.partition(f"## 100 KB files, {at_once} at once, no latency\n")[2].partition("\n## ")[0]
        for (name, *_), figure in zip(rows, told, strict=True):
            [ratio] = re.findall(rf"^\| {re.escape(name)} +\| \S+ +\| (\S+) ", scene, re.MULTILINE)
            assert abs(float(ratio) - float(figure)) <= 0.0501, (name, at_once)
