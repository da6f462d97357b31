"""Progress on terminals of all widths: in at most two lines, and nothing of it is cut."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from cvs_async.batch import Stats
from cvs_async.cli import _bars
from cvs_async.cli._bars import Look, Part, Showing, fitted
from cvs_async.cli._progress import Display
from cvs_async.stats import ClientStats

WIDTHS = [40, 80, 120, 300]


def printed(look: Look, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    console.print(look.lines(width))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined,no-any-return]


def look_of(stats: Stats, gate: str = "open", name: str = "ocr.document.business_registration") -> Look:
    display = Display(Console(file=io.StringIO()), name, stats, lambda: ClientStats(gate=gate))  # type: ignore[arg-type]
    return display._look()


NUMBERS = st.integers(0, 10**7)


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.booleans(), st.sampled_from(WIDTHS))
def test_a_batch_is_shown_in_at_most_two_whole_lines(
    done: int, failed: int, held: int, billed: int, free: int, unknown: int, counted: bool, width: int
) -> None:
    through = done + failed + held
    stats = Stats(total=through + 5 if counted else None, done=done, failed=failed, held=held)
    stats.billed, stats.free, stats.unknown = billed, free, unknown
    written = printed(look_of(stats, "closed"), width)
    assert len(written) <= 2
    assert all(cell_len(line) <= width for line in written)
    said = " ".join(written)
    assert "…" not in said
    assert f"{through} of {through + 5 if counted else '?'}" in said
    known = {f"{n} {name}" for name, n in vars_of(stats).items()} | {"out of requests", "0/s", ""}
    pieces = {piece.strip() for line in written[1:] for group in line.split(" · ") for piece in group.split(", ")}
    assert pieces <= known, "what is there is whole"
    if width >= 80 and unknown:
        assert f"{unknown} unknown" in said


def vars_of(stats: Stats) -> dict[str, int]:
    return {name: getattr(stats, name) for name in ("done", "failed", "held", "billed", "free", "unknown")}


def test_at_eighty_columns_everything_is_there() -> None:
    stats = Stats(total=50_000, done=12_345, failed=67, billed=12_345, free=67)
    first, second = printed(look_of(stats, name="ocr.claims"), 80)
    assert first.startswith("ocr.claims ━")
    assert "12412 of 50000 · " in first
    assert second.strip() == "12345 done, 67 failed · 12345 billed, 67 free"


def test_at_forty_columns_the_bar_gives_way_to_the_numbers() -> None:
    stats = Stats(total=50_000, done=12_345, failed=67, billed=12_345, free=67)
    first, second = printed(look_of(stats, name="ocr.claims"), 40)
    assert "12412 of 50000" in first
    assert second.strip() == "12345 done, 67 failed · 12345 billed"


@given(st.lists(st.builds(Part, st.text("ab c", max_size=9), st.integers(0, 9))), st.integers(1, 60))
def test_parts_are_there_whole_or_not_at_all_and_the_most_important_is(parts: list[Part], width: int) -> None:
    said = fitted(parts, width)
    given_parts = [part for part in parts if part.text]
    assert not given_parts or said.split(" · ")[0] in {part.text for part in given_parts}
    assert all(piece in {part.text for part in given_parts} for piece in said.split(" · ") if given_parts)
    if cell_len(said) > width:
        assert " · " not in said
        assert said == max(given_parts, key=lambda part: part.rank).text


def test_elsewhere_a_line_is_whole_and_comes_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Console(file=io.StringIO(), soft_wrap=True, width=20)
    showing = Showing(plain, lambda: Look("samples", 5, 10, counts=(Part("a long line that no terminal would break"),)))
    with showing.shown():
        showing.beat()
        assert plain.file.getvalue() == ""  # type: ignore[attr-defined]
        monkeypatch.setattr(_bars, "PLAIN", 0.0)
        showing.beat()
    said = plain.file.getvalue()  # type: ignore[attr-defined]
    assert said == "samples: 5 of 10 · a long line that no terminal would break\n"
