"""5,000 damaged files of each format: a clean load or a DataFormatError, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CAMPAIGN = Path(__file__).with_name("campaign.py")
COUNT = 5000


@pytest.mark.parametrize("kind", ["idx", "idx.gz", "npz", "hdf5", "csv", "parquet", "image"])
def test_damaged_files_load_or_are_refused(kind: str, tmp_path: Path) -> None:
    seed = 20260731
    done = subprocess.run(
        [sys.executable, "-W", "error", CAMPAIGN, kind, str(COUNT), str(seed), tmp_path],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    last = (tmp_path / "current").read_text()
    assert done.returncode == 0, f"the reader died on mutation {last}: {done.stderr[-2000:]}"
    result = json.loads(done.stdout)
    assert result["failures"] == []
    assert result["loaded"] + result["refused"] == COUNT
    # Were nearly all refused at the first byte, or none damaged, the campaign would show nothing.
    assert min(result["loaded"], result["refused"]) >= COUNT // 50
    assert result["grown"] <= 64e6
    assert result["slowest"] < 10
    assert len(result["longest_message"]) < 600
