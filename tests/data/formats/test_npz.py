from __future__ import annotations

import io
import os
import pickle
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from chalknet.data import read_dataset, read_inputs, read_split
from chalknet.data.formats.npz import read_npy, read_npz
from chalknet.errors import DataFormatError

X = np.arange(12.0).reshape(4, 3)
NAMES = ["a", "b", "a", "b"]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(
    "kind", ["<f8", ">f8", "f4", "f2", "u1", "i1", ">i2", "u2", "i4", "i8", "?"]
)
def test_values_survive(save, order: str, kind: str, tmp_path: Path) -> None:
    values = np.asarray(X.astype(kind), order=order)
    save(tmp_path / "d.npz", X=values, y=np.array(NAMES))
    dataset = read_dataset(tmp_path / "d.npz")
    assert np.array_equal(dataset.X, values)
    assert dataset.X.flags.c_contiguous
    assert dataset.y.tolist() == NAMES
    small = {"f4", "f2", "i1", ">i2", "u2", "?"}
    expected = "uint8" if kind == "u1" else "float32" if kind in small else "float64"
    assert dataset.X.dtype == expected


@pytest.mark.parametrize(
    "names",
    [("X", "y"), ("x", "y"), ("data", "target"), ("images", "labels"), ("x_data", "y_data")],
)
def test_usual_names_are_found(names: tuple[str, str], tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", **{names[0]: X, names[1]: [1, 2, 1, 2], "extra": [0]})
    dataset = read_dataset(tmp_path / "d.npz")
    assert np.array_equal(dataset.X, X)
    assert dataset.y.tolist() == [1, 2, 1, 2]


def test_names_given_and_names_unknown(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    np.savez(path, first=X, second=[1, 2, 1, 2])
    assert read_dataset(path, inputs="first", target="second").y.tolist() == [1, 2, 1, 2]
    with pytest.raises(DataFormatError, match="holds 'first', 'second'; name it with inputs="):
        read_dataset(path)
    with pytest.raises(DataFormatError, match=r"no array 'secnd': did you mean 'second'\?"):
        read_dataset(path, inputs="first", target="secnd")


def test_keras_names_make_a_split(tmp_path: Path) -> None:
    path = tmp_path / "mnist.npz"
    images = np.arange(60, dtype=np.uint8).reshape(5, 3, 4)
    np.savez(path, x_train=images, y_train=[0, 1, 2, 0, 1], x_test=images[:2], y_test=[2, 2])
    train, test = read_split(path)
    assert np.array_equal(train.X, images.reshape(5, 12))
    assert train.image_shape == (3, 4)
    assert test is not None
    assert test.targets.tolist() == [2, 2]
    assert np.array_equal(read_dataset(path).X, train.X)


class Payload:
    """Unpickling this would create a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, int]]:
        return os.open, (self.path, os.O_CREAT)


@pytest.mark.parametrize("position", ["X", "y"])
def test_pickled_arrays_are_refused_and_do_not_run(position: str, tmp_path: Path) -> None:
    trace = tmp_path / "it_ran"
    bomb = np.array([Payload(str(trace))] * 4, dtype=object)
    np.savez(tmp_path / "d.npz", allow_pickle=True, **{"X": X, "y": NAMES, position: bomb})
    with pytest.raises(DataFormatError, match=rf"array '{position}' holds pickled Python objects"):
        read_dataset(tmp_path / "d.npz")
    assert not trace.exists()
    # The payload is a real one.
    os.close(pickle.loads(pickle.dumps(Payload(str(trace)))))
    assert trace.exists()


def test_a_pickle_called_npy_is_refused(tmp_path: Path) -> None:
    trace = tmp_path / "it_ran"
    (tmp_path / "d.npy").write_bytes(pickle.dumps(Payload(str(trace))))
    with pytest.raises(DataFormatError, match="expected the signature"):
        read_inputs(tmp_path / "d.npy")
    assert not trace.exists()


def npy(header: str, data: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    text = header.encode()
    width = 2 if version[0] == 1 else 4
    return b"\x93NUMPY" + bytes(version) + len(text).to_bytes(width, "little") + text + data


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (), }",
        "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': __import__('os'), }",
        "{'descr': '<f7', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<U0', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f8', 'shape': (1,), }",
        "(" * 4000,
        "",
    ],
)
def test_headers_that_are_refused(header: str, tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(npy(header, bytes(8)))
    tracemalloc.start()
    with pytest.raises(DataFormatError, match=r"x\.npy: "):
        read_npy(path)
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()


def test_other_writers_headers_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(npy("{'shape': (2,), 'fortran_order': False, 'descr': '<i2'}\n", b"\1\0\2\0"))
    assert read_npy(path).tolist() == [1, 2]
    path.write_bytes(npy("{'descr':'<i2','fortran_order':False,'shape':(2,)}", b"\1\0\2\0", (2, 0)))
    assert read_npy(path).tolist() == [1, 2]


def test_a_zip_bomb_is_refused_without_unfolding_it(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    size = 2**30
    header = npy(f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({size // 1024}, 1024), }}")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("X.npy", "w") as member:
            member.write(header)
            for _ in range(size // 2**20):
                member.write(bytes(2**20))
        stream = io.BytesIO()
        np.save(stream, np.zeros(size // 1024, np.uint8))
        archive.writestr("y.npy", stream.getvalue())
    assert path.stat().st_size < 1.2e6
    tracemalloc.start()
    with pytest.raises(DataFormatError, match=r"array 'X' would take 1\.1 GB"):
        read_npz(path)
    assert tracemalloc.get_traced_memory()[1] < 8e6
    tracemalloc.stop()


def test_a_directory_of_a_million_names_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(20_000):
            archive.writestr(f"{number:05}.npy", b"")
    with pytest.raises(DataFormatError, match="the directory of the archive claims"):
        read_npz(path)


def test_a_changed_byte_fails_the_checksum(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    np.savez(path, X=X, y=NAMES)
    data = bytearray(path.read_bytes())
    data[data.index(X.tobytes()) + 5] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataFormatError, match="Bad CRC-32"):
        read_npz(path)


def test_text_that_is_not_unicode_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    np.savez(path, X=X, y=np.full(4, 0x7FFFFFFF, np.uint32).view("U1"))
    with pytest.raises(DataFormatError, match="a character that Unicode does not have"):
        read_npz(path)


def test_one_hot_rows_become_classes_and_other_marks_stay(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    for kind in ("f4", "f8", "u1", "?"):
        np.savez(path, X=X, y=np.eye(3)[[2, 0, 1, 2]].astype(kind))
        assert read_dataset(path).y.tolist() == [2, 0, 1, 2]
    np.savez(path, X=X, y=np.eye(3)[[2, 0, 1, 2]])
    assert read_dataset(path, task="regression").y.shape == (4, 3)
    assert read_dataset(path, task="multilabel").task == "multilabel"
    np.savez(path, X=X, y=np.array([[1, 1], [0, 0], [1, 0], [0, 1]]))
    assert read_dataset(path).task == "multilabel"
    np.savez(path, X=X, y=np.array([[0.5, 1], [0, 0], [1, 0], [0, 1]]))
    assert read_dataset(path).task == "regression"
    with pytest.raises(DataFormatError, match="one-hot"):
        read_dataset(path, task="classification")


def test_nan_in_features_is_placed(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    broken = X.copy()
    broken[2, 1] = np.nan
    np.savez(path, X=broken, y=NAMES)
    with pytest.raises(DataFormatError, match=r"d\.npz: X has nan at row 2, column 1"):
        read_dataset(path)


def test_rows_to_predict(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    assert np.array_equal(read_inputs(tmp_path / "x.npy"), X)
    np.save(tmp_path / "one.npy", X[0])
    assert np.array_equal(read_inputs(tmp_path / "one.npy"), X[:1])
    np.save(tmp_path / "image.npy", np.ones((4, 3), np.uint8))
    assert read_inputs(tmp_path / "image.npy", image_shape=(4, 3)).shape == (1, 12)
    np.savez(tmp_path / "x.npz", anything=X)
    assert np.array_equal(read_inputs(tmp_path / "x.npz"), X)


@pytest.mark.parametrize(
    ("name", "member"), [("a.xlsx", "[Content_Types].xml"), ("a.ods", "content.xml")]
)
def test_a_workbook_is_named_as_one(name: str, member: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        archive.writestr(member, "<?xml version='1.0'?>")
    with pytest.raises(DataFormatError, match="is a workbook of a spreadsheet program: save the"):
        read_split(tmp_path / name)
