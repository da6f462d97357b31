"""What the legacy API v1 returns. Names are v1's own: ``born``, ``quoctich``, ``mattruoc``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import Factory, field, frozen

from .fields import EMPTY, ENVELOPE, Document, Paper, Text, paper, renamed

V1_PAPERS: dict[str, type[Paper]] = {}
"""The known kinds of paper, by the ``type`` that v1 gives them."""


@paper("cmt", V1_PAPERS)
@frozen(kw_only=True)
class V1IdCard9Front(Paper):
    """Front of the old identity card with 9 digits. `born` is the date of birth, `country` the place of origin."""

    born: Text = EMPTY
    country: Text = EMPTY
    address: Text = EMPTY


@paper("tcc", V1_PAPERS)
@frozen(kw_only=True)
class V1IdCard12Front(V1IdCard9Front):
    """Front of the citizen card with 12 digits. `quoctich` is the nationality, `dantoc` the ethnicity."""

    sex: Text = EMPTY
    duedate: Text = EMPTY
    quoctich: Text = EMPTY
    dantoc: Text = EMPTY


@paper("matsautcc", V1_PAPERS)
@frozen(kw_only=True)
class V1IdCard12Back(Paper):
    """Back of the citizen card with 12 digits. `dauvet` are identifying marks, `date` is the date of issue."""

    dauvet: Text = EMPTY
    date: Text = EMPTY


@paper("matsaucmt", V1_PAPERS)
@frozen(kw_only=True)
class V1IdCard9Back(V1IdCard12Back):
    """Back of the old card. `dantoc` is the ethnicity, `tongiao` the religion, `noicap` who issued it."""

    dantoc: Text = EMPTY
    tongiao: Text = EMPTY
    noicap: Text = EMPTY


@paper("blx", V1_PAPERS)
@frozen(kw_only=True)
class V1DrivingLicense(Paper):
    """A driving licence. `class_` is the vendor's ``class``: what may be driven; `nation` the nationality."""

    born: Text = EMPTY
    class_: Text = renamed("class")
    nation: Text = EMPTY
    dateissue: Text = EMPTY
    duedate: Text = EMPTY
    address: Text = EMPTY


@frozen(kw_only=True)
class V1Front(V1IdCard12Front):
    """The front of a card of either kind: v1 does not say of which."""


@frozen(kw_only=True)
class V1Back(V1IdCard9Back):
    """The back of a card of either kind: v1 does not say of which."""


@frozen(kw_only=True)
class V1Paper(Document):
    """One paper, from the whole answer or from an element of a PDF's.

    Attributes:
        type: the kind of paper in v1's words, such as ``cmt``.
        info: the vendor's ``data``: what was read, of the class that belongs to `type`, else `Unknown`.
        valid: False if the photo is blurred, covered or suspected; None for papers from a PDF.
    """

    wire_envelope = ENVELOPE

    type: str | None = None
    info: Paper = field(metadata={"wire": ("data",), "kinds": V1_PAPERS})
    valid: bool | None = None


@frozen(kw_only=True)
class V1Sides(Document):
    """Front (`mattruoc`) and back (`matsau`) of one card, from the whole answer. `valid` is as in `V1Paper`."""

    wire_envelope = ENVELOPE
    wire_inside = "data"

    mattruoc: V1Front = Factory(V1Front)
    matsau: V1Back = Factory(V1Back)
    valid: bool | None = None


def v1_papers(answer: Any) -> Any:
    """The papers of a whole answer: those of a PDF, each with what is said of all of them, or the one of a picture."""
    if not isinstance(answer, Mapping) or not isinstance(answer.get("data"), list):
        return answer
    common = {name: value for name, value in answer.items() if name not in ("type", "data")}
    return [{**common, **element} if isinstance(element, Mapping) else element for element in answer["data"]]
