"""``--together``: small networks trained on the same batches, each by itself and side by side.

A sweep over 784-h-10 on MNIST, as it were: K networks of one shape, each with a learning rate of
its own, in float32 with Adam, on one kernel thread. Every network must come out the same both ways,
to the bit. Wide ones, which chalknet leaves by themselves, are put side by side here all the same:
that is what its rule rests on.
"""

from __future__ import annotations

import gc
import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from statistics import median
from typing import Any
from unittest import mock

import numpy as np

from benchmarks.measure import SECONDS_TO_SETTLE, Say
from chalknet import Adam, Dataset, Network, Training, load_dataset, train_together
from chalknet.engine.small import is_small

WIDTHS, BATCH_SIZES, NETWORKS = (8, 16, 32, 64, 100), (32, 100), (2, 4, 8)
FLOAT32 = np.dtype(np.float32)


@dataclass(frozen=True)
class Group:
    """So many networks of a shape, on batches of a size."""

    width: int
    batch_size: int
    networks: int
    epochs: int = 1
    samples: int | None = None  # all

    def trainings(self) -> list[Training]:
        """The networks, with the weights and orders of one seed."""
        return [self._training(0.01 / 2**number) for number in range(self.networks)]

    def _training(self, learning_rate: float) -> Training:
        rng, data = np.random.default_rng(0), _data(self.samples)
        return Training(
            Network.dense([data.n_features, self.width, 10], rng=rng),
            data,
            loss="softmax_cross_entropy",
            optimizer=Adam(learning_rate=learning_rate),
            epochs=self.epochs,
            batch_size=self.batch_size,
            rng=rng,
            threads=1,
        )


@dataclass(frozen=True)
class Found:
    """The processor's seconds for all networks of a group, both ways, in turns."""

    group: Group
    alone: list[float]
    together: list[float]
    is_small: bool  # whether chalknet puts them together by itself
    objection: str | None

    @property
    def ratio(self) -> float:
        return median(self.alone) / median(self.together)


def groups(quick: bool) -> Iterator[Group]:
    for batch_size, width, networks in itertools.product(BATCH_SIZES, WIDTHS, NETWORKS):
        if quick:
            yield Group(width, batch_size, networks, samples=6_000)
        else:
            yield Group(width, batch_size, networks)


def measure(group: Group, repeats: int, say: Say) -> Found:
    """Train all of a group one after the other, then together, and again."""
    say(f"784-{group.width}-10, batch {group.batch_size}, {group.networks} networks")
    alone: list[float] = []
    together: list[float] = []
    equal = True
    with _side_by_side_whatever_the_width():
        _run(group.trainings(), side_by_side=True)  # whatever is made once is made now
        for _ in range(repeats):
            one_by_one, beside = group.trainings(), group.trainings()
            alone.append(_run(one_by_one, side_by_side=False))
            together.append(_run(beside, side_by_side=True))
            equal &= all(
                one.network.parameters.tobytes() == other.network.parameters.tobytes()
                for one, other in zip(one_by_one, beside, strict=True)
            )
    small = is_small([784, group.width, 10], FLOAT32, group.batch_size)
    return Found(group, alone, together, small, None if equal else "invalid: the weights differ")


def _run(trainings: Sequence[Training], *, side_by_side: bool) -> float:
    gc.collect()
    time.sleep(SECONDS_TO_SETTLE)
    began = time.thread_time()  # of the one thread there is: others on the machine disturb it less
    if side_by_side:
        for _ in train_together(trainings):
            pass
    else:
        for training in trainings:
            for _ in training:
                pass
    return time.thread_time() - began


@contextmanager
def _side_by_side_whatever_the_width() -> Iterator[None]:
    with mock.patch("chalknet.engine.compiled.together.is_small", return_value=True):
        yield


@cache
def _data(samples: int | None) -> Dataset:
    train = load_dataset("mnist").train
    return train if samples is None else train.take(np.arange(samples))


def table(found: Sequence[Found]) -> str:
    """A line for each shape and batch size, a column for each number of networks."""
    head = "".join(f"{f'{networks} networks':>14}" for networks in NETWORKS)
    lines = [
        "seconds one after the other ÷ seconds together, 784-h-10 on MNIST, one thread",
        f"  {'batch':>5}{'h':>5}{head}",
    ]
    ratios = {(f.group.batch_size, f.group.width, f.group.networks): f for f in found}
    for batch_size, width in itertools.product(BATCH_SIZES, WIDTHS):
        cells = [ratios.get((batch_size, width, networks)) for networks in NETWORKS]
        if any(cells):
            line = "".join(f"{_cell(cell):>14}" for cell in cells)
            lines.append(f"  {batch_size:>5}{width:>5}{line}".rstrip())
    lines.append("  (in brackets: chalknet trains these one after the other)")
    return "\n".join(lines)


def _cell(found: Found | None) -> str:
    if found is None:
        return ""
    if found.objection:
        return "invalid"
    return f"{found.ratio:.2f}" if found.is_small else f"({found.ratio:.2f})"


def as_data(found: Found) -> dict[str, Any]:
    return asdict(found) | {"ratio": found.ratio}
