"""Papers of health-insurance claims beside the identity papers (vendor document 000)."""

from __future__ import annotations

from attrs import frozen

from .fields import EMPTY, Paper, Text, paper


@paper("bvcard")
@frozen(kw_only=True)
class BaoVietCard(Paper):
    """An insurance card of Bảo Việt. `valid` is its period of validity as printed."""

    plan: Text = EMPTY
    company: Text = EMPTY
    valid: Text = EMPTY
    policy_no: Text = EMPTY


@paper("claim_form")
@frozen(kw_only=True)
class ClaimForm(Paper):
    """A request for compensation. Everything is of the insured person unless it says otherwise.

    Attributes:
        family_member: name of a relative of the insured.
        policy_holder: name of who bought the insurance.
    """

    insure_name: Text = EMPTY
    gender: Text = EMPTY
    certificate_no: Text = EMPTY
    id_card_no: Text = EMPTY
    family_member: Text = EMPTY
    policy_holder: Text = EMPTY
    cellphone_no: Text = EMPTY
    email: Text = EMPTY
