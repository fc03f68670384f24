"""chalknet report: write the page about a run (again)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chalknet.cli.options import DataDir, Json, Run
from chalknet.cli.terminal import announce_compilation, download_bar, print_json, results

if TYPE_CHECKING:
    from chalknet.model import Model
    from chalknet.runs.config import TrainConfig
    from chalknet.runs.folder import RunFolder
    from chalknet.runs.sources import Parts
    from chalknet.training.records import History

__all__ = ["EXAMPLES", "report", "write"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet report runs/mnist-20260101-120000

chalknet report runs/mnist-20260101-120000 --output mnist.html
"""

# How the work was done, not what was learned.
OF_NO_INTEREST = {
    "data_dir",
    "threads",
    "checkpoint_every",
    "checkpoint_minutes",
    "evaluate_test_each_epoch",
}


def report(
    run: Run,
    output: Annotated[
        Path | None,
        typer.Option(help="Where to write the page (RUN/report.html).", show_default=False),
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Write one self-contained HTML page about a run: curves, confusions, galleries, weights."""
    from chalknet.runs.folder import RunFolder
    from chalknet.runs.sources import load_parts

    announce_compilation()
    folder = RunFolder.open(run)
    config = folder.config()
    if data_dir is not None:
        config = config.model_copy(update={"data_dir": data_dir})
    model = folder.model()
    with download_bar() as bar:
        parts = load_parts(config, bar)
    path = write(folder, config, model, folder.history(), parts, output)
    if json:
        print_json({"report": str(path)})
    else:
        results().print(str(path), markup=False, soft_wrap=True)


def write(
    folder: RunFolder,
    config: TrainConfig,
    model: Model,
    history: History,
    parts: Parts,
    output: Path | None = None,
) -> Path:
    """Write the page of a run whose pieces are at hand."""
    import numpy as np

    from chalknet.report.page import write_report

    return write_report(
        output or folder.report_path,
        model=model,
        history=history,
        settings=_settings(config),
        train=parts.train,
        validation=parts.validation,
        test=parts.test,
        rng=np.random.default_rng(config.seed),
    )


def _settings(config: TrainConfig) -> dict[str, Any]:
    """What shaped the learning, without the folders of whoever ran it."""
    settings = config.model_dump(mode="json", exclude_none=True, exclude=OF_NO_INTEREST)
    return settings | {"data": Path(config.data).name}
