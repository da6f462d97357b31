"""Options for days and time zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from difflib import get_close_matches
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

import typer

from .._text.period import Period
from ..errors import ConfigurationError, InvalidInputError

VIETNAM = "Asia/Ho_Chi_Minh"

SinceOption = Annotated[
    str | None,
    typer.Option("--since", help="Only requests sent on this day or later, in --tz.", metavar="YYYY-MM-DD"),
]
UntilOption = Annotated[
    str | None,
    typer.Option("--until", help="Only requests sent on this day or earlier, in --tz.", metavar="YYYY-MM-DD"),
]


def parse_zone(name: str) -> tzinfo:
    """Return a time zone.

    Raises:
        InvalidInputError: there is no zone with this name; the message suggests similar ones.
        ConfigurationError: this machine has no time zone database.
    """
    if name.upper() == "UTC":
        return UTC  # works without a time zone database
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # missing, invalid, or a folder of names
        known = available_timezones()
    if not known:
        raise ConfigurationError("this machine has no time zones: pip install tzdata, or use UTC")
    near = _nearest(name, known)
    advice = f"a name looks like {VIETNAM} or UTC"
    if near:
        advice = f"did you mean {' or '.join(near)}?"
    raise InvalidInputError(f"there is no time zone {name}; {advice}")


def parse_period(since: str | None, until: str | None) -> Period:
    """Parse the values of --since and --until.

    Raises:
        InvalidInputError: a value is not a day, or the first day is after the last.
    """
    period = Period(_day("--since", since), _day("--until", until))
    if period.since is not None and period.until is not None and period.since > period.until:
        raise InvalidInputError(f"--since {period.since} is after --until {period.until}")
    return period


def _day(option: str, given: str | None) -> str | None:
    if given is None:
        return None
    try:
        return date.fromisoformat(given.strip()).isoformat()
    except ValueError:
        raise InvalidInputError(f"{option} takes a day such as 2026-11-24, not {given}") from None


def format_moment(seconds: float | None, zone: tzinfo) -> str:
    """Format a time with its offset from UTC, such as 2026-11-25T01:00:03+07:00; "" for None."""
    if seconds is None:
        return ""
    try:
        return datetime.fromtimestamp(seconds, zone).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return "?"


def _nearest(name: str, known: set[str]) -> list[str]:
    """Return at most two zones whose names or cities are similar to a mistyped name."""
    wanted = name.strip().lower().replace(" ", "_")
    city = wanted.rpartition("/")[2]
    if city.replace("_", "") in ("hanoi", "hànội", "vietnam", "vn", "ict"):  # Hà Nội is not in the database
        return [VIETNAM]
    cities = {zone.rpartition("/")[2].lower(): zone for zone in sorted(known)}
    whole = {zone.lower(): zone for zone in known}
    near = [whole[match] for match in get_close_matches(wanted, whole, n=2, cutoff=0.8)]
    near += [cities[match] for match in get_close_matches(city, cities, n=2, cutoff=0.8)]
    return list(dict.fromkeys(near))[:2]
