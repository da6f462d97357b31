"""What type checkers know of the interface. Never run: mypy and pyright read it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any, assert_type

from cvs_async import AsyncCVS, Done, Endpoint, Failed, Held, Reply, Timeout, Url, folder
from cvs_async.errors import Charge, CVSError
from cvs_async.models import Box, Image, Invoice, Page, Paper, Passport, Recognized


async def calls(cvs: AsyncCVS) -> None:
    reply = await cvs.ocr.card("scan.pdf", get_thumb=True, send_as="base64", check_sum="1", timeout=5)
    assert_type(reply, Reply[list[Recognized]])
    assert_type(reply.data[0].info, Paper)
    assert_type(reply.data[0].info.id.value, str | None)
    assert_type(reply.data[0].info.id.confidence, float | None)
    assert_type(reply.data[0].info.id.box, Box | None)
    assert_type(reply.data[0].info.id.page, int | None)
    assert_type(reply.data[0].info.image, Image | None)
    assert_type(reply.data[0].valid, bool | None)
    assert_type(reply.charge, Charge)

    invoice = await cvs.ocr.document.invoice(Path("scan.png"))
    assert_type(invoice.data[0].info, Invoice)
    assert_type(invoice.data[0].info.total_amount.value, str | None)
    assert_type(invoice.data[0].info.table[0][0].value, str | None)
    assert_type(invoice.data[0].info.account_bank[0].bank.value, str | None)

    general = await cvs.ocr.document.general(Url("https://example.com/a.jpg"))
    assert_type(general.data, list[Page])
    assert_type(general.data[0][0][0][0].text, str | None)
    assert_type(general.data[0].text, str)

    assert_type((await cvs.ocr.claims(b"bytes")).data, list[Recognized])
    assert_type((await cvs.ekyc.card(BytesIO(b"file"))).data, list[Recognized])
    assert_type((await cvs.ekyc.cards("front.jpg", "back.jpg", timeout=Timeout(total=1))).data, list[Recognized])


def narrowing(paper: Recognized) -> str | None:
    match paper.info:
        case Passport() as passport:
            return passport.sur_name.value
        case other:
            return other.name.value


async def own_endpoints(cvs: AsyncCVS) -> None:
    assert_type((await cvs.call(Endpoint("ocr/new"), img=b"")).data, Any)
    assert_type((await cvs.call(Endpoint("ocr/new", returns=list[Recognized]), img=b"")).data, list[Recognized])


async def batches(cvs: AsyncCVS, source: AsyncIterator[bytes]) -> None:
    async with cvs.batch(cvs.ocr.claims, folder("claims/"), concurrency=64, ordered=True) as outcomes:
        async for outcome in outcomes:
            match outcome:
                case Done(item, reply):
                    assert_type(item.index, int)
                    assert_type(reply, Reply[list[Recognized]])
                case Failed(item, error):
                    assert_type(error, CVSError)
                case Held(item, reason):
                    assert_type(item.index, int)
                    assert reason in ("quota", "in_doubt")
    async with cvs.batch(cvs.ocr.document.invoice, source, get_thumb=True) as invoices:
        async for each in invoices:
            if isinstance(each, Done):
                assert_type(each.reply.data[0].info, Invoice)


async def mistakes(cvs: AsyncCVS) -> None:
    """Each of these must be an error, or the checkers complain of an unused ignore."""
    await cvs.ocr.card("scan.pdf", width=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await cvs.ocr.card(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await cvs.ocr.card("scan.pdf", send_as="fax")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    cvs.batch(cvs.ocr.card, 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
