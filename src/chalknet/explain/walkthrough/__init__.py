"""The worked solution of a problem: every line in symbols, with its numbers, and verified."""

from __future__ import annotations

from chalknet.explain.walkthrough.walkthrough import explain

__all__ = ["explain"]
