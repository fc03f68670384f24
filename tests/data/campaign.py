"""Read thousands of damaged files of one format and print, as JSON, what came of it.

Run by path, in a process of its own, so that a crash or a leak can be told from anything else:

    python campaign.py FORMAT COUNT SEED FOLDER

Before each file is read its number is written to FOLDER/current, so that a crash or a hang names
the mutation.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import resource
import signal
import struct
import sys
import time
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from chalknet.data import read_dataset
from chalknet.data.formats.hdf5 import read_hdf5
from chalknet.data.formats.hdf5_session import Session
from chalknet.data.formats.image_folder import read_image_folder
from chalknet.errors import DataFormatError

NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 2**15, 2**16 - 1, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1)
INPUTS = np.arange(48).reshape(6, 8)
LABELS = list("abcabc")


def mutate(base: bytes, chance: random.Random) -> bytes:
    """Damage ``base`` in one to eight places."""
    data = bytearray(base)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(data))
        match chance.randrange(7):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                data[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
            case 2:
                del data[at:]
            case 3:
                data[at:at] = chance.randbytes(chance.randrange(1, 9))
            case 4:
                width = chance.choice((2, 4, 8))
                value = chance.choice((*NUMBERS, chance.randrange(10**6))) % 256**width
                data[at : at + width] = value.to_bytes(width, chance.choice(("little", "big")))
            case 5:
                start = chance.randrange(len(data))
                data[at:at] = data[start : start + chance.randrange(1, 64)]
            case _:
                del data[at : at + chance.randrange(1, 16)]
        if not data:
            data = bytearray(b"\0")
    return bytes(data)


def idx_bases() -> list[bytes]:
    codes = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
    return [
        struct.pack(">HBB3I", 0, code, 3, 6, 2, 4) + INPUTS.astype(kind).tobytes()
        for code, kind in codes.items()
    ]


def npz_bases() -> list[bytes]:
    bases = []
    for save, kind in ((np.savez, "f4"), (np.savez_compressed, "u1"), (np.savez, ">i8")):
        stream = io.BytesIO()
        save(stream, X=INPUTS.astype(kind), y=np.array(LABELS))
        bases.append(stream.getvalue())
    return bases


def hdf5_bases() -> list[bytes]:
    import h5py

    bases = []
    for version in ("earliest", "latest"):
        for number in range(3):
            stream = io.BytesIO()
            with h5py.File(stream, "w", libver=version) as file:
                if number == 0:
                    file["xdata"] = INPUTS.astype("f4")
                    file["ydata"] = np.eye(3)[[0, 1, 2, 0, 1, 2]]
                elif number == 1:
                    packing = {"compression": "gzip", "shuffle": True, "fletcher32": True}
                    file.create_dataset("X", data=INPUTS, chunks=(2, 8), **packing)
                    file["y"] = LABELS
                else:
                    file.create_dataset("g/X", data=INPUTS.astype("u1"), maxshape=(None, 8))
                    file["X"] = file["g/X"]
                    file["y"] = np.array(LABELS, "S3")
            bases.append(stream.getvalue())
    return bases


def csv_bases() -> list[bytes]:
    bases = []
    for separator, quoting in ((",", csv.QUOTE_MINIMAL), (";", csv.QUOTE_ALL), ("\t", 0)):
        stream = io.StringIO()
        writer = csv.writer(stream, delimiter=separator, quoting=quoting)
        writer.writerow(["height", "weight", "kind, or class"])
        writer.writerows([1.5 * i, -(10.0**i), label] for i, label in enumerate(LABELS))
        bases += [stream.getvalue().encode(), stream.getvalue().encode("utf-8-sig")]
    return bases


def parquet_bases() -> list[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"a": np.arange(6) * 1.5, "b": pa.array(range(6), pa.int32()), "y": LABELS})
    bases = []
    for number, compression in enumerate(("none", "snappy", "zstd", "gzip")):
        stream = io.BytesIO()
        version = ("1.0", "2.0")[number % 2]
        options = {"use_dictionary": number < 2, "data_page_version": version, "row_group_size": 4}
        pq.write_table(table, stream, compression=compression, **options)
        bases.append(stream.getvalue())
    return bases


def image_bases() -> list[bytes]:
    from PIL import Image

    bases = []
    image = Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))
    formats = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
    options: list[tuple[str, dict[str, object]]] = [(kind, {}) for kind in formats]
    options += [("TIFF", {"compression": "tiff_lzw"}), ("WEBP", {"lossless": True})]
    for kind, extra in options:
        stream = io.BytesIO()
        image.save(stream, kind, **extra)
        bases.append(stream.getvalue())
    return bases


class Campaign:
    """What to damage, how to wrap the damaged bytes, and how to read them."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.folder = folder
        self.session = Session(patience=1.0)
        bases: dict[str, Callable[[], list[bytes]]] = {
            "idx": idx_bases,
            "idx.gz": idx_bases,
            "npz": npz_bases,
            "hdf5": hdf5_bases,
            "csv": csv_bases,
            "parquet": parquet_bases,
            "image": image_bases,
        }
        self.bases = bases[kind]()
        self.path = folder / f"damaged.{kind}"
        if kind in ("idx", "idx.gz"):
            labels = struct.pack(">HBBI", 0, 8, 1, 6) + bytes([0, 1, 2, 0, 1, 2])
            (folder / "labels").write_bytes(labels)
        if kind == "image":
            (folder / "images" / "a").mkdir(parents=True)
            (folder / "images" / "b").mkdir()
            (folder / "images" / "a" / "1.bmp").write_bytes(self.bases[2])
            self.path = folder / "images" / "b" / "1.png"

    def damaged(self, number: int, seed: int) -> bytes:
        """Mutation ``number``: of the file, or of what is wrapped in sound gzip or zip."""
        chance = random.Random(seed * 10**9 + number)
        base = self.bases[number % len(self.bases)]
        inside = number // len(self.bases) % 2 == 0
        if self.kind == "idx.gz":
            packed = gzip.compress(mutate(base, chance) if inside else base, mtime=0)
            return packed if inside else mutate(packed, chance)
        if self.kind == "npz" and inside:
            return self.rewrapped(base, chance)
        return mutate(base, chance)

    def rewrapped(self, base: bytes, chance: random.Random) -> bytes:
        """The same archive with one damaged member and a checksum that is right all the same."""
        stream = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(base)) as old, zipfile.ZipFile(stream, "w") as new:
            unlucky = chance.choice(old.namelist())
            for info in old.infolist():
                member = old.read(info)
                packed = mutate(member, chance) if info.filename == unlucky else member
                new.writestr(info.filename, packed, info.compress_type)
        return stream.getvalue()

    def read(self) -> object:
        if self.kind in ("idx", "idx.gz"):
            return read_dataset(self.path, labels=self.folder / "labels")
        if self.kind == "hdf5":
            return read_hdf5(self.path, session=self.session)
        if self.kind == "image":
            return read_image_folder(self.folder / "images")
        return read_dataset(self.path)


def peak() -> int:
    """The largest memory of this process and of its children so far, in bytes."""
    own, children = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return 1024 * max(resource.getrusage(who).ru_maxrss for who in (own, children))


def main(kind: str, count: int, seed: int, folder: Path) -> None:
    campaign = Campaign(kind, folder)
    for base in campaign.bases:
        sound = gzip.compress(base) if kind == "idx.gz" else base
        campaign.path.write_bytes(sound)
        campaign.read()
    before = peak()
    result = {"loaded": 0, "refused": 0, "slowest": 0.0, "failures": []}
    longest = ""
    for number in range(count):
        (folder / "current").write_text(str(number))
        campaign.path.write_bytes(campaign.damaged(number, seed))
        # A hang in Python or in a library ends this process by the signal.
        signal.alarm(20)
        start = time.perf_counter()
        try:
            campaign.read()
            result["loaded"] += 1
        except DataFormatError as error:
            result["refused"] += 1
            longest = max(longest, str(error), key=len)
            if str(campaign.path) not in str(error) and str(folder) not in str(error):
                result["failures"].append(f"{number}: the message names no file: {error}")
        except BaseException:  # noqa: BLE001 (whatever it is, it is a failure)
            result["failures"].append(f"{number}: {traceback.format_exc()}")
        result["slowest"] = max(result["slowest"], time.perf_counter() - start)
    signal.alarm(0)
    campaign.session.__exit__(None, None, None)
    result["grown"] = peak() - before
    result["longest_message"] = longest
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
