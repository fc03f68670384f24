"""Training into a run's folder: from configuration to model, checkpoints kept on the way."""

from __future__ import annotations

import functools
import hashlib
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from chalknet.data.dataset import Dataset
from chalknet.data.preprocessing import Preprocessing
from chalknet.engine import as_engine
from chalknet.errors import DivergenceError
from chalknet.model import Model, Score
from chalknet.network import Network
from chalknet.runs.config import TrainConfig
from chalknet.runs.folder import RunFolder
from chalknet.runs.sources import Parts
from chalknet.training.checkpoints import restore_checkpoint, save_checkpoint
from chalknet.training.loop import Progress, Training
from chalknet.training.records import EpochRecord, History
from chalknet.training.stopping import EarlyStopping

__all__ = ["Listener", "Outcome", "TrainingJob"]


class Listener:
    """Hears what happens during a job; every method may be overridden, none needs to be."""

    def started(self, job: TrainingJob) -> None:
        """Hear that everything is ready and the first step is about to be taken."""

    def progressed(self, progress: Progress) -> None:
        """Hear, several times a second, how far the epoch has come."""

    def epoch_ended(self, record: EpochRecord, test: Score | None) -> None:
        """Hear of an epoch; ``test`` is there when the test set is evaluated each epoch."""

    def checkpoint_saved(self, path: Path) -> None:
        """Hear that a checkpoint is safely on disk."""

    def diverged(self, error: DivergenceError, path: Path) -> None:
        """Hear that training diverged; ``path`` has the state before the step that did it."""


@dataclass(frozen=True)
class Outcome:
    """What a job ended with. ``finished`` is False when it was stopped before the last epoch."""

    finished: bool
    model: Model
    history: History
    test: Score | None
    seconds: float


@dataclass
class TrainingJob:
    """One configuration and its data, ready to train or to go on from a checkpoint.

    Everything random comes from ``numpy.random.default_rng(seed)``: the initial weights layer by
    layer, then each epoch's order and dropout key. The splits use generators of their own.
    """

    config: TrainConfig
    parts: Parts
    checkpoint: Path | None = None
    listener: Listener = field(default_factory=Listener)

    def __post_init__(self) -> None:
        config, data = self.config, self.parts.train
        rng = np.random.default_rng(config.seed)
        loss = config.loss or usual_loss(data)
        one_output = data.task == "classification" and loss == "sigmoid_cross_entropy"
        outputs = 1 if one_output and data.n_outputs == 2 else data.n_outputs
        activation = config.activation[0] if len(config.activation) == 1 else config.activation
        network = Network.dense(
            [data.n_features, *config.hidden, outputs],
            activation=activation,
            init=config.init,
            rng=rng,
            dtype=config.dtype,
        )
        self.training = Training(
            network,
            data,
            loss=loss,
            optimizer=config.make_optimizer(),
            epochs=config.epochs,
            batch_size=config.batch_size,
            rng=rng,
            shuffle=config.shuffle,
            validation=self.parts.validation,
            engine=as_engine(config.engine),
            threads=config.threads,
            l2=config.l2,
            dropout=config.dropout[0] if len(config.dropout) == 1 else config.dropout,
            class_weight=config.class_weight,
            schedule=config.schedule,
            early_stopping=(
                None if config.patience is None else EarlyStopping(patience=config.patience)
            ),
            preprocessing=Preprocessing.for_data(data.X, config.scaling),
        )
        if self.checkpoint is not None:
            restore_checkpoint(self.training, self.checkpoint, about=self._about)
        plan = self.training.plan
        self.model = Model.for_data(network, plan.loss, plan.preprocessing, data)
        self._saved_at = time.monotonic()

    def run(self, folder: RunFolder) -> Outcome:
        """Train to the end, or until ``training.stop()``, saving all that belongs in ``folder``.

        Raises
        ------
        DivergenceError
            The network keeps its last finite parameters; a checkpoint of that state is saved.
        OSError
            A file cannot be written (a full disk, say); older files are whole.
        """
        training, listener = self.training, self.listener
        self._folder = folder
        training.on_progress = self._progressed
        listener.started(self)
        started = time.perf_counter()
        try:
            self._train_epochs(folder)
        except DivergenceError as error:
            listener.diverged(error, self._save_checkpoint())
            raise
        seconds = time.perf_counter() - started
        if not training.finished:
            self._save_checkpoint()
            return Outcome(False, self.model, training.history, None, seconds)
        folder.save_history(training.history)
        self.model.save(folder.model_path)
        test = None if self.parts.test is None else self.model.evaluate(self.parts.test)
        return Outcome(True, self.model, training.history, test, seconds)

    def _train_epochs(self, folder: RunFolder) -> None:
        for record in self.training:
            test = None
            if self.config.evaluate_test_each_epoch and self.parts.test is not None:
                test = self.model.evaluate(self.parts.test)
            every = self.config.checkpoint_every
            if self.training.finished or (every is not None and record.epoch % every == 0):
                self._save_checkpoint()
            folder.save_history(self.training.history)
            self.listener.epoch_ended(record, test)

    @functools.cached_property
    def _about(self) -> dict[str, str]:
        """What a checkpoint says of the run, and must fit when it is read."""
        return {"training data (hash)": _fingerprint(self.parts.train)}

    def _progressed(self, progress: Progress) -> None:
        self.listener.progressed(progress)
        if time.monotonic() - self._saved_at > 60 * self.config.checkpoint_minutes:
            self._save_checkpoint()

    def _save_checkpoint(self) -> Path:
        position = self.training.position
        path = self._folder.checkpoint_path(position.epoch, position.step)
        save_checkpoint(self.training, path, about=self._about)
        self._saved_at = time.monotonic()
        self.listener.checkpoint_saved(path)
        return path


def usual_loss(data: Dataset) -> str:
    """The loss for data of this kind, when none is named."""
    if data.task == "classification":
        return "softmax_cross_entropy"
    return "sigmoid_cross_entropy" if data.task == "multilabel" else "mean_squared_error"


def _fingerprint(data: Dataset) -> str:
    digest = hashlib.sha256(f"{data.X.dtype}{data.X.shape}{data.y.dtype}{data.y.shape}".encode())
    digest.update(np.ascontiguousarray(data.X).data)
    digest.update(np.ascontiguousarray(data.y).tobytes())
    return digest.hexdigest()[:16]
