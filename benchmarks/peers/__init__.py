"""The libraries that are compared; one file each, imported when it is needed."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

from benchmarks.problems import PredictionProblem, Problem, Settings


class Job(Protocol):
    """A problem in the hands of one library, ready to run."""

    def reset(self) -> None:
        """Go back to the start; not timed."""

    def work(self) -> None:
        """What is timed."""

    def result(self) -> Any:
        """Parameters after training, probabilities (n, K) after prediction."""


@dataclass(frozen=True)
class Peer:
    """A library in one of the ways in which it is used.

    ``module`` has ``train``, ``predict`` or both, and imports what it ``requires``.
    """

    name: str
    title: str
    module: str
    requires: tuple[str, ...]
    trains: bool = True
    predicts: bool = True

    @property
    def missing(self) -> list[str]:
        return [module for module in self.requires if find_spec(module) is None]

    def takes(self, problem: Problem) -> bool:
        return self.predicts if isinstance(problem, PredictionProblem) else self.trains

    def job(self, problem: Problem, settings: Settings) -> Job:
        module = importlib.import_module(f"benchmarks.peers.{self.module}")
        make = module.predict if isinstance(problem, PredictionProblem) else module.train
        job: Job = make(problem, settings)
        return job


PEERS = {
    peer.name: peer
    for peer in (
        Peer("chalknet", "chalknet", "chalknet_itself", ("chalknet",)),
        Peer("numpy", "NumPy, by hand", "by_hand", ("numpy",)),
        Peer("torch-loader", "PyTorch, DataLoader", "torch_loader", ("torch",), predicts=False),
        Peer("torch-tensors", "PyTorch, tensors", "torch_tensors", ("torch",)),
        Peer("torch-compile", "PyTorch, compile", "torch_compile", ("torch",)),
        Peer("sklearn", "scikit-learn", "scikit_learn", ("sklearn",)),
        Peer("jax", "JAX, jit and scan", "jax_scan", ("jax",)),
        Peer("onnxruntime", "ONNX Runtime", "onnx_runtime", ("onnx", "onnxruntime"), trains=False),
    )
}
