"""The published figures, kept as data beside the code."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

__all__ = ["published"]


@cache
def published(study: str) -> dict[str, Any]:
    """The figures of a study as printed, by table."""
    file = resources.files("chalknet.studies") / "published" / f"{study}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))
