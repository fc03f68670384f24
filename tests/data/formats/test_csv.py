from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalknet.data import read_dataset, read_inputs, read_split
from chalknet.data.formats.delimited import read_csv
from chalknet.errors import DataFormatError

FLOWERS = "length,width,species\n5.1,3.5,setosa\n6.2,2.9,virginica\n5.0,3.4,setosa\n"


@pytest.fixture
def write(tmp_path: Path):
    def written(text: str | bytes, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return written


def test_a_table(write) -> None:
    dataset = read_dataset(write(FLOWERS, "flowers.csv"), target="species")
    assert dataset.X.tolist() == [[5.1, 3.5], [6.2, 2.9], [5.0, 3.4]]
    assert dataset.y.tolist() == ["setosa", "virginica", "setosa"]
    assert dataset.feature_names == ("length", "width")
    assert dataset.name == "flowers"
    assert dataset.task == "classification"


@pytest.mark.parametrize(
    "text",
    [
        FLOWERS.replace("\n", "\r\n"),
        "\ufeff" + FLOWERS,
        FLOWERS.replace(",", ";"),
        FLOWERS.replace(",", "\t"),
        FLOWERS.replace(",", ";").replace(".", ","),
        FLOWERS.replace(",", "\t").replace(".", ","),
        FLOWERS.replace("setosa", '"setosa"').replace("5.1", '"5.1"'),
        FLOWERS.rstrip("\n"),
        FLOWERS.replace("\n6", "\n\n   \n6"),
        FLOWERS.replace("length,", " length , "),
    ],
)
def test_other_ways_to_write_the_same_table(text: str, write) -> None:
    dataset = read_dataset(write(text))
    assert dataset.X.tolist() == [[5.1, 3.5], [6.2, 2.9], [5.0, 3.4]]
    assert dataset.y.tolist() == ["setosa", "virginica", "setosa"]
    assert dataset.feature_names == ("length", "width")


@pytest.mark.parametrize(
    ("header", "target"),
    [("a,b,c", "c"), ("Label,b,c", "Label"), ("a,y,c", "y"), ("a,class,c", "class")],
)
def test_the_target_column_without_being_named(header: str, target: str, write) -> None:
    names = header.split(",")
    dataset = read_dataset(write(f"{header}\n0,1,0\n1,0,1\n1,1,0\n"))
    assert dataset.feature_names == tuple(name for name in names if name != target)


def test_inputs_by_name_and_in_order(write) -> None:
    path = write("a,b,c,kind\n1,2,3,x\n4,5,6,y\n")
    dataset = read_dataset(path, inputs=["c", "a"])
    assert dataset.X.tolist() == [[3, 1], [6, 4]]
    assert read_dataset(path, inputs="b").X.tolist() == [[2], [5]]
    with pytest.raises(DataFormatError, match="column 'kind' is the target"):
        read_dataset(path, inputs=["a", "kind"])


def test_a_missing_target_column_suggests_the_nearest(write) -> None:
    path = write(FLOWERS)
    with pytest.raises(DataFormatError) as caught:
        read_dataset(path, target="specie")
    assert str(caught.value) == (
        f"{path} has no column 'specie' for the target: did you mean 'species'? Its columns are "
        "'length', 'width', 'species'."
    )


def test_without_names_columns_are_numbered(write) -> None:
    dataset = read_dataset(write("5,0,255\n3,9,128\n5,1,7\n"), target="column_1")
    assert dataset.y.tolist() == [5, 3, 5]
    assert dataset.X.tolist() == [[0, 255], [9, 128], [1, 7]]
    assert dataset.feature_names == ("column_2", "column_3")


@pytest.mark.parametrize(
    ("text", "names", "rows"),
    [
        ("5.1,3.5,setosa\n6,3,virginica\n", ("column_1", "column_2"), 2),
        ("0,1\n1,0\n", ("column_1",), 2),
        ("0,1,2,label\n5,6,7,a\n7,8,9,b\n", ("0", "1", "2"), 2),
        ("0,1,2\n5,6,1\n7,8,0\n", ("0", "1"), 2),
        ("0,label\n5,a\n6,b\n", ("0",), 2),
        ("2020,2021,label\n5,6,a\n7,8,b\n", ("column_1", "column_2"), 3),
        ("a,b,1\n1,2,3\n4,5,6\n", ("a", "b"), 2),
    ],
)
def test_whether_the_first_line_names_the_columns(text: str, names, rows: int, write) -> None:
    dataset = read_dataset(write(text))
    assert dataset.feature_names == names
    assert len(dataset) == rows


@pytest.mark.parametrize(
    ("cells", "labels", "task"),
    [
        ("1 2 1", [1, 2, 1], "classification"),
        ("-1 1 -1", [-1, 1, -1], "classification"),
        ("007 7 007", ["007", "7", "007"], "classification"),
        ("+1 -1 +1", ["+1", "-1", "+1"], "classification"),
        ("yes no yes", ["yes", "no", "yes"], "classification"),
        ("1.0 2.0 1.0", [1.0, 2.0, 1.0], "regression"),
        ("1.5 2 3", [1.5, 2.0, 3.0], "regression"),
        ("1 2 x", ["1", "2", "x"], "classification"),
    ],
)
def test_what_a_target_is(cells: str, labels: list[object], task: str, write) -> None:
    rows = "\n".join(f"{i},{cell}" for i, cell in enumerate(cells.split()))
    dataset = read_dataset(write(f"a,y\n{rows}\n"))
    assert dataset.y.tolist() == labels
    assert dataset.task == task


def test_many_whole_numbers_are_a_quantity(write) -> None:
    rows = "\n".join(f"{i},{i}" for i in range(51))
    assert read_dataset(write(f"a,y\n{rows}\n")).task == "regression"
    assert read_dataset(write(f"a,y\n{rows}\n"), task="classification").n_outputs == 51
    rows = "\n".join(f"{i},{i % 50}" for i in range(100))
    assert read_dataset(write(f"a,y\n{rows}\n")).task == "classification"
    assert read_dataset(write(f"a,y\n{rows}\n"), task="regression").y.dtype == np.float64


def test_whole_floats_become_integers_when_they_are_classes(write) -> None:
    path = write("a,y\n1,1.0\n2,2.0\n3,1.0\n")
    assert read_dataset(path, task="classification").y.tolist() == [1, 2, 1]


def test_a_typing_error_in_a_quantity_is_not_taken_for_a_class(write) -> None:
    with pytest.raises(DataFormatError, match=r"'3\.O' at line 4 is not a finite number"):
        read_dataset(write("a,price\n1,2.5\n2,4.25\n3,3.O\n"))


@pytest.mark.parametrize(
    ("cell", "said"),
    [("", "is empty"), ("  ", "is empty"), ("nan", "is 'nan'"), ("inf", "is 'inf'"),
     ("1e999", "is '1e999'"), ("red", "is 'red'"), ("1_000", "is '1_000'"), ("1.2.", "is '1.2.'")],
)  # fmt: skip
def test_a_feature_that_is_no_number_is_placed(cell: str, said: str, write) -> None:
    path = write(f"a,b,kind\n1,2,x\n\n3,{cell},y\n")
    with pytest.raises(DataFormatError) as caught:
        read_dataset(path)
    assert str(caught.value) == (
        f"{path}: line 4, column 'b' {said}, but every feature must be a finite number: fill the "
        "gap, drop the row or the column, or turn categories into numbers."
    )


def test_a_bad_cell_far_down_is_placed(write) -> None:
    rows = [f"{i},{i}.5,{i % 2}" for i in range(70_000)]
    rows[54_321] = "1,oops,1"
    with pytest.raises(DataFormatError, match="line 54,323, column 'b' is 'oops'"):
        read_dataset(write("a,b,y\n" + "\n".join(rows)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a,b\n", "no rows below them"),
        ("a;b;y\n1;2\n", "line 2 has 2 cells, but there are 3 columns"),
        ("a,b\n1,2\n3\n", "line 3 has 1 cells, but there are 2 columns"),
        ("a,a\n1,2\n3,4\n", "two columns are named 'a'"),
        (",a,y\n0,1,2\n1,3,4\n", "column 1 has no name.*index=False"),
        ("y\n1\n2\n", "no column is left for the features"),
        ("a,y\n1,x\n2,\n", "column 'y' is empty at line 3"),
        ("a,y\n1,x\n2,x\n", "all 2 samples have the label 'x'"),
        ("a,y\n1,x\n2,caf\udce9\n", "line 3 is not text in UTF-8"),
        ("a,y\n1,x\0\n2,y\n", "line 2 holds a NUL byte"),
        ('a,y\n1,"x\n2,y\n', "not readable as CSV"),
        ('a,y\n1,"x"z\n2,y\n', "not readable as CSV"),
    ],
)
def test_tables_that_are_refused(text: str, message: str, write) -> None:
    with pytest.raises(DataFormatError, match=f"table.csv.*{message}"):
        read_dataset(write(text.encode(errors="surrogateescape")))


def test_utf_16_is_refused(write) -> None:
    with pytest.raises(DataFormatError, match="line 1 holds a NUL byte"):
        read_dataset(write(FLOWERS.encode("utf-16")))


def test_small_integers_cost_four_bytes_and_fractions_eight(write) -> None:
    assert read_dataset(write("a,y\n16777216,1\n-3,2\n")).X.dtype == np.float32
    assert read_dataset(write("a,y\n16777217,1\n-3,2\n")).X.dtype == np.float64
    rows = "".join(f"{i}.25,{i % 2}\n" for i in range(70_000))
    table = read_dataset(write(f"a,y\n{rows}0.1,1\n"))
    assert table.X.dtype == np.float64
    assert table.X[69_999, 0] == 69_999.25
    assert table.X[-1, 0] == 0.1


@pytest.mark.parametrize(
    "row", ["1," * 600_000 + "1\n", '"' + "x" * 2_000_000, "1" * 2_000_000, '"\n",' * 500_000]
)
def test_a_row_that_never_ends_is_refused_early(row: str, write) -> None:
    path = write("a,y\n1,x\n2,y\n" + row)
    tracemalloc.start()
    with pytest.raises(DataFormatError, match=r"not readable as CSV|belongs to a row of more than"):
        read_csv(path)
    assert tracemalloc.get_traced_memory()[1] < 64e6 + 4 * path.stat().st_size
    tracemalloc.stop()


def test_memory_stays_below_four_times_the_file(
    write, refusal: Callable[[Path], tuple[str, int]]
) -> None:
    path = write("a,b,c,d,e,f,g,h,y\n" + "1,2,3,4,5,6,7,8,9\n" * 800_000)
    message, grown = refusal(path)
    assert "all 800,000 samples have the label 9" in message
    assert grown < 64e6 + 4 * path.stat().st_size


def test_one_long_label_does_not_widen_a_million(write) -> None:
    path = write("a,y\n" + "1,x\n" * 500_000 + "1," + "z" * 999 + "\n")
    with pytest.raises(DataFormatError, match=r"labels would take 2\.0 GB"):
        read_csv(path)
    with pytest.raises(DataFormatError, match=r"1,001 characters.*free text"):
        read_csv(write("a,y\n1,x\n2," + "z" * 1001 + "\n"))


text_labels = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=20
).filter(lambda text: text.strip())


@given(st.lists(text_labels, min_size=2, max_size=20), st.sampled_from(",;\t"))
def test_any_text_labels_round_trip(tmp_path_factory, labels: list[str], separator: str) -> None:
    labels = ["first", "second", *labels]
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=separator, lineterminator="\r\n")
    writer.writerow(["a", "b", "y"])
    writer.writerows([i, i / 4, label] for i, label in enumerate(labels))
    path = tmp_path_factory.getbasetemp() / "labels.csv"
    path.write_bytes(stream.getvalue().encode())
    dataset = read_dataset(path, task="classification")
    assert dataset.y.tolist() == labels


@given(st.lists(st.integers(-(10**17), 10**17), min_size=2, max_size=20, unique=True))
def test_any_integer_labels_round_trip(tmp_path_factory, labels: list[int]) -> None:
    path = tmp_path_factory.getbasetemp() / "integers.csv"
    path.write_text("a,y\n" + "".join(f"{i},{label}\n" for i, label in enumerate(labels)))
    dataset = read_dataset(path, task="classification")
    assert dataset.y.tolist() == labels
    assert [dataset.classes[i] for i in dataset.targets] == labels


@given(
    st.lists(
        st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3),
        min_size=2,
        max_size=10,
    )
)
def test_any_finite_numbers_survive(tmp_path_factory, rows: list[list[float]]) -> None:
    path = tmp_path_factory.getbasetemp() / "floats.csv"
    lines = (f"{','.join(map(repr, row))},{i % 2}\n" for i, row in enumerate(rows))
    path.write_text("a,b,c,y\n" + "".join(lines))
    assert read_dataset(path).X.tolist() == rows


def test_a_pair_of_tables_is_a_split(write, tmp_path: Path) -> None:
    write(FLOWERS, "train.csv")
    write("species,width,length\nsetosa,1,2\n", "test.csv")
    train, test = read_split(tmp_path, target="species")
    assert test is not None
    assert test.X.tolist() == [[2, 1]]
    assert test.classes is not None
    assert test.classes.tolist() == train.classes.tolist()
    write("species,width,length\nrose,1,2\n", "test.csv")
    with pytest.raises(
        DataFormatError, match=r"test\.csv: row 0 has the label 'rose', which is no"
    ):
        read_split(tmp_path, target="species")


def test_rows_to_predict(write) -> None:
    path = write("species,width,extra,length\nrose,1,9,2\n")
    assert read_inputs(path, feature_names=("length", "width")).tolist() == [[2, 1]]
    with pytest.raises(DataFormatError, match="no column 'height' for the inputs"):
        read_inputs(path, feature_names=("height", "width"))
    plain = write("1,2\n3,4\n", "plain.csv")
    assert read_inputs(plain, feature_names=("length", "width")).tolist() == [[1, 2], [3, 4]]
    assert read_inputs(plain).tolist() == [[1, 2], [3, 4]]


def test_gzipped_tables_are_to_be_decompressed(write) -> None:
    with pytest.raises(DataFormatError, match=r"gunzip table\.csv\.gz"):
        read_dataset(write(b"\x1f\x8b", "table.csv.gz"))
