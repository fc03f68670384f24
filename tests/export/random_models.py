"""Random models of every kind that there is, with rows for them, away from ties and jumps.

At a tie or at the jump of a step, a rounding error decides; there, two right programs may differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from chalknet import Model, Network, Preprocessing
from chalknet.operations.activations import ACTIVATIONS
from chalknet.operations.losses import LOSSES

COUNT = 200
ROWS = 20
# Names that would break out of a string, a comment or a docstring that let them.
HOSTILE = (
    '"); import os; os.abort(); ("',
    "'''\n\"\"\"\nraise SystemExit",
    "*/ #error escaped /*",
    "back\\slash \\",
    "what??/ trigraph ??=",
    "new\nline\ttab\rreturn",
    "{{ 7 * 7 }} {% raise %} {# x #}",
    "%s %n {0} ${HOME} `id` $(id)",
    "ünï¢ødé 漢字 🎓 \u202e\u2028",
    "</script><script>alert(1)</script>",
    "",
)


@dataclass(frozen=True)
class Case:
    """A model and raw rows of the type that it is exported for."""

    number: int
    model: Model
    rows: np.ndarray

    @property
    def tolerance(self) -> float:
        """What the issue allows: 1e-6 in float32, 1e-12 in float64."""
        return 1e-12 if self.computed_in == np.float64 else 1e-6

    @property
    def computed_in(self) -> np.dtype:
        floats = self.rows.dtype if self.rows.dtype.kind == "f" else np.float32
        return np.result_type(self.model.network.dtype, floats)

    @property
    def scores_are_exported(self) -> bool:
        """Whether there is a function for them; the scores of a regression loss are outputs."""
        return self.model.classes is None or self.model.loss.classifies

    @property
    def scores(self) -> np.ndarray:
        """Our probabilities, scores or predictions, as (n, columns)."""
        model = self.model
        if model.classes is None:
            return model.predict(self.rows).reshape(len(self.rows), -1)
        return model.predict_proba(self.rows) if model.loss.classifies else model.output(self.rows)

    @property
    def clear(self) -> np.ndarray:
        """The rows whose decision no rounding error can turn."""
        output, model = self.model.output(self.rows), self.model
        if model.multilabel or output.shape[1] == 1:
            middle = 0.0 if model.loss.classifies else 0.5
            return (np.abs(output - middle) > 1e-4).all(axis=1)
        top = np.sort(output, axis=1)
        return top[:, -1] - top[:, -2] > 1e-4


def error(found, expected) -> float:
    """The largest difference, relative to the largest number where that is above 1."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max() / max(1.0, np.abs(expected).max()))


@cache
def cases() -> list[Case]:
    """All of them: every activation and loss occurs in both dtypes, many times."""
    return [_case(number) for number in range(COUNT)]


def _case(number: int) -> Case:
    rng = np.random.default_rng([2026, number])
    while True:
        model = _model(number, rng)
        rows = _rows(model, rng)
        if _far_from_jumps(model, rows):
            return Case(number, model, rows)


def _model(number: int, rng: np.random.Generator) -> Model:
    names = list(ACTIVATIONS)
    loss = list(LOSSES)[number % len(LOSSES)]
    dtype = (np.float32, np.float64)[number // len(LOSSES) % 2]
    depth = int(rng.integers(0, 4))
    hidden = rng.integers(1, 17, depth).tolist()
    activation = [_with_parameters(str(name), rng) for name in rng.choice(names, depth)]
    if depth:
        activation[0] = _with_parameters(names[number % len(names)], rng)
    classifies = loss in ("softmax_cross_entropy", "sigmoid_cross_entropy")
    multilabel = loss == "sigmoid_cross_entropy" and bool(rng.random() < 0.4)
    of_classes = classifies or rng.random() < 0.2
    K = int(rng.integers(2, 7))
    if loss != "softmax_cross_entropy" and not multilabel and rng.random() < 0.6:
        K = 1
    output_activation = "identity"
    if not classifies and loss != "poisson" and rng.random() < 0.3:
        output_activation = str(rng.choice(["sigmoid", "tanh", "softplus"]))
    features = int(rng.integers(1, 13))
    network = Network.dense(
        [features, *hidden, K],
        activation=activation,
        output_activation=output_activation,
        rng=rng,
        dtype=dtype,
    )
    for layer in network.layers:
        layer.b[...] = rng.normal(0, 0.5, layer.b.shape)
    if loss == "poisson":  # exp(o) multiplies the rounding error of o by o; keep rates moderate
        network.layers[-1].W[...] *= 0.5
    return Model(
        network,
        loss,
        _preprocessing(features, rng),
        _classes(max(K, 2), number, rng) if of_classes else None,
        multilabel=multilabel,
        feature_names=_hostile(features, number) if rng.random() < 0.3 else None,
        name=HOSTILE[number % len(HOSTILE)],
    )


def _with_parameters(name: str, rng: np.random.Generator) -> str:
    if name in ("leaky_relu", "elu") and rng.random() < 0.5:
        return f"{name}({rng.uniform(0.05, 1.5):.3g})"
    return name


def _preprocessing(features: int, rng: np.random.Generator) -> Preprocessing:
    kind = rng.integers(6)
    if kind == 0:
        return Preprocessing(divisor=255.0)
    if kind == 1:
        return Preprocessing(rng.normal(0, 3, features), rng.uniform(0.5, 2, features))
    if kind == 2:
        return Preprocessing(offset=1.5, divisor=2.5)
    if kind == 3:  # constant columns are only centred; a column's mean may be 0
        return Preprocessing(np.zeros(features), rng.uniform(0.5, 2, features))
    if kind == 4:
        return Preprocessing(rng.normal(0, 3, features), np.ones(features))
    return Preprocessing()


def _classes(count: int, number: int, rng: np.random.Generator) -> np.ndarray:
    match number % 5:
        case 0:
            return np.arange(count)
        case 1:
            return np.array(_hostile(count, number))
        case 2:
            return rng.permutation(np.array([-(2**63), 2**63 - 1, 0, -7, 255, 3, 9])[:count])
        case 3:
            return np.linspace(-1.5, 1e300, count)
        case _:
            return np.array([False, True]) if count == 2 else np.arange(count, dtype=np.uint8)


def _hostile(count: int, number: int) -> tuple[str, ...]:
    return tuple(f"{HOSTILE[(number + k) % len(HOSTILE)]}{k or ''}" for k in range(count))


def _rows(model: Model, rng: np.random.Generator) -> np.ndarray:
    features, dtype = model.network.widths[0], model.network.dtype
    if np.all(model.preprocessing.divisor == 255):
        return rng.integers(0, 256, (ROWS, features), dtype=np.uint8)
    scaling = model.preprocessing
    return (rng.normal(size=(ROWS, features)) * scaling.divisor + scaling.offset).astype(dtype)


def _far_from_jumps(model: Model, rows: np.ndarray) -> bool:
    trace = model.network.forward(model.preprocessing.apply(rows, np.float64))
    steps = [
        Z
        for Z, layer in zip(trace.pre_activations, model.network.layers, strict=True)
        if layer.activation.name == "step"
    ]
    return all(np.abs(Z).min() > 1e-4 for Z in steps)
