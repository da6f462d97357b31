"""Birth certificates (vendor document 001, chapter "Thông tin trả về" of OCR)."""

from __future__ import annotations

from attrs import frozen

from .fields import EMPTY, Paper, Text


@frozen(kw_only=True)
class BirthCertificate(Paper):
    """A birth certificate."""

    father_dob: Text = EMPTY
    """Date of birth of the father (ngày sinh của cha), such as ``04/05/1960``."""
    father_name: Text = EMPTY
    """Full name of the father (họ tên cha), such as ``LÊ VĂN VÍ DỤ``."""
    gender: Text = EMPTY
    """Sex (giới tính), such as ``Nam``."""
    mother_dob: Text = EMPTY
    """Date of birth of the mother (ngày sinh của mẹ), such as ``06/07/1962``."""
    mother_name: Text = EMPTY
    """Full name of the mother (họ tên mẹ), such as ``TRẦN THỊ VÍ DỤ``."""
    number: Text = EMPTY
    """Number of the certificate (số giấy khai sinh), such as ``000123``."""
    number_book: Text = EMPTY
    """Number of the volume (quyển số), such as ``00/1990``."""
    regis_date: Text = EMPTY
    """Date of registration (ngày đăng ký), such as ``10/03/1990``."""
    regis_place: Text = EMPTY
    """Place of registration (nơi đăng ký), such as ``UBND Phường Mẫu``."""
    regis_place_town: Text = EMPTY
    """Province or city of the registration (tỉnh, thành phố nơi đăng ký), such as ``Hà Nội``."""
    regis_place_town_code: Text = EMPTY
    """Code of the province or city of the registration (mã tỉnh, thành phố nơi đăng ký), such as ``01``."""
    regis_place_district: Text = EMPTY
    """District of the registration (quận, huyện nơi đăng ký), such as ``Ba Đình``."""
    regis_place_district_code: Text = EMPTY
    """Code of the district of the registration (mã quận, huyện nơi đăng ký), such as ``001``."""
    regis_place_ward: Text = EMPTY
    """Ward or commune of the registration (phường, xã nơi đăng ký), such as ``Phường Mẫu``."""
    regis_place_ward_code: Text = EMPTY
    """Code of the ward or commune of the registration (mã phường, xã nơi đăng ký), such as ``99901``."""
