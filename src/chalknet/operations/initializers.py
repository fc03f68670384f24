"""How weights start: each layer's W (fan_in, fan_out) and b (fan_out,), drawn from one generator.

A layer draws one ``rng.normal(0, std, (fan_in, fan_out))``, or one ``rng.uniform(−limit, limit,
…)`` of that shape, in float64; a network draws its layers in order and casts afterwards. Published
experiments rely on this order, so it is a promise. Biases are zero unless the scheme says
otherwise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chalknet.errors import ConfigurationError
from chalknet.specs import format_spec, resolve

__all__ = ["INITIALIZERS", "Initializer", "as_initializer"]

Float64 = npt.NDArray[np.float64]
Draw = Callable[..., tuple[Float64, Float64]]


def _normal(
    rng: np.random.Generator, fan_in: int, fan_out: int, std: float
) -> tuple[Float64, Float64]:
    return rng.normal(0, std, (fan_in, fan_out)), np.zeros(fan_out)


def _uniform(
    rng: np.random.Generator, fan_in: int, fan_out: int, limit: float
) -> tuple[Float64, Float64]:
    return rng.uniform(-limit, limit, (fan_in, fan_out)), np.zeros(fan_out)


def he_normal(rng: np.random.Generator, fan_in: int, fan_out: int) -> tuple[Float64, Float64]:
    """W ~ N(0, 2 / fan_in).   Source: He, Zhang, Ren and Sun, ICCV 2015."""
    return _normal(rng, fan_in, fan_out, np.sqrt(2 / fan_in))


def he_uniform(rng: np.random.Generator, fan_in: int, fan_out: int) -> tuple[Float64, Float64]:
    """W ~ U(−√(6 / fan_in), √(6 / fan_in)), variance 2 / fan_in.   Source: as he_normal."""
    return _uniform(rng, fan_in, fan_out, np.sqrt(6 / fan_in))


def glorot_normal(rng: np.random.Generator, fan_in: int, fan_out: int) -> tuple[Float64, Float64]:
    """W ~ N(0, 2 / (fan_in + fan_out)).   Source: Glorot and Bengio, AISTATS 2010."""
    return _normal(rng, fan_in, fan_out, np.sqrt(2 / (fan_in + fan_out)))


def glorot_uniform(rng: np.random.Generator, fan_in: int, fan_out: int) -> tuple[Float64, Float64]:
    """W ~ U(−l, l) with l = √(6 / (fan_in + fan_out)).   Source: as glorot_normal."""
    return _uniform(rng, fan_in, fan_out, np.sqrt(6 / (fan_in + fan_out)))


def lecun_normal(rng: np.random.Generator, fan_in: int, fan_out: int) -> tuple[Float64, Float64]:
    """W ~ N(0, 1 / fan_in).   Source: LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998."""
    return _normal(rng, fan_in, fan_out, np.sqrt(1 / fan_in))


def max_fan_normal(rng: np.random.Generator, fan_in: int, fan_out: int) -> tuple[Float64, Float64]:
    """W ~ N(0, 1 / max(fan_in, fan_out)).   Source: study nyu-s25, question 4."""
    return _normal(rng, fan_in, fan_out, np.sqrt(1 / max(fan_in, fan_out)))


def normal(
    rng: np.random.Generator, fan_in: int, fan_out: int, std: float
) -> tuple[Float64, Float64]:
    """W ~ N(0, std²)."""
    return _normal(rng, fan_in, fan_out, std)


def torch_default(rng: np.random.Generator, fan_in: int, fan_out: int) -> tuple[Float64, Float64]:
    """W, then b, ~ U(−1/√fan_in, 1/√fan_in), as ``torch.nn.Linear`` starts (not its stream)."""
    limit = 1 / np.sqrt(fan_in)
    W, _ = _uniform(rng, fan_in, fan_out, limit)
    return W, rng.uniform(-limit, limit, (fan_out,))


def zeros(rng: np.random.Generator, fan_in: int, fan_out: int) -> tuple[Float64, Float64]:  # noqa: ARG001
    """W = 0, b = 0: right for a network without hidden layers, a dead start for any other."""
    return np.zeros((fan_in, fan_out)), np.zeros(fan_out)


@dataclass(frozen=True)
class Initializer:
    """A scheme that draws one layer's float64 weights and biases.

    >>> W, b = as_initializer("he_normal")(np.random.default_rng(0), 784, 256)
    >>> W.shape, b.shape, bool(abs(W.std() - (2 / 784) ** 0.5) < 1e-3)
    ((784, 256), (256,), True)
    """

    name: str
    draw: Draw
    parameter_names: tuple[str, ...] = ()
    parameters: tuple[float, ...] = ()

    def __call__(
        self, rng: np.random.Generator, fan_in: int, fan_out: int
    ) -> tuple[Float64, Float64]:
        """W (fan_in, fan_out) and b (fan_out,), float64."""
        return self.draw(rng, fan_in, fan_out, *self.parameters)

    def with_parameters(self, **values: float) -> Initializer:
        """The same scheme with other parameters: ``with_parameters(std=0.05)``."""
        if any(value < 0 for value in values.values()):
            raise ConfigurationError(
                f"initializer {self.name}: std must be ≥ 0, not {values['std']}."
            )
        known = dict(zip(self.parameter_names, self.parameters, strict=True))
        return dataclasses.replace(self, parameters=tuple((known | values).values()))

    @property
    def spec(self) -> str:
        """How the scheme is written in files and on the command line: ``normal(std=0.01)``."""
        return format_spec(self.name, dict(zip(self.parameter_names, self.parameters, strict=True)))

    def __str__(self) -> str:
        return self.spec


INITIALIZERS: dict[str, Initializer] = {
    scheme.name: scheme
    for scheme in (
        Initializer("he_normal", he_normal),
        Initializer("he_uniform", he_uniform),
        Initializer("glorot_normal", glorot_normal),
        Initializer("glorot_uniform", glorot_uniform),
        Initializer("lecun_normal", lecun_normal),
        Initializer("max_fan_normal", max_fan_normal),
        Initializer("normal", normal, ("std",), (0.01,)),
        Initializer("torch_default", torch_default),
        Initializer("zeros", zeros),
    )
}


def as_initializer(spec: str | Initializer) -> Initializer:
    """The scheme that ``spec`` names: ``"he_normal"``, ``"normal(0.01)"``, or one already made.

    Raises
    ------
    ConfigurationError
        The name is unknown (the message suggests the nearest), or the parameter does not fit.
    """
    if isinstance(spec, Initializer):
        return spec
    makers = {name: usual.with_parameters for name, usual in INITIALIZERS.items()}
    takes = {name: usual.parameter_names for name, usual in INITIALIZERS.items()}
    return resolve("initializer", spec, makers, takes)
