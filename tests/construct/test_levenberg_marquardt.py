"""The search from random starts finds what the construction gives, now and then."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from chalknet.construct.levenberg_marquardt import search_relu
from chalknet.errors import ConfigurationError

D2 = (np.arange(11.0), np.array([0.0, 1, 2, 3, 2, 1, 2, 3, 4, 5, 6]))


def test_some_starts_find_the_published_points():
    fit = search_relu(*D2, neurons=4, rng=np.random.default_rng(0), starts=40)
    assert 0 < fit.found < 40
    assert (fit.errors <= fit.tolerance).sum() == fit.found
    error = np.abs(fit.network.output(D2[0][:, np.newaxis])[:, 0] - D2[1]).max()
    assert error == pytest.approx(fit.max_abs_residual, abs=1e-12)
    assert error <= fit.tolerance == pytest.approx(6e-8)


def test_the_same_seed_searches_the_same_way_whatever_was_in_memory():
    search = (
        "import numpy as np\nfrom chalknet import search_relu\n"
        f"points = np.arange(11.0), np.array({D2[1].tolist()})\n"
        "fit = search_relu(*points, neurons=3, rng=np.random.default_rng(7), starts=5)\n"
        "print([error.hex() for error in fit.errors.tolist()])"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", search],
            env=os.environ | {"MALLOC_PERTURB_": filling, "PYTHONMALLOC": "malloc"},
            capture_output=True, text=True, check=True,
        ).stdout
        for filling in ("1", "127", "255")
    }  # fmt: skip
    assert len(printed) == 1


def test_fewer_neurons_than_it_takes_find_nothing():
    assert search_relu(*D2, neurons=1, rng=np.random.default_rng(0), starts=10).found == 0


def test_numbers_that_make_no_search():
    with pytest.raises(ConfigurationError, match="must be positive, not 0 and 5"):
        search_relu(*D2, neurons=0, rng=np.random.default_rng(0), starts=5)
