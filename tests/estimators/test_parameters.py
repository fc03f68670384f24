"""The constructors' arguments: scikit-learn's names and defaults; a sentence for each mistake."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest
import sklearn.neural_network as theirs

import chalknet
from chalknet import ConfigurationError, MLPClassifier, MLPRegressor

X = np.random.default_rng(0).normal(size=(20, 3))
y = np.arange(20) % 2

OWN = ["dropout", "init", "callbacks", "n_threads", "transform_layer"]


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_names_order_and_defaults_are_scikit_learns(name):
    expected = inspect.signature(getattr(theirs, name)).parameters
    found = inspect.signature(getattr(chalknet, name)).parameters
    assert list(found)[: len(expected)] == list(expected)
    for parameter, wanted in expected.items():
        assert found[parameter].default == wanted.default
        assert found[parameter].kind == wanted.kind
    more = ["class_weight", "loss"] if name == "MLPClassifier" else []
    assert list(found)[len(expected) :] == more + OWN


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_every_parameter_and_every_method_is_described(name):
    cls = getattr(chalknet, name)
    described = cls.__doc__.replace("beta_1, beta_2, epsilon", "beta_1 : beta_2 : epsilon")
    for parameter in inspect.signature(cls).parameters:
        assert f"    {parameter} :" in described or f" {parameter} :" in described
    for method in ("fit", "partial_fit", "predict", "transform", "initialize", "input_gradient"):
        assert getattr(cls, method).__doc__


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_attributes_are_scikit_learns(name):
    options = {"max_iter": 3, "early_stopping": True, "tol": 1e3, "n_iter_no_change": 1}
    expected = getattr(theirs, name)(**options).fit(X, y)
    found = getattr(chalknet, name)(**options).fit(X, y)
    public = {key for key in vars(expected) if key.endswith("_")}
    assert public <= set(vars(found))
    for key in ("n_features_in_", "n_layers_", "n_outputs_", "out_activation_", "best_loss_"):
        assert getattr(found, key) == getattr(expected, key)
    assert [W.shape for W in found.coefs_] == [W.shape for W in expected.coefs_]
    assert type(found.loss_) is float
    assert set(vars(found)) - public - set(found.get_params()) >= {"validation_loss_curve_"}


MISTAKES = [
    ({"alpha": -1}, "alpha must be a finite number ≥ 0, not -1."),
    ({"alpha": True}, "alpha must be a finite number ≥ 0, not True."),
    ({"alpha": math.nan}, "alpha must be a finite number ≥ 0, not nan."),
    ({"batch_size": 0}, "batch_size must be 'auto' or a whole number from 1, not 0."),
    ({"batch_size": "all"}, "batch_size must be 'auto' or a whole number from 1, not 'all'."),
    ({"learning_rate_init": 0.0}, "learning_rate_init must be a finite number above 0, not 0.0."),
    ({"max_iter": 1.5}, "max_iter must be a whole number from 1, not 1.5."),
    ({"shuffle": "yes"}, "shuffle must be True or False, not 'yes'."),
    ({"momentum": 1.1}, "momentum must be a number from 0 to 1, not 1.1."),
    ({"beta_1": 1.0}, "beta_1 must be a number in [0, 1), not 1.0."),
    ({"epsilon": 0}, "epsilon must be a finite number above 0, not 0."),
    (
        {"n_iter_no_change": 0},
        "n_iter_no_change must be a whole number from 1, or infinity, not 0.",
    ),
    ({"verbose": -1}, "verbose must be True, False or a whole number ≥ 0, not -1."),
    ({"n_threads": 0}, "n_threads must be None or a whole number from 1, not 0."),
    ({"validation_fraction": 1}, "validation_fraction must be a number in [0, 1), not 1."),
    (
        {"solver": "adams"},
        "unknown solver 'adams': did you mean 'adam'? "
        "Known are adagrad, adam, adamw, lbfgs, rmsprop, sgd.",
    ),
    (
        {"hidden_layer_sizes": (10, 0)},
        "hidden_layer_sizes must be one width or a list of widths, each a whole number from 1, "
        "not (10, 0).",
    ),
    (
        {"hidden_layer_sizes": 2.5},
        "hidden_layer_sizes must be one width or a list of widths, each a whole number from 1, "
        "not 2.5.",
    ),
    (
        {"activation": "rellu"},
        "unknown activation 'rellu': did you mean 'relu'? Known are elu, gelu, identity, "
        "leaky_relu, relu, selu, sigmoid, silu, softplus, step, tanh.",
    ),
    (
        {"activation": ["relu", "tanh"]},
        "hidden layers: 1, but activations: 2: give one for all, or one a hidden layer.",
    ),
    (
        {"activation": np.tanh},
        "an activation that is a function needs its derivative beside it: give a pair, "
        "activation=(f, derivative_of_f), or chalknet.Activation(name, f, derivative_of_f).",
    ),
    (
        {"activation": 3},
        "activation must be a name, a chalknet.Activation, a pair (f, derivative_of_f) or a list "
        "of these, one a hidden layer, not 3.",
    ),
    (
        {"learning_rate": "cosin"},
        "unknown learning_rate 'cosin': did you mean 'cosine'? Known are adaptive, constant, "
        "cosine, exponential, inverse_scaling, invscaling, reduce_on_plateau, step_decay, warmup.",
    ),
    (
        {"learning_rate": 0.01},
        "learning_rate must be the name of a rule or a chalknet schedule, not 0.01: "
        "the number goes to learning_rate_init.",
    ),
    (
        {"dropout": 1.0},
        "dropout must be one rate in [0, 1), or one for each of the 1 hidden layers, not 1.0.",
    ),
    (
        {"dropout": (0.1, 0.2)},
        "dropout must be one rate in [0, 1), or one for each of the 1 hidden layers, "
        "not (0.1, 0.2).",
    ),
    (
        {"dropout": 0.5, "solver": "lbfgs"},
        "lbfgs needs the same objective at every evaluation, and dropout draws a new one: "
        "take solver='adam' or 'sgd', or dropout=0.",
    ),
    (
        {"init": 3},
        "init must be 'auto', the name of an initializer, a chalknet.Initializer or a function "
        "(rng, fan_in, fan_out) → (W, b), not 3.",
    ),
    (
        {"init": lambda rng, fan_in, fan_out: np.zeros((fan_in, fan_out))},
        "init must give W (3, 100) and b (100,) for fan_in=3 and fan_out=100, but gave an array "
        "of shape (3, 100).",
    ),
    (
        {"callbacks": "print"},
        "callbacks must be functions that take an epoch's record, not 'print'; scikit-learn's own "
        "callbacks go to set_callbacks.",
    ),
]


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize(("options", "sentence"), MISTAKES)
def test_mistakes_are_told_in_a_sentence(cls, options, sentence):
    estimator = cls(**options)  # scikit-learn's convention: nothing is checked before fit
    with pytest.raises(ConfigurationError) as caught:
        estimator.fit(X, y)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("loss", "sentence"),
    [
        (
            (100,),
            "loss must be one of squared_error, absolute_error, huber, poisson, a chalknet.Loss or "
            "a function that gives value and gradient, not (100,). The first argument of a "
            "regressor is its loss: name hidden_layer_sizes=.",
        ),
        (
            "softmax_cross_entropy",
            "softmax_cross_entropy is a loss for classes, and a regressor has none: "
            "use MLPClassifier.",
        ),
        (
            "hubber",
            "unknown loss 'hubber': did you mean 'huber'? Known are absolute_error, "
            "half_squared_error, huber, mean_squared_error, poisson, sigmoid_cross_entropy, "
            "softmax_cross_entropy.",
        ),
        (
            lambda o, t: (o - t) ** 2,
            "a loss of your own must give value and gradient, (values, slopes), but gave ndarray.",
        ),
        (
            lambda o, t: ((o - t) ** 2, (o - t).sum()),
            "for output and targets of shape (2, 1) a loss of your own must give values of that "
            "shape or (2,) and slopes of that shape, but gave (2, 1) and ().",
        ),
    ],
)
def test_losses_that_are_none(loss, sentence):
    with pytest.raises(ConfigurationError) as caught:
        MLPRegressor(loss).fit(X, y)
    assert str(caught.value) == sentence


def test_a_poisson_target_below_zero_and_weights_that_are_none():
    with pytest.raises(ValueError, match="poisson takes targets ≥ 0, but one is -1"):
        MLPRegressor("poisson").fit(X, y - 1)
    with pytest.raises(ValueError, match="sample_weight must hold finite numbers ≥ 0"):
        MLPRegressor().fit(X, y, -np.ones(20))
    with pytest.raises(ValueError, match="sample_weight is zero for every sample"):
        MLPRegressor().fit(X, y, np.zeros(20))


def test_numpy_numbers_and_lists_are_as_good():
    MLPClassifier(
        np.array([4, 3]),
        max_iter=np.int64(5),
        alpha=np.float32(0.1),
        tol=np.float64(1e3),
        n_iter_no_change=np.int32(1),
        shuffle=np.bool_(True),
        dropout=[0.1, 0],
    ).fit(X, y)
    MLPClassifier([], tol=1e3, n_iter_no_change=1).fit(X, y)
