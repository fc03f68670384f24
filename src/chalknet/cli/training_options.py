"""Options of ``chalknet train`` on other commands: declared there once, meaning the same here."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from copy import copy
from typing import Annotated, Any, get_args

from chalknet.cli.train import train

__all__ = ["DATA_OPTIONS", "LEARNING_OPTIONS", "NETWORK_OPTIONS", "with_training_options"]

DATA_OPTIONS = (
    "data_dir",
    "target",
    "inputs",
    "task",
    "image_size",
    "max_bytes",
    "scaling",
    "validation",
    "test",
    "split",
)
NETWORK_OPTIONS = ("hidden", "activation", "init", "dtype")
LEARNING_OPTIONS = (
    "loss",
    "optimizer",
    "momentum",
    "weight_decay",
    "batch_size",
    "l2",
    "dropout",
    "class_weight",
    "shuffle",
    "seed",
)

Command = Callable[..., Any]


def with_training_options(
    *names: str, usual: Mapping[str, str] | None = None
) -> Callable[[Command], Command]:
    """Add the named options of ``train`` to a command that takes them as ``options``.

    The command's last parameter is ``**options``: what was given on the command line, by name, and
    nothing that was not. ``usual`` has the words for what the command takes instead where that is
    not what ``train`` does.
    """
    others = usual or {}

    def decorate(command: Command) -> Command:
        own = inspect.signature(command, eval_str=True)
        declared = inspect.signature(train, eval_str=True).parameters
        kept = [p for p in own.parameters.values() if p.kind is not p.VAR_KEYWORD]
        parameters = [*kept, *(_of(declared[name], others.get(name)) for name in names)]

        @functools.wraps(command)
        def run(**values: Any) -> Any:
            options = {name: values.pop(name) for name in names}
            given = {name: value for name, value in options.items() if value is not None}
            return command(**values, **given)

        # What typer reads; a wrapped function shows its own parameters otherwise.
        run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        return run

    return decorate


def _of(parameter: inspect.Parameter, usual: str | None) -> inspect.Parameter:
    """The parameter, with another default in its help where one is given."""
    if usual is None:
        return parameter
    kind, option = get_args(parameter.annotation)
    option = copy(option)
    option.help = re.sub(r" \(.*\)\.$", f" ({usual}).", option.help)
    return parameter.replace(annotation=Annotated[kind, option])
