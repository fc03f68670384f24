"""chalknet variance: how signals and gradients change from layer to layer of a fresh network."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chalknet.cli.options import Json
from chalknet.cli.terminal import messages, print_json, results
from chalknet.cli.values import names

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalknet.diagnose.recommended_variance import Recommendation
    from chalknet.diagnose.signal_propagation import LayerSignals, Signal, SignalPropagation
    from chalknet.diagnose.signal_verdict import Verdict

__all__ = ["EXAMPLES", "variance"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet variance 784,256x49,10 --activation tanh --init glorot_normal

chalknet variance 100x51 --init he_normal,glorot_normal,lecun_normal --output schemes.png

chalknet variance 64,32,10 --activation selu,gelu --draws 1000 --json
"""

ROWS_SHOWN = 12
LONGEST_NAME = 34


def variance(
    widths: Annotated[
        str,
        typer.Argument(
            help="Widths from the inputs to the outputs; 256x49 is 49 layers of 256.",
            metavar="WIDTHS",
        ),
    ] = "100x51",
    activation: Annotated[
        str, typer.Option(help="Of the hidden layers; several are compared.", metavar="NAME,…")
    ] = "relu",
    init: Annotated[
        str, typer.Option(help="Initializer; several are compared.", metavar="NAME,…")
    ] = "he_normal",
    input_variance: Annotated[float, typer.Option(help="v² of the inputs, their mean 0.")] = 1.0,
    draws: Annotated[
        int, typer.Option(help="Networks to draw and measure; 0 predicts alone.", min=0)
    ] = 100,
    seed: Annotated[int, typer.Option(help="Of everything random.", min=0)] = 0,
    all_layers: Annotated[bool, typer.Option("--all", help="Print every layer.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(help="Draw it: a file ending in .svg, .png or .pdf.", show_default=False),
    ] = None,
    json: Json = False,
) -> None:
    """Predict the variance of signals and gradients, layer by layer, and measure it."""
    import numpy as np

    from chalknet.diagnose.signal_propagation import signal_propagation

    if output is not None:
        from chalknet.report.plots.paper import require_format

        require_format(output)
    pairs = list(itertools.product(names(activation), names(init)))
    schemes = []
    with _bar(draws * len(pairs)) as advance:
        for one_activation, one_init in pairs:
            schemes.append(
                signal_propagation(
                    _widths(widths),
                    activation=one_activation,
                    init=one_init,
                    input_variance=input_variance,
                    draws=draws,
                    rng=np.random.default_rng(seed),
                    on_draw=advance,
                )
            )
    if output is not None:
        from chalknet.report.plots.propagation import write_propagation_plot

        write_propagation_plot(output, schemes)
    if json:
        found = [scheme.as_dict() for scheme in schemes]
        plot = {} if output is None else {"plot": str(output)}
        print_json({**(found[0] if len(found) == 1 else {"schemes": found}), **plot})
        return
    if len(schemes) == 1:
        _print_layers(schemes[0], all_layers)
        _print_summary(schemes[0])
    else:
        _print_comparison(schemes)
    if output is not None:
        results().print(f"\nplot  {output}", markup=False, soft_wrap=True)


def _widths(text: str) -> list[int]:
    """784,256x3,10 as [784, 256, 256, 256, 10]."""
    from chalknet.errors import ConfigurationError

    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,9})\s*(?:[x×*]\s*(\d{1,6}))?\s*", part)
        if match is None:
            raise ConfigurationError(
                f"widths are whole numbers separated by commas, as in 784,256x49,10, not {text!r}."
            )
        if match[2] is not None and int(match[2]) < 1:
            raise ConfigurationError(
                f"{part.strip()} is a width and how many layers have it, which must be 1 or more."
            )
        found += [int(match[1])] * int(match[2] or 1)
    return found


@contextmanager
def _bar(total: int) -> Iterator[Callable[[int], None]]:
    """A bar over all networks to be drawn, on a terminal."""
    console = messages()
    if not console.is_terminal or total == 0:
        yield lambda _done: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    progress = Progress(
        TextColumn("measuring"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("networks"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    with progress:
        task = progress.add_task("", total=total)
        yield lambda _done: progress.advance(task)


def _print_layers(found: SignalPropagation, all_layers: bool) -> None:
    console = results()
    measured = f"; mean of {found.draws:,} networks" if found.draws else ""
    console.print(f"{found.name}, {_shape(found.widths)}{measured}\n", markup=False)
    columns = f"{'predicted':>9}"
    if found.draws:
        columns += f" {'measured':>9} {'band ×':<15}"
    heads = (f"{name:<{len(columns)}}" for name in ("variance of z", "of ∂loss/∂z"))
    console.print(f"       {'  '.join(heads)}".rstrip(), style="bold", markup=False)
    console.print(f"layer  {columns}  {columns}".rstrip(), style="bold", markup=False)
    for layer in found.layers if all_layers else _some(found.layers):
        cells = (_cells(signal, found.draws) for signal in (layer.forward, layer.backward))
        console.print(f"{layer.layer:>5}  {'  '.join(cells)}".rstrip(), markup=False)


def _cells(signal: Signal, draws: int) -> str:
    """Predicted, measured, and the band as multiples of what is predicted."""
    predicted = f"{_short(signal.predicted):>9}"
    if not draws:
        return predicted
    band = "–"
    if signal.band is not None and signal.predicted:
        low, high = (end / signal.predicted for end in signal.band)
        band = f"{low:.2g}–{high:.2g}" + ("!" if signal.agrees is False else "")
    return f"{predicted} {_short(signal.measured):>9} {band:<15}"


def _some(layers: list[LayerSignals]) -> list[LayerSignals]:
    """The first layers, the last ones, and some between."""
    if len(layers) <= ROWS_SHOWN:
        return layers
    last = len(layers) - 1
    inner = {round(k * last / (ROWS_SHOWN - 3)) for k in range(ROWS_SHOWN - 2)}
    return [layers[k] for k in sorted({0, 1, last - 1, last} | inner)]


def _print_summary(found: SignalPropagation) -> None:
    console = results()
    console.print()
    for verdict in (found.forward, found.backward):
        console.print(verdict.sentence, markup=False)
    if found.draws:
        console.print(_agreement(found), markup=False)
    _print_recommended(found)


def _print_recommended(found: SignalPropagation, of: str = "") -> None:
    """The variances of the weights, which do not depend on the initializer."""
    console = results()
    groups = _groups(found.recommended)
    heading = f"σ² of the weights that keeps …{of} (at variance {found.input_variance:g})"
    console.print(f"\n{heading}", style="bold", markup=False)
    heads = f"{'signals':>10}  {'gradients':>10}  {'nearly both':>12}"
    console.print(f"{'layers':<9} {'shape':<14}{heads}", style="bold", markup=False)
    for numbers, one in groups:
        figures = [_short(value) for value in (one.forward, one.backward, one.variance)]
        shape = f"{one.fan_in} → {one.fan_out}"
        console.print(
            f"{numbers:<9} {shape:<14}{figures[0]:>10}  {figures[1]:>10}  {figures[2]:>12}",
            markup=False,
        )


def _agreement(found: SignalPropagation) -> str:
    missed = [
        layer.layer
        for layer in found.layers
        if layer.forward.agrees is False or layer.backward.agrees is False
    ]
    if missed:
        return f"Outside their band (!), measured: layers {', '.join(map(str, missed[:10]))}."
    without = sum(
        signal.agrees is None
        for layer in found.layers
        for signal in (layer.forward, layer.backward)
    )
    if without:
        return (
            f"All measured values that have a band are in it; {without} have none, because layers "
            "so narrow, so deep, differ too much from one network to the next."
        )
    return "Every measured value is in its band."


def _print_comparison(schemes: list[SignalPropagation]) -> None:
    console = results()
    first = schemes[0]
    measured = f", {first.draws:,} networks each" if first.draws else ""
    console.print(f"{_shape(first.widths)}{measured}\n", markup=False)
    width = min(max(len(scheme.name) for scheme in schemes), LONGEST_NAME) + 2
    last = "in band" if first.draws else ""
    heads = f"{'signals':<18}{'gradients':<18}{last}"
    console.print(f"{'':<{width}}{heads}".rstrip(), style="bold", markup=False)
    for one in schemes:
        agrees = {True: "yes", False: "no", None: "–"}[one.agrees] if first.draws else ""
        cells = f"{_verdict(one.forward):<18}{_verdict(one.backward):<18}{agrees}"
        name = f"{one.name:<{width}}" if len(one.name) < width else f"{one.name}\n{'':<{width}}"
        console.print(f"{name}{cells}".rstrip(), markup=False)
    console.print("\n×: factor a layer, of the variance")
    of_activations = {scheme.activation: scheme for scheme in schemes}
    for activation, scheme in of_activations.items():
        _print_recommended(scheme, f" with {activation}" if len(of_activations) > 1 else "")


def _verdict(verdict: Verdict) -> str:
    if verdict.name == "kept" or verdict.per_layer in (0.0, float("inf")):
        return verdict.name
    return f"{verdict.name} ×{verdict.per_layer:.3g}"


def _groups(recommended: list[Recommendation]) -> list[tuple[str, Recommendation]]:
    """Layers for which the same holds, one after the other, together."""

    def same(one: Recommendation) -> Any:
        return one.fan_in, one.fan_out, one.forward, one.backward

    groups = []
    for _, found in itertools.groupby(recommended, key=same):
        group = list(found)
        first, last = group[0].layer, group[-1].layer
        groups.append((str(first) if first == last else f"{first}–{last}", group[0]))
    return groups


def _shape(widths: list[int]) -> str:
    """Widths, equal ones counted: ``784-256×49-10``."""
    parts = [(width, len(list(group))) for width, group in itertools.groupby(widths)]
    return "-".join(f"{width}×{n}" if n > 2 else "-".join([str(width)] * n) for width, n in parts)


def _short(value: float | None) -> str:
    """Three digits."""
    return "–" if value is None or value != value else f"{value:.3g}"  # noqa: PLR0124
