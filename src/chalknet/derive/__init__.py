"""Derivations as sequences of steps, each verified symbolically and at random points.

``chalknet.derive(name)`` is this package, called: short for ``catalogue.derive``. A function of
that name in ``chalknet`` would be hidden by the package once one of its modules is imported.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _CallablePackage(ModuleType):
    """The package itself, which derives when it is called."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """The derivation of that name; see ``chalknet.derive.catalogue.derive``."""
        from chalknet.derive import catalogue

        return catalogue.derive(*arguments, **options)


sys.modules[__name__].__class__ = _CallablePackage

derive = sys.modules[__name__]
