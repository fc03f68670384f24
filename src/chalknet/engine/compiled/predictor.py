"""Prediction: a workspace that only looks forward."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from chalknet.data.preprocessing import Preprocessing
from chalknet.engine.compiled import layout as at
from chalknet.engine.compiled.kernels import network_kernel
from chalknet.engine.compiled.threads import run_team
from chalknet.engine.compiled.workspace import Array, Workspace, address_of
from chalknet.network import Network

__all__ = ["Predictor"]

FEW = 8  # rows: below, weights are read where they are instead of being put in panels
OPERATIONS_A_THREAD = 4_000_000


class Predictor(Workspace):
    """Outputs of one network for rows of one kind."""

    def __init__(
        self, network: Network, preprocessing: Preprocessing, dtype: np.dtype[Any]
    ) -> None:
        super().__init__(network, dtype)
        self.place_preprocessing(preprocessing)
        self.preprocessing = preprocessing
        self._few: bool | None = None
        self._parameters: Array | None = None
        self._kernel = network_kernel(dtype)

    def __call__(
        self, network: Network, X: Any, team: Callable[[int], AbstractContextManager[int]]
    ) -> Array:
        """The output (n, K) for raw rows; ``team`` says how many threads of those useful to use."""
        n, words = X.shape[0], self.words
        few = n <= FEW
        if few != self._few:
            self._few = few
            self.place_slice(FEW if few else 1 << 30, sparse=few, training=False)
            words[at.FEW] = few
            if few:
                self.place_threads(1, columns=False)
        self.place_rows(X)
        self._place_flat(network.parameters)
        output = np.empty((n, self.widths[-1]), self.dtype)
        words[at.LAST] = n
        words[at.RESULT] = address_of(output)
        if few:
            self._kernel(self.address, 0)
            return output
        useful = 1 + 2 * n * len(network.parameters) // OPERATIONS_A_THREAD

        def prepare(size: int) -> tuple[Any, int]:
            self.place_threads(size, columns=False)
            return (lambda thread: self._kernel(self.address, thread)), self.abort_address

        with team(useful) as size:
            run_team(size, prepare)
        return output

    def _place_flat(self, parameters: Array) -> None:
        """Enter where the parameters are, or a copy in the type that is computed in."""
        if parameters.dtype != self.dtype:
            parameters = parameters.astype(self.dtype)
        if parameters is not self._parameters:
            self._parameters = parameters
            self.point("FLAT", parameters)
