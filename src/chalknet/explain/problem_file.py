"""Problems read from TOML files; whatever is wrong is said with its place."""

from __future__ import annotations

import dataclasses
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from chalknet.errors import (
    ChalknetError,
    ConfigurationError,
    DataFormatError,
    DataNotFoundError,
    ShapeError,
    TargetError,
    unknown_name,
)
from chalknet.explain.numerals import Array, parse_number, read_matrix, read_vector
from chalknet.explain.problem import OUTPUT_FUNCTIONS, Layer, Problem
from chalknet.operations.activations import Activation, as_activation
from chalknet.operations.losses import LOSSES, Loss, as_loss
from chalknet.training.optimizers import OPTIMIZERS, Optimizer, as_optimizer

__all__ = ["parse_toml", "read"]

KEYS = (
    *("title", "input", "target", "sample_weight"),
    *("loss", "learning_rate", "optimizer", "l2", "layers"),
)
LAYER_KEYS = ("weights", "bias", "activation")

# z1, dW2, b1_new, p: what an answers file has and a network has not.
_LINE_OF_AN_ANSWER = re.compile(r"(z|a|s|d[zsaWb]|delta)\d+|[Wb]\d+_new|p")

Table = Mapping[str, Any]


def read(path: str | os.PathLike[str]) -> Problem:
    """The problem in the file; see ``problem.read_problem``."""
    table = parse_toml(path)
    try:
        return _problem(table, title=Path(path).stem)
    except ChalknetError as error:
        raise type(error)(f"{path}: {error}") from None


def parse_toml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What stands in a TOML file, its decimals as Fractions.

    Raises
    ------
    DataNotFoundError
        There is no such file, or it cannot be read.
    DataFormatError
        It is no TOML; the message names line and column.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        return tomllib.loads(text, parse_float=_decimal)
    except OSError as error:
        raise DataNotFoundError(f"{path}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError as error:
        raise DataFormatError(
            f"{path}: this is no TOML file: byte {error.start} is no text in UTF-8."
        ) from None
    except RecursionError:
        raise DataFormatError(f"{path}: brackets are nested too deeply.") from None
    except ChalknetError as error:
        raise type(error)(f"{path}: {error}") from None
    except ValueError as error:
        raise DataFormatError(f"{path}: this is no TOML file: {error}.") from None


def _decimal(text: str) -> Fraction | float | str:
    # inf, nan and 1e999 are TOML; whoever reads the entry can say where it stands.
    try:
        return float(text) if text.lstrip("+-") in ("inf", "nan") else parse_number(text)
    except DataFormatError:
        return text


def _problem(table: Table, title: str) -> Problem:
    for key in table:
        if _LINE_OF_AN_ANSWER.fullmatch(key):
            raise ConfigurationError(
                f"{key} is a line of an answers file, which chalknet check takes beside the "
                "network."
            )
    _check_keys(table, KEYS, "")
    loss = _named("loss", table, as_loss) if "loss" in table else None
    layers = _layers(table.get("layers"), loss)
    inputs = _inputs(table, layers[0].fan_in)
    targets = _targets(table, loss, inputs, layers[-1].fan_out)
    weight = _sample_weight(table, inputs)
    optimizer = _optimizer(table)
    l2 = _number(table, "l2", 0)
    name = table.get("title", title)
    if not isinstance(name, str):
        raise ConfigurationError(f"title must be text in quotes, not {name!r}.")
    if loss is not None and targets is None:
        raise ConfigurationError(
            f"target is missing: {loss.name} needs {layers[-1].fan_out} numbers."
        )
    if l2 < 0:
        raise ConfigurationError(f"l2 must be a number ≥ 0, not {l2}.")
    try:
        return Problem(
            layers=tuple(layers),
            inputs=inputs,
            targets=targets,
            loss=loss,
            optimizer=optimizer,
            sample_weight=weight,
            l2=l2,
            title=name,
        )
    except TargetError as error:
        if str(error).startswith("target"):
            raise
        place = "sample_weight" if "weight" in str(error) else "target"
        raise TargetError(f"{place}: {error}") from None


# the layers ----------------------------------------------------------------------------------


def _layers(tables: object, loss: Loss | None) -> list[Layer]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigurationError("layers are missing: begin each layer with a line [[layers]].")
    if not tables:
        raise ConfigurationError("layers is empty: begin each layer with a line [[layers]].")
    layers: list[Layer] = []
    for number, table in enumerate(tables, start=1):
        place = f"layers[{number}]"
        _check_keys(table, LAYER_KEYS, f"{place}: ")
        weights = _weights(table, place, layers)
        bias = _bias(table, place, len(weights))
        last = number == len(tables)
        layers.append(
            Layer(weights=weights, bias=bias, activation=_activation(table, place, loss, last))
        )
    return layers


def _weights(table: Table, place: str, below: list[Layer]) -> Array:
    if "weights" not in table:
        raise ConfigurationError(f"{place}.weights is missing: give one row of weights a neuron.")
    weights = read_matrix(table["weights"], f"{place}.weights")
    if below and weights.shape[1] != below[-1].fan_out:
        expected = below[-1].fan_out
        raise ShapeError(
            f"{place}.weights has rows of {weights.shape[1]}, but layer {len(below)} has "
            f"{_count(expected, 'neuron')}: give each row {_count(expected, 'weight')}."
        )
    return weights


def _bias(table: Table, place: str, neurons: int) -> Array:
    if "bias" not in table:
        raise ConfigurationError(
            f"{place}.bias is missing: give {_count(neurons, 'number')}, zeros where there is none."
        )
    bias = read_vector(table["bias"], f"{place}.bias")
    if len(bias) != neurons:
        raise ShapeError(
            f"{place}.bias has {_count(len(bias), 'number')}, but the layer has "
            f"{_count(neurons, 'neuron')} (rows of weights): give {neurons}."
        )
    return bias


def _activation(table: Table, place: str, loss: Loss | None, last: bool) -> Activation | str:
    if "activation" not in table:
        if last:
            return "identity"
        raise ConfigurationError(
            f"{place}.activation is missing: name one, such as relu, or identity for none."
        )
    name = table["activation"]
    own = None if loss is None else OUTPUT_FUNCTIONS.get(loss.name)
    if last and own is not None and name == own:
        return "identity"
    if name == "softmax":
        raise ConfigurationError(
            f"{place}.activation: softmax belongs to the output layer and goes with "
            'loss = "softmax_cross_entropy".'
        )
    try:
        return as_activation(name)
    except ConfigurationError as error:
        raise ConfigurationError(f"{place}.activation: {error}") from None


# what goes in and what should come out -------------------------------------------------------


def _inputs(table: Table, fan_in: int) -> Array:
    if "input" not in table:
        raise ConfigurationError(f"input is missing: give {_count(fan_in, 'number')}.")
    inputs = _samples(table["input"], "input", fan_in)
    found = inputs.shape[-1]
    if found != fan_in:
        rows = inputs.ndim == 2
        advice = f"give {'each row ' if rows else ''}{fan_in}."
        if fan_in == 1 and not rows:
            advice = "give 1, or for several samples a list each: input = [[0], [1], …]."
        raise ShapeError(
            f"input has {'rows of ' if rows else ''}{_count(found, 'number')}, but layer 1 takes "
            f"{fan_in}: {advice}"
        )
    return inputs


def _targets(table: Table, loss: Loss | None, inputs: Array, K: int) -> Array | None:
    if "target" not in table:
        return None
    if loss is None:
        raise ConfigurationError(
            f"loss is missing: a target needs one. Known are {', '.join(sorted(LOSSES))}."
        )
    targets = _samples(table["target"], "target", K)
    single, n = inputs.ndim == 1, len(inputs)
    if not single and targets.shape == (n,) and K == 1:
        targets = targets[:, None]
    if single != (targets.ndim == 1):
        wanted = f"{_count(K, 'number')}, as input is" if single else f"{n} rows, one a sample"
        came = "rows of numbers" if single else "one list of numbers"
        raise ShapeError(f"target must be {wanted}, not {came}.")
    if not single and len(targets) != n:
        raise ShapeError(
            f"target has {_count(len(targets), 'row')}, but input has {n}: give one a sample."
        )
    if targets.shape[-1] != K:
        raise ShapeError(
            f"target has {'' if single else 'rows of '}{_count(targets.shape[-1], 'number')}, but "
            f"the output layer has {_count(K, 'neuron')}: give {'' if single else 'each row '}{K}."
        )
    return targets


def _samples(value: object, place: str, width: int) -> Array:
    """One list of numbers for a sample, or a list of such lists for a batch; 3 stands for [3]."""
    if width == 1 and not isinstance(value, list | dict):
        value = [value]
    if isinstance(value, list) and any(isinstance(row, list) for row in value):
        return read_matrix(value, place)
    return read_vector(value, place)


def _sample_weight(table: Table, inputs: Array) -> Array | None:
    if "sample_weight" not in table:
        return None
    weight = read_vector(table["sample_weight"], "sample_weight")
    n = 1 if inputs.ndim == 1 else len(inputs)
    if len(weight) != n:
        raise ShapeError(
            f"sample_weight has {_count(len(weight), 'number')}, but there "
            f"{'is 1 sample' if n == 1 else f'are {n} samples'}: give one a sample."
        )
    return weight


# the update ----------------------------------------------------------------------------------


def _optimizer(table: Table) -> Optimizer | None:
    given = table.get("optimizer", "sgd")
    options = dict(given) if isinstance(given, dict) else {"name": given}
    if "name" not in options:
        raise ConfigurationError(f"optimizer.name is missing: name one of {', '.join(OPTIMIZERS)}.")
    if "learning_rate" in table and "learning_rate" in options:
        raise ConfigurationError("learning_rate is given twice: leave it out of optimizer.")
    if "learning_rate" in table:
        options["learning_rate"] = table["learning_rate"]
    name = str(options.pop("name"))
    if name.lower() not in OPTIMIZERS:
        raise ConfigurationError(f"optimizer: {unknown_name('optimizer', name, OPTIMIZERS)}")
    known = [field.name for field in dataclasses.fields(OPTIMIZERS[name.lower()])]
    _check_keys(options, known, "optimizer: ")
    if "learning_rate" not in options:
        if "optimizer" in table:
            raise ConfigurationError(f"learning_rate is missing: {name} needs one.")
        return None
    numbers: dict[str, Any] = {
        key: _number(options, key, place="" if key in table else "optimizer.") for key in options
    }
    return as_optimizer(name, **numbers)


def _number(table: Table, key: str, usual: int = 0, *, place: str = "") -> Fraction:
    try:
        return parse_number(table.get(key, usual))
    except DataFormatError as error:
        raise DataFormatError(f"{place}{key}: {error}") from None


def _named(key: str, table: Table, resolver: Any) -> Any:
    try:
        return resolver(table[key])
    except ConfigurationError as error:
        raise ConfigurationError(f"{key}: {error}") from None


def _check_keys(table: Table, known: Iterable[str], place: str) -> None:
    for key in table:
        if key not in known:
            raise ConfigurationError(f"{place}{unknown_name('key', key, known)}")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
