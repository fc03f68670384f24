from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from chalknet.data import read_dataset, read_inputs, read_split
from chalknet.errors import DataFormatError, DataNotFoundError, ShapeError

GRAY = np.arange(20, dtype=np.uint8).reshape(4, 5) * 12
COLOUR = np.arange(60, dtype=np.uint8).reshape(4, 5, 3) * 4


def save(path: Path, pixels: np.ndarray, mode: str | None = None, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels)
    (image if mode is None else image.convert(mode)).save(path, **options)
    return path


@pytest.mark.parametrize("suffix", ["png", "bmp", "gif", "tif", "tiff", "PNG"])
def test_gray_images_by_class(suffix: str, tmp_path: Path) -> None:
    for number, label in enumerate(["dog", "cat", "dog"]):
        save(tmp_path / "pets" / label / f"{number}.{suffix}", GRAY + number)
    dataset = read_dataset(tmp_path / "pets")
    assert dataset.y.tolist() == ["cat", "dog", "dog"]
    assert dataset.X.dtype == np.uint8
    assert dataset.image_shape == (4, 5)
    assert np.array_equal(dataset.X.reshape(3, 4, 5), [GRAY + 1, GRAY, GRAY + 2])
    assert dataset.name == "pets"


def test_colour_images(tmp_path: Path) -> None:
    save(tmp_path / "a" / "1.webp", COLOUR, lossless=True)
    save(tmp_path / "b" / "1.png", COLOUR + 1)
    dataset = read_dataset(tmp_path)
    assert dataset.image_shape == (4, 5, 3)
    assert np.array_equal(dataset.X.reshape(2, 4, 5, 3), [COLOUR, COLOUR + 1])


def test_jpeg_comes_close(tmp_path: Path) -> None:
    smooth = np.add.outer(np.arange(32), np.arange(32)).astype(np.uint8) * 3
    save(tmp_path / "a" / "1.jpg", smooth, quality=95)
    save(tmp_path / "b" / "1.jpeg", smooth, quality=95)
    image = read_dataset(tmp_path).X.reshape(2, 32, 32)
    assert np.abs(image.astype(int) - smooth).max() <= 6


def test_gray_among_colour_is_read_in_colour(tmp_path: Path) -> None:
    save(tmp_path / "a" / "1.png", GRAY)
    save(tmp_path / "b" / "1.png", COLOUR)
    dataset = read_dataset(tmp_path)
    assert dataset.image_shape == (4, 5, 3)
    assert np.array_equal(dataset.X[0].reshape(4, 5, 3)[:, :, 1], GRAY)


def test_files_come_in_the_order_of_their_names_and_others_are_left_out(tmp_path: Path) -> None:
    for name in ("10", "02", "1"):
        save(tmp_path / "b" / f"{name}.png", GRAY + int(name))
    save(tmp_path / "a" / "x.png", GRAY)
    save(tmp_path / ".hidden" / "x.png", GRAY)
    save(tmp_path / "a" / ".hidden.png", COLOUR)
    (tmp_path / "a" / "notes.txt").write_text("not an image")
    (tmp_path / "a" / "Thumbs.db").write_bytes(b"\0")
    dataset = read_dataset(tmp_path)
    assert dataset.X[:, 0].tolist() == [0, 2, 1, 10]


def test_folders_named_by_numbers_are_integers(tmp_path: Path) -> None:
    for name in ("10", "9", "0"):
        save(tmp_path / name / "1.png", GRAY)
    dataset = read_dataset(tmp_path)
    assert dataset.classes is not None
    assert dataset.classes.tolist() == [0, 9, 10]


def test_train_and_test_subfolders_are_a_split(tmp_path: Path) -> None:
    for part, labels in (("train", ["7", "8", "other"]), ("val", ["8", "7"])):
        for label in labels:
            save(tmp_path / part / label / "1.png", GRAY)
    train, test = read_split(tmp_path)
    assert train.y.tolist() == ["7", "8", "other"]
    assert test is not None
    assert test.y.tolist() == ["7", "8"]
    assert test.targets.tolist() == [0, 1]
    save(tmp_path / "val" / "new" / "1.png", GRAY)
    with pytest.raises(DataFormatError, match="has the label 'new', which is none"):
        read_split(tmp_path)


def test_images_of_two_sizes(tmp_path: Path) -> None:
    save(tmp_path / "a" / "1.png", GRAY)
    save(tmp_path / "b" / "1.png", GRAY.T.copy())
    with pytest.raises(DataFormatError) as caught:
        read_dataset(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/b/1.png is 5×4 (height×width), but {tmp_path}/a/1.png is 4×5: all images must "
        "have one size; say which with image_size (--image-size)."
    )
    assert read_dataset(tmp_path, image_size=(6, 7)).image_shape == (6, 7)


def test_a_folder_without_images_and_one_class_only(tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match="has no images in its subfolders"):
        read_dataset(tmp_path)
    save(tmp_path / "only" / "1.png", GRAY)
    with pytest.raises(DataFormatError, match="all 1 samples have the label 'only'"):
        read_dataset(tmp_path)
    with pytest.raises(DataNotFoundError, match="there is no such file"):
        read_dataset(tmp_path / "nowhere")


def test_a_damaged_image_is_named(tmp_path: Path) -> None:
    save(tmp_path / "a" / "1.png", GRAY)
    noise = np.random.default_rng(0).integers(0, 256, (50, 50), np.uint8)
    path = save(tmp_path / "b" / "1.png", noise)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(DataFormatError, match=r"b/1\.png cannot be read as an image \(.*trunc"):
        read_dataset(tmp_path, image_size=(4, 4))
    path.write_text("no image at all")
    with pytest.raises(DataFormatError, match=r"b/1\.png cannot be read as an image"):
        read_dataset(tmp_path)


def png(width: int, height: int) -> bytes:
    """A PNG of zeros, written with zlib alone."""
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(bytes(width + 1)) for _ in range(height)) + packer.flush()
    chunks = [
        (b"IHDR", struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", pixels),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


@pytest.mark.parametrize("side", [3000, 12_000, 20_000])
def test_a_bomb_is_refused(
    side: int, tmp_path: Path, refusal: Callable[[Path], tuple[str, int]]
) -> None:
    for label in "ab":
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.png").write_bytes(png(side, side))
    message, grown = refusal(tmp_path)
    assert f"{side:,}×{side:,} pixels" in message or "decompression bomb" in message
    assert grown < 64e6


def test_the_largest_image_stays_within_the_limit(
    tmp_path: Path, refusal: Callable[[Path], tuple[str, int]]
) -> None:
    (tmp_path / "a").mkdir()
    opaque = np.random.default_rng(0).integers(0, 3, (2000, 2000, 4), np.uint8)
    size = save(tmp_path / "a" / "1.png", opaque).stat().st_size
    message, grown = refusal(tmp_path)
    assert "all 1 samples" in message
    assert grown < 64e6 + 4 * size


def test_a_photograph_is_scaled_while_it_is_decoded(tmp_path: Path) -> None:
    photograph = np.zeros((3000, 4000, 3), np.uint8)
    photograph[:1500] = 200
    path = save(tmp_path / "x.jpg", photograph)
    with pytest.raises(DataFormatError, match="3,000×4,000 pixels"):
        read_inputs(path)
    small = read_inputs(path, image_shape=(30, 40), resize=True).reshape(30, 40)
    assert small[0, 0] > 190
    assert small[-1, -1] < 10


def test_an_image_to_predict(tmp_path: Path) -> None:
    path = save(tmp_path / "x.png", GRAY)
    assert np.array_equal(read_inputs(path), GRAY.reshape(1, 20))
    assert read_inputs(path, image_shape=(4, 5, 3)).shape == (1, 60)
    colour = save(tmp_path / "c.png", np.repeat(GRAY[:, :, None], 3, axis=2))
    assert np.array_equal(read_inputs(colour, image_shape=(4, 5)), GRAY.reshape(1, 20))
    with pytest.raises(ShapeError) as caught:
        read_inputs(path, image_shape=(28, 28))
    assert str(caught.value) == (
        f"{path} is 4×5 in gray (height×width), but the model takes images of 28×28 in gray: "
        "resize it, or ask for that with resize (--resize)."
    )
    assert read_inputs(path, image_shape=(28, 28), resize=True).shape == (1, 784)


def test_transparent_paper_is_white(tmp_path: Path) -> None:
    pixels = np.zeros((4, 5, 4), np.uint8)
    pixels[0, 0] = (0, 0, 0, 255)
    path = save(tmp_path / "x.png", pixels)
    assert read_inputs(path, image_shape=(4, 5)).tolist() == [[0] + [255] * 19]


def test_a_photograph_stands_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    path = tmp_path / "x.png"
    Image.fromarray(GRAY).save(path, exif=exif)
    assert np.array_equal(read_inputs(path), GRAY[::-1, ::-1].reshape(1, 20))


def test_sixteen_bits_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "x.png", GRAY.astype(np.uint16) * 200)
    with pytest.raises(DataFormatError, match="more than 8 bits a channel"):
        read_inputs(path)
