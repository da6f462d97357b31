"""The cost of an attempt: the table of the code against the one that users read."""

from __future__ import annotations

import re
from typing import get_args

import pytest

import cvs_async
from cvs_async._exchange import NEVER_WORKED_ON, READ_IN_PART, REFUSED, Attempt, Phase
from cvs_async.errors import (
    APIError,
    Charge,
    ConnectError,
    ConnectionLostError,
    CVSError,
    DecodeError,
    ServerError,
    TimeoutError,
)
from tests.support.faults import kinds, readme_table

ROWS = [row for row in readme_table() if row[1] != "none"]
PHASES: tuple[Phase, ...] = get_args(Phase)
LEFT: tuple[Phase, ...] = ("handed", "sending", "answered")


def raised(name: str, status: int | None, charge: str) -> CVSError:
    """An error as the code raises it that knows nothing of its request: with what the answer itself says."""
    kind: type[CVSError] = getattr(cvs_async, name)
    read: Charge = "unknown"
    if issubclass(kind, READ_IN_PART) and charge in ("free", "billed"):
        read = "free" if charge == "free" else "billed"
    return kind("no", http_status=status, charge=read)


@pytest.mark.parametrize(("situation", "name", "charge", "requests"), ROWS, ids=[row[0] for row in ROWS])
def test_the_table_of_charges_is_that_of_readme(situation: str, name: str, charge: str, requests: str) -> None:
    phases: tuple[Phase, ...] = ("connecting",) if requests == "0" else LEFT
    statuses: list[int | None] = [int(status) for status in re.findall(r"\b[345]\d\d\b", situation)]
    for phase in phases:
        for status in statuses or [None]:
            assert Attempt(phase=phase).charge_of(raised(name, status, charge)) == charge


def test_readme_names_the_charge_of_every_group_of_the_table() -> None:
    named = [getattr(cvs_async, row[1]) for row in ROWS]
    for group in (NEVER_WORKED_ON, REFUSED, READ_IN_PART, (ServerError,), (TimeoutError, ConnectionLostError)):
        assert any(issubclass(kind, group) for kind in named)


@pytest.mark.parametrize("kind", [kind for kind in kinds(CVSError) if kind.__module__ == "cvs_async.errors"])
def test_nothing_that_was_not_sent_costs_anything(kind: type[CVSError]) -> None:
    for phase in ("waiting", "connecting"):
        assert Attempt(phase=phase).charge_of(kind("no", charge="unknown")) == "free"
    for phase in PHASES:
        assert Attempt(phase=phase, priced=False).charge_of(kind("no", charge="unknown")) == "free"


@pytest.mark.parametrize("phase", LEFT)
def test_other_ends_after_sending_are_unknown(phase: Phase) -> None:
    for kind in (CVSError, TimeoutError, ConnectionLostError, DecodeError, ServerError):
        assert Attempt(phase=phase).charge_of(kind("no", charge="unknown")) == "unknown"


@pytest.mark.parametrize("charge", get_args(Charge))
def test_a_stamp_says_whose_request_it_was_and_may_be_repeated(charge: Charge) -> None:
    attempt = Attempt(3, operation="ocr.card", phase="sending")
    error = attempt.stamp(attempt.stamp(DecodeError("no", charge=charge)))
    assert (error.operation, error.attempts, error.charge) == ("ocr.card", 3, charge)
    assert error.unknown_attempts == (charge == "unknown")


def test_an_attempt_that_waits_is_not_counted() -> None:
    assert Attempt(2).stamp(ConnectError("no")).attempts == 1
    assert Attempt(2, phase="connecting").stamp(APIError("no")).attempts == 2
