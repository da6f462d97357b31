"""Bar charts in SVG, which need no script and can be printed."""

from __future__ import annotations

from collections.abc import Sequence

from .summary import SHOWN, Summary

WIDTH, HEIGHT = 300, 84


def confidence_chart(bins: Sequence[int], low: float, label: str) -> str:
    """Return a histogram of confidences from 0.5 to 1. Colours and a dashed line show the limit `low`."""
    bars = "".join(
        _bar(place, number, max(bins), len(bins), _class(0.5 + (place + 0.5) / (2 * SHOWN), low))
        for place, number in enumerate(bins)
        if number
    )
    at = (min(max(low, 0.5), 1.0) - 0.5) * 2 * WIDTH
    limit = f'<line class="limit" x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{HEIGHT}"/>'
    return _svg(bars + limit, label)


def small_chart(bins: Sequence[int], low: float) -> str:
    """Return a histogram of the height of a line of text; "" without confidences."""
    most = max(bins, default=0)
    if not most:
        return ""
    bars = "".join(
        f'<rect class="{_class(0.5 + (place + 0.5) / (2 * SHOWN), low)}" x="{place * 4}" width="3" '
        f'y="{16 - _height(number, most, 16):.1f}" height="{_height(number, most, 16):.1f}"/>'
        for place, number in enumerate(bins)
        if number
    )
    return f'<svg class="small" viewBox="0 0 {SHOWN * 4} 16" aria-hidden="true">{bars}</svg>'


def time_chart(summary: Summary, label: str, most_bars: int = 60) -> str | None:
    """Return the number of answers over time; None if their times are unknown."""
    if len(summary.moments) < 2:
        return None
    first, last = min(summary.moments), max(summary.moments)
    span = last - first + 1
    bars = [0] * min(most_bars, span)
    for place, counts in summary.moments.items():
        bars[(place - first) * len(bars) // span] += counts.total()
    drawn = "".join(_bar(place, number, max(bars), len(bars), "plain") for place, number in enumerate(bars) if number)
    return _svg(drawn, label)


def _svg(inside: str, label: str) -> str:
    return f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{inside}</svg>'


def _bar(place: int, number: int, most: int, count: int, kind: str) -> str:
    wide = WIDTH / count
    high = _height(number, most, HEIGHT)
    return (
        f'<rect class="{kind}" x="{place * wide:.1f}" width="{max(wide - 1, 0.5):.1f}" '
        f'y="{HEIGHT - high:.1f}" height="{high:.1f}"/>'
    )


def _height(number: int, most: int, height: int) -> float:
    """Return the height of a bar: at least a pixel, since single values among thousands are of interest."""
    return max(height * number / most, 1.5)


def _class(confidence: float, low: float) -> str:
    if confidence < low:
        return "poor"
    if confidence < (1 + low) / 2:
        return "fair"
    return "sure"
