"""chalknet train: train a network on a named data set or on your own files."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chalknet.cli.terminal import announce_compilation, download_bar

if TYPE_CHECKING:
    from types import FrameType

    from chalknet.cli.training_display import Display
    from chalknet.runs.config import TrainConfig
    from chalknet.runs.folder import RunFolder
    from chalknet.runs.job import Listener, Outcome, TrainingJob

__all__ = ["EXAMPLES", "train"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet train digits

chalknet train mnist --hidden 256,128 --dropout 0.2 --validation 0.1 --patience 5

chalknet train flowers.csv --target species --scaling standard

chalknet train photos/ --image-size 28x28 --hidden 512 --class-weight balanced

chalknet train --resume runs/mnist-20260101-120000 --epochs 40
"""

# Written out, so that the help need not import what they name; a test holds them to be complete.
_ACTIVATIONS = (
    "relu, 'leaky_relu(0.01)', elu, selu, gelu, silu, softplus, sigmoid, tanh, step or identity"
)
_INITIALIZERS = (
    "he_normal, he_uniform, glorot_normal, glorot_uniform, lecun_normal, max_fan_normal, "
    "'normal(0.01)', torch_default or zeros"
)
_LOSSES = (
    "softmax_cross_entropy, sigmoid_cross_entropy, mean_squared_error, half_squared_error, "
    "absolute_error, 'huber(1)' or poisson"
)
_SCHEDULES = (
    "constant, 'step_decay(10, 0.5)', 'exponential(0.95)', cosine, inverse_scaling, "
    "reduce_on_plateau or 'warmup(5)+cosine'"
)

DATA, NETWORK, LEARNING, RUN = "Data", "Network", "Learning", "Run"


def _option(
    panel: str, text: str, *names: str, metavar: str | None = None, default: str = ""
) -> Any:
    """An option that is None unless given; ``default`` is what the configuration then takes."""
    text = f"{text.removesuffix('.')} ({default})." if default else text
    return typer.Option(
        *names, help=text, rich_help_panel=panel, metavar=metavar, show_default=False
    )


def train(
    data: Annotated[
        str | None,
        typer.Argument(
            help="digits, mnist, fashion-mnist, or a path: IDX, NPZ, HDF5, CSV, Parquet, or a "
            "folder of images by class.",
            show_default=False,
        ),
    ] = None,
    # -- data
    data_dir: Annotated[
        str | None, _option(DATA, "Folder with mnist/ and fashion-mnist/.", default="CHALKNET_DATA")
    ] = None,
    target: Annotated[
        str | None, _option(DATA, "Column (CSV, Parquet) or array (NPZ, HDF5) to predict.")
    ] = None,
    inputs: Annotated[str | None, _option(DATA, "Array of inputs (NPZ, HDF5).")] = None,
    task: Annotated[
        str | None, _option(DATA, "classification, multilabel or regression.", default="found out")
    ] = None,
    image_size: Annotated[
        str | None, _option(DATA, "Resize the images of a folder, as in 28x28.", metavar="HxW")
    ] = None,
    max_bytes: Annotated[
        int | None,
        _option(
            DATA, "Memory that a compressed file may unfold to.", default="40 MiB + 4 × the file"
        ),
    ] = None,
    scaling: Annotated[
        str | None, _option(DATA, "auto (bytes / 255), none, pixels or standard.", default="auto")
    ] = None,
    validation: Annotated[
        float | None, _option(DATA, "Fraction of the training data to hold out.", default="0")
    ] = None,
    test: Annotated[
        float | None,
        _option(DATA, "Fraction to test on, where there is no test set.", default="0.2"),
    ] = None,
    split: Annotated[
        str | None, _option(DATA, "How to hold out: stratified, random or leading.")
    ] = None,
    # -- network
    hidden: Annotated[
        str | None, _option(NETWORK, "Widths of the hidden layers.", metavar="N,N,…", default="256")
    ] = None,
    activation: Annotated[
        str | None,
        _option(
            NETWORK, f"{_ACTIVATIONS}: one for all hidden layers, or one for each.", default="relu"
        ),
    ] = None,
    init: Annotated[str | None, _option(NETWORK, f"{_INITIALIZERS}.", default="he_normal")] = None,
    dtype: Annotated[str | None, _option(NETWORK, "float32 or float64.", default="float32")] = None,
    # -- learning
    loss: Annotated[
        str | None, _option(LEARNING, f"{_LOSSES}.", default="what suits the data")
    ] = None,
    optimizer: Annotated[
        str | None,
        _option(
            LEARNING, "sgd, momentum, nesterov, rmsprop, adagrad, adam or adamw.", default="adam"
        ),
    ] = None,
    learning_rate: Annotated[
        float | None,
        _option(
            LEARNING, "η.", "--learning-rate", "--lr", default="what is usual for the optimizer"
        ),
    ] = None,
    momentum: Annotated[
        float | None, _option(LEARNING, "μ, for momentum and nesterov.", default="0.9")
    ] = None,
    weight_decay: Annotated[float | None, _option(LEARNING, "λ of adamw.", default="0.01")] = None,
    schedule: Annotated[
        str | None,
        _option(LEARNING, f"{_SCHEDULES}.", default="constant"),
    ] = None,
    batch_size: Annotated[int | None, _option(LEARNING, "Samples a step.", default="32")] = None,
    epochs: Annotated[int | None, _option(LEARNING, "Passes over the data.", default="20")] = None,
    l2: Annotated[float | None, _option(LEARNING, "λ of the penalty ½ λ ΣW².", default="0")] = None,
    dropout: Annotated[
        str | None, _option(LEARNING, "Rate for all hidden layers, or one for each.", default="0")
    ] = None,
    class_weight: Annotated[
        str | None, _option(LEARNING, "balanced, or weights as in cat=2,dog=1.")
    ] = None,
    patience: Annotated[
        int | None,
        _option(LEARNING, "Stop after so many epochs without improvement; keep the best weights."),
    ] = None,
    shuffle: Annotated[
        bool | None,
        _option(LEARNING, "New order each epoch.", "--shuffle/--no-shuffle", default="shuffle"),
    ] = None,
    seed: Annotated[int | None, _option(LEARNING, "Of everything random.", default="0")] = None,
    # -- run
    run_dir: Annotated[
        Path | None,
        _option(RUN, "Folder for the run.", "--run-dir", "--output", default="runs/<data>-<time>"),
    ] = None,
    resume: Annotated[
        Path | None,
        _option(RUN, "Go on with a run, or from one of its checkpoints.", metavar="RUN"),
    ] = None,
    config: Annotated[
        Path | None, _option(RUN, "Options from a TOML file; others override it.")
    ] = None,
    checkpoint_every: Annotated[
        int | None, _option(RUN, "Checkpoint after every N epochs.", metavar="N")
    ] = None,
    checkpoint_minutes: Annotated[
        float | None, _option(RUN, "Checkpoint at least so often, in minutes.", default="5")
    ] = None,
    evaluate_test_each_epoch: Annotated[
        bool | None,
        _option(RUN, "Show the test set's figures after each epoch.", "--evaluate-test-each-epoch"),
    ] = None,
    engine: Annotated[
        str | None, _option(RUN, "auto, compiled or reference.", default="auto")
    ] = None,
    threads: Annotated[int | None, _option(RUN, "At most so many.", default="all cores")] = None,
    watch: Annotated[
        bool, _option(RUN, "Tell, epoch by epoch, what chalknet doctor would find.", "--watch")
    ] = False,
    no_report: Annotated[bool, _option(RUN, "Do not write report.html.", "--no-report")] = False,
    json: Annotated[
        bool, _option(RUN, "One JSON object a line on standard output.", "--json")
    ] = False,
) -> int:
    """Train a network on a data set and write a run: model, history, checkpoints and a report."""
    options = {
        name: value
        for name, value in locals().items()
        if value is not None
        and name not in ("run_dir", "resume", "config", "watch", "no_report", "json")
    }
    settings, checkpoint, folder = _settings(options, resume, config, run_dir)
    from chalknet.cli.training_display import display
    from chalknet.runs.folder import RunFolder
    from chalknet.runs.job import TrainingJob
    from chalknet.runs.sources import load_parts

    with download_bar() as bar:
        parts = load_parts(settings, bar)
    if Path(settings.data).exists():
        # The run can then be resumed and reported on from any folder.
        settings = settings.model_copy(update={"data": str(Path(settings.data).resolve())})
    show = display(json)
    job = TrainingJob(settings, parts, checkpoint, _watching(show, json) if watch else show)
    _require_epochs_ahead(job)
    if folder is None:
        folder = RunFolder.create(settings, run_dir)
    else:
        folder.save_config(settings)
    show.folder = folder
    announce_compilation(show.say)
    with show, _Interruptible(job) as interruption:
        outcome = job.run(folder)
    if not outcome.finished:
        show.interrupted(folder)
        return 128 + (interruption.signal or signal.SIGINT)
    if not no_report:
        with show.writing_report():
            _write_report(job, outcome, folder)
    show.finished(outcome, folder, with_report=not no_report)
    return 0


def _settings(
    options: dict[str, Any], resume: Path | None, config: Path | None, run_dir: Path | None
) -> tuple[TrainConfig, Path | None, RunFolder | None]:
    from chalknet.cli.values import parsed
    from chalknet.errors import ConfigurationError
    from chalknet.runs.config import TrainConfig
    from chalknet.runs.folder import RunFolder

    values = parsed(options)
    if resume is None:
        if config is not None:
            return TrainConfig.read(config, **values), None, None
        if "data" not in values:
            raise ConfigurationError(
                "name what to train on: digits, mnist, fashion-mnist, or a path of your own."
            )
        return TrainConfig.make(values), None, None
    changeable = ("epochs", "threads", "checkpoint_every", "checkpoint_minutes", "data_dir")
    for name in [*values, *(["config"] if config else []), *(["run_dir"] if run_dir else [])]:
        if name not in changeable:
            raise ConfigurationError(
                f"with --resume the run's own configuration holds, so {name} cannot be given; "
                f"only {', '.join(changeable)} can."
            )
    from_checkpoint = resume.suffix == ".safetensors"
    folder = RunFolder.open(resume.parent.parent if from_checkpoint else resume)
    checkpoint = resume if from_checkpoint else folder.latest_checkpoint()
    if checkpoint is None and folder.model_path.is_file():
        raise ConfigurationError(
            f"{resume}: there is a model but no checkpoint, as after an import: there is "
            "no training to go on with. Evaluate or explain it, or train anew without --resume."
        )
    settings = TrainConfig.make({**folder.config().model_dump(exclude_none=True), **values})
    return settings, checkpoint, folder


def _watching(show: Display, json: bool) -> Listener:
    from chalknet.cli.training_watch import Watching

    return Watching(show, as_json=json)


def _require_epochs_ahead(job: TrainingJob) -> None:
    from chalknet.errors import ConfigurationError

    done, epochs = job.training.position.epoch, job.config.epochs
    if done > epochs:
        raise ConfigurationError(
            f"{job.checkpoint} has {done} epochs behind it, so epochs must be at least {done}, "
            f"not {epochs}; to go back, name an earlier checkpoint."
        )


def _write_report(job: TrainingJob, outcome: Outcome, folder: RunFolder) -> None:
    from chalknet.cli.report import write

    write(folder, job.config, outcome.model, outcome.history, job.parts)


class _Interruptible:
    """Turns Ctrl-C and SIGTERM into a stop between two steps; a second one is not waited for."""

    def __init__(self, job: TrainingJob) -> None:
        self.job = job
        self.signal: int | None = None

    def __enter__(self) -> _Interruptible:
        self._before = {
            number: signal.signal(number, self._heard) for number in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number
        sys.stderr.write("\nstopping: saving a checkpoint…\n")
        self.job.training.stop()

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
