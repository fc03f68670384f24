"""The cross entropies: softmax for one of K classes, sigmoid for two classes or any of K labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from chalknet.errors import ShapeError, TargetError
from chalknet.operations.activations import sigmoid, softplus
from chalknet.operations.affine import Matrix
from chalknet.operations.losses.loss import ElementwiseLoss, Float64, Loss
from chalknet.operations.precision import as_float64, is_exact

__all__ = ["SigmoidCrossEntropy", "SoftmaxCrossEntropy"]


@dataclass(frozen=True)
class SoftmaxCrossEntropy(Loss):
    """One of K classes: ℓ = −Σₖ tₖ log pₖ with p = softmax(o), ∂ℓ/∂oₖ = pₖ Σⱼ tⱼ − tₖ.

    The gradient is computed as pₖ Σⱼ≠ₖ tⱼ − tₖ (1 − pₖ), which does not cancel when pₖ is near 1.

    Targets are class indices (n,), integers 0 … K−1, or rows of probabilities (n, K).
    Source: Bridle, "Probabilistic interpretation of feedforward classification network outputs",
    1990.

    >>> loss, gradient = SoftmaxCrossEntropy().value_and_grad(np.array([[2.0, 2.0, 2.0]]), [1])
    >>> abs(loss - np.log(3)) < 1e-15, gradient.round(3)
    (np.True_, array([[ 0.333, -0.667,  0.333]]))
    """

    name: ClassVar[str] = "softmax_cross_entropy"
    classifies: ClassVar[bool] = True

    def checked_targets(self, targets: npt.ArrayLike, n: int, K: int) -> npt.NDArray[Any]:
        """Class indices (n,) or probabilities (n, K)."""
        t = np.asarray(targets)
        if t.shape not in ((n,), (n, K)):
            raise ShapeError(
                f"softmax cross entropy with {n} samples and {K} outputs takes class indices "
                f"({n},) or probabilities ({n}, {K}), but targets have shape {t.shape}."
            )
        if t.ndim == 1:
            if t.dtype.kind not in "iu":
                raise TargetError(f"class indices must be integers, but targets are {t.dtype}.")
            if n and not (t.min() >= 0 and t.max() < K):
                bad = int(np.argmax((t < 0) | (t >= K)))
                raise TargetError(
                    f"target {bad} is class {t[bad]}, but {K} outputs have the classes 0 … {K - 1}."
                )
            return t
        if t.dtype.kind not in "buif" and not is_exact(t):
            raise TargetError(f"target probabilities must be numbers, but targets are {t.dtype}.")
        t = as_float64(t)
        if not (t >= 0).all() or not (np.abs(t.sum(axis=1) - 1.0) <= 1e-5).all():
            raise TargetError("each row of target probabilities must be non-negative and sum to 1.")
        return t

    def _terms(self, o: Float64, t: npt.NDArray[Any]) -> tuple[Float64, Float64]:
        terms, e = self._losses_and_exponentials(o, t)
        p = e / e.sum(axis=1, keepdims=True)
        q = _sum_of_others(p)  # 1 − pₖ = Σⱼ≠ₖ pⱼ: no digit is lost for p near 1
        if t.ndim == 2:
            return terms, p * _sum_of_others(t) - t * q
        rows = np.arange(len(o))
        p[rows, t] = -q[rows, t]
        return terms, p

    def _losses(self, o: Float64, t: npt.NDArray[Any]) -> Float64:
        return self._losses_and_exponentials(o, t)[0]

    def _losses_and_exponentials(self, o: Float64, t: npt.NDArray[Any]) -> tuple[Float64, Float64]:
        rows, largest = np.arange(len(o)), o.argmax(axis=1)
        top = o[rows, largest]
        e = _exponentials(o, top[:, None])
        # log Σ exp(o − top) = log(1 + rest): no digit is lost where the rest is small.
        rest = e.copy()
        rest[rows, largest] -= e[rows, largest]
        log_sum = np.log1p(rest.sum(axis=1))
        if t.ndim == 1:
            return top - o[rows, t] + log_sum, e
        # −log p is finite, so a class that cannot be (t = 0) has no part in the loss.
        half_gap = 0.5 * top[:, None] - 0.5 * o
        return 2.0 * (t * half_gap).sum(axis=1) + t.sum(axis=1) * log_sum, e

    def correct(self, output: Matrix, targets: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether the largest logit, the first of equals, is that of the (likeliest) target."""
        t = np.asarray(targets)
        wanted = t.argmax(axis=1) if t.ndim == 2 else t
        right: npt.NDArray[np.bool_] = output.argmax(axis=1) == wanted
        return right

    def predict(self, output: Matrix) -> Matrix:
        """softmax(o) = exp(o − max o) / Σ exp(o − max o), each row by itself."""
        e = _exponentials(output, output.max(axis=1, keepdims=True))
        p: Matrix = e / e.sum(axis=1, keepdims=True)
        return p


FARTHEST = 400.0  # exp(−800) is below the smallest float64


def exp_below(o: Any, top: Any) -> Any:
    """exp(o − top) for o ≤ top, to the last digits: exp(o) by itself overflows near 709.

    The rounding error of o − top would grow |o − top|-fold in the exponential, so it is put back
    (Knuth's TwoSum). The difference of two large numbers may overflow, that of halves cannot.
    """
    a, b = 0.5 * o, -0.5 * top
    half = a + b
    b_kept = half - a
    lost = (a - (half - b_kept)) + (b - b_kept)
    return np.exp(2.0 * np.maximum(half, -FARTHEST)) * (1.0 + 2.0 * lost)


def _exponentials(o: Matrix, top: Matrix) -> Any:
    """exp(o − top); exact numbers need no care."""
    e: Any = np.exp(o - top) if o.dtype == object else exp_below(o, top)
    return e


def _sum_of_others(x: Float64) -> Float64:
    """Σⱼ≠ₖ xⱼ for rows of non-negative numbers (n, K), with no digit lost where xₖ is the sum."""
    rows, largest = np.arange(len(x)), x.argmax(axis=1)
    without = x.copy()
    without[rows, largest] -= x[rows, largest]
    others: Float64 = x.sum(axis=1, keepdims=True) - x
    others[rows, largest] = without.sum(axis=1)
    return others


@dataclass(frozen=True)
class SigmoidCrossEntropy(ElementwiseLoss):
    """Two classes (K = 1) or any of K labels: ℓ = −t log σ(o) − (1 − t) log σ(−o).

    The gradient is ∂ℓ/∂o = σ(o) − t.

    Targets are 0 or 1 (or a probability between), (n, K), or (n,) when K = 1.
    """

    name: ClassVar[str] = "sigmoid_cross_entropy"
    classifies: ClassVar[bool] = True

    @staticmethod
    def formula(o: Any, t: Any) -> Any:
        """ℓ = t log(1 + e⁻ᵒ) + (1 − t) log(1 + eᵒ): no difference of large numbers."""
        return t * softplus(-o) + (1.0 - t) * softplus(o)

    @staticmethod
    def derivative(o: Any, t: Any) -> Any:
        """∂ℓ/∂o = (1 − t) σ(o) − t σ(−o), which is σ(o) − t without its cancellation."""
        return (1.0 - t) * sigmoid(o) - t * sigmoid(-o)

    def checked_targets(self, targets: npt.ArrayLike, n: int, K: int) -> npt.NDArray[Any]:
        """Numbers from 0 to 1, (n, K)."""
        t = super().checked_targets(targets, n, K)
        if not ((t >= 0) & (t <= 1)).all():
            raise TargetError(
                "sigmoid cross entropy takes targets 0 and 1, but one is "
                f"{t[(t < 0) | (t > 1)][0]:g}; encode two classes as 0 and 1."
            )
        return t

    def correct(self, output: Matrix, targets: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether every label of the sample is on the right side of p = ½; p > ½ decides for 1."""
        t = np.asarray(targets).reshape(output.shape)
        right: npt.NDArray[np.bool_] = ((output > 0) == (t > 0.5)).all(axis=1)
        return right

    @staticmethod
    def response(o: Any) -> Any:
        """The probability σ(o)."""
        return sigmoid(o)
