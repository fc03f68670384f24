"""Problems written as TOML files, which read back to the same numbers."""

from __future__ import annotations

import dataclasses

from chalknet.errors import ConfigurationError
from chalknet.explain.numerals import Array, format_number
from chalknet.explain.problem import Problem
from chalknet.training.optimizers import Optimizer

__all__ = ["written"]


def written(problem: Problem) -> str:
    """The problem as TOML; see ``Problem.to_toml``."""
    lines = [f"title = {_quoted(problem.title)}"] if problem.title else []
    lines.append(f"input = {_array(problem.inputs[0] if problem.single else problem.inputs)}")
    if problem.targets is not None:
        target = problem.targets[0] if problem.single else problem.targets
        lines.append(f"target = {_array(target)}")
    if problem.sample_weight is not None:
        lines.append(f"sample_weight = {_array(problem.sample_weight)}")
    if problem.loss is not None:
        lines.append(f"loss = {_quoted(problem.loss.spec)}")
    if problem.l2:
        lines.append(f"l2 = {format_number(problem.l2)}")
    if problem.optimizer is not None:
        lines += _written_optimizer(problem.optimizer)
    for layer in problem.layers:
        name = layer.activation.spec
        if layer is problem.layers[-1] and problem.output_function is not None:
            if name == problem.output_function:
                raise ConfigurationError(
                    f"the output layer has {name} of its own and the loss has {name} again: a file "
                    "cannot say that."
                )
            name = problem.output_function if name == "identity" else name
        lines += ["", "[[layers]]", f"weights = {_array(layer.weights)}"]
        lines += [f"bias = {_array(layer.bias)}", f"activation = {_quoted(name)}"]
    return "\n".join(lines) + "\n"


def _written_optimizer(optimizer: Optimizer) -> list[str]:
    values = {
        field.name: getattr(optimizer, field.name)
        for field in dataclasses.fields(optimizer)
        if field.name == "learning_rate" or getattr(optimizer, field.name) != field.default
    }
    lines = [f"learning_rate = {format_number(values.pop('learning_rate'))}"]
    if optimizer.name != "sgd":
        inside = [f"name = {_quoted(optimizer.name)}"]
        inside += [f"{name} = {format_number(value)}" for name, value in values.items()]
        lines.append(f"optimizer = {{ {', '.join(inside)} }}")
    return lines


def _array(values: Array) -> str:
    if values.ndim == 1:
        return f"[{', '.join(map(format_number, values))}]"
    rows = [_array(row) for row in values]
    one_line = f"[{', '.join(rows)}]"
    return one_line if len(one_line) <= 70 else "[\n" + "".join(f"  {row},\n" for row in rows) + "]"


def _quoted(text: str) -> str:
    """A basic string of TOML."""
    escaped = "".join(
        f"\\{c}" if c in '"\\' else c if c.isprintable() else f"\\u{ord(c):04X}" for c in text
    )
    return f'"{escaped}"'
