"""SciPy's sparse matrices as they are: the same training and predictions as with the zeros."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from chalknet import (
    ConfigurationError,
    DataFormatError,
    Dataset,
    Model,
    Network,
    Preprocessing,
    ShapeError,
    Training,
)

KINDS = [sparse.csr_matrix, sparse.csr_array, sparse.csc_matrix, sparse.coo_array]


def words(n=300, features=90, seed=0, dtype=np.float64):
    """Counts of words: mostly zeros."""
    rng = np.random.default_rng(seed)
    X = (rng.random((n, features)) < 0.05) * rng.integers(1, 9, (n, features))
    return X.astype(dtype), rng.integers(0, 3, n)


def trained(X, y, engine, batch_size=32):
    rng = np.random.default_rng(0)
    network = Network.dense([90, 16, 3], rng=rng, dtype=np.float64)
    data = Dataset(X, y, name="words")
    training = Training(
        network,
        data,
        loss="softmax_cross_entropy",
        optimizer="adam",
        epochs=3,
        batch_size=batch_size,
        rng=rng,
        validation=data.take(range(40)),
        engine=engine,
    )
    records = list(training)
    return network, [(r.train_loss, r.validation_loss) for r in records], data


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch_size", [1, 32])
def test_training_and_prediction_do_not_see_the_difference(kind, engine, batch_size):
    X, y = words()
    dense, dense_losses, _ = trained(X, y, engine, batch_size)
    thin, thin_losses, data = trained(kind(X), y, engine, batch_size)
    np.testing.assert_allclose(thin.parameters, dense.parameters, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(thin_losses, dense_losses, rtol=1e-10)
    model = Model.for_data(thin, "softmax_cross_entropy", Preprocessing(), data)
    np.testing.assert_allclose(model.output(kind(X)), model.output(X), rtol=1e-10, atol=1e-12)
    assert model.evaluate(data).correct == int((model.predict(X) == y).sum())


def test_the_matrix_stays_sparse_and_shares_its_memory():
    X, y = words(dtype=np.float32)
    matrix = sparse.csr_array(X)
    data = Dataset(matrix, y, name="words")
    assert sparse.issparse(data.X)
    assert np.shares_memory(data.X.data, matrix.data)
    assert len(data) == 300
    assert data.n_features == 90
    assert len(data.take([3, 4])) == 2
    assert "300 samples, 90 features" in repr(data)


def test_entries_given_twice_are_added_up():
    matrix = sparse.csr_array((np.array([1.0, 2.0]), np.array([4, 4]), np.array([0, 2, 2])), (2, 5))
    data = Dataset(matrix, [0, 1], name="twice")
    assert data.X.toarray()[0, 4] == 3
    assert matrix.nnz == 2  # the caller's own matrix is left as it was


def test_what_cannot_be():
    X, y = words(n=4)
    bad = sparse.csr_array(X)
    bad.data[0] = np.nan
    with pytest.raises(DataFormatError, match="words: what X stores has nan"):
        Dataset(bad, y, name="words")
    with pytest.raises(DataFormatError, match="at least one row and one column"):
        Dataset(sparse.csr_array((0, 3)), [], name="none")
    with pytest.raises(ShapeError, match=r"X has 4 rows, so y must have shape \(4,\)"):
        Dataset(sparse.csr_array(X), y[:3], name="words")
    with pytest.raises(ConfigurationError, match="would fill the zeros of a sparse X"):
        Preprocessing.for_data(sparse.csr_array(X), "standard")
