"""The shape of the package: modules and functions that are short, expressions that are plain, and no import cycles.

Modules of tests import from no other module of tests: what several use is in a module without tests.

Lower a bound once the code is below it, and do not raise one.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import cvs_async

ROOT = Path(cvs_async.__file__).parent
TESTS = Path(__file__).parents[1]
MOST_LINES = 400
MOST_CONDITIONAL = 6
"""Conditional expressions in 1,000 lines."""
LONGEST_USUAL_FUNCTION = 18
"""Lines of the function that is longer than 90 % of them."""


@functools.cache
def modules() -> dict[str, ast.Module]:
    """Return the modules of the package by their paths in it."""
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_bytes()) for path in sorted(ROOT.rglob("*.py"))}


def lines(name: str) -> int:
    return (ROOT / name).read_bytes().count(b"\n")


def dotted(name: str) -> str:
    parts = Path("cvs_async", name).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def runs_on_import(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a module that its import runs: no bodies of functions, and nothing for type checkers only."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from runs_on_import(child)


def imported(name: str, tree: ast.Module, known: set[str]) -> set[str]:
    """Return the modules of the package that a module imports when it is imported."""
    package = Path("cvs_async", name).parent.parts
    found = set()
    for node in runs_on_import(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) + 1 - node.level]) if node.level else []
            source = ".".join([*base, *filter(None, [node.module])])
            found |= {f"{source}.{a.name}" if f"{source}.{a.name}" in known else source for a in node.names}
    return found & known


def find_cycle(graph: dict[str, set[str]]) -> list[str]:
    """Return the modules of an import cycle, from one of them back to it; an empty list without a cycle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_a_cycle_is_found() -> None:
    assert find_cycle({"a": {"b"}, "b": {"c"}, "c": {"d"}}) == []
    assert sorted(set(find_cycle({"a": {"b"}, "b": {"c"}, "c": {"a", "d"}}))) == ["a", "b", "c"]


def test_relative_and_absolute_imports_are_found() -> None:
    known = {"cvs_async", "cvs_async.batch", "cvs_async.batch.x", "cvs_async.errors", "cvs_async.api"}
    text = "import cvs_async.api\nfrom . import x\nfrom ..errors import CVSError\nfrom cvs_async.batch import y, x\n"
    late = "def f():\n    from .. import z\nif TYPE_CHECKING:\n    import cvs_async\n"
    assert imported("batch/y.py", ast.parse(text + late), known) == known - {"cvs_async"}


def test_no_modules_import_each_other() -> None:
    known = {dotted(name) for name in modules()}
    graph = {dotted(name): imported(name, tree, known) - {dotted(name)} for name, tree in modules().items()}
    assert sum(map(len, graph.values())) > 200
    assert find_cycle(graph) == []


def test_modules_are_short() -> None:
    assert {name: lines(name) for name in modules() if lines(name) > MOST_LINES} == {}


def conditional(tree: ast.AST) -> list[ast.IfExp]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.IfExp)]


def test_conditional_expressions_are_few() -> None:
    found = sum(len(conditional(tree)) for tree in modules().values())
    assert found * 1000 / sum(map(lines, modules())) <= MOST_CONDITIONAL


def is_chained(node: ast.IfExp) -> bool:
    return any(isinstance(part, ast.IfExp) for part in (node.test, node.body, node.orelse))


def test_conditional_expressions_are_not_chained() -> None:
    found = {
        name: [ast.unparse(node) for node in conditional(tree) if is_chained(node)] for name, tree in modules().items()
    }
    assert {name: chained for name, chained in found.items() if chained} == {}


def test_functions_are_short() -> None:
    defined = (
        node
        for tree in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    lengths = sorted((node.end_lineno or 0) - node.lineno + 1 for node in defined)
    assert lengths[len(lengths) * 9 // 10] <= LONGEST_USUAL_FUNCTION


def imports_of_tests(text: str) -> list[str]:
    """Return the lines that import from a module of tests, those of programs in strings among them."""
    return re.findall(r"^ *(?:from|import) (?:[\w.]*\.)?test_.*|^ *from [\w.]+ import .*\btest_.*", text, re.MULTILINE)


def test_imports_of_tests_are_found() -> None:
    wrong = [
        "from tests.cli.test_cli import lines",
        "    from .test_cli import start",
        "import tests.cli.test_cli as cli",
    ]
    wrong += ["from tests.cli import test_cli", "from . import helpers, test_cli"]
    right = ["from tests.support.commands import lines", "import pytest", "from tests.docs import floors"]
    assert imports_of_tests("\n".join([*right, *wrong])) == wrong


def test_no_tests_import_from_a_module_of_tests() -> None:
    found = {str(path.relative_to(TESTS)): imports_of_tests(path.read_text("utf-8")) for path in TESTS.rglob("*.py")}
    assert len(found) > 100
    found.pop("docs/test_shape.py")
    assert {name: lines for name, lines in found.items() if lines} == {}
