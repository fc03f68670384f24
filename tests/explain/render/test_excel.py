"""The live workbook: LibreOffice computes what chalknet computes, whatever number is changed."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from chalknet.errors import ConfigurationError
from chalknet.explain.problem import Layer, Problem
from chalknet.explain.render.excel import write_table, write_workbook
from chalknet.explain.solution import solve
from chalknet.operations.activations import ACTIVATIONS, Activation
from chalknet.operations.losses import Huber, Loss
from chalknet.training.optimizers import OPTIMIZERS, SGD

ORDINARY = {
    *("ABS", "AND", "AVERAGE", "COUNT", "COUNTIF", "EXP", "IF", "IFERROR", "INT", "LN", "MAX"),
    *("MIN", "NORMSDIST", "OR", "PI", "SIGN", "SQRT", "SUM", "SUMPRODUCT", "SUMSQ", "SUMXMY2"),
    "TANH",
}
VERDICT = "FF1B7F3B"
LOSSES = (
    "softmax_cross_entropy",
    "sigmoid_cross_entropy",
    "mean_squared_error",
    "half_squared_error",
    "absolute_error",
    "huber",
    "poisson",
)


# Networks ----------------------------------------------------------------------------------------


def structure(number: int) -> dict[str, Any]:
    """The structure of random network ``number``: every activation, loss and optimizer comes up."""
    rng = np.random.default_rng([7, number])
    widths = [int(w) for w in rng.integers(1, 5, size=int(rng.integers(2, 5)))]
    names = list(itertools.islice(itertools.cycle(ACTIVATIONS), number, number + len(widths) - 2))
    loss = LOSSES[number % len(LOSSES)]
    optimizers = list(OPTIMIZERS.values())
    return {
        "widths": widths,
        "activations": [*names, "tanh" if number % 5 == 4 else "identity"],
        "loss": Huber(0.5) if loss == "huber" else loss,
        "optimizer": optimizers[number % len(optimizers)],
        "n": 1 if number % 3 == 0 else int(rng.integers(2, 4)),
        "weighted": number % 4 == 1,
        "l2": number % 4 == 2,
        "steps": 1 + number % 3,
    }


def drawn(shape: dict[str, Any], seed: int) -> Problem:
    """A problem of that structure with numbers of its own."""
    rng = np.random.default_rng(seed)
    n, widths, name = shape["n"], shape["widths"], str(shape["loss"]).partition("(")[0]
    layers = [
        Layer(
            weights=rng.normal(size=(above, below)).round(3),
            bias=rng.normal(size=above).round(3),
            activation=f,
        )
        for below, above, f in zip(widths[:-1], widths[1:], shape["activations"], strict=True)
    ]
    targets = rng.normal(size=(n, widths[-1])).round(3)
    if name == "softmax_cross_entropy":
        targets = np.eye(widths[-1])[rng.integers(widths[-1], size=n)]
    elif name == "sigmoid_cross_entropy":
        targets = rng.integers(2, size=targets.shape).astype(float)
    elif name == "poisson":
        targets = rng.integers(5, size=targets.shape).astype(float)
    optimizer = shape["optimizer"](learning_rate=round(rng.uniform(0.01, 0.2), 3))
    return Problem(
        layers=layers,
        inputs=rng.normal(size=(n, widths[0])).round(3),
        targets=targets,
        loss=shape["loss"],
        optimizer=optimizer,
        sample_weight=rng.uniform(0.5, 2, size=n).round(2) if shape["weighted"] else None,
        l2=round(rng.uniform(0.1, 0.5), 2) if shape["l2"] else 0,
    )


# A workbook, read and changed without our own code -----------------------------------------------


def blocks(sheet: Any) -> dict[str, Any]:
    """Every titled block of a sheet, by its title: rows of cells."""
    found: dict[str, Any] = {}
    rows = list(sheet.iter_rows())
    for number, row in enumerate(rows):
        if number < 2 or not row[0].font.bold or row[0].font.color.rgb == VERDICT:
            continue
        cells = []
        for below in rows[number + 1 :]:
            if below[1].value is None:
                break
            line = list(itertools.takewhile(lambda c: c.value is not None, below[1:]))
            cells.append(line)
        found[row[0].value] = cells
    return found


def fill(sheet: Any, problem: Problem) -> None:
    """Put another problem's numbers into the yellow cells."""
    given = {"inputs x": problem.inputs, "targets": problem.targets}
    if problem.sample_weight is not None:
        given["sample weights"] = problem.sample_weight[:, None]
    if problem.l2:
        given["L2 penalty"] = np.array([[problem.l2]])
    given[problem.optimizer.name] = np.array([list(vars(problem.optimizer).values())])
    for number, layer in enumerate(problem.layers, 1):
        given[f"weights W{number}"] = layer.weights
        given[f"biases b{number}"] = layer.bias[None]
    found = blocks(sheet)
    assert set(found) == set(given)
    for title, values in given.items():
        for line, row in zip(found[title], values, strict=True):
            for cell, value in zip(line, row, strict=True):
                cell.value = float(value)


def recalculated(files: list[Path], folder: Path) -> list[Any]:
    """The workbooks as LibreOffice computes them."""
    if shutil.which("soffice") is None:
        if "CI" in os.environ:
            pytest.fail("LibreOffice is needed: apt-get install libreoffice-calc-nogui")
        pytest.skip("LibreOffice is not installed")
    subprocess.run(
        [
            *("soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless"),
            *("--convert-to", "xlsx", "--outdir", str(folder / "out"), *map(str, files)),
        ],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return [openpyxl.load_workbook(folder / "out" / file.name, data_only=True) for file in files]


def shown(book: Any, problem: Problem, steps: int) -> dict[str, np.ndarray]:
    """Every number in the sheets of the passes, by the symbol that its title begins with."""
    values = {}
    for step in range(1, steps + 1):
        tail, at = ("", "") if step == 1 else (f" {step}", f"@{step}")
        for name in ("Forward", "Backward", "Update"):
            for title, cells in blocks(book[f"{name}{tail}"]).items():
                symbol = re.match(
                    r"(dz\d+|da\d+|dW\d+|db\d+|z\d+|a\d+|p|[Wb]\d+ new|loss$)\b|\w+ of", title
                )
                if title == "loss":
                    key = "loss"
                elif symbol is None:
                    continue
                elif title.endswith("new"):
                    key = title.replace(" ", "_")
                elif " of " in title and re.fullmatch(r"\w+ of [Wb]\d+", title):
                    key = title.replace(" of ", "_")
                elif symbol[1] is None:
                    continue
                else:
                    key = symbol[1]
                rows = [[c.value for c in line if not isinstance(c.value, str)] for line in cells]
                values[key + at] = np.array(rows, dtype=float)
    return values


def compare(book: Any, problem: Problem, steps: int) -> None:
    truth = solve(problem, steps=steps).values
    values = shown(book, problem, steps)
    for key, value in values.items():
        right = np.atleast_2d(np.asarray(truth[key], dtype=float))
        scale = max(1.0, float(np.abs(right).max()))
        assert np.abs(value - right).max() <= 1e-9 * scale, key
    wanted = {
        key for key in truth if re.match(r"(z|a|dz|da|dW|db)\d|p$|p@|loss|[mvs]_|\w\d_new", key)
    }
    assert {k for k in wanted if not k.startswith("losses") and "hat" not in k} <= set(values)


# Tests -------------------------------------------------------------------------------------------


def test_libreoffice_follows_every_change_in_fifty_random_networks(tmp_path: Path) -> None:
    """The numbers of one network are put into the workbook of another of the same structure."""
    files, changed = [], []
    for number in range(50):
        shape = structure(number)
        first, second = drawn(shape, 2 * number), drawn(shape, 2 * number + 1)
        path = write_workbook(tmp_path / f"{number}.xlsx", first, steps=shape["steps"])
        cached = openpyxl.load_workbook(path, data_only=True)
        compare(cached, first, shape["steps"])
        book = openpyxl.load_workbook(path)
        fill(book["Network"], second)
        book.save(path)  # without any value: LibreOffice must compute them all
        files.append(path)
        changed.append((second, shape["steps"]))
    for book, (problem, steps) in zip(recalculated(files, tmp_path), changed, strict=True):
        compare(book, problem, steps)
        marks = [c.value for s in book for row in s.iter_rows() for c in row]
        assert "✗" not in marks
        assert marks.count("✓") > 3
        assert "✓ every line checks" in marks


def test_a_wrong_cell_shows_in_the_self_check(tmp_path: Path) -> None:
    """Somebody overwrites a formula by a number: the row's check and the verdict tell."""
    problem = drawn(structure(7), 1)
    path = write_workbook(tmp_path / "wrong.xlsx", problem)
    book = openpyxl.load_workbook(path)
    victims = {"Forward": "z1 =", "Backward": "dW1 =", "Update": "W1 new"}
    for name, title in victims.items():
        (cells,) = [c for t, c in blocks(book[name]).items() if t.startswith(title)]
        cells[0][0].value = 123.0
    book.save(path)
    (read,) = recalculated([path], tmp_path)
    for name in victims:
        assert "✗" in [c.value for row in read[name].iter_rows() for c in row]
    verdicts = [row[0].value for row in read["Network"].iter_rows(max_row=4)]
    assert any(re.fullmatch(r"✗ [1-9]\d* lines do not check", str(text)) for text in verdicts)


D1 = (range(13), (8, 6, 4, 2, 0, 2, 4, 2, 0, 2, 4, 6, 8))
D2 = (range(11), (0, 1, 2, 3, 2, 1, 2, 3, 4, 5, 6))
# The weights that the second submission of nyu-f23 printed, with its residuals.
PRINTED = {
    "D1": (
        D1,
        "-7.82455998e-01 -5.16665284e-01 1.32120087e+00 -3.55189485e+00 6.25964798e+00 "
        "3.09863545e+00 -1.05696070e+01 1.42169031e+01 2.55605428e+00 -7.76233237e+00 "
        "1.51377436e+00 1.12912342e+00 2.69958647e-11",
    ),
    "D2": (
        D2,
        "-0.35614338 0.05176055 0.04679073 4.26739128 1.06854914 0.69438611 0.33182292 "
        "-21.3355306 -5.61759265 -20.45828289 1.24519253 0.46882705 19.79543786",
    ),
}


@pytest.mark.parametrize("name", PRINTED)
def test_the_sheet_of_the_published_fits(name: str, tmp_path: Path) -> None:
    """Laid out as both submissions did by hand, and live."""
    (x, y), printed = PRINTED[name]
    numbers = [float(text) for text in printed.split()]
    problem = Problem(
        layers=[
            Layer(
                weights=np.array(numbers[:4])[:, None],
                bias=np.array(numbers[4:8]),
                activation="relu",
            ),
            Layer(weights=np.array(numbers[8:12])[None], bias=np.array(numbers[12:])),
        ],
        inputs=np.array(x, float)[:, None],
        targets=np.array(y, float)[:, None],
        loss="mean_squared_error",
    )
    path = write_table(tmp_path / "fit.xlsx", problem)
    book = openpyxl.load_workbook(path)
    heads = [cell.value for cell in book["Table"][3]][1:]
    hidden = [f"{kind}{k}" for kind in ("Z", "ReLU") for k in (1, 2, 3, 4)]
    assert heads == ["x", *hidden, "output", "prediction", "target", "error"]
    book.save(path)
    (read,) = recalculated([path], tmp_path)
    rows = [[c.value for c in row[1:]] for row in read["Table"].iter_rows(min_row=4)]
    table = np.array(rows, dtype=float)
    assert np.array_equal(table[:, 0], x)
    assert np.array_equal(table[:, 11], y)
    by_hand = np.array(
        [
            numbers[12]
            + sum(numbers[8 + k] * max(0.0, numbers[k] * point + numbers[4 + k]) for k in range(4))
            for point in x
        ]
    )
    assert np.abs(table[:, 10] - by_hand).max() <= 1e-9
    assert np.abs(table[:, 12]).max() <= 2e-6  # the weights were printed with nine digits


def test_only_ordinary_functions(tmp_path: Path) -> None:
    for number in range(14):
        path = write_workbook(tmp_path / "f.xlsx", drawn(structure(number), 0), steps=2)
        with zipfile.ZipFile(path) as archive:
            assert not [name for name in archive.namelist() if "vba" in name.lower()]
            sheets = [archive.read(n).decode() for n in archive.namelist() if "worksheets/" in n]
        formulas = re.findall(r"<f>(.*?)</f>", "".join(sheets))
        used = {f for text in formulas for f in re.findall(r"([A-Z][A-Z0-9]+)\(", text)}
        assert len(formulas) > 20
        assert used <= ORDINARY
        assert not re.search(r'<f t="array"', "".join(sheets))


def test_user_text_is_never_a_formula(tmp_path: Path) -> None:
    nasty = '=HYPERLINK("http://example.org","x")'
    evil = Activation("=1+1", lambda z: z * z, lambda z: 2.0 * z)
    problem = Problem(
        layers=[Layer(weights=[[2]], bias=[1], activation=evil)], inputs=[3], title=nasty
    )
    path = write_workbook(tmp_path / "nasty.xlsx", problem)
    book = openpyxl.load_workbook(path)
    assert book["Network"]["A1"].value == nasty
    assert book["Network"]["A1"].data_type == "s"
    texts = [c for s in book for row in s.iter_rows() for c in row if c.data_type == "f"]
    assert not any("HYPERLINK" in str(c.value) or "1+1" in str(c.value) for c in texts)


def test_an_activation_of_your_own_comes_along(tmp_path: Path) -> None:
    cube = Activation("cube", lambda z: z * z * z, lambda z: 3.0 * z * z)
    problem = Problem(
        layers=[
            Layer(weights=[["1/3", -2]], bias=["1/7"], activation=cube),
            Layer(weights=[[2]], bias=[0]),
        ],
        inputs=[3, 1],
        targets=[1],
        loss="half_squared_error",
        optimizer=SGD(learning_rate=0.01),
    )
    path = write_workbook(tmp_path / "own.xlsx", problem)
    cells = openpyxl.load_workbook(path)["Network"]
    assert "=1/3" in [c.value for row in cells.iter_rows() for c in row]  # not 0.33333
    book = openpyxl.load_workbook(path)
    book.save(path)
    (read,) = recalculated([path], tmp_path)
    z = Fraction(1, 3) * 3 - 2 + Fraction(1, 7)
    error = 2 * z**3 - 1
    (dz1,) = [c for t, c in blocks(read["Backward"]).items() if t.startswith("dz1")]
    assert dz1[0][0].value == pytest.approx(float(error * 2 * 3 * z * z), rel=1e-12)


def test_the_same_problem_makes_the_same_file(tmp_path: Path) -> None:
    problem = drawn(structure(5), 3)
    first = write_workbook(tmp_path / "a.xlsx", problem).read_bytes()
    assert write_workbook(tmp_path / "b.xlsx", problem).read_bytes() == first


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    class Odd(Loss):
        name = "odd"

        def checked_targets(self, targets: Any, n: int, K: int) -> Any:
            return np.asarray(targets, float).reshape(n, K)

        def _terms(self, o: Any, t: Any) -> Any:
            return ((o - t) ** 4).sum(axis=1), 4 * (o - t) ** 3

        def predict(self, output: Any) -> Any:
            return output

    def problem(loss: Any, activation: Any) -> Problem:
        layer = Layer(weights=[[1.0]], bias=[0.0], activation=activation)
        return Problem(layers=[layer], inputs=[1.0], targets=[0.0], loss=loss)

    with pytest.raises(ConfigurationError, match="odd cannot be written as spreadsheet formulas"):
        write_workbook(tmp_path / "x.xlsx", problem(Odd(), "identity"))
    branching = Activation("branching", lambda z: np.sort(z) + 0, lambda z: z)
    with pytest.raises(ConfigurationError, match="branching cannot be written as a spreadsheet"):
        write_workbook(tmp_path / "x.xlsx", problem("mean_squared_error", branching))
    wide = Problem(layers=[Layer(weights=np.ones((1, 17_000)), bias=[0.0])], inputs=np.ones(17_000))
    with pytest.raises(ConfigurationError, match=r"17,000 columns, more than .* smaller network"):
        write_workbook(tmp_path / "x.xlsx", wide)
    assert not list(tmp_path.iterdir())
