"""When to stop: after too many epochs in a row without enough progress, as scikit-learn counts."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Patience"]


@dataclass
class Patience:
    """The best value so far, and the epochs in a row that did not better it by ``tol``.

    Whether larger is better is said when a value is observed; a score that is not a number neither
    counts as progress nor against it.

    >>> patience = Patience()
    >>> [patience.observe(loss, tol=0.1, larger_is_better=False) for loss in (1.0, 0.95, 0.5)]
    [True, True, True]
    >>> patience
    Patience(best=0.5, waited=0)
    """

    best: float | None = None
    waited: int = 0

    def observe(self, value: float, *, tol: float, larger_is_better: bool) -> bool:
        """Take note of an epoch's loss or score; True if it is the best so far."""
        sign = 1.0 if larger_is_better else -1.0
        best = -math.inf if self.best is None else sign * self.best
        self.waited = self.waited + 1 if sign * value < best + tol else 0
        if sign * value > best:
            self.best = value
            return True
        return False

    def exhausted(self, n_iter_no_change: float) -> bool:
        """Whether more than so many epochs in a row went by without progress."""
        return self.waited > n_iter_no_change
