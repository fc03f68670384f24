"""chalknet find-lr: the learning rates at which a network learns, from one short sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chalknet.cli.options import Json
from chalknet.cli.terminal import (
    announce_compilation,
    decimals,
    download_bar,
    messages,
    print_json,
    results,
)
from chalknet.cli.training_options import (
    DATA_OPTIONS,
    LEARNING_OPTIONS,
    NETWORK_OPTIONS,
    with_training_options,
)

if TYPE_CHECKING:
    from chalknet.diagnose.learning_rate_range import LearningRateRange
    from chalknet.training.loop import Training

__all__ = ["EXAMPLES", "find_lr"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet find-lr mnist --hidden 256,128 --optimizer momentum

chalknet find-lr flowers.csv --target species --scaling standard --output curve.png
"""

BAR = 28
BESIDE = 0.15  # powers of ten from a rate that was found, within which no other is shown


@with_training_options(*DATA_OPTIONS, *NETWORK_OPTIONS, *LEARNING_OPTIONS, "engine", "threads")
def find_lr(
    data: Annotated[
        str | None,
        typer.Argument(help="What to train on, as for chalknet train.", show_default=False),
    ] = None,
    lowest: Annotated[float, typer.Option(help="Rate of the first step.")] = 1e-7,
    highest: Annotated[float, typer.Option(help="Rate of the last step.")] = 10.0,
    steps: Annotated[int, typer.Option(help="Steps of the sweep, a batch each.", min=20)] = 300,
    config: Annotated[
        Path | None,
        typer.Option(help="Options from a TOML file; others override it.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Draw the curve: a file ending in .svg, .png or .pdf.", show_default=False
        ),
    ] = None,
    json: Json = False,
    **options: Any,
) -> None:
    """Raise the learning rate step by step until training diverges, and suggest one below."""
    from chalknet.diagnose.learning_rate_range import learning_rate_range
    from chalknet.runs.job import TrainingJob
    from chalknet.runs.sources import load_parts

    if output is not None:
        from chalknet.report.plots.paper import require_format

        require_format(output)
    settings = _settings(data, config, options)
    with download_bar() as bar:
        parts = load_parts(settings, bar)
    training = TrainingJob(settings, parts).training
    announce_compilation()
    with _bar(steps) as advance:
        found = learning_rate_range(
            training, lowest=lowest, highest=highest, steps=steps, on_step=advance
        )
    if output is not None:
        from chalknet.report.plots.learning_rate import write_learning_rate_plot

        write_learning_rate_plot(output, found, title=f"{parts.train.name}, {found.optimizer}")
    if json:
        plot = {} if output is None else {"plot": str(output)}
        print_json({"data": parts.train.name, **found.as_dict(), **plot})
    else:
        _print(training, found)
        _advise(found, output)


def _settings(data: str | None, config: Path | None, options: dict[str, Any]) -> Any:
    from chalknet.cli.values import parsed
    from chalknet.errors import ConfigurationError
    from chalknet.runs.config import TrainConfig

    values = parsed(options) | ({} if data is None else {"data": data})
    if config is not None:
        return TrainConfig.read(config, **values)
    if data is None:
        raise ConfigurationError(
            "name what to train on: digits, mnist, fashion-mnist, or a path of your own."
        )
    return TrainConfig.make(values)


@contextmanager
def _bar(steps: int) -> Iterator[Callable[[int], None] | None]:
    """A bar over the steps, on a terminal."""
    console = messages()
    if not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    announce_compilation(console.print)
    with Progress(
        TextColumn("sweeping"),
        BarColumn(),
        TextColumn("{task.fields[speed]:,.0f} steps/s"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as progress:
        task = progress.add_task("", total=steps, speed=0.0)
        yield lambda done: progress.update(
            task,
            completed=done,
            speed=progress.tasks[0].finished_speed or progress.tasks[0].speed or 0,
        )


def _print(training: Training, found: LearningRateRange) -> None:
    console = results()
    network = training.network
    functions = dict.fromkeys(layer.activation.spec for layer in network.layers[:-1])
    console.print(
        f"{training.data.name}: {'-'.join(map(str, network.widths))} {' '.join(functions)}, "
        f"{found.optimizer}, batches of {found.batch_size}, {len(found.rates)} steps\n",
        markup=False,
        soft_wrap=True,
    )
    console.print(f"{'rate':>9}  {'loss':>10}  smoothed over steps", style="bold")
    for rate, loss, bar, note in _rows(found):
        console.print(f"{rate:>9.1e}  {decimals(loss):>10}  {bar}{note}".rstrip(), markup=False)


def _rows(found: LearningRateRange) -> Iterator[tuple[float, float, str, str]]:
    """The smoothed loss at every half power of ten, or the rates found near it, as a bar."""
    import numpy as np

    logs = np.log10(found.rates)
    if not len(logs):
        return
    marks: dict[float, list[str]] = {}
    rates = {"falls fastest": found.steepest, "least": found.best, "suggested": found.suggestion}
    for name, rate in rates.items():
        if rate is not None and rate >= found.rates[0]:  # half of the best may lie below
            marks.setdefault(float(np.log10(rate)), []).append(name)
    grid = np.arange(np.ceil(2 * logs[0] - 1e-9), np.floor(2 * logs[-1] + 1e-9) + 1) / 2
    far = [at for at in grid.tolist() if all(abs(at - mark) > BESIDE for mark in marks)]
    places = sorted([*far, *marks])
    losses = np.interp(places, logs, found.smoothed)
    # Losses far above the start are cut: it is the fall that is to be seen.
    highest = float(losses.max(initial=0.0))
    full = min(1.5 * float(np.max(found.smoothed[:10])), highest) or 1.0
    for at, loss in zip(places, losses.tolist(), strict=True):
        bar = "█" * max(1, round(BAR * min(max(loss, 0.0) / full, 1.0)))
        yield 10.0**at, loss, bar, f" ← {', '.join(marks[at])}" if at in marks else ""


def _advise(found: LearningRateRange, output: Path | None) -> None:
    console = results()
    console.print()
    if found.too_high:
        lower = min(0.1, float(found.rates[0]) / 1000) if len(found.rates) else 0.1
        console.print(
            f"The first steps throw the loss far above the {decimals(found.untrained)} of the "
            "untrained network: these rates are too high. Take a lower --lowest, such as "
            f"{lower:.2g}.",
            soft_wrap=True,
            markup=False,
        )
    elif found.suggestion is None:
        console.print(
            "The loss never fell: there is no rate to suggest. Look at the data with chalknet "
            "doctor, or take "
            + ("more steps." if found.diverged_at is None else "a lower --lowest."),
            soft_wrap=True,
        )
    else:
        console.print(
            f"Suggested learning rate: {found.suggestion:.2g}", style="bold", markup=False
        )
        console.print(
            f"The loss falls fastest at {found.steepest:.2g} and is least at {found.best:.2g}; "
            "from a tenth to a half of that is safe.",
            markup=False,
        )
    if found.diverged_at is not None:
        console.print(f"Broken off at {found.diverged_at:.2g}, where it diverged.", markup=False)
    if found.suggestion is not None:
        console.print(f"Train with it: chalknet train … --learning-rate {found.suggestion:.2g}")
    if output is not None:
        console.print(f"\nplot  {output}", markup=False, soft_wrap=True)
