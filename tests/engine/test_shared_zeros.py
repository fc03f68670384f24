"""Zeros of the inputs are skipped, however they lie, and nobody sees it: same bits as without."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

from chalknet import Dataset, Network, Preprocessing
from chalknet.engine import as_engine
from chalknet.engine.compiled import workspace
from chalknet.engine.compiled.engine import CompiledEngine

from .runs import trained

# Widths of the first layer that fill panels in every way: pairs, one and a half, one, a half.
WIDTHS = [(100, 3), (36, 10), (130, 64, 5), (77, 48, 3), (1000, 65, 4), (50, 17, 2)]


def images(n: int, features: int, lie: str, dtype: Any = np.uint8) -> Any:
    """Half of the numbers are zero: any of them, whole columns, or the ends of each row."""
    rng = np.random.default_rng(2)
    X = rng.integers(1, 256, (n, features)).astype(dtype)
    if lie == "anywhere":
        X[rng.random(X.shape) < 0.5] = 0
    elif lie == "columns":
        X[:, rng.random(features) < 0.5] = 0
    else:
        for row in X:
            row[: rng.integers(features // 2)] = 0
            row[-rng.integers(1, features // 2) :] = 0
    return X


def run(engine: CompiledEngine | str, X: Any, widths: tuple[int, ...], **options: Any) -> Any:
    y = np.arange(X.shape[0]) % widths[-1]
    data = Dataset(X, y, name="images")
    return trained(engine, data=data, widths=widths, epochs=2, **options).network.parameters


def chosen(monkeypatch: pytest.MonkeyPatch, zeros: str) -> None:
    """Deal with zeros in this way, whatever seems best."""
    monkeypatch.setattr(workspace.Workspace, "way_with_zeros", lambda *_: zeros)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("lie", ["anywhere", "columns", "ends"])
@pytest.mark.parametrize("batch_size", [8, 50, 64, 600])
@pytest.mark.parametrize("widths", WIDTHS)
def test_skipping_what_is_zero_in_four_rows_changes_no_bit(
    widths: tuple[int, ...],
    batch_size: int,
    lie: str,
    dtype: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    X = images(630, widths[0], lie)
    found = set()
    for zeros, threads in (("dense", 1), ("shared", 1), ("shared", 2), ("shared", 3)):
        chosen(monkeypatch, zeros)
        engine = CompiledEngine(exactly=threads)
        found.add(run(engine, X, widths, batch_size=batch_size, dtype=dtype).tobytes())
    assert len(found) == 1


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64, sparse.csr_array])
@pytest.mark.parametrize("zeros", ["shared", "sparse", "dense"])
def test_every_way_of_dealing_with_zeros_trains_as_the_textbook(
    zeros: str, kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    X = images(200, 130, "ends", np.float64)
    options = {"widths": (130, 70, 3), "batch_size": 50, "l2": 0.1}
    options["preprocessing"] = Preprocessing(divisor=255.0)
    wanted = run("reference", X, **options)
    chosen(monkeypatch, zeros)
    given = kind(X) if kind is sparse.csr_array else X.astype(kind)
    found = run(CompiledEngine(exactly=2), given, **options)
    assert np.abs(found - wanted).max() < 1e-12 * np.abs(wanted).max()


def test_the_way_is_chosen_by_what_it_saves() -> None:
    def way(X: Any, width: int, offset: float = 0.0, batch_size: int = 64) -> str:
        network = Network.dense([X.shape[1], width, 2], rng=np.random.default_rng(0))
        place = workspace.Workspace(network, np.dtype(np.float32))
        place.lanes = 16
        place.place_preprocessing(Preprocessing(offset))
        return place.way_with_zeros(X, batch_size)

    margins = images(500, 200, "ends")
    assert way(margins, 256) == "shared"
    assert way(margins, 256, offset=1.0) == "dense"  # which makes zeros into something else
    assert way(margins, 8) == "dense"
    assert way(margins | 1, 256) == "dense"
    assert way(margins, 256, batch_size=1) == "sparse"
    assert way(margins, 256, batch_size=4) == "dense"
    assert way(sparse.csr_array(margins), 256) == "shared"
    assert way(sparse.random_array((500, 200), density=0.01, format="csr"), 256) == "sparse"
    assert way(margins[:3], 256) == "dense"
    assert way(margins[:, :3], 256) == "dense"


@pytest.mark.parametrize("n", [25, 64, 101, 1100])
@pytest.mark.parametrize("widths", [(130, 70, 3), (64, 100, 3)])
def test_predictions_do_not_see_it_either(
    n: int, widths: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    X, rng = images(n, widths[0], "ends"), np.random.default_rng(0)
    network, scale = Network.dense(list(widths), rng=rng), Preprocessing(divisor=255.0)
    found = []
    for zeros in ("dense", "shared"):
        chosen(monkeypatch, zeros)
        found += [CompiledEngine(exactly=some).predict(network, scale, X) for some in (1, 2, 3, 4)]
    assert len({output.tobytes() for output in found}) == 1
    wanted = as_engine("reference").predict(network, scale, X)
    np.testing.assert_allclose(found[0], wanted, rtol=1e-5, atol=1e-6)


def test_rows_without_any_number_but_zero() -> None:
    X = images(64, 100, "ends")
    X[::3], X[:, 40:60] = 0, 0
    for everything in (X, np.zeros_like(X)):
        wanted = run("reference", everything, (100, 40, 3), batch_size=16)
        found = run(CompiledEngine(exactly=2), everything, (100, 40, 3), batch_size=16)
        assert np.abs(found - wanted).max() < 1e-12
