"""Time zones by name."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

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


def format_moment(seconds: float | None, zone: tzinfo) -> str:
    """Format a time as ISO 8601 with its offset, such as 2026-11-25T01:00:03+07:00; "" for None."""
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
