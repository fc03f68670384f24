"""A small network on paper: weights, one sample or a batch, targets, a loss and an update rule.

Rows of ``weights`` are neurons, as people write them (the network itself keeps the transpose), and
numbers keep the form in which they came: written ones are exact ``Fraction``s, those of a trained
model float64.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import ConfigurationError, ShapeError, TargetError
from chalknet.explain.numerals import Array, exact_array, parse_number
from chalknet.operations.activations import Activation, as_activation
from chalknet.operations.losses import Loss, as_loss
from chalknet.training.optimizers import Optimizer

if TYPE_CHECKING:
    from chalknet.model import Model

__all__ = ["OUTPUT_FUNCTIONS", "Layer", "Problem", "read_problem"]

# What the loss itself makes of the output layer: people write it as that layer's activation.
OUTPUT_FUNCTIONS: Mapping[str, str] = {
    "softmax_cross_entropy": "softmax",
    "sigmoid_cross_entropy": "sigmoid",
    "poisson": "exp",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """One layer as on paper: a neuron a row.

    Parameters
    ----------
    weights : array (fan_out, fan_in)
        Floats, or anything ``parse_number`` reads, which becomes Fractions.
    bias : array (fan_out,)
    activation : Activation or str

    Raises
    ------
    ShapeError, ConfigurationError, DataFormatError
        Shapes do not fit, the activation is unknown, or an entry is no finite number.
    """

    weights: Array
    bias: Array
    activation: Activation

    def __init__(
        self,
        *,
        weights: npt.ArrayLike,
        bias: npt.ArrayLike,
        activation: Activation | str = "identity",
    ) -> None:
        W, b = exact_array(weights), exact_array(bias)
        if W.ndim != 2 or W.size == 0:
            raise ShapeError(
                f"weights must be rows of numbers, one row a neuron, but have shape {W.shape}."
            )
        if b.shape != (len(W),):
            raise ShapeError(
                f"the layer has {len(W)} neurons (rows of weights), so bias must have shape "
                f"({len(W)},), not {b.shape}."
            )
        object.__setattr__(self, "weights", W)
        object.__setattr__(self, "bias", b)
        object.__setattr__(self, "activation", as_activation(activation))

    @property
    def fan_in(self) -> int:
        """How many inputs each neuron has."""
        return int(self.weights.shape[1])

    @property
    def fan_out(self) -> int:
        """How many neurons the layer has."""
        return int(self.weights.shape[0])


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """What is to be worked out: a forward pass and, as far as it is given, loss and update.

    Parameters
    ----------
    layers : sequence of Layer
    inputs : array (fan_in,) for one sample, or (n, fan_in) for a batch
        Kept as (n, fan_in); ``single`` tells which it was.
    targets : array (K,), or (n, K) for a batch, optional
        Kept as (n, K). Without it only the forward pass is worked out.
    loss : Loss or str, optional
        Needed with ``targets``.
    optimizer : Optimizer, optional
        Its coefficients may be Fractions. Without it there is no update.
    sample_weight : array (n,), optional
    l2 : number
        λ of the penalty ½ λ Σ W².
    title : str

    Raises
    ------
    ShapeError, TargetError, ConfigurationError, DataFormatError
        Something does not fit, or a target has a value the loss cannot take.

    Examples
    --------
    >>> problem = Problem(
    ...     layers=[Layer(weights=[[1, -2], ["1/2", 1]], bias=[0, 1], activation="relu")],
    ...     inputs=[3, 1])
    >>> problem.single, problem.widths
    (True, [2, 2])
    """

    layers: tuple[Layer, ...]
    inputs: Array
    targets: Array | None = None
    loss: Loss | None = None
    optimizer: Optimizer | None = None
    sample_weight: Array | None = None
    l2: Any = 0
    single: bool = dataclasses.field(init=False)
    title: str = ""

    def __post_init__(self) -> None:
        self._keep("layers", tuple(self.layers))
        self._check_layers()
        X = exact_array(self.inputs)
        if X.ndim not in (1, 2) or 0 in X.shape or X.shape[-1] != self.layers[0].fan_in:
            raise ShapeError(
                f"layer 1 takes {self.layers[0].fan_in} inputs, but input has shape {X.shape}."
            )
        self._keep("single", X.ndim == 1)
        self._keep("inputs", X.reshape(-1, X.shape[-1]))
        self._keep("l2", parse_number(self.l2))
        if self.l2 < 0:
            raise ConfigurationError(f"l2 must be a number ≥ 0, not {self.l2}.")
        if (self.targets is None) != (self.loss is None):
            raise ConfigurationError("targets and loss go together: give both, or neither.")
        if self.targets is not None and self.loss is not None:
            self._keep("loss", as_loss(self.loss))
            self._check_targets(exact_array(self.targets), self.loss)

    def _keep(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _check_layers(self) -> None:
        if not self.layers:
            raise ConfigurationError("a problem needs at least one layer, but none was given.")
        for number, (below, above) in enumerate(itertools.pairwise(self.layers), start=2):
            if below.fan_out != above.fan_in:
                raise ShapeError(
                    f"layer {number - 1} has {below.fan_out} neurons, so every row of weights of "
                    f"layer {number} must have {below.fan_out} numbers, not {above.fan_in}."
                )

    def _check_targets(self, T: Array, loss: Loss) -> None:
        n, K = len(self.inputs), self.layers[-1].fan_out
        expected = (K,) if self.single else (n, K)
        if T.shape != expected and not (K == 1 and T.shape == (n,)):
            samples = "one sample" if self.single else f"{n} samples"
            raise ShapeError(
                f"{samples} and an output layer of {K} neurons take targets of shape {expected}, "
                f"not {T.shape}."
            )
        self._keep("targets", T.reshape(n, K))
        weight = None if self.sample_weight is None else exact_array(self.sample_weight)
        self._keep("sample_weight", weight)
        if weight is not None and not np.any(weight):
            raise TargetError("the sample weights are all zero: give some sample one above 0.")
        rows = self._sums_of_probabilities(loss)
        if any(total != 1 for total in rows):
            number = next(place for place, total in enumerate(rows, start=1) if total != 1)
            which = "target" if self.single else f"target row {number}"
            raise TargetError(
                f"{which} must be probabilities that add up to 1, but they add up to "
                f'{rows[number - 1]}; thirds are written "1/3".'
            )
        # The loss says whether it can take the values of the targets and of the weights.
        floats = None if weight is None else weight.astype(np.float64)
        loss.value_and_grad(np.zeros((n, K)), T.reshape(n, K).astype(np.float64), floats)

    def _sums_of_probabilities(self, loss: Loss) -> list[Fraction]:
        """What each sample's target adds up to, where it is written and must be 1."""
        if loss.name != "softmax_cross_entropy" or self.targets is None:
            return []
        return list(self.targets.sum(axis=1)) if self.targets.dtype == object else []

    @property
    def widths(self) -> list[int]:
        """Layer widths, from the inputs to the outputs."""
        return [self.layers[0].fan_in, *(layer.fan_out for layer in self.layers)]

    @property
    def output_function(self) -> str | None:
        """What the loss makes of the output layer, "softmax" say; None where it takes it as is."""
        return None if self.loss is None else OUTPUT_FUNCTIONS.get(self.loss.name)

    @classmethod
    def of_model(
        cls,
        model: Model,
        x: npt.ArrayLike,
        target: Any = None,
        optimizer: Optimizer | None = None,
        *,
        l2: float = 0.0,
        title: str = "",
    ) -> Problem:
        """The problem of a trained model and a raw row, or rows, of data, in float64.

        Parameters
        ----------
        model : Model
        x : array (features,) or (n, features)
            As the model's ``predict`` takes it; preprocessed here.
        target : label, number or array, or one a row, optional
            As in the model's data: a class label, marks of labels, or numbers.
        optimizer : Optimizer, optional
        l2 : float

        Raises
        ------
        ShapeError, TargetError
            The row or the target does not fit the model.
        """
        from chalknet.explain.trained import encode

        inputs, targets = encode(model, x, target)
        return cls(
            layers=tuple(
                Layer(weights=layer.W.T, bias=layer.b, activation=layer.activation)
                for layer in model.network.layers
            ),
            inputs=inputs,
            targets=targets,
            loss=None if targets is None else model.loss,
            optimizer=optimizer,
            l2=l2,
            title=title,
        )

    def to_toml(self) -> str:
        """The problem as the TOML file that ``read_problem`` reads back to the same numbers."""
        from chalknet.explain.problem_text import written

        return written(self)


def read_problem(path: str | os.PathLike[str]) -> Problem:
    """The problem in a TOML file.

    Raises
    ------
    DataNotFoundError
        There is no such file.
    DataFormatError, ShapeError, TargetError, ConfigurationError
        It is no TOML, or something in it is wrong: the message names the file and the place.
    """
    from chalknet.explain.problem_file import read

    return read(path)
