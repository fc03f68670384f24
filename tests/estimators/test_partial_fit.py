"""partial_fit: going on, epoch after epoch, as if it had been one ``fit``."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import load_digits

from chalknet import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, y = load_digits(return_X_y=True)
X, y = X[:300] / 16, y[:300]

SETTINGS = {
    "adam": {},
    "in order": {"shuffle": False},
    "sgd": {"solver": "sgd", "learning_rate_init": 0.1},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.5},
    "adaptive": {"solver": "sgd", "learning_rate": "adaptive", "tol": 1.0, "n_iter_no_change": 1},
    "schedule": {"learning_rate": "warmup(2)+cosine"},
    "plateau": {"learning_rate": "reduce_on_plateau(patience=0, threshold=0.5)"},
    "dropout": {"dropout": 0.3},
    "layers": {"hidden_layer_sizes": (12, 8), "activation": ["gelu", "tanh"], "init": "he_normal"},
    "rmsprop": {"solver": "rmsprop"},
    "own loss": {"loss": "squared_error on probabilities"},
}


def squared_error_on_probabilities(logits, marks):
    e = np.exp(-np.abs(logits))
    p = np.where(logits >= 0, 1.0, e) / (1.0 + e)
    return (p - marks) ** 2, 2.0 * (p - marks) * p * (1.0 - p)


def make(options, **more):
    options = {"hidden_layer_sizes": 10, "batch_size": 64, "random_state": 4, **options, **more}
    if options.get("loss"):
        options["loss"] = squared_error_on_probabilities
    return MLPClassifier(**options)


def parameters(estimator):
    return [array.tobytes() for array in estimator.coefs_ + estimator.intercepts_]


@pytest.mark.parametrize("options", SETTINGS.values(), ids=SETTINGS)
def test_six_parts_are_one_fit_of_six_epochs_to_the_bit(options):
    """scikit-learn's issue #12505: theirs draws the same order again in every call."""
    whole = make(options, max_iter=6, n_iter_no_change=options.get("n_iter_no_change", 10))
    parts = clone(whole)
    whole.fit(X, y)
    for _ in range(6):
        parts.partial_fit(X, y, classes=range(10))
    assert parameters(parts) == parameters(whole)
    assert parts.loss_curve_ == whole.loss_curve_
    assert (parts.n_iter_, parts.t_) == (whole.n_iter_, whole.t_) == (6, 1800)
    assert parts.best_loss_ == whole.best_loss_


@pytest.mark.parametrize("options", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("through", [pickle, copy], ids=["pickle", "deepcopy"])
def test_a_copy_goes_on_as_the_original_would(options, through):
    def copied(estimator):
        if through is copy:
            return copy.deepcopy(estimator)
        return pickle.loads(pickle.dumps(estimator))

    straight = make(options, max_iter=4)
    broken = clone(straight)
    for part in range(4):
        straight.partial_fit(X, y, classes=range(10))
        broken.partial_fit(X, y, classes=range(10))
        if part == 1:
            broken = copied(broken)
    assert parameters(broken) == parameters(straight)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(0, 5))
def test_a_stream_of_parts_of_any_size(sizes, seed):
    """Loss and parameters stay finite, every part counts, and the pace of samples is kept."""
    regressor = MLPRegressor(hidden_layer_sizes=5, random_state=seed, batch_size=16)
    rng = np.random.default_rng(seed)
    for n in sizes:
        inputs = rng.normal(size=(n, 3))
        regressor.partial_fit(inputs, inputs.sum(axis=1))
    assert regressor.t_ == sum(sizes)
    assert regressor.n_iter_ == len(sizes) == len(regressor.loss_curve_)
    assert np.isfinite(regressor.predict(np.zeros((1, 3)))).all()


def test_another_learning_rate_is_taken_up():
    """scikit-learn's issue #8149: theirs goes on with the rate of the first call."""
    still = MLPClassifier(10, random_state=0).partial_fit(X, y, classes=range(10))
    before = parameters(still)
    still.set_params(learning_rate_init=1e-30).partial_fit(X, y)
    after = [np.frombuffer(part) for part in parameters(still)]
    for was, now in zip(before, after, strict=True):
        np.testing.assert_allclose(np.frombuffer(was), now, atol=1e-20)


def test_another_optimizer_begins_anew_from_the_same_weights():
    estimator = MLPClassifier(10, random_state=0).partial_fit(X, y, classes=range(10))
    estimator.set_params(solver="sgd", momentum=0.5).partial_fit(X, y)
    estimator.set_params(momentum=0.0).partial_fit(X, y)
    estimator.set_params(solver="adam").partial_fit(X, y)
    assert estimator.n_iter_ == 4
    assert estimator.loss_curve_[-1] < estimator.loss_curve_[0]


def test_each_call_sees_another_order():
    """With an int as random_state too; theirs sees one order for ever (#12505)."""
    orders = []

    class Spy(np.random.RandomState):
        def shuffle(self, x):
            super().shuffle(x)
            orders.append(x.copy())

    estimator = MLPClassifier(4, random_state=Spy(1))
    for _ in range(3):
        estimator.partial_fit(X, y, classes=range(10))
    assert len(orders) == 3
    assert not np.array_equal(orders[0], orders[1])
    fixed = MLPClassifier(4, random_state=1, batch_size=10)
    states = []
    for _ in range(2):
        fixed.partial_fit(X, y, classes=range(10))
        states.append(fixed._random_state.get_state()[2])
    assert states[0] != states[1]


def test_after_fit_it_goes_on_from_there():
    fitted = MLPClassifier(10, random_state=0, max_iter=20).fit(X, y)
    loss, slots = fitted.loss_, fitted._state.slots.t
    fitted.partial_fit(X, y)
    assert fitted.loss_ < 1.05 * loss
    assert fitted._state.slots.t == slots + 2
    assert fitted.n_iter_ == 21


def test_after_early_stopping_losses_are_not_compared_with_scores():
    fitted = MLPClassifier(10, random_state=0, max_iter=5, early_stopping=True).fit(X, y)
    assert fitted.best_loss_ is None
    fitted.set_params(early_stopping=False).partial_fit(X, y)
    assert fitted.best_loss_ == fitted.loss_


def test_a_refused_part_changes_nothing():
    estimator = MLPClassifier(4, random_state=0).partial_fit(X, y, classes=range(10))
    before, curve = parameters(estimator), list(estimator.loss_curve_)
    bad = [
        (X[:, :5], y, None),
        (X, y + 5, None),
        (X, y, range(3)),
        (X * np.nan, y, None),
        (X, y[:-1], None),
    ]
    for inputs, labels, classes in bad:
        with pytest.raises(ValueError):  # noqa: PT011 - of several kinds
            estimator.partial_fit(inputs, labels, classes=classes)
    assert parameters(estimator) == before
    assert estimator.loss_curve_ == curve
    estimator.partial_fit(X, y)


def test_a_refused_first_call_leaves_the_estimator_unfitted():
    estimator = MLPClassifier(4)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        estimator.partial_fit(X, y)
    with pytest.raises(ValueError, match=r"`y` has classes not in `self.classes_`"):
        estimator.partial_fit(X, y, classes=[0, 1])
    assert not hasattr(estimator, "classes_")
    estimator.partial_fit(X, y, classes=range(10))


def test_classes_may_come_late_or_never():
    estimator = MLPClassifier(8, random_state=0, learning_rate_init=0.01)
    for label in ("a", "b", "a", "b", "a", "b"):
        estimator.partial_fit([[float(label == "a")]], [label], classes=["c", "b", "a"])
    assert estimator.classes_.tolist() == ["a", "b", "c"]
    assert estimator.predict_proba([[1.0]]).shape == (1, 3)


def test_labels_of_several_columns_and_numbers_of_several_columns():
    marks = np.column_stack([y > 4, y % 2 == 0]).astype(int)
    classifier = MLPClassifier(10, random_state=0, learning_rate_init=0.02)
    regressor = MLPRegressor(hidden_layer_sizes=10, random_state=0, learning_rate_init=0.02)
    for _ in range(60):
        classifier.partial_fit(X, marks, classes=[0, 1])
        regressor.partial_fit(X, marks)
    assert classifier.score(X, marks) > 0.9
    assert regressor.score(X, marks) > 0.8
    with pytest.raises(ValueError, match="y has 1 columns, but the network has 2 outputs"):
        regressor.partial_fit(X, y)
    with pytest.raises(ValueError, match="one column for each of the 2 labels"):
        classifier.partial_fit(X, np.column_stack([marks, marks]))


def test_what_needs_all_samples_at_once_is_refused():
    assert not hasattr(MLPClassifier(solver="lbfgs"), "partial_fit")
    assert not hasattr(MLPRegressor(solver="lbfgs"), "partial_fit")
    with pytest.raises(AttributeError, match="no attribute 'partial_fit'") as caught:
        MLPRegressor(solver="lbfgs").partial_fit(X, y)
    assert "'lbfgs' needs all samples at once" in str(caught.value.__cause__)
    with pytest.raises(ValueError, match="partial_fit does not support early_stopping=True"):
        MLPRegressor(early_stopping=True).partial_fit(X, y)
    with pytest.raises(ValueError, match="class_weight='balanced' needs all samples at once"):
        MLPClassifier(class_weight="balanced").partial_fit(X, y, classes=range(10))


def test_the_network_cannot_change_its_shape_on_the_way():
    estimator = MLPClassifier(10).partial_fit(X, y, classes=range(10))
    estimator.set_params(hidden_layer_sizes=(12,))
    with pytest.raises(ValueError, match=r"widths \[64, 10, 10\], but .* call for \[64, 12, 10\]"):
        estimator.partial_fit(X, y)


def test_no_warning_in_a_stream():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimator = MLPRegressor(hidden_layer_sizes=4, batch_size=500)
        for _ in range(5):
            estimator.partial_fit(X, y)


def test_weights_of_samples_and_classes():
    one = MLPClassifier(6, random_state=0, class_weight={3: 5.0})
    two = MLPClassifier(6, random_state=0)
    for part in (slice(0, 100), slice(100, 300)):
        one.partial_fit(X[part], y[part], classes=range(10))
        two.partial_fit(X[part], y[part], np.where(y[part] == 3, 5.0, 1.0), classes=range(10))
    assert parameters(one) == parameters(two)
