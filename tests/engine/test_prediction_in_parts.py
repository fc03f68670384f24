"""Many rows are predicted in parts, a thread each: nobody can see in which."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

from chalknet import Activation, DataFormatError, Network, Preprocessing, SoftmaxCrossEntropy
from chalknet.engine import as_engine
from chalknet.engine.compiled.engine import MANY_NUMBERS, ROWS_A_PART, CompiledEngine

N = 5 * ROWS_A_PART + 17
SCALE = Preprocessing(divisor=2.0)


def network(**options: Any) -> Network:
    return Network.dense([30, 20, 4], rng=np.random.default_rng(0), dtype=np.float64, **options)


def rows(kind: str) -> Any:
    X = np.random.default_rng(1).normal(size=(N, 30))
    if kind == "dense":
        return X
    X[np.random.default_rng(2).random(X.shape) < 0.95] = 0
    return X if kind == "zeros" else sparse.csr_array(X)


@pytest.mark.parametrize("loss", [None, SoftmaxCrossEntropy()])
@pytest.mark.parametrize("kind", ["dense", "zeros", "sparse"])
@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_the_same_bits_in_any_number_of_parts(threads: int, kind: str, loss: Any) -> None:
    net, X = network(), rows(kind)
    whole = CompiledEngine(exactly=threads).predict(net, SCALE, X, loss)
    few = CompiledEngine(exactly=1).predict(net, SCALE, X[N - 8 :], loss)
    np.testing.assert_array_equal(whole[N - 8 :], few)
    wanted = as_engine("reference").predict(net, SCALE, X, loss)
    np.testing.assert_allclose(whole, wanted, rtol=1e-10, atol=1e-13)
    assert whole.flags.c_contiguous
    assert whole.flags.writeable


@pytest.mark.parametrize("place", [0, N // 2, N - 1])
@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_a_number_that_is_not_finite_is_found_in_any_part(kind: str, place: int) -> None:
    engine, net, X = CompiledEngine(exactly=3), network(), rows(kind)
    before = engine.predict(net, SCALE, X)
    bad = X.toarray() if kind == "sparse" else X.copy()
    bad[place, 7] = np.nan
    with pytest.raises(DataFormatError, match="X has a NaN or an infinity"):
        engine.predict(net, SCALE, sparse.csr_array(bad) if kind == "sparse" else bad)
    np.testing.assert_array_equal(engine.predict(net, SCALE, X), before)


def test_what_no_kernel_can_be_made_for_is_predicted_in_parts_too() -> None:
    own = Activation("own", lambda z: np.array([np.sin(row) for row in z]), np.cos)
    net, X = network(activation=own), rows("dense")
    found = CompiledEngine(exactly=2).predict(net, SCALE, X)
    np.testing.assert_allclose(found, as_engine("reference").predict(net, SCALE, X), rtol=1e-12)


def test_a_large_network_is_shared_by_all_threads() -> None:
    """Panels of its own for each thread would take too much memory."""
    net = Network.dense([1500, 1500], rng=np.random.default_rng(0))
    assert len(net.parameters) > MANY_NUMBERS
    X = np.random.default_rng(0).normal(size=(2 * ROWS_A_PART, 1500)).astype(np.float32)
    engine = CompiledEngine(exactly=2)
    found = engine.predict(net, Preprocessing(), X)
    np.testing.assert_array_equal(found, CompiledEngine(exactly=1).predict(net, Preprocessing(), X))
    [predictors] = engine._predictors[net].values()
    assert len(predictors) == 1
