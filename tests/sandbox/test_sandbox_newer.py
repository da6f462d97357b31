"""The sandbox answers as the vendor's newer pages say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest
from PIL import Image

from cvs_async import AsyncCVS, CVSError, NoContentError, OutOfRequestsError
from cvs_async.models.fields import Field
from cvs_async.sandbox import Sample, Sandbox
from cvs_async.sandbox.samples.truth import Truth, read_truth, save_pdf


def one(samples: list[Sample], name: str) -> Path:
    return next(sample.path for sample in samples if name in sample.path.name)


# --- cards and faces


@pytest.mark.parametrize("operation", ["ekyc.card", "ocr.card"])
async def test_a_card_has_the_code_of_its_warning(operation: str, cvs: AsyncCVS, all_kinds: list[Sample]) -> None:
    family, _, name = operation.partition(".")
    reply = await getattr(getattr(cvs, family), name)(one(all_kinds, "căn-cước.jpg"))
    assert {name: reply.raw["data"][name] for name in ("valid", "invalidCode", "invalidMessage")} == {
        "valid": "True",
        "invalidCode": "0",
        "invalidMessage": "Successful",
    }


async def test_both_sides_of_a_card_have_the_codes_of_their_warnings(cvs: AsyncCVS, all_kinds: list[Sample]) -> None:
    front, back = one(all_kinds, "căn-cước.jpg"), one(all_kinds, "căn-cước-mặt-sau.jpg")
    for reply in (await cvs.ekyc.cards(front, back), await cvs.v3.ekyc.cards(front, back)):
        assert [paper.invalid_code for paper in reply.data] == [0, 0]


@pytest.mark.parametrize("name", ["căn-cước-hai-mặt.pdf", "giấy-phép-lái-xe.jpg"])
async def test_a_pdf_and_a_licence_have_no_verdict(name: str, cvs: AsyncCVS, all_kinds: list[Sample]) -> None:
    reply = await cvs.ocr.card(one(all_kinds, name))
    assert {(paper.valid, paper.invalid_code) for paper in reply.data} == {(None, None)}


@pytest.mark.parametrize("generation", ["v2", "v3"])
async def test_compared_faces_have_scores_as_text(generation: str, cvs: AsyncCVS, all_kinds: list[Sample]) -> None:
    family = cvs.ekyc if generation == "v2" else cvs.v3.ekyc
    data = (await family.face_matching(one(all_kinds, "căn-cước.jpg"), one(all_kinds, "hộ-chiếu.jpg"))).raw["data"]
    for name in ("face1_score", "face2_score"):
        assert isinstance(data[name], str)
        assert 0 < float(data[name]) <= 1


@pytest.mark.parametrize(
    ("operation", "name", "field"),
    [
        ("vehicle_registration", "đăng-ký-xe-mặt-sau.jpg", "plate"),
        ("vehicle_registration", "đăng-ký-xe.jpg", "plate"),
    ],
)
async def test_fields_of_registrations_have_confidences(
    operation: str, name: str, field: str, cvs: AsyncCVS, all_kinds: list[Sample]
) -> None:
    reply = await getattr(cvs.ocr, operation)(one(all_kinds, name))
    read: Field[str] = getattr(reply.data[0].info, field)
    assert read.confidence is not None


# --- v1


async def test_v1_speaks_vietnamese(all_kinds: list[Sample]) -> None:
    licence = one(all_kinds, "giấy-phép-lái-xe.jpg")
    with Sandbox(quota=1) as sandbox:
        async with AsyncCVS("key", "secret", base_url=sandbox.base_url) as cvs:
            assert (await cvs.v1.get_blx(licence)).raw["errorMessage"] == "Thành công"
            with pytest.raises(OutOfRequestsError) as caught:
                await cvs.v1.get_blx(licence)
    assert caught.value.message == "Hết số lượng request hữu dụng"


@pytest.mark.parametrize("operation", ["get_blx", "matching", "face_search.search"])
async def test_v1_names_wrong_credentials_in_vietnamese(operation: str, sandbox: Sandbox) -> None:
    async with AsyncCVS("k", "wrong", base_url=sandbox.base_url) as cvs:
        calls: dict[str, Any] = {
            "get_blx": lambda: cvs.v1.get_blx(b"\xff\xd8\xff"),
            "matching": lambda: cvs.v1.matching(b"\xff\xd8\xff", b"\xff\xd8\xff"),
            "face_search.search": lambda: cvs.v1.face_search.search(b"\xff\xd8\xff"),
        }
        with pytest.raises(CVSError) as caught:
            await calls[operation]()
    assert caught.value.message == "Api_key hoặc api_secret không đúng"


async def test_the_store_of_v1_has_ids_as_numbers_and_metadata_apart(cvs: AsyncCVS, all_kinds: list[Sample]) -> None:
    face = one(all_kinds, "căn-cước.jpg")
    added = (await cvs.v1.face_search.add(face, {"name": "mẫu", "id": "7"})).raw["result"]
    assert added == {"id": added["id"], "url": added["url"], "metadata": {"name": "mẫu", "id": "7"}}
    assert isinstance(added["id"], int)
    assert (await cvs.v1.face_search.search(face)).raw["result"] == [added]
    assert (await cvs.v1.face_search.get_all_images()).raw["result"] == [added]
    assert (await cvs.v1.face_search.delete([added["id"]])).raw["result"] is None


async def test_the_store_of_v2_has_metadata_beside_ids(cvs: AsyncCVS, all_kinds: list[Sample]) -> None:
    added = (await cvs.face_search.add_image(one(all_kinds, "căn-cước.jpg"), {"name": "mẫu"})).raw["result"]
    assert added == {"id": added["id"], "url": added["url"], "name": "mẫu"}


@pytest.mark.parametrize("generation", ["v1", "v2"])
async def test_the_store_refuses_a_pdf_by_a_code(generation: str, cvs: AsyncCVS, all_kinds: list[Sample]) -> None:
    pdf = one(all_kinds, ".pdf")
    with pytest.raises(NoContentError) as caught:
        await (cvs.v1.face_search.add(pdf) if generation == "v1" else cvs.face_search.add_image(pdf))
    assert caught.value.http_status == 200


async def test_the_portraits_of_v1_name_the_side_that_is_wrong(cvs: AsyncCVS, all_kinds: list[Sample]) -> None:
    face, other = one(all_kinds, "căn-cước.jpg"), one(all_kinds, "đăng-kiểm-xe.jpg")
    found = (await cvs.v1.matchingliveness(face, face, other, face)).raw["data"]
    assert (found["valid"], found["errors"]) == ("False", "left")


# --- claims


async def test_tables_of_claims_have_the_page_of_their_paper(
    cvs: AsyncCVS, all_kinds: list[Sample], tmp_path: Path
) -> None:
    content = one(all_kinds, "bảng-kê-chi-phí").read_bytes()
    truth = read_truth(content)
    assert truth is not None
    blank = attrs.evolve(truth.pages[0], papers=[])
    page = Image.new("RGB", (90, 127))
    save_pdf([page, page], tmp_path / "two.pdf", Truth("expense_list", (blank, truth.pages[0])))
    (paper,) = (await cvs.ocr.claims(tmp_path / "two.pdf")).raw["data"]
    assert (paper["pages"], paper["info"]["table"]["page_table"]) == ([1], [1])
