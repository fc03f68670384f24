"""What chalknet fit-relu prints: formula, weights, every point, and the search beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalknet.cli.terminal import plain, results

if TYPE_CHECKING:
    from rich.table import Table

    from chalknet.construct.hidden_layer import HiddenLayer
    from chalknet.construct.levenberg_marquardt import SearchedFit
    from chalknet.construct.relu_interpolation import ReluFit

__all__ = ["print_fit", "print_search"]

NEURONS_SHOWN, ROWS_SHOWN, ROWS_AT_END = 20, 26, 6


def print_fit(fit: ReluFit, seconds: float) -> None:
    """Print a fit, for a person."""
    from chalknet.construct.writing import formula_text

    console = results()
    layer = fit.exact_layer or fit.layer
    console.print(_headline(fit), markup=False, style="bold")
    console.print(_minimality(fit), markup=False)
    if fit.neurons <= NEURONS_SHOWN:
        console.print()
        console.print(formula_text(layer), markup=False)
    console.print()
    console.print(_weights(layer))
    console.print()
    console.print(_points(fit, layer))
    console.print()
    console.print(f"{'residual':<10}{_residual(fit)}", markup=False)
    console.print(f"{'seconds':<10}{seconds:.3g}", markup=False)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _headline(fit: ReluFit) -> str:
    knots = _count(len(fit.line.knots), "knot") if len(fit.line.knots) else "no knot"
    where = " (between points too)" if fit.is_sparsest else ""
    return f"{len(fit.points):,} points, {knots}{where}, {_count(fit.neurons, 'neuron')}"


def _minimality(fit: ReluFit) -> str:
    what = "lead through these points" if fit.is_sparsest else "join these points by straight lines"
    if fit.minimal == "proved":
        text = f"The fewest neurons that {what}: {fit.fewest:,}, proved."
    elif fit.minimal == "within one":
        text = f"The fewest neurons that {what}: {fit.fewest - 1:,} or {fit.fewest:,}."
    else:
        least = fit.fewest - int(fit.minimal.removeprefix("within "))
        text = f"The fewest neurons that {what}: {least:,} to {fit.fewest:,}."
    if fit.added:
        text += f" Without rounding it would be {fit.added:,} less."
    return text


def _residual(fit: ReluFit) -> str:
    in_floats = f"{fit.max_abs_residual:.2g} with weights in float64"
    if fit.as_given:
        in_floats += " (at x as given: points with x in float64 leave their lines)"
    if fit.forward_residual is not None and fit.forward_residual > fit.max_abs_residual:
        in_floats += f", {fit.forward_residual:.2g} as a network adds them up"
    return f"0 exactly, in fractions; {in_floats}" if fit.exact else in_floats


def _plain_table() -> Table:
    from rich.table import Table

    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")


def _weights(layer: HiddenLayer) -> Table:
    from chalknet.construct.writing import number_text

    table = _plain_table()
    for name in ("neuron", "w_hidden", "b_hidden", "w_output", "knot"):
        table.add_column(name, justify="right")
    table.add_column("faces")
    for j in _some(len(layer.a), NEURONS_SHOWN):
        if j is None:
            table.add_row(*["…"] * 5)
            continue
        w, b, a = (values[j] for values in (layer.w, layer.b, layer.a))
        place = (
            ["none", "nowhere"] if w == 0 else [number_text(-b / w), "right" if w > 0 else "left"]
        )
        table.add_row(str(j + 1), *(number_text(value) for value in (w, b, a)), *place)
    table.add_row("output", "", number_text(layer.constant), "", "", "(its bias)")
    return table


def _points(fit: ReluFit, layer: HiddenLayer) -> Table:
    """X, the z's, the ReLUs, prediction and target; without what 80 columns do not hold."""
    import numpy as np

    from chalknet.construct.writing import number_text

    shown = _some(len(fit.points), ROWS_SHOWN)
    kept = [i for i in shown if i is not None]
    x, y = fit.points.x[kept], fit.points.y[kept]
    table = _plain_table()
    columns: list[tuple[str, Any]] = [("x", x)]
    if fit.neurons <= NEURONS_SHOWN:
        Z = layer.pre_activations(x)
        A = np.maximum(Z, 0)
        full = [
            *((f"z{j + 1}", Z[:, j]) for j in range(fit.neurons)),
            *((f"relu{j + 1}", A[:, j]) for j in range(fit.neurons)),
        ]
        if _width([*columns, *full]) + 22 <= 80:
            columns += full
        columns.append(("prediction", A @ layer.a + layer.constant))
    else:
        errors = fit.residuals[kept]
        columns.append(("prediction", y.astype(np.float64) + errors))
    columns.append(("target", y))
    for name, _ in columns:
        table.add_column(name, justify="right")
    texts = [[number_text(value) for value in values.tolist()] for _, values in columns]
    rows = iter(zip(*texts, strict=True))
    for i in shown:
        table.add_row(*(["…"] * len(columns) if i is None else next(rows)))
    return table


def _width(columns: list[tuple[str, Any]]) -> int:
    from chalknet.construct.writing import number_text

    return sum(
        2 + max(len(name), *(len(number_text(value)) for value in values.tolist()))
        for name, values in columns
    )


def _some(count: int, most: int) -> list[int | None]:
    """The numbers from 0 to count, or the first and the last with None between."""
    if count <= most:
        return list(range(count))
    return [*range(most - ROWS_AT_END - 1), None, *range(count - ROWS_AT_END, count)]


def print_search(searched: SearchedFit, searching: float, fit: ReluFit, seconds: float) -> None:
    """Print what random starts came to, beside the closed form."""
    console = results()
    console.print("\nBy search: Levenberg–Marquardt from random starts", style="bold")
    table = _plain_table()
    for name in ("", "found it", "best residual", "seconds"):
        table.add_column(name, justify="left" if not name else "right")
    closed = "0" if fit.exact else f"{fit.max_abs_residual:.2g}"
    table.add_row("closed form", "always", closed, f"{seconds:.3g}")
    starts = len(searched.errors)
    table.add_row(
        _count(starts, "start"), f"{searched.found} of {starts}",
        f"{searched.max_abs_residual:.2g}", f"{searching:.3g}",
    )  # fmt: skip
    console.print(table)
    if not searched.found:
        console.print(plain("No start found the points: try more with --starts."), markup=False)
    console.print()
