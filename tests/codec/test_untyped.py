"""Papers without a type: it is found from their fields, or stays unknown; it is never guessed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvs_async import Reply
from cvs_async._codec.decoding import decode
from cvs_async._exchange import WireReply
from cvs_async.api import OPERATIONS
from cvs_async.models import Prescription, Recognized, Unknown
from cvs_async.models.catalogue_sources import documented
from tests.support.examples import examples
from tests.vendor.generations import GENERATIONS, PAPERS, newer_data


def read(operation: str, data: Any) -> list[Recognized[Any]]:
    answer = {"data": data, "errorCode": "0", "errorMessage": "Success"}
    reply = decode(OPERATIONS[operation], WireReply(200, json.dumps(answer).encode()))
    assert Reply.from_dict(json.loads(json.dumps(reply.to_dict()))).data == reply.data
    found: list[Recognized[Any]] = reply.data
    return found


CLAIMS = [type_ for operation, type_ in PAPERS if operation == "ocr.claims" and type_]
ALIKE = {"bill", "receipts", "invoice"}
"""Papers whose fields others have too."""


@pytest.mark.parametrize("type_", CLAIMS)
def test_a_claim_of_one_paper_has_its_type_from_its_fields(type_: str) -> None:
    (typed,) = read("ocr.claims", newer_data("ocr.claims", type_))
    (untyped,) = read("ocr.claims", {"info": newer_data("ocr.claims", type_)[0]["info"]})
    if type_ in ALIKE:
        assert (untyped.type, type(untyped.info)) == (None, Unknown)
        assert untyped.info.extra == newer_data("ocr.claims", type_)[0]["info"]
    else:
        assert untyped == typed


@given(data=st.data())
@examples(100)
def test_a_type_is_never_that_of_another_paper(data: st.DataObject) -> None:
    operation, papers = data.draw(st.sampled_from([each for each in GENERATIONS.values() if isinstance(each[1], list)]))
    paper = data.draw(st.sampled_from(papers))
    if not isinstance(paper, dict) or "type" not in paper or not isinstance(paper.get("info"), dict):
        return
    (typed,) = read(operation, [paper])
    (untyped,) = read(operation, [{name: value for name, value in paper.items() if name != "type"}])
    if untyped.type is None:  # an operation that reads one kind of paper needs no type
        assert type(untyped.info) is Unknown or untyped.info == typed.info
    else:
        assert untyped == typed


@pytest.mark.parametrize("info", [{}, None, [], "text", {"patient_name": "A", "mới": "x"}, {"patient_name": "A"}])
def test_fields_of_several_papers_or_none_give_no_type(info: Any) -> None:
    for paper in read("ocr.claims", {"info": info}):
        assert (paper.type, type(paper.info)) == (None, Unknown)


def test_a_type_that_is_there_is_not_replaced() -> None:
    drugs = {"patient_name": "A", "drug_info": [{"drug": "B"}]}
    (new,) = read("ocr.claims", {"type": "mới", "info": drugs})
    assert (new.type, type(new.info)) == ("mới", Unknown)
    (found,) = read("ocr.claims", {"info": drugs})
    assert (found.type, type(found.info)) == ("prescription", Prescription)


def test_the_side_of_a_vehicle_registration_is_found_from_its_fields() -> None:
    def side(info: Any) -> Recognized[Any]:
        return read("ocr.vehicle_registrations", [{"type": "vehicle_registrations", "info": info}])[0]

    back = side({"sit": "5", "sit_confidence": 0.9, "Address_town": "Hà Nội"})
    assert (back.type, back.info.sit.value) == ("vehicle_registration_back", "5")
    front = side({"name": "A", "address": "Hà Nội", "plate": "00A-000.01", "issued_at": "CA Hà Nội"})
    assert (front.type, front.info.plate.value) == ("vehicle_registration_front", "00A-000.01")
    for paper in (side({"name": "A"}), side({"mới": "1"})):
        assert (paper.type, type(paper.info)) == ("vehicle_registrations", Unknown)


def names_of(operation: str, type_: str) -> list[str]:
    """Return the documented names of a paper, without those below them."""
    return sorted({name.partition(".")[0] for name in documented()[operation][type_]})


@given(data=st.data())
@examples(100)
def test_a_back_with_a_field_of_its_own_is_never_taken_for_a_front(data: st.DataObject) -> None:
    back = names_of("ocr.vehicle_registrations", "vehicle_registration_back")
    own = sorted({*back} - {*names_of("ocr.vehicle_registrations", "vehicle_registration_front")})
    names = {data.draw(st.sampled_from(own)), *data.draw(st.sets(st.sampled_from(back)))}
    (paper,) = read("ocr.vehicle_registrations", [{"type": "vehicle_registrations", "info": dict.fromkeys(names, "x")}])
    assert paper.type == "vehicle_registration_back"


@given(data=st.data())
@examples(100)
def test_a_front_is_found_unless_most_of_it_is_missing(data: st.DataObject) -> None:
    front = [name for name in names_of("ocr.vehicle_registrations", "vehicle_registration_front") if name != "image"]
    names = data.draw(st.sets(st.sampled_from(front), min_size=1))
    info = dict.fromkeys([*names, "image"], "x")
    (paper,) = read("ocr.vehicle_registrations", [{"type": "vehicle_registrations", "info": info}])
    found = "vehicle_registration_front" if 2 * len(names) >= len(front) else "vehicle_registrations"
    assert paper.type == found


def test_the_front_of_a_registration_is_the_front_of_the_reply() -> None:
    owner = {"name": "LÊ VĂN MẪU", "address": "Hà Nội", "plate": "00A-000.01", "issued_at": "CA Hà Nội"}
    paper = {"type": "vehicle_registrations", "info": owner}
    answer = {"data": [paper], "errorCode": "0", "errorMessage": "Success"}
    reply = decode(OPERATIONS["ocr.vehicle_registrations"], WireReply(200, json.dumps(answer).encode()))
    assert reply.front is not None
    assert reply.back is None


def test_a_type_that_is_found_is_one_of_the_operation() -> None:
    staff = ("id", "name", "dob", "gender", "hometown", "address", "issue_date", "issued_at")
    (paper,) = read("ekyc.card", {"info": dict.fromkeys(staff, "x")})
    assert (paper.type, type(paper.info)) == (None, Unknown)


@pytest.mark.parametrize(
    ("type_", "names"),
    [
        (
            "chip_id_card_back",
            "country person_number dob gender due_date nationality sur_name given_name issue_date issued_at"
            " document_number mrz_confidence",
        ),
        ("chip_id_card_front", "id name dob hometown address gender due_date nationality"),
        ("health_records", "insure_name dob gender medical_facility image image_seals valid_seals"),
        ("12_id_card_back", "issue_date issued_at"),
        ("9_id_card_front", "id name dob hometown address address_town"),
    ],
)
def test_a_claim_with_all_fields_of_one_paper_has_its_type(type_: str, names: str) -> None:
    for info in (dict.fromkeys(names.split(), "0.5"), {f"{names.split()[0]}_box": None} | dict.fromkeys(names.split())):
        (paper,) = read("ocr.claims", {"info": info})
        assert paper.type == type_


def test_fields_without_an_object_around_them_have_their_type() -> None:
    (paper,) = read("ocr.claims", {"patient_name": "A", "drug_info": [{"drug": "B"}]})
    assert (paper.type, type(paper.info), paper.info.patient_name.value) == ("prescription", Prescription, "A")
