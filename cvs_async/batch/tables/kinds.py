"""Kinds of documented text fields by name: dates, money, percentages, counts."""

from __future__ import annotations

_DATES = """
dob due_date issue_date last_issue_date first_issue_date regis_date valid_until father_dob mother_dob date
date_of_change quotation_date estimated_delivery_date credit_ranking_date last_date signed ends ngay_cap born duedate
dateissue date_of_accident date_of_consultation from_date to_date created_date hospitalization_date
hospital_discharge_date discharge_date table_date prescription_date surgical_day date_of_examination
date_of_reexamination designated_date test_date
"""
_MONEY = """
amount_before_tax amount_total tax_amount unit_price coin debit credit balance discount sub_total total_amount
vat_amount authorized_capital par_value total loans cards limit amount_due amount_overdue amount
total_payment total_insured_amount medical_expenses guaranteed_expenses paid_by_insured patient_pays
"""
_PERCENTAGES = "tax vat_rate percent_discount"
_COUNTS = "quantity total_shares number_of_cards most_days times"

DATES = frozenset(_DATES.split())
"""Fields that contain one day. `report_time` is a time, and stays text."""

UNITS: dict[str, frozenset[str | None]] = {
    **dict.fromkeys(_MONEY.split(), frozenset({None, "VND"})),
    **dict.fromkeys(_PERCENTAGES.split(), frozenset({None, "%"})),
    **dict.fromkeys(_COUNTS.split(), frozenset[str | None]({None})),
}
"""Fields that contain a number, and the units that a column of such numbers may omit."""
