"""Explanations are data: a list of steps, each with its equation, its numbers and its checks.

A renderer only reads them. What makes an ``Explanation`` (the walkthrough of a network, a
derivation, the marking of an answer) computes every number once, and has every line checked in a
second, independent way before anybody sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalknet.explain.formula import Formula
from chalknet.explain.notation import Notation

__all__ = ["Check", "Explanation", "Section", "Step"]


@dataclass(frozen=True, kw_only=True)
class Check:
    """How a line was verified a second time.

    Attributes
    ----------
    method : str
        In words: "complex step", "central differences", "each product recomputed with math.fsum".
    error : float
        The largest difference found, relative to ``scale`` as the method defines it; 0 if exact.
    tolerance : float
        What was allowed. A check whose error is larger is never shown: it is an error.
    """

    method: str
    error: float
    tolerance: float


@dataclass(frozen=True, kw_only=True)
class Step:
    """One line of the working: formula → numbers put in → result, and why.

    Attributes
    ----------
    symbol : str
        What is computed, as in JSON and in answer files: "z1", "dW2", "W1_new"; in a derivation, a
        short name of the step.
    title : str
        In words: "Pre-activation of layer 1".
    equation : Formula
        In symbols.
    substituted : Formula or None
        The right-hand side with the numbers put in; None where there are none (a derivation).
    result : Formula or None
        The value, an ``Array`` or a ``Number`` in the orientation of the notation.
    shape : tuple of int or None
        Of the result.
    reason : str
        One plain sentence: why this line is so.
    operands : mapping
        Symbol → value (arrays at full precision, in the file's orientation) that the line used.
    checks : tuple of Check
    """

    symbol: str
    title: str
    equation: Formula
    reason: str
    substituted: Formula | None = None
    result: Formula | None = None
    shape: tuple[int, ...] | None = None
    operands: Mapping[str, Any] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Section:
    """Steps that belong together: the forward pass, the loss, the backward pass, the update."""

    title: str
    steps: tuple[Step, ...]
    introduction: str = ""


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A worked solution or a derivation, ready to be rendered.

    Attributes
    ----------
    title : str
    given : tuple of (str, Formula)
        What the reader starts from: a name in words and an equation, "weights of layer 1", W₁ = ….
    sections : tuple of Section
    values : mapping
        Symbol → value at full precision, in the file's orientation (rows are neurons).
    notation : Notation
        How symbols and numbers are to be written.
    notes : tuple of str
        Sentences for the foot: the rounding policy, conventions at kinks, what was abbreviated.
    """

    title: str
    sections: tuple[Section, ...]
    notation: Notation
    given: tuple[tuple[str, Formula], ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in order."""
        return tuple(step for section in self.sections for step in section.steps)

    def __str__(self) -> str:
        """The explanation as plain text at 80 columns."""
        from chalknet.explain.render import render_text

        return render_text(self).rstrip("\n")

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from chalknet.explain.render import html_fragment

        return html_fragment(self)

    def _repr_latex_(self) -> str:
        """What a notebook that is turned into a PDF shows."""
        from chalknet.explain.render import render_latex

        return render_latex(self, document=False)
