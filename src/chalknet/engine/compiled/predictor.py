"""Prediction: a workspace that only looks forward."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from chalknet.data.preprocessing import Preprocessing
from chalknet.engine.compiled import layout as at
from chalknet.engine.compiled.formulas import UntraceableError
from chalknet.engine.compiled.kernels import map_kernel, network_kernel
from chalknet.engine.compiled.threads import run_team
from chalknet.engine.compiled.workspace import KINDS, Array, Workspace, address_of
from chalknet.engine.plan import not_finite
from chalknet.network import Network
from chalknet.operations.losses import ElementwiseLoss, Loss, SoftmaxCrossEntropy
from chalknet.operations.losses.cross_entropy import exp_below

__all__ = ["Predictor"]

FEW = 24  # rows: up to so many, weights are read where they are instead of being put in panels
MANY = 1 << 30
OPERATIONS_A_THREAD = 4_000_000


class Predictor(Workspace):
    """Predictions of one network for rows of one kind.

    Parameters
    ----------
    network : Network
    preprocessing : Preprocessing
    kind : dtype
        That of the raw rows. float64 rows compute in float64, whatever the network's type.
    loss : Loss or None
        Whose response to the output is wanted; None for the output itself.

    Raises
    ------
    UntraceableError
        Something in the network is not of a kind that kernels know.
    """

    def __init__(
        self,
        network: Network,
        preprocessing: Preprocessing,
        kind: np.dtype[Any],
        loss: Loss | None,
    ) -> None:
        wide = kind.kind == "f" and kind.itemsize >= 8
        super().__init__(network, np.result_type(network.dtype, np.float64 if wide else np.float32))
        self.place_preprocessing(preprocessing)
        # What the engine tells predictors apart by must not be forgotten while this one is kept.
        self._meant_for = preprocessing, loss
        self._respond = self._place_response(loss)
        self._kernel = network_kernel(self.dtype)
        self._parameters: Array | None = None
        self._placed_for = ""
        # Few rows are copied to a place that the kernel knows, and what it makes of them back:
        # to ask an array for its address takes longer than to copy a row.
        raw = kind.char if kind.char in KINDS else np.float64
        self._few_rows = np.zeros((FEW, self.widths[0]), raw)
        self._few_result = np.zeros((FEW, self.widths[-1]), self.dtype)
        self._of_rows = [(self._few_rows[:n], self._few_result[:n]) for n in range(FEW + 1)]

    def __call__(
        self,
        network: Network,
        X: Any,
        team: Callable[[int], AbstractContextManager[int]],
        part: range | None = None,
    ) -> Array:
        """The response (n, K) to raw rows; ``team`` says how many threads of those useful to use.

        Of many rows it may be asked for a ``part``.

        Raises
        ------
        DataFormatError
            ``X`` holds a NaN or an infinity.
        """
        n = X.shape[0]
        few = n <= FEW
        rows = "few" if few else "array" if isinstance(X, np.ndarray) else "sparse"
        if rows is not self._placed_for:
            self._placed_for = rows
            self._place_for(few, X)
        if network.parameters is not self._parameters:
            self._place_flat(network.parameters)
        result = self._of_few(X, n) if few else self._of_many(X, part or range(n), network, team)
        if self.barrier_words[at.FLAWED]:
            raise not_finite()
        return result if self._respond is None else self._respond(result)

    def _of_few(self, X: Any, n: int) -> Array:
        rows, result = self._of_rows[n]
        rows[...] = X if isinstance(X, np.ndarray) else X.toarray()
        self.words[at.LAST] = n
        self._kernel(self.address, 0)
        copied: Array = result.copy()
        return copied

    def _of_many(
        self,
        X: Any,
        part: range,
        network: Network,
        team: Callable[[int], AbstractContextManager[int]],
    ) -> Array:
        if not isinstance(X, np.ndarray):
            X = X.tocsr()
            if not np.isfinite(X.data[X.indptr[part.start] : X.indptr[part.stop]]).all():
                raise not_finite()
        self.place_rows(X)
        result = np.empty((len(part), self.widths[-1]), self.dtype)
        words = self.words
        words[at.FIRST], words[at.LAST] = part.start, part.stop
        # Where row 0 would be: the kernel counts from there.
        words[at.RESULT] = address_of(result) - part.start * result.strides[0]
        useful = 1 + 2 * len(part) * len(network.parameters) // OPERATIONS_A_THREAD

        def prepare(size: int) -> tuple[Any, int]:
            self.place_threads(size, columns=False)
            return (lambda thread: self._kernel(self.address, thread)), self.abort_address

        with team(useful) as size:
            run_team(size, prepare)
        return result

    def _place_for(self, few: bool, X: Any) -> None:
        """Room for few rows, or for many of this kind."""
        if few:
            self.place_slice(FEW, "sparse", training=False)
        else:
            self.place_slice(MANY, self.way_with_zeros(X, MANY), training=False)
        self.point("TOPS", np.zeros(self.get("SLICE") * self.widths[-1], self.dtype))
        self.set("FEW", few)
        if few:
            self.place_threads(1, columns=False)
            self.place_rows(self._few_rows)
            self.set("RESULT", address_of(self._few_result))

    def _place_flat(self, parameters: Array) -> None:
        """Enter where the parameters are, or a copy in the type that is computed in."""
        if parameters.dtype != self.dtype:
            parameters = parameters.astype(self.dtype)
        else:
            self._parameters = parameters
        self.point("FLAT", parameters)

    def _place_response(self, loss: Loss | None) -> Callable[[Array], Array] | None:
        """Have the kernel apply the loss's response; or give what is to do so after it."""
        self.point("LOSS_PARAMETERS", np.zeros(1))
        if loss is None:
            return None
        try:
            if type(loss).predict is SoftmaxCrossEntropy.predict:
                self.set("RESPONSE", map_kernel(exp_below, self.dtype, real=2))
                self.set("RESPONSE_KIND", 2)
                return None
            if isinstance(loss, ElementwiseLoss) and type(loss).predict is ElementwiseLoss.predict:
                self.set("RESPONSE", map_kernel(type(loss).response, self.dtype, real=1))
                self.set("RESPONSE_KIND", 1)
                return None
        except UntraceableError:
            pass
        return loss.predict
