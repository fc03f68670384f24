"""What all tests share: the folder with MNIST and Fashion-MNIST, and a browser."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pages.browsing import browser

__all__ = ["browser", "data_dir"]


@pytest.fixture(scope="session")
def data_dir():
    """The folder that CHALKNET_DATA names; in CI its absence is a failure, elsewhere a skip."""
    named = os.environ.get("CHALKNET_DATA")
    if named and (Path(named) / "mnist").is_dir():
        return Path(named).resolve()
    if os.environ.get("CI"):
        pytest.fail("CHALKNET_DATA must name a folder with mnist/ and fashion-mnist/ in CI")
    return pytest.skip("CHALKNET_DATA names no folder with mnist/ and fashion-mnist/")
