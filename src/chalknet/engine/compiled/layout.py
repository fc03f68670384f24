"""What a kernel is told, and how weights lie in memory while it runs.

A kernel takes one argument: a *descriptor*, an array of int64 with sizes and the addresses of
arrays, first those of the whole network (the names below), then one record a layer. The numbers
here are positions in it.

**Panels.** While a kernel runs, W (fan_in, fan_out) lies in vertical panels, each as wide as the
register tile (two vectors; the last panel may be one) and stored row after row, so that the tile
reads B in one unbroken stream. Panel p begins at ``p * rows * panel``, with ``rows`` = fan_in
rounded up to whole vectors, and to fours. Wᵀ has its own panels, made from W's after every step.
Padding is zero and is never copied back.
"""

from __future__ import annotations

from dataclasses import dataclass

# Of the whole network. Addresses are of arrays of the network's type unless said otherwise.
(
    THREADS,
    LAYERS,
    BARRIER,  # int64: arrived, aborted, not finite; each on a cache line of its own
    SCRATCH,  # of this many bytes a thread
    SCRATCH_BYTES,
    FIRST,  # step
    LAST,
    BATCH_SIZE,
    SAMPLES,  # in the data
    SLICE,  # rows worked on at once: a larger batch takes several turns
    ORDER,  # int64 (samples,) or 0
    X,  # raw rows
    X_KIND,  # 0 uint8, 1 float32, 2 float64, 3 compressed rows
    X_STRIDE,  # numbers from row to row
    X_COLUMNS,  # compressed rows: int32 columns, int64 row starts
    X_STARTS,
    OFFSET,  # (fan_in,): x = (raw − offset) / divisor
    DIVISOR,
    RECIPROCAL,
    INPUTS,  # (slice, ld): what the preprocessing makes of a slice
    INPUTS_LD,
    SPARSE,  # whether the first layer skips zeros
    WHICH,  # int32 (slice, INPUTS_LD): the columns of a row's numbers that are not zero
    COUNTS,  # int64 (slice,): how many
    COLUMN_STARTS,  # the same by columns, a part a thread: int32 (fan_in + 2,)
    COLUMN_SAMPLES,  # int32 (slice · fan_in,)
    SHARED,  # whether the first layer skips what is zero in four rows, or four columns, at once
    MARKS,  # uint16 (slice, INPUTS_LD / 16): which of 16 columns of a row are not zero
    ROW_KEYS,  # int64 (slice,): rows with like keys are zero in like columns
    ROW_LISTS,  # int32 (slice,): the rows that are taken together, four by four
    COLUMN_LISTS,  # int32 (slice / 4, INPUTS_LD): columns that are not zero in some of those four
    COLUMN_ENDS,  # int64 (slice / 4, blocks of columns + 1): where each block of columns ends there
    SAMPLE_LISTS,  # int32 (INPUTS_LD / 4, SAMPLE_LISTS_LD): rows not zero in some of four columns
    SAMPLE_LISTS_LD,
    SAMPLE_COUNTS,  # int64 (INPUTS_LD / 4,)
    EVERY,  # int32: 0, 1, 2 …
    TARGETS,  # int64 (samples,), or float64 (samples, K)
    TARGETS_LD,  # 1, or K
    SAMPLE_WEIGHT,  # float64 (samples,) or 0
    LOSS_KIND,  # 0 softmax of classes, 1 softmax of probabilities, 2 element by element
    TERMS,  # the kernel of ℓ, or of exp_below
    SLOPES,  # that of ∂ℓ/∂o, or of log1p
    LOSS_PARAMETERS,  # float64
    DECISION,  # what counts as correct: 0 nothing, 1 largest, 2 every sign
    LOSS_SCRATCH,  # float64 (5, slice, K)
    ROW_TERMS,  # float64 (slice,)
    ROW_CORRECT,  # int64 (slice,)
    TOTALS,  # float64: loss, weight, correct, samples
    FLAT,  # the parameters as Network keeps them
    FLAT_SLOTS,  # int64 (slots,): addresses of the optimizer's vectors
    SLOTS,  # how many
    PACKED,  # parameters in panels, then the slots
    PACKED_SIZE,  # numbers from one slot to the next, in panels
    UPDATE,  # the kernel of the optimizer's formula
    UPDATE_OUTER,  # the same for gradients of rank one, or 0
    WEAK,  # float64 (steps, 2, n): the formula's coefficients, for weights and for biases
    WEAK_COUNT,
    DROPOUT_KEY,  # uint64 (1,)
    GRADIENT,  # like the packed parameters, when a batch takes several turns
    PENALTY,  # float64: sums of ½ λ w² over the samples, a block at a time; or 0
    FEW,  # whether weights are read from FLAT instead of from panels
    RESULT,  # (samples, K): what is predicted for the rows FIRST … LAST−1; 0 when training
    RESPONSE_KIND,  # what becomes of the output: 0 nothing, 1 element by element, 2 softmax
    RESPONSE,  # the kernel of the response's formula, or of exp_below
    TOPS,  # (slice, K): each row's largest logit, K times
    NETWORKS,  # how many train on these inputs, this one being the first
    NEXT,  # the descriptor of the one after this
    ABREAST,  # of how many networks, from the first on, the first layers are taken at once
    DISTANCES,  # int64 (see below, DISTANCES_LD): numbers from the first network's to each one's
    DISTANCES_LD,
    NETWORK_FIELDS,
) = range(71)

# Of one layer.
(
    FAN_IN,
    FAN_OUT,
    PANELS,
    ROWS,  # fan_in padded
    WEIGHTS,  # W in panels
    BIAS,  # padded
    TRANSPOSED,  # Wᵀ in panels; 0 for the first layer
    TRANSPOSED_PANELS,
    TRANSPOSED_ROWS,  # fan_out padded
    IN,  # A of the layer below
    IN_LD,
    Z,
    A,
    DZ,
    LD,  # numbers from row to row of Z, A and dZ
    FORWARD,  # the kernel of f, or 0 for the identity
    BACKWARD,  # that of dA ∘ f′(Z), from Z or from f′(Z) in its place
    PARAMETERS,  # float64: of the activation
    DROPPED,  # float64: dropout's rate and 1 / (1 − rate); 0 where nothing is dropped
    FLAT_WEIGHTS,  # position of W in the flat vector
    FLAT_BIAS,
    PACKED_WEIGHTS,  # position in the packed one
    PACKED_BIAS,
    COLUMN_GROUPS,  # threads stand in a grid: so many groups of columns, the rest share rows
    BY_ROWS,  # whether products with W and Wᵀ are divided by samples all the same
    LAYER_FIELDS,
) = range(26)

# Words of BARRIER, apart by a cache line: how many arrived, whether to give up, how many threads
# found a number that is not finite.
ARRIVED, ABORTED, FLAWED, BARRIER_WORDS = 0, 8, 16, 24

# A thread's scratch: words for the addresses that a formula is given, the last of them counting
# the thread's meetings; then two blocks of gradient of that many rows; then zeros as wide as both.
ADDRESSES, MEETINGS, BLOCK = 32, 31, 32

# A block of W at position p of the packed parameters has its sum of ½ λ w² at p // lanes² of
# PENALTY: blocks are at least a vector wide, and at least as many rows as it has lanes apart.

# Zeros are looked for in so many rows, or columns, at once; columns are marked by the sixteen, and
# worked on in blocks, of which two panels lie in the first-level cache.
TOGETHER, MARKED, COLUMNS_A_BLOCK = 4, 16, 128

# The rows of DISTANCES: between arrays of the first layers, and in a thread's scratch. So many
# networks are taken at once at most, with a vector each.
TO_WEIGHTS, TO_BIAS, TO_Z, TO_DZ, TO_BLOCK, NOWHERE = range(6)
ABREAST_AT_ONCE = 4

# Threads that share rows of X do so in this unit: those that are grouped by four stay together.
SHARE = 8


@dataclass(frozen=True)
class Panels:
    """A matrix (rows, columns) in panels.

    >>> panels = Panels(rows=5, columns=40, lanes=16)
    >>> panels.count, panels.padded_rows, panels.size
    (2, 16, 768)
    """

    rows: int
    columns: int
    lanes: int

    @property
    def count(self) -> int:
        """How many panels."""
        return -(-self.columns // (2 * self.lanes))

    @property
    def padded_rows(self) -> int:
        """Rows in memory."""
        return padded(self.rows, max(self.lanes, TOGETHER))

    @property
    def padded_columns(self) -> int:
        """Columns in memory."""
        return padded(self.columns, self.lanes)

    @property
    def size(self) -> int:
        """Numbers in memory."""
        return self.padded_rows * self.padded_columns


def padded(n: int, lanes: int) -> int:
    """``n`` rounded up to whole vectors."""
    return -(-n // lanes) * lanes
