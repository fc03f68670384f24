"""The network behind ``coefs_`` and ``intercepts_``, which stay the truth: they may be replaced."""

from __future__ import annotations

import functools
import os
from typing import Any, cast

from chalknet.engine import Engine, as_engine
from chalknet.errors import ShapeError
from chalknet.estimators import links
from chalknet.estimators.inputs import are_plain_rows, checked_rows
from chalknet.estimators.problem import UNCHANGED
from chalknet.layers import Dense
from chalknet.network import Network
from chalknet.operations.activations import Activation
from chalknet.operations.affine import Matrix

__all__ = ["FittedNetwork", "engine_of"]


@functools.cache
def engine_of(n_threads: int | None) -> Engine:
    """The fastest engine here, on at most so many threads.

    ``None`` is all that are useful, but no more than ``OMP_NUM_THREADS`` says: so joblib tells its
    workers to share the cores.
    """
    if n_threads is None:
        told = os.environ.get("OMP_NUM_THREADS", "")
        n_threads = int(told) if told.isdecimal() and int(told) > 0 else None
    return as_engine("auto", n_threads)


class FittedNetwork:
    """Keeps a ``Network`` whose weights are ``coefs_`` and ``intercepts_``, and predicts with it.

    Code that writes into an array of ``coefs_``, or puts another in its place, changes what is
    predicted and where training goes on.
    """

    n_threads: int | None
    n_features_in_: int
    out_activation_: str
    coefs_: list[Matrix]
    intercepts_: list[Any]
    _network: Network | None
    _activations: tuple[Activation, ...]

    def _adopt(self, network: Network) -> None:
        """Make the network's weights those of the estimator."""
        self._network = network
        self._activations = tuple(layer.activation for layer in network.layers)
        self.coefs_ = [layer.W for layer in network.layers]
        self.intercepts_ = [layer.b for layer in network.layers]
        self.n_layers_ = len(network.layers) + 1

    def _current_network(self) -> Network:
        """The network with the weights as they are now."""
        network = self.__dict__.get("_network")
        if network is not None:
            # Mostly nothing has been replaced: the arrays are still the network's own.
            for layer, W, b in zip(network.layers, self.coefs_, self.intercepts_, strict=False):
                if layer.W is not W or layer.b is not b:
                    break
            else:
                if len(self.coefs_) == len(self.intercepts_) == len(network.layers):
                    return network  # type: ignore[no-any-return]
        return self._network_of_weights()

    def _network_of_weights(self) -> Network:
        if "coefs_" not in self.__dict__:
            from sklearn.utils.validation import check_is_fitted

            check_is_fitted(self)
        if not len(self.coefs_) == len(self.intercepts_) == len(self._activations):
            raise ShapeError(
                f"coefs_ and intercepts_ must have an array for each of the "
                f"{len(self._activations)} layers, but have {len(self.coefs_)} and "
                f"{len(self.intercepts_)}."
            )
        self._adopt(
            Network(
                Dense(W, b, activation)
                for W, b, activation in zip(
                    self.coefs_, self.intercepts_, self._activations, strict=True
                )
            )
        )
        return self._network  # type: ignore[return-value]

    def _output(self, X: Any) -> Matrix:
        """The network's output (n, K) for rows as people pass them."""
        network = self._current_network()
        return engine_of(self.n_threads).predict(network, UNCHANGED, self._rows(X))

    def _response(self, X: Any) -> Matrix:
        """What is predicted: the link's response to the output."""
        network = self._current_network()
        link = links.LINKS[self.out_activation_]
        return engine_of(self.n_threads).predict(network, UNCHANGED, self._rows(X), link)

    def _rows(self, X: Any) -> Any:
        """Rows of floats, checked unless it can be seen at once that there is nothing to check."""
        named = "feature_names_in_" in self.__dict__
        if not named and are_plain_rows(X, self.n_features_in_):
            return X
        return checked_rows(self, X)

    def __getstate__(self) -> dict[str, Any]:
        # The network is made again from the weights: so they are stored once, and stay its views.
        state = dict(cast("dict[str, Any]", super().__getstate__()))
        if "_network" in state:
            state["_network"] = None
        return state
