"""Sums and products that lose nothing, against fractions."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from chalknet.construct.double_double import (
    added,
    divided,
    multiplied,
    two_product,
    two_sum,
)

floats = st.floats(-1e100, 1e100).filter(lambda x: x == 0 or abs(x) > 1e-100)


def exact(pair):
    return Fraction(pair[0]) + Fraction(pair[1])


@given(floats, floats)
def test_a_sum_and_a_product_lose_nothing(a, b):
    assert exact(two_sum(a, b)) == Fraction(a) + Fraction(b)
    assert exact(two_product(a, b)) == Fraction(a) * Fraction(b)


@given(floats, floats, floats.filter(bool), floats)
def test_pairs_keep_thirty_digits(a, b, c, d):
    p, q = two_sum(a, b * 1e-17), two_sum(c, d * 1e-17)
    tiny = Fraction(1, 2**98)
    for got, true in (
        (multiplied(p, q), exact(p) * exact(q)),
        (divided(p, q), exact(p) / exact(q) if exact(q) else None),
    ):
        if true is not None and q[0]:
            assert abs(exact(got) - true) <= tiny * abs(true)
    largest = max(abs(exact(p)), abs(exact(q)))
    assert abs(exact(added(p, q)) - exact(p) - exact(q)) <= tiny * largest
