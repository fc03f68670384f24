"""The reference engine: the textbook, step by step, in NumPy."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

from chalknet.data.preprocessing import Preprocessing
from chalknet.engine.plan import Plan, Request, StepRange, Totals, not_finite
from chalknet.network import Network
from chalknet.operations.affine import Matrix
from chalknet.operations.dropout import dropout_key, dropout_mask
from chalknet.operations.losses import Loss
from chalknet.operations.penalties import l2_penalty, l2_penalty_backward

__all__ = ["ReferenceEngine"]

ROWS_A_SLICE = 4096


@functools.cache
def _libraries() -> ThreadpoolController:
    """NumPy's library for matrix products; to look for it takes milliseconds."""
    return ThreadpoolController()


def _one_thread() -> Any:
    return _libraries().limit(limits=1)


class ReferenceEngine:
    """Runs ``operations/`` and ``network.py`` as they stand, on one thread.

    One thread, because matrix products may add up in another order on another number of threads,
    and the same seed promises the same bits.
    """

    name = "reference"

    def ready(self, plan: Plan) -> None:
        """Nothing has to be made for it."""

    def run(self, plan: Plan, steps: StepRange, totals: Totals) -> None:
        """Take the steps, adding to ``totals``; stop at the first that is not finite."""
        with _one_thread(), np.errstate(over="ignore", invalid="ignore"):
            for step in range(steps.first, steps.last):
                if not self._step(plan, steps, step, totals):
                    totals.diverged_at = step
                    return

    def run_together(self, requests: Sequence[Request]) -> None:
        """Take the steps of each request, one after the other."""
        for one in requests:
            self.run(one.plan, one.steps, one.totals)

    def output(self, network: Network, inputs: Matrix) -> Matrix:
        """The network's output (n, K) for preprocessed inputs (n, fan_in)."""
        with _one_thread(), np.errstate(over="ignore", invalid="ignore"):
            return network.output(inputs)

    def predict(
        self,
        network: Network,
        preprocessing: Preprocessing,
        X: Any,
        loss: Loss | None = None,
    ) -> Matrix:
        """The network's output (n, K) for raw rows (n, features), in slices; or the loss's view.

        float64 rows compute in float64, whatever the network's type.

        Raises
        ------
        DataFormatError
            ``X`` holds a NaN or an infinity.
        """
        dtype = np.result_type(network.dtype, X.dtype if X.dtype.kind == "f" else np.float32)
        output = np.empty((X.shape[0], network.widths[-1]), dtype)
        for start in range(0, len(output), ROWS_A_SLICE):
            some = _dense(X[start : start + ROWS_A_SLICE])
            if some.dtype.kind == "f" and not np.isfinite(some).all():
                raise not_finite()
            output[start : start + len(some)] = self.output(
                network, preprocessing.apply(some, dtype)
            )
        return output if loss is None else loss.predict(output)

    def seconds_a_call(self, plan: Plan) -> float:  # noqa: ARG002
        """A twentieth of a second."""
        return 0.05

    def with_threads(self, threads: int) -> ReferenceEngine:  # noqa: ARG002
        """The same engine: it uses one thread whatever it is told."""
        return self

    def _step(self, plan: Plan, steps: StepRange, step: int, totals: Totals) -> bool:
        batch = slice(step * steps.batch_size, (step + 1) * steps.batch_size)
        rows = batch if steps.order is None else steps.order[batch]
        network, loss = plan.network, plan.loss
        inputs = plan.preprocessing.apply(_dense(plan.X[rows]), network.dtype)
        targets = plan.targets[rows]
        weight = None if plan.sample_weight is None else plan.sample_weight[rows]

        trace = network.forward(inputs, masks=_masks(plan, steps, step, len(inputs)))
        value, d_output = loss.value_and_grad(trace.output, targets, weight)
        gradients = network.backward(trace, d_output, input_gradient=False)
        l2 = plan.l2 if steps.l2 is None else float(steps.l2[step])
        penalty = 0.0
        if plan.sums_penalty:
            penalty = l2_penalty((layer.W for layer in network.layers), l2)
        if plan.l2:
            for number, layer in enumerate(network.layers):
                gradients.dW[number] += l2_penalty_backward(layer.W, l2)
        rate = float(steps.learning_rates[step])
        if not math.isfinite(value):
            return False
        if not plan.optimizer.step(network.parameters, gradients.flat, plan.state, rate):
            return False

        correct = loss.correct(trace.output, targets)
        total = float(len(inputs)) if weight is None else float(weight.sum())
        totals.loss += value * total
        totals.weight += total
        totals.correct += 0 if correct is None else int(np.count_nonzero(correct))
        totals.samples += len(inputs)
        if plan.sums_penalty:
            before = 0.0 if totals.penalty_terms is None else totals.penalty_terms
            totals.penalty_terms = np.array([penalty * len(inputs)]) + before
        return True


def _dense(rows: Any) -> npt.NDArray[Any]:
    """Rows as an array, also when they are SciPy's sparse ones."""
    dense: npt.NDArray[Any] = rows.toarray() if hasattr(rows, "toarray") else rows
    return dense


def _masks(plan: Plan, steps: StepRange, step: int, n: int) -> list[Matrix | None] | None:
    """The dropout masks of one step, one a layer, none for the output layer."""
    if not any(plan.dropout):
        return None
    masks: list[Matrix | None] = [
        dropout_mask(
            dropout_key(steps.dropout_key, step, number),
            (n, layer.fan_out),
            rate,
            plan.network.dtype,
        )
        if rate
        else None
        for number, (layer, rate) in enumerate(zip(plan.network.layers, plan.dropout, strict=False))
    ]
    return [*masks, None]
