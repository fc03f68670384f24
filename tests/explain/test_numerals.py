"""Numbers as people write them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalknet.errors import ChalknetError, DataFormatError
from chalknet.explain.numerals import exact_array, format_number, parse_number


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (3, Fraction(3)),
        (0.1, Fraction(1, 10)),
        ("1/3", Fraction(1, 3)),
        (" -2 / 6 ", Fraction(-1, 3)),
        ("1,5", Fraction(3, 2)),
        ("1.5", Fraction(3, 2)),
        (",5", Fraction(1, 2)),
        ("1.", Fraction(1)),
        ("1e-3", Fraction(1, 1000)),
        ("2,5E+2", Fraction(250)),
        ("0.1/0.3", Fraction(1, 3)),
        ("−7", Fraction(-7)),
        ("+4", Fraction(4)),
        (Decimal("0.25"), Fraction(1, 4)),
        (np.float32(0.5), Fraction(1, 2)),
        (np.int64(-3), Fraction(-3)),
    ],
)
def test_a_number_is_taken_exactly_as_written(written: object, meant: Fraction) -> None:
    assert parse_number(written) == meant


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        (
            "abc",
            '\'abc\' is not a number: write it as 2, -0.5, 1e-3 or, in quotes, "1/3" or "1,5".',
        ),
        ("1/0", "'1/0' has a zero denominator."),
        ("1/0.0", "'1/0.0' has a zero denominator."),
        (float("nan"), "nan is not a finite number."),
        (float("-inf"), "-inf is not a finite number."),
        ("1e309", "'1e309' is out of range: numbers reach to 1.8e308."),
        ("1e999999999", "'1e999999999' is out of range: numbers reach to 1.8e308."),
        (10**309, f"{str(10**309)[:37]}… is out of range: numbers reach to 1.8e308."),
        (
            True,
            'true is not a number: write it as 2, -0.5, 1e-3 or, in quotes, "1/3" or "1,5".',
        ),
    ],
)
def test_what_is_no_number_is_refused_in_one_sentence(written: object, sentence: str) -> None:
    with pytest.raises(DataFormatError) as error:
        parse_number(written)
    assert str(error.value) == sentence


@pytest.mark.parametrize("text", ["1.000,5", "1,000.5", "1/2/3", "", "-", "1e", "0x10", "١", "2 3"])
def test_what_could_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(DataFormatError, match="is not a number"):
        parse_number(text)


@given(st.fractions())
def test_a_fraction_survives_being_written_and_read(number: Fraction) -> None:
    import tomllib

    value = tomllib.loads(f"x = {format_number(number)}", parse_float=Decimal)["x"]
    assert parse_number(value) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_survives_being_written_and_read(number: float) -> None:
    import tomllib

    assert tomllib.loads(f"x = {format_number(number)}")["x"] == number


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_one_sentence(text: str) -> None:
    sentence = ""
    try:
        parse_number(text)
    except ChalknetError as error:
        sentence = str(error)
    assert "\n" not in sentence


def test_arrays_of_floats_stay_floats_and_others_become_fractions() -> None:
    assert exact_array(np.float32([[1, 2]])).dtype == np.float64
    mixed = exact_array(np.array([1, "1/3"], dtype=object))
    assert mixed.tolist() == [Fraction(1), Fraction(1, 3)]
    with pytest.raises(DataFormatError, match="nan is not a finite number"):
        exact_array([1.0, np.nan])
