"""Written answers are JSON for any reader, whatever was received."""

from __future__ import annotations

import datetime
import json
import math
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cvs_async import AsyncCVS, Endpoint
from cvs_async._codec.converter import unstructure
from cvs_async._codec.decoding import decode
from cvs_async._exchange import WireReply
from cvs_async._text.json import CUT, DEPTH, dumps, pretty, sound
from cvs_async.batch import Csv, Done, Item, JsonLines
from cvs_async.batch.sinks import outcome_to_dict
from cvs_async.cli import _client
from cvs_async.cli.app import app
from tests.support.clock import unhurried

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=9), inner, max_size=3)
    ),
    max_leaves=20,
)


def strict(text: str) -> Any:
    """Parse JSON without NaN and Infinity."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    return json.loads(text.encode(), parse_constant=refuse)


def nested(levels: int) -> Any:
    value: Any = 1
    for number in range(levels):
        value = [value] if number % 2 else {"in": value, "beside": number}
    return value


def levels(value: Any) -> int:
    count = 0
    while isinstance(value, (list, dict)):
        value, count = value[0] if isinstance(value, list) else value["in"], count + 1
    assert value in (1, CUT)
    return count


@unhurried
@given(VALUES)
def test_everything_is_written_as_json(value: Any) -> None:
    assert same(strict(dumps(value)), value)
    assert same(strict(pretty(value)), value)
    assert "\n" not in dumps(value)


def same(read: Any, written: Any) -> bool:
    if isinstance(written, dict):
        return len(read) <= len(written)  # names that differ in halves of letters only become one
    if isinstance(written, list):
        return len(read) == len(written) and all(map(same, read, written))
    if isinstance(written, float) and not math.isfinite(written):
        return read is None
    return bool(read == (sound(written) if isinstance(written, str) else written))


def test_half_a_letter_is_a_replacement_character_and_two_halves_are_a_letter() -> None:
    assert sound("a\ud800b\udfff") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"
    assert sound("\ud83d\ude00\ud83d") == "\N{GRINNING FACE}\N{REPLACEMENT CHARACTER}"
    assert sound("\ufeffthẻ") == "\ufeffthẻ"


@pytest.mark.parametrize("depth", [DEPTH, 600, 5_000, 100_000])
def test_what_is_nested_without_end_is_cut_off(depth: int) -> None:
    value = nested(depth)
    assert levels(strict(pretty(value))) == DEPTH
    # How deep the encoder goes before it gives up depends on the version of Python; then all is cut at the same depth.
    assert levels(strict(dumps(value))) in ({depth} if depth < 1_000 else {DEPTH, depth})
    while isinstance(value, (list, dict)):  # Python itself does not bear to let go of it at once
        value = value.pop() if isinstance(value, list) else value.pop("in")


def test_a_value_of_a_users_own_type_is_text() -> None:
    day = datetime.date(2026, 1, 31)
    assert strict(dumps({"day": day, "share": math.inf})) == {"day": "2026-01-31", "share": None}
    assert strict(pretty([{"day": [day]}])) == [{"day": ["2026-01-31"]}]


def test_each_field_has_a_line_and_each_box_none() -> None:
    assert pretty([{"id": {"value": "1", "box": [1, 2]}, "page": 1}]) == (
        '[\n  {\n    "id": {"value": "1", "box": [1, 2]},\n    "page": 1\n  }\n]'
    )


ODD = b'{"errorCode": "0", "data": {"type": "x\\ud800", "z": %b, "share": 1e999, "n": %b}}' % (
    b"[" * 600 + b"]" * 600,
    b"7" * 5000,
)


@pytest.mark.parametrize("returns", [None, dict[str, Any]])
async def test_an_odd_answer_that_was_paid_for_is_in_every_file(returns: Any, tmp_path: Path) -> None:
    reply = decode(Endpoint("ocr/new", returns=returns), WireReply(200, ODD))
    done = Done(Item(0, "scan.jpg", key="ab" * 32), reply)
    assert outcome_to_dict(done)["data"]["share"] is None
    assert strict(dumps(outcome_to_dict(done)))["data"]["type"] == "x\N{REPLACEMENT CHARACTER}"
    async with JsonLines(tmp_path / "out.jsonl") as lines, Csv(tmp_path / "out.csv", ["z", "n"]) as table:
        await lines.write(done)
        await table.write(done)
    record = strict((tmp_path / "out.jsonl").read_text("utf-8"))
    assert (record["data"]["type"], record["data"]["n"]) == ("x\N{REPLACEMENT CHARACTER}", "7" * 5000)
    assert CUT in (tmp_path / "out.csv").read_text("utf-8")
    assert pretty(unstructure(reply.data)).count(CUT) == 1


@pytest.mark.parametrize("flags", [[], ["--raw"]])
def test_call_prints_an_odd_answer_that_was_paid_for(
    flags: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = httpx.MockTransport(lambda _: httpx.Response(200, content=ODD))
    monkeypatch.setattr(_client, "AsyncCVS", partial(AsyncCVS, transport=answers))
    for variable in ("CVS_API_KEY", "CVS_API_SECRET"):
        monkeypatch.setenv(variable, "canary")
    (tmp_path / "scan.jpg").write_bytes(b"x")
    ended = CliRunner().invoke(app, ["call", "ocr.card", str(tmp_path / "scan.jpg"), *flags])
    assert ended.exit_code == 0, ended.exception
    assert strict(ended.stdout)
    assert '"x\N{REPLACEMENT CHARACTER}"' in ended.stdout
    assert ended.stdout.count(CUT) == 1
