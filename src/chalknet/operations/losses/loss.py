"""Losses: the mean data term of the objective, with its gradient beside it.

Every loss takes the network's output, one row a sample, and targets, and gives from one method

    loss = (1/Σw) Σₙ wₙ Σₖ ℓ(oₙₖ, tₙₖ)   and   ∂loss/∂o (n, K):

averaged over samples (with the sample weights w, all 1 if none are given), summed over outputs.
Terms and sums are computed in float64 whatever the dtype of the output; the gradient has the dtype
of the output; exact numbers stay exact. The cross entropies take logits, so the output layer is
then ``identity``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from chalknet.errors import ShapeError, TargetError
from chalknet.operations.affine import Matrix, Vector
from chalknet.operations.precision import as_float64, elementwise, is_exact, scalar

__all__ = ["ElementwiseLoss", "Float64", "Loss"]

Float64 = npt.NDArray[np.float64]


class Loss(ABC):
    """What the losses share: checks, weights, and the one reduction."""

    name: ClassVar[str]
    classifies: ClassVar[bool] = False

    def value_and_grad(
        self, output: Matrix, targets: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> tuple[float, Matrix]:
        """The loss and ∂loss/∂output (n, K).

        Parameters
        ----------
        output : array (n, K)
            Logits for the cross entropies, predictions otherwise.
        targets : array
            See the class. Shapes are never broadcast.
        sample_weight : array (n,), optional
            Non-negative. If all are zero, so are loss and gradient.

        Raises
        ------
        ShapeError
            The shapes do not fit.
        TargetError
            A target or a weight has a value it cannot have.
        """
        terms, slopes = self.terms(output, targets)
        if len(terms) == 0:
            raise ShapeError("a loss is a mean over samples, but output has no rows.")
        # Integers cannot hold a gradient.
        dtype = output.dtype if output.dtype.kind in "fO" else np.dtype(np.float64)
        if sample_weight is None:
            return scalar(terms.sum() / len(terms)), (slopes / len(terms)).astype(dtype)
        w = _checked_weights(sample_weight, len(terms))
        total = w.sum()
        if total == 0:
            return 0.0, np.zeros_like(output, dtype)
        return scalar((w * terms).sum() / total), (slopes * (w / total)[:, None]).astype(dtype)

    def value(
        self, output: Matrix, targets: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> float:
        """The loss alone."""
        return self.value_and_grad(output, targets, sample_weight)[0]

    def terms(self, output: Matrix, targets: npt.ArrayLike) -> tuple[Float64, Float64]:
        """Each sample's own loss Σₖ ℓ (n,) and its gradient ∂(Σₖ ℓ)/∂o (n, K), in float64."""
        if output.ndim != 2:
            raise ShapeError(f"output must have shape (n, K), but has shape {output.shape}.")
        checked = self.checked_targets(targets, *output.shape)
        return self._terms(as_float64(output), checked)

    def losses(self, output: Matrix, targets: npt.ArrayLike) -> Float64:
        """Each sample's own loss Σₖ ℓ (n,) alone, in float64: the same numbers, sooner."""
        if output.ndim != 2:
            raise ShapeError(f"output must have shape (n, K), but has shape {output.shape}.")
        checked = self.checked_targets(targets, *output.shape)
        return self._losses(as_float64(output), checked)

    @abstractmethod
    def checked_targets(self, targets: npt.ArrayLike, n: int, K: int) -> npt.NDArray[Any]:
        """Targets in the form ``_terms`` takes; ShapeError or TargetError if they do not fit."""

    @abstractmethod
    def _terms(self, o: Float64, t: npt.NDArray[Any]) -> tuple[Float64, Float64]: ...

    def _losses(self, o: Float64, t: npt.NDArray[Any]) -> Float64:
        return self._terms(o, t)[0]

    @abstractmethod
    def predict(self, output: Matrix) -> Matrix:
        """Probabilities (cross entropies) or predictions (n, K), from the network's output."""

    def correct(self, output: Matrix, targets: npt.ArrayLike) -> npt.NDArray[np.bool_] | None:  # noqa: ARG002
        """Whether the decision for each sample is right (n,); None where nothing is decided."""
        return None

    @property
    def spec(self) -> str:
        """How the loss is written in files and on the command line."""
        return self.name

    def __str__(self) -> str:
        return self.spec


class ElementwiseLoss(Loss):
    """A loss whose term is a formula of one output and one target.

    A subclass gives ``formula`` ℓ(o, t), ``derivative`` ∂ℓ/∂o and, where it is not o itself,
    ``response``, what is predicted from o: plain functions of numbers that NumPy broadcasts and a
    compiler can take. Targets are (n, K), or (n,) when K = 1.
    """

    formula: ClassVar[Any]
    derivative: ClassVar[Any]

    @staticmethod
    def response(o: Any) -> Any:
        """The output itself."""
        return o

    @property
    def parameters(self) -> tuple[float, ...]:
        """What the formulas take after o and t."""
        return ()

    def checked_targets(self, targets: npt.ArrayLike, n: int, K: int) -> npt.NDArray[Any]:
        """Finite floats (n, K)."""
        t = np.asarray(targets)
        if t.shape != (n, K) and not (K == 1 and t.shape == (n,)):
            or_flat = f" or ({n},)" if K == 1 else ""
            raise ShapeError(
                f"{self.name} with {n} samples and {K} outputs takes targets ({n}, {K}){or_flat}, "
                f"but targets have shape {t.shape}."
            )
        if t.dtype.kind not in "buif" and not is_exact(t):
            raise TargetError(f"{self.name} takes numbers as targets, not {t.dtype}.")
        t = as_float64(t.reshape(n, K))
        if not is_exact(t) and not np.isfinite(t).all():
            raise TargetError(
                f"{self.name} takes finite targets, but one is {t[~np.isfinite(t)][0]}."
            )
        return t

    def _terms(self, o: Float64, t: npt.NDArray[Any]) -> tuple[Float64, Float64]:
        slopes: Float64 = elementwise(type(self).derivative, o, t, parameters=self.parameters)
        return self._losses(o, t), slopes

    def _losses(self, o: Float64, t: npt.NDArray[Any]) -> Float64:
        terms = elementwise(type(self).formula, o, t, parameters=self.parameters)
        summed: Float64 = terms.sum(axis=1)
        return summed

    def predict(self, output: Matrix) -> Matrix:
        """The response to each output (n, K)."""
        return elementwise(type(self).response, output, parameters=())


def _checked_weights(sample_weight: npt.ArrayLike, n: int) -> Vector:
    w = np.asarray(sample_weight)
    w = w if is_exact(w) else w.astype(np.float64)
    if w.shape != (n,):
        raise ShapeError(f"sample_weight must have shape ({n},), but has shape {w.shape}.")
    if not (w >= 0).all() or not (is_exact(w) or np.isfinite(w).all()):
        raise TargetError("every sample weight must be a finite number ≥ 0.")
    return w
