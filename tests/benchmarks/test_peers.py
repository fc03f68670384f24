"""Every library computes the same thing: this is what makes comparing their times fair."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.fairness import deviation, flat, outcome, score
from benchmarks.peers import PEERS
from benchmarks.problems import Case, PredictionProblem
from chalknet import Dense, Network, SigmoidCrossEntropy, SoftmaxCrossEntropy

# What torch.compile makes of torch-tensors takes a minute to build. Like every library it is
# compared at the start of each run of the benchmarks; so are JAX and ONNX Runtime if not here.
HERE = [peer for peer in PEERS.values() if not peer.missing and peer.name != "torch-compile"]
STUDIED = ("chalknet", "torch-study", "numpy-study")
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


def test_evaluations_are_made_where_they_are_part_of_the_work(problem, settings):
    """Each study's program and chalknet: of the same parameters, to the last digits."""
    problem = replace(problem, evaluates=True)
    for of_study in (True, False):
        one = problem if of_study else replace(problem, evaluates=False)
        jobs = {name: PEERS[name].job(one, settings) for name in STUDIED}
        for job in jobs.values():
            job.reset()
            job.work()
        made = [len(jobs["chalknet"].scores), len(jobs["numpy-study"].scores)]
        assert made == [problem.epochs * of_study] * 2
        assert len(jobs["torch-study"].sums) == problem.epochs
        assert (jobs["torch-study"].sums[0][0] > 0) == of_study
        if of_study:
            first, last = (score(problem, at) for at in (problem.start, jobs["chalknet"].result()))
            assert jobs["chalknet"].scores[0].loss == pytest.approx(first.loss, rel=1e-9)
            assert jobs["chalknet"].scores[0].accuracy == first.accuracy
            loss, accuracy = jobs["numpy-study"].scores[-1]
            assert accuracy == last.accuracy
            assert loss == pytest.approx(last.loss, rel=1e-7)
            whole = -(-len(problem.test_pixels) // problem.batch_size)
            if whole == 1:
                assert jobs["torch-study"].sums[0][0] == pytest.approx(first.loss, rel=1e-9)


def test_a_study_is_compared_with_chalknet_alone(problem):
    usual, studied = Case("W2", "", problem), replace(problem, evaluates=True)
    assert not any(PEERS[name].takes(usual) for name in STUDIED if name != "chalknet")
    for name, program in (("W2/study", "torch-study"), ("W3/study", "numpy-study")):
        case = Case(name, "", studied)
        assert [peer for peer in PEERS if PEERS[peer].takes(case)] == ["chalknet", program]


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
