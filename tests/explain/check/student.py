"""A student who works a network out by hand, in loops over plain numbers, and makes one mistake.

Nothing here comes from chalknet: neurons are rows, samples are worked out one after the other, and
the derivatives are written as in a textbook on calculus. ``Student(task, slip).sheet`` has every
line under its symbol, each computed from the student's own lines before it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from explain.check.paper import both, each, is_of_samples, rounded, transposed
from explain.check.slips import SLIPS_OF_LINES, digits_slip, dropping_slip

FUNCTIONS = {
    "identity": (lambda z: z, lambda z: 1.0),
    "relu": (lambda z: max(z, 0.0), lambda z: float(z > 0)),
    "leaky_relu": (lambda z: z if z > 0 else 0.01 * z, lambda z: 1.0 if z > 0 else 0.01),
    "sigmoid": (
        lambda z: 1 / (1 + math.exp(-z)),
        lambda z: math.exp(-z) / (1 + math.exp(-z)) ** 2,
    ),
    "tanh": (math.tanh, lambda z: 1 / math.cosh(z) ** 2),
    "softplus": (lambda z: math.log(1 + math.exp(z)), lambda z: 1 / (1 + math.exp(-z))),
    "elu": (lambda z: z if z > 0 else math.exp(z) - 1, lambda z: 1.0 if z > 0 else math.exp(z)),
    "silu": (
        lambda z: z / (1 + math.exp(-z)),
        lambda z: (1 + math.exp(-z) + z * math.exp(-z)) / (1 + math.exp(-z)) ** 2,
    ),
    "gelu": (
        lambda z: z * 0.5 * math.erfc(-z / math.sqrt(2)),
        lambda z: (
            0.5 * math.erfc(-z / math.sqrt(2)) + z * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        ),
    ),
}
# The derivative as people write it with the value of the function.
BY_VALUE = {
    "sigmoid": lambda a: a * (1 - a),
    "tanh": lambda a: 1 - a * a,
    "softplus": lambda a: 1 - math.exp(-a),
    "elu": lambda a: 1.0 if a > 0 else a + 1,
}
CROSS_ENTROPIES = ("softmax_cross_entropy", "sigmoid_cross_entropy")


@dataclass
class Task:
    """A network on paper: rows are neurons, and samples."""

    weights: list[list[list[float]]]
    biases: list[list[float]]
    activations: list[str]
    inputs: list[list[float]]
    targets: list[list[float]]
    loss: str
    rate: float
    optimizer: str = "sgd"
    single: bool = True

    @property
    def depth(self):
        return len(self.weights)


@dataclass
class Slip:
    """One mistake: its kind, the line in which it is made, and where in it."""

    kind: str
    line: str
    choice: int = 0
    rounding: object = None


@dataclass
class Student:
    """Works out ``task``, making ``slip`` once; ``carry`` rounds each line before going on."""

    task: Task
    slip: Slip | None = None
    carry: object = None
    lines: dict = field(default_factory=dict)

    def __post_init__(self):
        self.work()

    @property
    def sheet(self):
        """The lines as they stand on paper: no row of samples where there is but one."""
        return {
            symbol: value[0] if self.task.single and is_of_samples(symbol) else value
            for symbol, value in self.lines.items()
        }

    def makes(self, kind, line):
        return self.slip is not None and (self.slip.kind, self.slip.line) == (kind, line)

    def made_within(self, symbol):
        """Whether the slip concerns how the line is computed, and not the line as it stands."""
        kind, odd = self.slip.kind, self.slip.choice % 2 == 1
        if symbol.endswith("_new"):
            return kind in ("sign", "lost_factor", "dropped_row_or_column")
        if kind == "dropped_row_or_column":
            return odd and (symbol[0] == "z" or symbol.startswith("da"))
        return kind == "sign" and odd and symbol[0] == "z"

    def note(self, symbol, value):
        """Write a line down, with a slip that concerns the line as it stands."""
        if self.slip is not None and self.slip.line == symbol and not self.made_within(symbol):
            slip = SLIPS_OF_LINES.get(self.slip.kind)
            value = value if slip is None else slip(value, self.slip.choice)
            if self.slip.kind == "digits_swapped":
                value = digits_slip(value, self.slip.choice, self.slip.rounding)
        self.lines[symbol] = value if self.carry is None else rounded(value, self.carry)
        return self.lines[symbol]

    # the working -----------------------------------------------------------------------------

    def work(self):
        task, n = self.task, len(self.task.inputs)
        seen = [task.inputs]
        for layer in range(1, task.depth + 1):
            Z = self.note(f"z{layer}", self.pre_activation(layer, seen[-1]))
            f, _ = FUNCTIONS[task.activations[layer - 1]]
            if layer < task.depth or task.loss not in CROSS_ENTROPIES:
                seen.append(self.note(f"a{layer}", [[f(z) for z in row] for row in Z]))
        P = seen[-1]
        if task.loss in CROSS_ENTROPIES:
            P = self.note("p", self.probabilities(self.lines[f"z{task.depth}"]))
        losses = [self.loss_of(p, t) for p, t in zip(P, task.targets, strict=True)]
        if not task.single:
            losses = self.note("losses", losses)
        share = 1 / n
        if self.makes("sum_instead_of_mean", "loss"):
            share = 1
        if self.makes("mean_instead_of_sum", "loss"):
            share = 1 / n**2
        self.note("loss", sum(losses) * share)
        self.backward(P, seen)
        self.update()

    def pre_activation(self, layer, A):
        W, b = self.task.weights[layer - 1], self.task.biases[layer - 1]
        name = f"z{layer}"
        if self.makes("transposed", name):
            W = transposed(W)
        if self.makes("forgot_bias", name):
            b = [0.0] * len(b)
        if self.makes("sign", name) and self.slip.choice % 2:
            b = [-x for x in b]
        if self.makes("dropped_row_or_column", name) and self.slip.choice % 2:
            left_out = self.slip.choice // 2 % len(W[0])
            A = [[0.0 if j == left_out else a for j, a in enumerate(row)] for row in A]
        return [
            [sum(w * a for w, a in zip(row, sample, strict=True)) + b[i] for i, row in enumerate(W)]
            for sample in A
        ]

    def probabilities(self, Z):
        if self.task.loss == "sigmoid_cross_entropy":
            return [[1 / (1 + math.exp(-z)) for z in row] for row in Z]
        E = [[math.exp(z) for z in row] for row in Z]
        if self.makes("softmax_over_everything", "p"):
            total = sum(map(sum, E))
            return [[e / total for e in row] for row in E]
        if self.makes("softmax_over_wrong_axis", "p"):
            totals = [sum(column) for column in zip(*E, strict=True)]
            return [[e / s for e, s in zip(row, totals, strict=True)] for row in E]
        return [[e / sum(row) for e in row] for row in E]

    def loss_of(self, p, t):
        pairs = list(zip(p, t, strict=True))
        if self.task.loss == "softmax_cross_entropy":
            return -sum(y * math.log(x) for x, y in pairs if y)
        if self.task.loss == "sigmoid_cross_entropy":
            return -sum(math.log(x if y else 1 - x) for x, y in pairs)
        half = 0.5 if self.task.loss == "half_squared_error" else 1.0
        return half * sum((x - y) ** 2 for x, y in pairs)

    def backward(self, P, seen):
        task, n = self.task, len(self.task.inputs)
        last = task.depth
        linear = task.activations[-1] == "identity"
        top = f"dz{last}" if linear else f"da{last}"
        factor = 2.0 if task.loss == "mean_squared_error" else 1.0
        if self.makes("sum_instead_of_mean", top):
            factor *= n
        if self.makes("mean_instead_of_sum", top):
            factor /= n
        dA = [
            [factor * (x - y) / n for x, y in zip(p, t, strict=True)]
            for p, t in zip(P, task.targets, strict=True)
        ]
        for layer in range(last, 0, -1):
            if layer == last:
                self.note(top, dA)
            else:
                self.note(f"da{layer}", self.back_through(layer + 1))
            if f"da{layer}" in self.lines:
                self.note(f"dz{layer}", self.times_slope(layer))
            self.note(f"dW{layer}", self.weight_gradient(layer, seen[layer - 1]))
            self.note(f"db{layer}", self.bias_gradient(layer))

    def back_through(self, above):
        W = self.task.weights[above - 1]
        if self.makes("updated_weights", f"da{above - 1}"):
            W = self.stepped(f"W{above}", W, self.lines[f"dW{above}"])
        if self.makes("transposed", f"da{above - 1}"):
            W = transposed(W)
        dZ = self.lines[f"dz{above}"]
        if self.makes("dropped_row_or_column", f"da{above - 1}") and self.slip.choice % 2:
            left_out = self.slip.choice // 2 % len(W)
            dZ = [[0.0 if i == left_out else d for i, d in enumerate(row)] for row in dZ]
        return [
            [sum(d * row[j] for d, row in zip(sample, W, strict=True)) for j in range(len(W[0]))]
            for sample in dZ
        ]

    def times_slope(self, layer):
        name = self.task.activations[layer - 1]
        _, slope = FUNCTIONS[name]
        Z, A, dA = (self.lines[f"{letter}{layer}"] for letter in ("z", "a", "da"))
        symbol = f"dz{layer}"
        if self.makes("forgot_derivative", symbol):
            return dA
        if self.makes("derivative_at_activation", symbol):
            Z = A
        if self.makes("derivative_at_pre_activation", symbol):
            slope = BY_VALUE[name]
        return [
            [d * slope(z) for d, z in zip(drow, zrow, strict=True)]
            for drow, zrow in zip(dA, Z, strict=True)
        ]

    def weight_gradient(self, layer, A):
        dZ, n, symbol = self.lines[f"dz{layer}"], len(A), f"dW{layer}"
        factor = 1.0
        if self.makes("sum_instead_of_mean", symbol):
            factor = n
        if self.makes("mean_instead_of_sum", symbol):
            factor = 1 / n
        rows = [
            [
                factor * sum(drow[i] * arow[j] for drow, arow in zip(dZ, A, strict=True))
                for j in range(len(A[0]))
            ]
            for i in range(len(dZ[0]))
        ]
        return transposed(rows) if self.makes("transposed", symbol) else rows

    def bias_gradient(self, layer):
        dZ, symbol = self.lines[f"dz{layer}"], f"db{layer}"
        factor = 1.0
        if self.makes("sum_instead_of_mean", symbol):
            factor = len(dZ)
        if self.makes("mean_instead_of_sum", symbol):
            factor = 1 / len(dZ)
        return [factor * sum(column) for column in zip(*dZ, strict=True)]

    def update(self):
        for layer in range(self.task.depth, 0, -1):
            for name, old in (
                (f"W{layer}", self.task.weights[layer - 1]),
                (f"b{layer}", self.task.biases[layer - 1]),
            ):
                gradient = self.lines[f"d{name}"]
                for slot, factor in SLOTS[self.task.optimizer]:
                    self.note(f"{slot}_{name}", each(factor, gradient))
                self.note(f"{name}_new", self.stepped(name, old, gradient))

    def stepped(self, name, old, gradient):
        symbol, rate = f"{name}_new", self.task.rate
        if self.makes("forgot_learning_rate", symbol):
            rate = 1.0
        if self.makes("sign", symbol):
            rate = -rate
        if self.makes("lost_factor", symbol):
            rate *= (2.0, 0.5)[self.slip.choice % 2]
        if self.makes("sum_instead_of_mean", symbol):
            gradient = each(lambda g: g * len(self.task.inputs), gradient)
        if self.makes("mean_instead_of_sum", symbol):
            gradient = each(lambda g: g / len(self.task.inputs), gradient)
        if self.makes("transposed", symbol):
            gradient = transposed(gradient)
        if self.makes("dropped_row_or_column", symbol):
            gradient = dropping_slip(gradient, self.slip.choice)
        if self.task.optimizer == "adam":
            gradient = each(lambda g: g / (abs(g) + 1e-8), gradient)
        return both(lambda w, g: w - rate * g, old, gradient)


SLOTS = {
    "sgd": (),
    "momentum": (("v", lambda g: g),),
    "adam": (("m", lambda g: 0.1 * g), ("v", lambda g: 0.001 * g * g)),
}
