"""Problems on paper: their files, and every way in which one can be wrong."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalknet import Dataset, Model, Network, Preprocessing
from chalknet.errors import (
    ChalknetError,
    ConfigurationError,
    DataNotFoundError,
    ShapeError,
    TargetError,
)
from chalknet.explain.problem import Layer, Problem, read_problem
from chalknet.training.optimizers import SGD, Adam, Momentum
from oracles.paper import random_problem

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
NETWORKS = sorted(path for path in EXAMPLES.glob("*.toml") if "[[layers]]" in path.read_text())

GOOD = """
input = [1, -1, 1]
target = [0, 0, 1]
learning_rate = "1/2"
loss = "softmax_cross_entropy"
[[layers]]
weights = [[1, -2, 1], [3, 4, -2]]
bias = [1, -2]
activation = "relu"
[[layers]]
weights = [["1/3", 2], [0, 1], [1, 1]]
bias = [0, 0, 0]
"""
BATCH = """
input = [[1, 2], [3, 4], [5, 6]]
target = [1, 0, 1]
loss = "mean_squared_error"
[[layers]]
weights = [[1, 2]]
bias = [0]
"""


def read(folder: Path, text: str) -> Problem:
    path = folder / "homework.toml"
    path.write_text(text, encoding="utf-8")
    return read_problem(path)


def test_the_file_of_the_design_is_read_as_it_stands(tmp_path: Path) -> None:
    problem = read(tmp_path, GOOD)
    assert problem.single
    assert problem.widths == [3, 2, 3]
    assert problem.inputs.tolist() == [[1, -1, 1]]
    assert problem.layers[1].weights.tolist() == [[Fraction(1, 3), 2], [0, 1], [1, 1]]
    assert [layer.activation.name for layer in problem.layers] == ["relu", "identity"]
    assert problem.output_function == "softmax"
    assert problem.optimizer == SGD(learning_rate=Fraction(1, 2))  # type: ignore[arg-type]
    assert problem.title == "homework"


def test_a_batch_has_a_row_a_sample(tmp_path: Path) -> None:
    problem = read(tmp_path, BATCH)
    assert not problem.single
    assert problem.inputs.shape == (3, 2)
    assert problem.targets is not None
    assert problem.targets.tolist() == [[1], [0], [1]]
    assert problem.optimizer is None


def test_decimals_are_exact_and_commas_allowed(tmp_path: Path) -> None:
    text = GOOD.replace("[1, -2]\n", '[0.1, "1,5"]\n').replace('"1/2"', "1e-1")
    problem = read(tmp_path, text)
    assert problem.layers[0].bias.tolist() == [Fraction(1, 10), Fraction(3, 2)]
    assert problem.optimizer is not None
    assert problem.optimizer.learning_rate == Fraction(1, 10)


@pytest.mark.parametrize(
    ("line", "optimizer"),
    [
        ('optimizer = "adam"', Adam(learning_rate=0.5)),
        (
            'optimizer = { name = "momentum", momentum = "1/4" }',
            Momentum(learning_rate=0.5, momentum=0.25),
        ),
    ],
)
def test_an_optimizer_is_named_or_a_table(tmp_path: Path, line: str, optimizer: Any) -> None:
    problem = read(tmp_path, f"{line}\n{GOOD}")
    assert problem.optimizer is not None
    assert {name: float(value) for name, value in vars(problem.optimizer).items()} == vars(
        optimizer
    )


def test_without_a_target_there_is_only_a_forward_pass(tmp_path: Path) -> None:
    text = GOOD.replace("target = [0, 0, 1]\n", "").replace('loss = "softmax_cross_entropy"\n', "")
    assert read(tmp_path, text).loss is None


# every way to be wrong -----------------------------------------------------------------------

WRONG = {
    "ragged": (
        ("[3, 4, -2]]", "[3, 4]]"),
        "layers[1].weights row 2 has 2 numbers but row 1 has 3: all rows must be of one length.",
    ),
    "widths that do not chain": (
        ('[["1/3", 2], [0, 1], [1, 1]]', "[[1, 2, 3], [0, 1, 1], [1, 1, 1]]"),
        "layers[2].weights has rows of 3, but layer 1 has 2 neurons: give each row 2 weights.",
    ),
    "input of another width": (
        ("[1, -1, 1]", "[1, -1]"),
        "input has 2 numbers, but layer 1 takes 3: give 3.",
    ),
    "unknown activation": (
        ('"relu"', '"rellu"'),
        "layers[1].activation: unknown activation 'rellu': did you mean 'relu'? Known are elu, "
        "gelu, identity, leaky_relu, relu, selu, sigmoid, silu, softplus, step, tanh.",
    ),
    "softmax inside": (
        ('"relu"', '"softmax"'),
        "layers[1].activation: softmax belongs to the output layer and goes with "
        'loss = "softmax_cross_entropy".',
    ),
    "no activation": (
        ('activation = "relu"\n', ""),
        "layers[1].activation is missing: name one, such as relu, or identity for none.",
    ),
    "unknown loss": (
        ('"softmax_cross_entropy"', '"softmax_crossentropy"'),
        "loss: unknown loss 'softmax_crossentropy': did you mean 'softmax_cross_entropy'? Known "
        "are absolute_error, half_squared_error, huber, mean_squared_error, poisson, "
        "sigmoid_cross_entropy, softmax_cross_entropy.",
    ),
    "unknown key": (
        ("learning_rate", "learnig_rate"),
        "unknown key 'learnig_rate': did you mean 'learning_rate'? Known are input, l2, layers, "
        "learning_rate, loss, optimizer, sample_weight, target, title.",
    ),
    "unknown key of a layer": (
        ("bias = [1, -2]", "biases = [1, -2]"),
        "layers[1]: unknown key 'biases': did you mean 'bias'? Known are activation, bias, "
        "weights.",
    ),
    "an answer": (
        ("learning_rate", "dz2"),
        "dz2 is a line of an answers file, which chalknet check takes beside the network.",
    ),
    "target too short": (
        ("[0, 0, 1]", "[0, 1]"),
        "target has 2 numbers, but the output layer has 3 neurons: give 3.",
    ),
    "target of no probabilities": (
        ("[0, 0, 1]", '["1/3", "1/3", 0.33]'),
        "target must be probabilities that add up to 1, but they add up to 299/300; thirds are "
        'written "1/3".',
    ),
    "a target below zero": (
        ("[0, 0, 1]", "[-1, 1, 1]"),
        "target: each row of target probabilities must be non-negative and sum to 1.",
    ),
    "no target": (
        ("target = [0, 0, 1]\n", ""),
        "target is missing: softmax_cross_entropy needs 3 numbers.",
    ),
    "no loss": (
        ('loss = "softmax_cross_entropy"\n', ""),
        "loss is missing: a target needs one. Known are absolute_error, half_squared_error, huber, "
        "mean_squared_error, poisson, sigmoid_cross_entropy, softmax_cross_entropy.",
    ),
    "target of a batch": (
        ("[0, 0, 1]", "[[0, 0, 1]]"),
        "target must be 3 numbers, as input is, not rows of numbers.",
    ),
    "zero denominator": (
        ('"1/3"', '"1/0"'),
        "layers[2].weights row 1 column 1: '1/0' has a zero denominator.",
    ),
    "no number": (
        ("[3, 4, -2]", '[3, 4, "two"]'),
        "layers[1].weights row 2 column 3: 'two' is not a number: write it as 2, -0.5, 1e-3 or, in "
        'quotes, "1/3" or "1,5".',
    ),
    "not finite": (
        ("bias = [0, 0, 0]", "bias = [0, nan, 0]"),
        "layers[2].bias value 2: nan is not a finite number.",
    ),
    "too large": (
        ("bias = [0, 0, 0]", "bias = [0, 1e400, 0]"),
        "layers[2].bias value 2: '1e400' is out of range: numbers reach to 1.8e308.",
    ),
    "bias too short": (
        ("bias = [0, 0, 0]", "bias = [0]"),
        "layers[2].bias has 1 number, but the layer has 3 neurons (rows of weights): give 3.",
    ),
    "no bias": (
        ("bias = [0, 0, 0]\n", ""),
        "layers[2].bias is missing: give 3 numbers, zeros where there is none.",
    ),
    "no weights": (
        ("weights = [[1, -2, 1], [3, 4, -2]]\n", ""),
        "layers[1].weights is missing: give one row of weights a neuron.",
    ),
    "weights of one row": (
        ("[[1, -2, 1], [3, 4, -2]]", "[1, -2, 1]"),
        "layers[1].weights row 1 must be a list of numbers, such as [1, -2], not 1.",
    ),
    "no input": (("input = [1, -1, 1]\n", ""), "input is missing: give 3 numbers."),
    "input in words": (
        ("input = [1, -1, 1]", 'input = "1, -1, 1"'),
        "input must be a list of numbers, such as [1, -2], not '1, -1, 1'.",
    ),
    "no rate": (
        ('learning_rate = "1/2"', 'optimizer = "adam"'),
        "learning_rate is missing: adam needs one.",
    ),
    "negative rate": (
        ('"1/2"', '"-1/2"'),
        "sgd: learning_rate must be a finite number ≥ 0, not -1/2.",
    ),
    "unknown optimizer": (
        ('learning_rate = "1/2"', 'learning_rate = 1\noptimizer = "adamm"'),
        "optimizer: unknown optimizer 'adamm': did you mean 'adam'? Known are adagrad, adam, "
        "adamw, momentum, nesterov, rmsprop, sgd.",
    ),
    "unknown option": (
        ('learning_rate = "1/2"', 'learning_rate = 1\noptimizer = {name = "adam", beta1 = 1}'),
        "optimizer: unknown key 'beta1': did you mean 'beta_1'? Known are beta_1, beta_2, epsilon, "
        "learning_rate.",
    ),
    "rate twice": (
        ('learning_rate = "1/2"', 'learning_rate = 1\noptimizer = {name="sgd", learning_rate=1}'),
        "learning_rate is given twice: leave it out of optimizer.",
    ),
    "penalty below zero": (
        ('learning_rate = "1/2"', "l2 = -1"),
        "l2 must be a number ≥ 0, not -1.",
    ),
    "weights of samples": (
        ('learning_rate = "1/2"', "sample_weight = [1, 2]"),
        "sample_weight has 2 numbers, but there is 1 sample: give one a sample.",
    ),
    "weights all zero": (
        ('learning_rate = "1/2"', "sample_weight = [0]"),
        "sample_weight: the sample weights are all zero: give some sample one above 0.",
    ),
    "a title that is none": (
        ('learning_rate = "1/2"', "title = 3"),
        "title must be text in quotes, not 3.",
    ),
    "layers that are none": (
        ("[[layers]]", "[layers]"),
        None,
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, name: str) -> None:
    (before, after), sentence = WRONG[name]
    assert before in GOOD
    with pytest.raises(ChalknetError) as error:
        read(tmp_path, GOOD.replace(before, after, 1))
    path = tmp_path / "homework.toml"
    if sentence is not None:
        assert str(error.value) == f"{path}: {sentence}"
    else:
        assert str(error.value).startswith(f"{path}: this is no TOML file: ")
        assert "(at line 10, column 9)" in str(error.value)


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (
            "target = [1, 0, 1]",
            "target = [1, 0]",
            "target must be 3 rows, one a sample, not one list of numbers.",
        ),
        (
            "target = [1, 0, 1]",
            "target = [[1], [0]]",
            "target has 2 rows, but input has 3: give one a sample.",
        ),
        (
            "target = [1, 0, 1]",
            "target = [[1, 2], [0, 2], [1, 2]]",
            "target has rows of 2 numbers, but the output layer has 1 neuron: give each row 1.",
        ),
        (
            "[[1, 2], [3, 4], [5, 6]]",
            "[[1], [3], [5]]",
            "input has rows of 1 number, but layer 1 takes 2: give each row 2.",
        ),
    ],
)
def test_what_is_wrong_with_a_batch_is_said(
    tmp_path: Path, before: str, after: str, sentence: str
) -> None:
    assert before in BATCH
    with pytest.raises(ChalknetError) as error:
        read(tmp_path, BATCH.replace(before, after))
    assert str(error.value) == f"{tmp_path / 'homework.toml'}: {sentence}"


def test_several_inputs_of_a_network_with_one_are_a_list_each(tmp_path: Path) -> None:
    text = 'input = [0, 1, 2]\n[[layers]]\nweights = [[1]]\nbias = [0]\nactivation = "relu"\n'
    with pytest.raises(
        ShapeError, match=r"for several samples a list each: input = \[\[0\], \[1\]"
    ):
        read(tmp_path, text)
    assert read(tmp_path, text.replace("[0, 1, 2]", "3")).inputs.tolist() == [[3]]


def test_a_file_that_is_no_toml_is_refused_with_the_line(tmp_path: Path) -> None:
    with pytest.raises(ChalknetError) as error:
        read(tmp_path, "input = [1, 2\n[[layers]]\n")
    assert str(error.value) == (
        f"{tmp_path / 'homework.toml'}: this is no TOML file: Unclosed array (at line 2, column 1)."
    )


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match=r"none.toml: cannot be read \(No such file"):
        read_problem(tmp_path / "none.toml")
    path = tmp_path / "bytes.toml"
    path.write_bytes(b"input = \xff")
    with pytest.raises(ChalknetError, match=r"byte 8 is no text in UTF-8\.$"):
        read_problem(path)
    path.write_text("input = " + "[" * 100_000)
    with pytest.raises(ChalknetError, match=r"nested too deeply|no TOML"):
        read_problem(path)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert read_problem(path).widths == [3, 2, 3]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_in_one_sentence(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([GOOD, BATCH]))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 8)))
    new = data.draw(st.text(st.sampled_from('[]",=.0123456789eE-+/xsnf{}#\n'), max_size=5))
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        sentence = place = str(Path(folder) / "homework.toml")
        try:
            read(Path(folder), text[:start] + new + text[end:])
        except ChalknetError as error:
            sentence = str(error)
        assert sentence.startswith(place)


# there and back ------------------------------------------------------------------------------


def floats(array: Any) -> Any:
    return np.asarray(array, dtype=np.float64)


def same(one: Problem, other: Problem) -> bool:
    arrays = [
        (one.inputs, other.inputs),
        (one.targets, other.targets),
        (one.sample_weight, other.sample_weight),
        *((a.weights, b.weights) for a, b in zip(one.layers, other.layers, strict=True)),
        *((a.bias, b.bias) for a, b in zip(one.layers, other.layers, strict=True)),
    ]
    return (
        all((a is None and b is None) or np.array_equal(floats(a), floats(b)) for a, b in arrays)
        and [a.activation.spec for a in one.layers] == [b.activation.spec for b in other.layers]
        and (one.loss, one.single, one.l2) == (other.loss, other.single, other.l2)
        and {k: float(v) for k, v in vars(one.optimizer).items()}
        == {k: float(v) for k, v in vars(other.optimizer).items()}
    )


@pytest.mark.parametrize("whole", [True, False])
def test_a_problem_survives_being_written_and_read(tmp_path: Path, whole: bool) -> None:
    for seed in range(60):
        problem = random_problem(seed, whole=whole)
        if problem.output_function == problem.layers[-1].activation.name:
            with pytest.raises(ConfigurationError, match="a file cannot say that"):
                problem.to_toml()
            continue
        if problem.output_function == "softmax" and not whole:
            continue  # random floats do not add up to 1 exactly, as a file's targets must
        assert same(problem, read(tmp_path, problem.to_toml()))


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_the_examples_can_be_read_and_written(tmp_path: Path, path: Path) -> None:
    problem = read_problem(path)
    assert same(problem, read(tmp_path, problem.to_toml()))


def test_a_title_may_hold_anything(tmp_path: Path) -> None:
    title = 'quotes " and \\ and \x1b[31m and ünï'
    problem = Problem(layers=[Layer(weights=[[1]], bias=[0])], inputs=[1], title=title)
    assert read(tmp_path, problem.to_toml()).title == title


# from a trained model ------------------------------------------------------------------------


def model_of(widths: list[int], y: Any, loss: str, **options: Any) -> Model:
    rng = np.random.default_rng(0)
    data = Dataset(rng.integers(0, 255, (len(y), widths[0])).astype(np.uint8), y, name="some")
    network = Network.dense(widths, rng=rng)
    return Model.for_data(network, loss, Preprocessing(divisor=255.0), data, **options)


def test_a_models_row_is_preprocessed_and_its_label_encoded() -> None:
    model = model_of([4, 3, 3], ["cat", "dog", "eel"], "softmax_cross_entropy")
    row = np.array([0, 51, 102, 255], np.uint8)
    problem = Problem.of_model(model, row, "dog", SGD(learning_rate=0.1), l2=0.5)
    assert problem.single
    np.testing.assert_allclose(problem.inputs, [[0, 0.2, 0.4, 1]], rtol=1e-15)
    assert problem.targets is not None
    assert problem.targets.tolist() == [[0, 1, 0]]
    assert problem.layers[0].weights.dtype == np.float64
    np.testing.assert_array_equal(problem.layers[0].weights, model.network.layers[0].W.T)
    assert problem.l2 == Fraction(1, 2)


def test_a_models_batch_and_a_single_output() -> None:
    model = model_of([2, 3, 1], [0, 1, 1], "sigmoid_cross_entropy")
    problem = Problem.of_model(model, np.zeros((3, 2), np.uint8), [1, 0, 1])
    assert problem.targets is not None
    assert problem.targets.tolist() == [[1], [0], [1]]
    assert Problem.of_model(model, np.zeros(2, np.uint8)).targets is None


def test_a_regressions_target_stays_a_number() -> None:
    model = model_of([2, 1], [0.5, 1.5], "mean_squared_error")
    problem = Problem.of_model(model, np.zeros(2, np.uint8), 1.25)
    assert problem.targets is not None
    assert problem.targets.tolist() == [[1.25]]


def test_a_row_or_label_that_does_not_fit_is_refused() -> None:
    model = model_of([4, 3], ["cat", "dog", "eel"], "softmax_cross_entropy")
    with pytest.raises(ShapeError) as error:
        Problem.of_model(model, np.zeros(3), "cat")
    assert str(error.value) == "x must be a row of 4 values, or rows of them, not of shape (3,)."
    with pytest.raises(TargetError, match=r"which is none of the 3 known classes"):
        Problem.of_model(model, np.zeros(4), "fox")


# in Python -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"layers": []}, "a problem needs at least one layer, but none was given."),
        ({"inputs": [1, 2]}, "layer 1 takes 1 inputs, but input has shape (2,)."),
        ({"targets": [1]}, "targets and loss go together: give both, or neither."),
        (
            {"targets": [1, 2], "loss": "huber"},
            "one sample and an output layer of 1 neurons take targets of shape (1,), not (2,).",
        ),
        ({"l2": -1}, "l2 must be a number ≥ 0, not -1."),
    ],
)
def test_a_problem_that_does_not_fit_is_refused(options: dict[str, Any], sentence: str) -> None:
    usual: dict[str, Any] = {"layers": [Layer(weights=[[2]], bias=[1])], "inputs": [1]}
    with pytest.raises(ChalknetError) as error:
        Problem(**(usual | options))
    assert str(error.value) == sentence


def test_layers_that_do_not_chain_are_refused() -> None:
    layers = [Layer(weights=[[1, 2]], bias=[0]), Layer(weights=[[1, 2]], bias=[0])]
    with pytest.raises(ShapeError) as error:
        Problem(layers=layers, inputs=[1, 2])
    assert str(error.value) == (
        "layer 1 has 1 neurons, so every row of weights of layer 2 must have 1 numbers, not 2."
    )
    with pytest.raises(ShapeError, match=r"so bias must have shape \(1,\), not \(2,\)"):
        Layer(weights=[[1, 2]], bias=[0, 0])
