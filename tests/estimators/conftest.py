"""scikit-learn's own perceptrons on one thread: on a busy machine BLAS waits for itself."""

from __future__ import annotations

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True, scope="package")
def one_thread_for_blas():
    with threadpool_limits(limits=1, user_api="blas"):
        yield
