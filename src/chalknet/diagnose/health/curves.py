"""Findings from the learning curve: the rate, overfitting, underfitting, or no learning at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from chalknet.data.dataset import Dataset
from chalknet.diagnose.health.finding import Finding
from chalknet.operations.losses import Loss
from chalknet.training.records import EpochRecord

__all__ = ["baseline_loss", "history_findings"]

RISE = 1.05  # from one epoch to the next: more than the noise of a new order of batches
OFTEN = 0.3  # of the epochs
WORSE = 1.5  # times the least loss, at the end
OVERFIT, BADLY_OVERFIT = 1.05, 1.3  # validation loss over its least
GAP = 0.1  # of accuracy between training and validation
STILL_FALLING = 0.03  # an epoch, at the end
LEVEL = 0.005
POOR = 0.9  # accuracy that a network which has levelled off should reach in training


def baseline_loss(data: Dataset, loss: Loss) -> float | None:
    """The loss of the best answer that looks at no input; None where there is no simple one.

    For the cross entropies the entropy of how often each class comes, for squares the variance of
    the targets, for absolute errors the mean distance from their median.

    >>> from chalknet.operations.losses import as_loss
    >>> data = Dataset([[0.0]] * 4, [0, 0, 1, 1], name="coins")
    >>> round(baseline_loss(data, as_loss("softmax_cross_entropy")), 6)
    0.693147
    """
    y = data.targets.astype(np.float64)
    if loss.name == "softmax_cross_entropy":
        shares = np.bincount(data.targets) / len(data)
        return float(-sum(share * np.log(share) for share in shares if share > 0))
    if data.task == "classification":
        y = np.eye(data.n_outputs)[data.targets]
        y = y[:, 1:] if data.n_outputs == 2 else y
    y = y.reshape(len(data), -1)
    if loss.name == "sigmoid_cross_entropy":
        shares = y.mean(axis=0)
        both = np.concatenate([shares, 1 - shares])
        return float(-sum(share * np.log(share) for share in both if share > 0))
    if loss.name in ("mean_squared_error", "half_squared_error"):
        return float(y.var(axis=0).sum()) * (0.5 if loss.name == "half_squared_error" else 1.0)
    if loss.name == "absolute_error":
        return float(np.abs(y - np.median(y, axis=0)).mean(axis=0).sum())
    return None


def history_findings(
    history: Sequence[EpochRecord], *, baseline: float | None = None, best_epoch: int | None = None
) -> Iterator[Finding]:
    """What the curve says.

    Parameters
    ----------
    history : sequence of EpochRecord
        A ``History``, or part of one.
    baseline : float, optional
        From ``baseline_loss``: what can be had without looking at the inputs.
    best_epoch : int, optional
        The epoch whose weights early stopping has kept, if it has.
    """
    if len(history) < 2:
        return
    unsteady = _unsteady(history)
    stuck = _stuck(history, baseline)
    if stuck is not None:
        yield stuck
    if unsteady is not None:
        yield unsteady
    if stuck is None and unsteady is None:
        unfinished = _unfinished(history)
        if unfinished is not None:
            yield unfinished
        else:
            yield from _underfit(history, baseline)
    yield from _overfit(history, best_epoch)


def _stuck(history: Sequence[EpochRecord], baseline: float | None) -> Finding | None:
    last = history[-1].train_loss
    if baseline is None or len(history) < 3 or last < 0.97 * baseline:
        return None
    return Finding(
        name="not_learning",
        severity="serious",
        title="the network has learnt nothing",
        evidence=f"After {len(history)} epochs its loss is {last:.4g}; always giving the same "
        f"answer, whatever the inputs, would have {baseline:.4g}.",
        advice="chalknet find-lr, as the learning rate is the likeliest cause; if no rate helps, "
        "the inputs may say nothing about the targets.",
        figures={"train_loss": last, "baseline": baseline},
    )


def _unsteady(history: Sequence[EpochRecord]) -> Finding | None:
    losses = np.array([record.train_loss for record in history])
    rises = int((losses[1:] > RISE * losses[:-1]).sum())
    least = int(losses.argmin())
    ratio = float(losses[-1] / losses[least]) if losses[least] > 0 else 1.0
    often = rises >= 2 and rises >= OFTEN * (len(losses) - 1)
    if not often and not (ratio > WORSE and len(losses) - 1 - least >= 2):
        return None
    rate = history[-1].learning_rate
    return Finding(
        name="learning_rate_too_high",
        severity="serious" if ratio > WORSE else "warning",
        title="the training loss does not come down steadily",
        evidence=f"It rose in {rises} of {len(losses) - 1} epochs; least in epoch {least + 1} with "
        f"{losses[least]:.4g}, at the end {losses[-1]:.4g}, at learning rate {rate:.2g}.",
        advice=f"a lower learning rate, such as {rate / 10:.1g}, or --schedule cosine.",
        figures={"rises": rises, "epochs": len(losses), "ratio": ratio, "learning_rate": rate},
    )


def _unfinished(history: Sequence[EpochRecord]) -> Finding | None:
    """Whether the loss was still on its way down when training ended."""
    if len(history) < 4:
        return None
    fall = _fall_an_epoch(history)
    first, last = history[0].train_loss, history[-1].train_loss
    validated = [r.validation_loss for r in history if r.validation_loss is not None]
    turned = len(validated) > 3 and validated[-1] > 1.01 * min(validated)
    slow = last > 0.5 * first
    if fall < (LEVEL if slow else STILL_FALLING) or last < 0.1 * first or turned:
        return None
    rate = history[-1].learning_rate
    return Finding(
        name="learning_rate_too_low",
        severity="warning" if slow else "note",
        title="training ended while the loss was still falling",
        evidence=f"By {fall:.1%} an epoch at the end; it came from {first:.4g} to {last:.4g} in "
        f"{len(history)} epochs at learning rate {rate:.2g}.",
        advice=f"a higher learning rate, such as {rate * 3:.1g}."
        if slow
        else f"more epochs: --epochs {2 * len(history)}.",
        figures={"fall_an_epoch": fall, "first": first, "last": last, "learning_rate": rate},
    )


def _underfit(history: Sequence[EpochRecord], baseline: float | None) -> Iterator[Finding]:
    """A loss that has levelled off where the network cannot even tell what it has seen."""
    last = history[-1]
    if len(history) < 4 or abs(_fall_an_epoch(history)) > LEVEL:
        return
    poor = last.train_accuracy is not None and last.train_accuracy < POOR
    if last.train_accuracy is None:
        poor = baseline is not None and last.train_loss > 0.5 * baseline
    if not poor:
        return
    reached = f"a loss of {last.train_loss:.4g}"
    figures: dict[str, Any] = {"train_loss": last.train_loss, "baseline": baseline}
    if last.train_accuracy is not None:
        reached += f" and an accuracy of {last.train_accuracy:.1%}"
        figures["train_accuracy"] = last.train_accuracy
    yield Finding(
        name="underfitting",
        severity="warning",
        title="the network cannot fit even what it is trained on",
        evidence=f"Its training has levelled off at {reached}.",
        advice="wider or more hidden layers, less --l2 or --dropout, or inputs that say more.",
        figures=figures,
    )


def _overfit(history: Sequence[EpochRecord], best_epoch: int | None) -> Iterator[Finding]:
    validated = [
        (record.epoch, record.validation_loss)
        for record in history
        if record.validation_loss is not None
    ]
    if len(validated) < 3:
        return
    epoch, least = min(validated, key=lambda pair: pair[1])
    last = history[-1]
    ratio = validated[-1][1] / least if least > 0 else 1.0
    train_at_best = next(record.train_loss for record in history if record.epoch == epoch)
    gap = 0.0
    if last.train_accuracy is not None and last.validation_accuracy is not None:
        gap = last.train_accuracy - last.validation_accuracy
    rises = ratio > OVERFIT and last.train_loss < train_at_best
    if not rises and gap <= GAP:
        return
    kept = best_epoch is not None
    evidence = ""
    if rises:
        evidence = (
            f"Validation loss was least in epoch {epoch} with {least:.4g} and is now "
            f"{validated[-1][1]:.4g}, while training loss fell from {train_at_best:.4g} to "
            f"{last.train_loss:.4g}."
        )
    if gap > GAP:
        evidence += f" Accuracy: {last.train_accuracy:.1%} in training, "
        evidence += f"{last.validation_accuracy:.1%} in validation."
    yield Finding(
        name="overfitting",
        severity="note" if kept else "serious" if ratio > BADLY_OVERFIT else "warning",
        title=f"the network overfits{f' after epoch {epoch}' if rises else ''}",
        evidence=evidence.strip()
        + (f" Early stopping has kept the weights of epoch {best_epoch}." if kept else ""),
        advice="--dropout 0.3 or --l2 0.001, or more data."
        if kept
        else "--patience 5, which keeps the best weights; then --dropout or --l2, or more data.",
        figures={"best_epoch": epoch, "ratio": ratio, "accuracy_gap": gap},
    )


def _fall_an_epoch(history: Sequence[EpochRecord]) -> float:
    """The share by which the training loss falls an epoch, over the last third."""
    losses = [record.train_loss for record in history]
    back = max(1, len(losses) // 3)
    before, after = losses[-1 - back], losses[-1]
    if before <= 0 or after <= 0:
        return 0.0
    return float(1 - (after / before) ** (1 / back))
