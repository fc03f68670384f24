"""The search from random starts finds what the construction gives, now and then."""

from __future__ import annotations

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


def test_the_same_seed_searches_the_same_way():
    first, second = (
        search_relu(*D2, neurons=3, rng=np.random.default_rng(7), starts=5) for _ in range(2)
    )
    assert first.errors.tolist() == second.errors.tolist()


def test_fewer_neurons_than_it_takes_find_nothing():
    assert search_relu(*D2, neurons=1, rng=np.random.default_rng(0), starts=10).found == 0


def test_numbers_that_make_no_search():
    with pytest.raises(ConfigurationError, match="must be positive, not 0 and 5"):
        search_relu(*D2, neurons=0, rng=np.random.default_rng(0), starts=5)
