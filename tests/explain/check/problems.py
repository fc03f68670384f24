"""From a student's task to chalknet's problem."""

from __future__ import annotations

from chalknet.explain.problem import Layer, Problem
from chalknet.training.optimizers import as_optimizer


def problem_of(task):
    parts = zip(task.weights, task.biases, task.activations, strict=True)
    return Problem(
        layers=[Layer(weights=W, bias=b, activation=name) for W, b, name in parts],
        inputs=task.inputs[0] if task.single else task.inputs,
        targets=task.targets[0] if task.single else task.targets,
        loss=task.loss,
        optimizer=as_optimizer(task.optimizer, learning_rate=task.rate),
    )
