"""The logger of the library. It is silent unless the application configures logging."""

from __future__ import annotations

import logging

log = logging.getLogger("cvs_async")
log.addHandler(logging.NullHandler())
