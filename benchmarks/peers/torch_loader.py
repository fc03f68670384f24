"""PyTorch as its tutorials and the studies have it: a DataLoader that collates sample by sample."""

from __future__ import annotations

from torch.utils.data import DataLoader, TensorDataset

from benchmarks.peers.torch_network import TorchTraining
from benchmarks.problems import Settings, TrainingProblem


class _Training(TorchTraining):
    def __init__(self, problem: TrainingProblem, settings: Settings) -> None:
        super().__init__(problem, settings)
        self.loader = DataLoader(
            TensorDataset(self.X, self.y), batch_size=problem.batch_size, shuffle=problem.shuffle
        )

    def work(self) -> None:
        for _ in range(self.problem.epochs):
            for X, y in self.loader:
                self.step(X, y)


def train(problem: TrainingProblem, settings: Settings) -> _Training:
    return _Training(problem, settings)
