"""Looking into a fitted network: hidden activations, derivatives by inputs, worked solutions."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from chalknet.errors import ConfigurationError
from chalknet.estimators import links
from chalknet.estimators.fitted import FittedNetwork, engine_of
from chalknet.estimators.inputs import checked_rows
from chalknet.estimators.problem import UNCHANGED
from chalknet.model import Model
from chalknet.network import Network
from chalknet.operations.affine import Matrix
from chalknet.operations.losses import Loss
from chalknet.training.optimizers import SGD
from chalknet.training.validation import slices

if TYPE_CHECKING:
    from chalknet.explain.steps import Explanation

__all__ = ["Inspection"]


class Inspection(ClassNamePrefixFeaturesOutMixin, TransformerMixin, FittedNetwork):  # type: ignore[misc]
    """``transform``, ``input_gradient``, ``explain`` and ``to_model``."""

    transform_layer: int
    out_activation_: str
    n_outputs_: int
    _classes: Any

    def transform(self, X: Any) -> Matrix:
        """The activations of a hidden layer: the features that the network has learnt.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix (n, features)

        Returns
        -------
        array (n, width of the layer), or a frame if ``set_output`` asks for one
            Of the layer that ``transform_layer`` names, by default the last hidden one.

        Raises
        ------
        ConfigurationError
            There is no such hidden layer.
        """
        below = self._network_up_to(self._hidden_layer())
        return engine_of(self.n_threads).predict(below, UNCHANGED, self._rows(X))

    def input_gradient(self, X: Any, output: Any = None) -> Matrix:
        """How much each input moves each prediction: ∂prediction/∂X, by the backward sweep.

        For a classifier the predictions are the probabilities of its classes.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix (n, features)
        output : optional
            A class, or for a regressor the number of a target: then only its gradient is taken.

        Returns
        -------
        array (n, features), or (n, outputs, features)
            The second for several outputs of which none was chosen. Of two classes the gradient
            is that of the second's probability.

        Raises
        ------
        ConfigurationError
            There is no such output.
        """
        network, rows = self._current_network(), checked_rows(self, X)
        wanted, sign = self._wanted_outputs(output)
        jacobian = sign * _input_jacobian(network, self.out_activation_, rows, wanted)
        single: Matrix = jacobian[:, 0]
        return single if len(wanted) == 1 else jacobian

    def explain(
        self, x: Any, y: Any = None, *, learning_rate: float | None = None, **options: Any
    ) -> Explanation:
        """The worked solution of what the network makes of a sample, every line verified.

        Parameters
        ----------
        x : array-like (features,), or rows (n, features)
            Of several rows the solution is that of a batch.
        y : optional
            What is true, as in ``fit``, one a row: with it come the loss and its derivatives.
        learning_rate : float, optional
            With it comes a step of gradient descent too.
        **options
            As ``chalknet.explain`` takes them: ``digits``, ``exact``, ``notation`` …

        Returns
        -------
        Explanation
            Printed it is text; ``chalknet.explain.render`` makes LaTeX, HTML and workbooks of it.

        Raises
        ------
        ValueError
            x or y does not fit the network; or y is given, and the loss is one of your own.
        """
        from chalknet.explain.problem import Problem
        from chalknet.explain.walkthrough import explain

        if y is not None:
            self._require_explainable_loss()
        is_row = np.ndim(x) == 1
        rows = checked_rows(self, [x] if is_row else x)
        rows = rows.toarray() if hasattr(rows, "toarray") else rows
        if len(rows) == 1:
            rows = rows[0]
            y = y if y is None or is_row else np.asarray(y)[0]
        optimizer = None if learning_rate is None else SGD(learning_rate=learning_rate)
        title = f"Worked solution of {type(self).__name__}"
        problem = Problem.of_model(self.to_model(), rows, y, optimizer, title=title)
        return explain(problem, **options)

    def to_model(self) -> Model:
        """The network as a ``chalknet.Model``, to be saved, exported or explained.

        It has a copy of the weights, the classes, and the names of the features.
        """
        classes = getattr(self, "classes_", None)
        names = getattr(self, "feature_names_in_", None)
        return Model(
            self._current_network().copy(),
            self._loss_of_model(),
            UNCHANGED,
            # Text in an object array is text, which a file can hold.
            None if classes is None else np.asarray(classes.tolist()),
            feature_names=None if names is None else tuple(map(str, names)),
            multilabel=classes is not None and self._classes.multilabel,
            name=type(self).__name__,
        )

    @abstractmethod
    def _loss_of_model(self) -> Loss:
        """What gives the output its meaning."""

    def _require_explainable_loss(self) -> None:
        """Whether the loss of ``to_model`` is the one that is trained with."""

    def _wanted_outputs(self, output: Any) -> tuple[list[int], float]:
        """The outputs meant, and −1 for the first of two classes, which has none of its own."""
        if output is None:
            return list(range(self.n_outputs_)), 1.0
        known = list(getattr(self, "classes_", range(self.n_outputs_)))
        if output not in known:
            raise ConfigurationError(
                f"there is no output {output!r}: choose one of {', '.join(map(str, known[:20]))}."
            )
        place = known.index(output)
        if len(known) == 2 and self.n_outputs_ == 1:
            return [0], 1.0 if place else -1.0
        return [place], 1.0

    @property
    def _n_features_out(self) -> int:
        """The width of the layer that ``transform`` gives; scikit-learn names as many columns."""
        return int(self._current_network().layers[self._hidden_layer()].fan_out)

    def _hidden_layer(self) -> int:
        """The index of the layer that ``transform`` gives."""
        hidden = len(self._current_network().layers) - 1
        if not -hidden <= self.transform_layer < hidden:
            there = f"indices {-hidden} … {hidden - 1}" if hidden else "there is no hidden layer"
            raise ConfigurationError(
                f"transform_layer={self.transform_layer} is no hidden layer: {there}."
            )
        return self.transform_layer % hidden

    def _network_up_to(self, layer: int) -> Network:
        return Network(self._current_network().layers[: layer + 1])


def _input_jacobian(network: Network, link: str, X: Any, wanted: list[int]) -> Matrix:
    """∂aₖ/∂X for a = link(output), as (n, wanted, features), by one backward sweep for each k."""
    n, features = X.shape
    jacobian = np.empty((n, len(wanted), features), np.result_type(X.dtype, network.dtype))
    for rows in slices(n):
        some = X[rows]
        trace = network.forward(some.toarray() if hasattr(some, "toarray") else some)
        a = links.apply(link, trace.output)
        for place, k in enumerate(wanted):
            gradients = network.backward(trace, links.slopes(link, a, k))
            jacobian[rows, place] = gradients.dX
    return jacobian
