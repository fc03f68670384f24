"""Holding out part of a data set: the last rows, random rows, or random rows of every class."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from chalknet.data.dataset import Dataset
from chalknet.errors import ConfigurationError, ShapeError, TargetError, unknown_name

__all__ = ["SplitMethod", "split", "split_rows"]

SplitMethod = Literal["leading", "random", "stratified"]
Rows = npt.NDArray[np.int64]


def split(
    dataset: Dataset,
    fraction: float,
    *,
    method: SplitMethod = "stratified",
    rng: np.random.Generator | None = None,
) -> tuple[Dataset, Dataset]:
    """Split ``dataset`` into what is kept and what is held out, about ``fraction`` of the samples.

    Both keep the classes of ``dataset`` and the order of its rows. Arguments and errors as
    :func:`split_rows`.

    Examples
    --------
    >>> data = Dataset(np.arange(20.0).reshape(10, 2), list("aaaaaabbbb"), name="letters")
    >>> kept, held_out = split(data, 0.5, rng=np.random.default_rng(0))
    >>> "".join(kept.y), "".join(held_out.y)
    ('aaabb', 'aaabb')
    """
    kept, held_out = split_rows(dataset, fraction, method=method, rng=rng)
    if method == "leading":
        count = len(kept)
        return dataset.take(slice(count)), dataset.take(slice(count, None))
    return dataset.take(kept), dataset.take(held_out)


def split_rows(
    dataset: Dataset,
    fraction: float,
    *,
    method: SplitMethod = "stratified",
    rng: np.random.Generator | None = None,
) -> tuple[Rows, Rows]:
    """The rows kept and the rows held out, each in increasing order; together they are all rows.

    Parameters
    ----------
    fraction : float
        How much to hold out, above 0 and below 1; the number of samples is rounded to the nearest,
        with at least one on either side.
    method : "stratified", "random" or "leading"
        ``"leading"`` keeps the leading rows and holds out the last. ``"random"`` draws rows without
        replacement. ``"stratified"`` draws them class by class, so that either side has every class
        in the proportion of the whole, to within one sample.
    rng : numpy.random.Generator
        Where the draws come from; not needed for ``"leading"``.

    Raises
    ------
    ConfigurationError
        The fraction or the method is wrong, or ``rng`` is missing.
    TargetError
        Stratifying is asked of data without classes, or of a class with fewer than two samples.
    ShapeError
        There are too few samples.
    """
    if not 0 < fraction < 1:
        raise ConfigurationError(
            f"the fraction to hold out must lie between 0 and 1, both excluded, not {fraction!r}."
        )
    n = len(dataset)
    if n < 2:
        raise ShapeError(f"{dataset.name}: a single sample cannot be split.")
    count = min(n - 1, max(1, round(fraction * n)))
    if method == "leading":
        return np.arange(n - count), np.arange(n - count, n)
    if method not in ("random", "stratified"):
        raise unknown_name("method of splitting", method, ("leading", "random", "stratified"))
    if rng is None:
        raise ConfigurationError(f"a {method} split needs rng, a numpy.random.Generator.")
    if method == "random":
        held_out = rng.choice(n, count, replace=False)
    else:
        held_out = _drawn_from_every_class(dataset, count, rng)
    mask = np.zeros(n, bool)
    mask[held_out] = True
    return np.flatnonzero(~mask), np.flatnonzero(mask)


def _drawn_from_every_class(dataset: Dataset, count: int, rng: np.random.Generator) -> Rows:
    if dataset.task != "classification" or dataset.classes is None:
        raise TargetError(
            f"{dataset.name}: only classes can be stratified, and this is {dataset.task}; use "
            "method='random'."
        )
    targets = dataset.targets
    sizes = np.bincount(targets, minlength=len(dataset.classes))
    if np.any(sizes == 1):
        label = dataset.classes[int(np.argmax(sizes == 1))].item()
        raise TargetError(
            f"{dataset.name}: class {label!r} has a single sample, which cannot be on both sides "
            "of a stratified split: add samples, split at random, or, if the targets are "
            "quantities, say that the task is regression."
        )
    shares = _shares(sizes, count)
    drawn = [
        rng.choice(np.flatnonzero(targets == index), share, replace=False)
        for index, share in enumerate(shares)
        if share
    ]
    return np.concatenate(drawn)


def _shares(sizes: Rows, count: int) -> Rows:
    """How many of each class to hold out: proportional, by largest remainders, never 0 nor all.

    Where ``count`` is too small (or large) for a sample of each class on both sides, the classes'
    claim to one sample wins over ``count``.
    """
    exact = sizes * (count / sizes.sum())
    shares: Rows = np.floor(exact).astype(np.int64)
    missing = count - int(shares.sum())
    # A stable sort gives ties to the classes that come first, so that the result is one.
    by_remainder = np.argsort(shares - exact, kind="stable")
    shares[by_remainder[:missing]] += 1
    present = sizes > 0
    shares[present] = np.clip(shares[present], 1, sizes[present] - 1)
    return shares
