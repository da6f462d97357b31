"""Land certificates (vendor document 001, ``land_certificate``)."""

from __future__ import annotations

from attrs import frozen

from .fields import EMPTY, Document, Image, Paper, Text, listed, paper


@frozen(kw_only=True)
class LandOwner(Document):
    """An owner: name, year of birth, number of the identity paper, address."""

    ten: Text = EMPTY
    """Full name of the owner (họ tên chủ đất), such as ``LÊ VĂN MẪU``."""
    nam_sinh: Text = EMPTY
    """Year of birth (năm sinh), such as ``1990``."""
    so_cmt: Text = EMPTY
    """Number of the identity card or passport (số CMND, hộ chiếu), such as ``000090000001``."""
    dia_chi: Text = EMPTY
    """Address of residence (địa chỉ thường trú), such as ``Số 1 Đường Mẫu, Hà Nội``."""


@frozen(kw_only=True)
class LandCertificate(Paper):
    """Common fields of certificates of land use. A field's `page` is its position in `list_img`, counted from 0."""

    so_so: Text = EMPTY
    """Number of the certificate (số sổ), such as ``BA 000001``."""
    noi_cap: Text = EMPTY
    """Authority that issued it (nơi cấp), such as ``UBND Quận Mẫu``."""
    ngay_cap: Text = EMPTY
    """Date of issue (ngày cấp), such as ``05/06/2018``."""
    so_vao_so: Text = EMPTY
    """Its number in the register (số vào sổ cấp GCN), such as ``CH00001``."""
    thong_tin_thua_dat: Text = EMPTY
    """The piece of land (thông tin thửa đất), such as ``Thửa đất số 1, tờ bản đồ số 2``."""
    noi_dung_chu_dat: list[LandOwner] = listed()
    """The owners (nội dung chủ đất)."""
    list_img: list[Image] = listed()
    """Pictures of the pages (danh sách ảnh các trang)."""


@paper("giay_cnqshdd_mau_1")
@frozen(kw_only=True)
class LandCertificate1(LandCertificate):
    """Certificate of land use, house ownership and other assets on the land."""

    thong_tin_nha_o: Text = EMPTY
    """The house (thông tin nhà ở), such as ``Nhà ở riêng lẻ, 60 m2``."""
    thong_tin_ghi_chu: Text = EMPTY
    """Notes (thông tin ghi chú), such as ``Không``."""


@paper("giay_cnqshdd_mau_2")
@frozen(kw_only=True)
class LandCertificate2(LandCertificate):
    """Certificate of land use. `dia_chi_thua_dat` is the address of the land."""

    dia_chi_thua_dat: Text = EMPTY
    """Address of the land (địa chỉ thửa đất), such as ``Phường Mẫu, Hà Nội``."""


@paper("giay_cnqshdd_mau_3")
@frozen(kw_only=True)
class LandCertificate3(LandCertificate):
    """Certificate of house ownership and the use of residential land."""
