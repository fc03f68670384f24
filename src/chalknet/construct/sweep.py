"""Neurons from knot to knot, each rounded in the knowledge of what those before it have missed.

Everything is followed in whole numbers, so that what a neuron has to add is known exactly, however
steep the pieces before it were.
"""

from __future__ import annotations

from collections.abc import Sequence

from chalknet.construct.one_neuron import Neuron, Patience, Target, through_one, through_two
from chalknet.construct.targets import Line, Piece, Targets

__all__ = ["Sweep", "mirrored", "swept"]

# In 1/64 of a unit, what a piece may miss its ends by: one without other points on it, and one with
# points, which are not quite on it themselves, or before such a piece.
WITHIN, WITHIN_BESIDE = 160, 64


def swept(
    targets: Targets, pieces: Sequence[Piece], start: Line, *, spare: bool = False
) -> list[Neuron]:
    """Neurons that face right, in the order of their knots: from a line on through the pieces.

    Parameters
    ----------
    targets, pieces
        The points, and the straight pieces through all that are right of the line.
    start : Line
        What the network is left of the first piece.
    spare : bool
        Whether there may be more neurons than pieces where one does not come near enough.
    """
    sweep = Sweep(targets, start, spare, Patience(len(targets)))
    for piece, following in zip(pieces, [*pieces[1:], None], strict=False):
        beside = any(p is not None and p.last - p.first > 1 for p in (piece, following))
        sweep.bend(piece, targets.unit * (WITHIN_BESIDE if beside else WITHIN) >> 6)
    return sweep.neurons


def mirrored(pieces: Sequence[Piece], points: int) -> list[Piece]:
    """The pieces as they are seen from the right; how the first is joined does not matter."""
    joined = [*(piece.joined for piece in pieces[1:]), True]
    turned = [
        Piece(points - 1 - piece.last, points - 1 - piece.first, behind)
        for piece, behind in zip(pieces, joined, strict=True)
    ]
    return turned[::-1]


class Sweep:
    """The line that the network is so far, right of its last knot, and how it came about."""

    def __init__(self, targets: Targets, line: Line, spare: bool, patience: Patience) -> None:
        self.targets, self.line, self.spare, self.patience = targets, line, spare, patience
        self.neurons: list[Neuron] = []

    def bend(self, piece: Piece, within: int) -> None:
        """Add a neuron, or more where one misses by more than ``within`` and more are allowed."""
        first, last, joined = piece
        chord = self.targets.through(first, last)  # not every point on the way is quite on it
        while not (joined and last == first + 1):
            found = self._joined(first, last, within) if joined else self._between(piece, within)
            if found[1] <= within or not self.spare:
                self._add(found[0])
                return
            # A knot at the point before and one at the next, in place of this one.
            start, first, joined = first - (not joined), first + joined, True
            self._reach(start, first, within, chord.at(self.targets.x[first]))
            if abs(self._lacks(last).value) <= within:
                return
        self._reach(first, last, within, self.targets.y[last])

    def _reach(self, start: int, end: int, within: int, y: int) -> None:
        """From one point to y at the next, with the knot anywhere between."""
        x = self.targets.x
        missed = within + 1
        while missed > within:
            lacking = Target(x[end], y - self.line.at(x[end]))
            neuron, missed = through_one(x[start], lacking, within)
            self._add(neuron)
            if not self.spare or missed >= abs(lacking.value):
                return
            # What rounding has left of its output weight, 2⁻⁵³ of it, is another neuron's.

    def _joined(self, first: int, last: int, within: int) -> tuple[Neuron, int]:
        """With the knot at the first point, for the sake of those on the way."""
        near, far = Target(self.targets.x[first], 0), self._lacks(last)
        return through_two(near, far, within, self.patience.tries(far, within))

    def _between(self, piece: Piece, within: int) -> tuple[Neuron, int]:
        """With the knot where the lines before and after it meet."""
        near, far = self._lacks(piece.first), self._lacks(piece.last)
        before = self.targets.x[piece.first - 1]
        run, rise = far.x - near.x, far.value - near.value
        earlier = near.value - rise * (near.x - before) // run
        rises = 1 if rise > 0 else -1
        neuron, missed = through_two(near, far, within, self.patience.tries(far, within))
        # They must meet in the gap: the neuron rests at the point before, and not at the next.
        return neuron, max(missed, earlier * rises, -near.value * rises)

    def _lacks(self, i: int) -> Target:
        x = self.targets.x[i]
        return Target(x, self.targets.y[i] - self.line.at(x))

    def _add(self, neuron: Neuron) -> None:
        self.neurons.append(neuron)
        self.line = self.line.plus(neuron)
