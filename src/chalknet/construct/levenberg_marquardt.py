"""The same network found by search, to compare: least squares from random starts.

Sources: K. Levenberg (1944), D. W. Marquardt (1963); as a trust region, J. J. Moré (1978), in
SciPy's implementation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.construct.points import Points, inline_points
from chalknet.errors import ConfigurationError
from chalknet.layers import Dense
from chalknet.network import Network

__all__ = ["SearchedFit", "search_relu"]

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class SearchedFit:
    """What the starts came to.

    Attributes
    ----------
    network : Network
        The best, 1-N-1.
    errors : array (starts,)
        The largest residual at any point, in size, in the order of the starts.
    tolerance : float
        Below which a start counts as having found the points.
    """

    network: Network
    errors: Array
    tolerance: float

    @property
    def found(self) -> int:
        """How many starts found the points."""
        return int((self.errors <= self.tolerance).sum())

    @property
    def max_abs_residual(self) -> float:
        """Of the best start."""
        return float(self.errors.min())


def search_relu(
    x: Any,
    y: Any = None,
    *,
    neurons: int,
    rng: np.random.Generator,
    starts: int = 100,
    tolerance: float = 1e-8,
) -> SearchedFit:
    """Fit y(x) = b + Σⱼ aⱼ relu(wⱼ x + bⱼ) by Levenberg–Marquardt from random starts.

    Weights start from a standard normal distribution, on x and y scaled to standard deviation 1.

    Parameters
    ----------
    x, y : sequences (n,)
        As ``fit_relu`` takes them.
    neurons : int
    rng : numpy.random.Generator
    starts : int
    tolerance : float
        Relative to the largest y in size.

    Raises
    ------
    ConfigurationError
        ``neurons`` or ``starts`` is not positive.
    ShapeError, DataFormatError, TargetError
        As for ``fit_relu``.

    >>> fit = search_relu("0:0 1:1 2:0", neurons=4, rng=np.random.default_rng(0), starts=20)
    >>> fit.found > 0, fit.network.widths
    (True, [1, 4, 1])
    """
    if y is None:
        x, y = inline_points(x)
    if neurons < 1 or starts < 1:
        raise ConfigurationError(
            f"neurons and starts must be positive, not {neurons} and {starts}."
        )
    points = Points.of(x, y, "float64")
    scaled_x, scaled_y = _scaled(points.x), _scaled(points.y)
    best: tuple[float, Array] | None = None
    errors = []
    for _ in range(starts):
        theta = _minimised(rng.normal(size=3 * neurons + 1), scaled_x, scaled_y)
        error = float(np.abs(_residuals(theta, scaled_x, scaled_y)).max())
        errors.append(error)
        if best is None or error < best[0]:
            best = error, theta
    assert best is not None  # noqa: S101 - for the type checker
    scale = float(points.y.std()) or 1.0
    network = _unscaled(best[1], points, scale)
    largest = float(np.abs(points.y).max()) or 1.0
    return SearchedFit(network, np.array(errors) * scale, tolerance * largest)


def _scaled(values: Array) -> Array:
    centred: Array = (values - values.mean()) / (values.std() or 1.0)
    return centred


def _minimised(theta: Array, x: Array, y: Array) -> Array:
    from scipy.optimize import least_squares
    from threadpoolctl import threadpool_limits

    # Not method="lm": where neurons are dead the Jacobian is singular, and MINPACK's steps then
    # depend on what was in memory before. Nor several threads, whose sums differ from call to call.
    with np.errstate(all="ignore"), threadpool_limits(1):
        found = least_squares(
            _residuals, theta, _jacobian, method="trf", args=(x, y),
            xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=200 * len(theta),
        )  # fmt: skip
    minimum: Array = found.x
    return minimum


def _residuals(theta: Array, x: Array, y: Array) -> Array:
    w, b, a = theta[:-1].reshape(3, -1)
    residuals: Array = np.maximum(x[:, None] * w + b, 0.0) @ a + theta[-1] - y
    return residuals


def _jacobian(theta: Array, x: Array, y: Array) -> Array:  # noqa: ARG001 - as SciPy calls it
    """∂residual/∂(w, b, a, output bias), relu′(0) := 0."""
    w, b, a = theta[:-1].reshape(3, -1)
    Z = x[:, None] * w + b
    active = (Z > 0) * a
    return np.hstack([active * x[:, None], active, np.maximum(Z, 0.0), np.ones((len(x), 1))])


def _unscaled(theta: Array, points: Points, scale: float) -> Network:
    """The network for x and y as they are."""
    w, b, a = theta[:-1].reshape(3, -1)
    spread = float(points.x.std()) or 1.0
    hidden = Dense([w / spread], b - w * (points.x.mean() / spread), "relu")
    output = Dense(a[:, None] * scale, [theta[-1] * scale + points.y.mean()], "identity")
    return Network([hidden, output])
