"""Metrics against fractions by hand, and against scikit-learn called in another way."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import metrics as reference

from chalknet import Dataset, Dense, Model, Network
from chalknet.evaluation import (
    ClassEvaluation,
    MultilabelEvaluation,
    RegressionEvaluation,
    evaluate,
)
from chalknet.evaluation.metrics import wilson_interval


def _identity_model(classes: list[str], **options: object) -> Model:
    """A model whose logits are its inputs."""
    K = len(classes)
    network = Network([Dense(np.eye(K), np.zeros(K))])
    return Model(network, "softmax_cross_entropy", classes=np.array(classes), **options)


def _by_hand() -> ClassEvaluation:
    """Truth a a a a b b c, decided a a b c b a c: all figures fit on a napkin."""
    decided = np.array([0, 0, 1, 2, 1, 0, 2])
    data = Dataset(4.0 * np.eye(3)[decided], list("aaaabbc"), name="napkin")
    result = evaluate(_identity_model(["a", "b", "c"]), data)
    assert isinstance(result, ClassEvaluation)
    return result


def test_scores_by_hand_in_exact_fractions() -> None:
    result = _by_hand()
    assert result.confusion.tolist() == [[2, 1, 1], [1, 1, 0], [0, 0, 1]]
    assert (result.correct, result.total) == (4, 7)
    assert result.accuracy == float(Fraction(4, 7))
    expected = [
        (Fraction(2, 3), Fraction(2, 4), 4),
        (Fraction(1, 2), Fraction(1, 2), 2),
        (Fraction(1, 2), Fraction(1), 1),
    ]
    f1 = [2 * p * r / (p + r) for p, r, _ in expected]
    for score, (precision, recall, support), mean in zip(
        result.per_class, expected, f1, strict=True
    ):
        assert_allclose(
            (score.precision, score.recall, score.f1), [float(x) for x in (precision, recall, mean)]
        )
        assert score.support == support
    assert_allclose(
        result.macro.precision, float(Fraction(2, 3) + Fraction(1, 2) + Fraction(1, 2)) / 3
    )
    assert_allclose(result.macro.f1, float(sum(f1, Fraction(0))) / 3)
    weighted = sum(
        (Fraction(n, 7) * mean for mean, (_, _, n) in zip(f1, expected, strict=True)), Fraction(0)
    )
    assert_allclose(result.weighted.f1, float(weighted))
    pairs = [(p.label, p.prediction, p.count, p.share) for p in result.confused_pairs]
    assert pairs == [(1, 0, 1, 0.5), (0, 1, 1, 0.25), (0, 2, 1, 0.25)]


def test_loss_and_top_losses_by_hand() -> None:
    result = _by_hand()
    # Every row of logits is 4 for one class and 0 for the two others.
    right, wrong = np.log(1 + 2 * np.exp(-4)), np.log(np.exp(4) + 2)
    assert_allclose(result.loss, (4 * right + 3 * wrong) / 7)
    assert [top.index for top in result.top_losses] == [2, 3, 5, 0, 1, 4, 6]
    worst = result.top_losses[0]
    assert (worst.label, worst.prediction) == ("a", "b")
    assert_allclose([worst.loss, worst.probability], [wrong, np.exp(-right)])


def test_against_scikit_learn_with_a_class_that_never_occurs() -> None:
    rng = np.random.default_rng(3)
    logits, truth = rng.normal(size=(300, 5)), rng.integers(0, 4, 300)
    names = list("vwxyz")
    data = Dataset(logits, np.array(names)[truth], name="d", classes=np.array(names))
    result = evaluate(_identity_model(names), data)
    assert isinstance(result, ClassEvaluation)
    decided = logits.argmax(axis=1)
    report = reference.classification_report(
        truth, decided, labels=range(5), target_names=names, output_dict=True, zero_division=0
    )
    for score in result.per_class:
        there = report[score.name]
        assert_allclose(
            [score.precision, score.recall, score.f1, score.support],
            [there["precision"], there["recall"], there["f1-score"], there["support"]],
        )
    assert_allclose(result.accuracy, reference.accuracy_score(truth, decided))
    assert_allclose(result.macro.f1, reference.f1_score(truth, decided, average="macro"))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert_allclose(result.loss, reference.log_loss(truth, p, labels=range(5)))


def test_the_second_of_two_classes_is_the_positive_one() -> None:
    decided = np.array([1] * 5 + [0] * 4 + [1] * 2 + [0] * 3)
    labels = ["yes"] * 5 + ["no"] * 4 + ["no"] * 2 + ["yes"] * 3
    data = Dataset(np.eye(2)[decided], labels, name="d", classes=np.array(["no", "yes"]))
    result = evaluate(_identity_model(["no", "yes"]), data)
    assert isinstance(result, ClassEvaluation)
    binary = result.binary
    assert binary is not None
    assert (binary.positive, binary.negative) == ("yes", "no")
    assert (binary.true_positive, binary.true_negative) == (5, 4)
    assert (binary.false_positive, binary.false_negative) == (2, 3)
    assert binary.specificity == float(Fraction(4, 6))


def test_one_sigmoid_output_counts_like_two_softmax_outputs() -> None:
    z = np.linspace(-2.1, 3.0, 12)[:, None]
    labels = np.array(["n", "p"])[np.arange(12) % 2]
    one = Model(Network([Dense([[1.0]], [0.0])]), "sigmoid_cross_entropy", np_pre(), labels[:2])
    two = Model(
        Network([Dense([[0.0, 1.0]], [0.0, 0.0])]), "softmax_cross_entropy", np_pre(), labels[:2]
    )
    first, second = (evaluate(model, Dataset(z, labels, name="d")) for model in (one, two))
    assert_allclose(first.loss, second.loss)
    assert_array_equal(first.confusion, second.confusion)  # type: ignore[attr-defined]
    assert_allclose(first.predictions.scores, second.predictions.scores)


def np_pre() -> object:
    from chalknet import Preprocessing

    return Preprocessing()


def test_regression_by_hand() -> None:
    model = Model(Network([Dense([[1.0]], [0.0])]), "half_squared_error")
    data = Dataset([[1.0], [2.0], [3.0], [6.0]], [1.0, 3.0, 3.0, 3.0], name="d")
    result = evaluate(model, data)
    assert isinstance(result, RegressionEvaluation)
    # Residuals 0, −1, 0, 3; the targets' mean is 2.5 and their squares about it sum to 3.
    assert result.loss == float(Fraction(10, 8))
    assert result.mean_squared_error == float(Fraction(10, 4))
    assert_allclose(result.root_mean_squared_error, np.sqrt(2.5))
    assert result.mean_absolute_error == 1.0
    assert_allclose(result.r2, float(1 - Fraction(10, 3)))
    assert (result.correct, result.accuracy) == (None, None)
    first, second = result.largest_residuals[:2]
    assert (first.index, first.truth, first.prediction, first.residual) == (3, 3.0, 6.0, 3.0)
    assert (second.index, second.residual) == (1, -1.0)


def test_regression_with_several_targets_and_a_constant_one() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    y = np.column_stack([X[:, 0] + 0.1, 1000 * X[:, 1] + 50, np.full(40, 2.0)])
    network = Network([Dense(np.diag([1.0, 1000.0, 1.0]), np.zeros(3))])
    result = evaluate(Model(network, "mean_squared_error"), Dataset(X, y, name="d"))
    assert isinstance(result, RegressionEvaluation)
    out = X * [1, 1000, 1]
    for k, score in enumerate(result.per_target):
        assert_allclose(score.mean_squared_error, reference.mean_squared_error(y[:, k], out[:, k]))
        assert_allclose(score.mean_absolute_error, np.abs(out - y)[:, k].mean())
    assert result.per_target[2].r2 is None
    assert_allclose(result.r2, reference.r2_score(y[:, :2], out[:, :2]))
    # The residuals of the second target are all 50 and must not crowd out the third's.
    assert result.largest_residuals[0].target == 2


def test_multilabel_by_hand() -> None:
    model = Model(Network([Dense(np.eye(2), np.zeros(2))]), "sigmoid_cross_entropy",
                  classes=np.array(["u", "v"]), multilabel=True)  # fmt: skip
    X = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, -1.0], [1.0, -1.0]])
    data = Dataset(X, [[1, 1], [0, 0], [0, 1], [1, 0]], name="d", classes=np.array(["u", "v"]))
    result = evaluate(model, data)
    assert isinstance(result, MultilabelEvaluation)
    assert (result.correct, result.accuracy) == (2, 0.5)
    assert result.hamming_loss == float(Fraction(2, 8))
    u, v = result.per_label
    assert_allclose([u.precision, u.recall, u.support], [2 / 3, 1, 2])
    assert_allclose([v.precision, v.recall, v.support], [1, 1 / 2, 2])
    assert {top.index for top in result.top_losses[:2]} == {1, 2}
    assert {(top.label, top.prediction) for top in result.top_losses[:2]} == {
        ("none", "u"),
        ("v", "none"),
    }


def test_scores_that_are_no_probabilities_claim_no_probability() -> None:
    model = Model(Network([Dense(np.eye(2), np.zeros(2))]), "mean_squared_error",
                  classes=np.array(["a", "b"]))  # fmt: skip
    data = Dataset([[0.9, 0.1], [0.4, 0.3]], ["a", "b"], name="d")
    result = evaluate(model, data)
    assert isinstance(result, ClassEvaluation)
    assert result.accuracy == 0.5
    assert result.calibration is None
    assert result.top_losses[0].probability is None


@pytest.mark.parametrize("task", ["classes", "labels", "numbers"])
def test_as_dict_is_plain_json(task: str) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    if task == "classes":
        model: Model = _identity_model(["a", "b"])
        y: object = ["a", "b", "b"] * 10
    elif task == "labels":
        network = Network([Dense(np.eye(2), np.zeros(2))])
        model = Model(network, "sigmoid_cross_entropy", classes=np.arange(2), multilabel=True)
        y = rng.integers(0, 2, (30, 2))
    else:
        model = Model(Network([Dense(np.ones((2, 1)), [0.0])]), "poisson")
        X[0] = 1e3  # e²⁰⁰⁰ is no float
        y = np.ones(30)
    result = evaluate(model, Dataset(X, y, name="d"))  # type: ignore[arg-type]
    plain = result.as_dict()
    text = json.dumps(plain, allow_nan=False)
    assert json.loads(text) == plain
    assert plain["total"] == 30
    assert "predictions" not in plain
    assert (plain["loss"] is None) == (task == "numbers")


def test_wilson_interval_holds_the_roots_of_its_equation() -> None:
    for correct, total in ((0, 10), (10, 10), (3, 7), (977, 1000)):
        low, high = wilson_interval(correct, total)
        assert 0 <= low <= correct / total <= high <= 1
        for bound in (low, high):
            if 0 < bound < 1:
                z = (correct / total - bound) / np.sqrt(bound * (1 - bound) / total)
                assert_allclose(abs(z), 1.959963984540054)
