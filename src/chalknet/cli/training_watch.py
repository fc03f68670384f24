"""``--watch``: what the doctor sees while a network is trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chalknet.cli.findings import printed
from chalknet.cli.terminal import print_json
from chalknet.cli.training_display import Display
from chalknet.runs.job import Listener

if TYPE_CHECKING:
    from chalknet.diagnose.health import Finding
    from chalknet.errors import DivergenceError
    from chalknet.model import Score
    from chalknet.runs.job import TrainingJob
    from chalknet.training.loop import Progress
    from chalknet.training.records import EpochRecord

__all__ = ["Watching"]


class Watching(Listener):
    """Passes on all that it hears, and after each epoch tells what is newly wrong."""

    def __init__(self, show: Display, *, as_json: bool) -> None:
        from chalknet.diagnose.health import Watch

        self.show = show
        self.as_json = as_json
        self.findings: list[Finding] = []
        self._watch = Watch()

    def started(self, job: TrainingJob) -> None:
        """Keep the job, to look at its training."""
        self.job = job
        self.show.started(job)

    def progressed(self, progress: Progress) -> None:
        """Pass it on."""
        self.show.progressed(progress)

    def epoch_ended(self, record: EpochRecord, test: Score | None) -> None:
        """Pass it on, look, and tell."""
        self.show.epoch_ended(record, test)
        for finding in self._watch.look(self.job.training):
            self.findings.append(finding)
            self._tell(finding, record.epoch)

    def checkpoint_saved(self, path: Path) -> None:
        """Pass it on."""
        self.show.checkpoint_saved(path)

    def diverged(self, error: DivergenceError, path: Path) -> None:
        """Pass it on."""
        self.show.diverged(error, path)

    def _tell(self, finding: Finding, epoch: int) -> None:
        if self.as_json:
            print_json({"event": "finding", "epoch": epoch, **finding.as_dict()})
            return
        for _, line in printed(finding):
            self.show.say(line)
