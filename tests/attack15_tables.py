"""Faults found in tables, lists of fields and pictures of the newer operations. Each test fails until it is mended."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from typer.testing import CliRunner

from cvs_async import AsyncCVS
from cvs_async.batch import to_frame
from cvs_async.cli.app import app
from cvs_async.models.catalogue_sources import documented
from tests.support.replies import reply
from tests.support.servers import answers, bad_server, http


@contextlib.asynccontextmanager
async def served(answer: dict[str, Any]) -> AsyncIterator[AsyncCVS]:
    """Run a client of a server that gives one answer to every request."""
    body = json.dumps(answer).encode()
    async with bad_server(answers(http(body))) as server, AsyncCVS("k", "s", base_url=server.base_url) as cvs:
        yield cvs


def test_an_invoice_of_a_vehicle_has_the_columns_of_an_invoice() -> None:
    newer = {name for name in documented()["ocr.document.invoice"][""] if not name.startswith("info_goods")}
    assert newer <= set(documented()["ocr.document.invoice_vehicle"][""])


def test_lines_of_an_invoice_of_a_vehicle_have_their_goods() -> None:
    cell = {"value": "Xe ô tô", "label": "description", "score": 0.9, "box": [1, 2, 3, 4]}
    data = [{"type": "invoice", "info": {"table": [[cell]]}}]
    lines = to_frame(reply("ocr.document.invoice_vehicle", data), rows="line")
    assert "Xe ô tô" in {str(value) for value in lines.to_numpy().ravel()}


@pytest.mark.parametrize(
    ("operation", "kind", "field", "letters"),
    [
        ("ocr.vehicle_registration", "vehicle_registration_front", "plate", "c"),
        ("ocr.vehicle_registrations", "vehicle_registration_back", "engine", "c"),
        ("ocr.vehicle", "vehicle_registration_back", "chassis", "c"),
        ("ocr.vehicle_registration", "vehicle_registration_back", "address_town", "c"),
        ("ocr.vehicle_inspection", "picertificate", "mark", "c"),
        ("ocr.vehicle", "driving_license", "address_town", "cb"),
    ],
)
def test_what_stands_beside_fields_of_vehicles_is_documented(
    operation: str, kind: str, field: str, letters: str
) -> None:
    papers = documented()[operation]
    assert set(letters) <= set((papers.get(kind) or papers[""])[field])


def test_an_operation_known_from_users_is_not_listed_as_a_comment() -> None:
    shown = CliRunner().invoke(app, ["operations", "--long"], env={"COLUMNS": "300"})
    (row,) = (line for line in shown.stdout.splitlines() if " v3.ekyc.face_matching " in line)
    assert "in a comment" not in row
