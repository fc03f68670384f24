"""Several trainings at once, step by step, so that small networks share their way to the data."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from chalknet.engine import Engine, Request
from chalknet.errors import DivergenceError
from chalknet.training.calls import Pace
from chalknet.training.loop import Training
from chalknet.training.records import EpochRecord
from chalknet.training.sitting import Sitting, Taken, resumed

__all__ = ["train_together"]


def train_together(trainings: Sequence[Training]) -> Iterator[tuple[Training, EpochRecord]]:
    """Run several trainings side by side; every result is, to the bit, what it is alone.

    Those that see the same batches (the same data object, equal ``batch_size`` and preprocessing,
    generators that draw the same orders) have each batch gathered and converted once for all, and
    networks with narrow first layers are multiplied with it at once; ``docs/sweeps.md`` says how
    much that brings. All else may differ: optimizer, rates, loss, activation, dropout, widths.

    Parameters
    ----------
    trainings : sequence of Training
        Each goes on from where it stands; ``stop()`` ends one and leaves the others.

    Yields
    ------
    Training, EpochRecord
        After each epoch of each training.

    Raises
    ------
    DivergenceError
        A training diverged: the first that did, after all others have come to their end. Each has
        its own as ``training.divergence``.

    Examples
    --------
    >>> import numpy as np
    >>> from chalknet import Adam, Dataset, Network, Training, train_together
    >>> xor = Dataset([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0], name="xor")
    >>> trainings = [
    ...     Training(
    ...         Network.dense([2, 8, 2], activation="tanh", rng=np.random.default_rng(0)), xor,
    ...         loss="softmax_cross_entropy", optimizer=Adam(learning_rate=rate), epochs=300,
    ...         batch_size=4, rng=np.random.default_rng(1),
    ...     )
    ...     for rate in (1e-4, 1e-1)
    ... ]
    >>> last = dict(train_together(trainings))
    >>> [last[training].train_accuracy for training in trainings]
    [0.5, 1.0]
    """
    sittings: dict[Training, Sitting] = {one: one.sitting() for one in trainings}
    wanted: dict[Training, Request] = {}
    taken: dict[Training, Taken] = {}
    paces: dict[tuple[int, int], Pace] = {}
    first_divergence: DivergenceError | None = None
    while sittings:
        records: dict[Training, EpochRecord] = {}
        # All hear of their steps before anything is told: whoever is told may break off.
        for training in [one for one in sittings if one not in wanted]:
            try:
                said = resumed(sittings[training], taken.pop(training, None))
            except DivergenceError as error:
                first_divergence = first_divergence or error
                said = None
            if said is None:
                del sittings[training]
            elif isinstance(said, EpochRecord):
                records[training] = said
            else:
                wanted[training] = said
        yield from records.items()
        if not records:
            for group in _groups(wanted):
                taken |= _take(group, paces)
            wanted.clear()
    if first_divergence is not None:
        raise first_divergence


def _groups(wanted: dict[Training, Request]) -> list[dict[Training, Request]]:
    """Those that one engine can take the same steps for, together."""
    found: dict[tuple[int, int, int, int], dict[Training, Request]] = {}
    for training, request in wanted.items():
        steps = request.steps
        key = (id(training.engine), steps.batch_size, steps.first, steps.last)
        found.setdefault(key, {})[training] = request
    return list(found.values())


def _take(
    group: dict[Training, Request], paces: dict[tuple[int, int], Pace]
) -> dict[Training, Taken]:
    """Take as many steps as one call should, for each of a group."""
    engine: Engine = next(iter(group)).engine
    steps = next(iter(group.values())).steps
    seconds_a_call = max(engine.seconds_a_call(training.plan) for training in group)
    pace = paces.setdefault((id(engine), steps.batch_size), Pace())
    last = pace.last(steps, seconds_a_call / len(group))
    began = time.perf_counter()
    engine.run_together(
        [replace(request, steps=replace(request.steps, last=last)) for request in group.values()]
    )
    seconds = (time.perf_counter() - began) / len(group)
    pace.learn(last - steps.first, seconds)
    return {
        training: Taken(None if request.totals.diverged_at is not None else last, seconds)
        for training, request in group.items()
    }
