"""One training run: a workspace, the optimizer and the loss."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from chalknet.engine.compiled import layout as at
from chalknet.engine.compiled.formulas import UntraceableError
from chalknet.engine.compiled.kernels import map_kernel, outer_kernel
from chalknet.engine.compiled.layout import padded
from chalknet.engine.compiled.workspace import Array, Workspace, address_of, aligned
from chalknet.engine.plan import Plan, StepRange
from chalknet.operations.losses import (
    ElementwiseLoss,
    Loss,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
)
from chalknet.operations.losses.cross_entropy import exp_below
from chalknet.training.optimizers import Optimizer

__all__ = ["Session"]

FLOAT64 = np.dtype(np.float64)
MOST_SLOTS = 12
# Where in the descriptor it says where inputs lie, with all that is found out about their zeros.
INPUTS = [
    *(at.INPUTS, at.INPUTS_LD, at.WHICH, at.COUNTS, at.MARKS, at.ROW_KEYS, at.ROW_LISTS),
    *(at.COLUMN_LISTS, at.COLUMN_ENDS, at.SAMPLE_LISTS, at.SAMPLE_LISTS_LD, at.SAMPLE_COUNTS),
    *(at.NETWORK_FIELDS + at.IN, at.NETWORK_FIELDS + at.IN_LD),
]


class Session(Workspace):
    """What stays the same from call to call for one plan.

    Raises
    ------
    UntraceableError
        Something in the plan is not of a kind that kernels know.
    """

    def __init__(self, plan: Plan) -> None:
        network, slots = plan.network, len(plan.state.slots)
        super().__init__(network, network.dtype, plan.dropout, slots, training=True)
        self._placed_for = (0, 0)
        self._size = len(network.parameters)
        self._place_optimizer(plan)
        self._place_loss(plan)
        self.place_preprocessing(plan.preprocessing)
        self.place_rows(plan.X)
        self._X = plan.X

    @property
    def penalty_size(self) -> int:
        """How many numbers the kernel sums the penalty up in."""
        return 1 + self.get("PACKED_SIZE") // self.lanes**2

    def prepare(
        self,
        plan: Plan,
        steps: StepRange,
        totals: Array,
        penalty: Array | None,
        threads: int,
        beside: int = 0,
    ) -> None:
        """Point the descriptor at what this call works on.

        ``beside`` says how wide the first layers of other networks are that train on the same
        inputs; ``lead`` then says where those are.
        """
        if (steps.batch_size, beside) != self._placed_for:
            self._place_batch(plan.X, steps.batch_size, beside)
        rank_one = steps.batch_size == 1 and self.get("UPDATE_OUTER") != 0
        self.place_threads(threads, columns=bool(self.get("SPARSE")) and not rank_one)
        order = steps.order
        self.set("FIRST", steps.first)
        self.set("LAST", steps.last)
        self.point("ORDER", None if order is None else np.ascontiguousarray(order, np.int64))
        self.point("TOTALS", totals)
        self.point("PENALTY", penalty)
        self.point("DROPOUT_KEY", np.array([steps.dropout_key], np.uint64))
        self.point("WEAK", self._coefficients(plan, steps))
        self.point("FLAT", plan.network.parameters)
        slots = plan.state.slots
        for number, slot in enumerate(slots):
            if slot.dtype != self.dtype or not slot.flags.c_contiguous:
                slots[number] = np.ascontiguousarray(slot, self.dtype)
        self.point("FLAT_SLOTS", np.array([address_of(slot) for slot in slots], np.int64))

    def sees_what(self, other: Session) -> bool:
        """Whether both make the same inputs of the same rows."""
        return (
            self.dtype == other.dtype
            and self._X is other._X
            and all(
                np.array_equal(self._kept[name], other._kept[name])
                for name in ("OFFSET", "DIVISOR")
            )
        )

    def lead(self, others: Sequence[Session]) -> None:
        """Have the others train on the inputs that this one takes in; all are prepared for it."""
        chain = (self, *others)
        before: Session = self
        for session in chain:
            session.descriptor[INPUTS] = self._own_inputs
            session.set("NETWORKS", 1)
            session.set("ABREAST", 0)
            before.set("NEXT", session.address)
            before = session
        self.set("NETWORKS", len(chain))
        self._take_abreast([*itertools.takewhile(Session.is_narrow, chain)])

    @property
    def whole_width(self) -> int:
        """How many columns the first layer's products have, in whole vectors."""
        return padded(self.widths[1], self.lanes)

    def is_narrow(self) -> bool:
        """Whether the first layer is one vector wide, and may be taken with those of others."""
        whole = self.get("SLICE") >= self.get("BATCH_SIZE")
        return bool(self.widths[1] <= self.lanes and self.get("SHARED") and whole)

    def _take_abreast(self, chain: Sequence[Session]) -> None:
        """Have the first layers of the chain, which begins with this network, taken at once."""
        if len(chain) < 2:
            return
        for session in chain:
            session.set("ABREAST", len(chain))
        fields = (at.WEIGHTS, at.BIAS, at.Z, at.DZ)
        places = np.array(
            [[one.descriptor[at.NETWORK_FIELDS + f] for one in chain] for f in fields]
        )
        count = padded(len(chain), at.ABREAST_AT_ONCE)
        distances = np.zeros((6, count), np.int64)
        distances[:4, : len(chain)] = (places - places[:, :1]) // self.dtype.itemsize
        distances[:4, len(chain) :] = distances[:4, len(chain) - 1 : len(chain)]
        distances[at.TO_BLOCK] = np.arange(count) * at.BLOCK * self.lanes
        self.point("DISTANCES", distances)
        self.set("DISTANCES_LD", count)

    def operations(self, batch_size: int) -> int:
        """Floating point operations of one step, about."""
        return 6 * batch_size * self._size

    def _place_batch(self, X: Any, batch_size: int, beside: int) -> None:
        self._placed_for = batch_size, beside
        self.set("BATCH_SIZE", batch_size)
        self.set("NETWORKS", 1)
        self.set("ABREAST", 0)
        self.place_slice(batch_size, self.way_with_zeros(X, batch_size, beside), training=True)
        self._own_inputs = self.descriptor[INPUTS]
        rows = self.get("SLICE")
        self.point("LOSS_SCRATCH", np.zeros(5 * rows * self.widths[-1]))
        self.point("ROW_TERMS", np.zeros(rows))
        self.point("ROW_CORRECT", np.zeros(rows, np.int64))
        several = rows < batch_size
        size = self.get("PACKED_SIZE") if several else 0
        self.point("GRADIENT", aligned(size, self.dtype))

    def _place_optimizer(self, plan: Plan) -> None:
        optimizer, slots = plan.optimizer, len(plan.state.slots)
        if type(optimizer).step is not Optimizer.step:
            raise UntraceableError("an optimizer with a step of its own")
        if slots > MOST_SLOTS:
            raise UntraceableError("an optimizer with more slots than kernels have room for")
        coefficients = optimizer.coefficients(optimizer.learning_rate, 1)
        rule, decayed = type(optimizer).update, bool(plan.l2)

        def update(w: Any, g: Any, *more: Any) -> tuple[Any, ...]:
            if not decayed:
                return rule(w, g, *more)
            return rule(w, g + more[-1] * w, *more[:-1])

        weak = len(coefficients) + decayed
        self.set("WEAK_COUNT", weak)
        self.set("UPDATE", map_kernel(update, self.dtype, real=2 + slots, weak=weak))
        if not slots and not decayed and rule(1.5, 0.0, *coefficients) == (1.5,):
            self.set("UPDATE_OUTER", outer_kernel(update, self.dtype, weak=weak))

    def _coefficients(self, plan: Plan, steps: StepRange) -> Array:
        """(steps, 2, coefficients): for weights, and for biases, which have no L2 term."""
        count = steps.last - steps.first
        rates = steps.learning_rates[steps.first : steps.last]
        t = plan.state.t + 1
        optimizer = plan.optimizer
        first = optimizer.coefficients(float(rates[0]), t)
        table = np.zeros((count, 2, max(1, self.get("WEAK_COUNT"))))
        if (rates == rates[0]).all() and not _depends_on_t(optimizer):
            table[:, :, : len(first)] = first
        else:
            for number, rate in enumerate(rates.tolist()):
                table[number, :, : len(first)] = optimizer.coefficients(rate, t + number)
        if plan.l2:
            l2 = plan.l2 if steps.l2 is None else steps.l2[steps.first : steps.last]
            table[:, 0, len(first)] = l2
        return table

    def _place_loss(self, plan: Plan) -> None:
        loss, n, K = plan.loss, plan.X.shape[0], self.widths[-1]
        targets = loss.checked_targets(plan.targets, n, K)
        parameters: tuple[float, ...] = ()
        if type(loss) is SoftmaxCrossEntropy:
            kind, decision = (0 if targets.ndim == 1 else 1), 1
            terms = map_kernel(exp_below, FLOAT64, real=2)
            slopes = map_kernel(np.log1p, FLOAT64, real=1)
        elif isinstance(loss, ElementwiseLoss) and _is_plain(loss):
            kind, parameters, cls = 2, loss.parameters, type(loss)
            weak = len(parameters)
            terms = map_kernel(cls.formula, FLOAT64, real=2, weak=weak)
            slopes = map_kernel(cls.derivative, FLOAT64, real=2, weak=weak)
            decision = 2 if cls.correct is SigmoidCrossEntropy.correct else 0
        else:
            raise UntraceableError("a loss of a kind of its own")
        self.set("LOSS_KIND", kind)
        self.set("DECISION", decision)
        self.set("TERMS", terms)
        self.set("SLOPES", slopes)
        self.point("LOSS_PARAMETERS", np.array([*parameters, 0.0]))
        stored = np.int64 if kind == 0 else np.float64
        self.point("TARGETS", np.ascontiguousarray(targets, stored))
        self.set("TARGETS_LD", 1 if kind == 0 else K)
        weight = plan.sample_weight
        kept = None if weight is None else np.ascontiguousarray(weight, np.float64)
        self.point("SAMPLE_WEIGHT", kept)


def _depends_on_t(optimizer: Optimizer) -> bool:
    rate = optimizer.learning_rate
    return len({optimizer.coefficients(rate, t) for t in (1, 2, 3, 1000)}) > 1


def _is_plain(loss: Loss) -> bool:
    """Whether the loss is what its formulas say, no method of the base replaced."""
    cls = type(loss)
    return (
        cls._terms is ElementwiseLoss._terms  # noqa: SLF001
        and cls.value_and_grad is Loss.value_and_grad
        and cls.terms is Loss.terms
        and cls.correct in (Loss.correct, SigmoidCrossEntropy.correct)
    )
