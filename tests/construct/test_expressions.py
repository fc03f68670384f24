"""Reading functions: what they mean, and that hostile text is only ever one sentence."""

from __future__ import annotations

import math
import random
import resource
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalknet.construct.expressions import CONSTANTS, FUNCTIONS, parse_expression
from chalknet.construct.functions import ExpressionFunction, as_function
from chalknet.errors import ChalknetError, ConfigurationError


def value(text, *x):
    return float(ExpressionFunction(text)(np.array([x]))[0])


@pytest.mark.parametrize(
    ("text", "x", "expected"),
    [
        ("x", 3, 3),
        ("2x + 1", 3, 7),
        ("2 x^2", 3, 18),
        ("-x^2", 3, -9),
        ("(-x)^2", 3, 9),
        ("2^-x", 3, 0.125),
        ("2^x^2", 2, 16),
        ("x**2", 3, 9),
        ("8/4/x", 2, 1),
        ("1 - 2 - x", 3, -4),
        ("|x|", -3, 3),
        ("|x - 1| + 2|x|", -3, 10),
        ("| |x| - 5 |", -3, 2),
        ("2(x+1)(x-1)", 3, 16),
        ("3sin(x)cos(x)", 1, 3 * math.sin(1) * math.cos(1)),
        ("e^x", 1, math.e),
        ("π x", 1, math.pi),
        ("max(x, 2) - min(x, 2)", 5, 3),
        ("step(x)", 0, 0),
        ("relu(-x) + sign(x)", -2, 1),
        ("ln(x) + arctan(x)", 2, math.log(2) + math.atan(2)),
        ("−x · 2 × 3", 1, -6),
        ("1e-3x", 2, 0.002),
        (".5x + 5.", 1, 5.5),
        ("- - + x", 2, 2),
        ("sigmoid(x) - 1/(1 + exp(-x))", 0.7, 0),
        ("softplus(x) - log(1 + exp(x))", 0.7, 0),
    ],
)
def test_what_is_written_is_what_is_meant(text, x, expected):
    assert value(text, x) == pytest.approx(expected, rel=1e-14, abs=1e-15)


def test_every_function_and_constant_is_what_it_is_called():
    for name, count in FUNCTIONS.items():
        text = f"{name}(x)" if count == 1 else f"{name}(x, 0.25)"
        independent = {
            "abs": abs,
            "acos": math.acos,
            "asin": math.asin,
            "atan": math.atan,
            "ceil": math.ceil,
            "floor": math.floor,
            "log": math.log,
            "max": lambda x: max(x, 0.25),
            "min": lambda x: min(x, 0.25),
            "relu": lambda x: max(x, 0),
            "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
            "sign": lambda x: math.copysign(1, x),
            "softplus": lambda x: math.log1p(math.exp(x)),
            "step": lambda x: float(x > 0),
        }
        expected = independent.get(name) or getattr(math, name)
        assert value(text, 0.6) == pytest.approx(expected(0.6), rel=1e-14), name
    assert {"pi": math.pi, "π": math.pi, "e": math.e} == CONSTANTS


def test_several_inputs():
    assert value("x1 x2 + x3", 2, 3, 4) == 10
    assert ExpressionFunction("x1 + x3").inputs == 3
    assert ExpressionFunction("x").inputs == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "it ends where a number, x or a function was expected"),
        ("3", "has no x in it: write one of x, or of x1, x2, …"),
        ("x + x2", "has both x and x2: write x1, x2, … for several inputs"),
        ("sinn(x)", "did you mean 'sin'?"),
        ("sin x", "'x' stands where the bracket after sin was expected"),
        ("sin()", "')' stands where a number, x or a function was expected"),
        ("max(x)", "max takes 2 values, not 1"),
        ("sin(x, 2)", "sin takes 1 values, not 2"),
        ("(x", "it ends where ')' was expected"),
        ("x)", "')' stands where an operator was expected"),
        ("|x", "it ends where '|' was expected"),
        ("x $ 2", "at character 3: '$' is none of its signs"),
        ("x +* 2", "'*' stands where a number, x or a function was expected"),
        ("1e999 x", "1e999 is out of range: they reach to 1.8e308"),
        ("x0", "unknown name 'x0'"),
        ("x10", "unknown name 'x10'"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text, sentence):
    with pytest.raises(ConfigurationError) as caught:
        parse_expression(text)
    assert sentence in str(caught.value)
    assert str(caught.value).endswith((".", "…"))


HOSTILE = [
    "__import__('os').system('touch pwned')",
    "x.__class__.__mro__[1].__subclasses__()",
    "().__class__.__base__",
    "exec(x)",
    "eval('x')",
    "open(x)",
    "lambda x: x",
    "[x for x in (1,2)]",
    "x if x else x",
    "x = 3",
    "x; import os",
    "f'{x}'",
    "'a' * 10**9 + x",
    "`x`",
    "x\n__import__",
    "globals()",
    "x.real",
    "x[0]",
    "{x}",
    "x and x",
    "0x10 x_",
    "1_000x",
    "x\0",
    "x\u202e",
    "sin(x" * 30,
    "(" * 900 + "x" + ")" * 90,
    "(" * 400 + "x" + ")" * 400,
    "|" * 500 + "x",
    "-(" * 300 + "x" + ")" * 300,
    "x^" * 400 + "x",
    "max(" * 200 + "x" + ",x)" * 200,
    "x" + "+x" * 600,
    "9" * 999 + "x",
    "x" * 1_000_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_one_sentence_and_nothing_is_run(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        as_function(text)
    assert len(str(caught.value)) < 500
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "9^9^9^9^9^9^9^9 + x",
        "x^999999999999",
        "exp(exp(exp(exp(exp(x)))))",
        "9" * 300 + "^" + "9" * 300 + " x",
        "1/(x-x)",
        "log(-|x|-1)",
        "sqrt(-1-x^2)",
        "asin(x+9)",
        "0/0*x",
    ],
)
def test_huge_powers_and_undefined_values_are_refused_where_they_are_met(text):
    function = as_function(text)
    with pytest.raises(ConfigurationError, match="choose a range on which it is finite"):
        function(np.linspace(2, 3, 50)[:, None])
    with pytest.raises(ConfigurationError, match="may be unbounded or undefined on 2"):
        function.enclose(np.full((3, 1), 2.0), np.full((3, 1), 3.0))


def test_the_longest_expressions_cost_little_time_and_memory():
    wide = "x" + "+sin(x)" * 140
    deep = "(x+" * 39 + "x" + ")" * 39
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    for text in (wide, deep):
        as_function(text)(np.linspace(0, 1, 200_000)[:, None])
    assert time.process_time() - start < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes


@given(st.text(alphabet="x12.+-*/^()|, sincoexpmaπ\t", max_size=40))
def test_text_at_random_is_a_function_or_one_sentence(text):
    try:
        function = as_function(text)
        function(np.full((2, function.inputs), 0.5))
    except ChalknetError as error:
        assert str(error)  # noqa: PT017 - either will do


names = st.sampled_from(["x", "2", "0.5", "pi", "(x+1)", "|x|", "sin(x)", "exp(-x)", "max(x,1)"])


@given(st.lists(names, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_agrees_with_python_where_the_two_write_alike(parts, rng):
    signs = [rng.choice([" + ", " - ", " * ", "**2 * "]) for _ in parts[1:]]
    text = parts[0] + "".join(sign + part for sign, part in zip(signs, parts[1:], strict=True))
    python = text.replace("|x|", "abs(x)")
    scope = {"sin": math.sin, "exp": math.exp, "pi": math.pi, "max": max, "abs": abs}
    if "x" not in text.replace("max", "").replace("exp", ""):
        return
    for x in (-1.3, 0.4, 2.2):
        expected = eval(python, {"__builtins__": {}}, {**scope, "x": x})
        assert value(text, x) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_depth_is_counted_not_suffered():
    # As deep as is read, from within a stack that is deep already.
    def nested(level):
        if level:
            return nested(level - 1)
        return parse_expression("(" * 38 + "x" + ")" * 38)

    assert nested(300).inputs == 1
    assert random.Random(0).random() < 1
