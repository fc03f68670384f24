"""Worked solutions: explanations are data, renderers never compute, every line is verified.

``chalknet.explain(problem)`` is this package, called: short for ``walkthrough.explain``. A function
of that name in ``chalknet`` would be hidden by the package once one of its modules is imported.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _CallablePackage(ModuleType):
    """The package itself, which explains when it is called."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """The worked solution of a problem; see ``chalknet.explain.walkthrough.explain``."""
        from chalknet.explain import walkthrough

        return walkthrough.explain(*arguments, **options)


sys.modules[__name__].__class__ = _CallablePackage

explain = sys.modules[__name__]
