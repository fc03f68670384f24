"""Data sets: named ones, your own files, and how to split them."""

from __future__ import annotations

from chalknet.data.catalogue import load_dataset
from chalknet.data.dataset import Dataset, Split, Task
from chalknet.data.preprocessing import Preprocessing
from chalknet.data.reading import read_dataset, read_inputs, read_split
from chalknet.data.splits import split, split_rows

__all__ = [
    "Dataset",
    "Preprocessing",
    "Split",
    "Task",
    "load_dataset",
    "read_dataset",
    "read_inputs",
    "read_split",
    "split",
    "split_rows",
]
