"""The one logger, which is quiet unless the application sets logging up."""

from __future__ import annotations

import logging

log = logging.getLogger("cvs_async")
log.addHandler(logging.NullHandler())
