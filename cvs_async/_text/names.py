"""Errors for names that exist in another module of this package."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec

from .hints import did_you_mean, is_private, nearest

HOMES = ("cvs_async", "cvs_async.models", "cvs_async.batch", "cvs_async.errors", "cvs_async.stats", "cvs_async.checks")
"""Modules that are searched for names, because importing them is cheap."""

SANDBOX = frozenset({"Ledger", "Sample", "Sandbox", "write_samples"})
"""The most important names of `cvs_async.sandbox`, which is slow to import."""


_CLIENTS = frozenset({"asyncclient", "client", "cvs", "cvsclient", "computervision"})
"""Names in other libraries for the client, which is `AsyncCVS` here."""


def missing(module: str, name: str) -> AttributeError | ImportError:
    """Return the error for a name missing in a package of this library. Its ``__getattr__`` calls this.

    1. For ``from package import name`` it is an ImportError, because Python would replace the text of an
       AttributeError; but
       only if there is no module of that name, because Python looks for one after an AttributeError.
    2. Otherwise, such as for ``hasattr``, it is an AttributeError.
    """
    text = f"{module} has no {name!r}"
    if is_private(name):
        return AttributeError(text, name=name)
    if find_spec(f"{module}.{name}") is not None:
        return AttributeError(f"{module}.{name} is a module of its own: import {module}.{name}", name=name)
    text += _advice(module, name)
    # The function of importlib that checks the names after "import" for modules.
    if sys._getframe(2).f_code.co_name == "_handle_fromlist":
        return ImportError(text, name=module)
    return AttributeError(text, name=name)


def _advice(module: str, name: str) -> str:
    known = {home: import_module(home).__all__ for home in HOMES}
    known["cvs_async.sandbox"] = sorted(SANDBOX)
    for home, names in known.items():
        if name in names:
            return f"; it is in {home}: from {home} import {name}"
    if name.lower() in _CLIENTS:
        return "; the client is cvs_async.AsyncCVS"
    return did_you_mean(nearest(name, known[module]))
