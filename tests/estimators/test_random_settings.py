"""Any arguments on any data: the same weights as scikit-learn's, drawn and trained by both."""

from __future__ import annotations

import warnings

import numpy as np
import sklearn.neural_network as theirs
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import chalknet

ARGUMENTS = st.fixed_dictionaries(
    {
        "hidden_layer_sizes": st.lists(st.integers(1, 20), max_size=3),
        "activation": st.sampled_from(["identity", "logistic", "tanh", "relu"]),
        "solver": st.sampled_from(["adam", "sgd"]),
        "alpha": st.sampled_from([0.0, 1e-4, 0.3, 10.0]),
        "batch_size": st.sampled_from(["auto", 1, 3, 8, 1000]),
        "learning_rate": st.sampled_from(["constant", "invscaling", "adaptive"]),
        "learning_rate_init": st.sampled_from([1e-3, 1e-2]),
        "momentum": st.sampled_from([0.0, 0.5, 0.9]),
        "nesterovs_momentum": st.booleans(),
        "shuffle": st.booleans(),
        "max_iter": st.integers(1, 8),
        "tol": st.sampled_from([0.0, 1e-4, 0.1]),
        "n_iter_no_change": st.sampled_from([1, 3, np.inf]),
        "early_stopping": st.booleans(),
        "random_state": st.integers(0, 1000),
    }
)


def fitted(library, name, arguments, X, y, weights):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(library, name)(**arguments).fit(X, y, weights)


@settings(deadline=None, max_examples=60)
@given(
    ARGUMENTS,
    st.sampled_from(["classes", "two", "labels", "number", "numbers"]),
    st.integers(20, 45),
    st.integers(1, 6),
    st.booleans(),
    st.integers(0, 100),
)
def test_ours_follow(arguments, kind, n, features, weighted, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, features))
    X[rng.random(X.shape) < 0.3] = 0
    y = {
        "classes": np.arange(n) % 3,
        "two": np.where(np.arange(n) % 2, "b", "a"),
        "labels": np.column_stack([np.arange(n) % 2, np.arange(n) % 3 == 0, X[:, 0] > 0]).astype(
            int
        ),
        "number": X.sum(axis=1),
        "numbers": np.column_stack([X.sum(axis=1), X[:, 0]]),
    }[kind]
    # Theirs divides by the weight of a batch, so none may be without any.
    weights = rng.random(n) + 0.1 if weighted else None
    name = "MLPRegressor" if kind.startswith("number") else "MLPClassifier"
    expected = fitted(theirs, name, arguments, X, y, weights)
    found = fitted(chalknet, name, arguments, X, y, weights)
    # Where a decision hangs on the last digit of a loss, either may go one epoch further.
    assume(found.n_iter_ == expected.n_iter_ or weighted or kind == "numbers")
    if found.n_iter_ == expected.n_iter_:
        for one, other in zip(
            expected.coefs_ + expected.intercepts_, found.coefs_ + found.intercepts_, strict=True
        ):
            np.testing.assert_allclose(other, one, rtol=1e-7, atol=1e-9)
        assert found.score(X, y) == expected.score(X, y) or abs(
            found.score(X, y) - expected.score(X, y)
        ) < 1e-6 * max(1.0, abs(expected.score(X, y)))
