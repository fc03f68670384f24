"""How far rounding on the way may lead: who carries on rounded numbers does not err."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chalknet.explain.check.accounts import Accounts
from chalknet.explain.check.precision import Floats, Written

__all__ = ["carried_rounding"]

DRAWS = 16
FEWEST_DIGITS = 3
MOST_DIGITS = 7


def carried_rounding(accounts: Accounts, symbol: str) -> Floats:
    """By how much each entry of a line may be off because of rounding in the lines before it.

    The lines before it are worked out again ``DRAWS`` times, each of their numbers off by half a
    unit of its last digit one way or the other, unless it needs no rounding. Numbers that are not
    on the sheet are taken to have been rounded like those that are: to the same decimals where the
    sheet has but one number of them, else to as many digits as this line gives (at least three).
    The largest deviation counts. The draws are the same every time.
    """
    rng = np.random.default_rng(0)
    working, sheet, written = accounts.working, accounts.sheet, accounts.written
    digits, decimal_unit = _digits_given(sheet[symbol]), _common_unit(sheet)
    values: dict[str, Floats] = dict(working.given)
    for name in working.ancestors(symbol):
        if name in sheet:
            center = written[name]
            unit = np.nan_to_num(sheet[name].units)
        else:
            center = working.lines[name].compute(values)
            unit = np.full_like(center, decimal_unit) if decimal_unit else _unit(center, digits)
        if name not in accounts.spoiled:
            unit = np.where(_is_multiple(accounts.own[name], unit), 0.0, unit)
        values[name] = center + 0.5 * unit * rng.choice([-1.0, 1.0], (DRAWS, *written[name].shape))
    line = working.lines[symbol]
    spread = np.abs(line.compute(values) - line.compute(written))
    # Where a rounded number cannot be gone on with (log 0), nobody has gone on with it.
    finite = np.where(np.isfinite(spread), spread, 0.0)
    return np.asarray(finite.reshape(-1, *written[symbol].shape).max(axis=0))


def _is_multiple(values: Floats, unit: Floats) -> npt.NDArray[np.bool_]:
    """Where a number is written exactly with that unit of the last digit."""
    count = values / np.where(unit > 0, unit, 1.0)
    return np.asarray(np.abs(count - np.round(count)) <= 1e-9 * np.maximum(1.0, np.abs(count)))


def _digits_given(written: Written) -> int:
    """The most significant digits of any number on the line, within reason."""
    sizes, units = np.abs(written.values), written.units
    counted = (sizes > 0) & (units > 0)
    if not counted.any():
        return MOST_DIGITS if written.given.any() and (units == 0).any() else FEWEST_DIGITS
    digits = np.log10(sizes[counted] / units[counted]) + 1
    return int(np.clip(np.floor(digits.max() + 1e-9), FEWEST_DIGITS, MOST_DIGITS))


def _common_unit(sheet: dict[str, Written]) -> float:
    """The unit of the last decimal, if it is the same all over the sheet; else 0."""
    units = {
        number.unit
        for line in sheet.values()
        for number in line.numbers.ravel()
        if number is not None and ("." in number.text or "," in number.text)
    }
    return units.pop() if len(units) == 1 else 0.0


def _unit(values: Floats, digits: int) -> Floats:
    """What one more in the last of so many digits is worth."""
    sizes = np.abs(values)
    leading = np.floor(np.log10(np.where(sizes > 0, sizes, 1.0)))
    return np.where(sizes > 0, 10.0 ** (leading - digits + 1), 0.0)
