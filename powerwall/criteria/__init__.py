"""Measure: sites and layers → physical measures, one subject a file or folder.

Adding a criterion is one new file here and its test: `load` finds it, and the command line, the
reference pages, the layer checks and `explain` read it from the registry.
"""

from __future__ import annotations

import importlib
import pkgutil

_loaded = False


def load() -> None:
    """Import every subject once, which registers its criteria."""
    global _loaded  # noqa: PLW0603 — importing is the only state there is
    if _loaded:
        return
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        if module.name not in {"check", "criterion", "facts", "measure"}:
            importlib.import_module(f"{__name__}.{module.name}")
    _loaded = True
