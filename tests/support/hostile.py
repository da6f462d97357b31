"""Text that a terminal must not obey."""

from __future__ import annotations

import re

HOSTILE = "\x1b]0;pwned\x07 \x9b31m \x7f \u202egpj.exe\u2066 \u2028 \ud800 \r\n0 failed [/] [red]:smile:"
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
