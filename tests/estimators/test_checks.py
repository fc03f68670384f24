"""scikit-learn's own checks of what an estimator must be: all of them, none expected to fail."""

from __future__ import annotations

import os
import subprocess
import sys
import unittest

import pandas as pd  # noqa: F401 - some checks run only where it is installed
import pytest
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

import chalknet
from chalknet import MLPClassifier, MLPRegressor

# Skipped by scikit-learn where an estimator has no decision_function; theirs has none either.
NOT_CONCERNED = {"check_classifiers_multilabel_output_format_decision_function"}

VARIANTS = {
    "lbfgs": MLPClassifier((10, 5), solver="lbfgs", activation=["gelu", "logistic"], max_iter=100),
    "adamw": MLPRegressor(solver="adamw", learning_rate="warmup(2)+cosine", init="he_normal"),
}


@pytest.mark.filterwarnings("ignore")  # the checks provoke warnings, and look at those they mean
@parametrize_with_checks([MLPClassifier(), MLPRegressor()])
def test_a_check_of_scikit_learn(estimator, check, request):
    # In a process without array dispatch this one skips itself; the next test runs it.
    if "check_array_api_input" in request.node.name:
        return
    try:
        check(estimator)
    except unittest.SkipTest:
        assert any(name in request.node.name for name in NOT_CONCERNED)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("estimator", VARIANTS.values(), ids=VARIANTS)
def test_other_solvers_pass_them_too(estimator):
    results = check_estimator(estimator, on_skip=None, on_fail=None)
    left = {r["check_name"]: r["exception"] for r in results if r["status"] != "passed"}
    assert set(left) <= NOT_CONCERNED | {"check_array_api_input"}, left
    assert len(results) > 60


def test_none_is_left_out_where_arrays_of_other_libraries_are_dispatched():
    code = """
import sys, warnings
from sklearn.utils.estimator_checks import check_estimator
from chalknet import MLPClassifier, MLPRegressor
warnings.simplefilter("ignore")
for cls in MLPClassifier, MLPRegressor:
    for result in check_estimator(cls(), on_skip=None, on_fail=None):
        if result["status"] != "passed":
            print(result["check_name"], result["status"])
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [*NOT_CONCERNED, "skipped"]


def test_they_are_public_and_light():
    assert {"MLPClassifier", "MLPRegressor"} <= set(chalknet.__all__)
    code = "import sys, chalknet; print('sklearn' in sys.modules, 'scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
