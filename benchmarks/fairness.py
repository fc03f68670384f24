"""Whether every library did the same job: the same updates, and the same model at the end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.peers import PEERS, Job, Peer
from benchmarks.peers.by_hand import forward
from benchmarks.problems import (
    Array,
    Case,
    Parameters,
    PredictionProblem,
    Problem,
    Settings,
    TrainingProblem,
)

UPDATES = 3


@dataclass(frozen=True)
class Score:
    """On the test set, in float64."""

    loss: float
    accuracy: float


def tolerance(problem: Problem) -> float:
    """What ``deviation`` may be: rounding, which each layer and each update amplify."""
    return len(problem.start) * (1e-9 if np.dtype(problem.dtype) == np.float64 else 1e-3)


def deviation(peer: Peer, problem: Problem, settings: Settings) -> float:
    """How far the library is from NumPy in float64, after a few updates or predictions."""
    if isinstance(problem, PredictionProblem):
        return _of_predictions(peer, problem, settings)
    return _of_updates(peer, problem, settings)


def _of_predictions(peer: Peer, problem: PredictionProblem, settings: Settings) -> float:
    """The largest difference between probabilities."""
    few = replace(problem, inputs=problem.inputs[:100])
    exact = replace(few, inputs=few.inputs.astype(np.float64))
    differences = outcome(peer, few, settings) - outcome(PEERS["numpy"], exact, settings)
    return float(np.abs(differences).max())


def _of_updates(peer: Peer, problem: TrainingProblem, settings: Settings) -> float:
    """‖θ − θ*‖ / ‖θ* − θ₀‖: which part of the way went elsewhere."""
    few = problem.updates(UPDATES)
    # Both from the same point: the nearest numbers of the problem's type.
    few = replace(few, start=_rounded(few.start, few.dtype))
    exact = replace(few, dtype=np.float64)
    expected = flat(outcome(PEERS["numpy"], exact, settings))
    found = flat(outcome(peer, few, settings))
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected - flat(few.start)))


def _rounded(start: Parameters, dtype: npt.DTypeLike) -> Parameters:
    def nearest(values: Array) -> Array:
        return values.astype(dtype).astype(np.float64)

    return [(nearest(W), nearest(b)) for W, b in start]


def outcome(peer: Peer, problem: Problem, settings: Settings) -> Any:
    job: Job = peer.job(problem, settings)
    job.reset()
    job.work()
    return job.result()


def flat(parameters: Parameters) -> Array:
    return np.concatenate([values.ravel() for layer in parameters for values in layer])


def score(problem: TrainingProblem, parameters: Parameters) -> Score:
    inputs = problem.test_pixels.astype(np.float64) / problem.divisor
    layers = [(W.astype(np.float64), b.astype(np.float64)) for W, b in parameters]
    p = forward(layers, inputs, problem.activation)[-1]
    if problem.binary:
        p = np.hstack([1 - p, p])
    of_label = p[np.arange(len(p)), problem.test_labels]
    loss = -np.log(np.maximum(of_label, np.finfo(np.float64).tiny)).mean()
    return Score(float(loss), float((p.argmax(axis=1) == problem.test_labels).mean()))


def objections(case: Case, scores: dict[str, Score]) -> dict[str, str]:
    """Which libraries did not arrive where the others did, and where they arrived instead."""
    if not scores:
        return {}
    loss = median(found.loss for found in scores.values())
    accuracy = median(found.accuracy for found in scores.values())
    objections = {}
    for name, found in scores.items():
        if not abs(found.accuracy - accuracy) <= case.accuracy_tolerance:
            objections[name] = f"test accuracy {found.accuracy:.4f}, median {accuracy:.4f}"
        elif not abs(found.loss - loss) <= case.loss_tolerance * loss:
            objections[name] = f"test loss {found.loss:.4f}, median {loss:.4f}"
    return objections
