"""Faults found in tables, lists of fields and pictures of the newer operations. Each test fails until it is mended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import operator
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cvs_async import AsyncCVS
from cvs_async.batch import Csv, Parquet, to_frame
from cvs_async.cli.app import app
from cvs_async.models.catalogue_sources import documented
from tests.attack15_answers import answered, reply
from tests.support.servers import answers, bad_server, http


@contextlib.asynccontextmanager
async def served(answer: dict[str, Any]) -> AsyncIterator[AsyncCVS]:
    """Run a client of a server that gives one answer to every request."""
    body = json.dumps(answer).encode()
    async with bad_server(answers(http(body))) as server, AsyncCVS("k", "s", base_url=server.base_url) as cvs:
        yield cvs


async def written(operation: str, data: Any, sink: Csv | Parquet) -> None:
    """Write a table with one answer of an operation, from a batch."""
    answer = {"data": data, "errorCode": "0", "errorMessage": "Success"}
    async with served(answer) as cvs, sink:
        call: Any = operator.attrgetter(operation)(cvs)
        async with cvs.batch(call, [b"\xff\xd8\xff"]) as outcomes:
            async for outcome in outcomes:
                await sink.write(outcome)


@pytest.mark.parametrize("operation", ["ocr.document.invoice_hospital", "ocr.document.van_ban_phap_quy"])
async def test_a_table_has_the_paid_answers_that_stay_json(operation: str, tmp_path: Path) -> None:
    await written(operation, [{"so": "700001"}], Csv(tmp_path / "t.csv", operation=operation))
    assert "700001" in (tmp_path / "t.csv").read_text(encoding="utf-8-sig")


def test_lines_of_a_scan_have_their_text() -> None:
    found = answered("v1.get_scan_a4", {"result": ["một", "hai"], "time": 0.5})
    lines = to_frame(found, rows="line")
    assert {"một", "hai"} <= {str(value) for value in lines.to_numpy().ravel()}


@pytest.mark.parametrize("info", [{}, {"table": {"page_table": [0], "info_table": []}}])
def test_pages_of_a_claim_are_not_line_items(info: dict[str, Any]) -> None:
    frame = to_frame(reply("ocr.claims", [{"type": "list_expense", "pages": [0, 1], "info": info}]), rows="line")
    assert not {"pages", "info.table.page_table"} & set(frame["table"].dropna())


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


async def test_a_page_number_beyond_64_bits_ends_no_table(tmp_path: Path) -> None:
    data = [{"type": "prescription", "pages": [2**63], "info": {"patient_name": "LÊ MẪU"}}]
    await written("ocr.claims", data, Parquet(tmp_path / "t.parquet", operation="ocr.claims", rows="field"))
    assert (tmp_path / "t.parquet").exists()


async def test_scans_that_were_answered_are_not_in_doubt(tmp_path: Path) -> None:
    async with served({"result": ["một"], "time": 0.5}) as cvs:
        batch = cvs.batch(cvs.v1.get_scan_a4, [b"\xff\xd8\xff"], journal=tmp_path / "j.db")
        async with batch as outcomes:
            assert [outcome async for outcome in outcomes]
    shown = CliRunner().invoke(app, ["status", "--json", str(tmp_path / "j.db")])
    assert json.loads(shown.stdout)["in_doubt"] == 0


async def test_call_saves_the_picture_of_a_page(tmp_path: Path) -> None:
    body = {"data": [{"image": "/9j/4AAQ", "result": []}], "errorCode": "0", "errorMessage": "Success"}
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff")
    async with bad_server(answers(http(json.dumps(body).encode()))) as server:
        arguments = ["call", "ocr.document.general", str(tmp_path / "a.jpg"), "--get-thumb"]
        arguments += ["--thumbs", str(tmp_path / "thumbs"), "--base-url", server.base_url]
        settings = {"CVS_API_KEY": "k", "CVS_API_SECRET": "s"}
        shown = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=settings)
    assert "cannot be decoded" not in shown.output
    assert len(list((tmp_path / "thumbs").glob("*.jpg"))) == 1


def test_an_operation_known_from_users_is_not_listed_as_a_comment() -> None:
    shown = CliRunner().invoke(app, ["operations", "--long"], env={"COLUMNS": "300"})
    (row,) = (line for line in shown.stdout.splitlines() if " v3.ekyc.face_matching " in line)
    assert "in a comment" not in row
