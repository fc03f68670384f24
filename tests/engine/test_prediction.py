"""Predictions: the same from both engines, for one row or many, however they are stored."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from chalknet import Activation, DataFormatError, Network, Preprocessing, SoftmaxCrossEntropy
from chalknet.engine import as_engine
from chalknet.engine.compiled.engine import MOST_KINDS, CompiledEngine
from chalknet.engine.compiled.predictor import FEW
from chalknet.operations.losses import LOSSES

SCALE = Preprocessing(offset=2.0, divisor=7.0)
FEW_AND_MANY = [0, 1, 3, FEW, FEW + 1, 600]


def network(dtype: Any = np.float32, widths: tuple[int, ...] = (30, 300, 70, 19)) -> Network:
    """With widths that leave a remainder of every kind."""
    return Network.dense(list(widths), rng=np.random.default_rng(0), dtype=dtype)


def rows(n: int, dtype: Any = np.uint8) -> Any:
    """Half of them zeros."""
    rng = np.random.default_rng(1)
    return (rng.integers(0, 9, (n, 30)) * rng.integers(0, 2, (n, 30))).astype(dtype)


@pytest.mark.parametrize("n", FEW_AND_MANY)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", [None, *sorted(LOSSES)])
def test_both_engines_respond_the_same(loss: str | None, dtype: Any, n: int) -> None:
    net, X = network(dtype), rows(n)
    response = LOSSES[loss]() if loss else None
    wanted = as_engine("reference").predict(net, SCALE, X, response)
    found = CompiledEngine(exactly=2).predict(net, SCALE, X, response)
    assert found.dtype == wanted.dtype == dtype
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("loss", [None, *sorted(LOSSES)])
def test_a_row_by_itself_gives_the_bits_that_it_gives_among_others(loss: str | None) -> None:
    net, X, engine = network(), rows(100), CompiledEngine()
    response = LOSSES[loss]() if loss else None
    among = engine.predict(net, SCALE, X, response)
    alone = [engine.predict(net, SCALE, X[i : i + 1], response) for i in range(100)]
    assert np.concatenate(alone).tobytes() == among.tobytes()


def test_probabilities_far_apart_are_exact_to_the_last_digits() -> None:
    net = Network.dense([1, 3], rng=np.random.default_rng(0), dtype=np.float64)
    net.layers[0].W[...], net.layers[0].b[...] = 0.0, [800.0, 100.0, 799.5]
    for n in (1, FEW + 1):
        [p, *_] = CompiledEngine().predict(
            net, Preprocessing(), np.zeros((n, 1)), SoftmaxCrossEntropy()
        )
        rest = np.exp(-0.5)
        np.testing.assert_allclose(p, np.array([1, np.exp(-700), rest]) / (1 + rest), rtol=1e-15)


class Halves(SoftmaxCrossEntropy):
    """A loss that predicts something of its own."""

    def predict(self, output: Any) -> Any:
        return 0.5 * output


@pytest.mark.parametrize("n", [2, FEW + 1])
def test_a_loss_with_a_response_of_its_own_gives_that(n: int) -> None:
    net, engine = network(), CompiledEngine()
    found = engine.predict(net, SCALE, rows(n), Halves())
    np.testing.assert_array_equal(found, 0.5 * engine.predict(net, SCALE, rows(n)))


@pytest.mark.parametrize("n", [1, FEW + 1, 600])
@pytest.mark.parametrize("kind", ["f2", "f4", "f8", ">f8", "i8", "?", "u1", "g"])
def test_rows_of_every_type(kind: str, n: int) -> None:
    net, X = network(), rows(n, kind)
    found = CompiledEngine().predict(net, SCALE, X)
    wide = kind in (">f8", "f8", "g")
    assert found.dtype == (np.float64 if wide else np.float32)
    wanted = as_engine("reference").predict(net, SCALE, X.astype(np.float64))
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("n", [4, 40])
def test_rows_that_are_not_beside_each_other(n: int, tmp_path: Path) -> None:
    net, X, engine = network(), rows(n, np.float32), CompiledEngine()
    wanted = engine.predict(net, SCALE, X)
    np.save(tmp_path / "rows.npy", X)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    wider = np.zeros((n, 90), np.float32)
    wider[:, 7:37] = X
    for same in (np.asfortranarray(X), wider[:, 7:37], X[::-1][::-1], mapped):
        np.testing.assert_array_equal(engine.predict(net, SCALE, same), wanted)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("n", [1, FEW, FEW + 1, 600])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_what_is_not_finite_is_refused(engine: str, dtype: Any, n: int, value: float) -> None:
    net, runner = network(), as_engine(engine, threads=2)
    X = rows(n, dtype)
    before = runner.predict(net, SCALE, X)
    broken = X.copy()
    broken[-1, 29] = value
    stored = [broken] if dtype == np.float16 else [broken, sparse.csr_array(broken)]
    for given in stored:
        with pytest.raises(DataFormatError, match="X has a NaN or an infinity: every value must"):
            runner.predict(net, Preprocessing(), given)
    np.testing.assert_array_equal(runner.predict(net, SCALE, X), before)


def test_large_numbers_are_finite() -> None:
    """Their sums and squares are not."""
    net, X = network(np.float64), np.full((1, 30), 1e300)
    for engine in ("reference", "compiled"):
        assert np.isfinite(as_engine(engine).predict(net, SCALE, X)).all()


def test_weights_that_were_changed_in_place_are_seen() -> None:
    for dtype in (np.float32, np.float64):  # for the second a copy of the weights is made
        net, engine = network(), CompiledEngine()
        for _ in range(2):
            net.layers[0].W[...] *= 1.5
            for n in (1, FEW + 1):
                X = rows(n, dtype)
                wanted = as_engine("reference").predict(net, SCALE, X)
                np.testing.assert_allclose(engine.predict(net, SCALE, X), wanted, atol=1e-5)


def test_many_threads_predict_at_once() -> None:
    net, engine = network(), CompiledEngine()
    X = rows(64)
    wanted = engine.predict(net, SCALE, X, SoftmaxCrossEntropy())
    loss = SoftmaxCrossEntropy()
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda i: engine.predict(net, SCALE, X[i % 64 :][:1], loss), range(4000))
        )
    for i, p in enumerate(found):
        assert p.tobytes() == wanted[i % 64].tobytes()


def test_predictors_are_not_kept_for_ever() -> None:
    net, engine = network(), CompiledEngine()
    for _ in range(5 * MOST_KINDS):
        engine.predict(net, Preprocessing(), rows(1))
    assert len(engine._predictors[net]) <= MOST_KINDS + 1


def test_what_no_kernel_can_be_made_for_is_predicted_by_the_reference_engine() -> None:
    def stubborn(z: Any) -> Any:
        return np.array([0.5 * value for value in np.ravel(z)]).reshape(np.shape(z))

    own = Activation("own", stubborn, lambda z: 0.5 + 0.0 * z)
    net = Network.dense([30, 5, 3], activation=own, rng=np.random.default_rng(0))
    X, loss = rows(3), SoftmaxCrossEntropy()
    wanted = as_engine("reference").predict(net, SCALE, X, loss)
    np.testing.assert_array_equal(CompiledEngine().predict(net, SCALE, X, loss), wanted)
