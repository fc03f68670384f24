"""ONNX's own test cases for its operators, fed to the kernels.

Out of scope, each for a reason:

* Gemm with transA, transB, alpha, beta or a matrix C: a layer is X W + b with a vector b.
* Gelu by its approximation with tanh, Swish with another factor than 1, Selu with other constants:
  chalknet's are the exact ones, and SELU's fixed point has only one pair of constants.
* SoftmaxCrossEntropyLoss without a reduction: a step has one loss. Its second output is LogSoftmax.
* norm_coefficient_post of Adam, which shrinks the weights after the step; no case has it.

What only arranges numbers is arranged before: the axis of classes becomes the last, other axes
become rows, samples to be ignored get the weight 0, others the weight of their class.
"""

from __future__ import annotations

import ctypes
import warnings
from typing import Any

import numpy as np
import pytest

from chalknet import SGD, Adagrad, Adam, Dense, Momentum, Nesterov, Network, Preprocessing
from chalknet.engine import Plan, StepRange, Totals
from chalknet.engine.compiled.engine import CompiledEngine
from chalknet.engine.compiled.kernels import map_kernel
from chalknet.operations.activations import as_activation
from chalknet.operations.losses import SoftmaxCrossEntropy

onnx_node = pytest.importorskip("onnx.backend.test.case.node")


@pytest.fixture(scope="module")
def cases() -> dict[str, Any]:
    """All node test cases of the installed ONNX, by name."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it casts numbers that do not fit, on purpose
        return {case.name: case for case in collect_testcases(None)}


def of_operator(cases: dict[str, Any], operator: str) -> list[tuple[Any, dict[str, Any], Any, Any]]:
    """(name, attributes, inputs, outputs) of the cases of one operator."""
    from onnx.helper import get_attribute_value

    found = []
    for name, case in cases.items():
        nodes = case.model.graph.node
        if len(nodes) == 1 and nodes[0].op_type == operator:
            attributes = {a.name: get_attribute_value(a) for a in nodes[0].attribute}
            [(inputs, outputs)] = case.data_sets
            found.append((name, attributes, inputs, outputs))
    return found


def outputs_of(network: Network, X: Any) -> Any:
    """From the kernels of many rows and from those of few."""
    many = CompiledEngine(exactly=2).predict(network, Preprocessing(), np.repeat(X, 20, axis=0))[
        ::20
    ]
    few = np.concatenate(
        [CompiledEngine().predict(network, Preprocessing(), X[i : i + 1]) for i in range(len(X))]
    )
    np.testing.assert_array_equal(many, few)
    return many


def test_gemm(cases: dict[str, Any]) -> None:
    taken = 0
    for _, attributes, inputs, [expected] in of_operator(cases, "Gemm"):
        X, W, b = (*inputs, np.zeros((), np.float32))[:3]
        if attributes or (b.ndim == 2 and len(b) > 1):
            continue
        b = np.broadcast_to(b, (1, W.shape[1]))[0]
        found = outputs_of(Network([Dense(W, b)]), X)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
        taken += 1
    assert taken >= 5


ACTIVATIONS = {
    "Relu": ("relu", {}),
    "LeakyRelu": ("leaky_relu", {"alpha": "slope"}),
    "Elu": ("elu", {"alpha": "alpha"}),
    "Selu": ("selu", {}),
    "Gelu": ("gelu", {}),
    "Swish": ("silu", {}),
    "Sigmoid": ("sigmoid", {}),
    "Tanh": ("tanh", {}),
    "Softplus": ("softplus", {}),
    "Identity": ("identity", {}),
}


@pytest.mark.parametrize("operator", sorted(ACTIVATIONS))
def test_activations(cases: dict[str, Any], operator: str) -> None:
    name, names = ACTIVATIONS[operator]
    activation, taken = as_activation(name), 0
    for _, attributes, inputs, [expected] in of_operator(cases, operator):
        if operator == "Selu" and attributes:
            # The case's γ = 3 and α = 2 are not SELU's: the fixed point has only one pair.
            continue
        if attributes.get("approximate") == b"tanh" or not hasattr(inputs[0], "dtype"):
            continue
        if operator == "Swish" and attributes.pop("alpha", 1.0) != 1.0:
            continue
        options = {names[key]: value for key, value in attributes.items() if key in names}
        chosen = activation.with_parameters(**options) if options else activation
        [z] = inputs
        if z.dtype != np.float32:
            continue
        one = Network([Dense(np.ones((1, 1), np.float32), np.zeros(1, np.float32), chosen)])
        found = outputs_of(one, z.reshape(-1, 1)).reshape(z.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
        taken += 1
    assert taken >= 1


def as_rows(values: Any, axis: int) -> Any:
    """Two axes: the given one last, all others in the first."""
    return np.moveaxis(values, axis, -1).reshape(-1, values.shape[axis])


@pytest.mark.parametrize("operator", ["Softmax", "LogSoftmax"])
def test_softmax(cases: dict[str, Any], operator: str) -> None:
    """Through the gradient: with t the first class, ∂ℓ/∂o = p − t, and the loss is −log p."""
    taken = 0
    for _, attributes, [o], [expected] in of_operator(cases, operator):
        axis = attributes.get("axis", -1)
        o, expected = as_rows(o, axis), as_rows(expected, axis)  # noqa: PLW2901
        for target in range(o.shape[1]):
            plan, totals = one_step(o, np.full(len(o), target), None)
            if operator == "LogSoftmax":
                assert totals.loss == pytest.approx(-expected[:, target].sum(), rel=1e-5)
            else:
                p = expected.astype(float)
                p[:, target] -= 1
                np.testing.assert_allclose(
                    -plan.network.layers[0].b, p.mean(axis=0), rtol=1e-5, atol=1e-7
                )
        taken += 1
    assert taken >= 7


def one_step(o: Any, targets: Any, weights: Any) -> tuple[Plan, Totals]:
    """A step of plain descent at rate 1 with these logits: b moves by minus its gradient."""
    n, K = o.shape
    network = Network([Dense(np.zeros((K, K)), np.zeros(K))])
    network.layers[0].W[...] = np.eye(K)
    optimizer = SGD(learning_rate=1.0)
    plan = Plan(
        network=network,
        loss=SoftmaxCrossEntropy(),
        optimizer=optimizer,
        state=optimizer.init(network.parameters),
        preprocessing=Preprocessing(),
        X=np.ascontiguousarray(o),
        targets=targets.astype(np.int64),
        sample_weight=weights,
        l2=0.0,
        dropout=(),
    )
    totals = Totals()
    CompiledEngine().run(plan, StepRange(None, n, 0, 1, np.ones(1), 0), totals)
    return plan, totals


def test_softmax_cross_entropy_loss(cases: dict[str, Any]) -> None:
    taken = 0
    for _, attributes, inputs, outputs in of_operator(cases, "SoftmaxCrossEntropyLoss"):
        reduction, ignored = attributes["reduction"], attributes.get("ignore_index")
        if reduction == b"none":
            continue
        o, labels = as_rows(inputs[0], 1), inputs[1].ravel()
        kept = labels != ignored
        labels = np.where(kept, labels, 0)
        weights = None
        if len(inputs) > 2 or ignored is not None:
            of_class = inputs[2].astype(float) if len(inputs) > 2 else np.ones(o.shape[1])
            weights = np.where(kept, of_class[labels], 0.0)
        _, totals = one_step(o, labels, weights)
        found = totals.loss / (totals.weight if reduction == b"mean" else 1.0)
        assert found == pytest.approx(float(outputs[0]), rel=1e-5)
        taken += 1
    assert taken >= 26


def stepped(optimizer: Any, w: Any, g: Any, slots: list[Any], *corrections: float) -> list[Any]:
    """The optimizer's update as its kernel computes it, in place of w and the slots.

    ``corrections`` replace its last coefficients.
    """
    coefficients = optimizer.coefficients(optimizer.learning_rate, 1)
    coefficients = (*coefficients[: len(coefficients) - len(corrections)], *corrections)
    arrays = [np.array(array, np.float64).ravel() for array in (w, g, *slots)]
    address = map_kernel(
        type(optimizer).update, np.dtype(np.float64), real=len(arrays), weak=len(coefficients)
    )
    word = ctypes.c_int64
    call = ctypes.CFUNCTYPE(None, word, word, word, ctypes.c_void_p, ctypes.c_void_p)(address)
    results = [arrays[0], *arrays[2:]]
    addresses = np.array([array.ctypes.data for array in (*arrays, *results)])
    weak = np.array(coefficients)
    call(1, arrays[0].size, 0, addresses.ctypes.data, weak.ctypes.data)
    return results


def test_adagrad(cases: dict[str, Any]) -> None:
    """R = initial rate / (1 + T · decay factor); the L2 part of the gradient is added first."""
    taken = 0
    for _, attributes, (rate, t, *tensors), expected in of_operator(cases, "Adagrad"):
        decayed = float(rate) / (1 + float(t) * attributes.get("decay_factor", 0.0))
        optimizer = Adagrad(learning_rate=decayed, epsilon=attributes["epsilon"])
        many = len(tensors) // 3
        for number in range(many):
            w, g, s = (tensors[number + part * many] for part in range(3))
            found = stepped(optimizer, w, g + attributes["norm_coefficient"] * w, [s])
            np.testing.assert_allclose(found[0], expected[number].ravel(), rtol=1e-5)
            np.testing.assert_allclose(found[1], expected[number + many].ravel(), rtol=1e-5)
        taken += 1
    assert taken >= 2


def test_momentum(cases: dict[str, Any]) -> None:
    """Both modes; ONNX's β multiplies the gradient, but is 1 in the cases or not yet in force."""
    taken = 0
    for _, attributes, (rate, _t, *tensors), expected in of_operator(cases, "Momentum"):
        kind = Nesterov if attributes["mode"] == b"nesterov" else Momentum
        optimizer = kind(learning_rate=float(rate), momentum=attributes["alpha"])
        assert attributes["beta"] == 1.0 or _t == 0
        many = len(tensors) // 3
        for number in range(many):
            w, g, v = (tensors[number + part * many] for part in range(3))
            found = stepped(optimizer, w, g + attributes["norm_coefficient"] * w, [v])
            np.testing.assert_allclose(found[0], expected[number].ravel(), rtol=1e-5)
            np.testing.assert_allclose(found[1], expected[number + many].ravel(), rtol=1e-5)
        taken += 1
    assert taken >= 3


def test_adam(cases: dict[str, Any]) -> None:
    """At T = 0 ONNX corrects nothing; later it corrects the rate instead of the moments."""
    taken = 0
    for _, attributes, (rate, t, *tensors), expected in of_operator(cases, "Adam"):
        assert int(t) == 0
        optimizer = Adam(
            learning_rate=float(rate),
            beta_1=attributes["alpha"],
            beta_2=attributes["beta"],
            epsilon=attributes["epsilon"],
        )
        many = len(tensors) // 4
        for number in range(many):
            w, g, m, v = (tensors[number + part * many] for part in range(4))
            found = stepped(optimizer, w, g + attributes["norm_coefficient"] * w, [m, v], 1.0, 1.0)
            for part in range(3):
                wanted = expected[number + part * many].ravel()
                np.testing.assert_allclose(found[part], wanted, rtol=1e-5)
        taken += 1
    assert taken >= 2
