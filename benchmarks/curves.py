"""How time grows with the number of samples, the width, the depth and the threads.

Data are random bytes without zeros, so that nobody gains from skipping zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.measure import Result, Say, measure
from benchmarks.peers import Peer
from benchmarks.problems import Case, Settings, TrainingProblem
from benchmarks.workloads.start import start

COMPARED = ("chalknet", "torch-tensors")
# Samples are chosen so that a point costs about this much, and never fewer than ten batches.
GFLOP_A_POINT = 20
BATCH = 128


@dataclass(frozen=True)
class Curve:
    """``steps`` gives each x with its layer widths, number of samples and threads."""

    name: str
    title: str
    axis: str
    steps: Callable[[int], Iterator[tuple[int, list[int], int, int]]]


@dataclass(frozen=True)
class Point:
    x: int
    samples: int
    threads: int
    result: Result


def _samples(threads: int) -> Iterator[tuple[int, list[int], int, int]]:
    for samples in (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000):
        yield samples, [64, 128, 10], samples, threads


def _width(threads: int) -> Iterator[tuple[int, list[int], int, int]]:
    for width in (32, 64, 128, 256, 512, 1024, 2048, 4096):
        widths = [784, width, width, 10]
        yield width, widths, _affordable(widths), threads


def _depth(threads: int) -> Iterator[tuple[int, list[int], int, int]]:
    for depth in (1, 2, 3, 5, 8, 12, 16, 20):
        widths = [784, *[128] * depth, 10]
        yield depth, widths, _affordable(widths), threads


def _threads(threads: int) -> Iterator[tuple[int, list[int], int, int]]:
    widths = [784, 256, 128, 64, 10]
    for some in range(1, threads + 1):
        yield some, widths, _affordable(widths), some


CURVES = {
    curve.name: curve
    for curve in (
        Curve("samples", "Samples (64-128-10)", "samples", _samples),
        Curve("width", "Width (784-h-h-10)", "width h", _width),
        Curve("depth", "Depth (128 wide)", "hidden layers", _depth),
        Curve("threads", "Threads (784-256-128-64-10)", "threads", _threads),
    )
}


def trace(
    curve: Curve, peers: list[Peer], settings: Settings, repeats: int, quick: bool, say: Say
) -> list[Point]:
    """Every point of the curve, measured as a case of its own."""
    points = []
    for x, widths, samples, threads in curve.steps(settings.threads):
        case = Case(f"{curve.name}/{x}", f"{curve.title} at {x:,}", _problem(widths, samples))
        if quick:
            case = case.quick()
        with_threads = Settings(threads, settings.engine)
        result = measure(case, peers, with_threads, repeats, say)
        points.append(Point(x, len(case.problem.inputs), threads, result))
    return points


def _problem(widths: list[int], samples: int) -> TrainingProblem:
    rng = np.random.default_rng(0)
    pixels = rng.integers(1, 256, (samples, widths[0]), dtype=np.uint8)
    labels = rng.integers(0, widths[-1], samples)
    few = min(samples, 1_000)
    return TrainingProblem(
        pixels,
        labels,
        pixels[:few],
        labels[:few],
        start=start(widths, "he_normal"),
        activation="relu",
        batch_size=BATCH,
        learning_rate=0.001,
    )


def _affordable(widths: list[int]) -> int:
    per_sample = _problem(widths, 1).flop
    batches = round(GFLOP_A_POINT * 1e9 / per_sample / BATCH)
    return BATCH * min(max(10, batches), 60_000 // BATCH)
