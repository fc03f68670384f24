"""The other way round: from a network of one input to the pieces of which its graph consists.

A ReLU of a piecewise-linear function is piecewise linear: it bends where the function was, and
where it crosses zero. So the pieces are found layer by layer, for any depth, in whole numbers.
"""

from __future__ import annotations

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

__all__ = ["Piece", "Pieces", "pieces_of"]

Array = npt.NDArray[Any]
MOST_PIECES = 100_000


@dataclass(frozen=True)
class Piece:
    """A straight piece: from ``start`` to ``end``, each None where it has no end.

    ``slopes`` and ``intercepts`` are one an output: y = slope · x + intercept.
    """

    start: Fraction | None
    end: Fraction | None
    slopes: tuple[Fraction, ...]
    intercepts: tuple[Fraction, ...]

    def at(self, x: Fraction) -> tuple[Fraction, ...]:
        """The outputs at x."""
        return tuple(s * x + c for s, c in zip(self.slopes, self.intercepts, strict=True))


@dataclass(frozen=True)
class Pieces:
    """A network of one input: its pieces from left to right, exactly.

    Attributes
    ----------
    pieces : tuple of Piece
        The first has no start and the last no end.
    bends : int
        How many places there are where some neuron, of any layer, changes sides; those where that
        is not seen in any output are no knots.
    """

    pieces: tuple[Piece, ...]
    bends: int

    @property
    def knots(self) -> tuple[Fraction, ...]:
        """Where the slope of an output changes, ascending."""
        return tuple(piece.end for piece in self.pieces if piece.end is not None)

    @property
    def values(self) -> tuple[tuple[Fraction, ...], ...]:
        """The outputs at the knots."""
        return tuple(piece.at(piece.end) for piece in self.pieces if piece.end is not None)

    def knots_between(self, low: float, high: float) -> tuple[Fraction, ...]:
        """The knots from low to high, both included."""
        return tuple(knot for knot in self.knots if low <= knot <= high)

    def between(self, low: float, high: float) -> tuple[Piece, ...]:
        """The pieces that have a part strictly between low and high, cut to that range."""
        first, last = Fraction(low), Fraction(high)
        return tuple(
            Piece(
                first if piece.start is None else max(piece.start, first),
                last if piece.end is None else min(piece.end, last),
                piece.slopes,
                piece.intercepts,
            )
            for piece in self.pieces
            if (piece.end is None or piece.end > first)
            and (piece.start is None or piece.start < last)
        )

    def __call__(self, x: Fraction | int) -> tuple[Fraction, ...]:
        """The outputs at x, exactly."""
        at = Fraction(x)
        return next(piece.at(at) for piece in self.pieces if piece.end is None or at <= piece.end)


def pieces_of(network: Network | Model | Problem) -> Pieces:
    """Knots, slopes and pieces of a network of one input, of any depth.

    Weights in float64 are taken as the fractions they are; a model's preprocessing is included.

    Raises
    ------
    ShapeError
        The network has more than one input.
    ConfigurationError
        An activation is not piecewise linear, or the pieces are more than 100,000.

    >>> from chalknet import Dense, Network
    >>> tent = [Dense([[1.0, 1.0]], [0.0, -0.5], "relu"), Dense([[2.0], [-4.0]], [0.0], "relu")]
    >>> [str(knot) for knot in pieces_of(Network([*tent, *tent])).knots]
    ['0', '1/4', '1/2', '3/4', '1']
    """
    layers = whole_layers(network)
    if len(layers[0].W) != 1:
        raise ShapeError(
            f"the network has {len(layers[0].W)} inputs, but knots lie on the line of one input."
        )
    one = np.array([[[1]]], object)
    maps, bends = Maps(one, one[..., 0] * 0, 1), np.array([], object)
    for layer in layers:
        maps = layer.pre_activations(maps)
        if layer.slope is not None:
            maps, bends = _through_activation(layer, maps, bends)
    return _merged(maps, bends)


def _through_activation(layer: WholeLayer, maps: Maps, bends: Array) -> tuple[Maps, Array]:
    """Cut the pieces where a pre-activation crosses zero, then apply the function."""
    slopes, constants = maps.linear[..., 0], maps.constant
    new: list[Fraction] = []
    rows: list[int] = []
    starts = [None, *bends.tolist()]
    for row, (start, end) in enumerate(zip(starts, [*bends.tolist(), None], strict=True)):
        before = _signs(slopes[row], constants[row], start, -1)
        after = _signs(slopes[row], constants[row], end, 1)
        crossing = np.flatnonzero(before * after < 0)
        zeros = {Fraction(-constants[row][j], slopes[row][j]) for j in crossing.tolist()}
        new += [*sorted(zeros), *([end] if end is not None else [])]
        rows += [row] * (len(zeros) + 1)
        if len(new) > MOST_PIECES:
            raise ConfigurationError(
                f"the network has more than {MOST_PIECES:,} pieces, which is too many to list."
            )
    cut = Maps(maps.linear[rows], maps.constant[rows], maps.denominator)
    places = np.array(new, object)
    active = _active(cut, places)
    return layer.activations(cut, active), places


def _signs(slopes: Array, constants: Array, x: Fraction | None, side: int) -> Array:
    """The signs of slope · x + constant; at infinity on that side where x is None."""
    if x is None:
        values = np.where(slopes != 0, slopes * side, constants)
    else:
        values = slopes * x.numerator + constants * x.denominator
    return np.array([(value > 0) - (value < 0) for value in values], int)


def _active(maps: Maps, bends: Array) -> npt.NDArray[np.bool_]:
    """Whether each pre-activation is positive within each piece (pieces, h)."""
    slopes, constants = maps.linear[..., 0], maps.constant
    places = bends.tolist()
    active = np.empty(constants.shape, bool)
    for row in range(len(constants)):
        start = places[row - 1] if row else None
        end = places[row] if row < len(places) else None
        # No sign changes within a piece, so one end tells where the other is zero.
        signs = _signs(slopes[row], constants[row], start, -1)
        active[row] = (signs + _signs(slopes[row], constants[row], end, 1)) > 0
    return active


def _merged(maps: Maps, bends: Array) -> Pieces:
    """Pieces that continue each other in every output are one."""
    pieces: list[Piece] = []
    ends = [*bends.tolist(), None]
    for row, end in enumerate(ends):
        slopes = tuple(Fraction(value, maps.denominator) for value in maps.linear[row, :, 0])
        intercepts = tuple(Fraction(value, maps.denominator) for value in maps.constant[row])
        start = ends[row - 1] if row else None
        if pieces and pieces[-1].slopes == slopes:
            start = pieces.pop().start
        pieces.append(Piece(start, end, slopes, intercepts))
    return Pieces(tuple(pieces), len(bends))
