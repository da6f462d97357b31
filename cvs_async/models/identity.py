"""Identity papers (vendor documents 001 and 003; boxes and confidences in claim files: 000)."""

from __future__ import annotations

from attrs import frozen

from .fields import EMPTY, Paper, Text, paper, renamed


@frozen(kw_only=True)
class IdCardFront(Paper):
    """Common fields of the fronts of all identity cards.

    The `*_code`, `*_town`, `*_district` and `*_ward` fields are the parts of `address` and `hometown`, with codes from
    the national list of administrative units.
    """

    hometown: Text = EMPTY
    """Place of origin (quê quán), such as ``Phường Mẫu, Ba Đình, Hà Nội``."""
    address: Text = EMPTY
    """Place of permanent residence (nơi thường trú), such as ``Số 1 Đường Mẫu, Phường Mẫu, Ba Đình, Hà Nội``."""
    address_town_code: Text = EMPTY
    """Code of the province or city in `address` (mã tỉnh, thành phố của nơi thường trú), such as ``01``."""
    address_district_code: Text = EMPTY
    """Code of the district in `address` (mã quận, huyện của nơi thường trú), such as ``001``."""
    address_ward_code: Text = EMPTY
    """Code of the ward or commune in `address` (mã phường, xã của nơi thường trú), such as ``99901``."""
    hometown_town_code: Text = EMPTY
    """Code of the province or city in `hometown` (mã tỉnh, thành phố của quê quán), such as ``01``."""
    hometown_district_code: Text = EMPTY
    """Code of the district in `hometown` (mã quận, huyện của quê quán), such as ``001``."""
    hometown_ward_code: Text = EMPTY
    """Code of the ward or commune in `hometown` (mã phường, xã của quê quán), such as ``99901``."""
    address_town: Text = EMPTY
    """Province or city in `address` (tỉnh, thành phố của nơi thường trú), such as ``Hà Nội``."""
    address_district: Text = EMPTY
    """District in `address` (quận, huyện của nơi thường trú), such as ``Ba Đình``."""
    address_ward: Text = EMPTY
    """Ward or commune in `address` (phường, xã của nơi thường trú), such as ``Phường Mẫu``."""
    hometown_town: Text = EMPTY
    """Province or city in `hometown` (tỉnh, thành phố của quê quán), such as ``Hà Nội``."""
    hometown_district: Text = EMPTY
    """District in `hometown` (quận, huyện của quê quán), such as ``Ba Đình``."""
    hometown_ward: Text = EMPTY
    """Ward or commune in `hometown` (phường, xã của quê quán), such as ``Phường Mẫu``."""


@paper("9_id_card_front")
@frozen(kw_only=True)
class IdCard9Front(IdCardFront):
    """Front of the old identity card with a number of 9 digits (CMND)."""


@paper("12_id_card_front")
@frozen(kw_only=True)
class IdCard12Front(IdCardFront):
    """Front of the citizen card with a number of 12 digits (CCCD)."""

    gender: Text = EMPTY
    """Sex (giới tính), such as ``Nam``."""
    due_date: Text = EMPTY
    """Valid until (ngày hết hạn), such as ``02/03/2030``."""
    nationality: Text = EMPTY
    """Nationality (quốc tịch), such as ``Việt Nam``."""
    ethnicity: Text = EMPTY
    """Ethnic group (dân tộc), such as ``Kinh``."""


@paper("chip_id_card_front")
@frozen(kw_only=True)
class ChipIdCardFront(IdCardFront):
    """Front of the citizen card with a chip."""

    gender: Text = EMPTY
    """Sex (giới tính), such as ``Nữ``."""
    due_date: Text = EMPTY
    """Valid until (ngày hết hạn), such as ``02/03/2030``."""
    nationality: Text = EMPTY
    """Nationality (quốc tịch), such as ``Việt Nam``."""


@paper("9_id_card_back")
@frozen(kw_only=True)
class IdCard9Back(Paper):
    """Back of the old identity card with a number of 9 digits (CMND)."""

    ethnicity: Text = EMPTY
    """Ethnic group (dân tộc), such as ``Kinh``."""
    religious: Text = EMPTY
    """Religion (tôn giáo), such as ``Không``."""
    issue_date: Text = EMPTY
    """Date of issue (ngày cấp), such as ``Ngày 05 tháng 06 năm 2015``."""
    issued_at: Text = EMPTY
    """Authority that issued it (nơi cấp), such as ``CA Hà Nội``."""
    identification_sign: Text = EMPTY
    """Marks and scars (đặc điểm nhận dạng), such as ``Nốt ruồi ở má phải``."""
    issued_at_town: Text = EMPTY
    """Province or city that issued it (tỉnh, thành phố cấp), such as ``Hà Nội``."""
    issued_at_code: Text = EMPTY
    """Code of the province or city that issued it (mã tỉnh, thành phố cấp), such as ``01``."""


@paper("12_id_card_back")
@frozen(kw_only=True)
class IdCard12Back(Paper):
    """Back of the citizen card with a number of 12 digits (CCCD)."""

    issue_date: Text = EMPTY
    """Date of issue (ngày cấp), such as ``05/06/2018``."""
    issued_at: Text = EMPTY
    """Authority that issued it (nơi cấp), such as ``CỤC TRƯỞNG CỤC CẢNH SÁT``."""
    identification_sign: Text = EMPTY
    """Marks and scars (đặc điểm nhận dạng), such as ``Nốt ruồi ở má phải``."""


@frozen(kw_only=True)
class MachineReadable(Paper):
    """Fields of a machine-readable zone."""

    country: Text = EMPTY
    """Country that issued it (quốc gia cấp), such as ``VNM``."""
    person_number: Text = renamed("person_number", "Person_number")
    """Number of the citizen, which a chip card has on its front (số định danh công dân), such as ``000090000001``."""
    gender: Text = EMPTY
    """Sex, by its letter (giới tính), such as ``M``."""
    due_date: Text = EMPTY
    """Valid until (ngày hết hạn), such as ``02/03/2030``."""
    nationality: Text = EMPTY
    """Nationality (quốc tịch), such as ``VNM``."""
    sur_name: Text = EMPTY
    """Family name, without diacritics (họ), such as ``LE``."""
    given_name: Text = EMPTY
    """Middle and given names, without diacritics (tên đệm và tên), such as ``VAN MAU``."""


@paper("chip_id_card_back")
@frozen(kw_only=True)
class ChipIdCardBack(MachineReadable):
    """Back of the citizen card with a chip."""

    issue_date: Text = EMPTY
    """Date of issue (ngày cấp), such as ``05/06/2021``."""
    issued_at: Text = EMPTY
    """Authority that issued it (nơi cấp), such as ``CỤC QUẢN LÝ HÀNH CHÍNH``."""
    document_number: Text = EMPTY
    """Number of the card's back (id mặt sau), such as ``090000001``."""
    identification_sign: Text = EMPTY
    """Marks and scars (đặc điểm nhận dạng), such as ``Nốt ruồi ở má phải``."""
    mrz_confidence: float | None = None
    """Confidence of the machine-readable zone as a whole, 0 to 1 (độ tin cậy của vùng MRZ), such as ``0.97``."""


@paper("chip_id_card_2024_front")
@frozen(kw_only=True)
class ChipIdCard2024Front(ChipIdCardFront):
    """Front of the citizen card of 2024. It is undocumented, and known from programs of other users."""


@paper("chip_id_card_2024_back")
@frozen(kw_only=True)
class ChipIdCard2024Back(ChipIdCardBack):
    """Back of the citizen card of 2024. It is undocumented, and known from programs of other users."""

    address: Text = EMPTY
    """Place of residence (nơi cư trú), such as ``Số 1 Đường Mẫu, Hà Nội``."""


@paper("passport")
@frozen(kw_only=True)
class Passport(MachineReadable):
    """A passport, read from its photo page."""

    nationality: Text = renamed("nationality", "nationality ")
    """Nationality; document 001 writes its name with a space behind it (quốc tịch), such as ``VNM``."""
    full_name: Text = EMPTY
    """Full name, without diacritics (họ và tên), such as ``LE VAN MAU``."""
    issue_date: Text = EMPTY
    """Date of issue (ngày cấp), such as ``05/06/2021``."""
    issued_at: Text = EMPTY
    """Authority that issued it (nơi cấp), such as ``Cục Quản lý xuất nhập cảnh``."""
    place_of_birth: Text = EMPTY
    """Place of birth (nơi sinh), such as ``Hà Nội``."""
    confidence: float | None = None
    """Confidence of the machine-readable zone as a whole, 0 to 1 (độ tin cậy của vùng MRZ), such as ``0.97``."""
