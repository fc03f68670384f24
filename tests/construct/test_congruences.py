"""First multiples with remainders in an interval, against all multiples."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from chalknet.construct.congruences import first_multiple


@st.composite
def questions(draw):
    modulus = draw(st.integers(1, 400))
    low = draw(st.integers(0, modulus - 1))
    return draw(st.integers(0, modulus - 1)), modulus, low, draw(st.integers(low, modulus - 1))


@given(questions())
def test_it_is_the_first_of_all(question):
    step, modulus, low, high = question
    expected = (j for j in range(modulus) if low <= j * step % modulus <= high)
    assert first_multiple(*question) == next(expected, None)


@given(st.integers(1, 2**110), st.integers(2, 2**110), st.integers(0, 2**110))
def test_large_numbers(step, modulus, low):
    step, low = step % modulus, low % modulus
    high = min(modulus - 1, low + modulus // 2**40)
    j = first_multiple(step, modulus, low, high)
    # All remainders are multiples of the greatest common divisor, and each of those is one.
    divisor = math.gcd(step, modulus)
    assert (j is None) == (high // divisor * divisor < low)
    assert j is None or low <= j * step % modulus <= high
