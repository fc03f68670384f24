"""chalknet fit-relu: a ReLU network through every point, written down instead of trained."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chalknet.cli.fit_display import print_fit, print_search
from chalknet.cli.options import Json
from chalknet.cli.terminal import print_json, results

if TYPE_CHECKING:
    from chalknet.construct.levenberg_marquardt import SearchedFit
    from chalknet.construct.relu_interpolation import ReluFit

__all__ = ["EXAMPLES", "fit_relu"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet fit-relu "0:8 1:6 2:4 3:2 4:0 5:2 6:4"

chalknet fit-relu points.csv --plot fit.svg --excel fit.xlsx --output fit.toml

chalknet fit-relu "0:0 1:1 2:4 3:9 4:16" --sparsest

chalknet fit-relu points.csv --neurons 4 --train
"""

MOST_IN_JSON = 10_000  # entries of the table


def fit_relu(
    points: Annotated[
        str,
        typer.Argument(
            help='A file of two columns, or points such as "0:8 1:6 2:4".', show_default=False
        ),
    ],
    neurons: Annotated[
        int | None,
        typer.Option(help="Exactly so many (the fewest found).", show_default=False),
    ] = None,
    sparsest: Annotated[
        bool, typer.Option("--sparsest", help="Let knots lie between points.")
    ] = False,
    arithmetic: Annotated[
        str, typer.Option(help="exact, float64, or auto: exact up to 20,000 points.")
    ] = "auto",
    train: Annotated[
        bool, typer.Option("--train", help="Also search by Levenberg–Marquardt, to compare.")
    ] = False,
    starts: Annotated[int, typer.Option(help="Random starts of that search.", min=1)] = 200,
    seed: Annotated[int, typer.Option(help="Of that search.", min=0)] = 0,
    plot: Annotated[
        Path | None, typer.Option(help="Draw it: .svg, .png or .pdf.", show_default=False)
    ] = None,
    excel: Annotated[
        Path | None, typer.Option(help="Write it as a live sheet: .xlsx.", show_default=False)
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Write the network: .toml (on paper) or .safetensors (a model).",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Find the weights of a ReLU network through every point, in closed form.

    One hidden layer, a neuron a knot, exact in fractions, as few neurons as can be.
    """
    from chalknet.construct import relu_interpolation

    _check_names(plot, excel, output)
    x, y = _read(points)
    begun = time.perf_counter()
    fit = relu_interpolation.fit_relu(
        x,
        y,
        neurons=neurons,
        sparsest=sparsest,
        arithmetic=arithmetic,  # type: ignore[arg-type]
    )
    seconds = time.perf_counter() - begun
    searched, searching = None, 0.0
    if train:
        searched, searching = _search(x, y, fit.neurons, starts, seed)
    written = _write(fit, plot, excel, output)
    if json:
        found = {**fit.as_dict(), "seconds": seconds, **_table_values(fit)}
        if searched is not None:
            found["search"] = _search_values(searched, searching)
        print_json({**found, **{name: str(path) for name, path in written}})
        return
    print_fit(fit, seconds)
    if searched is not None:
        print_search(searched, searching, fit, seconds)
    for name, path in written:
        results().print(f"{name:<10}{path}", markup=False, soft_wrap=True)


def _read(points: str) -> tuple[list[str], list[str]]:
    """A file where there is one, else points written out."""
    from chalknet.cli.named_files import names_file
    from chalknet.construct.points import inline_points, read_points
    from chalknet.errors import DataFormatError

    if not points.strip():
        raise DataFormatError(
            'no points were given: write x:y set apart by spaces, as in "0:8 1:6 2:4", or name a '
            "file of two columns."
        )
    if ":" in points and not names_file(points):
        return inline_points(points)
    return read_points(points)


def _check_names(plot: Path | None, excel: Path | None, output: Path | None) -> None:
    from chalknet.errors import ConfigurationError

    if plot is not None:
        from chalknet.report.plots.paper import require_format

        require_format(plot)
    if excel is not None and excel.suffix.lower() != ".xlsx":
        raise ConfigurationError(f"{excel}: the sheet is a workbook; end its name in .xlsx.")
    if output is not None and output.suffix.lower() not in (".toml", ".safetensors"):
        raise ConfigurationError(
            f"{output}: a network is written as .toml (on paper) or .safetensors (a model); end "
            "the name in one of them."
        )


def _search(x: Any, y: Any, neurons: int, starts: int, seed: int) -> tuple[SearchedFit, float]:
    import numpy as np

    from chalknet.construct.levenberg_marquardt import search_relu

    begun = time.perf_counter()
    rng = np.random.default_rng(seed)
    found = search_relu(x, y, neurons=neurons, rng=rng, starts=starts)
    return found, time.perf_counter() - begun


def _write(
    fit: ReluFit, plot: Path | None, excel: Path | None, output: Path | None
) -> list[tuple[str, Path]]:
    written = []
    if plot is not None:
        from chalknet.report.plots.relu_fit import write_fit_plot

        written.append(("plot", write_fit_plot(plot, fit)))
    if excel is not None:
        from chalknet.explain.render.excel import write_table

        written.append(("sheet", write_table(excel, fit.problem)))
    if output is not None:
        if output.suffix.lower() == ".toml":
            from chalknet.files import write_atomically

            write_atomically(output, fit.problem.to_toml())
        else:
            fit.model.save(output)
        written.append(("network", output))
    return written


def _table_values(fit: ReluFit) -> dict[str, Any]:
    """The table in numbers, where it is not too large."""
    import numpy as np

    if len(fit.points) * fit.neurons > MOST_IN_JSON:
        return {}
    x = fit.points.x.astype(np.float64)
    Z = fit.layer.pre_activations(x)
    A = np.maximum(Z, 0.0)
    return {
        "table": {
            "x": x.tolist(),
            "z": Z.tolist(),
            "relu": A.tolist(),
            "prediction": (A @ fit.w_output + fit.b_output).tolist(),
            "target": fit.points.y.astype(np.float64).tolist(),
        }
    }


def _search_values(searched: SearchedFit, seconds: float) -> dict[str, Any]:
    return {
        "starts": len(searched.errors),
        "found": searched.found,
        "max_abs_residual": searched.max_abs_residual,
        "tolerance": searched.tolerance,
        "seconds": seconds,
    }
