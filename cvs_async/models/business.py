"""Business registrations (vendor document 001, chapter "Thông tin trả về" of OCR)."""

from __future__ import annotations

from attrs import frozen

from .fields import EMPTY, Paper, Text


@frozen(kw_only=True)
class BusinessRegistration(Paper):
    """A certificate of business registration. Amounts are text as printed.

    From `gender` on, and for `dob`, the fields describe the representative.
    """

    company_name: Text = EMPTY
    """Name of the company (tên doanh nghiệp), such as ``CÔNG TY TNHH VÍ DỤ``."""
    english_name: Text = EMPTY
    """Its name in a foreign language (tên nước ngoài), such as ``VI DU COMPANY LIMITED``."""
    short_name: Text = EMPTY
    """Its abbreviated name (tên viết tắt), such as ``VIDU CO``."""
    business_code: Text = EMPTY
    """Code of the company, which is its tax code too (mã số doanh nghiệp), such as ``0001234567``."""
    regis_date: Text = EMPTY
    """Date of the first registration (ngày đăng ký lần đầu), such as ``05/06/2018``."""
    date_of_change: Text = EMPTY
    """Date of the latest change (ngày thay đổi), such as ``05/06/2021``."""
    address: Text = EMPTY
    """Head office (địa chỉ trụ sở), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    company_phone: Text = EMPTY
    """Telephone (điện thoại), such as ``0200000001``."""
    fax: Text = EMPTY
    """Fax (fax), such as ``0200001001``."""
    email: Text = EMPTY
    """E-mail (email), such as ``vidu@example.com``."""
    website: Text = EMPTY
    """Web site (website), such as ``https://vidu.example.com``."""
    authorized_capital: Text = EMPTY
    """Charter capital (vốn điều lệ), such as ``1.000.000.000 đồng``."""
    par_value: Text = EMPTY
    """Par value of a share (mệnh giá cổ phần), such as ``10.000 đồng``."""
    total_shares: Text = EMPTY
    """Number of shares (tổng số cổ phần), such as ``100.000``."""
    representative_name: Text = EMPTY
    """Full name of the legal representative (họ tên người đại diện), such as ``LÊ VĂN MẪU``."""
    representative_title: Text = EMPTY
    """The representative's position (chức danh người đại diện), such as ``Giám đốc``."""
    gender: Text = EMPTY
    """The representative's sex (giới tính người đại diện), such as ``Nam``."""
    ethnicity: Text = EMPTY
    """The representative's ethnic group (dân tộc người đại diện), such as ``Kinh``."""
    nationality: Text = EMPTY
    """The representative's nationality (quốc tịch người đại diện), such as ``Việt Nam``."""
    document_type: Text = EMPTY
    """Kind of the representative's paper (loại giấy tờ của người đại diện), such as ``Thẻ căn cước công dân``."""
    number_of_idcard: Text = EMPTY
    """Number of that paper (số giấy tờ của người đại diện), such as ``000090000001``."""
    issue_date: Text = EMPTY
    """Date of issue of that paper (ngày cấp giấy tờ), such as ``05/06/2021``."""
    issued_at: Text = EMPTY
    """Place of issue of that paper (nơi cấp giấy tờ), such as ``Cục Cảnh sát``."""
    household_address: Text = EMPTY
    """The representative's registered address (địa chỉ hộ khẩu), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    representative_address: Text = EMPTY
    """The representative's present address (nơi ở hiện tại của người đại diện), such as ``Số 9 Đường Mẫu, Hà Nội``."""
