"""What an activation function makes of a Gaussian: E h(z) for z ~ N(0, q), by quadrature.

The line is cut into panels, each with a Gauss–Lobatto rule of 20 nodes: at 0, where the built-in
activations have their kinks; at powers of two of z, the scale on which activation functions bend;
and at steps of one standard deviation, the scale of the density. A panel whose two halves add up to
something else is halved, again and again, so that a kink or a jump anywhere ends up in a panel too
small to matter. Smooth or not, the integrals are exact to some 12 digits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import ConfigurationError
from chalknet.operations.activations import Activation

__all__ = ["GaussianMoments", "gaussian_means", "gaussian_moments"]

Array = npt.NDArray[np.float64]

# exp(−38²/2) is the smallest float64 there is: beyond it, nothing counts.
DEVIATIONS = np.array([0.0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24, 38])
TOLERANCE = 1e-13
HALVINGS = 60
NEGLIGIBLE = 1e-100  # of a signal's usual size: from there on its square is nearly no float


def _lobatto(n: int) -> tuple[Array, Array]:
    """Nodes, the ends among them, and weights of the rule on [−1, 1] exact to degree 2n − 3.

    Rules without the ends overlook a jump that is nearer to an end than the outermost node. The
    ends are moved inwards a little, so that at a kink each side is asked for its own value.
    """
    P = np.polynomial.legendre.Legendre.basis(n - 1)
    nodes = np.concatenate([[-1.0], np.sort(P.deriv().roots().real), [1.0]])
    weights = 2.0 / (n * (n - 1) * P(nodes) ** 2)
    nodes[[0, -1]] *= 1.0 - 1e-13
    return nodes, weights


NODES, WEIGHTS = _lobatto(20)


@dataclass(frozen=True)
class GaussianMoments:
    """Moments of f(z) and f′(z) for z = √q g, g ~ N(0, 1).

    Derivatives with respect to q need none of f: ∂E h(√q g)/∂q = E[h (g² − 1)] / 2q, and again
    E[h (g⁴ − 6g² + 3)] / 4q², by integration by parts of the Gaussian; so kinks do no harm.

    Attributes
    ----------
    mean, square, slope_square : float
        E f,   E f²,   E f′².
    fourth, slope_fourth, joint : float
        E f⁴ / (E f²)²,   E f′⁴ / (E f′²)²,   E f² f′² / (E f² E f′²).
    weighted_slope : float
        E g² f′² / E f′².
    square_elasticity, slope_elasticity : float
        ∂ log E f² / ∂ log q,   ∂ log E f′² / ∂ log q.
    square_quartic, slope_quartic : float
        E[f² (g⁴ − 6g² + 3)] / E f²,   the same with f′².

    Where E f² or E f′² is 0 or next to it, the elasticities and quartics are 0, the others 1.
    """

    mean: float
    square: float
    slope_square: float
    fourth: float
    slope_fourth: float
    joint: float
    weighted_slope: float
    square_elasticity: float
    slope_elasticity: float
    square_quartic: float
    slope_quartic: float


def gaussian_means(
    integrands: Callable[[Array], Array], *, breaks: npt.ArrayLike = ()
) -> npt.NDArray[np.float64]:
    """E h(g) for g ~ N(0, 1), for several h at once.

    Parameters
    ----------
    integrands : callable
        From g (n,) to h(g) (k, n). Kinks and jumps may be anywhere.
    breaks : array
        Where h is known to bend sharply, as |g|: cut there from the start.

    Returns
    -------
    array (k,)

    >>> gaussian_means(lambda g: np.stack([g**4, np.maximum(g, 0.0) ** 2])).round(12)
    array([3. , 0.5])
    """
    cuts = np.union1d(DEVIATIONS, np.asarray(breaks, np.float64))
    cuts = cuts[cuts <= DEVIATIONS[-1]]
    edges = np.concatenate([-cuts[:0:-1], cuts])
    left, right = edges[:-1], edges[1:]
    whole = _panels(integrands, left, right)
    settled: Array = np.zeros(len(whole))
    size = np.abs(whole).sum(axis=1, keepdims=True)
    for _ in range(HALVINGS):
        middle = 0.5 * (left + right)
        halves = [_panels(integrands, left, middle), _panels(integrands, middle, right)]
        both = halves[0] + halves[1]
        open_ = (np.abs(both - whole) > TOLERANCE * size).any(axis=0)
        settled += both[:, ~open_].sum(axis=1)
        if not open_.any():
            return settled
        left, middle, right = left[open_], middle[open_], right[open_]
        whole = np.concatenate([half[:, open_] for half in halves], axis=1)
        left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
    # What is left is 2⁻⁶⁰ of a panel wide.
    return np.asarray(settled + whole.sum(axis=1))


def gaussian_moments(activation: Activation, q: float) -> GaussianMoments:
    """All the moments for pre-activations z ~ N(0, q).

    Raises
    ------
    ConfigurationError
        The activation gives a NaN or an infinity for a finite z.
    """
    deviation = float(np.sqrt(q))
    f_unit, slope_unit = _units(activation, deviation)

    def integrands(g: Array) -> Array:
        z = deviation * g
        with np.errstate(all="ignore"):
            f, slope = activation(z) / f_unit, activation.derivative(z) / slope_unit
        _require_finite(activation, z, f, slope)
        f_square, slope_square, g_square = f * f, slope * slope, g * g
        second, fourth = g_square - 1.0, (g_square - 6.0) * g_square + 3.0
        return np.stack(
            [
                f,
                f_square,
                slope_square,
                f_square * f_square,
                slope_square * slope_square,
                f_square * slope_square,
                g_square * slope_square,
                f_square * second,
                slope_square * second,
                f_square * fourth,
                slope_square * fourth,
            ]
        )

    with np.errstate(under="ignore"):
        bends = 2.0 ** np.arange(-3.0, 60.0) / deviation if deviation else ()
        E = gaussian_means(integrands, breaks=bends).tolist()
    square, slope = E[1], E[2]
    signal, gradient = square > NEGLIGIBLE, slope > NEGLIGIBLE
    return GaussianMoments(
        mean=f_unit * E[0],
        square=f_unit * f_unit * square,
        slope_square=slope_unit * slope_unit * slope,
        fourth=E[3] / square**2 if signal else 1.0,
        slope_fourth=E[4] / slope**2 if gradient else 1.0,
        joint=E[5] / (square * slope) if signal and gradient else 1.0,
        weighted_slope=E[6] / slope if gradient else 1.0,
        square_elasticity=E[7] / (2.0 * square) if signal else 0.0,
        slope_elasticity=E[8] / (2.0 * slope) if gradient else 0.0,
        square_quartic=E[9] / square if signal else 0.0,
        slope_quartic=E[10] / slope if gradient else 0.0,
    )


def _panels(integrands: Callable[[Array], Array], left: Array, right: Array) -> Array:
    """∫ h(g) φ(g) dg over each panel (k, panels)."""
    half = 0.5 * (right - left)
    g = (0.5 * (left + right))[:, None] + half[:, None] * NODES
    weights = half[:, None] * WEIGHTS * np.exp(-0.5 * g * g) / np.sqrt(2 * np.pi)
    values = integrands(g.ravel()).reshape(-1, *g.shape)
    means: Array = (values * weights).sum(axis=2)
    return means


def _units(activation: Activation, deviation: float) -> tuple[float, float]:
    """Sizes of f and f′ within three deviations: of 10⁻¹⁰⁰ or 10¹⁰⁰, no fourth power is a float."""
    z = deviation * np.linspace(-3.0, 3.0, 61)
    with np.errstate(all="ignore"):
        f, slope = np.abs(activation(z)), np.abs(activation.derivative(z))
    _require_finite(activation, z, f, slope)
    return float(f.max()) or 1.0, float(slope.max()) or 1.0


def _require_finite(activation: Activation, z: Array, *values: npt.NDArray[Any]) -> None:
    for value in values:
        if not np.isfinite(value).all():
            at = z[~np.isfinite(value)][0]
            raise ConfigurationError(
                f"activation {activation.spec} or its derivative is not finite at z = {at:g}: "
                "no moments of it can be computed."
            )
