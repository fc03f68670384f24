"""What widths that are not infinite change: how far single networks stray, and the mean with them.

Given the layer below, z has independent Gaussian components of variance K = σ_w² |a|² + σ_b², so a
sweep is a Markov chain in one number, K. Write x = log(K / q) for its distance from the wide limit
q. To first order in 1/width (all sums over the layers, as derived in docs/diagnose.md):

    x′ = s x + ½ k x² + ε        s = d log q′/d log q,  k = d² log q′/d(log q)²
    Var ε = (share)² (E f⁴/(E f²)² − 1) / N,   E ε = −½ Var ε + κ/24 · share · E[f² He₄]/E f²

with ``share`` the part of q′ that is not bias, N the width and κ the excess kurtosis of z, which is
that of the weights over N. The gradient's y = log(D / d) follows going down:

    y = y″ + u x + ½ c x² + η     u, c: as s, k, of E f′²;   Var η = (3 E f′⁴/(E f′²)² − 1) / N

where η and ε of a layer are correlated, and one effect more: W carries the signal up and the
gradient down, so the gradient has a part along a that is not random. Its size
C = (z·∂z)² / (K |∂z|²), 1 if there were no such part, follows a recursion of its own, and D is
multiplied by 1 + share · joint · (C − 1) / N.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from chalknet.diagnose.mean_field import MeanField

__all__ = ["Fluctuation", "fluctuations"]


@dataclass(frozen=True)
class Fluctuation:
    """How the mean square of one layer's signal is spread over networks: log-normal, nearly.

    Attributes
    ----------
    shift : float
        Mean of the logarithm of (mean square / wide limit).
    variance : float
        Its variance.
    skew : float
        The size of its third cumulant, which a log-normal mean square has not.
    doubt : float
        The size of what the first order leaves out, on the same scale.
    """

    shift: float = 0.0
    variance: float = 0.0
    skew: float = 0.0
    doubt: float = 0.0

    def mean_band(self, limit: float, draws: int, deviations: float) -> tuple[float, float] | None:
        """Where the mean over so many networks falls, ``deviations`` standard ones to each side.

        The mean of log-normal numbers is taken as log-normal (Fenton and Wilkinson, 1960). None
        where the layers are too narrow for their depth to say: single networks then differ by
        orders of magnitude, and the mean is that of the rarest.
        """
        doubt = self.doubt + self.skew / 6
        if not (doubt <= MOST_DOUBT and math.isfinite(limit)):
            return None
        spread = _log1p_exp(_log_expm1(self.variance) - math.log(draws))
        centre = self.shift + 0.5 * self.variance - 0.5 * spread
        reach = deviations * math.sqrt(spread) + doubt + ROUNDING
        if self.variance:
            # How much further a skew distribution reaches (Cornish and Fisher, 1938).
            reach += (deviations**2 - 1) / 6 * self.skew * spread / self.variance**2
        return limit * _exp(centre - reach), limit * _exp(centre + reach)

    def single_band(self, limit: float, deviations: float) -> tuple[float, float]:
        """Where a single network falls."""
        reach = deviations * math.sqrt(self.variance)
        return limit * _exp(self.shift - reach), limit * _exp(self.shift + reach)


ROUNDING = 1e-9
MOST_DOUBT = 0.25


@dataclass(frozen=True)
class _Link:
    """What joins layer l to the next, all of it from the moments at qₗ."""

    s: float  # d log q′/d log q
    k: float  # d² log q′/d(log q)²
    share: float
    noise: float  # Var ε
    skew: float  # the part of E ε that is due to weights that are not Gaussian
    u: float
    c: float
    gradient_noise: float  # Var η
    gradient_skew: float
    both: float  # Cov(η, ε)
    joint: float
    weighted_slope: float
    width: int
    gain: float  # q′ / (q χ), the growth of C


def fluctuations(field: MeanField) -> tuple[list[Fluctuation], list[Fluctuation]]:
    """Of the pre-activations and of the gradients, for the layers 1 … L."""
    links = _links(field)
    shifts, variances, skews, doubts = [0.0], [0.0], [0.0], [0.0]
    for link in links:
        m, t, r = shifts[-1], variances[-1], doubts[-1]
        skews.append(link.s**3 * skews[-1] + 3 * link.s**2 * link.k * t * t)
        shifts.append(link.s * m + 0.5 * link.k * (t + m * m) - 0.5 * link.noise + link.skew)
        variances.append(link.s**2 * t + link.noise)
        # The second order: of the variance 2 s k m t + ½ k² t², of the mean ½ k times that.
        second = 2 * abs(link.s * link.k * m) * t + 0.5 * (link.k * t) ** 2
        doubts.append(abs(link.s) * r * max(1.0, abs(link.s)) + 0.5 * (1 + abs(link.k)) * second)
    forward = [
        # The mean over N units of z² strays from K by another 2/N.
        Fluctuation(m - 1 / N, t + 2 / N, abs(third), r)
        for m, t, third, r, N in zip(
            shifts, variances, skews, doubts, field.widths[1:], strict=True
        )
    ]
    return forward, _backward(links, shifts, variances, skews, doubts)


def _backward(
    links: list[_Link],
    shifts: list[float],
    variances: list[float],
    skews: list[float],
    doubts: list[float],
) -> list[Fluctuation]:
    mean, coherence, slope, noise, doubt = 0.0, 1.0, 0.0, 0.0, 0.0
    found = [Fluctuation()]
    below = list(zip(links, shifts, variances, skews, doubts, strict=False))
    for link, m, t, third, r in reversed(below):
        # ``slope`` is dy/dx through all layers above, ``noise`` what their own noise adds.
        noise += link.gradient_noise + slope**2 * link.noise + 2 * slope * link.both
        aligned = math.log1p(max(link.share * link.joint * (coherence - 1) / link.width, -0.5))
        mean += link.u * m + 0.5 * link.c * (t + m * m) - 0.5 * link.gradient_noise
        mean += link.gradient_skew + aligned
        coherence = (link.weighted_slope + link.s**2 * link.gain * (coherence - 1)) / math.exp(
            aligned
        )
        slope = link.u + link.s * slope
        # Where the forward signal is in doubt, so is every gradient that has passed there.
        doubt = max(doubt + abs(link.u) * r + 0.5 * (link.c * t) ** 2, r + abs(third) / 6)
        variance = slope**2 * t + max(noise, 0.0)
        found.append(Fluctuation(mean, variance, abs(slope**3 * third), doubt))
    return found[::-1]


def _links(field: MeanField) -> list[_Link]:
    links: list[_Link] = []
    N, spread, q = field.widths[0], field.spreads[0], field.scales[0]
    signal, fourth = max(q - spread.bias_variance, 0.0), 1.0
    for number, m in enumerate(field.moments):
        # The kurtosis of a sum of N independent terms; the rest of z is bias.
        part = signal / q if q else 0.0
        kurtosis = part**2 * fourth * spread.weight_kurtosis / N
        kurtosis += (1 - part) ** 2 * spread.bias_kurtosis
        N, spread = field.widths[number + 1], field.spreads[number + 1]
        signal = N * spread.weight_variance * m.square
        above = signal + spread.bias_variance
        share = signal / above if above else 0.0
        s = share * m.square_elasticity
        chi = N * spread.weight_variance * m.slope_square
        alive = m.slope_square > 0
        links.append(
            _Link(
                s=s,
                k=0.25 * share * m.square_quartic + s - s * s,
                share=share,
                noise=share**2 * (m.fourth - 1) / N,
                skew=kurtosis / 24 * share * m.square_quartic,
                u=m.slope_elasticity,
                c=0.25 * m.slope_quartic + m.slope_elasticity - m.slope_elasticity**2,
                gradient_noise=(3 * m.slope_fourth - 1) / N if alive else 0.0,
                gradient_skew=kurtosis / 24 * m.slope_quartic,
                both=share * (m.joint - 1) / N,
                joint=m.joint,
                weighted_slope=m.weighted_slope,
                width=N,
                gain=above / q / chi if q and chi else 0.0,
            )
        )
        q, fourth = field.scales[number + 1], m.fourth
    return links


def _exp(x: float) -> float:
    return math.exp(x) if x < 709 else math.inf


def _log_expm1(x: float) -> float:
    """log(eˣ − 1), for large x too."""
    if x == 0:
        return -math.inf
    return x + math.log(-math.expm1(-x))


def _log1p_exp(x: float) -> float:
    """log(1 + eˣ), for large x too."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))
