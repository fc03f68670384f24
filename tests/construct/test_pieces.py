"""Knots and regions of networks, against what the networks compute."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest

from chalknet import Dense, Model, Network, Preprocessing
from chalknet.construct.linear_regions import linear_regions
from chalknet.construct.piecewise_linear import pieces_of
from chalknet.construct.relu_interpolation import fit_relu
from chalknet.errors import ConfigurationError, ShapeError
from chalknet.explain.problem import Layer, Problem
from chalknet.operations.losses import MeanSquaredError

WIDTHS = [[1, 7, 1], [1, 12, 9, 2], [1, 6, 6, 6, 6, 1], [1, 3]]


def random_network(widths, seed, activation="relu", output_activation="identity"):
    rng = np.random.default_rng(seed)
    return Network.dense(
        widths, activation=activation, output_activation=output_activation, init="torch_default",
        rng=rng, dtype=np.float64,
    )  # fmt: skip


def exactly(network, x):
    """The outputs in fractions, by the definition."""
    A = [Fraction(value) for value in np.atleast_1d(x).tolist()]
    for layer in network.layers:
        W, b = layer.W.tolist(), layer.b.tolist()
        A = [
            sum((Fraction(W[i][j]) * a for i, a in enumerate(A)), Fraction(b[j]))
            for j in range(len(b))
        ]
        if layer.activation.name == "relu":
            A = [max(a, Fraction(0)) for a in A]
        elif layer.activation.name == "leaky_relu":
            A = [a if a > 0 else a / 100 for a in A]
    return tuple(A)


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
def test_pieces_are_the_network_exactly(widths, activation):
    for seed in range(3):
        network = random_network(widths, seed, activation)
        found = pieces_of(network)
        knots = found.knots
        assert list(knots) == sorted(set(knots))
        inside = [(a + b) / 2 for a, b in itertools.pairwise(knots)]
        beyond = [knots[0] - 5, knots[-1] + 5] if knots else [Fraction(0), Fraction(1)]
        for x in [*knots, *inside, *beyond]:
            assert found(x) == exactly(network, np.array([x], object))
        for before, after in itertools.pairwise(found.pieces):
            assert before.slopes != after.slopes
            assert before.at(before.end) == after.at(after.start)


def test_a_kink_in_the_network_is_in_the_list():
    # On a fine grid no bend of the graph lies where there is no knot.
    network = random_network([1, 20, 20, 1], 0)
    x = np.linspace(-4, 4, 200_001)
    y = network.output(x[:, None])[:, 0]
    bent = np.flatnonzero(np.abs(np.diff(y, 2)) > 1e-11) + 1
    knots = np.array([float(knot) for knot in pieces_of(network).knots])
    near = np.abs(x[bent][:, None] - knots).min(axis=1)
    assert len(bent) > 10
    assert near.max() <= x[1] - x[0]


@pytest.mark.parametrize("depth", [1, 2, 3, 6])
def test_the_saw_tooth_doubles_with_every_layer(depth):
    # Telgarsky's: x → 1 − |2x − 1| on [0, 1], composed with itself.
    tent = [Dense([[1.0, 1.0]], [0.0, -0.5], "relu"), Dense([[2.0], [-4.0]], [0.0], "relu")]
    found = pieces_of(Network(tent * depth))
    assert found.knots == tuple(Fraction(i, 2**depth) for i in range(2**depth + 1))
    assert found(Fraction(1, 2**depth)) == (1,)


def test_what_was_constructed_is_found_again():
    x, y = range(13), [8, 6, 4, 2, 0, 2, 4, 2, 0, 2, 4, 6, 8]
    found = pieces_of(fit_relu(x, y).network)
    assert found.knots == (0, 4, 6, 8)
    assert [piece.slopes[0] for piece in found.pieces] == [0, -2, 2, -2, 2]
    assert found.values == ((8,), (0,), (4,), (0,))


def test_fractions_stay_fractions():
    problem = Problem(
        layers=(
            Layer(weights=[["1/3"], [-1]], bias=["1/7", 2], activation="relu"),
            Layer(weights=[[3, "1/2"]], bias=["-1/5"]),
        ),
        inputs=[0],
    )
    found = pieces_of(problem)
    assert found.knots == (Fraction(-3, 7), 2)
    assert found.pieces[1].slopes == (Fraction(1, 2),)


def test_a_models_preprocessing_is_part_of_it():
    network = random_network([1, 8, 1], 3)
    model = Model(network, MeanSquaredError(), Preprocessing(offset=5.0, divisor=0.5))
    found = pieces_of(model)
    for x in (-3.0, 4.5, 5.25, 7.0):
        assert float(found(Fraction(x))[0]) == pytest.approx(model.output([[x]])[0, 0], abs=1e-12)
    assert found.knots == tuple(5 + knot / 2 for knot in pieces_of(network).knots)


def test_networks_that_have_no_knots():
    with pytest.raises(ConfigurationError, match="layer 1 has the activation tanh, but only"):
        pieces_of(random_network([1, 3, 1], 0, "tanh"))
    with pytest.raises(ShapeError, match="has 2 inputs, but knots lie on the line of one"):
        pieces_of(random_network([2, 3, 1], 0))
    with pytest.raises(ShapeError, match="has 1 inputs, but regions are drawn in the plane"):
        linear_regions(random_network([1, 3, 1], 0))
    with pytest.raises(ConfigurationError, match="has no inside"):
        linear_regions(random_network([2, 3, 1], 0), (1, 1), (0, 0))
    broken = random_network([1, 3, 1], 0)
    broken.layers[0].W[0, 0] = np.nan
    with pytest.raises(ConfigurationError, match="a weight is not finite"):
        pieces_of(broken)


# regions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("widths", [[2, 6, 1], [2, 8, 8, 2], [2, 5, 5, 5, 1]], ids=str)
@pytest.mark.parametrize("seed", [0, 1])
def test_regions_tile_the_square_and_are_affine(widths, seed):
    network = random_network(widths, seed)
    found = linear_regions(network, (-2, -3), (2, 3))
    area = Fraction(0)
    for region in found.regions:
        corners = region.corners
        twice = sum(
            x * b - a * y
            for (x, y), (a, b) in zip(corners, [*corners[1:], corners[0]], strict=True)
        )
        assert twice > 0  # no sliver, none turned over
        area += twice / 2
        # A corner and a point inside: the network's own value, exactly.
        middle = tuple(sum(values) / len(corners) for values in zip(*corners, strict=True))
        for x, y in (corners[0], middle):
            ours = tuple(
                gx * x + gy * y + c
                for (gx, gy), c in zip(region.gradients, region.intercepts, strict=True)
            )
            assert ours == exactly(network, np.array([x, y], object))
    assert area == 24
    assert found.after_layer[-1] == len(found.regions)


def test_no_region_is_missed_or_invented():
    network = random_network([2, 7, 6, 1], 4)
    found = linear_regions(network, (-2, -2), (2, 2))

    def pattern(x):
        trace = network.forward(x[None])
        return tuple(np.concatenate([Z[0] > 0 for Z in trace.pre_activations[:-1]]).tolist())

    patterns = {pattern(region.outline.mean(axis=0)) for region in found.regions}
    assert len(patterns) == len(found.regions)
    seen = {pattern(x) for x in np.random.default_rng(0).uniform(-2, 2, (5000, 2))}
    assert seen <= patterns


@pytest.mark.parametrize("lines", [1, 2, 3, 4, 5])
def test_lines_in_general_position_make_as_many_regions_as_they_should(lines):
    # n lines cut the plane into 1 + n + n (n − 1) / 2 (Steiner, 1826).
    angles = np.linspace(0.1, 3.0, lines)
    W = np.stack([np.cos(angles), np.sin(angles)])
    network = Network([Dense(W, np.sin(7 * angles), "relu"), Dense(np.ones((lines, 1)), [0.0])])
    found = linear_regions(network, (-1000, -1000), (1000, 1000))
    assert len(found.regions) == 1 + lines + lines * (lines - 1) // 2


def test_a_square_is_chosen_that_shows_the_lines():
    network = Network(
        [Dense([[1.0, 0.0], [0.0, 2.0]], [-3.0, 4.0], "relu"), Dense([[1.0], [1.0]], [0.0])]
    )
    found = linear_regions(network)
    assert found.high[0] > 3
    assert len(found.regions) == 4
