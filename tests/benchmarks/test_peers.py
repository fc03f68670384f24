"""Every library computes the same thing: this is what makes comparing their times fair."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.fairness import deviation, flat, outcome, score
from benchmarks.peers import PEERS
from benchmarks.problems import PredictionProblem
from chalknet import Dense, Network, SigmoidCrossEntropy, SoftmaxCrossEntropy

# What torch.compile makes of torch-tensors takes a minute to build. Like every library it is
# compared at the start of each run of the benchmarks; so are JAX and ONNX Runtime if not here.
HERE = [peer for peer in PEERS.values() if not peer.missing and peer.name != "torch-compile"]
TRAINERS = [pytest.param(peer, id=peer.name) for peer in HERE if peer.trains]
PREDICTORS = [pytest.param(peer, id=peer.name) for peer in HERE if peer.predicts]


def by_the_textbook(problem):
    """Parameters after all updates, from ``Network.backward`` of each batch."""
    *hidden, output = problem.start
    network = Network([*(Dense(W, b, problem.activation) for W, b in hidden), Dense(*output)])
    loss = SigmoidCrossEntropy() if problem.binary else SoftmaxCrossEntropy()
    for _ in range(problem.epochs):
        for first in range(0, len(problem.pixels), problem.batch_size):
            batch = slice(first, first + problem.batch_size)
            trace = network.forward(problem.pixels[batch] / problem.divisor)
            _, d_output = loss.value_and_grad(trace.output, problem.labels[batch])
            gradients = network.backward(trace, d_output)
            network.parameters[...] -= problem.learning_rate * gradients.flat
    return [(layer.W, layer.b) for layer in network.layers]


@pytest.mark.parametrize("peer", TRAINERS)
def test_updates_are_those_of_the_textbook(peer, problem, settings):
    expected, found = by_the_textbook(problem), outcome(peer, problem, settings)
    way = np.linalg.norm(flat(expected) - flat(problem.start))
    assert way > 0.01
    assert np.linalg.norm(flat(found) - flat(expected)) < 1e-9 * way
    assert score(problem, found).loss == pytest.approx(score(problem, expected).loss, rel=1e-9)


@pytest.mark.parametrize("peer", TRAINERS)
def test_float32_is_float32(peer, problem, settings):
    """It lies as far from float64 as float32 must, no nearer: same type for everyone."""
    single = replace(problem, dtype=np.float32)
    assert all(
        values.dtype == np.float32 for layer in outcome(peer, single, settings) for values in layer
    )
    assert 1e-9 < deviation(peer, single, settings) < 1e-4


@pytest.mark.parametrize("peer", TRAINERS)
def test_shuffling_visits_each_sample_once(peer, problem, settings):
    """With one batch an epoch the order changes nothing; with more it does."""
    whole = replace(problem, batch_size=len(problem.pixels), epochs=3)
    in_order = flat(outcome(peer, whole, settings))
    shuffled = flat(outcome(peer, replace(whole, shuffle=True), settings))
    np.testing.assert_allclose(shuffled, in_order, rtol=0, atol=1e-12)

    parts = replace(problem, batch_size=8)
    in_order = flat(outcome(peer, parts, settings))
    shuffled = flat(outcome(peer, replace(parts, shuffle=True), settings))
    assert np.abs(shuffled - in_order).max() > 1e-4


@pytest.mark.parametrize("peer", TRAINERS)
def test_reset_goes_back_to_the_start(peer, problem, settings):
    job = peer.job(problem, settings)
    results = []
    for _ in range(2):
        job.reset()
        job.work()
        results.append(flat(job.result()).copy())
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize("peer", PREDICTORS)
@pytest.mark.parametrize("samples", [1, 70])
def test_probabilities_are_those_of_the_textbook(peer, samples, problem, settings):
    if problem.binary:
        problem = replace(problem, start=[*problem.start[:-1], (np.eye(8, 3), np.arange(3.0))])
    inputs = problem.inputs[:samples].astype(np.float32)
    *hidden, output = problem.start
    network = Network([*(Dense(W, b, problem.activation) for W, b in hidden), Dense(*output)])
    expected = SoftmaxCrossEntropy().predict(network.output(inputs.astype(np.float64)))
    found = outcome(peer, PredictionProblem(inputs, problem.start, problem.activation), settings)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
