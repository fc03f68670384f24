"""What layers and networks refuse, and in which words; nothing is broadcast to fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chalknet.errors import ConfigurationError, ShapeError
from chalknet.network import Dense, Network

SHAPES = st.lists(st.integers(0, 4), min_size=0, max_size=3).map(tuple)


def network() -> Network:
    return Network.dense([3, 5, 4, 2], rng=np.random.default_rng(0), dtype=np.float64)


@given(W=SHAPES, b=SHAPES)
@settings(max_examples=300, deadline=None)
def test_a_layer_of_any_other_shape_is_refused(W: tuple[int, ...], b: tuple[int, ...]) -> None:
    good = len(W) == 2 and min(W) > 0
    assume(not (good and b == (W[1],)))
    with pytest.raises(ShapeError) as error:
        Dense(np.zeros(W), np.zeros(b))
    assert str(error.value) == (
        f"W has shape {W}, so b must have shape ({W[1]},), not {b}."
        if good
        else f"W must have shape (fan_in, fan_out), at least (1, 1), not {W}."
    )


@given(shape=SHAPES)
@settings(max_examples=100, deadline=None)
def test_inputs_of_any_other_shape_are_refused(shape: tuple[int, ...]) -> None:
    assume(not (len(shape) == 2 and shape[1] == 3))
    for sweep in (network().forward, network().output):
        with pytest.raises(ShapeError) as error:
            sweep(np.zeros(shape))
        assert str(error.value) == (
            f"X has {shape[1]} columns but layer 1 has fan_in=3: pass inputs with 3 columns."
            if len(shape) == 2
            else f"X must have shape (n, 3), one row a sample, but has shape {shape}."
        )


@given(shape=SHAPES)
@settings(max_examples=100, deadline=None)
def test_output_gradients_of_any_other_shape_are_refused(shape: tuple[int, ...]) -> None:
    assume(shape != (4, 2))
    net = network()
    with pytest.raises(ShapeError) as error:
        net.backward(net.forward(np.zeros((4, 3))), np.zeros(shape))
    assert str(error.value) == f"d_output must have the output's shape (4, 2), not {shape}."


@given(shape=SHAPES)
@settings(max_examples=100, deadline=None)
def test_masks_of_any_other_shape_are_refused(shape: tuple[int, ...]) -> None:
    assume(shape != (2, 4))
    with pytest.raises(ShapeError) as error:
        network().forward(np.zeros((2, 3)), masks=[None, np.ones(shape), None])
    assert str(error.value) == f"the mask of layer 2 must have shape (2, 4), not {shape}."


def test_a_mask_for_every_layer() -> None:
    with pytest.raises(ShapeError) as error:
        network().forward(np.zeros((2, 3)), masks=[None, None])
    assert str(error.value) == "masks must be one a layer, None included: 3, not 2."


def test_layers_that_do_not_fit() -> None:
    layers = [Dense(np.ones((2, 3)), np.ones(3)), Dense(np.ones((4, 1)), np.ones(1))]
    with pytest.raises(ShapeError) as error:
        Network(layers)
    assert str(error.value) == (
        "layer 1 has fan_out=3, so layer 2 must have fan_in=3, but its W has shape (4, 1)."
    )


DENSE: list[tuple[Any, dict[str, Any], str]] = [
    ([], {}, "widths need at least inputs and outputs, but are []."),
    ([4], {}, "widths need at least inputs and outputs, but are [4]."),
    *(
        ([4, bad, 2], {}, f"a layer's width must be a positive integer, not {bad!r}.")
        for bad in (0, -3, 2.5, True, "8", "eight", None, float("nan"), float("inf"))
    ),
    (
        [4, 3, 2],
        {"activation": ["relu", "relu"]},
        "hidden layers: 1, but activations: 2: give one for all, or one a hidden layer.",
    ),
    ([4, 2], {"dtype": np.float16}, "dtype must be float32 or float64, not float16."),
    ([4, 2], {"dtype": int}, "dtype must be float32 or float64, not int64."),
]


@pytest.mark.parametrize(("widths", "options", "message"), DENSE)
def test_messages_of_dense(widths: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        Network.dense(widths, rng=np.random.default_rng(0), **options)
    assert str(error.value) == message


def test_a_network_needs_a_layer() -> None:
    with pytest.raises(ConfigurationError) as error:
        Network([])
    assert str(error.value) == "a network needs at least one layer, but none was given."
