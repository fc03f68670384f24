"""Worked solutions as JSON: every value by its symbol, and every step in words and in text."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from chalknet.explain.formula import Formula
from chalknet.explain.notation import Notation
from chalknet.explain.render.text import formula_text
from chalknet.explain.steps import Explanation, Section, Step

__all__ = ["explanation_as_dict", "render_json"]


def render_json(explanation: Explanation, *, indent: int | None = None) -> str:
    """The explanation as one JSON object.

    ``values`` has every number at full precision, matrices with neurons as rows: floats as numbers,
    exact ones as strings, "1/3" or up to 30 digits. ``steps`` has for each line its symbol, what it
    says in words and in text, and how it was verified.
    """
    return json.dumps(explanation_as_dict(explanation), ensure_ascii=False, indent=indent)


def explanation_as_dict(explanation: Explanation) -> dict[str, Any]:
    """What ``render_json`` writes, as plain dictionaries, lists, strings and numbers."""
    notation = explanation.notation
    return {
        "title": explanation.title,
        "values": {symbol: _plain(value) for symbol, value in explanation.values.items()},
        "steps": [
            _step(step, section, notation)
            for section in explanation.sections
            for step in section.steps
        ],
        "notes": list(explanation.notes),
    }


def _step(step: Step, section: Section, notation: Notation) -> dict[str, Any]:
    return {
        "symbol": step.symbol,
        "section": section.title,
        "title": step.title,
        "reason": step.reason,
        "equation": _text(step.equation, notation),
        "substituted": _text(step.substituted, notation),
        "result": _text(step.result, notation),
        "shape": None if step.shape is None else list(step.shape),
        "checks": [
            {"method": check.method, "error": check.error, "tolerance": check.tolerance}
            for check in step.checks
        ],
    }


def _text(formula: Formula | None, notation: Notation) -> str | None:
    return None if formula is None else formula_text(formula, notation)


def _plain(value: Any) -> Any:
    """A number or an array in the types of JSON.

    >>> _plain(np.array([Fraction(1, 3), Fraction(2), Decimal("0.5")], dtype=object))
    ['1/3', '2', '0.5']
    """
    if isinstance(value, np.ndarray):
        return value.tolist() if value.dtype != object else [_plain(entry) for entry in value]
    if isinstance(value, Fraction | Decimal):
        return str(value)
    return value.item() if isinstance(value, np.generic) else value
