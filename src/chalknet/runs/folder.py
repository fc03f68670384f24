"""A run's folder: configuration, model, history, checkpoints and report under fixed names."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path

from chalknet.errors import RunFolderError
from chalknet.files import write_atomically
from chalknet.model import Model
from chalknet.runs.config import TrainConfig
from chalknet.training.records import EpochRecord, History

__all__ = ["RunFolder"]

_CHECKPOINT = re.compile(r"epoch-(\d+)(?:-step-(\d+))?\.safetensors")


class RunFolder:
    """The folder of one run.

    ::

        config.toml          everything needed to run it again
        history.jsonl        one line an epoch
        checkpoints/         epoch-0003.safetensors, epoch-0003-step-000120.safetensors, …
        model.safetensors    the trained model, once training has ended
        report.html          one page about it
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    @classmethod
    def create(cls, config: TrainConfig, path: str | os.PathLike[str] | None = None) -> RunFolder:
        """Make the folder of a new run and write its configuration.

        Raises
        ------
        RunFolderError
            The folder already holds something, or cannot be made.
        """
        folder = cls(path if path is not None else _default_path(config.data))
        try:
            if folder.path.exists() and any(map(_is_of_worth, folder.path.iterdir())):
                raise RunFolderError(
                    f"{folder.path}: the folder is not empty. Name another with --run-dir, "
                    "or go on with the run in it with --resume."
                )
            # The configuration comes first: with it the folder is a run, and can be resumed.
            folder.path.mkdir(parents=True, exist_ok=True)
            folder.save_config(config)
            folder.checkpoints_path.mkdir(exist_ok=True)
        except OSError as error:
            if isinstance(error, RunFolderError):
                raise
            raise RunFolderError(
                f"{folder.path}: the folder cannot be written ({error.strerror}). "
                "Name another with --run-dir."
            ) from None
        return folder

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> RunFolder:
        """The folder of an existing run.

        Raises
        ------
        RunFolderError
            There is no such folder, or it is not a run's.
        """
        folder = cls(path)
        if not folder.path.is_dir():
            raise RunFolderError(
                f"{folder.path}: there is no such folder; name the folder of a run."
            )
        if not folder.config_path.is_file():
            raise RunFolderError(
                f"{folder.path}: this folder is not a run (it has no config.toml); "
                "name one that chalknet train has made."
            )
        return folder

    @property
    def config_path(self) -> Path:
        """config.toml."""
        return self.path / "config.toml"

    @property
    def model_path(self) -> Path:
        """model.safetensors."""
        return self.path / "model.safetensors"

    @property
    def history_path(self) -> Path:
        """history.jsonl."""
        return self.path / "history.jsonl"

    @property
    def checkpoints_path(self) -> Path:
        """checkpoints/."""
        return self.path / "checkpoints"

    @property
    def report_path(self) -> Path:
        """report.html."""
        return self.path / "report.html"

    def config(self) -> TrainConfig:
        """The run's configuration."""
        return TrainConfig.read(self.config_path)

    def save_config(self, config: TrainConfig) -> None:
        """Write the configuration."""
        write_atomically(self.config_path, config.to_toml())

    def model(self) -> Model:
        """The trained model.

        Raises
        ------
        RunFolderError
            Training has not ended yet.
        """
        if not self.model_path.is_file():
            raise RunFolderError(
                f"{self.path}: the run has no model yet; finish it with "
                f"chalknet train --resume {self.path}."
            )
        return Model.load(self.model_path)

    def history(self) -> History:
        """The epochs so far; ``best_epoch`` is the one that early stopping restored, if any."""
        if not self.history_path.is_file():
            return History()
        known = set(EpochRecord.__dataclass_fields__)
        lines = self.history_path.read_text(encoding="utf-8").splitlines()
        try:
            rows = [json.loads(line) for line in lines if line.strip()]
            records = [EpochRecord(**{k: v for k, v in row.items() if k in known}) for row in rows]
        except (ValueError, TypeError, AttributeError) as error:
            raise RunFolderError(f"{self.history_path}: a line is damaged ({error}).") from None
        best = [record.epoch for record, row in zip(records, rows, strict=True) if row.get("best")]
        return History(records, best[-1] if best else None)

    def save_history(self, history: History) -> None:
        """Write one line an epoch; the epoch whose parameters were restored is marked ``best``."""
        lines = []
        for record in history:
            row = record.as_dict()
            if record.epoch == history.best_epoch:
                row["best"] = True
            lines.append(json.dumps(row))
        write_atomically(self.history_path, "".join(f"{line}\n" for line in lines))

    def checkpoint_path(self, epoch: int, step: int) -> Path:
        """Where the checkpoint after ``epoch`` epochs and ``step`` more steps belongs."""
        self.checkpoints_path.mkdir(exist_ok=True)
        suffix = f"-step-{step:06d}" if step else ""
        return self.checkpoints_path / f"epoch-{epoch:04d}{suffix}.safetensors"

    def latest_checkpoint(self) -> Path | None:
        """The checkpoint that is furthest on, or None."""
        found = [
            (int(match[1]), int(match[2] or 0), path)
            for path in self.checkpoints_path.glob("*.safetensors")
            if (match := _CHECKPOINT.fullmatch(path.name))
        ]
        return max(found)[2] if found else None

    def __str__(self) -> str:
        return str(self.path)


def _is_of_worth(path: Path) -> bool:
    """Whether a file is more than what a process left that was killed while making the folder."""
    return not (path.name.startswith(".config.toml.") and path.name.endswith(".tmp"))


def _default_path(data: str) -> Path:
    """runs/<dataset>-<timestamp>, with a number added if that exists."""
    name = re.sub(r"[^\w.-]+", "-", Path(data).name).strip("-.") or "run"
    stem = f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    candidates = [Path("runs") / stem, *(Path("runs") / f"{stem}-{k}" for k in range(2, 1000))]
    return next((path for path in candidates if not path.exists()), candidates[0])
