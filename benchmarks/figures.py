"""Pictures of a run that can be read in grey: peers differ by marker, not by colour alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from benchmarks.curves import Curve, Point
from benchmarks.measure import Result, Row
from benchmarks.peers import PEERS

STYLES = {
    "chalknet": ("o", "black"),
    "numpy": ("s", "white"),
    "torch-loader": ("v", "white"),
    "torch-tensors": ("^", "0.75"),
    "torch-compile": ("D", "0.45"),
    "sklearn": ("P", "white"),
    "jax": ("X", "0.6"),
    "torch-study": ("<", "black"),
    "numpy-study": ("s", "black"),
    "onnxruntime": ("*", "white"),
}


def ratios(results: Sequence[Result], path: Path) -> None:
    """A line a case, a marker a peer: how many times as long as chalknet it took, on a log axis."""
    figure = Figure(figsize=(8, 1.4 + 0.5 * len(results)), layout="constrained")
    axes = figure.subplots()
    peers = [name for name in STYLES if name != "chalknet"]
    for number, name in enumerate(peers):
        # A little above and below the line, so that equals do not hide each other.
        shift = 0.8 * (number + 0.5) / len(peers) - 0.4
        found = [(height + shift, result, row) for height, result in enumerate(results)
                 if (row := result.row(name)) and result.ratio(row)]  # fmt: skip
        _markers(axes, name, found)
    axes.axvline(1, color="black", linewidth=1.5, label="chalknet")
    axes.set_xscale("log")
    _plain_numbers(axes.xaxis, "×")
    axes.set_xlabel("time, as a multiple of chalknet's")
    axes.set_yticks(range(len(results)), [result.name for result in results])
    axes.set_ylim(len(results) - 0.5, -0.5)
    axes.grid(color="0.85")
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    _save(figure, path)


def _markers(axes: Axes, name: str, found: list[tuple[float, Result, Row]]) -> None:
    """Medians, and a line from the fastest to the slowest."""
    if not found:
        return
    marker, grey = STYLES[name]
    heights = [height for height, _, _ in found]
    ratios, low, high = (
        [(result.ratio(row) or 0) * value(row.seconds) / row.median for _, result, row in found]
        for value in (median, min, max)
    )
    axes.hlines(heights, low, high, color="black", linewidth=1)
    axes.plot(ratios, heights, linestyle="none", marker=marker, markersize=7, color="black",
              markerfacecolor=grey, label=PEERS[name].title)  # fmt: skip


def curves(found: dict[Curve, list[Point]], path: Path) -> None:
    """Time against size, one panel a curve, both axes logarithmic."""
    figure = Figure(figsize=(9, 3.6 * ((len(found) + 1) // 2)), layout="constrained")
    panels = list(figure.subplots((len(found) + 1) // 2, 2, squeeze=False).flat)
    for axes, (curve, points) in zip(panels, found.items(), strict=False):
        _curve(axes, curve, points)
    for axes in panels[len(found) :]:
        axes.remove()
    _save(figure, path)


def _curve(axes: Axes, curve: Curve, points: list[Point]) -> None:
    for name, (marker, grey) in STYLES.items():
        rows = [(point, row) for point in points if (row := point.result.row(name))]
        if not rows:
            continue
        scale = [1e6 / point.samples for point, _ in rows]
        low, middle, high = (
            [value(row.seconds) * s for (_, row), s in zip(rows, scale, strict=True)]
            for value in (min, median, max)
        )
        x = [point.x for point, _ in rows]
        axes.fill_between(x, low, high, color="0.85", linewidth=0)
        axes.plot(x, middle, color="black", linewidth=1, marker=marker, markerfacecolor=grey,
                  label=PEERS[name].title)  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel=curve.axis, ylabel="µs a sample", title=curve.title)
    _plain_numbers(axes.yaxis)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(x := [point.x for point in points], [_short(value) for value in x])
    axes.grid(color="0.9")
    axes.legend(frameon=False)


def _plain_numbers(axis: Axis, unit: str = "") -> None:
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(lambda value, _: f"{value:g}{unit}")
    axis.set_minor_locator(NullLocator())


def _short(value: int) -> str:
    for factor, unit in ((1_000_000, "M"), (1_000, "k")):
        if value >= factor and value % factor == 0:
            return f"{value // factor}{unit}"
    return str(value)


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
