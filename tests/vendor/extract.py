"""Read the vendor's documents as plain facts: operations, fields and codes. Knows nothing of the library.

The result is checked in as ``facts.json``, made from the repository's root by::

    python -m tests.vendor.extract ../shared/api > tests/vendor/facts.json
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Facts = dict[str, Any]
Names = dict[str, Any]
"""Names, each with the names below it."""

CHAPTER = re.compile(r"#{1,3} (?!\d)(.+)")
TITLE = re.compile(r"title: '(.+)'")
CALL = re.compile(r"(GET|POST|PUT|DELETE)")
BULLET = re.compile(r"( *)- (?:`([^`]+)`|(\w+)(?=:))(.*)")
ERRORS = "Bảng mã lỗi:"
WARNINGS = ("Bảng mã cảnh báo:", "Bảng mã lỗi cảnh báo:", "Bảng mã thông báo:")
TYPES = re.compile("`?type`? ?: ")
NO_LIST = re.compile("`?type`? ?: |_Lưu ý_")
NO_KIND = re.compile(r"`json|_?Lưu ý_?:|.*định dạng sau:$")


@dataclass
class Section:
    """Content below one heading, in a comment or not."""

    document: str
    chapter: str
    title: str
    listed: bool
    lines: list[str] = field(default_factory=list)

    def origin(self) -> Facts:
        return {"document": self.document, "chapter": self.chapter, "listed": self.listed}


@dataclass
class Piece:
    """A table, a block of code, a list of bullets, or a line of text with what is in it."""

    kind: str
    lines: list[str]


def sections(document: str, text: str) -> Iterator[Section]:
    """Part a document at its headings, and where a comment begins or ends."""
    title = TITLE.search(text)
    section = Section(document, title[1].strip() if title else "", "", True)
    fenced = False
    for line in text.splitlines():
        bare = line.strip()
        if "<!--" in bare:
            yield section
            section = Section(document, section.chapter, section.title, False)
        elif bare.startswith("#") and not fenced:
            yield section
            chapter = CHAPTER.fullmatch(bare)
            section = Section(document, chapter[1] if chapter else section.chapter, bare, section.listed)
        elif bare != "-->":
            section.lines.append(line.removesuffix("-->").rstrip())
        fenced ^= bare.startswith("```")
        if "-->" in bare:
            yield section
            section = Section(document, section.chapter, section.title, True)
    yield section


def kind_of_line(line: str, fenced: bool) -> str:
    bare = line.strip()
    if bare.startswith("```"):
        return "fence"
    if fenced:
        return "code"
    if bare.startswith("|"):
        return "table"
    return "bullets" if BULLET.match(line) else "text" if bare else "blank"


def pieces(lines: list[str]) -> Iterator[Piece]:
    """The pieces of a section, in order; code without its fences."""
    kinds: list[str] = []
    fenced = False
    for line in lines:
        kinds.append(kind_of_line(line, fenced))
        fenced ^= kinds[-1] == "fence"
    for kind, group in groupby(zip(kinds, lines, strict=True), key=lambda pair: pair[0]):
        found = [line for _, line in group]
        if kind == "text":
            yield from (Piece(kind, [line.strip()]) for line in found)
        elif kind not in ("fence", "blank"):
            yield Piece(kind, found)


def cells(piece: Piece) -> list[list[str]]:
    """The rows of a table, without backticks; head and ruler are the first two."""
    return [[cell.strip().strip("`") for cell in line.strip().strip("|").split("|")] for line in piece.lines]


def keys(code: list[str]) -> Names:
    """The keys of something that resembles JSON, each with those below it."""
    names: Names = {}
    open_: list[Names] = []
    last = names
    for token in re.findall(r'"\w+ *"(?=\s*:)|[{}]', "\n".join(line.partition("//")[0] for line in code)):
        if token == "{":
            open_.append(last)
        elif token == "}":
            last = open_.pop()
        else:
            last = open_[-1].setdefault(token.strip('"'), {})
    return names


def bullets(lines: list[str]) -> Names:
    """The names that bullets begin with, each with those that are indented below it."""
    names: Names = {}
    open_: list[tuple[int, Names]] = [(-1, names)]
    for line in lines:
        found = BULLET.match(line)
        assert found
        while open_[-1][0] >= len(found[1]):
            open_.pop()
        open_.append((len(found[1]), open_[-1][1].setdefault(found[2] or found[3], {})))
    return names


def form(method: str, content_type: str, query: dict[str, str], body: Names, code: str) -> str:
    """Return how the inputs are sent: from ``format_type``, or from method, content type and body."""
    if "format_type" in query:
        return query["format_type"]
    if method == "GET":
        return "url" if any(value.startswith("http") for value in query.values()) else "none"
    if content_type == "multipart/form-data":
        return "file"
    return "base64" if "iVBOR" in code else "json"


def operation(section: Section) -> Facts | None:
    """The operation that a section is about, if it is."""
    call: list[str] | None = None
    query: dict[str, str] = {}
    body: Names = {}
    below, code = "", ""
    for piece in pieces(section.lines):
        if piece.kind == "text":
            below = piece.lines[0]
        elif piece.kind == "table" and call is None:
            call = next((row for row in cells(piece) if CALL.fullmatch(row[0])), None)
        elif piece.kind == "table" and "Params" in below:
            query |= {row[0]: row[1] for row in cells(piece)[2:]}
        elif "Body" in below:
            body |= {row[0]: {} for row in cells(piece)[2:]} if piece.kind == "table" else keys(piece.lines)
            code, below = "\n".join(piece.lines), ""
    if call is None:
        return None
    method, address, content_type = [*call, ""][:3]
    url = urlsplit(address)
    return section.origin() | {
        "method": method,
        "host": url.netloc.partition(".")[0],
        "path": url.path,
        "form": form(method, content_type, query, body, code),
        "query": sorted(query),
        "body": body,
    }


def everywhere(section: Section) -> list[str]:
    """The parameters that stand in a chapter without an operation: all operations take them."""
    tables = [piece for piece in pieces(section.lines) if piece.kind == "table"]
    return [row[0] for row in cells(tables[0])[2:]] if section.chapter == "Đối soát thông tin" else []


def kind_of(texts: list[str]) -> str:
    """The kind of paper that the text before a list names."""
    for text in reversed(texts):
        if not NO_KIND.match(text) and not text.startswith("`"):
            case = re.search(r"trường hợp (.+?),", text)
            return case[1] if case else text.partition(":")[0]
    return "info"


def merge(into: Names, names: Names) -> None:
    for name, below in names.items():
        merge(into.setdefault(name, {}), below)


def papers(section: Section) -> Iterator[Facts]:
    """Each list of fields, with the kind of paper that it is of, and its ``type`` if that is fixed."""
    texts: list[str] = []
    found: dict[str, Facts] = {}
    for piece in pieces(section.lines):
        if piece.kind == "text":
            texts.append(piece.lines[0])
        elif piece.kind == "bullets" and not NO_LIST.match(texts[-1]):
            kind = kind_of(texts)
            paper = found.setdefault(kind, section.origin() | {"kind": kind, "fields": {}})
            merge(paper["fields"], bullets(piece.lines))
            fixed = re.findall(r"`type`: `(\w+)`", "\n".join([*texts[-2:], *piece.lines]))
            paper |= {"type": fixed[-1]} if fixed else {}
    yield from found.values()


def types(section: Section) -> Iterator[Facts]:
    """The values that a chapter documents for ``type``."""
    below = ""
    for piece in pieces(section.lines):
        if piece.kind == "bullets" and TYPES.match(below):
            yield section.origin() | {"types": sorted(bullets(piece.lines))}
        below = piece.lines[0]


def shapes(section: Section) -> Iterator[Facts]:
    """The keys of each block of JSON, with the text before it."""
    below = ""
    for piece in pieces(section.lines):
        if piece.kind == "text":
            below = piece.lines[0]
        elif piece.kind == "code" and (found := keys(piece.lines)):
            yield section.origin() | {"below": below, "keys": found}


def suffixes(section: Section) -> Iterator[Facts]:
    """The rules that every field, but for some, has others beside it."""
    for line in section.lines:
        if re.match("_?Lưu ý", line):
            excepted = re.search(r"\(trừ trường ([^)]*)\)", line)
            assert excepted
            yield section.origin() | {
                "suffixes": sorted(re.findall(r"`(_\w+)`", line)),
                "except": sorted(re.findall(r"[a-z][a-z_]{2,}", excepted[1])),
            }


def codes(section: Section) -> Iterator[Facts]:
    """Each table of codes. One code may have several messages, each with its description."""
    below = ""
    for piece in pieces(section.lines):
        if piece.kind == "text":
            below = piece.lines[0]
        elif piece.kind == "table" and below in (ERRORS, *WARNINGS):
            table: dict[str, list[str]] = {}
            meant: dict[str, list[str]] = {}
            for code, message, *description in cells(piece)[2:]:
                table.setdefault(code, []).append(message)
                meant.setdefault(code, []).extend(description)
            kind = "error" if below == ERRORS else "warning"
            yield section.origin() | {"kind": kind, "codes": table, "descriptions": meant}


def v1(text: str) -> Facts:
    """The answers of API v1, which are documented apart, in a table and in prose."""
    origin = {"document": "v1", "chapter": "API v1", "listed": True}
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.MULTILINE)
    said = text.partition("Error codes: ")[2].partition(". ")[0]
    values = text.partition("`type` values: ")[2].partition("\n")[0]
    return {
        "papers": [
            origin | {"kind": kind, "type": kind, "fields": {name: {} for name in re.findall(r"`(\w+)`", names)}}
            for kind, names in rows[1:]
        ],
        "codes": [origin | {"kind": "error", "codes": {code: [m] for code, m in re.findall(r"(\d) ([^,]+)", said)}}],
        "types": [origin | {"types": sorted(re.findall(r"`(\w+)`", values))}],
    }


def extract(folder: Path) -> Facts:
    """All facts of the documents in a folder."""
    parts = [
        section
        for path in sorted(folder.glob("*.txt"))
        for section in sections(path.name.partition("_")[0], path.read_text(encoding="utf-8"))
    ]
    answers = [part for part in parts if "Thông tin trả về" in part.title]
    old = v1((folder / "v1-responses.md").read_text(encoding="utf-8"))
    return {
        "operations": [found for part in parts if (found := operation(part))],
        "everywhere": [name for part in parts for name in everywhere(part)],
        "papers": [fact for part in answers for fact in papers(part)] + old["papers"],
        "types": [fact for part in answers for fact in types(part)] + old["types"],
        "shapes": [fact for part in answers for fact in shapes(part)],
        "suffixes": [fact for part in answers for fact in suffixes(part)],
        "codes": [fact for part in answers for fact in codes(part)] + old["codes"],
    }


def as_text(facts: Facts) -> str:
    """The facts as they are checked in."""
    return json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> None:
    sys.stdout.write(as_text(extract(Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
