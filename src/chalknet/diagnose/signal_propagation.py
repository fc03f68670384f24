"""Signal propagation: how strong signals and gradients are in a fresh network, layer by layer.

What the theory of wide layers predicts stands beside what many freshly drawn networks show, with
the band in which the latter must fall at these widths. A network learns best when neither the
pre-activations nor the gradients vanish or explode on their way.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.diagnose.finite_width import fluctuations
from chalknet.diagnose.mean_field import MeanField, mean_field
from chalknet.diagnose.recommended_variance import Recommendation, recommended_variances
from chalknet.diagnose.signal_verdict import Verdict, gradient_verdict, signal_verdict
from chalknet.diagnose.weight_spread import weight_spread
from chalknet.errors import ConfigurationError
from chalknet.network import Network
from chalknet.operations.activations import Activation
from chalknet.operations.initializers import Initializer, as_initializer

__all__ = ["LayerSignals", "Signal", "SignalPropagation", "signal_propagation"]

Band = tuple[float, float]

# So often may one of the measured values of a network miss its band, or a single network its own.
MISSES, SINGLE_MISSES = 0.001, 0.1
MOST_PARAMETERS = 2**27  # one GiB of float64
MOST_LAYERS = 1000
TINY = 1e-290


@dataclass(frozen=True, kw_only=True)
class Signal:
    """The variance of one layer's pre-activations, or of its gradients.

    Attributes
    ----------
    predicted, measured : float
        In the limit of wide layers; over all draws, None without.
    band : (low, high) or None
        Where ``measured`` falls: in 999 of 1000 cases, every value of a network does at once. None
        without draws, or where the layers are too narrow for their depth to say.
    single : (low, high)
        Where a single network falls in 9 of 10 cases.
    """

    predicted: float
    measured: float | None
    band: Band | None
    single: Band

    @property
    def agrees(self) -> bool | None:
        """Whether the measured value is in its band; None where there is nothing to compare."""
        if self.measured is None or self.band is None or not math.isfinite(self.measured):
            return None
        low, high = self.band
        # Where squares run out of floats, at 10⁻³⁰⁸, all that can be seen is that they are tiny.
        return low <= self.measured <= high or max(self.measured, low) <= TINY


@dataclass(frozen=True)
class LayerSignals:
    """One layer, numbered from 1: its width, and the signals of z and of ∂loss/∂z.

    Pre-activations have mean 0 over weights and inputs, so their variance is E z². That of the
    gradients at the outputs is 1.
    """

    layer: int
    width: int
    forward: Signal
    backward: Signal

    def as_dict(self) -> dict[str, Any]:
        """Flat, as ``forward_predicted`` and so on; what no float can hold is None."""
        flat: dict[str, Any] = {"layer": self.layer, "width": self.width}
        for way, signal in (("forward", self.forward), ("backward", self.backward)):
            flat |= {f"{way}_{name}": _plain(value) for name, value in vars(signal).items()}
        return flat


@dataclass(frozen=True, kw_only=True)
class SignalPropagation:
    """What ``signal_propagation`` finds: one ``LayerSignals`` a layer, and what it amounts to."""

    widths: list[int]
    activation: str
    init: str
    input_variance: float
    draws: int
    layers: list[LayerSignals]
    forward: Verdict
    backward: Verdict
    recommended: list[Recommendation]

    @property
    def name(self) -> str:
        """Activation and initializer: ``relu with he_normal``."""
        return f"{self.activation} with {self.init}"

    @property
    def agrees(self) -> bool | None:
        """Whether every measured value is in its band; None where there is none to compare."""
        answers = [
            answer
            for layer in self.layers
            for answer in (layer.forward.agrees, layer.backward.agrees)
            if answer is not None
        ]
        return all(answers) if answers else None

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain numbers and text; what no float can hold is None."""
        return {
            "widths": self.widths,
            "activation": self.activation,
            "init": self.init,
            "input_variance": self.input_variance,
            "draws": self.draws,
            "forward": self.forward.as_dict(),
            "backward": self.backward.as_dict(),
            "agrees": self.agrees,
            "recommended": [one.as_dict() for one in self.recommended],
            "layers": [layer.as_dict() for layer in self.layers],
        }


def signal_propagation(
    widths: Sequence[int],
    *,
    activation: str | Activation | Sequence[str | Activation] = "relu",
    init: str | Initializer = "he_normal",
    input_variance: float = 1.0,
    draws: int = 100,
    rng: np.random.Generator | None = None,
    on_draw: Callable[[int], None] | None = None,
) -> SignalPropagation:
    """Predict and measure the variance of pre-activations and gradients, layer by layer.

    Each draw is a new network with a new input, ±√input_variance in every component at random, and
    ∂loss/∂output of ±1 at random: so inputs and gradients at the outputs are independent, have mean
    0 and a known variance, and add no noise of their own.

    Parameters
    ----------
    widths : sequence of int
        From the inputs to the outputs. The output layer has no activation.
    activation : name, Activation, or one a hidden layer
        Your own, too: the integrals are by quadrature.
    init : name or Initializer
    input_variance : float
        v².
    draws : int
        How many networks to measure; 0 for the prediction alone.
    rng : numpy.random.Generator, optional
        By default ``numpy.random.default_rng(0)``.
    on_draw : callable, optional
        Told how many networks have been measured.

    Raises
    ------
    ConfigurationError
        A width, a name or a number is wrong.

    Examples
    --------
    ReLU halves the second moment, and He's 2 / fan_in makes up for it; LeCun's 1 / fan_in does not:

    >>> for init in ("he_normal", "lecun_normal"):
    ...     found = signal_propagation([100] * 11, init=init, draws=0)
    ...     print([round(layer.forward.predicted, 4) for layer in found.layers[:4]])
    [2.0, 2.0, 2.0, 2.0]
    [1.0, 0.5, 0.25, 0.125]
    >>> print(found.backward.sentence)
    Gradients vanish: ×0.5 a layer on the way down, ×0.00391 from layer 9 to layer 1.
    """
    widths, functions, scheme = _checked(widths, activation, as_initializer(init))
    if not (math.isfinite(input_variance) and input_variance > 0):
        raise ConfigurationError(
            f"input_variance must be a finite number above 0, not {input_variance}."
        )
    if isinstance(draws, bool) or draws != int(draws) or draws < 0:
        raise ConfigurationError(f"draws must be a whole number ≥ 0, not {draws!r}.")
    spreads = [
        weight_spread(scheme, fan_in, fan_out) for fan_in, fan_out in itertools.pairwise(widths)
    ]
    field = mean_field(widths, functions, spreads, input_variance)
    measured = None
    if draws:
        rng = rng or np.random.default_rng(0)
        measured = _measured(widths, functions, scheme, input_variance, draws, rng, on_draw)
    names = list(dict.fromkeys(function.spec for function in functions))
    return SignalPropagation(
        widths=widths,
        activation="/".join(names) if names else "identity",
        init=scheme.spec,
        input_variance=input_variance,
        draws=draws,
        layers=_layers(field, measured, draws),
        forward=signal_verdict(field),
        backward=gradient_verdict(field),
        recommended=recommended_variances(widths, functions, input_variance),
    )


def _checked(
    widths: Sequence[int],
    activation: str | Activation | Sequence[str | Activation],
    scheme: Initializer,
) -> tuple[list[int], list[Activation], Initializer]:
    for width in widths:
        if isinstance(width, bool) or not isinstance(width, int | np.integer) or width < 1:
            raise ConfigurationError(f"a layer's width must be a positive integer, not {width!r}.")
    if len(widths) > MOST_LAYERS:
        raise ConfigurationError(
            f"a network of {len(widths) - 1:,} layers was asked for; at most {MOST_LAYERS:,} can "
            "be had."
        )
    widths = [int(width) for width in widths]
    if len(widths) < 2:
        raise ConfigurationError(f"widths need at least inputs and outputs, but are {widths}.")
    # A network of width 1 is made for the other checks, so that there is one set of them.
    narrow = Network.dense(
        [1] * len(widths), activation=activation, init="zeros", rng=np.random.default_rng(0)
    )
    size = sum((fan_in + 1) * fan_out for fan_in, fan_out in itertools.pairwise(widths))
    if size > MOST_PARAMETERS:
        raise ConfigurationError(
            f"a network of widths {widths[0]} … {widths[-1]} has {size:,} parameters, more than "
            f"the {MOST_PARAMETERS:,} that are drawn at once here: name narrower or fewer layers; "
            "the variances depend on the width only through the initializer."
        )
    return widths, [layer.activation for layer in narrow.layers[:-1]], scheme


def _measured(
    widths: list[int],
    functions: Sequence[Activation],
    scheme: Initializer,
    input_variance: float,
    draws: int,
    rng: np.random.Generator,
    on_draw: Callable[[int], None] | None,
) -> npt.NDArray[np.float64]:
    """Mean squares of z and ∂z over all draws (2, L)."""
    total = np.zeros((2, len(widths) - 1))
    signs = np.array([-1.0, 1.0])
    with np.errstate(all="ignore"):
        for done in range(1, draws + 1):
            network = Network.dense(
                widths, activation=functions, init=scheme, rng=rng, dtype=np.float64
            )
            X = math.sqrt(input_variance) * rng.choice(signs, (1, widths[0]))
            trace = network.forward(X)
            gradients = network.backward(trace, rng.choice(signs, (1, widths[-1])))
            total[0] += [np.square(Z).mean() for Z in trace.pre_activations]
            if np.isfinite(trace.output).all():
                total[1] += [np.square(dZ).mean() for dZ in gradients.dZ]
            else:  # beyond floats, slopes are not what they were
                total[1] = np.nan
            if on_draw is not None:
                on_draw(done)
        return total / draws


def _layers(
    field: MeanField, measured: npt.NDArray[np.float64] | None, draws: int
) -> list[LayerSignals]:
    ways = []
    deviations = _deviations(MISSES / (2 * len(field.forward)))
    single_deviations = _deviations(SINGLE_MISSES)
    limits, strays = (field.forward, field.backward), fluctuations(field)
    for row, (limit, stray) in enumerate(zip(limits, strays, strict=True)):
        means = [None] * len(limit) if measured is None else measured[row].tolist()
        ways.append(
            [
                Signal(
                    predicted=value,
                    measured=mean,
                    band=one.mean_band(value, draws, deviations) if draws else None,
                    single=one.single_band(value, single_deviations),
                )
                for value, mean, one in zip(limit, means, stray, strict=True)
            ]
        )
    return [
        LayerSignals(number, width, forward, backward)
        for number, (width, forward, backward) in enumerate(
            zip(field.widths[1:], *ways, strict=True), start=1
        )
    ]


def _deviations(misses: float) -> float:
    """How many standard deviations from its mean a Gaussian number is so seldom, to either side."""
    return -NormalDist().inv_cdf(misses / 2)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(number) for number in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
