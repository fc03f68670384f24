"""The libraries that are compared; one file each, imported when it is needed."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

from benchmarks.problems import Case, PredictionProblem, Problem, Settings


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

    ``module`` has ``train``, ``predict`` or both, and imports what it ``requires``. With
    ``of_study`` it is the program of the study whose workloads begin with that, and is compared
    with chalknet alone, on the same protocol: evaluations are part of the work.
    """

    name: str
    title: str
    module: str
    requires: tuple[str, ...]
    trains: bool = True
    predicts: bool = True
    of_study: str = ""

    @property
    def missing(self) -> list[str]:
        return [module for module in self.requires if find_spec(module) is None]

    def takes(self, case: Case) -> bool:
        problem = case.problem
        if isinstance(problem, PredictionProblem):
            return self.predicts
        if self.of_study or problem.evaluates:
            here = problem.evaluates and case.name.startswith(self.of_study or case.name)
            return here and (bool(self.of_study) or self.name == "chalknet")
        return self.trains

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
        Peer(
            "torch-study",
            "PyTorch, as the study",
            "torch_study",
            ("torch",),
            predicts=False,
            of_study="W2",
        ),
        Peer(
            "numpy-study",
            "NumPy, as the study",
            "numpy_study",
            ("numpy",),
            predicts=False,
            of_study="W3",
        ),
        Peer("onnxruntime", "ONNX Runtime", "onnx_runtime", ("onnx", "onnxruntime"), trains=False),
    )
}
