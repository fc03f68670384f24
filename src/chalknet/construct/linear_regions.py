"""The linear regions of a network of two inputs: convex polygons, on each of which it is affine.

Each neuron is affine on the regions of the layers before it and cuts those it crosses in two. All
is done in whole numbers: a line a x + b y + c = 0 is (a, b, c), and a corner, where two lines meet,
is their cross product (X, Y, W), meaning (X / W, Y / W). So no region is lost and none invented.

Source: G. Montúfar, R. Pascanu, K. Cho and Y. Bengio, "On the number of linear regions of deep
neural networks" (2014).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chalknet.construct.whole_numbers import Maps, WholeLayer, whole_layers
from chalknet.errors import ConfigurationError, ShapeError

if TYPE_CHECKING:
    from chalknet.explain.problem import Problem
    from chalknet.model import Model
    from chalknet.network import Network

__all__ = ["Region", "Regions", "linear_regions"]

Array = npt.NDArray[Any]
Triple = tuple[int, int, int]
MOST_REGIONS = 50_000


@dataclass(frozen=True)
class Region:
    """A region: its corners in order, and y = gradient · x + intercept on it, one an output.

    ``layer`` is the number, from 1, of the layer that cut it last; 0 where none did.
    """

    corners: tuple[tuple[Fraction, Fraction], ...]
    gradients: tuple[tuple[Fraction, Fraction], ...]
    intercepts: tuple[Fraction, ...]
    layer: int

    @property
    def area(self) -> Fraction:
        """By the shoelace formula."""
        following = (*self.corners[1:], self.corners[0])
        pairs = zip(self.corners, following, strict=True)
        return sum((x * b - a * y for (x, y), (a, b) in pairs), Fraction(0)) / 2

    @property
    def outline(self) -> Array:
        """The corners in float64 (k, 2)."""
        return np.array([[float(x), float(y)] for x, y in self.corners])


@dataclass(frozen=True)
class Regions:
    """The regions within a square, or rectangle.

    Attributes
    ----------
    low, high : pairs of float
        Its lower left and upper right corners.
    regions : tuple of Region
    after_layer : tuple of int
        How many regions there were after each layer.
    """

    low: tuple[float, float]
    high: tuple[float, float]
    regions: tuple[Region, ...]
    after_layer: tuple[int, ...]

    @property
    def area(self) -> float:
        """Of the rectangle."""
        return (self.high[0] - self.low[0]) * (self.high[1] - self.low[1])


@dataclass(frozen=True)
class _Polygon:
    """Corner i lies between the lines ``edges`` i − 1 and i; ``points`` are the corners' floats."""

    edges: list[Triple]
    corners: list[Triple]
    points: Array
    layer: int


def linear_regions(
    network: Network | Model | Problem,
    low: tuple[float, float] | None = None,
    high: tuple[float, float] | None = None,
) -> Regions:
    """The linear regions of a network of two inputs within a rectangle, exactly.

    Parameters
    ----------
    network : Network, Model or Problem
        Of any depth. Weights in float64 are taken as the fractions they are.
    low, high : pairs of float, optional
        The rectangle's corners; otherwise a square about 0 that every line of layer 1 crosses.

    Raises
    ------
    ShapeError
        The network does not have two inputs.
    ConfigurationError
        An activation is not piecewise linear, the rectangle is none, or the regions are more than
        50,000.

    >>> from chalknet import Dense, Network
    >>> cross = Network([Dense([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0], "relu"),
    ...                  Dense([[1.0], [1.0]], [-1.0], "relu")])
    >>> linear_regions(cross, (-2, -2), (2, 2)).after_layer
    (4, 7)
    """
    layers = whole_layers(network)
    if len(layers[0].W) != 2:
        raise ShapeError(
            f"the network has {len(layers[0].W)} inputs, but regions are drawn in the plane of two."
        )
    if low is None or high is None:
        size = _reach(layers[0])
        low, high = (-size, -size), (size, size)
    corners = [*map(Fraction, low), *map(Fraction, high)]
    if not (corners[0] < corners[2] and corners[1] < corners[3]):
        raise ConfigurationError(f"the rectangle from {low} to {high} has no inside.")
    polygons = [_rectangle(*corners)]
    identity = np.empty((1, 2, 2), object)
    identity[0] = [[1, 0], [0, 1]]
    maps = Maps(identity, identity[..., 0] * 0, 1)
    counts = []
    for number, layer in enumerate(layers, start=1):
        maps = layer.pre_activations(maps)
        if layer.slope is not None:
            polygons, maps = _through_activation(polygons, maps, layer, number)
            counts.append(len(polygons))
    regions = tuple(_region(polygon, maps, row) for row, polygon in enumerate(polygons))
    return Regions(
        (float(low[0]), float(low[1])), (float(high[0]), float(high[1])), regions, tuple(counts)
    )


def _reach(layer: WholeLayer) -> float:
    """Half the side of a square that each line of the layer crosses well within."""
    W, b = layer.W.astype(np.float64), layer.b.astype(np.float64)
    lengths = np.hypot(W[0], W[1])
    distances = np.abs(b[lengths > 0]) / lengths[lengths > 0]
    furthest = float(distances.max(initial=0.0))
    return float(f"{1.5 * furthest:.1g}") if furthest else 1.0


def _rectangle(left: Fraction, bottom: Fraction, right: Fraction, top: Fraction) -> _Polygon:
    edges = [
        (0, bottom.denominator, -bottom.numerator),
        (right.denominator, 0, -right.numerator),
        (0, top.denominator, -top.numerator),
        (left.denominator, 0, -left.numerator),
    ]
    return _polygon(edges, [_meeting(edges[i - 1], edges[i]) for i in range(4)], 0)


def _polygon(edges: list[Triple], corners: list[Triple], layer: int) -> _Polygon:
    points = np.array([[X / W, Y / W] for X, Y, W in corners])
    return _Polygon(edges, corners, points, layer)


def _meeting(p: Triple, q: Triple) -> Triple:
    """Where two lines meet, its W positive."""
    X, Y, W = p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]
    if W < 0:
        X, Y, W = -X, -Y, -W
    divisor = math.gcd(X, Y, W)
    return X // divisor, Y // divisor, W // divisor


def _through_activation(
    polygons: list[_Polygon], maps: Maps, layer: WholeLayer, number: int
) -> tuple[list[_Polygon], Maps]:
    """Cut every polygon by every neuron's line, then apply the function."""
    parts: list[_Polygon] = []
    rows: list[int] = []
    for row, polygon in enumerate(polygons):
        pieces = [polygon]
        lines = _lines(maps, row)
        for line in lines:
            pieces = [part for piece in pieces for part in _cut(piece, line, number)]
        parts += pieces
        rows += [row] * len(pieces)
        if len(parts) > MOST_REGIONS:
            raise ConfigurationError(
                f"there are more than {MOST_REGIONS:,} regions: look at a smaller rectangle."
            )
    cut = Maps(maps.linear[rows], maps.constant[rows], maps.denominator)
    active = np.array(
        [
            [_side_of(polygon, line) > 0 for line in _lines(cut, row)]
            for row, polygon in enumerate(parts)
        ]
    )
    return parts, layer.activations(cut, active)


def _lines(maps: Maps, row: int) -> list[Triple]:
    """Where each pre-activation is zero on polygon ``row``, without common factors."""
    lines = []
    for (a, b), c in zip(maps.linear[row].tolist(), maps.constant[row].tolist(), strict=True):
        divisor = math.gcd(a, b, c) or 1
        lines.append((a // divisor, b // divisor, c // divisor))
    return lines


def _sides(polygon: _Polygon, line: Triple) -> list[int]:
    """Of each corner: 1 where the line's expression is positive, −1, or 0; exactly."""
    largest = max(map(abs, line)) or 1
    a, b, c = (value / largest for value in line)
    values = polygon.points[:, 0] * a + polygon.points[:, 1] * b + c
    doubt = 1e-12 * (np.abs(polygon.points).sum(axis=1) + 1)
    sides = np.sign(values).astype(int)
    for i in np.flatnonzero(np.abs(values) <= doubt).tolist():
        X, Y, W = polygon.corners[i]
        exact = line[0] * X + line[1] * Y + line[2] * W
        sides[i] = (exact > 0) - (exact < 0)
    return list(sides.tolist())


def _side_of(polygon: _Polygon, line: Triple) -> int:
    """On which side of a line that does not cut it a polygon lies; 0 where the line is none."""
    return max(_sides(polygon, line), key=abs)


def _cut(polygon: _Polygon, line: Triple, layer: int) -> list[_Polygon]:
    """The polygon, or its two parts."""
    sides = _sides(polygon, line)
    if min(sides) >= 0 or max(sides) <= 0:
        return [polygon]
    parts = []
    for side in (1, -1):
        edges: list[Triple] = []
        corners: list[Triple] = []
        for i, (here, corner) in enumerate(zip(sides, polygon.corners, strict=True)):
            edge, following = polygon.edges[i], sides[(i + 1) % len(sides)]
            if here * side >= 0:
                corners.append(corner)
                # From a corner on the line, what lies on this side goes on along the line.
                edges.append(line if here == 0 and following * side < 0 else edge)
            if here * following < 0:
                corners.append(_meeting(edge, line))
                edges.append(line if here * side > 0 else edge)
        parts.append(_polygon(edges, corners, layer))
    return parts


def _region(polygon: _Polygon, maps: Maps, row: int) -> Region:
    denominator = maps.denominator
    return Region(
        tuple((Fraction(X, W), Fraction(Y, W)) for X, Y, W in polygon.corners),
        tuple(
            (Fraction(a, denominator), Fraction(b, denominator))
            for a, b in maps.linear[row].tolist()
        ),
        tuple(Fraction(c, denominator) for c in maps.constant[row].tolist()),
        polygon.layer,
    )
