"""The network: dense layers, the forward sweep and the backward sweep, each written once.

forward, l = 1 … L:    Zₗ = Aₗ₋₁ Wₗ + bₗ,     Aₗ = fₗ(Zₗ),     A₀ = X
backward, l = L … 1:   dZₗ = dAₗ ∘ fₗ′(Zₗ),   dWₗ = Aₗ₋₁ᵀ dZₗ,   dbₗ = Σₙ dZₗ,   dAₗ₋₁ = dZₗ Wₗᵀ
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import ConfigurationError, ShapeError
from chalknet.layers import Dense, Gradients, Trace
from chalknet.operations.activations import Activation, as_activation
from chalknet.operations.affine import Matrix, Vector, affine, affine_backward
from chalknet.operations.dropout import dropout, dropout_backward
from chalknet.operations.initializers import Initializer, as_initializer
from chalknet.operations.precision import is_exact

__all__ = ["Dense", "Gradients", "Network", "Trace"]


class Network:
    """A stack of dense layers whose parameters are one flat vector.

    ``parameters`` holds W₁, b₁, W₂, b₂, … one after the other, each W row by row;
    ``layers[l].W`` and ``.b`` are views of it, so writing into either changes the network.

    Parameters
    ----------
    layers : iterable of Dense
        Copied. All become the widest float type among them.

    Raises
    ------
    ConfigurationError
        There is no layer.
    ShapeError
        A layer's fan_in is not the fan_out of the layer before.

    Examples
    --------
    The first two layers of a step by hand (course usc, question 1), weights as (fan_in, fan_out):

    >>> net = Network([Dense([[1., 3.], [-2., 4.], [1., -2.]], [1., -2.], "relu"),
    ...                Dense([[1., 3.], [-2., 4.]], [1., 0.], "relu")])
    >>> trace = net.forward([[1., -1., 1.]])
    >>> trace.pre_activations
    [array([[ 5., -5.]]), array([[ 6., 15.]])]
    >>> net.backward(trace, np.array([[0., 1.]])).dZ
    [array([[3., 0.]]), array([[0., 1.]])]
    """

    layers: tuple[Dense, ...]
    parameters: Vector

    def __init__(self, layers: Iterable[Dense]) -> None:
        given = list(layers)
        if not given:
            raise ConfigurationError("a network needs at least one layer, but none was given.")
        for number, (below, above) in enumerate(itertools.pairwise(given), start=1):
            if below.fan_out != above.fan_in:
                raise ShapeError(
                    f"layer {number} has fan_out={below.fan_out}, so layer {number + 1} must have "
                    f"fan_in={below.fan_out}, but its W has shape {above.W.shape}."
                )
        dtype = np.result_type(*(array for layer in given for array in (layer.W, layer.b)))
        self.parameters = np.concatenate(
            [array.ravel() for layer in given for array in (layer.W, layer.b)]
        ).astype(dtype)
        self._shapes = [layer.W.shape for layer in given]
        self.layers = tuple(
            Dense(W, b, layer.activation)
            for (W, b), layer in zip(self.views(self.parameters), given, strict=True)
        )

    @classmethod
    def dense(
        cls,
        widths: Sequence[int],
        *,
        activation: str | Activation | Sequence[str | Activation] = "relu",
        output_activation: str | Activation = "identity",
        init: str | Initializer = "he_normal",
        rng: np.random.Generator,
        dtype: npt.DTypeLike = np.float32,
    ) -> Network:
        """A network of the given layer widths with weights drawn from ``rng``, layer after layer.

        Parameters
        ----------
        widths : sequence of int
            From the inputs to the outputs: ``[784, 256, 10]``.
        activation : name, Activation, or one a hidden layer
        output_activation : name or Activation
            ``identity`` with the cross entropies, which take logits.
        init : name or Initializer
        rng : numpy.random.Generator
        dtype : float32 or float64

        Raises
        ------
        ConfigurationError
            A width is not a positive integer, a name is unknown, or the number of activations is
            not the number of hidden layers.

        >>> Network.dense([4, 3, 2], rng=np.random.default_rng(0)).parameters.shape
        (23,)
        """
        checked = [_checked_width(width) for width in widths]
        if len(checked) < 2:
            raise ConfigurationError(f"widths need at least inputs and outputs, but are {checked}.")
        hidden = len(checked) - 2
        if isinstance(activation, str | Activation):
            activation = [activation] * hidden
        if len(activation) != hidden:
            raise ConfigurationError(
                f"hidden layers: {hidden}, but activations: {len(activation)}: "
                "give one for all, or one a hidden layer."
            )
        dtype = np.dtype(dtype)
        if dtype not in (np.float32, np.float64):
            raise ConfigurationError(f"dtype must be float32 or float64, not {dtype}.")
        functions = [as_activation(name) for name in (*activation, output_activation)]
        scheme = as_initializer(init)
        layers = []
        for fan_in, fan_out, function in zip(checked[:-1], checked[1:], functions, strict=True):
            W, b = scheme(rng, fan_in, fan_out)
            layers.append(Dense(W.astype(dtype), b.astype(dtype), function))
        return cls(layers)

    def __reduce__(self) -> tuple[type[Network], tuple[tuple[Dense, ...]]]:
        # Copied or pickled piece by piece, the layers would no longer be views of ``parameters``.
        return type(self), (self.layers,)

    @property
    def widths(self) -> list[int]:
        """Layer widths, from the inputs to the outputs."""
        return [self.layers[0].fan_in, *(layer.fan_out for layer in self.layers)]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The float type of the parameters."""
        return self.parameters.dtype

    def views(self, flat: Vector) -> list[tuple[Matrix, Vector]]:
        """(W, b) of every layer, as views of a flat vector laid out like ``parameters``."""
        pairs, start = [], 0
        for fan_in, fan_out in self._shapes:
            middle, end = start + fan_in * fan_out, start + (fan_in + 1) * fan_out
            pairs.append((flat[start:middle].reshape(fan_in, fan_out), flat[middle:end]))
            start = end
        return pairs

    def forward(self, X: npt.ArrayLike, *, masks: Sequence[Matrix | None] | None = None) -> Trace:
        """The forward sweep, recorded.

        Parameters
        ----------
        X : array (n, fan_in)
            float64 inputs compute in float64, whatever the network's dtype.
        masks : sequence, one a layer, optional
            Dropout masks (n, fan_out), None where nothing is dropped.

        Raises
        ------
        ShapeError
            ``X`` does not have fan_in columns, or a mask not the shape of its layer.
        """
        inputs = self._checked_inputs(X)
        trace = Trace(inputs, [], [], self._checked_masks(masks, len(inputs)))
        self._sweep(inputs, trace)
        return trace

    def output(self, X: npt.ArrayLike) -> Matrix:
        """The output (n, K) of the forward sweep, without keeping what lies between."""
        return self._sweep(self._checked_inputs(X), None)

    def _sweep(self, A: Matrix, trace: Trace | None) -> Matrix:
        for number, layer in enumerate(self.layers):
            Z = affine(A, layer.W, layer.b)
            A = layer.activation(Z)
            if trace is not None:
                mask = trace.masks[number]
                A = A if mask is None else dropout(A, mask)
                trace.pre_activations.append(Z)
                trace.activations.append(A)
        return A

    def backward(
        self, trace: Trace, d_output: npt.ArrayLike, *, input_gradient: bool = True
    ) -> Gradients:
        """The backward sweep: all gradients from ∂loss/∂output.

        Parameters
        ----------
        trace : Trace
            From ``forward`` with the same parameters.
        d_output : array (n, K)
            ∂loss/∂output, as ``loss.value_and_grad`` gives it.
        input_gradient : bool
            Whether ``dX`` is wanted; training does not need it.

        Raises
        ------
        ShapeError
            ``d_output`` does not have the shape of the output.
        """
        dA = np.asarray(d_output)
        if dA.shape != trace.output.shape:
            raise ShapeError(
                f"d_output must have the output's shape {trace.output.shape}, not {dA.shape}."
            )
        flat = np.empty(len(self.parameters), np.result_type(self.parameters, trace.output))
        pairs = self.views(flat)
        dZ: list[Matrix] = [dA] * len(self.layers)
        dX: Matrix | None = None
        for number in reversed(range(len(self.layers))):
            layer, mask = self.layers[number], trace.masks[number]
            dA = dA if mask is None else dropout_backward(dA, mask)
            dZ[number] = layer.activation.backward(dA, trace.pre_activations[number])
            below = trace.activations[number - 1] if number else trace.inputs
            dW, db = pairs[number]
            if number or input_gradient:
                dA, dW[...], db[...] = affine_backward(dZ[number], below, layer.W)
            else:
                dW[...], db[...] = below.T @ dZ[number], dZ[number].sum(axis=0)
            dX = dA
        return Gradients(
            dZ,
            [dW for dW, _ in pairs],
            [db for _, db in pairs],
            dX if input_gradient else None,
            flat,
        )

    def copy(self) -> Network:
        """A network with its own copy of the parameters."""
        return Network(self.layers)

    def summary(self) -> str:
        """A table of the layers: shape, activation, parameters.

        >>> print(Network.dense([784, 32, 10], rng=np.random.default_rng(0)).summary())
        layer     shape        activation    parameters
        ───────────────────────────────────────────────
        1         784 → 32     relu              25,120
        2         32 → 10      identity             330
        ───────────────────────────────────────────────
        total                                    25,450
        """
        rows = [
            (str(number), f"{layer.fan_in} → {layer.fan_out}", layer.activation.spec)
            for number, layer in enumerate(self.layers, start=1)
        ]
        shape = max(12, *(len(row[1]) + 1 for row in rows))
        name = max(13, *(len(row[2]) + 1 for row in rows))
        lines = [f"{'layer':<10}{'shape':<{shape}} {'activation':<{name}}{'parameters':>11}"]
        rule = "─" * len(lines[0])
        lines.append(rule)
        for (number, widths, function), layer in zip(rows, self.layers, strict=True):
            size = layer.W.size + layer.b.size
            lines.append(f"{number:<10}{widths:<{shape}} {function:<{name}}{size:>11,}")
        total = f"{len(self.parameters):,}"
        return "\n".join([*lines, rule, f"{'total':<10}{total:>{len(rule) - 10}}"])

    def __repr__(self) -> str:
        functions = ", ".join(layer.activation.spec for layer in self.layers)
        return f"<Network {'-'.join(map(str, self.widths))}: {functions}; {self.dtype}>"

    def _checked_inputs(self, X: npt.ArrayLike) -> Matrix:
        inputs = np.asarray(X)
        fan_in = self.layers[0].fan_in
        if inputs.ndim != 2:
            raise ShapeError(
                f"X must have shape (n, {fan_in}), one row a sample, but has shape {inputs.shape}."
            )
        if inputs.shape[1] != fan_in:
            raise ShapeError(
                f"X has {inputs.shape[1]} columns but layer 1 has fan_in={fan_in}: "
                f"pass inputs with {fan_in} columns."
            )
        as_it_is = inputs.dtype.kind == "f" or is_exact(inputs)
        return inputs if as_it_is else inputs.astype(self.dtype)

    def _checked_masks(self, masks: Sequence[Matrix | None] | None, n: int) -> list[Matrix | None]:
        given: list[Matrix | None] = [None] * len(self.layers)
        given = given if masks is None else list(masks)
        if len(given) != len(self.layers):
            raise ShapeError(
                f"masks must be one a layer, None included: {len(self.layers)}, not {len(given)}."
            )
        for number, (layer, mask) in enumerate(zip(self.layers, given, strict=True), start=1):
            if mask is not None and mask.shape != (n, layer.fan_out):
                raise ShapeError(
                    f"the mask of layer {number} must have shape ({n}, {layer.fan_out}), "
                    f"not {mask.shape}."
                )
        return given


def _checked_width(width: int) -> int:
    try:
        whole = int(width) if int(width) == width and not isinstance(width, bool) else 0
    except (TypeError, ValueError, OverflowError):  # a name, a NaN, an infinity
        whole = 0
    if whole < 1:
        raise ConfigurationError(f"a layer's width must be a positive integer, not {width!r}.")
    return whole
