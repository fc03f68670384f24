"""Explanations written by hand, with everything that a renderer may meet."""

from __future__ import annotations

import itertools
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from chalknet.explain.formula import (
    Absolute,
    Apply,
    Array,
    BigOperator,
    Cases,
    Derivative,
    Formula,
    Hadamard,
    Integral,
    Negative,
    Norm,
    Number,
    Power,
    Product,
    Quotient,
    Relation,
    Root,
    Sum,
    Symbol,
    Transpose,
    Words,
)
from chalknet.explain.notation import Notation
from chalknet.explain.steps import Check, Explanation, Section, Step

NASTY = (
    "<script>window.pwned=1</script>",
    '"><img src=x onerror="window.pwned=1">',
    "' onmouseover='window.pwned=1",
    "</style></svg></math>--> ]]>&amp;<!--",
    "{{7*7}}{% raw %}",
    r"\input{/etc/passwd} \end{document} $x$ % ~ ^ _ # & { } \\",
    "`code` *star* [link](javascript:window.pwned=1) | $$ | <b>",
    "\u202efdp.exe \u05d0\u05d1\u05d2",
    "\x1b[31mred\x07\x00\r\n\tlines",
    "zero\u200bwidth\u200d\ufeff",
    "字字字 é ß Ω naïve 😀 “quoted” – — … ½",
    "W" * 300,
)


def equation(left: Formula, right: Formula) -> Relation:
    return Relation(left, "=", right)


def symbol(name: str, sub: str = "", sup: str = "") -> Symbol:
    return Symbol(name, sub, sup, bold=name[-1].isalpha())


class Solution:
    """A network of ReLU layers with softmax and one update by gradient descent, on paper."""

    def __init__(
        self, widths: list[int], *, samples: int = 1, notation: Notation, seed: int = 0
    ) -> None:
        rng = np.random.default_rng(seed)
        self.notation = notation
        self.column = notation.orientation == "column"
        self.samples = samples
        pairs = list(itertools.pairwise(widths))
        if max(widths) <= 5:
            self.W = [rng.integers(-4, 5, (m, k)) / 2.0 for k, m in pairs]
            self.b = [rng.integers(-2, 3, m) * 1.0 for _, m in pairs]
            self.x = rng.integers(-2, 3, (samples, widths[0])) * 1.0
        else:
            self.W = [rng.normal(0, k**-0.5, (m, k)) for k, m in pairs]
            self.b = [rng.normal(0, 0.1, m) for _, m in pairs]
            self.x = rng.integers(0, 256, (samples, widths[0])) / 255
        self.y = np.eye(widths[-1])[rng.integers(0, widths[-1], samples)]
        self.rate = 0.5
        self.values: dict[str, Any] = {}

    def array(self, values: Any) -> Array:
        """What each sample has, a row a sample."""
        if self.samples == 1:
            return Array(values[0], row=not self.column)
        return Array(values.T if self.column else values)

    def weights(self, values: Any) -> Array:
        return Array(values if self.column else values.T)

    def bias(self, values: Any) -> Array:
        return Array(values, row=not self.column)

    def times(self, weights: Formula, samples: Formula) -> Product:
        return Product.of(weights, samples) if self.column else Product.of(samples, weights)

    def step(self, name: str, title: str, equation_: Formula, put_in: Any, result: Any) -> Step:
        reason = f"This is why {title[0].lower()}{title[1:]} is what it is: every entry says how."
        value = result.values if isinstance(result, Array) else result.value
        shape = np.shape(value) if np.ndim(value) != 1 else (np.size(value), 1)
        self.values[name] = value
        checks = (
            Check(method="each product recomputed with math.fsum", error=1.1e-16, tolerance=1e-12),
            Check(method="complex step", error=2.34e-13, tolerance=1e-9),
        )
        return Step(
            symbol=name,
            title=title,
            equation=equation_,
            reason=reason,
            substituted=put_in,
            result=result,
            shape=shape,
            checks=checks[: 1 + name.startswith("d")],
        )

    def explanation(self) -> Explanation:
        forward, backward, update = [], [], []
        a, inputs, count = self.x, [], len(self.W)
        x = symbol("x" if self.samples == 1 else "X")
        below: Symbol = x
        for layer, (W, b) in enumerate(zip(self.W, self.b, strict=True), 1):
            inputs.append(a)
            z = a @ W.T + b
            Z, w, bias = symbol("z", f"{layer}"), symbol("W", f"{layer}"), symbol("b", f"{layer}")
            forward.append(
                self.step(
                    f"z{layer}",
                    f"Pre-activation of layer {layer}",
                    equation(Z, Sum.of(self.times(w, below), bias)),
                    Sum.of(self.times(self.weights(W), self.array(a)), self.bias(b)),
                    self.array(z),
                )
            )
            last = layer == count
            e = np.exp(z - z.max(axis=1, keepdims=True))
            a = e / e.sum(axis=1, keepdims=True) if last else np.maximum(z, 0)
            below = symbol("p") if last else symbol("a", f"{layer}")
            function = "softmax" if last else "ReLU"
            forward.append(
                self.step(
                    "p" if last else f"a{layer}",
                    f"Activation of layer {layer}",
                    equation(below, Apply.to(function, Z)),
                    Apply.to(function, self.array(z)),
                    self.array(a),
                )
            )
        loss = -(self.y * np.log(a)).sum() / self.samples
        k = Symbol("k")
        cross = equation(
            Symbol("loss"),
            Negative(
                BigOperator(
                    "Σ", k, None, Product.of(Symbol("y", k), Apply.to("log", Symbol("p", k)))
                )
            ),
        )
        put_in = Negative(Apply.to("log", Number(a[self.y > 0][0])))
        losses = [self.step("loss", "Cross entropy", cross, put_in, Number(loss))]
        d = (a - self.y) / self.samples
        for layer in range(count, 0, -1):
            W, below_values = self.W[layer - 1], inputs[layer - 1]
            dz, dW, db = (symbol(s, f"{layer}") for s in ("dz", "dW", "db"))
            if layer == count:
                right, put_in = (
                    Sum.of(symbol("p"), Negative(symbol("y"))),
                    Sum.of(self.array(a), Negative(self.array(self.y))),
                )
            backward.append(
                self.step(
                    f"dz{layer}",
                    f"Gradient at layer {layer}",
                    Relation(
                        equation(dz, Derivative(Symbol("loss"), symbol("z", f"{layer}"))),
                        "=",
                        right,
                    ),
                    put_in,
                    self.array(d),
                )
            )
            gradient = d.T @ below_values
            under = symbol("x") if layer == 1 else symbol("a", f"{layer - 1}")
            outer = [dz, Transpose(under)] if self.column else [Transpose(under), dz]
            numbers = [self.array(d), Transpose(self.array(below_values))]
            backward.append(
                self.step(
                    f"dW{layer}",
                    f"Gradient of the weights of layer {layer}",
                    equation(dW, Product(tuple(outer))),
                    Product(tuple(numbers if self.column else numbers[::-1])),
                    self.weights(gradient),
                )
            )
            backward.append(
                self.step(
                    f"db{layer}",
                    f"Gradient of the bias of layer {layer}",
                    equation(db, dz),
                    None,
                    self.bias(d.sum(axis=0)),
                )
            )
            new = W - self.rate * gradient
            update.append(
                self.step(
                    f"W{layer}_new",
                    f"Updated weights of layer {layer}",
                    Relation(
                        symbol("W", f"{layer}", "new"),
                        "=",
                        Sum.of(symbol("W", f"{layer}"), Negative(Product.of(Symbol("η"), dW))),
                    ),
                    Sum.of(
                        self.weights(W),
                        Negative(Product.of(Number(self.rate), self.weights(gradient))),
                    ),
                    self.weights(new),
                )
            )
            if layer > 1:
                back = d @ W
                prime = Apply(Symbol("f"), (symbol("z", f"{layer - 1}"),), 1)
                turned = Transpose(symbol("W", f"{layer}"))
                right = Hadamard.of(self.times(turned, dz), prime)
                slope = (below_values > 0) * 1.0
                put_in = Hadamard.of(
                    self.times(self.weights(W.T), self.array(d)), self.array(slope)
                )
                d = back * slope
        given = [
            ("input", equation(x, self.array(self.x))),
            ("target", equation(symbol("y"), self.array(self.y))),
        ]
        for layer, (W, b) in enumerate(zip(self.W, self.b, strict=True), 1):
            given.append(
                (f"weights of layer {layer}", equation(symbol("W", f"{layer}"), self.weights(W)))
            )
            given.append(
                (f"bias of layer {layer}", equation(symbol("b", f"{layer}"), self.bias(b)))
            )
        given.append(("learning rate", equation(Symbol("η"), Number(self.rate))))
        return Explanation(
            title="A small network, worked out",
            notation=self.notation,
            given=tuple(given),
            values=self.values,
            sections=(
                Section(
                    title="Forward pass",
                    steps=tuple(forward),
                    introduction="From the input to the probabilities, layer by layer.",
                ),
                Section(title="Loss", steps=tuple(losses)),
                Section(
                    title="Backward pass",
                    steps=tuple(backward),
                    introduction="From the loss back to every weight: δ₂ = p − y, and then "
                    "δ₁ = (W₂ᵀ δ₂) ⊙ f′(z₁).",
                ),
                Section(title="Update", steps=tuple(update)),
            ),
            notes=(
                "Values are carried at full precision and rounded for display only.",
                "ReLU′(0) is taken as 0.",
            ),
        )


def solution(widths: list[int], *, samples: int = 1, seed: int = 0, **notation: Any) -> Explanation:
    return Solution(widths, samples=samples, seed=seed, notation=Notation(**notation)).explanation()


def derivation() -> Explanation:
    """Sums, cases, integrals, expectations and derivatives; no numbers."""
    z, k, j, s = Symbol("z"), Symbol("k"), Symbol("j"), Symbol("s")
    zk, zj, pk, pj = (Symbol(n, i) for n, i in (("z", k), ("z", j), ("p", k), ("p", j)))
    e = Symbol("e")
    softmax = Quotient(Power(e, zk), BigOperator("Σ", j, None, Power(e, zj)))
    one = Number(1)
    jacobian = Cases(
        (
            (Product.of(pk, Sum.of(one, Negative(pk))), Relation(j, "=", k)),
            (Negative(Product.of(pk, pj)), Relation(j, "≠", k)),
        )
    )
    density = Product.of(
        Quotient(one, Root(Product.of(Number(2), Symbol("π")))),
        Power(e, Negative(Quotient(Power(s, Number(2)), Number(2)))),
    )
    checks = (
        Check(method="proved by computer algebra", error=0.0, tolerance=0.0),
        Check(method="computed at random points", error=3.1e-31, tolerance=1e-12),
    )

    def line(name: str, title: str, formula: Formula, reason: str) -> Step:
        return Step(symbol=name, title=title, equation=formula, reason=reason, checks=checks)

    infinity = Symbol("∞")
    weight, tot = Symbol("W", Sum.of(Symbol("l"), one)), BigOperator("Σ", k, None, Symbol("y", k))
    loss = Negative(BigOperator("Σ", k, None, Product.of(Symbol("y", k), Apply.to("log", pk))))
    sections = (
        Section(
            title="Softmax and cross entropy",
            introduction="The two that belong together: their derivatives cancel.",
            steps=(
                line("softmax", "Softmax", Relation(pk, ":=", softmax), "The definition."),
                line(
                    "jacobian",
                    "Its derivative",
                    equation(Derivative(pk, zj), jacobian),
                    "By the quotient rule, once for the entry itself and once for the others.",
                ),
                line("loss", "Cross entropy", equation(Symbol("L"), loss), "The definition."),
                line(
                    "gradient",
                    "Both together",
                    Relation(
                        Relation(
                            equation(
                                Derivative(Symbol("L"), zj),
                                BigOperator(
                                    "Σ",
                                    k,
                                    None,
                                    Product.of(Derivative(Symbol("L"), pk), Derivative(pk, zj)),
                                ),
                            ),
                            "=",
                            Sum.of(
                                Negative(Product.of(Symbol("y", j), Sum.of(one, Negative(pj)))),
                                BigOperator(
                                    "Σ", Relation(k, "≠", j), None, Product.of(Symbol("y", k), pj)
                                ),
                            ),
                        ),
                        "=",
                        Sum.of(Product.of(pj, tot), Negative(Symbol("y", j))),
                    ),
                    "The chain rule sums over every way in which zⱼ acts on the loss.",
                ),
            ),
        ),
        Section(
            title="Moments of a rectified normal variable",
            steps=(
                line(
                    "expectation",
                    "Expected value of max(0, s)",
                    Relation(
                        Relation(
                            equation(
                                Apply("E", (Symbol("y"),), square=True),
                                Integral(
                                    Product.of(Apply.to("max", Number(0), s), density),
                                    s,
                                    Negative(infinity),
                                    infinity,
                                ),
                            ),
                            "=",
                            Integral(Product.of(s, density), s, Number(0), infinity),
                        ),
                        "=",
                        Quotient(Symbol("σ"), Root(Product.of(Number(2), Symbol("π")))),
                    ),
                    "Below zero the rectifier gives nothing.",
                ),
                line(
                    "second",
                    "Second derivative",
                    Relation(
                        Derivative(Apply.to("f", z), z, partial=False, order=2), "≥", Number(0)
                    ),
                    "f is convex.",
                ),
                line(
                    "norm",
                    "Norms and absolute values",
                    Relation(
                        Relation(
                            Absolute(Sum.of(Symbol("x"), Negative(Symbol("y")))),
                            "≤",
                            Norm(Sum.of(Symbol("x"), Negative(Symbol("y"))), "2"),
                        ),
                        "⇒",
                        Relation(Norm(Symbol("x"), "2", "2"), ">", Number(0)),
                    ),
                    "For all x.",
                ),
                line(
                    "backpropagation",
                    "A layer back",
                    equation(
                        Symbol("δ", Symbol("l"), bold=True),
                        Hadamard.of(
                            Product.of(
                                Transpose(weight), Symbol("δ", Sum.of(Symbol("l"), one), bold=True)
                            ),
                            Apply(Symbol("σ"), (Symbol("z", "l"),), 1),
                        ),
                    ),
                    "Every neuron hears of the loss through the neurons above it.",
                ),
                line(
                    "bias",
                    "Bias correction of Adam",
                    equation(
                        Symbol("m̂", "t"),
                        Quotient(
                            Symbol("m", "t"),
                            Sum.of(one, Negative(Power(Symbol("β", "1"), Symbol("t")))),
                        ),
                    ),
                    "The average began at zero.",
                ),
                line(
                    "otherwise",
                    "A step",
                    equation(
                        Apply.to("step", z),
                        Cases(
                            (
                                (one, Product.of(Words("if"), Relation(z, ">", Number(0)))),
                                (Number(0), Words("otherwise")),
                            )
                        ),
                    ),
                    "By definition.",
                ),
            ),
        ),
    )
    return Explanation(
        title="Softmax, cross entropy and a rectified variable",
        sections=sections,
        notation=Notation(),
        notes=("Source: any textbook.",),
    )


def exact() -> Explanation:
    """Fractions, and decimals of thirty digits."""
    p = [
        Decimal("0.999999958600624198246091476498"),
        Decimal("4.13993758017539085235014763E-8"),
        Decimal("1.97925970413211876183562349151E-32"),
    ]
    thirds = np.array([[Fraction(1, 3), Fraction(-5, 2)], [Fraction(22, 7), Fraction(0)]])
    x = np.array([Fraction(3, 4), Fraction(-1)])
    long = Fraction(123456789012345678901234567890, 987654321098765432109876543211)
    z = Symbol("z", "1")
    checks = (Check(method="recomputed with floats", error=2e-17, tolerance=1e-12),)
    steps = (
        Step(
            symbol="z1",
            title="Pre-activation",
            equation=equation(z, Product.of(Symbol("W"), Symbol("x"))),
            substituted=Product.of(Array(thirds), Array(x)),
            result=Array(thirds @ x),
            shape=(2, 1),
            reason="Exactly.",
            checks=checks,
        ),
        Step(
            symbol="p",
            title="Probabilities",
            equation=equation(Symbol("p"), Apply.to("softmax", z)),
            substituted=Apply.to("softmax", Array(thirds @ x)),
            result=Array(np.array(p)),
            shape=(3, 1),
            reason="To thirty digits.",
            checks=checks,
        ),
        Step(
            symbol="P",
            title="A matrix of long numbers",
            equation=equation(Symbol("P"), Transpose(Array(np.array([p, p, p])))),
            result=Array(np.array([p, p, p])),
            shape=(3, 3),
            reason="To thirty digits.",
            checks=checks,
        ),
        Step(
            symbol="loss",
            title="Loss",
            equation=equation(Symbol("loss"), Symbol("r")),
            substituted=Sum.of(Number(long), Negative(Number(long)), Number(Fraction(-1, 2))),
            result=Number(Fraction(-1, 2)),
            reason="Of long fractions.",
            checks=checks,
        ),
    )
    return Explanation(
        title="Exactly", sections=(Section(title="Forward pass", steps=steps),), notation=Notation()
    )


def nasty() -> Explanation:
    """Every text that somebody may choose is an attack."""
    steps = tuple(
        Step(
            symbol=text,
            title=text,
            reason=text,
            shape=(2, 1),
            equation=equation(
                Symbol(text, text, text), Sum.of(Words(text), Apply.to(text, Symbol("x")))
            ),
            substituted=Array(np.array([Words(text), Symbol("é", sup=text)], dtype=object)),
            result=Array(np.array([1.0, np.nan])),
            checks=(Check(method=text, error=1e-16, tolerance=1e-12),),
        )
        for text in NASTY
    )
    return Explanation(
        title=NASTY[0],
        given=tuple((text, equation(Symbol(text), Number(1))) for text in NASTY),
        sections=tuple(
            Section(title=text, introduction=text, steps=(step,))
            for text, step in zip(NASTY, steps, strict=True)
        ),
        notation=Notation(),
        notes=NASTY,
    )


EXAMPLES = {
    "column": lambda: solution([2, 3, 2]),
    "row": lambda: solution([2, 3, 2], orientation="row", decimal_comma=True, seed=1),
    "batch": lambda: solution([3, 4, 3], samples=3, seed=2, digits=4),
    "wide": lambda: solution([784, 32, 32, 10], seed=3),
    "wide batch": lambda: solution([784, 16, 10], samples=20, orientation="row", seed=4),
    "derivation": derivation,
    "exact": exact,
    "nasty": nasty,
}
