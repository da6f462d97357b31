"""The papers for those who change the library are true: names exist, tables and drawings are those of the code."""

from __future__ import annotations

import ast
import builtins
import re
import subprocess
import textwrap
from collections.abc import Awaitable, Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeAlias

import pytest

from cvs_async import AsyncCVS, Held, errors
from cvs_async.api import OPERATIONS
from cvs_async.batch.journal import Journal
from cvs_async.cli.app import app
from cvs_async.sandbox import Sandbox
from tests.docs import floors

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
EACH = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())

BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([\w-]+))?\)")
IDENTIFIER = re.compile(r"_*[A-Za-z]\w*(\.\w+)*(\(\))?")
FILE = re.compile(r"[\w./-]+\.(py|md|json|toml)|[\w.-]+/[\w./-]*")

OF_OTHERS = {"PATH", "ThreadPoolExecutor", "aiosqlite", "anyio.to_thread", "assert_type", "asyncio.wait", "if"}
INVENTED = {"ocr.ticket"}


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Yield language and text of each block of code."""
    for _, language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        yield language, textwrap.dedent(text)


def quoted(page: Path) -> Iterator[str]:
    """Yield what stands between single backticks."""
    yield from re.findall(r"`([^`\n]+)`", BLOCK.sub("", page.read_text(encoding="utf-8")))


def table(page: str, heading: str) -> list[list[str]]:
    """Return the rows of the first table below a heading, without backticks."""
    section = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip().replace("`", "") for cell in cells] for cells in rows[2:]]


# --- code and links


@EACH
def test_blocks_of_code_can_be_read(page: Path) -> None:
    for language, text in blocks(page):
        assert language in ("python", "bash", "text")
        if language == "python":
            ast.parse(text)
        if language == "bash":
            ended = subprocess.run(["bash", "-n", "-c", text], capture_output=True, text=True)
            assert ended.returncode == 0, ended.stderr
            assert [name for name in re.findall(r"python -m ([\w.]+)", text) if not is_module(name)] == []
            assert [name for name in re.findall(r"\S+/\S+\.(?:py|json)", text) if not is_file(name)] == []


@EACH
def test_links_lead_somewhere(page: Path) -> None:
    for path, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        target = page.parent / path if path else page
        assert target.exists(), path
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


def test_every_decision_is_listed() -> None:
    index = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    notes = {page.name for page in PAGES if page.parent.name == "decisions"} - {"README.md"}
    assert {path for path, _ in LINK.findall(index)} == notes


# --- names


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return name in ("pytest", "venv") or path.with_suffix(".py").is_file() or path.is_dir()


def is_file(name: str) -> bool:
    """Return whether a file or folder exists; a test file is named without its folder."""
    if "/" in name:
        return (ROOT / name).exists()
    return (ROOT / name).exists() or len(list((ROOT / "tests").rglob(name))) == 1


@cache
def known_names() -> frozenset[str]:
    """Return every name that the code defines: classes, functions, arguments, attributes, variables, modules."""
    found = {*dir(builtins), *vars(errors), "__all__"}
    for folder in ("cvs_async", "tests", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            found |= {folder, path.stem, path.parent.name}
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                    found.add(node.name)
                elif isinstance(node, ast.arg):
                    found.add(node.arg)
                elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
                    found.add(node.id if isinstance(node, ast.Name) else node.attr)
    return frozenset(found)


def is_known(name: str) -> bool:
    """Return whether a command, a file or a name between backticks exists; anything else passes."""
    if name in OF_OTHERS | INVENTED or name in OPERATIONS:
        return True
    if name.startswith("cvs-async "):
        return name.split()[1] in {command.name for command in app.registered_commands}
    if name.startswith("python -m "):
        return is_module(name.split()[2])
    if FILE.fullmatch(name):
        return is_file(name)
    if IDENTIFIER.fullmatch(name):
        return set(name.removesuffix("()").split(".")) <= known_names()
    return True


@EACH
def test_what_a_paper_names_exists(page: Path) -> None:
    assert [name for name in quoted(page) if not is_known(name)] == []


def test_a_name_that_does_not_exist_is_found() -> None:
    wrong = ("NoSuchClass", "test_no_such_thing", "cvs_async/no_such.py", "test_no_such.py", "cvs-async nothing")
    assert [name for name in wrong if is_known(name)] == []


def test_each_package_has_its_place_and_its_tests() -> None:
    packages = {f"cvs_async/{path.parent.name}/" for path in (ROOT / "cvs_async").glob("[a-z]*/__init__.py")}
    for name in ("docs/architecture.md", "CONTRIBUTING.md"):
        page = (ROOT / name).read_text(encoding="utf-8")
        assert {package for package in packages if f"`{package}" not in page} == set()


def test_the_tests_that_ci_names_exist() -> None:
    named = re.findall(r"\btest_\w+", (ROOT / ".ci" / "run").read_text(encoding="utf-8"))
    assert len(named) > 20
    assert [name for name in named if not is_file(f"{name}.py")] == []


# --- tables and drawings


def test_the_drawing_of_the_floors_is_that_of_the_imports() -> None:
    page = floors.PAGE.read_text(encoding="utf-8")
    assert page == floors.page_with(floors.drawing(), page), "draw it anew: python -m tests.docs.floors"


def test_rooms_that_import_each_other_are_found() -> None:
    with pytest.raises(ValueError, match="cycle"):
        floors.floors({"models": {"api"}, "api": {"models"}})


def charges() -> dict[str, set[str]]:
    """Return what each error can cost, as README's fault table has it; that is checked against a real server."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| `?(\w+)`? \| (billed|free|unknown) \| \d \|$", page, re.MULTILINE)
    found: dict[str, set[str]] = {"OutOfRequestsError": {"free"}, "InvalidInputError": {"free"}}
    for name, charge in [*rows, ("ConfigurationError", "free")]:
        found.setdefault(name, set()).add(charge)
    return found


def test_the_money_table_agrees_with_the_fault_table() -> None:
    rows = table(floors.PAGE.read_text(encoding="utf-8"), "What each end costs")
    known = charges()
    assert len(rows) > 12
    for what, names, charge, again in rows:
        assert all(charge in known[name] for name in names.split(", ")), what
        assert charge == "free" or again in ("no", "never"), what


Step: TypeAlias = Callable[[Journal, str], Awaitable[object]]


async def claim(journal: Journal, key: str) -> None:
    await journal.claim(key, operation="ocr.card", source="scan.jpg")


async def sent(journal: Journal, key: str) -> None:
    await journal.sent(key, check_sum=key[:16])


async def withdrawn(journal: Journal, key: str) -> None:
    await journal.withdrawn(key)


async def ended_free(journal: Journal, key: str) -> None:
    await journal.ended(key, charge="free", content=None, http_status=503, error="ServerError", code=None)


async def ended_unknown(journal: Journal, key: str) -> None:
    await journal.ended(key, charge="unknown", content=None, http_status=None, error="TimeoutError", code=None)


async def ended_billed(journal: Journal, key: str) -> None:
    body = b'{"data": [], "errorCode": "0", "errorMessage": "Success"}'
    await journal.ended(key, charge="billed", content=body, http_status=200, error=None, code=0)


STEPS: dict[str, tuple[Step, ...]] = {
    "nothing": (),
    "the claim": (claim,),
    "the request is marked as sent": (claim, sent),
    "the mark is withdrawn: it did not leave": (claim, sent, withdrawn),
    "it ended free": (claim, sent, ended_free),
    "it ended unknown": (claim, sent, ended_unknown),
    "it ended billed": (claim, sent, ended_billed),
}
CRASHES = table(floors.PAGE.read_text(encoding="utf-8"), "Crash points")


def test_the_crash_table_has_each_step() -> None:
    assert [row[0] for row in CRASHES] == list(STEPS)


@pytest.mark.parametrize(("committed", "state", "then"), [row[:3] for row in CRASHES], ids=list(STEPS))
async def test_the_crash_table_is_true(
    committed: str, state: str, then: str, sandbox: Sandbox, cvs: AsyncCVS, jpg: bytes, tmp_path: Path
) -> None:
    async with cvs.batch(cvs.ocr.card, [jpg]) as outcomes:
        [key] = [outcome.item.key async for outcome in outcomes]
    assert key is not None
    path = tmp_path / "cards.db"
    async with Journal(path) as journal:
        for step in STEPS[committed]:
            await step(journal, key)
    if committed != "nothing":
        async with Journal(path) as journal:
            record = await journal.claim(key, operation="ocr.card", source="scan.jpg")
            assert record is not None
            assert record.state == state
    before = sandbox.ledger.requests
    async with cvs.batch(cvs.ocr.card, [jpg], journal=path) as outcomes:
        [outcome] = [outcome async for outcome in outcomes]
    requests = sandbox.ledger.requests - before
    assert requests == ("sends" in then)
    assert isinstance(outcome, Held) == ("holds" in then)
    assert getattr(outcome, "replayed", False) == ("replays" in then)
