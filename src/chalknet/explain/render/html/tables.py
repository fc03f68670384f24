"""Whole arrays as tables: where a formula shows the corners of an array, here is the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from chalknet.explain.formula import Array, Formula
from chalknet.explain.notation import Notation
from chalknet.explain.render.numbers import decimal_sign, written
from chalknet.explain.render.text import formula_text
from chalknet.pages import clean

__all__ = ["WholeArrays", "table"]

# A vector is written in rows of ten, so that a reader finds number 437.
PER_ROW = 10


class WholeArrays:
    """Remembers which arrays can be read in full already, whichever way round they stand."""

    def __init__(self) -> None:
        self._known: set[bytes] = set()

    def unknown(self, arrays: Iterable[Array]) -> Iterator[Array]:
        """Those that have not been met before; from now on they have."""
        for array in arrays:
            keys = _keys(array)
            if not keys & self._known:
                yield array
            self._known |= keys


def _keys(array: Array) -> set[bytes]:
    values = array.values
    if values.dtype == object:
        return {repr(values.tolist()).encode(), repr(values.T.tolist()).encode()}
    values = values + 0  # −0 is 0
    return {turned.tobytes() + str(turned.shape).encode() for turned in (values, values.T)}


def table(array: Array, notation: Notation) -> str:
    """All entries as an HTML table, rows and columns numbered from 1."""
    values = array.values
    is_vector = values.ndim == 1 or 1 in values.shape
    if is_vector:
        flat = values.ravel()
        rows: Sequence[Any] = [flat[i : i + PER_ROW] for i in range(0, flat.size, PER_ROW)]
        heads = [f"{i + 1}–{min(i + PER_ROW, flat.size)}" for i in range(0, flat.size, PER_ROW)]
    else:
        rows, heads = list(values), [str(i + 1) for i in range(len(values))]
    top = "" if is_vector else "".join(f'<th scope="col">{i + 1}' for i in range(values.shape[1]))
    lines = [
        f'<tr><th scope="row">{head}' + "".join(f"<td>{entry}" for entry in _entries(row, notation))
        for head, row in zip(heads, rows, strict=True)
    ]
    head = f"<thead><tr><td>{top}</thead>" if top else ""
    return f"<table>{head}<tbody>{''.join(lines)}</table>"


def _entries(row: Any, notation: Notation) -> Iterator[str]:
    mark = decimal_sign(notation)
    for value in row.tolist() if row.dtype == np.float64 else row:
        if isinstance(value, Formula):
            yield clean(formula_text(value, notation)).replace("&", "&amp;").replace("<", "&lt;")
        else:
            yield written(value, notation).text(mark)
