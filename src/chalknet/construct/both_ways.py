"""Rounded weights of neurons that face left and right in turn, where none can be chosen alone.

Slopes left of a knot belong to all neurons that face left and those right of it to all that face
right, and the output's bias, which may be larger than any y, is a float. What the nearest floats
then miss the points by is a linear function of small changes: of every slope, and of every knot, a
little to the side on which the neuron is active. A linear program finds the changes with which
almost nothing is missed, and fractions with 53 bits make weights of them.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chalknet.construct.double_double import two_product
from chalknet.construct.residuals import errors_at
from chalknet.construct.rounding import Weights, fractions_near

if TYPE_CHECKING:
    from chalknet.construct.hidden_layer import HiddenLayer

__all__ = ["MOST_NEURONS", "facing_both_ways"]

Array = npt.NDArray[Any]
MOST_NEURONS = 50  # as many linear programs are solved
FRACTIONS = 2**12  # tried for each neuron


def facing_both_ways(exact: HiddenLayer, x: Array, y: Array, unit: float) -> tuple[Weights, float]:
    """Weights w, b, a (N,) each and a constant near those of ``exact``, for points in float64.

    Parameters
    ----------
    exact : HiddenLayer
        In Fractions, its hidden weights 1 and −1.
    x, y : array (n,)
    unit : float
        One unit in the last place of the y that is largest in size.
    """
    faces = exact.w.astype(np.float64)
    knots = (-exact.b / exact.w).astype(np.float64)
    distances = np.maximum(0.0, faces * (x[:, np.newaxis] - knots))
    rising = exact.a.astype(np.float64) > 0
    nearest = float(exact.constant)
    choices = []
    for constant in (nearest, np.nextafter(nearest, np.inf), np.nextafter(nearest, -np.inf)):
        missed = _missed(exact, faces, knots, float(constant), x, y) / unit
        worst, _ = _smallest(distances, rising, missed)
        choices.append((worst, float(constant), missed))
    best: tuple[float, Weights, float] | None = None
    for _, constant, missed in sorted(choices, key=lambda choice: choice[0]):
        weights = _settled(exact, faces, knots, distances, missed, unit)
        worst = float(np.abs(errors_at(x, y, weights, constant)).max())
        if best is None or worst < best[0]:
            best = worst, weights, constant
        if worst <= 4 * unit:
            break
    assert best is not None  # noqa: S101 - for the type checker
    return best[1:]


def _settled(
    exact: HiddenLayer, faces: Array, knots: Array, distances: Array, missed: Array, unit: float
) -> Weights:
    """One neuron after the other, those first that rounding hurts most.

    What they then miss the points by is left to the others.
    """
    rising = exact.a.astype(np.float64) > 0
    harm = np.abs(exact.a.astype(np.float64)) * np.maximum(distances.max(axis=0), np.abs(knots))
    open_ = np.argsort(-harm, kind="stable")
    rows: dict[int, tuple[float, float, float]] = {}
    while len(open_):
        _, changes = _smallest(distances[:, open_], rising[open_], missed)
        slope, offset = (float(values[0]) * unit for values in changes.reshape(2, -1))
        j = int(open_[0])
        reach = float(distances[:, j].max())
        rows[j], (more, up) = _weights(
            exact.a[j], float(knots[j]), float(faces[j]), slope, offset, reach
        )
        active = distances[:, j] > 0
        missed = missed + np.where(active, distances[:, j] * more + up, 0.0) / unit
        open_ = open_[1:]
    w, b, a = np.array([rows[j] for j in range(len(knots))]).T
    return w, b, a


def _missed(
    exact: HiddenLayer, faces: Array, knots: Array, constant: float, x: Array, y: Array
) -> Array:
    """What the exact slope changes, at knots and with a constant in float64, give minus y."""
    rows = [
        (int(face), Fraction(knot), change)
        for face, knot, change in zip(faces.tolist(), knots.tolist(), exact.a.tolist(), strict=True)
    ]
    return np.array(
        [
            float(
                sum(
                    (c * max(Fraction(0), face * (Fraction(at) - knot)) for face, knot, c in rows),
                    Fraction(constant) - Fraction(value),
                )
            )
            for at, value in zip(x.tolist(), y.tolist(), strict=True)
        ]
    )


def _smallest(
    distances: Array, rising: npt.NDArray[np.bool_], missed: Array
) -> tuple[float, Array]:
    """Changes of the slopes and offsets (2 N,) that leave the least missed, and how much that is.

    A knot moves to its active side only, so that the neuron stays silent at the point where it was:
    its offset then has the sign opposite to that of its slope change.
    """
    from scipy.optimize import linprog

    n, N = distances.shape
    if not N:
        return 0.0, np.zeros(0)
    effects = np.hstack([distances, (distances > 0).astype(np.float64)])
    level = -np.ones((n, 1))
    found = linprog(
        np.append(np.zeros(2 * N), 1.0),
        np.vstack([np.hstack([effects, level]), np.hstack([-effects, level])]),
        np.concatenate([-missed, missed]),
        bounds=[*[(None, None)] * N, *((None, 0) if up else (0, None) for up in rising), (0, None)],
    )
    if found.x is None:
        return np.inf, np.zeros(2 * N)
    return float(found.fun), np.asarray(found.x[:-1])


def _weights(
    change: Fraction, knot: float, face: float, slope: float, offset: float, reach: float
) -> tuple[tuple[float, float, float], tuple[float, float]]:
    """Floats w, b, a near (change + slope) |x − knot| + offset on the side the neuron faces.

    With them comes what they really add to the slope and the offset of ``change`` |x − knot|.
    """
    wanted = change + Fraction(slope)
    place = Fraction(knot) - int(face) * Fraction(offset) / wanted
    w, b = fractions_near(place, 2.0**-60 / abs(float(wanted)), FRACTIONS)
    high = float(wanted)
    low = float(wanted - Fraction(high))
    a = high / w
    for _ in range(2):  # to the nearest float
        product, rest = two_product(a, w)
        a = a + (((high - product) - rest) + low) / w
    # How far off each is at the knot and at the furthest point.
    product, rest = two_product(a, w)
    by_slope = ((product - high) + rest) - low
    product, rest = two_product(w, float(place))
    at_knot = a * ((product + b) + (rest + w * float(place - Fraction(float(place)))))
    i = int(np.maximum(np.abs(at_knot), np.abs(face * at_knot + by_slope * reach)).argmin())
    chosen = float(w[i]), float(b[i]), float(a[i])
    exact_slope = Fraction(chosen[2]) * Fraction(chosen[0])
    at = Fraction(chosen[2]) * (Fraction(chosen[0]) * Fraction(knot) + Fraction(chosen[1]))
    return (face * chosen[0], face * chosen[1], chosen[2]), (
        float(exact_slope - change),
        float(int(face) * at),
    )
