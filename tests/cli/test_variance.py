"""chalknet variance: its figures, its words, its plots."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from chalknet.diagnose.signal_propagation import signal_propagation


def test_json_has_every_layer(chalknet):
    result = chalknet("variance", "30,40x4,10", "--activation", "tanh", "--draws", 12, "--json")
    assert result.status == 0, result.err
    found = result.last
    assert found["widths"] == [30, 40, 40, 40, 40, 10]
    assert [layer["layer"] for layer in found["layers"]] == [1, 2, 3, 4, 5]
    same = signal_propagation(
        found["widths"], activation="tanh", draws=12, rng=np.random.default_rng(0)
    )
    for layer, expected in zip(found["layers"], same.layers, strict=True):
        assert layer["forward_predicted"] == expected.forward.predicted
        assert layer["forward_measured"] == expected.forward.measured
        assert layer["backward_predicted"] == expected.backward.predicted
        assert layer["backward_measured"] == expected.backward.measured
    assert found["agrees"] is True
    # z₁ = Σ w x over 30 inputs of variance 1 with σ² = 2/30.
    assert found["layers"][0]["forward_predicted"] == pytest.approx(2.0)


def test_what_is_printed_fits_and_names_what_happens(chalknet):
    result = chalknet("variance", "20x101", "--init", "lecun_normal", "--draws", 2)
    assert result.status == 0, result.err
    lines = result.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) < 30  # of a hundred layers, some
    assert "Pre-activations vanish: ×0.5 a layer" in result.out
    assert "Gradients vanish: ×0.5 a layer" in result.out
    everything = chalknet("variance", "20x101", "--draws", 0, "--all").out.splitlines()
    assert sum(line.strip()[:3].strip().isdigit() for line in everything) >= 100


def test_schemes_are_compared(chalknet, tmp_path):
    schemes = ("--activation", "relu,leaky_relu(0.2)", "--init", "he_normal,normal(0.1)")
    result = chalknet("variance", "20x30", *schemes, "--draws", 2, "--output", "p.svg")
    assert result.status == 0, result.err
    assert max(map(len, result.out.splitlines())) <= 80
    (row,) = [line for line in result.out.splitlines() if line.startswith("relu with he_normal")]
    assert row.split()[3:] == ["kept", "kept", "yes"]
    assert result.out.count("vanishing ×0.1 ") == 2  # 20 · 0.01 / 2, both ways
    # Once an activation: 2 / (20 (1 + slope²)) keeps signals and gradients alike.
    for name, sigma in (("relu", "0.1"), ("leaky_relu(slope=0.2)", "0.0962")):
        _, table = result.out.split(f"σ² of the weights that keeps … with {name} (at variance 1)")
        (row,) = [line for line in table.splitlines()[:6] if line.startswith("2–")]
        assert row.split()[-3:] == [sigma] * 3
    root = ET.parse(tmp_path / "p.svg").getroot()
    assert root.tag.endswith("svg")
    found = chalknet("variance", "20x30", *schemes, "--draws", 0, "--json").last
    names = [(scheme["activation"], scheme["init"]) for scheme in found["schemes"]]
    assert names == [
        ("relu", "he_normal"),
        ("relu", "normal(std=0.1)"),
        ("leaky_relu(slope=0.2)", "he_normal"),
        ("leaky_relu(slope=0.2)", "normal(std=0.1)"),
    ]


def test_initializers_that_are_compared_share_their_recommendation(chalknet):
    several = chalknet("variance", "30,20,5", "--init", "he_normal,zeros", "--draws", 0).out
    alone = chalknet("variance", "30,20,5", "--draws", 0).out
    heading = "σ² of the weights that keeps … (at variance 1)"
    assert several.count(heading) == 1
    assert several.split(heading)[1] == alone.split(heading)[1]


@pytest.mark.parametrize("ending", ["png", "pdf"])
def test_plots_are_reproducible(ending, chalknet, tmp_path):
    for name in ("a", "b"):
        arguments = ("variance", "20x5", "--draws", 3, "--init", "he_normal,zeros,normal(1e9)")
        result = chalknet(*arguments, "--output", f"{name}.{ending}")
        assert result.status == 0, result.err
    first, second = ((tmp_path / f"{name}.{ending}").read_bytes() for name in "ab")
    assert first == second
    if ending == "png":
        pixels = np.asarray(Image.open(tmp_path / "a.png").convert("L"))
        assert pixels[0, 0] == 255  # paper
        assert (pixels < 128).mean() > 0.005  # and ink, without colour too


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["20,x"], "widths are whole numbers separated by commas"),
        (["20"], "widths need at least inputs and outputs, but are [20]."),
        (["10x0"], "10x0 is a width and how many layers have it, which must be 1 or more."),
        (["30, 10 x0,5"], "10 x0 is a width and how many layers have it"),
        (["20,0,3"], "a layer's width must be a positive integer"),
        (["20,3", "--init", "he"], "unknown initializer 'he'"),
        (["20,3,2", "--activation", "rellu"], "did you mean 'relu'?"),
        (["20,3", "--input-variance", "-1"], "input_variance must be a finite number above 0"),
        (["20,3", "--output", "a.gif"], "a.gif: a plot is written as svg, png or pdf"),
        (["20,3", "--draws", "-1"], "draws"),
    ],
)
def test_mistakes_are_one_sentence(arguments, sentence, chalknet):
    result = chalknet("variance", *arguments)
    assert result.status == 2
    assert sentence in result.err
    assert "Traceback" not in result.err
    assert result.out == ""


def test_help(chalknet):
    assert "Predict the variance" in chalknet("variance", "--help").out
