"""What training and evaluation need beyond the data."""

from __future__ import annotations

import subprocess
import sys

import pytest

# A process of its own: in a shared one, what an earlier test needed would hide what this one needs.
TRAIN = """
import re
from contextlib import suppress
from pathlib import Path
import numpy as np
from chalknet import Dataset, Network, fit

def most_so_far():  # in KiB
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

def train(data, batch_size):
    rng = np.random.default_rng(0)
    network = Network.dense([784, 256, 128, 64, 10], rng=rng)
    fit(network, data, progress=False, loss="softmax_cross_entropy", optimizer="sgd", epochs=1,
        batch_size=batch_size, rng=rng, validation=data, engine="compiled")

rng = np.random.default_rng(0)
images = np.empty((60_000, 784), np.uint8)
for some in np.split(images, 60):
    some[...] = rng.integers(0, 256, some.shape, dtype=np.uint8)
data = Dataset(images, rng.integers(0, 10, 60_000), name="images")
train(data.take(range(100)), 64)  # loads, or compiles, what it needs
with suppress(OSError):
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew: compilers have theirs
before = most_so_far()
for batch_size in (64, 60_000):
    train(data, batch_size)
print((most_so_far() - before) // 1024, before // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's own peak")
def test_training_on_bytes_makes_no_copy_of_the_data() -> None:
    """Sixty thousand images in float32 would be 188 MB; all that is added stays under 64."""
    done = subprocess.run([sys.executable, "-c", TRAIN], capture_output=True, text=True, check=True)
    added, before = (int(megabytes) for megabytes in done.stdout.split())
    assert added < 64
    assert before > 45  # the data are among what is counted
