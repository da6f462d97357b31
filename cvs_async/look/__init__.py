"""Pictures of documents with the boxes of their values, cut-outs, and reports.

Everything except `read_fields` needs the extra ``look`` (Pillow, pypdfium2, Jinja2).
"""

from __future__ import annotations

from .notebook import Shown
from .overlay import cutouts, overlay
from .pages import PageInfo, Pages
from .reads import Read, read_fields

__all__ = ["PageInfo", "Pages", "Read", "Shown", "cutouts", "overlay", "read_fields"]
