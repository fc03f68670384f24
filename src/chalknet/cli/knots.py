"""chalknet knots: the straight pieces of which a ReLU network consists."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chalknet.cli.named_files import names_file, names_folder
from chalknet.cli.options import Json
from chalknet.cli.terminal import print_json, results
from chalknet.pages import shortened

if TYPE_CHECKING:
    from fractions import Fraction

    from rich.table import Table

    from chalknet.construct.linear_regions import Regions
    from chalknet.construct.piecewise_linear import Piece, Pieces

__all__ = ["EXAMPLES", "knots"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet knots fit.toml --plot pieces.svg

chalknet knots runs/wave-20260101-120000

chalknet knots network.toml --range -2,2 --plot regions.png
"""

ROWS_SHOWN, ROWS_AT_END = 30, 8
MOST_IN_JSON = 5000


def knots(
    network: Annotated[
        Path,
        typer.Argument(
            help="The folder of a run, a model.safetensors, or a network on paper (.toml).",
            show_default=False,
        ),
    ],
    range_: Annotated[
        str | None,
        typer.Option(
            "--range",
            help="Of x, as -2,2; of two inputs the square (all, or what shows every line).",
            metavar="A,B",
            show_default=False,
        ),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw it: .svg, .png or .pdf.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """List the knots, slopes and pieces of a ReLU network, exactly, at any depth.

    For two inputs: count its linear regions, and draw them.
    """
    from chalknet.cli.ranges import interval
    from chalknet.errors import ShapeError

    if plot is not None:
        from chalknet.report.plots.paper import require_format

        require_format(plot)
    found = _read(network)
    inputs = _inputs(found)
    limits = None if range_ is None else interval("--range", range_)
    if inputs == 1:
        _one_input(found, network.stem or str(network), limits, plot, json=json)
    elif inputs == 2:
        _two_inputs(found, limits, plot, json=json)
    else:
        raise ShapeError(
            f"{network}: the network has {inputs} inputs, but pieces are listed for one and drawn "
            "for two."
        )


def _read(path: Path) -> Any:
    """A Model, or a Problem."""
    if names_file(str(path)):
        if path.suffix.lower() == ".toml":
            from chalknet.explain.problem import read_problem

            return read_problem(path)
        from chalknet.model import Model

        return Model.load(path)
    if names_folder(str(path)):
        from chalknet.runs.folder import RunFolder

        return RunFolder.open(path).model()
    from chalknet.errors import DataNotFoundError

    raise DataNotFoundError(
        f"{shortened(str(path), 255)}: there is no such file or folder; name a network, as .toml "
        "(on paper) or .safetensors (a model), or the folder of a run."
    )


def _inputs(network: Any) -> int:
    widths: list[int] = (network if hasattr(network, "widths") else network.network).widths
    return widths[0]


def _text(number: Fraction | None) -> str:
    from chalknet.construct.writing import number_text

    return "" if number is None else number_text(number)


def _plain_table() -> Table:
    from rich.table import Table

    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")


# one input ------------------------------------------------------------------------------------


def _one_input(
    network: Any, name: str, limits: tuple[float, float] | None, plot: Path | None, *, json: bool
) -> None:
    from chalknet.construct.piecewise_linear import pieces_of

    found = pieces_of(network)
    knots, shown = found.knots, found.pieces
    if limits is not None:
        knots, shown = found.knots_between(*limits), found.between(*limits)
    if plot is not None:
        from chalknet.report.plots.network_pieces import write_pieces_plot

        write_pieces_plot(plot, found, name, limits)
    if json:
        print_json(
            {**_values(found, knots, shown), **({} if plot is None else {"plot": str(plot)})}
        )
        return
    _print_pieces(found, knots, shown, limits)
    if plot is not None:
        results().print(f"\nplot  {plot}", markup=False, soft_wrap=True)


def _values(found: Pieces, knots: tuple[Fraction, ...], shown: tuple[Piece, ...]) -> dict[str, Any]:
    def number(value: Fraction | None) -> float | None:
        return None if value is None else float(value)

    return {
        "knots": [float(knot) for knot in knots],
        "exact_knots": [str(knot) for knot in knots],
        "bends": found.bends,
        "pieces": [
            {
                "start": number(piece.start),
                "end": number(piece.end),
                "slopes": [float(value) for value in piece.slopes],
                "intercepts": [float(value) for value in piece.intercepts],
            }
            for piece in shown
        ],
    }


def _count(knots: int, pieces: int) -> str:
    return (
        f"{knots:,} knot{'' if knots == 1 else 's'}, {pieces:,} piece{'' if pieces == 1 else 's'}"
    )


def _print_pieces(
    found: Pieces, knots: tuple[Fraction, ...], shown: tuple[Piece, ...],
    limits: tuple[float, float] | None,
) -> None:  # fmt: skip
    console = results()
    count = len(found.knots)
    line = "no knot: one straight line" if not count else _count(count, len(found.pieces))
    if limits is not None and count:
        line += f"; from {limits[0]:g} to {limits[1]:g}: {_count(len(knots), len(shown))}"
    console.print(line, markup=False, style="bold")
    if found.bends > count:
        hidden = found.bends - count
        console.print(
            f"{hidden:,} more place{'s' * (hidden != 1)} where a neuron changes sides leave"
            f"{'s' * (hidden == 1)} no trace in the output.",
            markup=False,
        )
    console.print()
    outputs = len(found.pieces[0].slopes)
    table = _plain_table()
    names = ["from x", "to x"]
    for k in range(outputs):
        of = str(k + 1) if outputs > 1 else ""
        names += [f"slope{of}", f"y{of} at its end"]
    for column in names:
        table.add_column(column, justify="right")
    rows: list[Piece | None] = list(shown)
    if len(rows) > ROWS_SHOWN:
        rows = [*rows[: ROWS_SHOWN - ROWS_AT_END - 1], None, *rows[-ROWS_AT_END:]]
    for piece in rows:
        if piece is None:
            table.add_row(*["…"] * len(names))
            continue
        cells = [_text(piece.start) or "−∞", _text(piece.end) or "∞"]
        ends = None if piece.end is None else piece.at(piece.end)
        for k, slope in enumerate(piece.slopes):
            cells += [_text(slope), "" if ends is None else _text(ends[k])]
        table.add_row(*cells)
    console.print(table)


# two inputs -----------------------------------------------------------------------------------


def _two_inputs(
    network: Any, limits: tuple[float, float] | None, plot: Path | None, *, json: bool
) -> None:
    from chalknet.construct.linear_regions import linear_regions

    low, high = (None, None) if limits is None else [(value, value) for value in limits]
    found = linear_regions(network, low, high)
    if plot is not None:
        from chalknet.report.plots.network_pieces import write_regions_plot

        write_regions_plot(plot, found)
    if json:
        values: dict[str, Any] = {
            "regions": len(found.regions),
            "after_layer": list(found.after_layer),
            "low": list(found.low),
            "high": list(found.high),
        }
        if len(found.regions) <= MOST_IN_JSON:
            values["polygons"] = [region.outline.tolist() for region in found.regions]
        print_json({**values, **({} if plot is None else {"plot": str(plot)})})
        return
    _print_regions(found)
    if plot is not None:
        results().print(f"\nplot  {plot}", markup=False, soft_wrap=True)
    else:
        results().print("\n--plot FILE draws them.", markup=False)


def _print_regions(found: Regions) -> None:
    console = results()
    count = len(found.regions)
    console.print(
        f"{count:,} linear region{'s' * (count != 1)} for x1 and x2 from {found.low[0]:g} to "
        f"{found.high[0]:g}",
        markup=False,
        style="bold",
    )
    console.print()
    table = _plain_table()
    for name in ("after layer", "regions"):
        table.add_column(name, justify="right")
    for number, regions in enumerate(found.after_layer, start=1):
        table.add_row(str(number), f"{regions:,}")
    console.print(table)
    largest = max(found.regions, key=lambda region: float(region.area))
    corners = sum(len(region.corners) for region in found.regions) / count
    console.print(
        f"\n{corners:.1f} corners a region on average; the largest takes "
        f"{float(largest.area) / found.area:.0%} of the square.",
        markup=False,
    )
