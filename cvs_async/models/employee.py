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
    """Sex (giới tính), such as ``Nam``."""
    address: Text = EMPTY
    """Address (địa chỉ), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    hometown: Text = EMPTY
    """Place of origin (quê quán), such as ``Phường Mẫu, Hà Nội``."""
    issue_date: Text = EMPTY
    """Date of issue (ngày cấp), such as ``05/06/2021``."""
    issued_at: Text = EMPTY
    """Authority that issued it (nơi cấp), such as ``Cục Cảnh sát``."""
    image_front: Image | None = None
    """The front (ảnh mặt trước)."""
    image_back: Image | None = None
    """The back (ảnh mặt sau)."""


@paper("curriculum_vitae")
@frozen(kw_only=True)
class CurriculumVitae(Paper):
    """A curriculum vitae; `image_0` to `image_3` are its pages."""

    work_experience: Text = EMPTY
    """Work experience (kinh nghiệm làm việc), such as ``Kế toán, 2015 đến 2020``."""
    father_name: Text = EMPTY
    """Full name of the father (họ tên bố), such as ``LÊ VĂN VÍ DỤ``."""
    mother_name: Text = EMPTY
    """Full name of the mother (họ tên mẹ), such as ``TRẦN THỊ VÍ DỤ``."""
    academic_level: Text = EMPTY
    """Level of education (trình độ học vấn), such as ``12/12``."""
    current_address: Text = EMPTY
    """Current place of residence (nơi ở hiện tại), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    gender: Text = EMPTY
    """Sex (giới tính), such as ``Nam``."""
    place_of_birth: Text = EMPTY
    """Place of birth (nơi sinh), such as ``Hà Nội``."""
    image_0: Image | None = None
    """The first page (ảnh trang đầu)."""
    image_1: Image | None = None
    """The second page (ảnh trang thứ 2)."""
    image_2: Image | None = None
    """The third page (ảnh trang thứ 3)."""
    image_3: Image | None = None
    """The fourth page (ảnh trang thứ 4)."""


@frozen(kw_only=True)
class HouseholdMember(Document):
    """A member of a household; `image_member` is the page of the book."""

    relationship_to_head: Text = EMPTY
    """Relationship to the head of the household (mối quan hệ với chủ hộ), such as ``Con``."""
    name: Text = EMPTY
    """Full name of the member (họ tên thành viên), such as ``LÊ VĂN MẪU``."""
    dob: Text = EMPTY
    """Date of birth of the member (ngày sinh thành viên), such as ``02/03/1990``."""
    gender: Text = EMPTY
    """Sex of the member (giới tính thành viên), such as ``Nam``."""
    id_card: Text = EMPTY
    """Number of the member's identity card or passport (số giấy tờ thành viên), such as ``000090000001``."""
    image_member: Image | None = None
    """The page of the book (ảnh trang chứa thông tin thành viên)."""


@paper("registration_book")
@frozen(kw_only=True)
class RegistrationBook(Paper):
    """A household's registration book (sổ hộ khẩu); `image` is its cover."""

    book_number: Text = EMPTY
    """Number of the book (số sổ hộ khẩu), such as ``000000001``."""
    address: Text = EMPTY
    """Address of the household (địa chỉ), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    head_name: Text = EMPTY
    """Full name of the head of the household (họ tên chủ hộ), such as ``LÊ VĂN VÍ DỤ``."""
    member: list[HouseholdMember] = listed()
    """The members (thành viên)."""


@paper("academic_degree")
@frozen(kw_only=True)
class AcademicDegree(Paper):
    """A university degree."""

    school: Text = EMPTY
    """University or school (trường học), such as ``Trường Đại học Mẫu``."""
    major: Text = EMPTY
    """Subject (ngành học), such as ``Kế toán``."""
    graduation_year: Text = EMPTY
    """Year of graduation (năm tốt nghiệp), such as ``2012``."""
    award_classification: Text = EMPTY
    """Grade (xếp loại), such as ``Khá``."""
    academic_level: Text = EMPTY
    """Level of the degree (trình độ), such as ``Cử nhân``."""


@paper("birth_certificate")
@frozen(kw_only=True)
class EmployeeBirthCertificate(BirthCertificate):
    """A birth certificate in an employee's file, with additional fields."""

    father_address: Text = EMPTY
    """Residence of the father (nơi cư trú của bố), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    mother_address: Text = EMPTY
    """Residence of the mother (nơi cư trú của mẹ), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    place_of_birth: Text = EMPTY
    """Place of birth (nơi sinh), such as ``Bệnh viện Mẫu, Hà Nội``."""


@paper("health_certification")
@frozen(kw_only=True)
class HealthCertification(Paper):
    """A health certificate; height, weight and condition are text as printed.

    `image_0` is the first page, `image_1` the page with height and weight, `image_2` the page with the condition.
    """

    height: Text = EMPTY
    """Height, as printed (chiều cao), such as ``165 cm``."""
    weight: Text = EMPTY
    """Weight, as printed (cân nặng), such as ``55 kg``."""
    health_condition: Text = EMPTY
    """State of health (điều kiện sức khỏe), such as ``Đủ sức khỏe làm việc``."""
    image_0: Image | None = None
    """The first page (ảnh trang đầu)."""
    image_1: Image | None = None
    """The page of height and weight (ảnh trang chiều cao, cân nặng)."""
    image_2: Image | None = None
    """The page of the state of health (ảnh trang điều kiện sức khỏe)."""


@frozen(kw_only=True)
class HouseholdResident(Document):
    """A member of the household in a confirmation of residence."""

    name: Text = EMPTY
    """Full name of the member (họ tên thành viên), such as ``LÊ VĂN CON``."""
    dob: Text = EMPTY
    """Date of birth of the member (ngày sinh thành viên), such as ``02/03/2015``."""
    gender: Text = EMPTY
    """Sex (giới tính), such as ``Nam``."""
    id_card: Text = EMPTY
    """Number of the member's identity card (số định danh thành viên), such as ``000215000001``."""
    relationship_to_head: Text = EMPTY
    """Relationship to the head of the household (quan hệ với chủ hộ), such as ``Con``."""


@paper("confirm_residence")
@frozen(kw_only=True)
class ResidenceConfirmation(Paper):
    """A confirmation of residence (xác nhận thông tin về cư trú)."""

    gender: Text = EMPTY
    """Sex (giới tính), such as ``Nam``."""
    ethnicity: Text = EMPTY
    """Ethnic group (dân tộc), such as ``Kinh``."""
    nationality: Text = EMPTY
    """Nationality (quốc tịch), such as ``Việt Nam``."""
    religious: Text = EMPTY
    """Religion (tôn giáo), such as ``Không``."""
    hometown: Text = EMPTY
    """Place of origin (quê quán), such as ``Phường Mẫu, Hà Nội``."""
    address: Text = EMPTY
    """Place of permanent residence (nơi thường trú), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    registered_address: Text = EMPTY
    """Place of temporary residence (nơi tạm trú), such as ``Số 2 Đường Mẫu, Hà Nội``."""
    current_address: Text = EMPTY
    """Current place of residence (nơi ở hiện tại), such as ``Số 2 Đường Mẫu, Hà Nội``."""
    relationship_to_head: Text = EMPTY
    """Relationship to the head of the household (quan hệ với chủ hộ), such as ``Con``."""
    head_name: Text = EMPTY
    """Full name of the head of the household (họ tên chủ hộ), such as ``LÊ VĂN VÍ DỤ``."""
    head_id: Text = EMPTY
    """Number of the head's identity card (số định danh chủ hộ), such as ``000060000001``."""
    member: list[HouseholdResident] = listed()
    """The members (thành viên)."""
    image_member: Image | None = None
    """The page of the members (ảnh trang thành viên)."""


@frozen(kw_only=True)
class EmployeeProfile(Document):
    """All papers of an employee's file, by kind."""

    id_card: list[Recognized[EmployeeIdCard]] = listed()
    """Identity papers (giấy tờ tùy thân)."""
    registration_book: list[Recognized[RegistrationBook]] = listed()
    """Household registration books (sổ hộ khẩu)."""
    curriculum_vitae: list[Recognized[CurriculumVitae]] = listed()
    """Curricula vitae (sơ yếu lý lịch)."""
    academic_degree: list[Recognized[AcademicDegree]] = listed()
    """University degrees (bằng đại học)."""
    birth_certificate: list[Recognized[EmployeeBirthCertificate]] = listed()
    """Birth certificates (giấy khai sinh)."""
    health_certification: list[Recognized[HealthCertification]] = listed()
    """Health certificates (giấy khám sức khỏe)."""
    confirm_residence: list[Recognized[ResidenceConfirmation]] = listed()
    """Confirmations of residence (xác nhận thông tin về cư trú)."""
    image_negative: list[Image] = listed()
    """Pictures in which no paper was found (ảnh không có giấy tờ)."""
    id_negative: list[int] = listed()
    """The pages of these pictures (trang của ảnh không có giấy tờ)."""
