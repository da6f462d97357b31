"""Replies, PDFs and pages for what is drawn of documents."""

from __future__ import annotations

import datetime
import io
import json
import re
from pathlib import Path
from typing import Any

from PIL import Image

from cvs_async import Reply
from cvs_async._codec.converter import structure
from cvs_async.api import OPERATIONS
from cvs_async.look import Read
from cvs_async.look.options import ReportOptions
from cvs_async.look.summary import Limits

OPERATION = "ocr.claims"
READ = Read(1, "invoice", "info.id", "info.id", "7")
LEVELS = 12
NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
ALL = ReportOptions(limits=Limits(1.0, required=("info.id",)), sample=3, now=NOW)


def reply_of(info: dict[str, Any], operation: str = OPERATION, kind: str = "claim_form") -> Reply[Any]:
    data = structure([{"type": kind, "info": info}], OPERATIONS[operation].returns)
    return Reply(operation=operation, data=data, raw={})


def hanging_pdf(path: Path) -> Path:
    """Write a small PDF whose page draws a form ten times, which draws another ten times, and so on."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>",
        b"<</Length 5>>stream\n/F Do\nendstream",
    ]
    body = b"/F Do " * 10
    for number in range(5, 5 + LEVELS):
        head = b"<</Type/XObject/Subtype/Form/BBox[0 0 99 99]/Resources<</XObject<</F %d 0 R>>>>/Length %d>>"
        objects.append(head % (number + 1, len(body)) + b"stream\n" + body + b"\nendstream")
    objects.append(b"<</Type/XObject/Subtype/Form/BBox[0 0 99 99]/Length 12>>stream\n0 0 9 9 re f\nendstream")
    parts = [b"%d 0 obj\n%s\nendobj\n" % (number, one) for number, one in enumerate(objects, start=1)]
    path.write_bytes(b"%PDF-1.7\n" + b"".join(parts) + b"trailer<</Root 1 0 R>>\n%%EOF\n")
    return path


def hanging_jpeg(path: Path) -> Path:
    """Write a progressive JPEG of 1 MB whose last scan is repeated: decoding takes minutes."""
    body = io.BytesIO()
    Image.new("L", (8_000, 8_000), "white").save(body, "JPEG", progressive=True)
    whole, end = body.getvalue()[:-2], body.getvalue()[-2:]
    path.write_bytes(whole + whole[whole.rfind(b"\xff\xc4") :] * 6_000 + end)
    return path


def good_pdf(path: Path) -> Path:
    Image.new("RGB", (40, 20), "white").save(path)
    return path


def parts_of(page: str) -> dict[str, Any]:
    found = re.findall(r'<script type="application/json" data-part="([\w-]+)">(.*?)</script>', page, re.S)
    return {name: json.loads(text) for name, text in found}
