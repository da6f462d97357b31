"""Types of the interface. Never run: mypy and pyright read it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any, assert_type

from cvs_async import AsyncCVS, Done, Endpoint, Failed, Held, Reply, Timeout, Url, folder, reveal
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
    assert_type(reply.first(Passport), Recognized[Passport] | None)
    if reply.front is not None:
        assert_type(reply.front.info.id.value, str | None)

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


async def every_operation(cvs: AsyncCVS, img: bytes) -> None:
    assert_type((await cvs.ekyc.face_matching(img, img, "portrait")).data.matching, float | None)
    assert_type((await cvs.ekyc.verify_liveness(img, img, img)).data.valid, bool | None)
    assert_type((await cvs.ekyc.person_with_card(img)).data.ocr.info.id.value, str | None)
    assert_type((await cvs.ocr.driving_license(img)).data[0].info.class_.value, str | None)
    assert_type((await cvs.ocr.vehicle_registration(img)).data[0].info.id.value, str | None)
    assert_type((await cvs.ocr.vehicle_registrations(img, img)).data[0].info.name.value, str | None)
    assert_type((await cvs.ocr.vehicle_inspection(img)).data[0].info.seri.value, str | None)
    assert_type((await cvs.ocr.vehicle_plate(img)).data[0].plate.value, str | None)
    assert_type((await cvs.ocr.birth_certificate(img)).data[0].info.father_name.value, str | None)
    assert_type((await cvs.ocr.scan(img)).data[0].text, str)
    assert_type((await cvs.ocr.employee_profile(img)).data.id_card[0].info.hometown.value, str | None)
    assert_type((await cvs.ocr.vehicle(img)).data[0].info.id.value, str | None)
    assert_type((await cvs.ocr.document.invoice_xml(img)).data[0].info.supplier.value, str | None)
    assert_type((await cvs.ocr.document.invoice_vehicle(img)).data[0].info.date.value, str | None)
    assert_type((await cvs.ocr.document.get_table(img)).data[0].info[0][0], str | None)
    assert_type((await cvs.ocr.document.business_registration(img)).data[0].info.fax.value, str | None)
    assert_type((await cvs.ocr.document.price_quotation(img)).data[0].info.table[0].quantity.value, str | None)
    assert_type((await cvs.ocr.document.get_label_claim(img)).data[0].label, str | None)
    assert_type((await cvs.ocr.document.bank_statement(img)).data[0].tables[0][0].balance.value, str | None)
    assert_type((await cvs.ocr.document.credit_report(img)).data[0].info.cic_code.page, int | None)
    assert_type((await cvs.ocr.document.land_certificate(img)).data[0].info.so_so.value, str | None)
    assert_type((await cvs.face_search.list_images(0, 10)).data[0].id, str | None)
    assert_type((await cvs.face_search.search(img)).data[0].url, str | None)
    assert_type((await cvs.face_search.add_image(img, {"name": "a"})).data.id, str | None)
    assert_type((await cvs.face_search.update_image(1, {"name": "a"})).data.id, str | None)
    assert_type((await cvs.face_search.delete_images([1, "2"])).charge, Charge)
    async for image in cvs.face_search.iter_images():
        assert_type(image.url, str | None)
    assert_type((await cvs.smartcrop.crop_image(img, 4, 6)).data.url, str | None)
    assert_type((await cvs.smartcrop.crop_person(img, width=4, height=6)).data.invalid_code, int | None)
    assert_type(await cvs.smartcrop.download("https://example.com/a.jpg"), bytes)
    assert_type((await cvs.v1.get_haimat(img, img)).data.mattruoc.born.value, str | None)
    assert_type((await cvs.v1.get_mattruoc(img)).data.info.id.value, str | None)
    assert_type((await cvs.v1.get_matsau(img)).data.valid, bool | None)
    assert_type((await cvs.v1.get_infor(img)).data[0].type, str | None)
    assert_type((await cvs.v1.get_infor_all(img)).data.type, str | None)


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


def dictionaries(reply: Reply[list[Recognized]], page: Page, outcome: Done[Any] | Failed | Held) -> None:
    assert_type(reply.to_dict(), dict[str, Any])
    assert_type(reply.to_json(compact=True), str)
    assert_type(outcome.to_dict(), dict[str, Any])
    assert_type(page.to_dict(), list[Any] | dict[str, Any])
    assert_type(Reply.from_dict({}), Reply[Any])
    assert_type(Passport.from_dict({}), Passport)
    assert_type(Recognized[Invoice].from_dict({}, Invoice).info, Invoice)
    assert_type(Page.from_dict([]), Page)
    assert_type(dict(reply.data[0]), dict[str, Any])
    with reveal():
        reply.show()
