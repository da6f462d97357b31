"""Errors for missing names of modules, which point to the module that has the name."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec

from .hints import did_you_mean, is_private, nearest

HOMES = ("cvs_async", "cvs_async.models", "cvs_async.batch", "cvs_async.errors", "cvs_async.stats", "cvs_async.checks")
"""Modules that are searched for a missing name. Importing them is cheap."""

SANDBOX = frozenset({"Ledger", "Sample", "Sandbox", "write_samples"})
"""The most important names of `cvs_async.sandbox`, which is slow to import."""

_CLIENTS = frozenset({"asyncclient", "client", "cvs", "cvsclient", "computervision"})
"""Names of the client, `AsyncCVS`, in other libraries."""


def missing(module: str, name: str) -> AttributeError | ImportError:
    """Return the error for a name that a package of this library lacks. The package's ``__getattr__`` raises it.

    1. The name is private: an AttributeError without advice.
    2. The package has a submodule of this name: an AttributeError, after which Python imports the submodule if it was
       ``from package import name``.
    3. ``from package import name``: an ImportError, because Python would replace the text of an AttributeError.
    4. Any other access, such as ``hasattr``: an AttributeError.
    """
    text = f"{module} has no {name!r}"
    if is_private(name):
        return AttributeError(text, name=name)
    if find_spec(f"{module}.{name}") is not None:
        return AttributeError(f"{module}.{name} is a module of its own: import {module}.{name}", name=name)
    text += _advice(module, name)
    # Python calls this function of importlib for each name in "from package import name".
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
