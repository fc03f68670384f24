"""Plots, pictures and the drawing of the network, taken apart."""

from __future__ import annotations

import base64
import io
import logging
import math
import re
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from chalknet import Dataset, Dense, Network
from chalknet.evaluation.calibration import calibration_of
from chalknet.pages import clean
from chalknet.report import plots
from chalknet.report.diagram import COLUMNS, SHOWN, diagram_of
from chalknet.report.images import NEGATIVE, POSITIVE, Pictures, weight_picture
from chalknet.report.svg import INK
from chalknet.report.wording import percent

from .conftest import NASTY


def _pixels(uri: str) -> np.ndarray:
    data = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))


def _texts(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in ET.fromstring(svg).iter("text")]


def _all_plots(name: str) -> list[str]:
    rng = np.random.default_rng(0)
    sure = rng.random(50)
    line = plots.Curve(name, [3.0, 1.0, 0.02])
    return [
        plots.curves("a", [1, 2, 3], [line], title=name, best=2),
        plots.calibration_plot("b", calibration_of(sure, sure > 0.5)),
        plots.scatter("c", sure, sure[::-1], name=name),
        plots.histogram("d", sure, name=name),
        plots.confusion_map("e", np.eye(3), [name, "b", "c"]),
    ]


@pytest.mark.parametrize("name", NASTY)
def test_any_name_may_stand_in_a_plot(name: str) -> None:
    for svg in _all_plots(name):
        root = ET.fromstring(svg)
        assert {element.tag for element in root.iter()} <= {
            "svg", "g", "path", "text", "tspan", "defs", "use", "clipPath", "rect",
        }  # fmt: skip
        assert not any(key.startswith("on") for e in root.iter() for key in e.attrib)
    assert clean(name) in _texts(_all_plots(name)[0])


@pytest.mark.parametrize("centre", [0.0, 1.0, -1e19, 1e150])
@pytest.mark.parametrize("spread", [0.0, 1e-300, 1e-9, 1.0, 600.0])
def test_residuals_that_hardly_differ_can_be_drawn(centre: float, spread: float) -> None:
    """A network that learnt nothing predicts one huge number, and floats there lie far apart."""
    residuals = centre + spread * np.linspace(-1, 1, 90)
    paths = ET.fromstring(plots.histogram("d", residuals, name="x")).iter("path")
    assert len(list(paths)) >= math.isqrt(90), "a path a bar"


def test_plots_follow_the_pages_colours_and_font() -> None:
    for svg in _all_plots("x"):
        assert not any(colour in svg for colour in INK.values())
        assert not re.search(r"#[0-9a-f]{6}\b|font-family|<style|<metadata|xmlns|http", svg)
        assert "var(--" in svg
        used = set(re.findall(r"(?:href=\"|url\()#([^\")]+)", svg))
        assert used <= set(re.findall(r'\bid="([^"]+)"', svg))


def test_plotting_leaves_matplotlib_as_it_was() -> None:
    mpl.rcParams["font.size"] = 31.0
    log = logging.getLogger("matplotlib.font_manager")
    before = dict(mpl.rcParams), log.level
    try:
        assert "31px" not in "".join(_all_plots("x"))
        assert (dict(mpl.rcParams), log.level) == before
    finally:
        mpl.rcParams["font.size"] = mpl.rcParamsDefault["font.size"]


def test_a_wide_range_of_losses_gets_a_logarithmic_scale() -> None:
    wide = plots.curves("a", [1, 2, 3], [plots.Curve("t", [3.0, 0.3, 0.03])], title="loss")
    narrow = plots.curves("a", [1, 2, 3], [plots.Curve("t", [3.0, 2.0, 1.0])], title="loss")
    zero = plots.curves("a", [1, 2, 3], [plots.Curve("t", [3.0, 0.1, 0.0])], title="loss")
    assert "log scale" in _texts(wide)
    assert "log scale" not in _texts(narrow) + _texts(zero)


def test_gaps_and_a_single_epoch_can_be_drawn() -> None:
    lines = [plots.Curve("t", [1.0, 2.0]), plots.Curve("v", [None, 1.5], second=True)]
    assert {"t", "v"} <= set(_texts(plots.curves("a", [1, 2], lines, title="loss")))
    one = plots.curves("a", [1], [plots.Curve("t", [0.9])], title="accuracy", percent=True)
    assert "1" in _texts(one)
    nothing = plots.curves("a", [1], [plots.Curve("t", [None])], title="loss")
    assert "epoch" in _texts(nothing)


def test_confusion_map_has_a_square_for_every_count() -> None:
    shares = np.array([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [0.2, 0.0, 0.8]])
    svg = plots.confusion_map("m", shares, ["a", "b", "c"])
    squares = [
        path.count("z") for path in re.findall(r'd="([^"]*)"[^>]*fill: var\(--(?:blue|orange)', svg)
    ]
    assert sum(squares) == np.count_nonzero(shares)


def test_diagram_draws_narrow_layers_whole_and_abbreviates_wide_and_deep_ones() -> None:
    rng = np.random.default_rng(0)
    small = diagram_of(Network.dense([3, 5, 2], rng=rng))
    assert [len(column.neurons) for column in small.columns] == [3, 5, 2]
    assert len(small.edges) == 3 * 5 + 5 * 2
    assert not small.abbreviated
    wide = diagram_of(Network.dense([784, 9, 10], rng=rng))
    assert [len(column.neurons) for column in wide.columns] == [SHOWN, 9, SHOWN]
    assert [column.width for column in wide.columns] == [784, 9, 10]
    deep = diagram_of(Network.dense([4] * 30, rng=rng))
    assert len(deep.columns) == COLUMNS
    assert deep.left_out == 30 - COLUMNS
    assert len(deep.gaps) == 1


def test_diagram_lines_tell_size_and_sign() -> None:
    network = Network([Dense([[2.0, -1.0], [0.0, 0.5]], [0.0, 0.0])])
    edges = diagram_of(network, output="softmax").edges
    assert [(edge.strength, edge.negative) for edge in edges] == [
        (1.0, False), (0.5, True), (0.0, False), (0.25, False),
    ]  # fmt: skip
    assert diagram_of(network, output="softmax").columns[-1].activation == "softmax"
    zero = Network([Dense([[0.0]], [0.0])])
    assert diagram_of(zero).edges[0].strength == 0.0


def test_bright_figures_on_empty_ground_are_drawn_as_ink() -> None:
    X = np.zeros((4, 6, 6), np.uint8)
    X[:, 2:4, 2:4] = 200
    pictures = Pictures.of(Dataset(X, [0, 1, 0, 1], name="d"))
    assert pictures.as_ink
    image = _pixels(pictures.uri(X[0].ravel()))
    assert image[0, 0, :3].tolist() == [255, 255, 255]
    assert image[2, 2, :3].tolist() == [0, 0, 0]


def test_photographs_keep_their_light() -> None:
    X = np.random.default_rng(0).integers(0, 256, (20, 5, 7), dtype=np.uint8)
    X[0, 0, :2] = 0, 255
    pictures = Pictures.of(Dataset(X, np.arange(20) % 2, name="d"))
    assert not pictures.as_ink
    assert (_pixels(pictures.uri(X[0].ravel()))[:, :, 0] == X[0]).all()


def test_colour_images_show_their_colours() -> None:
    X = np.random.default_rng(0).integers(0, 256, (20, 5, 7, 3), dtype=np.uint8)
    X[0, 0, 0] = 0, 255, 7
    pictures = Pictures.of(Dataset(X, np.arange(20) % 2, name="d"))
    assert (_pixels(pictures.uri(X[0].ravel()))[:, :, :3] == X[0]).all()


def test_tables_have_no_pictures() -> None:
    assert Pictures.of(Dataset(np.eye(3), [0, 1, 2], name="d")) is None


def test_weights_are_blue_or_orange_and_clear_at_zero() -> None:
    image = _pixels(weight_picture(np.array([1.0, -1.0, 0.0, 5.0]), (2, 2, 1), limit=1.0))
    flat = image.reshape(4, 4)
    assert flat[2, 3] == 0
    assert tuple(flat[0, :3]) == POSITIVE
    assert tuple(flat[1, :3]) == NEGATIVE
    assert flat[0, 3] >= 254
    assert flat[1, 3] >= 254
    assert (flat[3] == flat[0]).all(), "beyond the limit is full colour"
    half = _pixels(weight_picture(np.array([0.5, -0.5]), (1, 2, 1), limit=1.0))
    assert abs(int(half[0, 0, 3]) - 127) <= 2
    assert abs(int(half[0, 1, 3]) - 127) <= 2


def test_colour_weights_are_grey_at_zero() -> None:
    image = _pixels(weight_picture(np.array([0.0, 1.0, -1.0]), (1, 1, 3), limit=1.0))
    assert image[0, 0, 0] in {127, 128}
    assert image[0, 0, 1:3].tolist() == [255, 0]


def test_percent_never_claims_perfection_that_is_not_there() -> None:
    space = "\N{NARROW NO-BREAK SPACE}"
    assert percent(9_999 / 10_000) == f">99.9{space}%"
    assert percent(0.9994) == f"99.9{space}%"
    assert percent(1.0) == f"100{space}%"
    assert percent(0.0) == f"0{space}%"
    assert percent(1e-9) == f"<0.1{space}%"
