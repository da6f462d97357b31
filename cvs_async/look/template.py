"""The page as HTML. Jinja2 escapes all foreign text."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any, Literal, TypeAlias

from ..errors import ConfigurationError
from .words import LANGUAGES

Mode: TypeAlias = Literal["file", "folder", "view"]
"""A page in one file, one with files beside it, or one that is served."""

PARTS = "<!--parts-->"
"""Place of the data in a page in one file."""


_SURROGATES = re.compile("[\ud800-\udfff]")
"""Characters of file names that are not UTF-8, which a page cannot contain."""


def require_libraries() -> None:
    """Check that the required libraries are installed.

    Raises:
        ConfigurationError: a library is not installed; the message names it.
    """
    for module, name in (("jinja2", "Jinja2"), ("PIL", "Pillow"), ("pypdfium2", "pypdfium2")):
        if importlib.util.find_spec(module) is None:
            raise ConfigurationError(f"reports need {name}: pip install 'cvs_async[look]'")


def text_of(name: str) -> str:
    """Return the text of a resource: ``report.css``, ``report.js`` or ``report.html.j2``."""
    return resources.files("cvs_async.look").joinpath("resources", name).read_text("utf-8")


def policy_of(mode: Mode) -> str:
    """Return the content security policy: a page loads only its own parts, and sends data to no other place."""
    rest = "base-uri 'none'; form-action 'none'"
    if mode == "file":
        style, script = (_hash(text_of(name)) for name in ("report.css", "report.js"))
        return f"default-src 'none'; img-src data:; style-src '{style}'; script-src '{script}'; {rest}"
    own = "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'"
    if mode == "view":
        own += "; connect-src 'self'"
    return f"{own}; {rest}"


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def render(mode: Mode, lang: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """Return the text before and after the data of a page.

    Args:
        mode: mode of the page.
        lang: language, ``en`` or ``vi``.
        values: values of the template.

    Raises:
        ConfigurationError: if Jinja2 is not installed.
    """
    require_libraries()
    import jinja2
    import markupsafe

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["percent"] = percent
    environment.globals["tr"] = LANGUAGES[lang].__getitem__
    safe = markupsafe.Markup
    own = {}
    if mode == "file":
        own = {name: safe(text_of(f"report.{name}")) for name in ("css", "js")}
    page = environment.from_string(text_of("report.html.j2")).render(
        mode=mode, lang=lang, policy=policy_of(mode), own=own, words=dict(LANGUAGES[lang]), svg=safe, **values
    )
    before, _, behind = _SURROGATES.sub("\ufffd", page).partition(PARTS)
    return before, behind


def percent(confidence: float | None) -> str:
    """Format a confidence as a percentage."""
    return "–" if confidence is None else f"{confidence * 100:.1f}\u00a0%"


def data_part(name: str, text: str) -> Iterator[str]:
    """Yield a part of the data as an HTML element."""
    yield f'<script type="application/json" data-part="{name}">'
    yield text
    yield "</script>\n"


def data_script(name: str, text: str) -> Iterator[str]:
    """Yield a part of the data as a script."""
    yield f'cvs("{name}",'
    yield text
    yield ");\n"
