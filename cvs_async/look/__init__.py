"""Looking at documents: where on which page every value stands, pictures with boxes, cut-outs, and the report.

Needs ``pip install 'cvs_async[look]'`` (Pillow, pypdfium2, Jinja2), but for `read_fields`.
"""

from __future__ import annotations

from .notebook import Shown
from .overlay import cutouts, overlay
from .pages import PageInfo, Pages
from .reads import Read, read_fields

__all__ = ["PageInfo", "Pages", "Read", "Shown", "cutouts", "overlay", "read_fields"]
