"""Birth certificates (vendor document 001, chapter "Thông tin trả về" of OCR)."""

from __future__ import annotations

from attrs import frozen

from .fields import EMPTY, Paper, Text


@frozen(kw_only=True)
class BirthCertificate(Paper):
    """A birth certificate. `number_book` is the number of the volume (quyển số)."""

    father_dob: Text = EMPTY
    father_name: Text = EMPTY
    gender: Text = EMPTY
    mother_dob: Text = EMPTY
    mother_name: Text = EMPTY
    number: Text = EMPTY
    number_book: Text = EMPTY
    regis_date: Text = EMPTY
