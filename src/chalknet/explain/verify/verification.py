"""All checks of a solution, and what to say of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chalknet.errors import VerificationError
from chalknet.explain.solution import Solution
from chalknet.explain.steps import Check
from chalknet.explain.verify.gradients import gradient_checks
from chalknet.explain.verify.lines import Lines
from chalknet.explain.verify.reckoners import ExactReckoner, FloatReckoner, Reckoner
from chalknet.explain.verify.updates import update_checks

__all__ = ["Verification", "verify"]


@dataclass(frozen=True)
class Verification:
    """How every value of a solution was verified.

    Attributes
    ----------
    checks : dict
        Symbol → one check or more.
    """

    checks: dict[str, tuple[Check, ...]]

    @property
    def largest_error(self) -> float:
        """The largest of all errors, each relative to its own scale."""
        return max(check.error for checks in self.checks.values() for check in checks)

    @property
    def summary(self) -> str:
        """One sentence for the foot of the page."""
        count = sum(len(checks) for checks in self.checks.values())
        steps = any("step" in check.method for some in self.checks.values() for check in some)
        how = "sums added up anew, functions by a second formula"
        how += ", gradients also by complex steps" if steps else ""
        error = self.largest_error
        found = "no difference was found" if error == 0 else f"largest difference {error:.1e}"
        return (
            f"{len(self.checks)} lines verified in {count} checks: {how}; {found}."
            if error == 0
            else f"{len(self.checks)} lines verified in {count} checks: {how}; {found}, relative "
            "to the terms."
        )


def verify(solution: Solution) -> Verification:
    """Compute every line of a solution a second time, in another way.

    Raises
    ------
    VerificationError
        A line does not agree: nothing of this solution may be shown.
    """
    reckoner: Reckoner = ExactReckoner() if solution.arithmetic.exact else FloatReckoner()
    checks: dict[str, tuple[Check, ...]] = {}
    with np.errstate(all="ignore"):
        for symbol, check in _all_checks(solution, reckoner):
            if not check.error <= check.tolerance:
                raise VerificationError(
                    f"{symbol} failed its verification ({check.method}): the difference is "
                    f"{check.error:.1e}, at most {check.tolerance:.1e} is allowed. Nothing is "
                    "shown; please report this problem with its file."
                )
            checks[symbol] = (*checks.get(symbol, ()), check)
    unverified = [symbol for symbol in solution.values if symbol not in checks]
    if unverified:
        raise VerificationError(f"no check covers {', '.join(unverified)}: nothing is shown.")
    return Verification(checks)


def _all_checks(solution: Solution, reckoner: Reckoner) -> Iterator[tuple[str, Check]]:
    for one in solution.rounds:
        suffix = "" if one.number == 1 else f"@{one.number}"
        for checks in (
            Lines(solution, one.number, reckoner).checks(),
            gradient_checks(solution, one),
            update_checks(solution, one.number, reckoner),
        ):
            for symbol, check in checks:
                yield symbol + suffix, check
