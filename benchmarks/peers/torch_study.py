"""PyTorch as the study nyu-f23 ran it: images made into tensors one by one, and a test pass first.

The study takes torchvision's data set with ``ToTensor``. torchvision itself cannot stand beside a
PyTorch that was built without CUDA, so its steps are taken here in its order: the image is cut out
of a tensor of bytes, becomes a Pillow image, an array, a tensor with the channel in front, and
floats. A ``DataLoader`` without workers collates them. The sums of batch losses are taken with
``item()``, as they were printed; the optimizer is ``SGD`` as it comes. The test pass makes no
graph.
"""

from __future__ import annotations

from math import isqrt
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from benchmarks.peers.torch_network import TorchTraining
from benchmarks.problems import Array, Settings, TrainingProblem


class _Images(Dataset[Any]):
    """Images, square if they can be, converted when they are asked for."""

    def __init__(self, pixels: Array, labels: Array, problem: TrainingProblem) -> None:
        side = isqrt(pixels.shape[1])
        height = side if side * side == pixels.shape[1] else 1
        self.images = torch.from_numpy(pixels.reshape(len(pixels), height, -1))
        self.labels = torch.from_numpy(labels)
        self.divisor, self.binary = problem.divisor, problem.binary
        self.dtype = torch.from_numpy(problem.inputs[:1]).dtype

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, Any]:
        label = int(self.labels[index])
        image = Image.fromarray(self.images[index].numpy())
        raw = torch.from_numpy(np.array(image, np.uint8, copy=True))
        channel_first = raw.view(image.size[1], image.size[0], 1).permute(2, 0, 1).contiguous()
        tensor = channel_first.to(self.dtype).div(self.divisor)
        return tensor, torch.tensor([label], dtype=self.dtype) if self.binary else label


class _Training(TorchTraining):
    def __init__(self, problem: TrainingProblem, settings: Settings) -> None:
        super().__init__(problem, settings)
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=problem.learning_rate)
        train = _Images(problem.pixels, problem.labels, problem)
        test = _Images(problem.test_pixels, problem.test_labels, problem)
        self.train = DataLoader(train, batch_size=problem.batch_size, shuffle=problem.shuffle)
        self.test = DataLoader(test, batch_size=problem.batch_size)
        self.sums: list[tuple[float, float]] = []  # of test and train losses

    def work(self) -> None:
        for _ in range(self.problem.epochs):
            test_loss = self.test_pass() if self.problem.evaluates else 0.0
            self.sums.append((test_loss, self.train_pass()))

    def train_pass(self) -> float:
        total = 0.0
        for X, y in self.train:
            self.optimizer.zero_grad()
            loss = self.loss(self.network(X.flatten(1)), y)
            loss.backward()
            self.optimizer.step()
            total += loss.item()
        return total

    @torch.no_grad()
    def test_pass(self) -> float:
        total = 0.0
        for X, y in self.test:
            total += self.loss(self.network(X.flatten(1)), y).item()
        return total


def train(problem: TrainingProblem, settings: Settings) -> _Training:
    return _Training(problem, settings)
