"""Hidden activations, derivatives by the inputs, and the model, held to forward sweeps by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from chalknet import MeanSquaredError, MLPClassifier, MLPRegressor, Model, SoftmaxCrossEntropy

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, y = load_iris(return_X_y=True)


def logits_by_hand(estimator, inputs):
    """tanh layers, in whatever numbers the inputs are (complex ones too)."""
    A = inputs
    for number, (W, b) in enumerate(zip(estimator.coefs_, estimator.intercepts_, strict=True), 1):
        Z = A @ W + b
        A = np.tanh(Z) if number < len(estimator.coefs_) else Z
    return A


def response_by_hand(estimator, inputs):
    """What predict (or predict_proba) gives, analytic in its inputs."""
    o = logits_by_hand(estimator, inputs)
    link = estimator.out_activation_
    if link == "softmax":
        e = np.exp(o - o.real.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
    return {
        "identity": lambda: o,
        "exp": lambda: np.exp(o),
        "logistic": lambda: 1 / (1 + np.exp(-o)),
    }[link]()


def jacobian_by_complex_step(estimator, rows):
    """∂response/∂x, (n, outputs, features), exact to the last digits."""
    columns = []
    for feature in range(rows.shape[1]):
        shifted = rows.astype(complex)
        shifted[:, feature] += 1e-30j
        columns.append(response_by_hand(estimator, shifted).imag / 1e-30)
    return np.stack(columns, axis=2)


def fitted(kind):
    if kind == "classes":
        return MLPClassifier((6, 5), "tanh", random_state=0, max_iter=60).fit(X, y)
    if kind == "two classes":
        return MLPClassifier((6,), "tanh", random_state=0, max_iter=60).fit(X, y == 1)
    if kind == "labels":
        marks = np.column_stack([y == 1, X[:, 0] > 5.8]).astype(int)
        return MLPClassifier((6,), "tanh", random_state=0, max_iter=60).fit(X, marks)
    loss = "poisson" if kind == "counts" else "squared_error"
    targets = np.column_stack([y, X[:, 1]]) if kind == "outputs" else y
    regressor = MLPRegressor(loss, (6, 4), "tanh", random_state=0, max_iter=60)
    return regressor.fit(X, targets)


@pytest.mark.parametrize(
    "kind", ["classes", "two classes", "labels", "number", "outputs", "counts"]
)
def test_input_gradient_is_the_derivative_of_the_prediction(kind):
    estimator = fitted(kind)
    expected = jacobian_by_complex_step(estimator, X)
    found = estimator.input_gradient(X)
    if estimator.n_outputs_ == 1:
        assert found.shape == (150, 4)
        found = found[:, None]
    assert np.abs(found - expected).max() < 1e-12 * max(1.0, np.abs(expected).max())


def test_one_output_by_itself():
    classes = fitted("classes")
    whole = classes.input_gradient(X)
    for place, label in enumerate(classes.classes_):
        np.testing.assert_array_equal(classes.input_gradient(X, label), whole[:, place])
    assert np.abs(whole.sum(axis=1)).max() < 1e-14  # probabilities sum to 1 wherever we go
    two = fitted("two classes")
    np.testing.assert_array_equal(two.input_gradient(X, True), two.input_gradient(X))
    np.testing.assert_array_equal(two.input_gradient(X, False), -two.input_gradient(X))
    outputs = fitted("outputs")
    np.testing.assert_array_equal(outputs.input_gradient(X, 1), outputs.input_gradient(X)[:, 1])
    with pytest.raises(ValueError, match="there is no output 9: choose one of 0, 1, 2"):
        classes.input_gradient(X, 9)


def test_transform_gives_hidden_activations():
    estimator = fitted("classes")
    first = np.tanh(X @ estimator.coefs_[0] + estimator.intercepts_[0])
    second = np.tanh(first @ estimator.coefs_[1] + estimator.intercepts_[1])
    np.testing.assert_allclose(estimator.transform(X), second, rtol=1e-12)
    np.testing.assert_allclose(estimator.set_params(transform_layer=0).transform(X), first)
    assert estimator.get_feature_names_out().tolist() == [f"mlpclassifier{i}" for i in range(6)]
    for layer in (2, -3):
        with pytest.raises(
            ValueError, match=rf"transform_layer={layer} is no hidden layer: indice"
        ):
            estimator.set_params(transform_layer=layer).transform(X)
    linear = MLPRegressor(hidden_layer_sizes=(), max_iter=2).fit(X, y)
    with pytest.raises(ValueError, match="there is no hidden layer"):
        linear.transform(X)


def test_learnt_features_feed_another_estimator():
    chain = make_pipeline(
        MLPClassifier((8, 3), "tanh", random_state=0, max_iter=400),
        LogisticRegression(max_iter=1000),
    )
    assert chain.fit(X, y).score(X, y) > 0.95
    assert chain[-1].coef_.shape == (3, 3)


@pytest.mark.parametrize(
    "kind", ["classes", "two classes", "labels", "number", "outputs", "counts"]
)
def test_to_model_predicts_the_same_and_can_be_saved(kind, tmp_path):
    estimator = fitted(kind)
    model = Model.load(estimator.to_model().save(tmp_path / "model.safetensors"))
    np.testing.assert_array_equal(model.predict(X), estimator.predict(X))
    if hasattr(estimator, "predict_proba"):
        np.testing.assert_allclose(
            model.predict_proba(X), estimator.predict_proba(X), rtol=0, atol=1e-15
        )
    estimator.coefs_[0][...] = 0  # the model has a copy of its own
    assert model.network.layers[0].W.any()


def test_to_model_keeps_names():
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    labels = np.array(["setosa", "versicolor", "virginica"], dtype=object)[y]
    model = MLPClassifier(5, max_iter=2, random_state=0).fit(frame, labels).to_model()
    assert model.feature_names == ("a", "b", "c", "d")
    assert model.classes.tolist() == ["setosa", "versicolor", "virginica"]
    assert model.name == "MLPClassifier"


@pytest.mark.parametrize("method", ["transform", "input_gradient", "predict"])
def test_what_is_not_fitted_says_so(method):
    with pytest.raises(Exception, match="is not fitted yet"):
        getattr(MLPClassifier(), method)(X)
    with pytest.raises(Exception, match="is not fitted yet"):
        MLPRegressor().to_model()


@pytest.mark.parametrize(
    "kind", ["classes", "two classes", "labels", "number", "outputs", "counts"]
)
def test_explain_works_out_what_is_predicted(kind):
    estimator = fitted(kind)
    explanation = estimator.explain(X[3])
    last = f"z{len(estimator.coefs_)}"
    np.testing.assert_allclose(
        np.ravel(explanation.values[last]), logits_by_hand(estimator, X[3:4])[0], rtol=1e-12
    )
    assert all(check.error <= check.tolerance for s in explanation.steps for check in s.checks)
    assert "Forward pass" in str(explanation)
    assert "Backward pass" not in str(explanation)


def test_explain_works_out_a_step():
    """Its gradient is that of the textbook, and its new weights those of plain gradient descent."""
    estimator = fitted("classes")
    explanation = estimator.explain(X[:1], [2], learning_rate=0.5)
    p = estimator.predict_proba(X[:1])[0]
    np.testing.assert_allclose(np.ravel(explanation.values["p"]), p, rtol=1e-12)
    assert explanation.values["loss"] == pytest.approx(-np.log(p[2]))
    hidden = np.tanh(np.tanh(X[:1] @ estimator.coefs_[0] + estimator.intercepts_[0])
                     @ estimator.coefs_[1] + estimator.intercepts_[1])  # fmt: skip
    step = np.outer(hidden[0], p - np.eye(3)[2])
    expected = (estimator.coefs_[2] - 0.5 * step).T  # rows are neurons, as on paper
    np.testing.assert_allclose(explanation.values["W3_new"], expected, rtol=1e-9)
    several = estimator.explain(X[:3], y[:3])
    assert np.shape(several.values["z1"]) == (3, 6)
    with pytest.raises(ValueError, match="X has 3 features, but MLPClassifier is expecting 4"):
        estimator.explain([1.0, 2.0, 3.0])


def test_a_loss_that_is_not_trained_with_is_not_explained():
    classifier = MLPClassifier(3, loss=MeanSquaredError(), max_iter=2, random_state=0).fit(X, y)
    assert "Forward pass" in str(classifier.explain(X[0]))
    with pytest.raises(ValueError, match=r"explain derives the log loss, but .* MeanSquaredError"):
        classifier.explain(X[0], y[0])
    classifier.set_params(loss=SoftmaxCrossEntropy())
    assert classifier.explain(X[0], y[0]).values["loss"] > 0


def test_explain_speaks_of_labels_and_of_rows_of_frames():
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    labels = np.array(["setosa", "versicolor", "virginica"])[y]
    estimator = MLPClassifier(3, "tanh", max_iter=20, random_state=0).fit(frame, labels)
    explanation = estimator.explain(frame.iloc[:1], ["setosa"])
    expected = -np.log(estimator.predict_proba(frame.iloc[:1])[0, 0])
    assert explanation.values["loss"] == pytest.approx(expected)
