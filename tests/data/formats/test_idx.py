from __future__ import annotations

import gzip
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from chalknet.data import read_dataset, read_split
from chalknet.data.formats.idx import find_labels, read_idx_array
from chalknet.errors import DataFormatError, DataNotFoundError

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}
LETTERS = {"u1": "B", "i1": "b", "i2": "h", "i4": "i", "f4": "f", "f8": "d"}


def idx(values: list[float], shape: tuple[int, ...], kind: str = "u1") -> bytes:
    """An IDX file, written with struct alone."""
    head = struct.pack(f">HBB{len(shape)}I", 0, CODES[kind], len(shape), *shape)
    return head + struct.pack(f">{len(values)}{LETTERS[kind]}", *values)


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_every_element_type_keeps_its_values(kind: str, pack, tmp_path: Path) -> None:
    values = [0, 1, 2, 3, 100, 127] if kind == "u1" else [0, -1, 2, -128, 100, 127]
    path = tmp_path / "x.idx"
    path.write_bytes(pack(idx(values, (2, 3), kind)))
    array = read_idx_array(path)
    assert array.tolist() == [values[:3], values[3:]]
    expected = {"u1": np.uint8, "i1": np.float32, "i2": np.float32, "f4": np.float32}
    assert array.dtype == expected.get(kind, np.float64)
    assert read_idx_array(path, inputs=False).dtype == np.dtype(kind)


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"),
        ("train-images.idx3-ubyte", "train-labels.idx1-ubyte"),
        ("images.idx", "labels.idx"),
    ],
)
def test_labels_are_found_beside_the_images(images: str, labels: str, tmp_path: Path) -> None:
    (tmp_path / images).write_bytes(idx([1, 2, 3, 4, 5, 6, 7, 8], (2, 2, 2)))
    (tmp_path / labels).write_bytes(idx([7, 3], (2,)))
    assert find_labels(tmp_path / images) == tmp_path / labels
    dataset = read_dataset(tmp_path / images)
    assert dataset.y.tolist() == [7, 3]
    assert dataset.image_shape == (2, 2)
    assert dataset.X.dtype == np.uint8


def test_without_labels_the_message_says_what_was_tried(tmp_path: Path) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(idx([1, 2], (2, 1)))
    with pytest.raises(DataNotFoundError, match=r"train-labels-idx1-ubyte\.gz.*labels="):
        read_dataset(path)


def test_labels_of_another_length(tmp_path: Path) -> None:
    (tmp_path / "a-images.idx").write_bytes(idx([1, 2, 3], (3, 1)))
    (tmp_path / "a-labels.idx").write_bytes(idx([1, 2], (2,)))
    with pytest.raises(DataFormatError) as caught:
        read_dataset(tmp_path / "a-images.idx")
    assert str(caught.value) == (
        f"{tmp_path}/a-images.idx has 3 samples, but {tmp_path}/a-labels.idx has 2 labels: they "
        "must be as many; are these two files of the same set?"
    )


def test_a_truncated_gzip_file_says_where_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "x.idx.gz"
    noise = np.random.default_rng(0).integers(0, 256, 5000).tolist()
    path.write_bytes(gzip.compress(idx(noise, (50, 100)))[:-1000])
    with pytest.raises(
        DataFormatError, match=r"x\.idx\.gz: the gzip stream breaks off.* [\d,]+ dec"
    ):
        read_idx_array(path)


@pytest.mark.parametrize("cut", [0, 3, 7, 15, 20])
def test_a_truncated_plain_file(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "x.idx"
    path.write_bytes(idx([1] * 12, (3, 2, 2))[:cut])
    with pytest.raises(DataFormatError, match=r"x\.idx: "):
        read_idx_array(path)


def test_a_flipped_byte_in_gzip_fails_its_checksum(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(idx([1] * 12, (3, 2, 2)), mtime=0))
    packed[-7] ^= 1
    path = tmp_path / "x.idx.gz"
    path.write_bytes(packed)
    with pytest.raises(DataFormatError, match="gzip stream is damaged"):
        read_idx_array(path)


def test_gzip_members_in_a_row_are_one_file_and_rubbish_after_them_is_not(tmp_path: Path) -> None:
    whole = idx([1, 2, 3, 4], (2, 2))
    path = tmp_path / "x.idx.gz"
    path.write_bytes(gzip.compress(whole[:9]) + gzip.compress(whole[9:]) + bytes(40))
    assert read_idx_array(path).tolist() == [[1, 2], [3, 4]]
    path.write_bytes(gzip.compress(whole) + b"rubbish")
    with pytest.raises(DataFormatError, match="foreign bytes"):
        read_idx_array(path)
    path.write_bytes(gzip.compress(whole) + gzip.compress(b"more"))
    with pytest.raises(DataFormatError, match="more follow"):
        read_idx_array(path)


def bomb(path: Path, size: int) -> None:
    """An IDX file of zeros, gzipped: its header is honest."""
    with gzip.open(path, "wb") as stream:
        stream.write(struct.pack(">HBB2I", 0, 8, 2, size // 2**20, 2**20))
        for _ in range(size // 2**20):
            stream.write(bytes(2**20))


def test_a_gzip_bomb_is_refused_without_unfolding_it(tmp_path: Path) -> None:
    path = tmp_path / "bomb.idx.gz"
    bomb(path, 2**30)
    assert 1e6 < path.stat().st_size < 1.1e6
    tracemalloc.start()
    with pytest.raises(DataFormatError, match=r"would take 1\.1 GB of memory.*max_bytes"):
        read_idx_array(path)
    assert tracemalloc.get_traced_memory()[1] < 8e6
    tracemalloc.stop()


def test_a_bomb_behind_a_modest_header_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "bomb.idx.gz"
    path.write_bytes(gzip.compress(idx([1] * 12, (3, 4)) + bytes(2**27)))
    tracemalloc.start()
    with pytest.raises(DataFormatError, match="more follow"):
        read_idx_array(path)
    assert tracemalloc.get_traced_memory()[1] < 8e6
    tracemalloc.stop()


def test_the_limit_can_be_raised_by_who_trusts_the_file(tmp_path: Path) -> None:
    path = tmp_path / "sparse.idx.gz"
    bomb(path, 2**26)
    with pytest.raises(DataFormatError, match="would take"):
        read_idx_array(path)
    assert read_idx_array(path, max_bytes=2**26).shape == (64, 2**20)


def test_a_header_that_promises_the_moon(tmp_path: Path) -> None:
    path = tmp_path / "x.idx"
    path.write_bytes(struct.pack(">HBB4I", 0, 0x0E, 4, *[2**32 - 1] * 4) + bytes(100))
    with pytest.raises(DataFormatError, match="but the file has 120 bytes"):
        read_idx_array(path)


def test_another_format_is_named_by_its_first_bytes(tmp_path: Path) -> None:
    path = tmp_path / "x.idx"
    path.write_bytes(b"\x89PNG and so on")
    with pytest.raises(DataFormatError, match="begins with 89 50 4e 47"):
        read_idx_array(path)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match="there is no such file"):
        read_idx_array(tmp_path / "none.idx")
    with pytest.raises(DataFormatError, match="must be a file"):
        read_idx_array(tmp_path)


def test_a_folder_with_mnist_names_is_a_split(tmp_path: Path) -> None:
    for stem, n in (("train", 4), ("t10k", 2)):
        (tmp_path / f"{stem}-images-idx3-ubyte").write_bytes(idx(list(range(n * 4)), (n, 2, 2)))
        labels = [5, 6, 7, 5][:n]
        (tmp_path / f"{stem}-labels-idx1-ubyte").write_bytes(idx(labels, (n,)))
    train, test = read_split(tmp_path)
    assert (len(train), len(test or ())) == (4, 2)
    assert test is not None
    assert test.classes is not None
    assert test.classes.tolist() == [5, 6, 7]
    assert test.targets.tolist() == [0, 1]
