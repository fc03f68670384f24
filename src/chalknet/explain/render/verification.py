"""What was verified, in words: the foot of every worked solution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chalknet.errors import VerificationError
from chalknet.explain.notation import Notation
from chalknet.explain.render.numbers import decimal_sign, written
from chalknet.explain.steps import Check, Explanation

__all__ = ["Verified", "check_in_words", "in_words", "size", "summary", "verified"]


@dataclass(frozen=True)
class Verified:
    """What one method has verified: how often, and the largest error it found."""

    method: str
    count: int
    error: float
    tolerance: float


def verified(explanation: Explanation) -> tuple[Verified, ...]:
    """The checks of all steps by method, in the order in which the methods appear.

    Raises
    ------
    VerificationError
        A check did not pass: such an explanation is never shown.
    """
    found: dict[str, Verified] = {}
    for step in explanation.steps:
        for check in step.checks:
            if not check.error <= check.tolerance:  # NaN too
                raise VerificationError(
                    f"{step.symbol} differs by {check.error:.3g} from what {check.method} gives, "
                    f"and only {check.tolerance:.3g} is allowed: it cannot be shown."
                )
            before = found.get(check.method, Verified(check.method, 0, 0.0, 0.0))
            found[check.method] = Verified(
                check.method,
                before.count + 1,
                max(before.error, check.error),
                max(before.tolerance, check.tolerance),
            )
    return tuple(found.values())


def summary(methods: Sequence[Verified]) -> str:
    """One sentence on all checks.

    >>> summary([Verified("complex step", 3, 2e-16, 1e-9)])
    'Verified: all 3 checks of this working passed.'
    """
    count = sum(method.count for method in methods)
    checks = "the one check" if count == 1 else f"all {count} checks"
    return f"Verified: {checks} of this working passed."


def in_words(method: Verified, notation: Notation) -> str:
    """One line on one method.

    >>> in_words(Verified("complex step", 3, 2e-16, 1e-9), Notation())
    '3 × complex step: largest error 2·10⁻¹⁶, allowed 1·10⁻⁹'
    """
    if method.error == 0:
        return f"{method.count} × {method.method}: exact"
    error, allowed = size(method.error, notation), size(method.tolerance, notation)
    return f"{method.count} × {method.method}: largest error {error}, allowed {allowed}"


def check_in_words(check: Check, notation: Notation) -> str:
    """One line on one check.

    >>> check_in_words(Check(method="complex step", error=2e-16, tolerance=1e-9), Notation())
    'complex step: error 2·10⁻¹⁶'
    """
    if check.error == 0:
        return f"{check.method}: exact"
    return f"{check.method}: error {size(check.error, notation)}"


def size(error: float, notation: Notation) -> str:
    """How large an error is, in two digits.

    >>> size(1.234e-11, Notation())
    '1.2·10⁻¹¹'
    """
    return written(error, Notation(digits=2)).text(decimal_sign(notation))
