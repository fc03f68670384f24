"""The self-check column: every row computed a second time, in another way, live.

Sums of products are checked by checksums (the sum of a row against the sums of what went into it),
activations and slopes by another formula for the same function.
"""

from __future__ import annotations

from chalknet.operations.activations import Activation
from chalknet.training.optimizers import Optimizer

__all__ = ["activation_check", "agree", "slope_check", "update_check"]

RIGHT, WRONG, NONE = "✓", "✗", "–"

# name → (Σ f(z), Σ f′(z)) over a row of pre-activations {z} with activations {a}.
_SECOND_WAYS: dict[str, tuple[str, str]] = {
    "identity": ("SUM({z})", "COUNT({z})"),
    "relu": ("(SUM({z})+SUMPRODUCT(ABS({z})))/2", "SUMPRODUCT(({z}>0)*1)"),
    "leaky_relu": (
        "SUMPRODUCT({z}*(({z}>0)+({z}<=0)*{p}))",
        "SUMPRODUCT(({z}>0)+({z}<=0)*{p})",
    ),
    "elu": (
        "SUMPRODUCT(({z}>0)*{z}+({z}<=0)*{p}*(EXP({z}*({z}<=0))-1))",
        "SUMPRODUCT(({z}>0)+({z}<=0)*({a}+{p}))",
    ),
    "gelu": (
        "SUMPRODUCT({z}*(1-NORMSDIST(-{z})))",
        "SUMPRODUCT(1-NORMSDIST(-{z})+{z}*EXP(-{z}*{z}/2)/SQRT(2*PI()))",
    ),
    "silu": (
        "SUMPRODUCT({z}*(1+TANH({z}/2))/2)",
        "SUMPRODUCT({a}+(1+TANH({z}/2))/2*(1-{a}))",
    ),
    "softplus": (
        "SUMPRODUCT(({z}+ABS({z}))/2+LN(1+EXP(-ABS({z}))))",
        "SUMPRODUCT(1-EXP(-{a}))",
    ),
    "sigmoid": ("SUMPRODUCT((1+TANH({z}/2))/2)", "SUMPRODUCT({a}*(1-{a}))"),
    "tanh": ("SUMPRODUCT(SIGN({z})*(1-2/(EXP(2*ABS({z}))+1)))", "SUMPRODUCT(1-{a}^2)"),
    "step": ("SUMPRODUCT(({z}>0)*1)", "0"),
}


def agree(total: str, other: str) -> str:
    """✓ where two ways agree to nine digits, ✗ where they do not."""
    return f'IF(ABS({total}-({other}))<=1E-9*(1+ABS({other})),"{RIGHT}","{WRONG}")'


def activation_check(activation: Activation, z: str, a: str) -> str:
    """The check of a row of activations; empty where no second formula is known."""
    return _second(activation, 0, z, a, f"SUM({a})")


def slope_check(activation: Activation, z: str, a: str, slopes: str) -> str:
    """The check of a row of slopes f′(z)."""
    return _second(activation, 1, z, a, f"SUM({slopes})")


def _second(activation: Activation, which: int, z: str, a: str, total: str) -> str:
    if activation.name not in _SECOND_WAYS:
        return ""
    parameter = repr(float(activation.parameters[0])) if activation.parameters else ""
    other = _SECOND_WAYS[activation.name][which].format(z=z, a=a, p=parameter)
    return agree(total, other)


def update_check(
    optimizer: Optimizer,
    fields: dict[str, str],
    step: int,
    rows: dict[str, str],
) -> str:
    """The check of a row of updated parameters: the step taken, put back into the rule.

    ``rows`` names the rows "old", "new", "g" and those of the slots after the step.
    """
    eta, moved, g = fields["learning_rate"], f"({rows['old']}-{rows['new']})", rows["g"]
    match optimizer.name:
        case "sgd":
            way = f"SUMPRODUCT({moved})", f"{eta}*SUM({g})"
        case "momentum":
            way = f"SUMPRODUCT({moved})", f"{eta}*SUM({rows['v']})"
        case "nesterov":
            way = f"SUMPRODUCT({moved})", f"{eta}*(SUM({g})+{fields['momentum']}*SUM({rows['v']}))"
        case "rmsprop" | "adagrad":
            scale = f"(SQRT({rows['s']})+{fields['epsilon']})"
            way = f"SUMPRODUCT({moved}*{scale})", f"{eta}*SUM({g})"
        case "adam" | "adamw":
            first, second = (f"(1-{fields[beta]}^{step})" for beta in ("beta_1", "beta_2"))
            if optimizer.name == "adamw":
                moved = f"({rows['old']}*(1-{eta}*{fields['weight_decay']})-{rows['new']})"
            scale = f"(SQRT({rows['v']}/{second})+{fields['epsilon']})"
            way = f"SUMPRODUCT({moved}*{scale})", f"{eta}*SUM({rows['m']})/{first}"
        case _:
            return ""
    return agree(*way)
