"""scikit-learn's tests of its own perceptrons, imported from the installed package, run on ours.

They are loaded with ``MLPClassifier`` and ``MLPRegressor`` meaning chalknet's; none of their text
is here. What is left out looks at private attributes, and is tested by its public effect elsewhere.
"""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path

import pytest
import sklearn.neural_network

import chalknet

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# Name of the test: the private attribute it cannot do without, and where its subject is tested.
LEFT_OUT = {
    "test_gradient": ("_loss_grad_lbfgs", "tests/contracts holds gradients to a complex step"),
    "test_learning_rate_warmstart": ("_optimizer", "test_warm_start.py: the rate goes on"),
    "test_adaptive_learning_rate": ("_optimizer", "test_stopping.py: the rate is divided"),
    "test_n_iter_no_change": ("_no_improvement_count", "test_stopping.py: epochs are counted"),
    "test_n_iter_no_change_inf": ("_no_improvement_count", "test_stopping.py: never stops"),
}


def load():
    """Their module of tests, its estimators being ours."""
    theirs = sklearn.neural_network
    path = Path(theirs.__file__).parent / "tests" / "test_mlp.py"
    spec = importlib.util.spec_from_file_location("their_tests_of_perceptrons", path)
    module = importlib.util.module_from_spec(spec)
    kept = theirs.MLPClassifier, theirs.MLPRegressor
    theirs.MLPClassifier, theirs.MLPRegressor = chalknet.MLPClassifier, chalknet.MLPRegressor
    try:
        spec.loader.exec_module(module)
    finally:
        theirs.MLPClassifier, theirs.MLPRegressor = kept
    return module


THEIRS = load()
TESTS = {name: test for name, test in vars(THEIRS).items() if name.startswith("test_")}
globals().update({name: test for name, test in TESTS.items() if name not in LEFT_OUT})


@pytest.fixture
def global_random_seed():
    """Theirs is drawn anew each day."""
    return 42


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_left_out_cannot_be_run(name):
    attribute, _ = LEFT_OUT[name]
    assert attribute.startswith("_")
    assert f".{attribute}" in inspect.getsource(TESTS[name])


def test_it_is_our_estimators_that_are_tested():
    assert THEIRS.MLPClassifier is chalknet.MLPClassifier
    assert THEIRS.MLPRegressor is chalknet.MLPRegressor
    assert sklearn.neural_network.MLPClassifier is not chalknet.MLPClassifier
    assert len(TESTS) - len(LEFT_OUT) >= 38
