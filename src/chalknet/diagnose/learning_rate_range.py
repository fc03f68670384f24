"""The learning-rate range test: which rates a network learns at, found in one short sweep.

Each step takes the next mini-batch at a slightly higher rate, from far too low to far too high. The
loss first stays, then falls, and at last rises: the rates worth training at are where it falls.

Source: Smith, "Cyclical learning rates for training neural networks", WACV 2017.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.engine import StepRange, Totals
from chalknet.errors import ConfigurationError
from chalknet.training.batches import steps_per_epoch
from chalknet.training.loop import Training

__all__ = ["LearningRateRange", "learning_rate_range"]

Vector = npt.NDArray[np.float64]

STEPS = 300
BANDWIDTH = 1 / 40  # of the smoothing, as a share of the sweep
SETTLING = 10  # steps, at rates where nothing is learnt yet
MEMORY = 0.9  # of the running mean that decides when to stop
DIVERGED = 4.0  # times the least running mean, and above where it began
FALL = 0.05  # a loss that falls by less than this share has not fallen
SURELY = 5.0  # nor has one that falls by less than so many times its wavering


@dataclass(frozen=True, kw_only=True)
class LearningRateRange:
    """What the sweep found.

    Attributes
    ----------
    rates, losses, smoothed : array (steps,)
        The rate of each step, the loss of its batch before the step, and that loss smoothed.
    diverged_at : float or None
        The rate at which the sweep was broken off, because the loss had become infinite or several
        times its least; None if it went to its end.
    steepest : float or None
        Where the smoothed loss falls fastest.
    best : float or None
        Where it is least.
    suggestion : float or None
        ``steepest``, but at least a tenth and at most a half of ``best``; None if it never fell.
    optimizer : str
    batch_size : int
    untrained : float
        The loss of the untrained network on the batches of the first 11 steps.
    """

    rates: Vector
    losses: Vector
    smoothed: Vector
    diverged_at: float | None
    steepest: float | None
    best: float | None
    suggestion: float | None
    optimizer: str
    batch_size: int
    untrained: float

    @property
    def too_high(self) -> bool:
        """Whether the first rates already throw the loss far above the untrained network's."""
        return _too_high(self.losses, self.untrained)

    def as_dict(self) -> dict[str, Any]:
        """As plain numbers."""
        return {
            "optimizer": self.optimizer,
            "batch_size": self.batch_size,
            "steps": len(self.rates),
            "suggestion": self.suggestion,
            "steepest": self.steepest,
            "best": self.best,
            "diverged_at": self.diverged_at,
            "untrained": self.untrained if math.isfinite(self.untrained) else None,
            "too_high": self.too_high,
            "rates": self.rates.tolist(),
            "losses": self.losses.tolist(),
            "smoothed": self.smoothed.tolist(),
        }


def learning_rate_range(
    training: Training,
    *,
    lowest: float = 1e-7,
    highest: float = 10.0,
    steps: int = STEPS,
    rng: np.random.Generator | None = None,
    on_step: Callable[[int], None] | None = None,
) -> LearningRateRange:
    """Sweep the learning rate over a copy of the network that ``training`` is about to train.

    Everything else, optimizer, batches, dropout, weights of samples, is as in ``training``, which
    is left as it is, its network and its generator included. Its schedule plays no part.

    Parameters
    ----------
    training : Training
    lowest, highest : float
        The rates of the first step and the last; those between grow by the same factor.
    steps : int
        At least 20. Where the data has fewer batches, it is gone through several times.
    rng : numpy.random.Generator, optional
        For the order of the data; by default ``numpy.random.default_rng(0)``.
    on_step : callable, optional
        Told how many steps have been taken.

    Raises
    ------
    ConfigurationError
        The rates or the number of steps make no sense.

    Examples
    --------
    >>> from chalknet import Network, load_dataset
    >>> data = load_dataset("digits").train
    >>> network = Network.dense([64, 32, 10], rng=np.random.default_rng(0))
    >>> training = Training(network, data, loss="softmax_cross_entropy", optimizer="sgd", epochs=1,
    ...                     batch_size=32, rng=np.random.default_rng(0))
    >>> found = learning_rate_range(training)
    >>> 0.01 < found.suggestion < 0.5
    True
    """
    if not (0 < lowest < highest < math.inf):
        raise ConfigurationError(
            "the lowest rate must be above 0 and below the highest, which must be finite, not "
            f"{lowest:g} and {highest:g}."
        )
    if isinstance(steps, bool) or steps != int(steps) or steps < 20:
        raise ConfigurationError(f"steps must be a whole number ≥ 20, not {steps!r}.")
    rates = np.geomspace(lowest, highest, int(steps))
    batches = _batches(training, rates, rng or np.random.default_rng(0))
    first = list(itertools.islice(batches, SETTLING + 1))
    untrained = _untrained(training, first)
    losses, diverged = _sweep(training, itertools.chain(first, batches), untrained, on_step)
    diverged = diverged and len(losses) < len(rates)
    diverged_at = float(rates[len(losses)]) if diverged else None
    rates = rates[: len(losses)]
    smoothed, slopes, noise = _smoothed(losses, max(2.0, BANDWIDTH * steps))
    # Where the first steps have ruined the network, a fall after that is none to learn from.
    fell = not _too_high(losses, untrained)
    least = _least(losses, smoothed, noise, untrained) if fell else None
    steepest = None if least is None else float(rates[slopes[: least + 1].argmin()])
    best = None if least is None else float(rates[least])
    return LearningRateRange(
        rates=rates,
        losses=losses,
        smoothed=smoothed,
        diverged_at=diverged_at,
        steepest=steepest,
        best=best,
        suggestion=_suggestion(steepest, best),
        untrained=untrained,
        optimizer=training.plan.optimizer.name,
        batch_size=training.batch_size,
    )


def _suggestion(steepest: float | None, best: float | None) -> float | None:
    """Where the loss falls fastest, but from a tenth to a half of where it is least.

    The sweep trains as it goes, so an easy task is learnt while the rates are still low, and the
    fall comes early: then a tenth of the best rate is nearer to what a fresh start can take.
    """
    if steepest is None or best is None:
        return None
    return min(max(steepest, best / 10), best / 2)


def _sweep(
    training: Training,
    batches: Iterable[StepRange],
    untrained: float,
    on_step: Callable[[int], None] | None,
) -> tuple[Vector, bool]:
    """The loss of each step until the last or the one that diverged, and whether one did.

    That is the last step taken where the loss has grown, and the one after where it is not finite.
    """
    losses: list[float] = []
    running = start = least = math.nan
    for number, loss in enumerate(_losses(training, batches)):
        if loss is None:
            return np.array(losses), True
        losses.append(loss)
        running = loss if number == 0 else MEMORY * running + (1 - MEMORY) * loss
        if number <= SETTLING:
            start = least = min(running, untrained)
        least = min(least, running)
        if on_step is not None:
            on_step(number + 1)
        if number >= SETTLING and running > max(DIVERGED * least, start):
            return np.array(losses), True
    return np.array(losses), False


def _untrained(training: Training, batches: list[StepRange]) -> float:
    """The loss of the network as it is on these batches: what they give at a rate of 0."""
    still = [
        dataclasses.replace(batch, learning_rates=np.zeros_like(batch.learning_rates))
        for batch in batches
    ]
    losses = [loss for loss in _losses(training, still) if loss is not None]
    return float(np.mean(losses)) if losses else math.inf


def _losses(training: Training, batches: Iterable[StepRange]) -> Iterator[float | None]:
    """The loss of each step of a copy of the network; None, the last, where it is not finite."""
    network = training.network.copy()
    state = training.plan.optimizer.init(network.parameters)
    plan = dataclasses.replace(training.plan, network=network, state=state)
    for batch in batches:
        totals = Totals()
        training.engine.run(plan, batch, totals)
        if totals.diverged_at is not None:
            yield None
            return
        yield totals.loss / totals.weight if totals.weight else 0.0


def _batches(training: Training, rates: Vector, rng: np.random.Generator) -> Iterator[StepRange]:
    """One step at a time, each with its rate, over as many epochs as that takes."""
    n, size = len(training.data), training.batch_size
    count = steps_per_epoch(n, size)
    for first in range(0, len(rates), count):
        of_epoch = rates[first : first + count]
        order = rng.permutation(n) if training.shuffle else None
        key = int(rng.integers(2**63)) if any(training.plan.dropout) else 0
        for step in range(len(of_epoch)):
            yield StepRange(order, size, step, step + 1, of_epoch, key)


def _least(losses: Vector, smoothed: Vector, noise: Vector, untrained: float) -> int | None:
    """Where the loss is least; None if it is not clearly below where it began."""
    if len(losses) < 2:
        return None
    # Rates near too high throw the first losses above the untrained network's.
    least, start = int(smoothed.argmin()), min(float(smoothed[: SETTLING + 1].mean()), untrained)
    # How much batches differ, by the median, which the rise at the end does not touch.
    batches = 1.4826 * float(np.median(np.abs(np.diff(losses)))) / math.sqrt(2)
    fall = max(FALL * abs(start), SURELY * batches * float(noise[least]))
    return least if smoothed[least] < start - fall else None


def _too_high(losses: Vector, untrained: float) -> bool:
    """Whether the first steps broke the sweep off, or left the loss at several times its size."""
    if len(losses) <= SETTLING:
        return True
    return float(losses[1 : SETTLING + 1].mean()) > DIVERGED * untrained


def _smoothed(losses: Vector, bandwidth: float) -> tuple[Vector, Vector, Vector]:
    """A straight line through the neighbours of each loss: its height there, and its slope.

    Neighbours count by a Gaussian of the given width, in steps. A running mean would lag behind,
    and so call rates good that are too high. The third array is how much of the noise of single
    losses is left in the heights.
    """
    at = np.arange(len(losses), dtype=np.float64)
    away = at[None, :] - at[:, None]
    weights = np.exp(-0.5 * (away / bandwidth) ** 2)
    weights /= weights.sum(axis=1, keepdims=True)
    centre = (weights * away).sum(axis=1, keepdims=True)
    spread = (weights * (away - centre) ** 2).sum(axis=1, keepdims=True)
    to_slope = weights * (away - centre) / np.where(spread > 0, spread, 1.0)
    to_height = weights - centre * to_slope
    return to_height @ losses, to_slope @ losses, np.sqrt((to_height**2).sum(axis=1))
