"""Numbers as the page writes them."""

from __future__ import annotations

import math

__all__ = ["count", "figure", "percent", "plural", "seconds"]

NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def count(number: int) -> str:
    """A whole number, its thousands set apart.

    >>> count(60000)
    '60,000'
    """
    return f"{number:,}"


def plural(number: int, noun: str, nouns: str | None = None) -> str:
    """A number with its noun.

    >>> plural(1, "epoch"), plural(12, "epoch"), plural(2, "class", "classes")
    ('1 epoch', '12 epochs', '2 classes')
    """
    return f"{count(number)} {noun if number == 1 else nouns or noun + 's'}"


def percent(share: float, digits: int = 1) -> str:
    """A share as per cent, never rounded up to a whole 100 or down to 0 that it is not.

    >>> [percent(share).replace(NARROW_SPACE, " ") for share in (0.8812, 0.99996, 1.0, 0.00001)]
    ['88.1 %', '>99.9 %', '100 %', '<0.1 %']
    """
    if not math.isfinite(share):
        return "–"
    step = 10.0**-digits
    if share in (0.0, 1.0):
        return f"{share * 100:.0f}{NARROW_SPACE}%"
    if round(share * 100, digits) >= 100 and share < 1:
        return f">{100 - step:.{digits}f}{NARROW_SPACE}%"
    if round(share * 100, digits) <= 0 < share:
        return f"<{step:.{digits}f}{NARROW_SPACE}%"
    return f"{share * 100:.{digits}f}{NARROW_SPACE}%"


def figure(value: float | None, digits: int = 4) -> str:
    """A number with ``digits`` significant digits, powers of ten as on paper.

    >>> [figure(value) for value in (0.083451, -12345.678, 3.2e-7, 0.0, None)]
    ['0.08345', '−12,346', '3.2 × 10⁻⁷', '0', '–']
    """
    if value is None or math.isnan(value):
        return "–"
    sign, size = (MINUS if value < 0 else ""), abs(value)
    if math.isinf(size):
        return f"{sign}∞"
    if size == 0:
        return "0"
    if size < 1e-4 or size >= 1e9:
        mantissa, exponent = f"{size:.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{sign}{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    if size >= 10 ** (digits - 1):
        return f"{sign}{size:,.0f}"
    return f"{sign}{size:.{digits}g}"


def seconds(duration: float) -> str:
    """A time span at a glance.

    >>> [seconds(t).replace(NARROW_SPACE, " ") for t in (0.0424, 1.26, 75, 4000)]
    ['42 ms', '1.3 s', '1 min 15 s', '1 h 6 min']
    """
    if duration < 0.9995:
        return f"{duration * 1000:.0f}{NARROW_SPACE}ms"
    if duration < 59.95:
        return f"{duration:.1f}{NARROW_SPACE}s"
    whole = round(duration)
    if whole < 3600:
        return f"{whole // 60}{NARROW_SPACE}min {whole % 60}{NARROW_SPACE}s"
    return f"{whole // 3600}{NARROW_SPACE}h {whole % 3600 // 60}{NARROW_SPACE}min"
