"""The network: parameters as views of one vector, and the two sweeps."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chalknet.network import Dense, Network
from chalknet.operations.activations import as_activation


def network(dtype: Any = np.float64, seed: int = 0) -> Network:
    return Network.dense(
        [3, 5, 4, 2],
        activation=["tanh", "relu"],
        init="torch_default",
        rng=np.random.default_rng(seed),
        dtype=dtype,
    )


# Dense -------------------------------------------------------------------------------------------


def test_a_layer_takes_lists_and_names() -> None:
    layer = Dense([[1, 2], [3, 4], [5, 6]], [0, 1], "leaky_relu(0.5)")
    assert layer.W.dtype == layer.b.dtype == np.float64
    assert (layer.fan_in, layer.fan_out) == (3, 2)
    assert layer.activation == as_activation("leaky_relu(0.5)")
    assert Dense([[1.0]], [0.0]).activation.name == "identity"


# parameters --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_parameters_are_one_vector_and_layers_its_views(dtype: Any) -> None:
    net = network(dtype)
    assert net.parameters.shape == ((3 + 1) * 5 + (5 + 1) * 4 + (4 + 1) * 2,)
    assert net.parameters.flags.c_contiguous
    assert net.dtype == dtype
    expected = np.concatenate([x for layer in net.layers for x in (layer.W.ravel(), layer.b)])
    assert np.array_equal(net.parameters, expected)
    for layer in net.layers:
        assert np.shares_memory(layer.W, net.parameters)
        assert np.shares_memory(layer.b, net.parameters)


def test_writing_into_either_changes_the_network() -> None:
    net = network()
    X = np.ones((1, 3))
    before = net.output(X)
    net.layers[2].b[0] += 1.0
    assert np.allclose(net.output(X) - before, [[1.0, 0.0]], rtol=0, atol=1e-15)
    net.parameters[-2] -= 1.0
    assert np.allclose(net.output(X), before, rtol=0, atol=1e-15)
    net.parameters[:] = 0.0
    assert all(not layer.W.any() for layer in net.layers)


def test_a_network_copies_the_layers_it_is_made_of() -> None:
    W, b = np.ones((2, 1)), np.zeros(1)
    net = Network([Dense(W, b)])
    W[0, 0] = b[0] = 99.0
    assert net.parameters.tolist() == [1.0, 1.0, 0.0]
    copy = net.copy()
    copy.parameters[:] = 7.0
    assert net.parameters.tolist() == [1.0, 1.0, 0.0]
    assert copy.layers[0].activation is net.layers[0].activation


def test_views_of_any_vector_laid_out_like_the_parameters() -> None:
    net = network()
    vector = np.arange(len(net.parameters), dtype=float)
    pairs = net.views(vector)
    assert [W.shape for W, _ in pairs] == [layer.W.shape for layer in net.layers]
    assert np.array_equal(np.concatenate([x.ravel() for pair in pairs for x in pair]), vector)
    assert pairs[0][0][1, 2] == 7.0  # row 1, column 2 of a (3, 5) matrix
    assert all(np.shares_memory(x, vector) for pair in pairs for x in pair)


def test_the_widest_float_of_the_layers_wins() -> None:
    narrow = Dense(np.ones((2, 2), np.float32), np.ones(2, np.float32), "relu")
    wide = Dense(np.ones((2, 1)), np.ones(1))
    assert Network([narrow]).dtype == np.float32
    assert Network([narrow, wide]).dtype == np.float64
    assert Network([narrow, wide]).layers[0].W.dtype == np.float64


# the sweeps --------------------------------------------------------------------------------------


def test_forward_writes_down_every_line() -> None:
    net = network()
    X = np.random.default_rng(1).normal(size=(6, 3))
    trace = net.forward(X)
    Z1 = X @ net.layers[0].W + net.layers[0].b
    Z2 = np.tanh(Z1) @ net.layers[1].W + net.layers[1].b
    Z3 = np.where(Z2 > 0, Z2, 0) @ net.layers[2].W + net.layers[2].b
    assert trace.inputs is X
    for Z, expected in zip(trace.pre_activations, (Z1, Z2, Z3), strict=True):
        assert np.allclose(Z, expected, rtol=1e-14, atol=1e-15)
    assert np.allclose(trace.activations[0], np.tanh(Z1), rtol=1e-14)
    assert trace.output is trace.activations[-1]
    assert np.array_equal(net.output(X), trace.output)
    assert trace.masks == [None, None, None]


def test_dropout_is_what_the_next_layer_sees() -> None:
    net = network()
    X = np.random.default_rng(1).normal(size=(2, 3))
    mask = np.array([[2.0, 0.0, 2.0, 0.0, 2.0], [0.0, 0.0, 2.0, 2.0, 2.0]])
    trace = net.forward(X, masks=[mask, None, None])
    plain = net.forward(X)
    assert np.array_equal(trace.pre_activations[0], plain.pre_activations[0])
    assert np.array_equal(trace.activations[0], mask * plain.activations[0])
    below = trace.activations[0] @ net.layers[1].W + net.layers[1].b
    assert np.allclose(trace.pre_activations[1], below, rtol=1e-14, atol=1e-15)
    gradients = net.backward(trace, np.ones((2, 2)))
    # No error flows back into a dropped neuron.
    assert not gradients.dZ[0][mask == 0].any()
    assert gradients.dZ[0][mask != 0].all()


def test_a_step_by_hand() -> None:
    """With numbers small enough for paper: every line below can be checked in the head."""
    net = Network(
        [
            Dense([[1, 3], [-2, 4], [1, -2]], [1, -2], "relu"),
            Dense([[1, 0, 1], [2, 1, -1]], [0, 0, 0]),
        ]
    )
    trace = net.forward([[1, -1, 1]])
    assert trace.pre_activations[0].tolist() == [[5.0, -5.0]]
    assert trace.activations[0].tolist() == [[5.0, 0.0]]
    assert trace.output.tolist() == [[5.0, 0.0, 5.0]]
    gradients = net.backward(trace, [[1.0, 2.0, -3.0]])
    assert gradients.dZ[1].tolist() == [[1.0, 2.0, -3.0]]
    assert gradients.dW[1].tolist() == [[5.0, 10.0, -15.0], [0.0, 0.0, 0.0]]
    assert gradients.db[1].tolist() == [1.0, 2.0, -3.0]
    assert gradients.dZ[0].tolist() == [[-2.0, 0.0]]  # 1 − 3; the second neuron is off
    assert gradients.dW[0].tolist() == [[-2.0, 0.0], [2.0, 0.0], [-2.0, 0.0]]
    assert gradients.dX is not None
    assert gradients.dX.tolist() == [[-2.0, 4.0, -2.0]]


def test_gradients_are_views_of_one_vector_in_the_order_of_the_parameters() -> None:
    net = network()
    trace = net.forward(np.ones((2, 3)))
    gradients = net.backward(trace, np.ones((2, 2)))
    pairs = net.views(gradients.flat)
    for (W, b), dW, db in zip(pairs, gradients.dW, gradients.db, strict=True):
        assert np.shares_memory(dW, gradients.flat)
        assert np.array_equal(dW, W)
        assert np.array_equal(db, b)
    assert [dZ.shape for dZ in gradients.dZ] == [(2, 5), (2, 4), (2, 2)]


def test_the_input_gradient_can_be_left_out() -> None:
    net = network()
    trace = net.forward(np.ones((2, 3)))
    without = net.backward(trace, np.ones((2, 2)), input_gradient=False)
    assert without.dX is None
    assert np.array_equal(without.flat, net.backward(trace, np.ones((2, 2))).flat)


def test_float64_inputs_compute_in_float64() -> None:
    narrow = network(np.float32)
    wide = Network(
        [Dense(x.W.astype(float), x.b.astype(float), x.activation) for x in narrow.layers]
    )
    X = np.random.default_rng(0).normal(size=(4, 3))
    trace = narrow.forward(X)
    assert trace.output.dtype == np.float64
    assert np.array_equal(trace.output, wide.output(X))
    gradients = narrow.backward(trace, np.ones((4, 2)))
    assert gradients.flat.dtype == np.float64
    assert np.array_equal(gradients.flat, wide.backward(wide.forward(X), np.ones((4, 2))).flat)


def test_float32_stays_float32() -> None:
    net = network(np.float32)
    trace = net.forward(np.ones((4, 3), np.float32))
    arrays = [*trace.pre_activations, *trace.activations]
    gradients = net.backward(trace, np.ones((4, 2), np.float32))
    arrays += [*gradients.dZ, *gradients.dW, *gradients.db, gradients.flat]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


def test_whole_numbers_are_taken_in_the_type_of_the_network() -> None:
    whole = np.arange(6).reshape(2, 3)
    assert network(np.float32).output(whole).dtype == np.float32
    assert network(np.float64).output(whole.astype(np.uint8)).dtype == np.float64


def test_no_samples_is_no_error() -> None:
    net = network()
    assert net.output(np.zeros((0, 3))).shape == (0, 2)


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_copy_is_a_network_of_its_own_with_views_of_its_own(
    copied: Callable[[Network], Network],
) -> None:
    net = network()
    before, twin = net.parameters.copy(), copied(net)
    np.testing.assert_array_equal(twin.parameters, before)
    twin.parameters[...] = 7.0
    assert all((layer.W == 7.0).all() and (layer.b == 7.0).all() for layer in twin.layers)
    twin.layers[0].W[0, 0] = 8.0
    assert twin.parameters[0] == 8.0
    np.testing.assert_array_equal(net.parameters, before)


# how it is made and shown ------------------------------------------------------------------------


def test_dense_gives_every_hidden_layer_its_activation() -> None:
    rng = np.random.default_rng(0)
    net = Network.dense([4, 3, 3, 2], activation="gelu", output_activation="sigmoid", rng=rng)
    assert [layer.activation.name for layer in net.layers] == ["gelu", "gelu", "sigmoid"]
    assert net.widths == [4, 3, 3, 2]
    assert net.dtype == np.float32
    net = Network.dense((4, 3, 3, 2), activation=("relu", "elu(0.5)"), rng=rng)
    assert [str(layer.activation) for layer in net.layers] == ["relu", "elu(alpha=0.5)", "identity"]
    assert Network.dense([4, np.int64(3), 2.0], rng=rng).widths == [4, 3, 2]


def test_summary_counts_the_parameters() -> None:
    rng = np.random.default_rng(0)
    net = Network.dense([784, 256, 10], activation="leaky_relu(0.125)", rng=rng)
    rows = [line.split() for line in net.summary().splitlines()]
    assert rows[0] == ["layer", "shape", "activation", "parameters"]
    assert rows[2] == ["1", "784", "→", "256", "leaky_relu(slope=0.125)", "200,960"]
    assert rows[3] == ["2", "256", "→", "10", "identity", "2,570"]
    assert rows[5] == ["total", "203,530"]
    assert len({len(line) for line in net.summary().splitlines()}) == 1


def test_repr() -> None:
    assert repr(network()) == "<Network 3-5-4-2: tanh, relu, identity; float64>"
