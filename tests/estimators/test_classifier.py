"""What the classifier adds: weights of classes, losses, activations, dropout … and its edges."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.preprocessing import scale

import chalknet as ck
from chalknet import MLPClassifier
from chalknet.operations.activations import as_activation

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, y = load_digits(return_X_y=True)
X, y = X[:500] / 16, y[:500]


def same(one, other):
    return all(
        np.array_equal(a, b)
        for a, b in zip(one.coefs_ + one.intercepts_, other.coefs_ + other.intercepts_, strict=True)
    )


def quick(**options):
    return MLPClassifier(8, random_state=0, **{"max_iter": 5, **options})


# -- class weights ----------------------------------------------------------------------------


def test_a_class_weight_is_the_weight_of_its_samples():
    by_class = quick(class_weight={0: 2.0, 7: 0.5}).fit(X, y)
    weight = np.where(y == 0, 2.0, np.where(y == 7, 0.5, 1.0))
    assert same(by_class, quick().fit(X, y, weight))
    both = quick(class_weight={0: 2.0, 7: 0.5}).fit(X, y, np.arange(500.0))
    assert same(both, quick().fit(X, y, weight * np.arange(500.0)))


def test_balanced_makes_every_class_count_the_same():
    counts = np.bincount(y)
    balanced = quick(class_weight="balanced").fit(X, y)
    assert same(balanced, quick().fit(X, y, 500 / (10 * counts[y])))


def test_balanced_finds_the_rare_class():
    inputs, rare = make_classification(
        3000, 10, weights=[0.97], class_sep=0.6, flip_y=0.02, random_state=0
    )
    plain = quick(max_iter=40).fit(inputs, rare)
    balanced = quick(max_iter=40, class_weight="balanced").fit(inputs, rare)
    assert recall_score(rare, balanced.predict(inputs)) > 0.7
    assert recall_score(rare, plain.predict(inputs)) < 0.5
    assert balanced_accuracy_score(rare, balanced.predict(inputs)) > 0.75


def test_class_weights_do_not_weigh_the_held_out_rows():
    options = {"early_stopping": True, "class_weight": {3: 100.0}}
    estimator = quick(**options, max_iter=30).fit(X, y, X_val=X[:100], y_val=y[:100])
    assert estimator.score(X[:100], y[:100]) == pytest.approx(estimator.best_validation_score_)


def test_weights_of_several_labels():
    marks = np.column_stack([y > 4, y % 2]).astype(int)
    one = quick(class_weight=[{0: 1.0, 1: 3.0}, {0: 1.0, 1: 1.0}]).fit(X, marks)
    assert same(one, quick().fit(X, marks, np.where(y > 4, 3.0, 1.0)))


def test_a_class_that_does_not_exist():
    with pytest.raises(ValueError, match="names the class 77, but y has 0, 1, 2, 3"):
        quick(class_weight={77: 1.0}).fit(X, y)
    with pytest.raises(ValueError, match="class_weight of 3 must be a finite number ≥ 0, not -1"):
        quick(class_weight={3: -1}).fit(X, y)
    with pytest.raises(ValueError, match="must be 'balanced' or a dict of classes to weights, not"):
        quick(class_weight="even").fit(X, y)


# -- labels -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["zero", "one", "two"]),
        np.array(["zero", "one", "two"], dtype=object),
        np.array([-5, 0, 1_000_000]),
        np.array([0.5, 1.5, 2.5]).astype(int) * 2,
    ],
)
def test_labels_come_back_as_they_were(labels):
    named = labels[y % 3]
    estimator = quick(max_iter=60).fit(X, named)
    assert estimator.classes_.tolist() == sorted(labels.tolist())
    assert estimator.predict(X).dtype == named.dtype
    assert estimator.score(X, named) > 0.6


def test_booleans_and_a_single_class():
    assert quick().fit(X, y > 4).predict(X).dtype == bool
    single = quick().fit(X, np.full(500, "only"))
    assert (single.predict(X) == "only").all()
    assert single.classes_.tolist() == ["only"]


def test_targets_that_are_no_classes():
    with pytest.raises(ValueError, match="Unknown label type"):
        quick().fit(X, y + 0.5)
    with pytest.raises(ValueError, match="several columns with more than two classes"):
        quick().fit(X, np.column_stack([y, y]))


def test_several_labels_a_sample():
    marks = np.column_stack([y > 4, y % 2, y == 3]).astype(int)
    estimator = quick(max_iter=150, learning_rate_init=0.01).fit(X, marks)
    assert estimator.predict(X).shape == (500, 3)
    assert estimator.score(X, marks) > 0.95
    p = estimator.predict_proba(X)
    np.testing.assert_array_equal(p > 0.5, estimator.predict(X) == 1)
    assert estimator.out_activation_ == "logistic"
    early = quick(early_stopping=True, max_iter=40).fit(X, marks)
    assert max(early.validation_scores_) == early.best_validation_score_


# -- probabilities far out --------------------------------------------------------------------


def test_probabilities_keep_their_digits_in_both_tails():
    estimator = quick().initialize(np.zeros((2, 1)), [0, 1])
    estimator.coefs_ = [np.eye(1, 8), np.eye(8, 1)]
    estimator.intercepts_ = [np.zeros(8), np.zeros(1)]
    estimator.set_params(activation="identity", warm_start=True, learning_rate_init=1e-300)
    estimator.fit(np.array([[0.0], [0.0]]), [0, 1])
    p = estimator.predict_proba(np.array([[40.0], [500.0], [0.0]]))
    expected = [1 / (1 + np.exp(40.0)), np.exp(-500.0), 0.5]
    np.testing.assert_allclose(p[:, 0], expected, rtol=1e-13)
    logs = estimator.predict_log_proba(np.array([[40.0], [800.0]]))
    np.testing.assert_allclose(logs[:, 0], [-40.0, -800.0], rtol=1e-13)


# -- what it adds to the network --------------------------------------------------------------


def test_without_hidden_layers_it_is_logistic_regression():
    inputs, labels = load_breast_cancer(return_X_y=True)
    inputs = scale(inputs)
    ours = MLPClassifier((), solver="lbfgs", alpha=1.0, tol=1e-8, max_iter=5000, random_state=0)
    theirs = LogisticRegression(C=1.0, tol=1e-10, max_iter=5000).fit(inputs, labels)
    ours.fit(inputs, labels)
    np.testing.assert_allclose(ours.coefs_[0][:, 0], theirs.coef_[0], rtol=0, atol=2e-3)
    p = theirs.predict_proba(inputs)
    np.testing.assert_allclose(ours.predict_proba(inputs), p, rtol=0, atol=1e-3)


ACTIVATIONS = [
    "gelu",
    "leaky_relu(0.2)",
    ["silu", "softplus"],
    [ck.Activation("cube", lambda z: z * z * z, lambda z: 3 * z * z), "selu"],
    (np.sin, np.cos),  # has no vector code: runs in NumPy
    [(lambda z: z / (1 + np.abs(z)), lambda z: 1 / (1 + np.abs(z)) ** 2), "elu"],
]


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=range(len(ACTIVATIONS)))
def test_activations_of_every_kind_compute_what_they_say(activation):
    layers = activation if isinstance(activation, list) else [activation] * 2
    estimator = MLPClassifier((6, 5), activation, random_state=0, max_iter=3).fit(X, y)
    A = X
    for number, (W, b) in enumerate(zip(estimator.coefs_, estimator.intercepts_, strict=True)):
        Z = A @ W + b
        if number < 2:
            one = layers[number]
            A = one[0](Z) if isinstance(one, tuple) else as_activation(one)(Z)
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    np.testing.assert_allclose(
        estimator.predict_proba(X), e / e.sum(axis=1, keepdims=True), rtol=1e-9
    )


def test_a_pair_of_functions_learns_what_the_name_learns():
    def square(z):
        return z * z

    def slope(z):
        return 2.0 * z

    pair = MLPClassifier(8, (square, slope), random_state=0, max_iter=5).fit(X, y)
    named = MLPClassifier(8, ck.Activation("q", square, slope), random_state=0, max_iter=5)
    assert same(pair, named.fit(X, y))


def test_functions_without_vector_code_learn_the_same_in_numpy():
    """np.tanh has vector code; hidden behind a function that no symbol can follow it has none."""

    def opaque(z):
        return np.array([np.tanh(row) for row in z])

    def slope(z):
        return np.array([1 - np.tanh(row) ** 2 for row in z])

    slow = MLPClassifier(8, (opaque, slope), random_state=0, max_iter=4).fit(X, y)
    fast = MLPClassifier(8, "tanh", random_state=0, max_iter=4).fit(X, y)
    for one, other in zip(slow.coefs_, fast.coefs_, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_initializers():
    he = MLPClassifier(64, init="he_normal", random_state=0).initialize(X, y)
    assert he.coefs_[0].std() == pytest.approx(np.sqrt(2 / 64), rel=0.05)
    assert not he.intercepts_[0].any()
    own = MLPClassifier(
        4, init=lambda rng, fan_in, fan_out: (np.full((fan_in, fan_out), 0.5), np.ones(fan_out))
    ).initialize(X, y)
    assert (own.coefs_[1] == 0.5).all()
    logistic = MLPClassifier(2000, "logistic", random_state=0).initialize(X, y)
    limit = np.sqrt(2 / 2064)
    assert 0.99 * limit < np.abs(logistic.coefs_[0]).max() <= limit


def test_dropout_regularises_and_is_absent_from_prediction():
    plain, dropped = (
        MLPClassifier(64, random_state=0, max_iter=60, dropout=rate, learning_rate_init=0.005)
        for rate in (0.0, 0.5)
    )
    plain.fit(X, y)
    dropped.fit(X, y)
    assert dropped.loss_ > 2 * plain.loss_
    np.testing.assert_array_equal(dropped.predict_proba(X), dropped.predict_proba(X))
    assert dropped.score(X, y) > 0.95
    again = MLPClassifier(64, random_state=0, max_iter=60, dropout=0.5, learning_rate_init=0.005)
    assert same(dropped, again.fit(X, y))
    layered = MLPClassifier((20, 10), dropout=(0.0, 0.0), random_state=0, max_iter=4).fit(X, y)
    assert same(layered, MLPClassifier((20, 10), random_state=0, max_iter=4).fit(X, y))


def test_schedules_reach_the_steps():
    rates = []
    quick(
        learning_rate="warmup(2)+step_decay(every=1, factor=0.5)",
        learning_rate_init=0.4,
        max_iter=5,
        callbacks=lambda record: rates.append(record.learning_rate),
    ).fit(X, y)
    np.testing.assert_allclose(rates, [0.2, 0.4, 0.4, 0.2, 0.1])
    rates.clear()
    options = {"solver": "sgd", "callbacks": lambda record: rates.append(record.learning_rate)}
    quick(learning_rate=ck.Exponential(factor=0.5), learning_rate_init=1.0, **options).fit(X, y)
    np.testing.assert_allclose(rates, [1.0, 0.5, 0.25, 0.125, 0.0625])


@pytest.mark.parametrize("solver", ["adamw", "rmsprop", "adagrad"])
def test_the_other_optimizers(solver):
    estimator = quick(solver=solver, max_iter=80, learning_rate_init=0.01).fit(X, y)
    assert estimator.score(X, y) > 0.8


def focal(logits, marks):
    """(1 − p)² · cross entropy of the softmax of a row: not element by element."""
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    q = (p * marks).sum(axis=1)
    values = -((1 - q) ** 2) * np.log(q)
    by_q = 2 * (1 - q) * np.log(q) - (1 - q) ** 2 / q
    return values, (by_q * q)[:, None] * (marks - p)


def cross_entropy(logits, marks):
    """The sigmoid cross entropy, written by hand, element by element."""
    e = np.exp(-np.abs(logits))
    value = np.maximum(logits, 0.0) - logits * marks + np.log1p(e)
    return value, np.where(logits >= 0, 1.0, e) / (1.0 + e) - marks


def test_a_loss_of_your_own_element_by_element():
    labels = y > 4
    own = quick(loss=cross_entropy).fit(X, labels)
    usual = quick().fit(X, labels)
    for one, other in zip(own.coefs_, usual.coefs_, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-10)
    assert own.loss_ == pytest.approx(usual.loss_)
    np.testing.assert_allclose(own.predict_proba(X), usual.predict_proba(X), rtol=1e-6)


def test_a_loss_of_your_own_sample_by_sample():
    estimator = quick(loss=focal, max_iter=100, learning_rate_init=0.01)
    estimator.fit(X, y, X_val=X[:50], y_val=y[:50])
    assert estimator.score(X, y) > 0.95
    marks = np.eye(10)[y[:50]]
    logits = np.log(estimator.predict_proba(X[:50]))
    expected = focal(logits, marks)[0].mean()
    assert estimator.validation_loss_curve_[-1] == pytest.approx(expected)
    assert estimator.validation_scores_[-1] == estimator.score(X[:50], y[:50])


def test_a_loss_object():
    class Brier(ck.Loss):
        name = "brier"

        def checked_targets(self, targets, n, K):
            return np.asarray(targets, float).reshape(n, K)

        def _terms(self, o, t):
            return cross_entropy(o, t)[0].sum(axis=1), cross_entropy(o, t)[1]

        def predict(self, output):
            return output

    labels = y > 4
    own, usual = quick(loss=Brier()).fit(X, labels), quick().fit(X, labels)
    np.testing.assert_allclose(own.coefs_[0], usual.coefs_[0], rtol=1e-7, atol=1e-10)


def test_what_is_no_loss():
    with pytest.raises(
        ValueError, match=r"loss must be 'log_loss', a chalknet\.Loss of the logits"
    ):
        quick(loss="hinge").fit(X, y)


def test_the_number_of_threads_changes_no_bit():
    estimators = [
        MLPClassifier(200, n_threads=n, random_state=0, max_iter=2, batch_size=400)
        for n in (1, 2, None)
    ]
    for estimator in estimators:
        estimator.fit(X, y)
    assert same(estimators[0], estimators[1])
    assert same(estimators[0], estimators[2])
