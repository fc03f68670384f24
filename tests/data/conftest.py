from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def published_data() -> Path:
    """The folder with the real MNIST and Fashion-MNIST files."""
    folder = os.environ.get("CHALKNET_DATA")
    if folder and (Path(folder) / "mnist").is_dir():
        return Path(folder)
    if os.environ.get("CI"):
        pytest.fail("CHALKNET_DATA must name the folder with mnist/ and fashion-mnist/")
    pytest.skip("CHALKNET_DATA does not name a folder with mnist/ and fashion-mnist/")
