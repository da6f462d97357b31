"""Business registrations (vendor document 001, chapter "Thông tin trả về" of OCR)."""

from __future__ import annotations

from attrs import frozen

from .fields import EMPTY, Paper, Text


@frozen(kw_only=True)
class BusinessRegistration(Paper):
    """A certificate of business registration. Amounts are text as printed.

    From `gender` on, and `dob`, everything is of the representative.
    """

    company_name: Text = EMPTY
    english_name: Text = EMPTY
    short_name: Text = EMPTY
    business_code: Text = EMPTY
    regis_date: Text = EMPTY
    date_of_change: Text = EMPTY
    address: Text = EMPTY
    company_phone: Text = EMPTY
    fax: Text = EMPTY
    email: Text = EMPTY
    website: Text = EMPTY
    authorized_capital: Text = EMPTY
    par_value: Text = EMPTY
    total_shares: Text = EMPTY
    representative_name: Text = EMPTY
    representative_title: Text = EMPTY
    gender: Text = EMPTY
    ethnicity: Text = EMPTY
    nationality: Text = EMPTY
    document_type: Text = EMPTY
    number_of_idcard: Text = EMPTY
    issue_date: Text = EMPTY
    issued_at: Text = EMPTY
    household_address: Text = EMPTY
    representative_address: Text = EMPTY
