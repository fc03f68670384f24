"""Rounded weights of neurons that face left and right in turn, where none can be chosen alone.

Let ℓ₀ … ℓₘ₋₁ be the lines that the pieces lie on. Let αₚ be 1 where the neurons at both ends of
piece p face away from it, −1 where both face it, and 0 elsewhere; the ends of the range count as
neurons that face away. In Σ αₚ ℓₚ all neurons cancel, and what is left is the output's bias:

    Σₚ αₚ ℓₚ(x) = constant,    for all x.

Exact lines meet that, but their constant need not be a float, and lines through rounded points meet
it but for rounding. So lines with αₚ ≠ 0 have to give way. Next to a knot a line may do so as far
as need be, to one side: its knot moves off its point, which the other line there still passes
through. A linear program finds the least moves; then neurons are rounded one by one from the left
and from the right, and the identity says what the last line between has to be.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from chalknet.construct.one_neuron import Neuron, Target, nearest, through_one, through_two
from chalknet.construct.sweep import mirrored
from chalknet.construct.targets import Line, Piece, Targets

__all__ = ["facing_both_ways"]

Array = npt.NDArray[Any]
Move = tuple[int, int]  # up at the first and at the last point of a piece

TOLERANCE = 2.0  # units by which a line may miss a point, where it has to
FREEDOM = 2.0**-8  # of a gap, by which a knot may move
LAST_PIECES = 4  # tried as the last
FREE_COST = 2.0**-30  # of a move to a free side, per unit; 1 where a point is missed
CONSTANTS = (0, 1, -1, 2, -2, 4, -4, 16, -16)  # floats tried, counted from the nearest
FEW = 100  # pieces that are rounded to 1/64 unit, not to one
TRIES = 2**11  # hidden weights tried for a neuron
RELAXED = (1, 4, 16, 64)  # times what a neuron should miss its targets by at most


class _Plan(NamedTuple):
    moves: dict[int, Move]
    constant: int
    last: int


@dataclass(frozen=True, eq=False)
class _Task:
    targets: Targets
    pieces: Sequence[Piece]
    lefts: list[bool]  # of the left end of each piece, and of the last one's right end

    @functools.cached_property
    def alphas(self) -> dict[int, int]:
        """αₚ of the pieces where it is not 0."""
        faces = enumerate(itertools.pairwise(self.lefts))
        return {p: int(left) - int(right) for p, (left, right) in faces if left != right}

    def lines(self) -> list[Line]:
        return [self.targets.through(piece.first, piece.last) for piece in self.pieces]

    def rest(self, lines: dict[int, Line]) -> Line:
        """Σ αₚ ℓₚ of these."""
        slope = sum(self.alphas[p] * line.slope for p, line in lines.items())
        return Line(slope, sum(self.alphas[p] * line.offset for p, line in lines.items()))


def facing_both_ways(
    targets: Targets, pieces: Sequence[Piece], left: npt.NDArray[np.bool_]
) -> Iterator[tuple[list[Neuron], int]]:
    """Neurons in the order of their knots, and the output's bias: one choice after the other.

    Parameters
    ----------
    targets, pieces
        The points, and the straight pieces through them.
    left : array of bool (m − 1,)
        Which of the neurons at the knots face left.
    """
    task = _Task(targets, pieces, [True, *left.tolist(), False])
    for plan in _plans(task):
        yield _realized(task, plan), plan.constant


# the plan ------------------------------------------------------------------------------------


def _plans(task: _Task) -> Iterator[_Plan]:
    lines = task.lines()
    total = task.rest({p: lines[p] for p in task.alphas})
    # Where two lines that may move meet, one of them does: the right one (0) or the left one (1).
    for tolerance, movable in itertools.product((0.0, TOLERANCE), (0, 1)):
        ranges = _ranges(task, lines, movable, tolerance)
        lasts = sorted(task.alphas, key=lambda p: -sorted(ranges[p])[-2])[:LAST_PIECES]
        for last, steps in itertools.product(lasts, CONSTANTS):
            first, end = (task.targets.x[i] for i in task.pieces[last][:2])
            value = total.at(first + end >> 1)
            spare = max(0, abs(value).bit_length() - 53)
            constant = nearest((value >> spare) + steps << spare)
            moves = _moves(task, total, constant, ranges, last)
            if moves is not None:
                yield _Plan(moves, constant, last)


def _ranges(
    task: _Task, lines: list[Line], movable: int, tolerance: float
) -> dict[int, tuple[float, ...]]:
    """How far each line may move, in units: up and down at its first point, and at its last."""
    ranges = {}
    for p in task.alphas:
        bends = [
            _bend(task, lines, p) if movable == 0 or p - 1 not in task.alphas else 0.0,
            _bend(task, lines, p + 1) if movable == 1 or p + 1 not in task.alphas else 0.0,
        ]
        if task.pieces[p].last - task.pieces[p].first > 1:
            bends = [0.0, 0.0]
        ranges[p] = tuple(max(tolerance, side) for bend in bends for side in (-bend, bend))
    return ranges


def _bend(task: _Task, lines: list[Line], j: int) -> float:
    """What a line may move down by at knot j, or up where below 0, in units: 0 if it must not."""
    if not 0 < j < len(lines) or not task.pieces[j].joined:
        return 0.0
    x, i = task.targets.x, task.pieces[j].first
    gap = min(x[i + 1] - x[i], x[i] - x[i - 1])
    change = lines[j].slope - lines[j - 1].slope
    return FREEDOM * float(Fraction(2 * change * gap, task.targets.unit))


def _moves(
    task: _Task, total: Line, constant: int, ranges: dict[int, tuple[float, ...]], last: int
) -> dict[int, Move] | None:
    """Small moves with which Σ αₚ ℓₚ is the constant; the last line keeps away from points."""
    from scipy.optimize import linprog

    x, unit = task.targets.x, task.targets.unit
    columns, costs, bounds = [], [], []
    room = 64.0 if len(task.pieces) < FEW else float(len(task.pieces)) ** 2
    for p, alpha in task.alphas.items():
        first, end = (x[i] for i in task.pieces[p][:2])
        for side, most in enumerate(ranges[p]):
            near, far = (first, end) if side < 2 else (end, first)
            sign = -alpha if side % 2 else alpha
            columns.append([sign * float(Fraction(far - at, far - near)) for at in (x[0], x[-1])])
            free = most > TOLERANCE
            costs.append(FREE_COST * (-1.0 if p == last else 1.0) if free else 1.0)
            bounds.append((0.0, min(room, most) if p == last else most))
    lacking = [float(Fraction(constant - total.at(at), unit)) for at in (x[0], x[-1])]
    found = linprog(costs, A_eq=np.transpose(columns), b_eq=lacking, bounds=bounds)
    if found.x is None:
        return None
    sides = (found.x.reshape(-1, 2, 2) @ [1.0, -1.0]).tolist()
    return {
        p: (round(Fraction(up) * unit), round(Fraction(at_end) * unit))
        for p, (up, at_end) in zip(task.alphas, sides, strict=True)
    }


# weights -------------------------------------------------------------------------------------


def _realized(task: _Task, plan: _Plan) -> list[Neuron]:
    """The neurons left of the last line, those right of it, and the two beside it."""
    targets, pieces, last = task.targets, task.pieces, plan.last
    ups = [plan.moves.get(p, (0, 0)) for p in range(len(pieces))]
    before, lines = _followed(targets, pieces[:last], ups[:last])
    turned = [(end, first) for first, end in reversed(ups)]
    behind, others = _followed(
        targets.mirrored(), mirrored(pieces, len(targets))[: len(pieces) - last - 1], turned
    )
    lines = [*lines, Line(0, 0), *(line.mirrored() for line in reversed(others))]
    rest = task.rest({p: lines[p] for p in task.alphas if p != last})
    alpha = task.alphas[last]
    lines[last] = Line(-alpha * rest.slope, alpha * (plan.constant - rest.offset))
    neurons = {j + 1: _turned(neuron, task.lefts[j + 1]) for j, neuron in enumerate(before)}
    for j, neuron in enumerate(behind):
        neurons[len(pieces) - 1 - j] = _turned(neuron, not task.lefts[len(pieces) - 1 - j])
    for j in (last, last + 1):
        if 0 < j < len(pieces):
            neurons[j] = _beside(task, j, lines[j].minus(lines[j - 1]))
    return [neurons[j] for j in range(1, len(pieces))]


def _followed(
    targets: Targets, pieces: Sequence[Piece], ups: Sequence[Move]
) -> tuple[list[Neuron], list[Line]]:
    """Neurons that face right, from piece to piece, and the lines that they make."""
    within = targets.unit >> (6 if len(pieces) < FEW else 0)
    neurons: list[Neuron] = []
    lines: list[Line] = []
    for piece, up, before in zip(pieces, ups, [(0, 0), *ups], strict=False):
        if not lines:
            lines.append(targets.through(piece.first, piece.last, up))
            continue
        near, far = (
            Target(targets.x[i], targets.y[i] + more - lines[-1].at(targets.x[i]))
            for i, more in zip(piece[:2], up, strict=True)
        )
        if piece.joined and not up[0] and not before[1]:
            near = Target(near.x, 0)  # on the line before: some knots can be hit, not come near to
        neurons.append(_near(near, far, within))
        lines.append(lines[-1].plus(neurons[-1]))
    return neurons, lines


def _turned(neuron: Neuron, other_way: bool) -> Neuron:
    """The neuron with the same change of slope that faces the other way, in the mirror."""
    return Neuron(neuron.w, -neuron.b, neuron.a) if other_way else neuron


def _beside(task: _Task, j: int, difference: Line) -> Neuron:
    """The neuron at knot j, near the difference of the lines there as far as it is active."""
    x = task.targets.x
    piece, left = task.pieces[j], task.lefts[j]
    near = piece.first - (left and not piece.joined)
    far = 0 if left else len(x) - 1
    sign = -1 if left else 1
    first, end = (Target(sign * x[i], sign * difference.at(x[i])) for i in (near, far))
    within = task.targets.unit >> 1
    if near == far:
        return through_one(sign * x[near - sign], end, within)[0]
    return _near(first, end, within, 4 * TRIES)


def _near(near: Target, far: Target, within: int, tries: int = TRIES) -> Neuron:
    """Through both within so much, or a few times so much where no knot comes that near."""
    found = []
    for times in RELAXED:
        found.append(through_two(near, far, times * within, tries))
        if found[-1][1] <= times * within:
            break
    return min(found, key=lambda choice: choice[1])[0]
