from __future__ import annotations

import gzip
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from chalknet.data import load_dataset
from chalknet.errors import ConfigurationError, DataFormatError, DataNotFoundError

# Samples a class in the published files, as given by the sets' own descriptions.
MNIST_TRAIN = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
MNIST_TEST = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_digits_are_split_for_everyone_alike() -> None:
    train, test = load_dataset("digits")
    assert test is not None
    bunch = load_digits()
    is_test = np.zeros(1797, bool)
    seen = [0] * 10
    for row, label in enumerate(bunch.target):
        seen[label] += 1
        is_test[row] = seen[label] % 5 == 0
    for part, rows in ((train, ~is_test), (test, is_test)):
        assert np.array_equal(part.X * 16, bunch.data[rows])
        assert np.array_equal(part.y, bunch.target[rows])
        assert part.X.dtype == np.float32
        assert (part.X.min(), part.X.max()) == (0, 1)
        assert part.image_shape == (8, 8)
    assert (len(train), len(test)) == (1442, 355)
    shares = np.bincount(test.targets) / np.bincount(bunch.target)
    assert np.all(np.abs(shares - 0.2) < 0.005)


def test_mnist(data_dir: Path) -> None:
    train, test = load_dataset("mnist", data_dir)
    assert test is not None
    assert np.bincount(train.targets).tolist() == MNIST_TRAIN
    assert np.bincount(test.targets).tolist() == MNIST_TEST
    assert train.X.shape == (60_000, 784)
    assert train.X.dtype == test.X.dtype == np.uint8
    assert train.image_shape == (28, 28)
    assert train.y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    raw = gzip.decompress((data_dir / "mnist/t10k-images-idx3-ubyte.gz").read_bytes())
    assert test.X.tobytes() == raw[16:]


def test_fashion_mnist(data_dir: Path) -> None:
    train, test = load_dataset("fashion-mnist", str(data_dir))
    assert test is not None
    assert np.bincount(train.targets).tolist() == [6000] * 10
    assert np.bincount(test.targets).tolist() == [1000] * 10
    assert train.class_names is not None
    named = [train.class_names[label] for label in train.y[:3]]
    assert named == ["Ankle boot", "T-shirt/top", "T-shirt/top"]
    digest = hashlib.sha256(train.X.tobytes()).hexdigest()
    raw = gzip.decompress((data_dir / "fashion-mnist/train-images-idx3-ubyte.gz").read_bytes())
    assert digest == hashlib.sha256(raw[16:]).hexdigest()


def test_the_environment_names_the_folder(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHALKNET_DATA", str(data_dir))
    assert len(load_dataset("mnist").train) == 60_000
    with pytest.raises(DataNotFoundError):
        load_dataset("mnist", tmp_path)


def test_files_need_not_be_gzipped(data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    for packed in (data_dir / "mnist").glob("*.gz"):
        plain = tmp_path / "mnist" / packed.name.removesuffix(".gz")
        plain.write_bytes(gzip.decompress(packed.read_bytes()))
    assert len(load_dataset("mnist", tmp_path).train) == 60_000


def test_an_altered_file_is_refused(data_dir: Path, tmp_path: Path) -> None:
    shutil.copytree(data_dir / "mnist", tmp_path / "mnist")
    path = tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz"
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[500] = (raw[500] + 1) % 10
    path.chmod(0o644)
    path.unlink()
    path.write_bytes(gzip.compress(raw))
    with pytest.raises(DataFormatError, match=r"t10k-labels-idx1-ubyte\.gz is not the published"):
        load_dataset("mnist", tmp_path)


def test_a_folder_without_the_set(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError) as caught:
        load_dataset("mnist", tmp_path)
    assert str(caught.value) == (
        f"mnist is expected in {tmp_path}/mnist, but train-images-idx3-ubyte[.gz], "
        "train-labels-idx1-ubyte[.gz], t10k-images-idx3-ubyte[.gz], t10k-labels-idx1-ubyte[.gz] "
        "are not there; put the original IDX files there, or name another folder with --data-dir "
        "or CHALKNET_DATA."
    )


def test_an_unknown_name() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_dataset("minst")
    assert str(caught.value) == (
        "unknown data set 'minst': did you mean 'mnist'? Known are digits, fashion-mnist, mnist. "
        "For data of your own give the path of a file or a folder that exists."
    )


def test_importing_loads_nothing_heavy() -> None:
    program = "import sys, chalknet.data; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    heavy = {"sklearn", "pandas", "pyarrow", "h5py", "PIL", "pooch", "requests", "platformdirs"}
    assert heavy.isdisjoint(done.stdout.split())
