"""What chalknet approximate prints: facts, weights, and how the error falls."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from chalknet.cli.terminal import plain, results

if TYPE_CHECKING:
    from rich.table import Table

    from chalknet.construct.approximation import Approximation
    from chalknet.construct.growth import Growth, Rates
    from chalknet.network import Network

__all__ = ["print_approximation", "print_box"]

ROWS_SHOWN, ROWS_AT_END = 16, 5


def print_approximation(found: Approximation, rates: Rates | None, table: Growth | None) -> None:
    """Print all that is known of an approximation, for a person."""
    console = results()
    console.print(_headline(found), markup=False, style="bold")
    console.print()
    proof = "proved for every input" if found.proved else "not proved: seen on samples only"
    worst = ", ".join(f"{value:.4g}" for value in found.worst.tolist())
    facts = [
        ("network", "-".join(map(str, found.network.widths))),
        ("error at most", f"{found.bound:.4g}  ({proof})"),
        ("error measured", f"{found.measured:.4g}  (at x = {worst})"),
        *_comparison(found),
    ]
    for name, value in facts:
        console.print(f"{name:<16}{value}", markup=False)
    console.print()
    console.print(_weights(found) if found.function.inputs == 1 else _walls(found))
    if rates is not None:
        console.print("\nHow the error falls with more neurons (equal widths)", style="bold")
        console.print(_rates_table(rates))
    if table is not None:
        _print_growth(table)
    console.print()


def _comparison(found: Approximation) -> list[tuple[str, str]]:
    """Of boxes: what the steepest slope says, or what equal widths would take."""
    from chalknet.construct.approximation import approximate as approximated
    from chalknet.construct.growth import steepest
    from chalknet.errors import ConfigurationError

    if found.kind == "lines" or not found.proved:
        return []
    if found.placement == "adaptive":
        try:
            even = approximated(found.function, found.low, found.high, error=found.bound)
        except ConfigurationError:
            return []
        return [("equal widths", f"would take {even.neurons:,} neurons for that error")]
    slopes = steepest(found.function, found.low, found.high)
    walls = found.network.widths[1] // found.function.inputs
    width, total = (found.high - found.low) / (walls - 1), float(slopes.sum())
    if math.isinf(total):
        return [("L h / 2", "says nothing: the function jumps")]
    name = "L" if len(slopes) == 1 else "ΣL"
    facts = f"{name} ≤ {total:.4g}, its steepest slope; h = {width:.4g}, a width"
    return [(f"{name} h / 2", f"{total * width / 2:.4g}  ({facts})")]


def _headline(found: Approximation) -> str:
    what = {"boxes": "step", "lines": "ReLU"}[found.kind]
    d = found.function.inputs
    each = "" if d == 1 else f" in each of {d} inputs"
    placed = " placed where it is steep" if found.placement == "adaptive" else ""
    return (
        f"{plain(found.function.name)} on [{found.low:g}, {found.high:g}]{each}: "
        f"{found.neurons:,} {what} neurons{placed}"
    )


def _plain_table() -> Table:
    from rich.table import Table

    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")


def _weights(found: Approximation) -> Table:
    """A neuron a row: its weights, and the value that begins there."""
    from chalknet.construct.writing import number_text

    hidden, output = found.network.layers
    steps = found.kind == "boxes"
    table = _plain_table()
    for name in ("neuron", "w_hidden", "b_hidden", "w_output", "wall" if steps else "knot",
                 "height after it" if steps else "value there"):  # fmt: skip
        table.add_column(name, justify="right")
    n = found.neurons
    rows: list[int | None] = list(range(n))
    if n > ROWS_SHOWN:
        rows = [*range(ROWS_SHOWN - ROWS_AT_END - 1), None, *range(n - ROWS_AT_END, n)]
    values = _values_at_walls(found.network, steps=steps)
    for j in rows:
        if j is None:
            table.add_row(*["…"] * 6)
            continue
        w, b = float(hidden.W[0, j]), float(hidden.b[j])
        place = 0.0 - b / w
        cells = (w, b, float(output.W[j, 0]), place, float(values[j]))
        table.add_row(f"{j + 1}", *map(number_text, cells))
    table.add_row("output", "", number_text(float(output.b[0])), "", "", "(its bias)")
    return table


def _values_at_walls(network: Network, *, steps: bool) -> Any:
    """What the network gives just right of each wall, or at each knot."""
    import numpy as np

    hidden, output = network.layers
    if steps:
        return np.cumsum(output.W[:, 0]) + output.b[0]
    places = -hidden.b / hidden.W[0]
    return network.output(places[:, np.newaxis])[:, 0]


def _walls(found: Approximation) -> Table:
    """The two hidden layers in words: a line each."""
    from chalknet.construct.writing import number_text

    cells = len(found.layout.edges[0]) - 1
    d, width = found.function.inputs, (found.high - found.low) / cells
    table = _plain_table()
    for name in ("layer", "neurons", "what they do"):
        table.add_column(name, justify="left" if name == "what they do" else "right")
    apart, off = number_text(width), number_text(0.5 - d)
    for layer, count, what in (
        (1, d * (cells + 1), f"walls, {apart} apart: weight 1, bias minus the wall"),
        (2, cells**d, f"cells: weights 1, −1 on the {2 * d} walls around it, bias {off}"),
    ):
        table.add_row(str(layer), f"{count:,}", what)
    table.add_row("output", "1", "the height of the cell that is on")
    return table


def _rates_table(rates: Rates) -> Table:
    table = _plain_table()
    for name in ("neurons", "boxes: error ≤", "lines: error ≤"):
        table.add_column(name, justify="right")
    for row in zip(rates.neurons, rates.boxes, rates.lines, strict=True):
        table.add_row(f"{row[0]:,}", f"{row[1]:.4g}", f"{row[2]:.4g}")
    boxes, lines = rates.order("boxes"), rates.order("lines")
    table.add_row(
        "n",
        *("" if order != order else f"∝ n^−{order:.2f}" for order in (boxes, lines)),  # noqa: PLR0124
    )
    return table


def _print_growth(growth: Growth) -> None:
    console = results()
    console.print(
        f"\nNeurons that suffice, by the number of inputs (slope along each ≤ {growth.slope:.3g})",
        style="bold",
        markup=False,
    )
    table = _plain_table()
    table.add_column("error ≤", justify="right")
    for d in growth.inputs:
        table.add_column(f"{d} input{'s' * (d > 1)}", justify="right")
    for error, counts in zip(growth.errors, growth.neurons, strict=True):
        table.add_row(f"{error:g}", *(_short(count) for count in counts))
    console.print(table)


def _short(count: int) -> str:
    """A count, with few digits where it is huge."""
    return f"{count:,}" if count < 10**9 else f"{count:.1e}".replace("e+", "e")


def print_box(height: float, width: float) -> None:
    """Print the box of two step neurons."""
    from chalknet.construct.writing import number_text

    h, d = number_text(height), number_text(width)
    console = results()
    console.print(
        f"A box of height {h} over 0 < x ≤ {d}: 2 step neurons", markup=False, style="bold"
    )
    sign = "−" if height > 0 else "+"
    size = number_text(abs(height))
    console.print(f"\nf(x) = {h} step(x) {sign} {size} step(x − {d})\n", markup=False)
    table = _plain_table()
    for name in ("neuron", "w_hidden", "b_hidden", "w_output"):
        table.add_column(name, justify="right")
    table.add_row("1", "1", "0", h)
    table.add_row("2", "1", number_text(-width), number_text(-height))
    console.print(table)
    console.print(
        f"\nstep(z) is 1 for z > 0 and 0 at z = 0, so f is 0 at x = 0 and still {h} at x = {d}.",
        markup=False,
    )
