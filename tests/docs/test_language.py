"""Prose in plain technical English: the patterns below find the wordings that this code base no longer uses."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.main

from cvs_async.cli.app import app

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "cvs_async"
DOCUMENTS = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))


BE = r"\b(?:is|are|was|were|be|been)"

PATTERNS = {
    "is none": (rf"{BE} none\b", "the source is none; give a list"),
    "is no X": (rf"(?<!\b[Tt]here ){BE} no (?!longer\b|more\b|fewer\b|less\b)", "arguments that are no files"),
    "headless who": (
        r"(?:^|[.:;] )[Ww]ho(?:m|se)? (?![^.]*\?)|\b(?:for|of|by|to|from|than|as|and|or|with|as if) who\b"
        r"|\b[Ww]ho(?:m|se)?ever\b",
        "as `turn`, for who has to wait",
    ),
    "told or said for data": (r"\btold\b|\bsaid\b", "an argument is told twice"),
    "leave as permission": (
        r"\bleave to (?!the\b|others\b)|\b(?:has|have|gets?|gives?|with|without|asks?) leave\b|^Leave (?:to|for)\b",
        "Leave to send a request, as soon as there is",
    ),
    "leave for sending": (
        r"\b(?:has|have|had)(?: not| never)? left\b(?! (?:out|over|the))|\bbefore (?:it|they|anything|that) leaves?\b",
        "the answer to a request which has left",
    ),
    "nobody and somebody": (r"\b(?:no|some|any)body\b", "an encoding that nobody asked for"),
    "literary phrase": (
        r"\bnothing but\b|\bat a loss\b|\bbefall(?:s|en)?\b|\bbecomes? of\b|\bfor nothing\b(?! twice| again)"
        r"|\bmakes no sense\b|\bat the most\b|\ball in all\b|\brow of draws\b|\bas ever\b|\bof its own accord\b",
        "whatever becomes of it",
    ),
    "so many for a number": (r"\bso (?:many|much)\b(?! (?:that|as)\b)", "stop after so many failures"),
}
FOUND = {name: re.compile(pattern, re.MULTILINE) for name, (pattern, _) in PATTERNS.items()}

HEADLESS_START = re.compile(
    r"(?:What|Whether|Who(?:m|se)?|How|Where|When|Why|Which|Of|To|That|Such as|So|Some of|As|Told|Nothing)\b(?![^.]*\?)"
)
"""Starts of a docstring or help text that neither tell the reader to do something nor name a thing."""

PLAIN = (
    "None if there is no file.",
    "The number is no longer used, and there are no others.",
    "if x is None: return None",
    "Who reads this?",
    "the people who carry this on",
    "files are left out, and what is left over stays",
    "leave the loop early",
    "so much that it does not fit",
)


@dataclass(frozen=True)
class Text:
    """A piece of prose: its place, its words, and whether its first word starts a docstring or a help text."""

    place: str
    words: str
    starts: bool = False


def docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of each docstring, those below assignments included."""
    for node in ast.walk(tree):
        for statement in getattr(node, "body", None) or () if not isinstance(node, ast.Lambda | ast.IfExp) else ():
            match statement:
                case ast.Expr(ast.Constant(str(text))):
                    yield statement.lineno, text


def literals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of each string that is more than a word, f-strings piece by piece."""
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(str(text)) if id(node) not in statements and " " in text.strip():
                yield node.lineno, text


def comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of each comment; comments on lines of their own that follow each other are one."""
    block: list[str] = []
    begin = last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT or token.string.startswith("#!"):
            continue
        line = token.start[0]
        alone = not token.line[: token.start[1]].strip()
        if block and not (alone and line == last + 1):
            yield begin, " ".join(block)
            block = []
        begin, last = begin if block else line, line if alone else 0
        block.append(token.string.removeprefix("#").strip())
    if block:
        yield begin, " ".join(block)


def texts_of(path: Path) -> Iterator[Text]:
    """Yield the prose of a module and its names: in the package all functions and classes, in tests the tests."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    name = path.relative_to(ROOT).as_posix()
    for line, text in docstrings(tree):
        yield Text(f"{name}:{line}", text, starts=True)
    for line, text in comments(source):
        yield Text(f"{name}:{line}", text)
    if path.is_relative_to(PACKAGE):
        for line, text in literals(tree):
            yield Text(f"{name}:{line}", text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and (
            path.is_relative_to(PACKAGE) or node.name.startswith("test_")
        ):
            yield Text(f"{name}:{node.lineno}", node.name.removeprefix("test_").replace("_", " ").strip())


def findings(text: Text) -> list[str]:
    """Return what is wrong with a text, each with its place."""
    words = re.sub(r"``.*?``|`[^`\n]*`", "`…`", text.words)
    words = re.sub(r"(?<=\S)[ \t]*\n[ \t]*(?=\S)", " ", words)
    found = [
        f"{text.place}: {name}: {words[max(0, match.start() - 30) : match.end() + 30]!r}"
        for name, pattern in FOUND.items()
        for match in pattern.finditer(words)
    ]
    if text.starts and HEADLESS_START.match(words.strip()):
        found.append(f"{text.place}: headless start: {words.strip()[:60]!r}")
    return found


MODULES = [
    path
    for folder in ("cvs_async", "tests", "examples", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path != Path(__file__).resolve()
]
NAMES = [path.relative_to(ROOT).as_posix() for path in (*MODULES, *DOCUMENTS)]


def findings_of(name: str) -> list[str]:
    path = ROOT / name
    if path.suffix == ".py":
        return [found for text in texts_of(path) for found in findings(text)]
    prose = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    blocks = re.split(r"\n\s*\n|\n(?=[-|#] ?)", prose)
    return [found for block in blocks for found in findings(Text(name, block))]


@pytest.mark.parametrize("name", NAMES)
def test_prose_is_plain_technical_english(name: str) -> None:
    assert findings_of(name) == []


def helps() -> Iterator[Text]:
    """Yield the help of each command, argument and option, as the command line prints it."""
    for name, command in typer.main.get_group(app).commands.items():
        yield Text(f"cvs-async {name}", command.help or "", starts=True)
        for parameter in command.params:
            option: Any = parameter
            yield Text(f"cvs-async {name} {parameter.name}", getattr(option, "help", None) or "", starts=True)


def test_the_help_of_the_command_line_is_plain_technical_english() -> None:
    texts = list(helps())
    assert len(texts) > 50
    assert [found for text in texts for found in findings(text)] == []


@pytest.mark.parametrize("name", PATTERNS)
def test_each_pattern_finds_its_example(name: str) -> None:
    found = findings(Text("here", PATTERNS[name][1]))
    assert any(f": {name}: " in line for line in found), found


@pytest.mark.parametrize(
    "start", ["Of the draw of faults.", "What the sandbox reads.", "Whether it is a file.", "How far."]
)
def test_a_headless_start_is_found(start: str) -> None:
    assert len(findings(Text("here", start, starts=True))) == 1
    assert findings(Text("here", start)) == []


@pytest.mark.parametrize("plain", PLAIN)
def test_plain_english_passes(plain: str) -> None:
    assert findings(Text("here", plain, starts=True)) == []


def test_every_kind_of_prose_in_a_module_is_read() -> None:
    source = '"""One."""\n\nX = 1\n"""Two."""\n# Three,\n# and four.\ny = f"five {X} six seven"  # eight\n'
    tree = ast.parse(source)
    assert [text for _, text in docstrings(tree)] == ["One.", "Two."]
    assert [text for _, text in comments(source)] == ["Three, and four.", "eight"]
    assert "".join(text for _, text in literals(tree)) == " six seven"
