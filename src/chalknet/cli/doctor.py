"""chalknet doctor: what is wrong with data, with a trained network, or with training under way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chalknet.cli.findings import printed
from chalknet.cli.options import Json
from chalknet.cli.terminal import (
    announce_compilation,
    download_bar,
    messages,
    plain,
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
    from chalknet.data.dataset import Dataset, Split
    from chalknet.diagnose.health import Finding
    from chalknet.runs.config import TrainConfig
    from chalknet.runs.folder import RunFolder

__all__ = ["EXAMPLES", "doctor"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet doctor runs/mnist-20260101-120000

chalknet doctor flowers.csv --target species

chalknet doctor digits --watch --optimizer sgd --learning-rate 5

chalknet train digits --watch   [dim]the same, and keeps the run[/dim]
"""

LEARNING = (*NETWORK_OPTIONS, *LEARNING_OPTIONS, "learning_rate", "schedule", "epochs")


@with_training_options(*DATA_OPTIONS, *LEARNING)
def doctor(
    patient: Annotated[
        str,
        typer.Argument(
            help="The folder of a run, or data as for chalknet train.",
            metavar="RUN|DATA",
            show_default=False,
        ),
    ],
    watch: Annotated[
        bool,
        typer.Option(
            "--watch", help="Train now, with a run's settings or those below, and look on."
        ),
    ] = False,
    no_labels: Annotated[
        bool, typer.Option("--no-labels", help="Do not look for wrong labels.")
    ] = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Find what may keep a network from learning: each finding with evidence and advice."""
    from chalknet.runs.sources import load_split

    folder, settings = _settings(patient, watch, options)
    with download_bar() as bar:
        whole = load_split(settings, bar)
    announce_compilation()
    if watch:
        findings = _watched(settings, whole, json)
    elif folder is None:
        findings = _of_data(settings, whole, not no_labels)
    else:
        findings = _of_run(folder, settings, whole, not no_labels)
    if json:
        done = {"event": "done"} if watch else {}
        found = [finding.as_dict() for finding in findings]
        print_json({**done, "target": patient, "findings": found})
    elif not watch:
        _print(patient, whole.train, folder, findings)
    elif not findings:
        results().print("Nothing found.")


def _settings(
    patient: str, watch: bool, options: dict[str, Any]
) -> tuple[RunFolder | None, TrainConfig]:
    from chalknet.cli.values import parsed
    from chalknet.errors import ConfigurationError
    from chalknet.runs.config import TrainConfig
    from chalknet.runs.folder import RunFolder

    values = parsed(options)
    unused = [name for name in LEARNING if name in values and name != "seed"]
    if unused and not watch:
        raise ConfigurationError(
            f"{unused[0]} is about training, which doctor does with --watch alone."
        )
    if not (Path(patient) / "config.toml").is_file():
        return None, TrainConfig.make({**values, "data": patient})
    folder = RunFolder.open(patient)
    refused = [name for name in values if name != "data_dir" and not watch]
    if refused:
        raise ConfigurationError(
            f"{patient} is a run, whose own settings hold: leave {refused[0]} out."
        )
    return folder, TrainConfig.make({**folder.config().model_dump(exclude_none=True), **values})


def _of_data(settings: TrainConfig, whole: Split, labels: bool) -> list[Finding]:
    """All of it, as its owner has it: nothing is held out."""
    from chalknet.data.preprocessing import Preprocessing
    from chalknet.diagnose.health import check_health

    with _fold_bar(labels) as on_fold:
        return check_health(
            whole.train,
            test=whole.test,
            preprocessing=Preprocessing.for_data(whole.train.X, settings.scaling),
            labels=labels,
            on_fold=on_fold,
        )


def _of_run(folder: RunFolder, settings: TrainConfig, whole: Split, labels: bool) -> list[Finding]:
    """The run as it stood at its last checkpoint; from the start if it never came to one."""
    import dataclasses

    import numpy as np

    from chalknet.diagnose.health import check_health
    from chalknet.runs.job import TrainingJob
    from chalknet.runs.sources import parted

    parts = parted(whole, settings)
    # Parted alike, the numbers of the rows say which rows of the whole were trained on.
    numbered = dataclasses.replace(
        whole.train,
        X=np.arange(len(whole.train), dtype=np.float64)[:, None],
        image_shape=None,
        feature_names=None,
    )
    rows = parted(whole._replace(train=numbered), settings).train.X[:, 0].astype(int)
    job = TrainingJob(settings, parts, folder.latest_checkpoint())
    job.training.history = folder.history()
    with _fold_bar(labels) as on_fold:
        return check_health(
            parts.train,
            model=folder.model() if folder.model_path.is_file() else job.model,
            history=job.training.history,
            training=job.training,
            test=parts.test,
            labels=labels,
            row_numbers=rows.tolist(),
            on_fold=on_fold,
        )


def _watched(settings: TrainConfig, whole: Split, json: bool) -> list[Finding]:
    """Train as chalknet train would, but write nothing; what is found is told as it appears."""
    from chalknet.cli.training_display import display
    from chalknet.cli.training_watch import Watching
    from chalknet.errors import DivergenceError
    from chalknet.runs.job import TrainingJob
    from chalknet.runs.sources import parted

    show = display(json)
    watching = Watching(show, as_json=json)
    job = TrainingJob(settings, parted(whole, settings))
    job.training.on_progress = watching.progressed
    with show:
        if json:
            watching.job = job  # there is no folder to be told of
        else:
            watching.started(job)
        try:
            for record in job.training:
                watching.epoch_ended(record, None)
        except DivergenceError as error:
            show.say(str(error))
    return watching.findings


@contextmanager
def _fold_bar(labels: bool) -> Iterator[Callable[[int], None] | None]:
    """On a terminal, a sign of life while labels are looked at."""
    console = messages()
    if not (labels and console.is_terminal):
        yield None
        return
    announce_compilation(console.print)
    with console.status("looking for wrong labels…") as status:
        yield lambda fold: status.update(
            f"looking for wrong labels… ({fold} of 3 networks trained)"
        )


def _print(patient: str, data: Dataset, folder: RunFolder | None, findings: list[Finding]) -> None:
    console = results()
    looked = f"{len(data):,} rows"
    if folder is not None:
        looked += f", {len(folder.history()):,} epochs"
    count = {0: "nothing found", 1: "1 finding"}.get(len(findings), f"{len(findings)} findings")
    console.print(f"{plain(patient)}: {looked}; {count}", markup=False, soft_wrap=True)
    for finding in findings:
        console.print()
        for style, line in printed(finding):
            console.print(line, style=style, markup=False, soft_wrap=True)
