"""From a network's output to what is predicted, by scikit-learn's names of output activations.

They are the responses of four losses, one object each: engines keep what they prepare by it.
"""

from __future__ import annotations

import numpy as np

from chalknet.operations.activations import softplus
from chalknet.operations.affine import Matrix
from chalknet.operations.losses import Loss, Poisson, SigmoidCrossEntropy, SoftmaxCrossEntropy

__all__ = ["LINKS", "apply", "log_probabilities", "slopes"]

LINKS: dict[str, Loss | None] = {
    "identity": None,
    "exp": Poisson(),
    "logistic": SigmoidCrossEntropy(),
    "softmax": SoftmaxCrossEntropy(),
}


def apply(link: str, output: Matrix) -> Matrix:
    """What the link makes of the output (n, K)."""
    response = LINKS[link]
    return output if response is None else response.predict(output)


def slopes(link: str, a: Matrix, k: int) -> Matrix:
    """∂aₖ/∂o (n, K) for a = link(o), from a.

    For the softmax aₖ (1 − aₖ) on the diagonal and −aₖ aⱼ beside it.
    """
    of_k = a[:, k]
    if link == "softmax":
        jacobian: Matrix = -a[:, k : k + 1] * a
        # 1 − aₖ as the sum of the others: no digit is lost where aₖ is nearly 1.
        jacobian[:, k] = of_k * np.delete(a, k, axis=1).sum(axis=1)
        return jacobian
    jacobian = np.zeros_like(a)
    if link == "identity":
        jacobian[:, k] = 1.0
    else:
        jacobian[:, k] = of_k if link == "exp" else of_k * (1 - of_k)
    return jacobian


def log_probabilities(link: str, output: Matrix, *, multilabel: bool) -> Matrix:
    """log p of each class from logits, finite however small p is; two classes have one logit."""
    if link == "softmax":
        below = output - output.max(axis=1, keepdims=True)
        logs: Matrix = below - np.log(np.exp(below).sum(axis=1, keepdims=True))
        return logs
    logits = output if multilabel else np.hstack([-output, output])
    p = apply("logistic", logits)
    # Where p is 1 to all digits its logarithm is 0, as that of what predict_proba gives.
    small = -np.asarray(softplus(-logits)).astype(output.dtype, copy=False)
    return np.where(p > 0.5, np.log(np.maximum(p, 0.5)), small)
