"""The arrays through which a network's numbers flow, and the descriptor that tells kernels where.

``Workspace`` is what training and prediction share; ``session.py`` adds the optimizer and the loss.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.preprocessing import Preprocessing
from chalknet.engine.compiled import layout as at
from chalknet.engine.compiled.density import Zeros, best_way_with_zeros
from chalknet.engine.compiled.formulas import UntraceableError, is_costly
from chalknet.engine.compiled.kernels import map_kernel
from chalknet.engine.compiled.layout import Panels, padded
from chalknet.engine.compiled.processor import vectors
from chalknet.network import Network
from chalknet.operations.activations import Activation, identity

__all__ = ["Array", "Workspace", "address_of"]

Array = npt.NDArray[Any]
SLICE_BYTES = 24 << 20  # what a slice of a batch may take, all layers together
MOST_ROWS = 512
SMALL_BYTES = 64 << 10  # to have weights from another core's cache is quicker than to wait for it
KINDS = {"B": 0, "f": 1, "d": 2}  # numpy's letters: their full names take a microsecond to make


class Workspace:
    """Room for one network and one kind of data, reused from call to call.

    Parameters
    ----------
    network : Network
    dtype : float32 or float64
        What to compute in.
    dropout : tuple of float
        The rate of each hidden layer.
    slots : int
        How many vectors the optimizer keeps.
    training : bool
        Whether derivatives are needed too.

    Raises
    ------
    UntraceableError
        An activation is not of a kind that kernels know.
    """

    def __init__(
        self,
        network: Network,
        dtype: np.dtype[Any],
        dropout: tuple[float, ...] = (),
        slots: int = 0,
        *,
        training: bool = False,
    ) -> None:
        self.widths, self.dtype = network.widths, dtype
        self.lanes = vectors().lanes(dtype)
        self.dropout = (*dropout, *[0.0] * (len(network.layers) - len(dropout)))
        layers = len(network.layers)
        self.descriptor = np.zeros(at.NETWORK_FIELDS + layers * at.LAYER_FIELDS, np.int64)
        self.words: Any = memoryview(self.descriptor.data)  # the same, quicker to write to
        self.address = address_of(self.descriptor)
        self._kept: dict[str, Array] = {}
        self._threads, self._rows = 0, 0
        self._same: list[bool] = []  # whether A is Z, by layer
        self.set("LAYERS", layers)
        self._place_parameters(network, slots)
        for number in range(layers):
            self._place_activation(number, network.layers[number].activation, training)
        self.barrier = np.zeros(at.BARRIER_WORDS, np.int64)
        self.barrier_words: Any = memoryview(self.barrier.data)
        self.point("BARRIER", self.barrier)
        self.point("EVERY", np.arange(max(self.widths), dtype=np.int32))

    @property
    def abort_address(self) -> int:
        """Of the word that makes threads give up waiting."""
        return address_of(self.barrier) + 8 * at.ABORTED

    @property
    def flawed(self) -> bool:
        """Whether the last call found a parameter that is not finite."""
        return bool(self.barrier[at.FLAWED])

    # -- entering things ----------------------------------------------------------------------

    def set(self, name: str, value: int) -> None:
        """Enter a number of the whole network."""
        self.descriptor[getattr(at, name)] = value

    def get(self, name: str) -> int:
        """The number entered."""
        return int(self.descriptor[getattr(at, name)])

    def point(self, name: str, array: Array | None) -> None:
        """Enter an array's address, and keep the array alive as long as it stands there."""
        if array is None:
            self._kept.pop(name, None)
            self.set(name, 0)
        else:
            self.set(name, self._keep(name, array))

    def _keep(self, name: str, array: Array) -> int:
        self._kept[name] = array
        return address_of(array)

    def _set_layer(self, number: int, name: str, value: int) -> None:
        self.descriptor[self._layer(number) + getattr(at, name)] = value

    def _layer(self, number: int) -> int:
        return at.NETWORK_FIELDS + number * at.LAYER_FIELDS

    # -- the network --------------------------------------------------------------------------

    def _place_parameters(self, network: Network, slots: int) -> None:
        lanes, item = self.lanes, self.dtype.itemsize
        flat, packed = 0, 0
        for number, layer in enumerate(network.layers):
            panels = Panels(layer.fan_in, layer.fan_out, lanes)
            turned = Panels(layer.fan_out, layer.fan_in, lanes)
            for name, value in (
                ("FAN_IN", layer.fan_in),
                ("FAN_OUT", layer.fan_out),
                ("PANELS", panels.count),
                ("ROWS", panels.padded_rows),
                ("TRANSPOSED_PANELS", turned.count),
                ("TRANSPOSED_ROWS", turned.padded_rows),
                ("FLAT_WEIGHTS", flat),
                ("FLAT_BIAS", flat + layer.W.size),
                ("PACKED_WEIGHTS", packed),
                ("PACKED_BIAS", packed + panels.size),
            ):
                self._set_layer(number, name, value)
            flat += layer.W.size + layer.b.size
            packed += panels.size + panels.padded_columns
            if number:
                transposed = self._keep(f"transposed {number}", aligned(turned.size, self.dtype))
                self._set_layer(number, "TRANSPOSED", transposed)
        self.set("SLOTS", slots)
        self.set("PACKED_SIZE", packed)
        self.point("PACKED", aligned((slots + 1) * packed, self.dtype))
        base = self.get("PACKED")
        for number in range(len(network.layers)):
            for name, source in (("WEIGHTS", at.PACKED_WEIGHTS), ("BIAS", at.PACKED_BIAS)):
                position = int(self.descriptor[self._layer(number) + source])
                self._set_layer(number, name, base + item * position)

    def _place_activation(self, number: int, activation: Activation, training: bool) -> None:
        if type(activation) is not Activation:
            raise UntraceableError("an activation of a class of its own")
        formula, derivative = activation.formula, activation.derivative_formula
        weak = len(activation.parameters)
        rate = self.dropout[number]
        self._same.append(formula is identity and not rate)
        if not self._same[number]:
            self._set_layer(number, "FORWARD", map_kernel(formula, self.dtype, real=1, weak=weak))
        if training and formula is not identity:
            self._place_derivative(number, formula, derivative, weak)
        parameters = np.array([*activation.parameters, 0.0])
        self._set_layer(number, "PARAMETERS", self._keep(f"parameters {number}", parameters))
        if rate:
            rates = np.array([rate, 1.0 / (1.0 - rate)])
            self._set_layer(number, "DROPPED", self._keep(f"dropped {number}", rates))

    def _place_derivative(self, number: int, formula: Any, derivative: Any, weak: int) -> None:
        """Have f′ computed on the way back, or with f, to take the place of Z until then.

        Both have a function such as exp in common as a rule, and to compute it once is quicker.
        """

        def both(z: Any, *parameters: Any) -> Any:
            return formula(z, *parameters), derivative(z, *parameters)

        def through(dA: Any, z: Any, *parameters: Any) -> Any:
            return dA * derivative(z, *parameters)

        def through_kept(dA: Any, slope: Any) -> Any:
            return dA * slope

        if is_costly(derivative, weak=weak):
            forward = map_kernel(both, self.dtype, real=1, weak=weak)
            self._set_layer(number, "FORWARD", forward)
            backward = map_kernel(through_kept, self.dtype, real=2)
        else:
            backward = map_kernel(through, self.dtype, real=2, weak=weak)
        self._set_layer(number, "BACKWARD", backward)

    # -- the data -----------------------------------------------------------------------------

    def place_preprocessing(self, preprocessing: Preprocessing) -> None:
        """Enter offset and divisor, one a column."""
        shape = (self.widths[0],)
        offset = np.array(np.broadcast_to(np.asarray(preprocessing.offset, self.dtype), shape))
        divisor = np.array(np.broadcast_to(np.asarray(preprocessing.divisor, self.dtype), shape))
        with np.errstate(over="ignore", divide="ignore"):
            reciprocal = 1 / divisor
        size = np.abs(reciprocal)
        if not (np.isfinite(size) & (size >= np.finfo(self.dtype).tiny)).all():
            raise UntraceableError("a divisor near the end of the range of floats")
        self.divisor, self.shifts = divisor, bool(np.any(offset))
        self.divides = bool((divisor != 1).any())
        self.point("OFFSET", offset)
        self.point("DIVISOR", divisor)
        self.point("RECIPROCAL", reciprocal)

    def place_rows(self, X: Any) -> None:
        """Enter raw rows: an array (n, features), or SciPy's compressed rows."""
        self.words[at.SAMPLES] = X.shape[0]
        if not isinstance(X, np.ndarray):
            self._place_compressed(X.tocsr())
            return
        if X.dtype.char not in KINDS or not X.dtype.isnative:
            X = X.astype(np.float64)
        item, (down, across) = X.itemsize, X.strides
        if across != item or down % item:
            X = np.ascontiguousarray(X)
            down = X.strides[0]
        words = self.words
        self._kept["X"] = X
        words[at.X] = address_of(X)
        words[at.X_KIND] = KINDS[X.dtype.char]
        words[at.X_STRIDE] = down // item

    def _place_compressed(self, X: Any) -> None:
        """Compressed rows are taken as they are, but for the division."""
        if self.shifts:
            raise UntraceableError("sparse rows with an offset, which fills them")
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        values = np.asarray(X.data, self.dtype)
        if self.divides:
            values = values / self.divisor[X.indices]
        self.point("X", np.ascontiguousarray(values, self.dtype))
        self.point("X_COLUMNS", np.ascontiguousarray(X.indices, np.int32))
        self.point("X_STARTS", np.ascontiguousarray(X.indptr, np.int64))
        self.set("X_KIND", 3)

    def way_with_zeros(self, X: Any, batch_size: int, beside: int = 0) -> Zeros:
        """How the first layer should deal with zeros; with an offset a raw zero is none.

        What is found out about them serves ``beside`` columns of other networks too.
        """
        width = padded(self.widths[1], self.lanes) + beside if beside else self.widths[1]
        return "dense" if self.shifts else best_way_with_zeros(X, batch_size, width, self.lanes)

    # -- what flows between the layers --------------------------------------------------------

    def place_slice(self, most: int, zeros: Zeros, *, training: bool) -> None:
        """Room for as many rows as are worked on at once, at most ``most``."""
        sparse, shared = zeros == "sparse", zeros == "shared"
        widths, item = self.widths, self.dtype.itemsize
        lds = [self._leading(width) for width in widths]
        lds[0] = padded(lds[0], 64)
        flows = 3 if training else 2
        a_row = item * (lds[0] + flows * sum(lds[1:])) + 40 * widths[-1] * training
        a_row += 36 * widths[0] * sparse + 3 * widths[0] * shared
        rows = min(most, max(8, min(MOST_ROWS, SLICE_BYTES // a_row // 8 * 8)))
        self._threads, self._rows = 0, rows
        self.set("SLICE", rows)
        self.set("SPARSE", sparse)
        self.set("INPUTS_LD", lds[0])
        self.point("INPUTS", aligned(padded(rows, at.TOGETHER) * lds[0], self.dtype))
        self._place_lists(rows, lds[0], shared)
        entries = rows * lds[0] + max(lds) if sparse else 0
        self.point("WHICH", np.zeros(entries, np.int32))
        self.point("COUNTS", np.zeros(rows, np.int64))
        below, below_ld = self.get("INPUTS"), lds[0]
        for number, ld in enumerate(lds[1:]):
            names = ("Z", "A", "DZ")[:flows]
            places = {
                name: self._keep(
                    f"{name} {number}", aligned(padded(rows, at.TOGETHER) * ld, self.dtype)
                )
                for name in names
            }
            if self._same[number]:
                places["A"] = places["Z"]
            for name, place in places.items():
                self._set_layer(number, name, place)
            self._set_layer(number, "LD", ld)
            self._set_layer(number, "IN", below)
            self._set_layer(number, "IN_LD", below_ld)
            below, below_ld = places["A"], ld

    def _place_lists(self, rows: int, ld: int, shared: bool) -> None:
        """Room for what ``shared_zeros.py`` lists."""
        self.set("SHARED", shared)
        groups, high = -(-rows // at.TOGETHER) * shared, padded(rows, at.MARKED)
        fours = ld // at.TOGETHER * shared
        self.set("SAMPLE_LISTS_LD", high)
        self.point("MARKS", aligned(ld // at.MARKED * high * shared, np.dtype(np.uint16)))
        self.point("ROW_KEYS", np.zeros(high * shared, np.int64))
        self.point("ROW_LISTS", np.zeros(high * shared, np.int32))
        self.point("COLUMN_LISTS", np.zeros(groups * ld, np.int32))
        self.point("COLUMN_ENDS", np.zeros(groups * (-(-ld // at.COLUMNS_A_BLOCK) + 1), np.int64))
        self.point("SAMPLE_LISTS", np.zeros(fours * high, np.int32))
        self.point("SAMPLE_COUNTS", np.zeros(fours, np.int64))

    def _leading(self, width: int) -> int:
        """Numbers from row to row: whole vectors, and no high power of two.

        Rows a multiple of 512 bytes apart would meet in the same few sets of the cache.
        """
        ld = padded(width, max(self.lanes, at.MARKED))
        return ld + self.lanes if ld * self.dtype.itemsize % 512 == 0 else ld

    def place_threads(self, threads: int, columns: bool) -> None:
        """Room for each thread's own, and where it stands in the grid of each layer.

        ``columns`` says whether threads need the inputs by columns too.
        """
        self.barrier[:] = 0
        if threads == self._threads:
            return
        self._threads = threads
        self.set("THREADS", threads)
        scratch = 8 * at.ADDRESSES + (2 * at.BLOCK + 2) * 2 * self.lanes * self.dtype.itemsize
        scratch = padded(scratch, 4096)
        self.set("SCRATCH_BYTES", scratch)
        self.point("SCRATCH", aligned(threads * scratch, np.dtype(np.uint8)))
        fan_in = self.widths[0]
        some = threads * self._rows * fan_in if columns else 0
        self.point("COLUMN_STARTS", np.zeros(threads * (fan_in + 2) if columns else 0, np.int32))
        self.point("COLUMN_SAMPLES", np.zeros(some, np.int32))
        for number in range(len(self.widths) - 1):
            panels = int(self.descriptor[self._layer(number) + at.PANELS])
            groups = max(n for n in range(1, threads + 1) if threads % n == 0 and n <= panels)
            self._set_layer(number, "COLUMN_GROUPS", groups)
            size = self.widths[number] * self.widths[number + 1] * self.dtype.itemsize
            small = size <= SMALL_BYTES and self._rows >= threads * vectors().rows
            self._set_layer(number, "BY_ROWS", number > 0 and (groups == 1 or small))


def address_of(array: Array) -> int:
    """Where an array begins; several times faster than ``array.ctypes.data``."""
    return int(array.__array_interface__["data"][0])


def aligned(count: int, dtype: np.dtype[Any]) -> Array:
    """Zeros that begin on a cache line."""
    room = np.zeros(count * dtype.itemsize + 64, np.uint8)
    start = -address_of(room) % 64
    return room[start : start + count * dtype.itemsize].view(dtype)
