"""Papers of health-insurance claims beside the identity papers (vendor document 000)."""

from __future__ import annotations

from attrs import frozen

from .fields import EMPTY, Paper, Text, paper


@paper("bvcard")
@frozen(kw_only=True)
class BaoVietCard(Paper):
    """An insurance card of Bảo Việt."""

    plan: Text = EMPTY
    """Insurance plan (chương trình bảo hiểm), such as ``NÂNG CAO 2``."""
    company: Text = EMPTY
    """Company of the insured person (công ty), such as ``CÔNG TY TNHH VÍ DỤ``."""
    valid: Text = EMPTY
    """Period of validity, as printed (hiệu lực), such as ``01/01/2025 - 31/12/2025``."""
    policy_no: Text = EMPTY
    """Number of the card (số thẻ), such as ``000/BH/0000001``."""


@paper("claim_form")
@frozen(kw_only=True)
class ClaimForm(Paper):
    """A request for compensation. Fields describe the insured person unless stated otherwise."""

    insure_name: Text = EMPTY
    """Full name of the insured person (họ tên người được bảo hiểm), such as ``LÊ VĂN MẪU``."""
    gender: Text = EMPTY
    """Sex of the insured person (giới tính người được bảo hiểm), such as ``Nam``."""
    certificate_no: Text = EMPTY
    """Number of the insurance card (số thẻ bảo hiểm), such as ``000-BH-000001``."""
    id_card_no: Text = EMPTY
    """Number of the insured person's identity card (số CMND người được bảo hiểm), such as ``000090000001``."""
    family_member: Text = EMPTY
    """Full name of a relative (tên người thân), such as ``TRẦN THỊ VÍ DỤ``."""
    policy_holder: Text = EMPTY
    """Name of the buyer of the insurance (tên bên mua bảo hiểm), such as ``CÔNG TY TNHH VÍ DỤ``."""
    cellphone_no: Text = EMPTY
    """Telephone of the insured person (số điện thoại), such as ``0900000001``."""
    email: Text = EMPTY
    """E-mail of the insured person (email), such as ``mau@example.com``."""
