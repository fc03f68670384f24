"""Comparing a figure with the published one: to the digits printed, or with many runs."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from chalknet.studies.study import Row, Verdict

__all__ = ["agrees_to_the_digits", "compared", "in_distribution", "to_the_digits_of"]


def to_the_digits_of(published: str, value: float) -> str:
    """``value`` with as many decimals as the published figure.

    >>> to_the_digits_of("0.47", 0.4732), to_the_digits_of("8671", 8671.0)
    ('0.47', '8671')
    """
    number = Decimal(published.rstrip("%"))
    exponent = number.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    unit = "%" if published.endswith("%") else ""
    return f"{value:.{decimals}f}{unit}"


def agrees_to_the_digits(published: str, value: float, *, significant: int = 12) -> bool:
    """Whether ``value`` rounds to the published figure.

    Of figures printed with all the digits of a float64 only ``significant`` are asked for: the
    last ones depend on the order of sums, which is the processor's.

    >>> agrees_to_the_digits("0.47", 0.4732), agrees_to_the_digits("0.48", 0.4732)
    (True, False)
    """
    number = Decimal(published.rstrip("%"))
    if len(number.as_tuple().digits) > significant:
        return abs(value - float(number)) <= 10.0**-significant * max(
            abs(value), abs(float(number))
        )
    return to_the_digits_of(published, value) == published


def compared(
    table: str,
    row: str,
    published: str,
    value: float,
    *,
    significant: int = 12,
    reason: str = "",
    differs: str = "",
) -> Row:
    """The row of a figure that should agree to the digits printed.

    ``differs`` is the reason to give where it does not.
    """
    exact = agrees_to_the_digits(published, value, significant=significant)
    return Row(
        table=table,
        row=row,
        published=published,
        ours=to_the_digits_of(published, value),
        verdict=Verdict.EXACT if exact else Verdict.DIFFERS,
        reason=reason if exact else differs or "it does not agree to the digits printed",
    )


def in_distribution(
    table: str, row: str, published: str, values: Sequence[float], *, reason: str = ""
) -> Row:
    """The row of a figure of an unseeded run, among those of many runs.

    A published value is taken as one more draw: it agrees if it lies within the range of our runs
    widened by half on either side. (Ten runs leave about one draw in six outside the range itself.)
    """
    runs = np.sort(np.asarray(values, dtype=np.float64))
    value = float(Decimal(published.rstrip("%")))
    margin = 0.5 * (runs[-1] - runs[0])
    inside = runs[0] - margin <= value <= runs[-1] + margin
    low, middle, high = (
        to_the_digits_of(published, x) for x in (runs[0], np.median(runs), runs[-1])
    )
    below = int((runs < value).sum())
    place = f"{below} of {len(runs)} runs lie below the published value"
    if not runs[0] <= value <= runs[-1]:
        place += ", which is outside their range" + (", but near it" if inside else "")
    return Row(
        table=table,
        row=row,
        published=published,
        ours=f"{middle} ({low} to {high})",
        verdict=Verdict.IN_DISTRIBUTION if inside else Verdict.DIFFERS,
        reason="; ".join(filter(None, (place, reason))),
    )
