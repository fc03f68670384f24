"""Points: written, from files, unsorted, doubled and damaged."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from chalknet.construct.points import EXACT_LIMIT, Points, inline_points, read_points
from chalknet.errors import (
    ChalknetError,
    ConfigurationError,
    DataFormatError,
    DataNotFoundError,
    ShapeError,
    TargetError,
)
from chalknet.explain.numerals import parse_number


def test_what_is_written_is_exact_and_what_is_measured_is_float():
    for x in ([0, 1], ["0.1", "1/3"], [Decimal("0.1"), 2], [1.0, 2.0], np.array([1, 2])):
        assert Points.of(x, [1, 2]).exact
    assert Points.of(["0.1", "1/3"], [1, 2]).x.tolist() == [Fraction(1, 10), Fraction(1, 3)]
    for x in ([0.1, 1], np.array([0.5, 2.5]), [Fraction(1, 3), 0.1]):
        assert not Points.of(x, [1, 2]).exact
        assert Points.of(x, [1, 2], "exact").exact
    assert Points.of([0.1, 1], [0, 1], "exact").x.tolist() == [Fraction(1, 10), 1]
    assert not Points.of(["1/3", "2"], [0, 1], "float64").exact
    many = np.arange(EXACT_LIMIT + 1)
    assert not Points.of(many, many).exact


def test_points_are_sorted_and_a_doubled_one_counts_once():
    points = Points.of([3, 1, 2, 1], [9, 1, 4, 1])
    assert points.x.tolist() == [1, 2, 3]
    assert points.y.tolist() == [1, 4, 9]
    assert len(points) == 3


@pytest.mark.parametrize(
    ("x", "y", "error", "sentence"),
    [
        ([1], [2], ShapeError, "a line needs two points, but there is one: give at least two"),
        ([], [], ShapeError, "but there are none"),
        ([1, 1], [2, 2], ShapeError, "but there is one"),
        ([1, 1, 2], [2, 3, 4], TargetError, "x = 1 has two values, y = 2 and y = 3"),
        ([1.5, float("nan")], [2, 3], DataFormatError, "x of point 2 is nan, but every value"),
        ([1, 2], [2.5, float("inf")], DataFormatError, "y of point 2 is inf"),
        ([1, 2], [1, 2, 3], ShapeError, "x has 2 values but y has 3: give a y for each x."),
        (["1", "two"], [1, 2], DataFormatError, "x of point 2: 'two' is not a number"),
        ([[1, 2]], [1, 2], ShapeError, "x has 1 values"),
        (np.ones((2, 2)), [1, 2], ShapeError, "x must have shape (n,), one value a point"),
        (7, [1, 2], ConfigurationError, "x must be a sequence of numbers, not 7."),
        (["0", "1e-400"], [1, 2], DataFormatError, "are one number in float64"),
    ],
)
def test_what_is_no_points_is_one_sentence(x, y, error, sentence):
    with pytest.raises(error) as caught:
        Points.of(x, y)
    assert sentence in str(caught.value)


def test_an_unknown_arithmetic_names_the_known():
    with pytest.raises(ConfigurationError, match=r"did you mean 'exact'\? Known are auto, exact"):
        Points.of([0, 1], [0, 1], "exat")


@pytest.mark.parametrize(
    "text", ["0:1 1:2.5", "0:1,1:2.5", " 0:1;  1:2.5 ", "0:1\n1:2.5", "0:1, 1:2.5"]
)
def test_inline_points_are_set_apart_by_anything(text):
    assert inline_points(text) == (["0", "1"], ["1", "2.5"])


@pytest.mark.parametrize("text", ["0:1 1", "0:1 1:2:3", "0: 1:2", "0-1"])
def test_inline_points_that_are_none(text):
    with pytest.raises(DataFormatError, match=r'points are written x:y .* as in "0:8 1:6 2:4"'):
        inline_points(text)


@pytest.mark.parametrize(
    "text",
    [
        "x,y\n0,8\n1,1/2\n",
        "0,8\n1,1/2\n",
        "\ufefftime;value\n0;8\n1;1/2",
        "# a comment\n\n0 8\n  1    1/2  \n",
        "0\t8\n1\t1/2\n",
        'id,"y",x\n7,8,0\n8,1/2,1\n',
    ],
)
def test_files_of_two_columns(text, tmp_path):
    path = tmp_path / "points.csv"
    path.write_text(text, encoding="utf-8")
    assert read_points(path) == (["0", "1"], ["8", "1/2"])


@pytest.mark.parametrize(
    ("content", "error", "sentence"),
    [
        (b"", DataFormatError, "is empty; expected two columns, x and y."),
        (b"x,y\n1,2\n3\n", DataFormatError, "line 3 has 1 value, but the first has 2 values."),
        (b"1,2,3\n", DataFormatError, "has 3 values a line; expected two columns, or ones named"),
        (b"\xff\xfe1\x00", DataFormatError, "is not text in UTF-8"),
        (None, DataNotFoundError, "cannot be read (No such file or directory)"),
    ],
)
def test_files_that_hold_no_points(content, error, sentence, tmp_path):
    path = tmp_path / "points.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error) as caught:
        read_points(path)
    assert sentence in str(caught.value)
    assert str(path) in str(caught.value)


def test_damaged_files_end_in_points_or_in_one_sentence(tmp_path):
    path = tmp_path / "points.csv"
    rng = np.random.default_rng(0)
    whole = b"x,y\n" + b"".join(b"%d,%d.5\n" % (i, 3 * i) for i in range(12))
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(rng.integers(1, 5)):
            damaged[rng.integers(len(damaged))] = rng.integers(256)
        path.write_bytes(bytes(damaged))
        try:
            points = Points.of(*read_points(path))
        except ChalknetError as error:
            assert str(error)  # noqa: PT017 - which error depends on the damage
        else:
            assert np.isfinite(points.x.astype(float)).all()


def test_written_numbers_become_the_nearest_floats():
    rng = np.random.default_rng(0)
    tops, bottoms = rng.integers(-(10**17), 10**17, 300), rng.integers(1, 10**17, 300)
    pairs = list(zip(tops.tolist(), bottoms.tolist(), strict=True))
    texts = [f"{a}/{b}" for a, b in pairs] + [f"{a},{b:018d}" for a, b in pairs]
    texts += ["-0,25", "1/04", "2", "1e-3", "1,5e2", "−3"]
    points = Points.of(range(len(texts)), texts, "float64")
    true = [float(parse_number(text)) for text in texts]
    assert points.y.tolist() == true
