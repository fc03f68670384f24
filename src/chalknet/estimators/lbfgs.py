"""L-BFGS: SciPy's minimiser, with loss and gradient over all samples from the engine."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np

from chalknet.engine import StepRange, Totals
from chalknet.estimators.optimizers import GradientOnly
from chalknet.estimators.problem import Problem, sum_of_squares
from chalknet.estimators.stochastic import DIVERGED, DivergedError
from chalknet.network import Dense, Network
from chalknet.operations.affine import Vector

__all__ = ["minimize"]


class _Objective:
    """Loss plus penalty and its gradient as functions of the flat parameters, in float64."""

    def __init__(self, problem: Problem, network: Network) -> None:
        self.problem, self.network = problem, network
        self._state = GradientOnly().init(network.parameters)
        n = problem.X.shape[0]
        weight = problem.weight_of_batches(None, n)
        l2 = problem.alpha / weight if weight[0] > 0 else np.zeros(1)
        self._l2 = float(l2[0])
        self._plan = problem.plan(network, GradientOnly(), self._state)
        self._steps = StepRange(None, n, 0, 1, np.ones(1), 0, l2 if problem.alpha else None)

    def __call__(self, parameters: Vector) -> tuple[float, Vector]:
        """Infinite where a number overflows: SciPy's line search then steps back."""
        self.network.parameters[...] = parameters
        totals = Totals()
        self.problem.engine.run(self._plan, self._steps, totals)
        if totals.diverged_at is not None:
            return np.inf, np.zeros_like(parameters)
        loss = totals.loss / totals.weight if totals.weight else 0.0
        return loss + self.problem.constant + self.penalty(), self._state.slots[0].copy()

    def penalty(self) -> float:
        """½ λ Σ W²."""
        return 0.5 * self._l2 * sum_of_squares(self.network)


def minimize(
    problem: Problem,
    *,
    max_iter: int,
    max_fun: int,
    tol: float,
    iterated: Callable[[float, float, Network], bool],
) -> tuple[int, float]:
    """Train the problem's network; the number of iterations and the objective reached.

    Parameters
    ----------
    max_iter, max_fun : int
        At most so many iterations, and evaluations of the objective.
    tol : float
        Converged where no component of the (projected) gradient is larger.
    iterated : function
        Hears of loss, objective and network after each iteration; True ends training.

    Raises
    ------
    DivergedError
        The objective is not finite, not even where training begins.

    Warns
    -----
    ConvergenceWarning
        It ended before it converged.
    """
    from scipy.optimize import OptimizeResult
    from scipy.optimize import minimize as scipy_minimize
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    # In float64 whatever the network's type: rounding would end the line search too early.
    network = _in_double(problem.network)
    start = network.parameters.copy()
    objective = _Objective(problem, network)
    stopped = False

    def callback(intermediate_result: OptimizeResult) -> None:
        nonlocal stopped
        network.parameters[...] = intermediate_result.x
        value = float(intermediate_result.fun)
        stopped = iterated(value - objective.penalty(), value, network)
        if stopped:
            raise StopIteration

    # SciPy's own share is a few short vectors: BLAS threads only get in the way of the engine's.
    with threadpool_limits(limits=1, user_api="blas"):
        found = scipy_minimize(
            objective,
            start,
            method="L-BFGS-B",
            jac=True,
            callback=callback,
            options={"maxiter": max_iter, "maxfun": max_fun, "gtol": tol},
        )
    if not math.isfinite(found.fun):
        raise DivergedError(
            f"{DIVERGED} The objective was not finite in any evaluation.",
            epoch=1,
            step=1,
            learning_rate=1.0,
        )
    problem.network.parameters[...] = found.x
    if not (found.success or stopped):
        warnings.warn(
            f"lbfgs did not converge in {found.nit} iterations and {found.nfev} evaluations "
            f"({found.message}): increase max_iter or max_fun, or scale the data.",
            ConvergenceWarning,
            stacklevel=5,  # whoever called fit
        )
    return min(int(found.nit), max_iter), float(found.fun)


def _in_double(network: Network) -> Network:
    return Network(
        Dense(layer.W.astype(np.float64), layer.b, layer.activation) for layer in network.layers
    )
