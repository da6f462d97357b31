"""Draw the floors of the package from its imports, as `docs/architecture.md` shows them.

Run from the repository's root, it writes the drawing anew::

    python -m tests.docs.floors

A room is a package, or a module that stands directly in ``cvs_async``. A room imports only from floors below its own,
when it is imported itself. Imports within functions, and those for type checkers alone, do not count.
"""

from __future__ import annotations

import ast
import textwrap
from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = "cvs_async"
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- floors: python -m tests.docs.floors -->\n", "<!-- end of floors -->\n"

Arrows = Mapping[str, set[str]]


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Return every module of the package, by its dotted name."""
    found = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def room_of(module: str) -> str:
    """Return the package or top module that a module belongs to."""
    return module.split(".")[1] if "." in module else PACKAGE


def arrows(known: Mapping[str, Path]) -> Arrows:
    """Return which rooms each room imports."""
    found = defaultdict[str, set[str]](set)
    for module, path in known.items():
        room = room_of(module)
        found[room] |= set()
        for statement in _statements(ast.parse(path.read_text(encoding="utf-8"))):
            targets = _targets(statement, module, is_package=path.name == "__init__.py", known=known)
            found[room] |= {room_of(target) for target in targets} - {room}
    return found


def _statements(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports that run when the module is imported."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_for_type_checkers(child):
            yield from _statements(child)


def _is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _targets(
    statement: ast.Import | ast.ImportFrom, module: str, *, is_package: bool, known: Mapping[str, Path]
) -> Iterator[str]:
    if isinstance(statement, ast.Import):
        names = [alias.name for alias in statement.names]
    else:
        parts = module.split(".")
        above = statement.level - is_package
        base = ".".join(parts[: len(parts) - above]) if statement.level else ""
        base = ".".join(filter(None, (base, statement.module)))
        names = [f"{base}.{alias.name}" if f"{base}.{alias.name}" in known else base for alias in statement.names]
    yield from (name for name in names if name.partition(".")[0] == PACKAGE)


def floors(found: Arrows) -> list[list[str]]:
    """Return the rooms of each floor, the lowest first.

    Raises:
        graphlib.CycleError: if rooms import each other.
    """
    height: dict[str, int] = {}
    for room in TopologicalSorter(found).static_order():
        height[room] = 1 + max((height[below] for below in found[room]), default=-1)
    return [sorted(room for room in height if height[room] == floor) for floor in range(max(height.values()) + 1)]


def drawing() -> str:
    """Return the floors as text, the highest first, and below them what each package imports."""
    known = modules()
    found = arrows(known)
    packages = sorted(room for room in found if known.get(f"{PACKAGE}.{room}", Path()).name == "__init__.py")
    lines = []
    for floor, rooms in reversed(list(enumerate(floors(found)))):
        names = " ".join(f"{room}/" if room in packages else room for room in rooms)
        lines += textwrap.wrap(names, 100, initial_indent=f"{floor:2}  ", subsequent_indent="    ")
    lines.append("")
    for package in packages:
        imported = [name for name in packages if name in found[package]]
        lines.append(f"{package + '/':11} imports {' '.join(f'{name}/' for name in imported) or 'no package'}")
    return "\n".join(lines) + "\n"


def page_with(text: str, page: str) -> str:
    """Return a page with this drawing in the place of its old one."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}```text\n{text}```\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page_with(drawing(), PAGE.read_text(encoding="utf-8")), encoding="utf-8")
