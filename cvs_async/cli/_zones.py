"""Time zones by name."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

from attrs import frozen

from ..errors import ConfigurationError, InvalidInputError

VIETNAM = "Asia/Ho_Chi_Minh"


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
    advice = f"did you mean {' or '.join(near)}?" if near else f"a name looks like {VIETNAM} or UTC"
    raise InvalidInputError(f"there is no time zone {name}; {advice}")


@frozen
class Period:
    """Days from the first to the last one, both included; None for no bound.

    Days are written like ``2026-11-24``, so that their texts are in their order.
    """

    since: str | None = None
    until: str | None = None

    def __contains__(self, day: str) -> bool:
        return (self.since is None or day >= self.since) and (self.until is None or day <= self.until)

    def __str__(self) -> str:
        bounds = (("from", self.since), ("to", self.until))
        return " ".join(f"{word} {day}" for word, day in bounds if day is not None)


def parse_period(since: str | None, until: str | None) -> Period:
    """Return the days that the user has given.

    Raises:
        InvalidInputError: a text is not a day, or the days are in the wrong order.
    """
    period = Period(_day("--since", since), _day("--until", until))
    if period.since is not None and period.until is not None and period.since > period.until:
        raise InvalidInputError(f"--since {period.since} is after --until {period.until}")
    return period


def _day(option: str, given: str | None) -> str | None:
    try:
        return None if given is None else date.fromisoformat(given.strip()).isoformat()
    except ValueError:
        raise InvalidInputError(f"{option} takes a day such as 2026-11-24, and not {given}") from None


def format_moment(seconds: float | None, zone: tzinfo) -> str:
    """Return a moment as ISO 8601 with its offset, such as 2026-11-25T01:00:03+07:00; "" for None."""
    if seconds is None:
        return ""
    try:
        return datetime.fromtimestamp(seconds, zone).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return "?"


def _nearest(name: str, known: set[str]) -> list[str]:
    """Return the zones or cities most similar to a mistyped name."""
    wanted = name.strip().lower().replace(" ", "_")
    city = wanted.rpartition("/")[2]
    if city.replace("_", "") in ("hanoi", "hànội", "vietnam", "vn", "ict"):  # Hà Nội is not in the database
        return [VIETNAM]
    cities = {zone.rpartition("/")[2].lower(): zone for zone in sorted(known)}
    whole = {zone.lower(): zone for zone in known}
    near = [whole[match] for match in get_close_matches(wanted, whole, n=2, cutoff=0.8)]
    near += [cities[match] for match in get_close_matches(city, cities, n=2, cutoff=0.8)]
    return list(dict.fromkeys(near))[:2]
