"""Rounding for display, against the decimal module."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalknet.explain.notation import Notation
from chalknet.explain.render.numbers import written

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def read_back(text: str) -> Decimal:
    """What a reader takes the text for."""
    mantissa, _, power = text.replace("−", "-").partition("·10")
    return Decimal(f"{mantissa}E{power.translate(SUPERSCRIPTS) or 0}")


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 17))
def test_a_float_is_rounded_correctly_to_its_digits(value: float, digits: int) -> None:
    shown = written(value, Notation(digits=digits))
    exact = Decimal(value)
    if not shown.rounded or digits > 15:
        # The smallest numbers are known to fewer digits.
        known = max(abs(exact) * Decimal("1.1e-13"), Decimal(math.ulp(value)) / 2)
        assert abs(read_back(shown.text()) - exact) <= known
        return
    # Digits before the decimal sign are never rounded away, so there may be more than asked for.
    shown_digits = len((shown.whole + shown.decimals).lstrip("0"))
    assert shown_digits >= digits
    context = Context(prec=shown_digits, rounding=ROUND_HALF_EVEN, Emax=999_999, Emin=-999_999)
    assert read_back(shown.text()) == context.create_decimal(exact)


@given(st.integers(-(10**50), 10**50))
def test_integers_are_shown_in_full(value: int) -> None:
    assert int(written(value, Notation(digits=1)).text().replace("−", "-")) == value


@given(st.fractions())
def test_fractions_are_shown_in_lowest_terms(value: Fraction) -> None:
    assert Fraction(written(value, Notation()).text().replace("−", "-")) == value


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_numbers_of_many_digits_lose_none(value: Decimal) -> None:
    assert read_back(written(value, Notation(digits=3)).text()) == value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (42.0, "42"),
        (-31.0, "−31"),
        (0.1 + 0.2, "0.3"),
        (0.30000004, "0.30000"),
        (1 - 4.14e-8, "1.0000"),
        (4.14e-8, "4.14·10⁻⁸"),
        (1.98e-32, "1.98·10⁻³²"),
        (2 / 3, "0.66667"),
        (-0.0, "0"),
        (60000.0, "60000"),
        (123456.789, "123457"),
        (1234567.89, "1.2346·10⁶"),
        (12345.6789, "12346"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "undefined"),
        (np.float32(0.1), "0.1"),
        (np.int64(-7), "−7"),
        (Fraction(-4, 6), "−2/3"),
        (Decimal("0.999999958600624198246091476498"), "0.999999958600624198246091476498"),
    ],
)
def test_as_people_write_numbers(value: object, shown: str) -> None:
    assert written(value, Notation(digits=5)).text() == shown


def test_the_decimal_comma_is_a_matter_of_drawing() -> None:
    assert written(-1.5, Notation()).text(",") == "−1,5"


def test_seventeen_digits_do_not_show_what_binary_made_of_a_decimal() -> None:
    assert written(0.1, Notation(digits=17)).text() == "0.1"
    assert written(1.75e-7, Notation(digits=17)).text() == "1.75·10⁻⁷"
    assert written(np.float64(0.1), Notation(digits=17)).text() == "0.1"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_at_seventeen_digits_a_float_of_numpy_is_read_back_to_the_bit(value: float) -> None:
    assert float(read_back(written(np.float64(value), Notation(digits=17)).text())) == value


def test_seventeen_digits_of_a_third_are_rounded_all_the_same() -> None:
    assert written(1 / 3, Notation(digits=17)).rounded
    assert not written(0.125, Notation(digits=17)).rounded


def test_rounded_says_whether_anything_is_missing() -> None:
    assert written(1 / 3, Notation()).rounded
    assert not written(1 / 4, Notation()).rounded
    assert not written(Fraction(1, 3), Notation()).rounded
    assert written(Decimal("0.333333333333333333333333333333"), Notation()).rounded
