"""chalknet approximate: a network near a given function, with a proof of how near."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chalknet.cli.approximation_display import print_approximation, print_box
from chalknet.cli.options import Json
from chalknet.cli.terminal import print_json, results

if TYPE_CHECKING:
    from chalknet.construct.approximation import Approximation
    from chalknet.construct.growth import Growth, Rates

__all__ = ["EXAMPLES", "approximate"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet approximate "sin(3x)" --range -2,2 --neurons 40 --plot sine.svg

chalknet approximate "|x|" --error 0.01 --adaptive

chalknet approximate "exp(-4(x1^2 + x2^2))" --error 0.1

chalknet approximate samples.csv --error 0.05 --lines --output model.safetensors

chalknet approximate --range 3 -- "-x^2"

chalknet approximate --box 3,0.5
"""


def approximate(
    function: Annotated[
        str | None,
        typer.Argument(
            help="Of x, or of x1, x2, …, such as 'sin(3x) + |x|'; or a CSV of samples x, y.",
            show_default=False,
        ),
    ] = None,
    range_: Annotated[
        str | None,
        typer.Option(
            "--range",
            help="Of every input, as -2,3; or B for -B,B (1; that of the samples).",
            metavar="A,B",
            show_default=False,
        ),
    ] = None,
    neurons: Annotated[
        int | None,
        typer.Option(help="Hidden neurons (20, or 10 cells a side).", show_default=False),
    ] = None,
    error: Annotated[
        float | None,
        typer.Option(help="As few as keep the error below this, proved.", show_default=False),
    ] = None,
    adaptive: Annotated[
        bool, typer.Option("--adaptive", help="Narrow boxes where the function is steep.")
    ] = False,
    lines: Annotated[
        bool, typer.Option("--lines", help="Straight lines of ReLUs instead of boxes of steps.")
    ] = False,
    box: Annotated[
        str | None,
        typer.Option(
            help="Show the two neurons of one box instead.",
            metavar="HEIGHT,WIDTH",
            show_default=False,
        ),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw it: .svg, .png or .pdf.", show_default=False)
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Write the model: .safetensors.", show_default=False),
    ] = None,
    json: Json = False,
) -> None:
    """Approximate a function by a network written down, not trained.

    Boxes of step neurons (error about 1/n), or straight lines of ReLU neurons (1/n²), with the
    largest error measured beside the one proved.
    """
    from chalknet.construct import approximation, growth
    from chalknet.errors import ConfigurationError

    _check_names(plot, output)
    if (function is None) == (box is None):
        raise ConfigurationError(
            "give a function, such as 'sin(x)', a CSV of samples, or --box HEIGHT,WIDTH."
        )
    if box is not None:
        _show_box(box, plot, output, json=json)
        return
    wanted, (low, high) = _read(str(function), range_)
    found = approximation.approximate(
        wanted, low, high, neurons=neurons, error=error,
        kind="lines" if lines else "boxes", placement="adaptive" if adaptive else "uniform",
    )  # fmt: skip
    rates, table = None, None
    if wanted.inputs == 1:
        rates = growth.rates(wanted, low, high, most=4 * found.neurons)
    else:
        table = growth.growth_of(wanted, low, high)
    written = _write(found, rates, table, plot, output)
    if json:
        print_json({**_values(found, rates, table), **{n: str(path) for n, path in written}})
        return
    print_approximation(found, rates, table)
    for name, path in written:
        results().print(f"{name:<10}{path}", markup=False, soft_wrap=True)


def _check_names(plot: Path | None, output: Path | None) -> None:
    from chalknet.errors import ConfigurationError

    if plot is not None:
        from chalknet.report.plots.paper import require_format

        require_format(plot)
    if output is not None and output.suffix.lower() != ".safetensors":
        raise ConfigurationError(
            f"{output}: a model is written as .safetensors; end the name in that."
        )


def _read(text: str, range_: str | None) -> tuple[Any, tuple[float, float]]:
    """The function, and the range of its inputs."""
    from chalknet.cli.named_files import names_file
    from chalknet.cli.ranges import interval
    from chalknet.construct.functions import SampledFunction, as_function
    from chalknet.construct.points import read_points

    limits = None if range_ is None else interval("--range", range_)
    path = Path(text)
    if path.suffix.lower() in (".csv", ".tsv", ".txt") or names_file(text):
        samples = SampledFunction(*read_points(path), name=path.name)
        return samples, limits or (float(samples.x[0]), float(samples.x[-1]))
    return as_function(text), limits or (-1.0, 1.0)


def _write(
    found: Approximation, rates: Rates | None, table: Growth | None, plot: Path | None,
    output: Path | None,
) -> list[tuple[str, Path]]:  # fmt: skip
    written = []
    if plot is not None:
        from chalknet.report.plots.approximation import write_approximation_plot

        written.append(("plot", write_approximation_plot(plot, found, rates, table)))
    if output is not None:
        written.append(("model", found.model.save(output)))
    return written


def _values(found: Approximation, rates: Rates | None, table: Growth | None) -> dict[str, Any]:
    values = found.as_dict()
    if rates is not None:
        values["rates"] = {
            "neurons": list(rates.neurons),
            "boxes": list(rates.boxes),
            "lines": list(rates.lines),
        }
        hidden, output = found.network.layers
        values |= {
            "w_hidden": hidden.W[0].tolist(),
            "b_hidden": hidden.b.tolist(),
            "w_output": output.W[:, 0].tolist(),
            "b_output": float(output.b[0]),
        }
    if table is not None:
        values["growth"] = {
            "slope": table.slope,
            "errors": list(table.errors),
            "inputs": list(table.inputs),
            "neurons": [list(row) for row in table.neurons],
        }
    return values


def _show_box(box: str, plot: Path | None, output: Path | None, *, json: bool) -> None:
    from chalknet.construct.step_networks import box_network
    from chalknet.errors import ConfigurationError

    try:
        height, width = (float(part) for part in box.split(","))
    except ValueError:
        raise ConfigurationError(
            f"--box takes a height and a width, as in 3,0.5, not {box!r}."
        ) from None
    network = box_network(height, width)
    hidden, last = network.layers
    written: list[tuple[str, Path]] = []
    if plot is not None:
        from chalknet.report.plots.approximation import write_box_plot

        written.append(("plot", write_box_plot(plot, height, width)))
    if output is not None:
        from chalknet.model import Model
        from chalknet.operations.losses import MeanSquaredError

        written.append(("model", Model(network, MeanSquaredError(), name="box").save(output)))
    if json:
        print_json(
            {
                "height": height, "width": width, "neurons": 2,
                "w_hidden": hidden.W[0].tolist(), "b_hidden": hidden.b.tolist(),
                "w_output": last.W[:, 0].tolist(), "b_output": 0.0,
                **{name: str(path) for name, path in written},
            }
        )  # fmt: skip
        return
    print_box(height, width)
    for name, path in written:
        results().print(f"{name:<10}{path}", markup=False, soft_wrap=True)
