"""What a written number stands for, held against decimal arithmetic."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalknet.errors import DataFormatError
from chalknet.explain.check.precision import (
    Written,
    read_floats,
    read_number,
)

numbers = st.floats(-1e12, 1e12).filter(lambda x: x == 0 or abs(x) > 1e-12)


def line(*texts, cut=False):
    read = [None if text is None else read_number(text) for text in texts]
    array = np.empty(len(texts), object)
    array[:] = read
    return Written.of(array, cut=cut)


def may_be(text, value, *, cut=False):
    return bool(line(text, cut=cut).agrees(np.array([value])).all())


def to_digits(value, digits, mode):
    """The number with so many significant digits, as text."""
    exact = Decimal(value)
    if not exact:
        return "0"
    return str(exact.quantize(Decimal((0, (1,), exact.adjusted() - digits + 1)), mode))


@given(numbers, st.integers(3, 6))
@example(0.99996, 3)
@example(42312.7, 3)
@example(-1e-9, 6)
def test_a_number_rounded_to_digits_is_right(value, digits):
    assert may_be(to_digits(value, digits, ROUND_HALF_EVEN), value)
    assert may_be(f"{value:.{digits}g}", value)


@given(numbers, st.integers(0, 6))
def test_a_number_rounded_to_decimals_is_right(value, places):
    text = str(Decimal(value).quantize(Decimal((0, (1,), -places)), ROUND_HALF_EVEN))
    if places:
        assert may_be(text, value)
        assert may_be(text.replace(".", ","), value)
        assert may_be(text.replace("-", "−"), value)


@given(numbers.filter(bool), st.integers(3, 5), st.integers(2, 9))
def test_a_number_off_in_its_last_digit_is_wrong(value, digits, off):
    exact = Decimal(value)
    unit = Decimal((0, (1,), exact.adjusted() - digits + 1))
    wrong = exact.quantize(unit, ROUND_HALF_EVEN) + off * unit
    if "E+" not in str(wrong):  # an exponent says how many digits are meant
        assert not may_be(str(wrong), value)


@given(numbers.filter(bool), st.integers(2, 6))
def test_digits_may_be_cut_off_by_whom_does_so(value, digits):
    text = to_digits(value, digits, ROUND_DOWN)
    assert may_be(text, value, cut=True)


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("1.5", [1.45, 1.5, 1.55], [1.44, 1.56]),
        ("1.50", [1.495, 1.505], [1.49, 1.51]),
        ("42", [41.95, 42.05], [41.7, 42.1]),
        ("0", [0.0005, -0.0005], [0.001, 0.3]),
        ("1", [0.9999, 1.004], [0.99, 1.1]),
        ("423", [422.6, 423.4], [422, 424]),
        ("42300", [42312, 42251], [42400, 42360]),
        ("10", [10.04], [12, 10.1]),
        ("1/3", [1 / 3], [0.3333, 0.334]),
        ("-2,50", [-2.5, -2.505], [2.5, -2.52]),
        ("1e-3", [0.0012], [0.0016]),
        ("1.079e-32", [1.0792e-32], [1.98e-32, 0.0]),
        ("33.3 %", [1 / 3], [0.334, 33.3]),
        ("1_000.5", [1000.54], [1000.6]),
    ],
)
def test_the_digits_given_count(text, right, wrong):
    assert [value for value in right if not may_be(text, value)] == []
    assert [value for value in wrong if may_be(text, value)] == []


def test_cutting_off_needs_a_sheet_that_never_rounds_up():
    assert may_be("0.66", 2 / 3, cut=True)
    assert not may_be("0.66", 2 / 3)
    assert not may_be("0.68", 2 / 3, cut=True)
    assert not may_be("0.6", 2 / 3, cut=True)  # one digit says too little
    true = np.array([2 / 3, 0.25])
    assert line("0.67", "0.25").rounds_up(true)
    assert not line("0.66", "0.25").rounds_up(true)
    assert not line("0.70", "0.25").rounds_up(true)  # that one is wrong, and tells nothing


@given(st.floats(-1e6, 1e6, width=32))
def test_single_precision_passes(value):
    assert may_be(repr(float(np.float32(value * 1.0000001))), value) or abs(value) < 1e-30


def test_a_blank_is_never_wrong():
    written = line("1", None, "3")
    assert written.agrees(np.array([1.0, 99.0, 3.0])).tolist() == [True, True, True]
    assert written.agrees(np.array([1.0, 99.0, 4.0])).tolist() == [True, True, False]
    assert written.filled(np.array([7.0, 8.0, 9.0])).tolist() == [1.0, 8.0, 3.0]


def test_what_is_not_finite_never_agrees():
    assert line("5").agrees(np.array([[np.nan], [np.inf], [5.0]])).ravel().tolist() == [
        False,
        False,
        True,
    ]


@given(st.lists(numbers, min_size=3, max_size=8), st.integers(3, 6), st.booleans())
def test_floats_have_the_digits_of_their_neighbours(values, digits, significant):
    """Rounded by a program, which writes 0.5 for 0.500."""
    if significant:
        rounded = [float(f"{value:.{digits}g}") for value in values]
    else:
        rounded = [round(value, digits) for value in values]
    read = read_floats(rounded)
    array = np.empty(len(read), object)
    array[:] = read
    assert Written.of(array).agrees(np.array(values)).all()


@pytest.mark.parametrize(
    "text", ["two", "1/0", "", "1.2.3", "1.000,5", "1,2,3", "nan", "inf", "1e400", "1 2", "0x1f"]
)
def test_what_is_no_number(text):
    with pytest.raises(DataFormatError, match=r"not a number|zero denominator|out of range"):
        read_number(text)
