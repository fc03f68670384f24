"""The derivations by name."""

from __future__ import annotations

import importlib

from chalknet.errors import unknown_name
from chalknet.explain.notation import Notation
from chalknet.explain.steps import Explanation
from chalknet.operations.activations import ACTIVATIONS

__all__ = ["DERIVATIONS", "derive"]

# Name → (module, function, what is derived), in the order in which one would teach them.
DERIVATIONS: dict[str, tuple[str, str, str]] = {
    "squared-norm": ("squares", "squared_norm", "∇‖x‖² = 2x"),
    "mean-minimises-squares": (
        "squares",
        "mean_minimises_squares",
        "Σ‖xᵢ − μ‖² is least at μ = mean",
    ),
    "squared-error-gradient": ("squares", "squared_error_gradient", "∇Σ(y − f)² = −2 Σ (y − f) ∇f"),
    "absolute-error-subgradient": (
        "squares",
        "absolute_error_subgradient",
        "Xᵀ sign(Xw − y) is a subgradient of ‖Xw − y‖₁",
    ),
    "chain-rule-affine": (
        "backpropagation",
        "chain_rule_affine",
        "dW = Xᵀ dZ, db = Σ dZ, dX = dZ Wᵀ",
    ),
    **{
        f"{name.replace('_', '-')}-derivative": ("activations", name, f"f′ of {name}")
        for name in ACTIVATIONS
    },
    "sigmoid-cross-entropy": ("cross_entropies", "sigmoid_cross_entropy", "∂ℓ/∂z = σ(z) − t"),
    "softmax-jacobian": ("cross_entropies", "softmax_jacobian", "∂pₖ/∂sⱼ = pₖ (δₖⱼ − pⱼ)"),
    "softmax-cross-entropy": ("cross_entropies", "softmax_cross_entropy", "∂C/∂s = p − y"),
    "backpropagation": ("backpropagation", "backpropagation", "the four equations"),
    "variance-forward": ("initialization", "variance_forward", "Var[a] = n_in σ² v²"),
    "variance-relu": (
        "initialization",
        "variance_relu",
        "E[y] = s/√(2π), E[y²] = s²/2, and σ² = 2/n_in",
    ),
    "variance-backward": ("initialization", "variance_backward", "Var[∂x] = n_out σ² g²"),
    "glorot": ("initialization", "glorot", "σ² = 2/(n_in + n_out)"),
    "momentum-as-ema": ("optimizers", "momentum_as_ema", "v = EMA of the gradients / (1 − μ)"),
    "adam-bias-correction": ("optimizers", "adam_bias_correction", "E[mₜ] = (1 − βᵗ) E[g]"),
}


def derive(name: str, *, notation: Notation | None = None) -> Explanation:
    """Derive a result, line by line, each line verified as it is written.

    Parameters
    ----------
    name : str
        One of ``DERIVATIONS``; underscores may stand for hyphens.
    notation : Notation, optional
        How it is to be written.

    Returns
    -------
    Explanation
        Every step that claims something carries two checks: proved by computer algebra, and
        computed at random points in 30 digits.

    Raises
    ------
    ConfigurationError
        There is no derivation of that name.
    VerificationError
        A line is not true: a defect of chalknet, and nothing is shown.

    >>> [step.title for step in derive("squared-norm").steps]
    ['The norm written out', 'One entry of the gradient', 'The gradient']
    """
    key = name.lower().replace("_", "-")
    if key not in DERIVATIONS:
        raise unknown_name("derivation", name, DERIVATIONS)
    module, function, _ = DERIVATIONS[key]
    home = importlib.import_module(f"chalknet.derive.{module}")
    made: Explanation = getattr(home, function)().explanation(notation)
    return made
