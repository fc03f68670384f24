"""The losses, for the rows that a thread owns: terms, ∂loss/∂output and decisions, in float64.

Element by element losses apply their formulas (``operations/losses``) to all elements at once. The
softmax cross entropy needs sums over a row, so its rows are written out here, with the same
``exp_below`` and the same guarded sums as in ``operations/losses/cross_entropy.py``.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engine.compiled import layout as at
from chalknet.engine.compiled.compilation import INLINED, KERNEL
from chalknet.engine.compiled.gather import sample_at
from chalknet.engine.compiled.instructions import address_of, call_map, converted, pointer, shifted

__all__ = ["largest_of", "loss_of_rows", "total_weight"]

ZERO = np.float64(0)


@njit(**KERNEL)
def total_weight(D, first, n):
    """Σ w over the batch, or n."""
    if D[at.SAMPLE_WEIGHT] == 0:
        return np.float64(n)
    weights, total = pointer(D[at.SAMPLE_WEIGHT], ZERO), 0.0
    for i in range(n):
        total += weights[sample_at(D, first + i)]
    return total


@njit(**INLINED)
def _scaled(D, slope, sample, total):
    """One sample's slope in the mean: slope / n, or slope · w / Σw."""
    if D[at.SAMPLE_WEIGHT] == 0:
        return slope / total
    if total == 0.0:
        return 0.0
    return slope * (pointer(D[at.SAMPLE_WEIGHT], ZERO)[sample] / total)


@njit(**KERNEL)
def _element_rows(D, first, total, row_0, row_1, K, output, ld, slopes, addresses):
    """ℓ(o, t) and ∂ℓ/∂o of an ``ElementwiseLoss``."""
    block = D[at.SLICE] * K
    o = shifted(pointer(D[at.LOSS_SCRATCH], ZERO), row_0 * K)
    t, terms, ds = shifted(o, block), shifted(o, 2 * block), shifted(o, 3 * block)
    targets = pointer(D[at.TARGETS], ZERO)
    n = row_1 - row_0
    for i in range(n):
        sample = sample_at(D, first + row_0 + i)
        for k in range(K):
            o[i * K + k] = output[(row_0 + i) * ld + k]
            t[i * K + k] = targets[sample * K + k]
    parameters = pointer(D[at.LOSS_PARAMETERS], ZERO)
    addresses[0], addresses[1] = address_of(o, 0), address_of(t, 0)
    addresses[2] = address_of(terms, 0)
    call_map(D[at.TERMS], 1, n * K, 0, addresses, parameters)
    addresses[2] = address_of(ds, 0)
    call_map(D[at.SLOPES], 1, n * K, 0, addresses, parameters)
    row_terms = pointer(D[at.ROW_TERMS], ZERO)
    correct = pointer(D[at.ROW_CORRECT], np.int64(0))
    for i in range(n):
        sample = sample_at(D, first + row_0 + i)
        sum_of_row, all_right = 0.0, 1
        for k in range(K):
            sum_of_row += terms[i * K + k]
            if (o[i * K + k] > 0) != (t[i * K + k] > 0.5):
                all_right = 0
            slope = _scaled(D, ds[i * K + k], sample, total)
            slopes[(row_0 + i) * ld + k] = converted(slope, slopes[0])
        row_terms[row_0 + i] = sum_of_row
        correct[row_0 + i] = all_right if D[at.DECISION] == 2 else 0


@njit(**INLINED)
def largest_of(x, K):
    """The place of the largest, the first of equals.

    Without a branch, since nobody can predict which it is.
    """
    top = x[0]
    for k in range(1, K):
        top = max(top, x[k])
    place = 0
    for k in range(K - 1, -1, -1):
        place = k if x[k] == top else place
    return place


@njit(**INLINED)
def _sums(x, K, largest):
    """Σ x, and Σ x without the largest; no x is negative."""
    total, rest = 0.0, 0.0
    for k in range(K):
        total += x[k]
        rest += 0.0 if k == largest else x[k]
    return total, rest


@njit(**KERNEL)
def _softmax_rows(D, first, total, row_0, row_1, K, output, ld, slopes, addresses):
    """ℓ = −Σ tₖ log pₖ and pₖ Σⱼ≠ₖ tⱼ − tₖ (1 − pₖ) of the softmax cross entropy."""
    block = D[at.SLICE] * K
    o = shifted(pointer(D[at.LOSS_SCRATCH], ZERO), row_0 * K)
    top, e = shifted(o, block), shifted(o, 2 * block)
    rest = shifted(pointer(D[at.LOSS_SCRATCH], ZERO), 3 * block + row_0)
    log_sum = shifted(rest, D[at.SLICE])
    # Until it is known whether a decision is correct, the decision itself stands there.
    places = shifted(pointer(D[at.ROW_CORRECT], np.int64(0)), row_0)
    n = row_1 - row_0
    for i in range(n):
        for k in range(K):
            o[i * K + k] = output[(row_0 + i) * ld + k]
        places[i] = largest_of(shifted(o, i * K), K)
        largest = o[i * K + places[i]]
        for k in range(K):
            top[i * K + k] = largest
    parameters = pointer(D[at.LOSS_PARAMETERS], ZERO)
    addresses[0], addresses[1] = address_of(o, 0), address_of(top, 0)
    addresses[2] = address_of(e, 0)
    call_map(D[at.TERMS], 1, n * K, 0, addresses, parameters)
    for i in range(n):
        rest[i] = _sums(shifted(e, i * K), K, places[i])[1]
    addresses[0], addresses[1] = address_of(rest, 0), address_of(log_sum, 0)
    call_map(D[at.SLOPES], 1, n, 0, addresses, parameters)
    for i in range(n):
        sample = sample_at(D, first + row_0 + i)
        _softmax_row(
            D,
            sample,
            total,
            row_0 + i,
            K,
            shifted(o, i * K),
            shifted(e, i * K),
            log_sum[i],
            shifted(slopes, (row_0 + i) * ld),
        )


@njit(**KERNEL)
def _softmax_row(D, sample, total, row, K, o, e, log_sum, slopes):
    correct = pointer(D[at.ROW_CORRECT], np.int64(0))
    largest = correct[row]
    sum_e = _sums(e, K, largest)[0]
    for k in range(K):
        e[k] /= sum_e  # now p
    sum_p, rest_p = _sums(e, K, largest)
    row_terms = pointer(D[at.ROW_TERMS], ZERO)
    if D[at.LOSS_KIND] == 0:
        wanted = pointer(D[at.TARGETS], np.int64(0))[sample]
        row_terms[row] = o[largest] - o[wanted] + log_sum
        for k in range(K):
            slopes[k] = converted(_scaled(D, e[k], sample, total), slopes[0])
        q = rest_p if wanted == largest else sum_p - e[wanted]
        slopes[wanted] = converted(_scaled(D, -q, sample, total), slopes[0])
    else:
        t = shifted(pointer(D[at.TARGETS], ZERO), sample * K)
        wanted = largest_of(t, K)
        sum_t, rest_t = _sums(t, K, wanted)
        gap = 0.0
        for k in range(K):
            if t[k] > 0:
                gap += t[k] * (0.5 * o[largest] - 0.5 * o[k])
            q = rest_p if k == largest else sum_p - e[k]
            others = rest_t if k == wanted else sum_t - t[k]
            slope = e[k] * others - t[k] * q
            slopes[k] = converted(_scaled(D, slope, sample, total), slopes[0])
        row_terms[row] = 2.0 * gap + sum_t * log_sum
    correct[row] = 1 if wanted == largest else 0


@njit(**KERNEL)
def loss_of_rows(D, first, total, row_0, row_1, K, output, ld, slopes, addresses):
    """Terms, decisions and ∂loss/∂output of rows row_0 … row_1−1 of a slice.

    ``first`` is the number of the slice's first sample, ``total`` the batch's Σ w; ``output`` and
    ``slopes`` are (slice, ld); ``addresses`` is room for a few.
    """
    if row_0 == row_1:
        return
    if D[at.LOSS_KIND] == 2:
        _element_rows(D, first, total, row_0, row_1, K, output, ld, slopes, addresses)
    else:
        _softmax_rows(D, first, total, row_0, row_1, K, output, ld, slopes, addresses)
