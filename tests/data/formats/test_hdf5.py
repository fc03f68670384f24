from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from chalknet.data import read_dataset, read_inputs, read_split
from chalknet.data.formats import hdf5_session
from chalknet.data.formats.hdf5 import hdf5_members, read_hdf5
from chalknet.data.formats.hdf5_session import Session
from chalknet.errors import DataFormatError, DataNotFoundError, MissingLibraryError

X = np.arange(600.0).reshape(20, 30)
CLASSES = np.arange(20) % 4


@pytest.mark.parametrize(
    "storage",
    [
        {},
        {"chunks": (3, 7)},
        {"chunks": (3, 7), "compression": "gzip", "shuffle": True, "fletcher32": True},
        {"chunks": True, "compression": "lzf"},
        {"maxshape": (None, 30)},
    ],
)
@pytest.mark.parametrize("kind", ["f4", ">f8", "u1", "i2", "i8"])
def test_values_survive(storage: dict[str, object], kind: str, tmp_path: Path) -> None:
    path = tmp_path / "d.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("xdata", data=(X % 200).astype(kind), **storage)
        file.create_dataset("ydata", data=np.eye(4)[CLASSES])
    dataset = read_dataset(path)
    assert np.array_equal(dataset.X, X % 200)
    assert dataset.y.tolist() == CLASSES.tolist()
    assert dataset.name == "d"


def test_a_large_dataset_arrives_in_order(tmp_path: Path) -> None:
    path = tmp_path / "d.h5"
    values = np.random.default_rng(0).random((3000, 500)).astype(np.float32)
    with h5py.File(path, "w") as file:
        file["X"] = values
        file["y"] = np.arange(3000) % 7
        file.create_dataset("packed", data=values, chunks=(700, 60), compression="gzip")
    assert np.array_equal(read_hdf5(path).X, values)
    assert np.array_equal(read_hdf5(path, inputs="packed").X, values)


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["é", "b", "c c", "d"], dtype=object)[CLASSES],
        np.array([b"aa", b"b", b"cc", b"d"])[CLASSES],
        CLASSES.astype("i1"),
        CLASSES.reshape(-1, 1),
        CLASSES > 1,
    ],
)
def test_labels_round_trip(labels, tmp_path: Path) -> None:
    path = tmp_path / "d.hdf5"
    with h5py.File(path, "w") as file:
        file["X"] = X
        file["y"] = labels
    expected = [
        one.decode() if isinstance(one, bytes) else one for one in np.ravel(labels).tolist()
    ]
    assert read_dataset(path).y.tolist() == expected


def test_names_given_found_and_unknown(tmp_path: Path) -> None:
    path = tmp_path / "d.h5"
    with h5py.File(path, "w") as file:
        file["train/pixels"] = X
        file["train/digit"] = CLASSES
    assert hdf5_members(path) == ["train/digit", "train/pixels"]
    assert len(read_dataset(path, inputs="train/pixels", target="train/digit")) == 20
    with pytest.raises(DataFormatError, match="holds 'train/digit', 'train/pixels'; name it"):
        read_dataset(path)


def test_pairs_of_files_and_of_datasets_make_a_split(tmp_path: Path) -> None:
    for part, rows in (("train", 20), ("test", 5)):
        with h5py.File(tmp_path / f"mnist_{part}data.hdf5", "w") as file:
            file["xdata"] = X[:rows]
            file["ydata"] = np.eye(4)[CLASSES[:rows]]
    train, test = read_split(tmp_path)
    assert test is not None
    assert (len(train), len(test)) == (20, 5)
    both = tmp_path / "both.h5"
    with h5py.File(both, "w") as file:
        file["train/X"], file["train/y"] = X, CLASSES
        file["test/X"], file["test/y"] = X[:3], CLASSES[:3]
    train, test = read_split(both)
    assert test is not None
    assert (len(train), len(test)) == (20, 3)


def test_rows_to_predict(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["whatever"] = X
    assert np.array_equal(read_inputs(tmp_path / "x.h5"), X)


def test_a_bomb_is_refused(tmp_path: Path, refusal: Callable[[Path], tuple[str, int]]) -> None:
    path = tmp_path / "bomb.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("X", (2**16, 2**14), "u1", chunks=(64, 2**14), compression="gzip")
        file["X"][:64] = 1
        file["y"] = np.zeros(2**16, "u1")
    assert path.stat().st_size < 1e6
    message, grown = refusal(path)
    assert "'X' would take 1.1 GB of memory" in message
    assert grown < 64e6 + 4 * path.stat().st_size


def test_a_huge_chunk_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.h5"
    with h5py.File(path, "w") as file:
        huge = (2**13, 2**13)
        file.create_dataset("X", (10, 10), "u1", chunks=huge, maxshape=huge, compression="gzip")
        file["X"][:] = 1
        file["y"] = np.arange(10) % 2
    with pytest.raises(DataFormatError, match="a chunk would take"):
        read_hdf5(path)


def test_storage_in_other_files_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(X.tobytes())
    path = tmp_path / "d.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("X", X.shape, X.dtype, external=[(str(secret), 0, X.nbytes)])
        file["y"] = CLASSES
    with pytest.raises(DataFormatError, match="lie in other files"):
        read_hdf5(path)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["X"] = X
    for number, link in enumerate((h5py.ExternalLink("other.h5", "X"), h5py.SoftLink("/gone"))):
        path = tmp_path / f"link{number}.h5"
        with h5py.File(path, "w") as file:
            file["X"] = link
            file["y"] = CLASSES
        with pytest.raises(DataFormatError, match="no array that is plainly the inputs"):
            read_hdf5(path)
    path = tmp_path / "virtual.h5"
    layout = h5py.VirtualLayout(shape=X.shape, dtype=X.dtype)
    layout[:] = h5py.VirtualSource(tmp_path / "other.h5", "X", shape=X.shape)
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("X", layout)
        file["y"] = CLASSES
    with pytest.raises(DataFormatError, match="lie in other files"):
        read_hdf5(path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros(20, [("a", "f4")]), "elements are of type"),
        (np.zeros(20, "c8"), "elements are of type"),
        (np.zeros((20, 2), "S3"), "inputs must be numbers"),
        (np.float64(3), "expected 1 to 4 axes"),
        (np.zeros((0, 3)), "expected 1 to 4 axes"),
        (h5py.Empty("f4"), "expected 1 to 4 axes"),
        (np.full((20, 2), np.inf), "X has inf at row 0, column 0"),
        (np.zeros((19, 2)), r"y must have shape \(19,\)"),
    ],
)
def test_what_cannot_be_inputs(values, message: str, tmp_path: Path) -> None:
    path = tmp_path / "d.h5"
    with h5py.File(path, "w") as file:
        file["X"] = values
        file["y"] = CLASSES
    with pytest.raises(DataFormatError, match=message):
        read_dataset(path)


def test_what_is_no_hdf5(tmp_path: Path) -> None:
    (tmp_path / "d.h5").write_text("not at all")
    with pytest.raises(DataFormatError, match="file signature not found"):
        read_dataset(tmp_path / "d.h5")
    with pytest.raises(DataNotFoundError):
        read_dataset(tmp_path / "none.h5")


def replaced_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> Path:
    child = tmp_path / "child.py"
    child.write_text(program)
    monkeypatch.setattr(hdf5_session, "CHILD", child)
    (tmp_path / "d.h5").write_bytes(b"anything")
    return tmp_path / "d.h5"


def test_a_library_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = replaced_child(tmp_path, monkeypatch, "while True: pass")
    start = time.monotonic()
    with (
        Session(patience=0.3) as session,
        pytest.raises(DataFormatError, match=r"gave no answer for 0\.3 seconds"),
    ):
        read_hdf5(path, session=session)
    assert time.monotonic() - start < 5


def test_a_library_that_crashes_is_outlived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = replaced_child(tmp_path, monkeypatch, "import os; os.abort()")
    with Session() as session:
        with pytest.raises(DataFormatError, match=r"crashed \(status -6\)"):
            read_hdf5(path, session=session)
        monkeypatch.undo()
        with h5py.File(path, "w") as file:
            file["X"], file["y"] = X, CLASSES
        assert len(read_hdf5(path, session=session).X) == 20


def test_no_process_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "d.h5"
    with h5py.File(path, "w") as file:
        file["X"], file["y"] = X, CLASSES
    with Session() as session:
        read_hdf5(path, session=session)
        process = session._process
    assert isinstance(process, subprocess.Popen)
    assert process.returncode == 0
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_without_h5py_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "d.h5").write_bytes(b"anything")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingLibraryError, match=r'pip install "chalknet\[hdf5\]"'):
        read_dataset(tmp_path / "d.h5")


def test_this_process_never_loads_libhdf5(tmp_path: Path) -> None:
    path = tmp_path / "d.h5"
    with h5py.File(path, "w") as file:
        file["X"], file["y"] = X, CLASSES
    program = (
        "import sys; from chalknet.data import read_dataset; "
        "print(len(read_dataset(sys.argv[1])), 'h5py' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, path], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["20", "False"]
