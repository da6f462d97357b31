"""Land certificates (vendor document 001, ``land_certificate``)."""

from __future__ import annotations

from attrs import frozen

from .fields import EMPTY, Document, Image, Paper, Text, listed, paper


@frozen(kw_only=True)
class LandOwner(Document):
    """An owner: name, year of birth, number of the identity paper, address."""

    ten: Text = EMPTY
    nam_sinh: Text = EMPTY
    so_cmt: Text = EMPTY
    dia_chi: Text = EMPTY


@frozen(kw_only=True)
class LandCertificate(Paper):
    """What all certificates of land use carry. A field's `page` is its position in `list_img`, counted from 0.

    Attributes:
        so_so: number of the certificate.
        noi_cap: who issued it.
        ngay_cap: when.
        so_vao_so: its number in the register.
        thong_tin_thua_dat: the piece of land.
        noi_dung_chu_dat: the owners.
        list_img: pictures of the pages.
    """

    so_so: Text = EMPTY
    noi_cap: Text = EMPTY
    ngay_cap: Text = EMPTY
    so_vao_so: Text = EMPTY
    thong_tin_thua_dat: Text = EMPTY
    noi_dung_chu_dat: list[LandOwner] = listed()
    list_img: list[Image] = listed()


@paper("giay_cnqshdd_mau_1")
@frozen(kw_only=True)
class LandCertificate1(LandCertificate):
    """Certificate of land use, house ownership and other assets on the land."""

    thong_tin_nha_o: Text = EMPTY
    thong_tin_ghi_chu: Text = EMPTY


@paper("giay_cnqshdd_mau_2")
@frozen(kw_only=True)
class LandCertificate2(LandCertificate):
    """Certificate of land use. `dia_chi_thua_dat` is where the land is."""

    dia_chi_thua_dat: Text = EMPTY


@paper("giay_cnqshdd_mau_3")
@frozen(kw_only=True)
class LandCertificate3(LandCertificate):
    """Certificate of house ownership and the use of residential land."""
