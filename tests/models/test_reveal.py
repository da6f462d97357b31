"""Values appear nowhere unless requested, and then everywhere they were requested."""

from __future__ import annotations

import asyncio
import contextvars
import html.parser
import json
import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import attrs
import pytest
from attrs import frozen

from cvs_async import Done, Reply, reveal
from cvs_async._codec.converter import structure
from cvs_async._display.showing import as_text
from cvs_async.batch.outcome import Item
from cvs_async.models import (
    Box,
    Cell,
    Document,
    Field,
    Image,
    Invoice,
    Page,
    Passport,
    Recognized,
    Table,
    TextItem,
    Unknown,
)
from cvs_async.models.fields import EMPTY, PAPERS, Text
from tests.support.answers import canaries
from tests.support.hostile import HOSTILE, OBEYED
from tests.support.papers import EXAMPLES

CANARY = "CANARY"

DATA: dict[str, Any] = {
    **{name: structure(wire, returns) for name, (returns, wire) in EXAMPLES.items()},
    **{
        name: structure([{"type": name, "info": canaries(cls), "mới": CANARY}], list[Recognized])
        for name, cls in PAPERS.items()
    },
    "text": structure([[[[{"text": CANARY, "mới": CANARY}]]]], list[Page]),
    "unknown": structure([{"type": "giấy_mới", "info": {CANARY: {CANARY: [CANARY]}}}], list[Recognized]),
    "plain": {CANARY: [{CANARY: CANARY}, CANARY]},
}
SECRETS = (CANARY, "giá trị", "Chuyển khoản", "51F", "Liti", "example.com/a", "Dư nợ")


def reply(data: Any) -> Reply[Any]:
    return Reply(operation="ocr.card", data=data, raw={CANARY: CANARY}, check_sum=CANARY)


def things(value: Any) -> Iterator[Any]:
    """Everything that a user can get hold of in what was read."""
    yield value
    if isinstance(value, list):
        for part in value:
            yield from things(part) if not isinstance(part, str) else ()
    elif isinstance(value, Document):
        for name in attrs.fields_dict(type(value)):
            if name != "extra":
                part = getattr(value, name)
                yield from things(part) if isinstance(part, (Document, Field, Image, list)) else ()


@pytest.mark.parametrize("name", DATA)
def test_nothing_that_was_read_shows_unasked(name: str) -> None:
    data, seen = DATA[name], 0
    held = [reply(data), Done(Item(0, "a.jpg"), reply(data))]
    if name != "plain":
        held += [thing for thing in things(data) if type(thing) is not list or not _bare(thing)]
    for thing in held:
        shown = f"{thing} {thing!r} {[thing]!r}"
        if hasattr(thing, "_repr_html_"):
            shown += thing._repr_html_()
        assert [secret for secret in SECRETS if secret in shown] == []
        seen += 1
    assert seen > 2 or name == "plain"


def _bare(thing: list[Any]) -> bool:
    """Return whether it is a list of texts, as in a `Table`, which hides them as long as they are in it."""
    return any(isinstance(part, str) or (isinstance(part, list) and _bare(part)) for part in thing)


def texts_of(plain: Any) -> Iterator[str]:
    if isinstance(plain, str):
        yield plain
    elif isinstance(plain, (dict, list)):
        for part in plain.values() if isinstance(plain, dict) else plain:
            yield from texts_of(part)


@pytest.mark.parametrize("name", [name for name in DATA if name != "plain"])
def test_inside_of_reveal_reprs_hold_all_that_was_read(name: str) -> None:
    data = DATA[name]
    pictures = {thing.base64 for thing in things(data) if isinstance(thing, Image)}
    with reveal():
        shown = repr(reply(data))
    texts = set(texts_of(reply(data).to_dict()["data"])) - pictures
    assert texts
    assert [text for text in texts if repr(text)[1:-1] not in shown] == []
    assert "raw" not in shown


def test_the_values_are_hidden_again_afterwards() -> None:
    field = Field(CANARY, 0.5)
    with reveal():
        with reveal():
            assert repr(field) == "Field(value='CANARY', confidence=0.5)"
        assert CANARY in repr(field)
    assert repr(field) == "Field(value=…, confidence=0.5)"
    with pytest.raises(KeyError), reveal():
        raise KeyError
    assert repr(field) == "Field(value=…, confidence=0.5)"


async def test_another_task_or_thread_is_not_revealed_to() -> None:
    inside, told = asyncio.Event(), asyncio.Event()
    threads: list[str] = []

    async def explore() -> str:
        with reveal():
            inside.set()
            await told.wait()
            thread = threading.Thread(target=lambda: threads.append(repr(Field(CANARY))))
            thread.start()
            thread.join()
            return repr(Field(CANARY))

    task = asyncio.create_task(explore())
    await inside.wait()
    beside = repr(Field(CANARY))
    told.set()
    assert CANARY in await task
    assert CANARY not in beside + repr(Field(CANARY))
    assert threads == ["Field(value=…)"]


async def test_a_task_that_is_begun_inside_is_revealed_to() -> None:
    async def look() -> str:
        return repr(Field(CANARY))

    with reveal():
        task = asyncio.create_task(look())
    assert CANARY in await task
    assert CANARY not in contextvars.copy_context().run(lambda: repr(Field(CANARY)))


def test_a_repr_has_what_is_not_empty() -> None:
    assert repr(Passport()) == "Passport()"
    assert repr(Passport(id=Field("B1"), confidence=0.5)) == "Passport(id=Field(value=…), confidence=0.5)"
    assert repr(Unknown(extra={CANARY: 1})) == "Unknown()"
    with reveal():
        assert repr(Unknown(extra={CANARY: 1})) == "Unknown(extra={'CANARY': 1})"
        assert repr(Page([])) == "Page([])"


def test_a_document_class_of_the_user_hides_its_values_too() -> None:
    @frozen(kw_only=True)
    class Own(Document):
        number: Text = EMPTY
        note: str | None = attrs.field(default=None, repr=False)

    own = Own(number=Field(CANARY), note=CANARY)
    assert repr(own) == "Own(number=Field(value=…))"
    with reveal():
        assert repr(own) == "Own(number=Field(value='CANARY'), note='CANARY')"


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("/9j/" + "A" * 24572, "<image/jpeg, 18 KB>"),
        ("data:image/png;base64,iVBORw0KGgo=", "<image/png, 9 bytes>"),
        ("AAAA", "<picture, 3 bytes>"),
        ("không có", "<no picture, 8 characters>"),
    ],
)
def test_a_picture_shows_its_kind_and_size(content: str, shown: str) -> None:
    assert repr(Image(content)) == f"Image({shown})"
    with reveal():
        assert repr(Image(content)) == f"Image({shown})"


def test_completion_offers_no_names_of_the_wire() -> None:
    assert [name for name in dir(Passport()) if name.startswith("wire")] == []
    assert {"id", "sur_name", "extra", "to_dict", "show"} <= set(dir(Passport()))


# --- show


PASSPORT: Recognized[Passport] = Recognized(
    type="passport",
    info=Passport(id=Field("B1", 0.5, Box(1, 2, 3, 4), 1), name=Field("Lê Văn Mẫu"), image=Image("/9j/AA==")),
    valid=False,
)


class Html(html.parser.HTMLParser):
    """The cells of tables, and every tag."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells:
            self.cells[-1] += data


def test_show_prints_a_table_with_the_values(capsys: pytest.CaptureFixture[str]) -> None:
    reply([PASSPORT, PASSPORT]).show()
    told = capsys.readouterr().out
    assert told.startswith("ocr.card: billed, 1 request, 0.00 s\n")
    for word in ("1. passport", "2. passport", "info.id", "B1", "1, 2, 3, 4", "Lê Văn Mẫu", "false", "jpeg, 6 bytes"):
        assert word in told
    assert "sur_name" not in told, "what is empty is left out"


def test_show_without_rich_is_aligned_text(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    PASSPORT.show()
    assert capsys.readouterr().out == (
        "Recognized\n\n"
        "passport\n"
        "field       value                  confidence  box         page\n"
        "----------  ---------------------  ----------  ----------  ----\n"
        "type        passport\n"
        "info.id     B1                     0.5         1, 2, 3, 4  1\n"
        "info.name   Lê Văn Mẫu\n"
        "info.image  <image/jpeg, 6 bytes>\n"
        "valid       false\n"
    )


@pytest.mark.parametrize("name", DATA)
def test_show_has_every_text_that_was_read(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = as_text(reply(DATA[name]))
    pictures = {thing.base64 for thing in things(DATA[name]) if isinstance(thing, Image)}
    texts = set(texts_of(reply(DATA[name]).to_dict()["data"])) - pictures
    assert [text for text in texts if text not in told] == []
    reply(DATA[name]).show()
    assert capsys.readouterr().out


@pytest.mark.parametrize("hide_rich", [False, True])
def test_show_prints_nothing_that_a_terminal_obeys(
    hide_rich: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if hide_rich:
        monkeypatch.setitem(sys.modules, "rich.console", None)
    odd = Recognized(type=HOSTILE, info=Unknown(extra={HOSTILE: HOSTILE}), invalid_message=HOSTILE)
    for thing in (reply([odd]), odd, Passport(name=Field(HOSTILE)), reply({HOSTILE: HOSTILE})):
        thing.show()
    told = capsys.readouterr().out
    assert not OBEYED.search(told)
    assert "[red]:smile:" in told.replace("\n", "")


def test_what_is_nested_without_end_is_shown_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    deep: Any = "đáy"
    for _ in range(300):
        deep = [deep]
    reply([Recognized(info=Unknown(extra={"deep": deep}))]).show()
    assert "[[[[" in capsys.readouterr().out


def test_a_notebook_renders_no_values_unless_they_are_revealed() -> None:
    asked = reply([PASSPORT])
    hidden = Html(asked._repr_html_())
    assert hidden.cells[5:12] == ["type", "passport", "", "", "", "info.id", "…"]
    assert hidden.cells[12:20] == ["0.5", "1, 2, 3, 4", "1", "info.name", "…", "", "", ""]
    assert "Values are hidden" in asked._repr_html_()
    with reveal():
        shown = Html(asked._repr_html_())
        assert "Values are hidden" not in asked._repr_html_()
    assert shown.cells[10:12] == ["info.id", "B1"]
    assert shown.cells[16] == "Lê Văn Mẫu"


def test_html_of_foreign_text_is_text() -> None:
    odd = "<script>alert(1)</script>&amp;\u202e\"'"
    with reveal():
        shown = Html(reply([Recognized(type=odd, info=Passport(name=Field(odd)))])._repr_html_())
    assert shown.tags == {"div", "p", "table", "caption", "tr", "th", "td"}
    assert "<script>alert(1)</script>&amp;\\u202e\"'" in shown.cells


def test_show_renders_html_in_a_notebook(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Kernel:
        kernel = object()

    displayed: list[str] = []
    ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = Kernel  # type: ignore[attr-defined]
    display.display, display.HTML = displayed.append, str  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    PASSPORT.show()
    (shown,) = displayed
    assert "Lê Văn Mẫu" in Html(shown).cells
    assert capsys.readouterr().out == ""


def test_show_prints_in_a_terminal_with_ipython(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ipython = ModuleType("IPython")
    ipython.get_ipython = lambda: object()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    PASSPORT.show()
    assert "Lê Văn Mẫu" in capsys.readouterr().out


def test_pages_tables_and_pieces_can_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    (page,) = structure([[[[{"text": "Xin"}, {"text": "chào"}]], [[{"text": "Hà Nội"}]]]], list[Page])
    page.show()
    structure([{"info": [["3", None], ["Liti"]]}], list[Table])[0].show()
    TextItem(text="mảnh", confidence=0.25).show()
    Invoice(table=[[Cell(value="12.000", label="unit_price", extra={"mới": "5"})]]).show()
    told = capsys.readouterr().out
    for word in ("Xin chào", "Hà Nội", "1.0", "Liti", "mảnh", "0.25", "table.0.0", "12.000", "unit_price", "mới"):
        assert word in told
    assert json.loads(page.to_json()) == page.to_dict()
