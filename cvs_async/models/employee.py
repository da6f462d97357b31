"""Employees' files (vendor document 001, ``employee_profile``)."""

from __future__ import annotations

from attrs import frozen

from .birth import BirthCertificate
from .fields import EMPTY, Document, Image, Paper, Text, listed, paper
from .recognized import Recognized


@paper("id_card")
@frozen(kw_only=True)
class EmployeeIdCard(Paper):
    """An identity paper, both sides."""

    gender: Text = EMPTY
    address: Text = EMPTY
    hometown: Text = EMPTY
    issue_date: Text = EMPTY
    issued_at: Text = EMPTY
    image_front: Image | None = None
    image_back: Image | None = None


@paper("curriculum_vitae")
@frozen(kw_only=True)
class CurriculumVitae(Paper):
    """A curriculum vitae; `image_0` to `image_3` are its pages."""

    work_experience: Text = EMPTY
    father_name: Text = EMPTY
    mother_name: Text = EMPTY
    academic_level: Text = EMPTY
    image_0: Image | None = None
    image_1: Image | None = None
    image_2: Image | None = None
    image_3: Image | None = None


@frozen(kw_only=True)
class HouseholdMember(Document):
    """A member of a household; `image_member` is the page of the book."""

    relationship_to_head: Text = EMPTY
    name: Text = EMPTY
    dob: Text = EMPTY
    id_card: Text = EMPTY
    image_member: Image | None = None


@paper("registration_book")
@frozen(kw_only=True)
class RegistrationBook(Paper):
    """A household's registration book (sổ hộ khẩu); `image` is its cover."""

    book_number: Text = EMPTY
    address: Text = EMPTY
    head_name: Text = EMPTY
    member: list[HouseholdMember] = listed()


@paper("academic_degree")
@frozen(kw_only=True)
class AcademicDegree(Paper):
    """A university degree."""

    school: Text = EMPTY
    major: Text = EMPTY
    graduation_year: Text = EMPTY
    award_classification: Text = EMPTY
    academic_level: Text = EMPTY


@paper("birth_certificate")
@frozen(kw_only=True)
class EmployeeBirthCertificate(BirthCertificate):
    """A birth certificate, of which more is read in employees' files."""

    regis_place: Text = EMPTY
    father_address: Text = EMPTY
    mother_address: Text = EMPTY
    place_of_birth: Text = EMPTY


@paper("health_certification")
@frozen(kw_only=True)
class HealthCertification(Paper):
    """A health certificate; height, weight and condition are text as printed.

    `image_0` is the first page, `image_1` that of height and weight, `image_2` that of the condition.
    """

    height: Text = EMPTY
    weight: Text = EMPTY
    health_condition: Text = EMPTY
    image_0: Image | None = None
    image_1: Image | None = None
    image_2: Image | None = None


@frozen(kw_only=True)
class EmployeeProfile(Document):
    """All papers of an employee's file, by kind.

    Attributes:
        image_negative: pictures in which no paper was found.
    """

    id_card: list[Recognized[EmployeeIdCard]] = listed()
    registration_book: list[Recognized[RegistrationBook]] = listed()
    curriculum_vitae: list[Recognized[CurriculumVitae]] = listed()
    academic_degree: list[Recognized[AcademicDegree]] = listed()
    birth_certificate: list[Recognized[EmployeeBirthCertificate]] = listed()
    health_certification: list[Recognized[HealthCertification]] = listed()
    image_negative: list[Image] = listed()
