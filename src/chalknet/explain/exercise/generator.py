"""Networks to be worked out by hand: small numbers, nothing dead, nothing saturated, no doubles.

Numbers are drawn layer by layer, and a layer is drawn again until what comes out of it can be
calculated with; at last the whole working is looked at. The same recipe and seed always make the
same exercise.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from chalknet.errors import ConfigurationError
from chalknet.explain.numerals import Array
from chalknet.explain.problem import OUTPUT_FUNCTIONS, Layer, Problem
from chalknet.explain.solution import solve
from chalknet.operations.activations import as_activation
from chalknet.operations.losses import as_loss
from chalknet.training.optimizers import Optimizer, as_optimizer

__all__ = ["Recipe", "make_exercise"]

ATTEMPTS = 400  # whole networks
TRIES = 200  # draws of one layer
LARGEST = 15  # of a pre-activation, in size
# The largest denominator before the update; the second where the first cannot be had.
DENOMINATORS = (64, 4096)
RATES = tuple(Fraction(1, k) for k in (2, 4, 5, 10))
WIDEST = 12
# Weights to draw from, from the usual ones to those that keep a wide layer's sums small.
WEIGHTS: tuple[tuple[Any, ...], ...] = (
    (-3, -2, -1, 1, 2, 3),
    (-2, -1, -Fraction(1, 2), Fraction(1, 2), 1, 2),
    (-1, -Fraction(1, 2), Fraction(1, 2), 1),
    (-1, -Fraction(1, 2), 0, Fraction(1, 2), 1),
    (-Fraction(1, 2), -Fraction(1, 4), 0, Fraction(1, 4), Fraction(1, 2)),
)
RATIONAL = ("identity", "relu", "leaky_relu", "step")
# Functions whose kink or jump splits neurons in live and dead ones.
ONE_SIDED = ("relu", "step")
SATURATING = ("sigmoid", "tanh")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What an exercise is to be like.

    Attributes
    ----------
    widths : tuple of int
        From the inputs to the outputs, each from 1 to 12.
    activation : str, or tuple of str
        Of the hidden layers: one for all, or one a layer.
    loss : str
    samples : int
        1 for one sample; more make a batch.
    optimizer : str
    nice : bool
        Small whole numbers and simple fractions; without it, decimals with one digit.

    Raises
    ------
    ConfigurationError
        A width, a name or a number is not possible.
    """

    widths: tuple[int, ...] = (2, 3, 2)
    activation: str | tuple[str, ...] = "relu"
    loss: str = "softmax_cross_entropy"
    samples: int = 1
    optimizer: str = "sgd"
    nice: bool = True

    def __post_init__(self) -> None:
        if len(self.widths) < 2 or not all(1 <= width <= WIDEST for width in self.widths):
            raise ConfigurationError(
                f"layers must be at least two widths from 1 to {WIDEST}, such as 2,3,2, not "
                f"{','.join(map(str, self.widths))}: more cannot be worked out by hand."
            )
        if not 1 <= self.samples <= 10:
            raise ConfigurationError(f"samples must be from 1 to 10, not {self.samples}.")
        if self.loss == "softmax_cross_entropy" and self.widths[-1] == 1:
            raise ConfigurationError(
                "a softmax over one output is always 1: give the last layer 2 neurons or more, or "
                "take --loss sigmoid_cross_entropy."
            )
        as_loss(self.loss)
        as_optimizer(self.optimizer)
        self.activations()

    def activations(self) -> list[str]:
        """The hidden layers' activations, one each."""
        hidden = len(self.widths) - 2
        given = [self.activation] if isinstance(self.activation, str) else [*self.activation]
        names = given * hidden if len(given) == 1 else given
        if len(names) != hidden:
            layers = "is 1 hidden layer" if hidden == 1 else f"are {hidden} hidden layers"
            raise ConfigurationError(
                f"there {layers} but {len(names)} activations: give one for all, or one a hidden "
                "layer."
            )
        for name in given:
            as_activation(name)
        return names


def make_exercise(recipe: Recipe, seed: int | Sequence[int], *, title: str = "Exercise") -> Problem:
    """A problem to be worked out by hand.

    Parameters
    ----------
    recipe : Recipe
    seed : int or ints
    title : str

    Raises
    ------
    ConfigurationError
        No friendly numbers were found for such a network.

    >>> problem = make_exercise(Recipe(widths=(2, 2, 2)), seed=7)
    >>> problem.widths
    [2, 2, 2]
    """
    rng = np.random.default_rng(seed)
    for attempt in range(ATTEMPTS):
        problem = _drawn(recipe, rng, title)
        limit = DENOMINATORS[attempt >= ATTEMPTS // 8]
        if problem is not None and _is_friendly(recipe, problem, limit):
            return problem
    raise ConfigurationError(
        f"no friendly numbers were found for layers {','.join(map(str, recipe.widths))}, "
        f"{', '.join(recipe.activations())}: take fewer or narrower layers, fewer samples, or "
        "--plain numbers."
    )


def _drawn(recipe: Recipe, rng: np.random.Generator, title: str) -> Problem | None:
    """One network, with each layer drawn until it is friendly; None if one never is."""
    X = _inputs(recipe, rng)
    layers: list[Layer] = []
    names = [*recipe.activations(), "identity"]
    A = X.astype(float)
    for number, name in enumerate(names):
        last = number == len(names) - 1
        for attempt in range(TRIES):
            layer = _layer(recipe, rng, number, name, shrink=4 * attempt // TRIES)
            values = solve(Problem(layers=(layer,), inputs=A)).values
            if _layer_is_friendly(recipe, values["z1"], name, last=last):
                layers.append(layer)
                A = values["a1"]
                break
        else:
            return None
    rate = rng.choice(len(RATES))
    return Problem(
        layers=tuple(layers),
        inputs=X[0] if recipe.samples == 1 else X,
        targets=_targets(recipe, rng),
        loss=as_loss(recipe.loss),
        optimizer=_optimizer(recipe.optimizer, RATES[rate]),
        title=title,
    )


def _optimizer(name: str, rate: Fraction) -> Optimizer:
    learning_rate: Any = rate  # fractions are kept: an exercise is worked out exactly
    return as_optimizer(name, learning_rate=learning_rate)


def _inputs(recipe: Recipe, rng: np.random.Generator) -> Array:
    shape = recipe.samples, recipe.widths[0]
    while True:
        X = _numbers(recipe, rng, shape, (-2, -1, 1, 2, 3))
        if len({tuple(row) for row in X.tolist()}) == recipe.samples:
            return X


def _layer(
    recipe: Recipe, rng: np.random.Generator, number: int, name: str, *, shrink: int
) -> Layer:
    """A layer drawn; where large weights would not do, smaller ones are tried."""
    fan_in, fan_out = recipe.widths[number], recipe.widths[number + 1]
    last = number == len(recipe.widths) - 2
    gentle = last or fan_in > 3 or name.partition("(")[0] not in ("relu", "identity")
    return Layer(
        weights=_numbers(recipe, rng, (fan_out, fan_in), WEIGHTS[min(gentle + shrink, 4)]),
        bias=_numbers(recipe, rng, (fan_out,), (-2, -1, 0, 1, 2) if shrink < 2 else (-1, 0, 1)),
        activation=name,
    )


def _numbers(
    recipe: Recipe, rng: np.random.Generator, shape: tuple[int, ...], choices: Sequence[Any]
) -> Array:
    """Numbers from ``choices``, or decimals with one digit between the extremes."""
    flat = np.empty(int(np.prod(shape)), object)
    if recipe.nice:
        flat[:] = [Fraction(choices[k]) for k in rng.integers(len(choices), size=flat.size)]
    else:
        tenths = int(10 * max(choices)) + 1
        flat[:] = [Fraction(int(k), 10) for k in rng.integers(-tenths, tenths + 1, size=flat.size)]
    return flat.reshape(shape)


def _targets(recipe: Recipe, rng: np.random.Generator) -> Array:
    n, K = recipe.samples, recipe.widths[-1]
    name = as_loss(recipe.loss).name
    if name == "softmax_cross_entropy":
        values = np.eye(K, dtype=int)[rng.integers(K, size=n)]
    elif name == "sigmoid_cross_entropy":
        values = rng.integers(2, size=(n, K))
    elif name == "poisson":
        values = rng.integers(4, size=(n, K))
    else:
        values = rng.integers(-2, 4, size=(n, K))
    return values[0] if n == 1 else values


# What is friendly --------------------------------------------------------------------------------


def _layer_is_friendly(recipe: Recipe, Z: Array, name: str, *, last: bool) -> bool:
    """Whether a layer's pre-activations can be calculated with, and are worth it."""
    largest = np.abs(Z).max()
    if not 0 < largest <= _largest_logit(recipe, name, last=last):
        return False
    if any(len(set(row)) < len(row) for row in Z.tolist()):
        return False
    if name.partition("(")[0] in ONE_SIDED:
        live = Z > 0
        # Every sample passes something on; no neuron is dead for all; and somewhere one is shut.
        return (
            bool(live.any(axis=1).all() and live.any(axis=0).all())
            if len(Z) > 1
            else bool(live.any() and (Z.shape[1] == 1 or not live.all()))
        )
    return True


def _largest_logit(recipe: Recipe, name: str, *, last: bool) -> float:
    if last and recipe.loss in OUTPUT_FUNCTIONS:
        return 3.0
    return (
        2.5 if name.partition("(")[0] in (*SATURATING, "gelu", "silu", "elu", "selu") else LARGEST
    )


def _is_short(values: Array, limit: int) -> bool:
    """Whether fractions, where there are any, are simple."""
    return all(x.denominator <= limit for x in values.ravel() if isinstance(x, Fraction))


def _is_friendly(recipe: Recipe, problem: Problem, limit: int) -> bool:
    """Whether every layer learns, nothing is saturated, and no line could be another's copy."""
    names = {layer.activation.name for layer in problem.layers}
    exact = names <= {*RATIONAL} and recipe.loss not in OUTPUT_FUNCTIONS
    solution = solve(problem, exact=exact)
    values = {symbol: np.asarray(value) for symbol, value in solution.values.items()}
    p = values.get("p")
    if p is not None and recipe.loss == "softmax_cross_entropy" and float(p.max()) > 0.97:
        return False
    layers = range(1, len(problem.layers) + 1)
    blocked = any(layer.activation.name == "step" for layer in problem.layers)
    if not blocked and not all(np.any(values[f"dz{number}"]) for number in layers):
        return False
    gradients = [values[f"d{letter}{number}"] for letter in "Wb" for number in layers]
    if recipe.nice and not all(_is_short(value, limit) for value in gradients):
        return False
    return blocked or not any(_is_copy(a, b) for a, b in _pairs(problem, values))


def _pairs(problem: Problem, values: dict[str, Array]) -> Iterator[tuple[Array, Array]]:
    """Lines of the same shape that are not the same by necessity."""
    forced = {frozenset((f"dz{k}", f"db{k}")) for k in range(1, len(problem.layers) + 1)}
    for k, layer in enumerate(problem.layers, 1):
        name = layer.activation.name
        if name == "identity" or (name == "relu" and problem.widths[k] == 1):
            forced |= {frozenset((f"z{k}", f"a{k}")), frozenset((f"da{k}", f"dz{k}"))}
            forced.add(frozenset((f"da{k}", f"db{k}")))
    for (first, a), (second, b) in itertools.combinations(values.items(), 2):
        plain = all(symbol[0] in "zap" or symbol.startswith("d") for symbol in (first, second))
        if plain and a.shape == b.shape and a.size > 1 and {first, second} not in forced:
            yield a, b


def _is_copy(a: Array, b: Array) -> bool:
    return bool(np.all(a == b)) and bool(np.any(a))
