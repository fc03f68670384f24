"""The configuration of a training run: one schema for TOML files and the command line."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from chalknet.errors import ConfigurationError, DataNotFoundError, unknown_name
from chalknet.operations.activations import as_activation
from chalknet.operations.initializers import as_initializer
from chalknet.operations.losses import as_loss
from chalknet.training.optimizers import as_optimizer
from chalknet.training.schedules import as_schedule

__all__ = ["TrainConfig"]

Fraction = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(ge=0, lt=1)]


def _spec(resolver: Any) -> Any:
    """A field that holds a name chalknet knows, written the way files write it."""
    return BeforeValidator(lambda value: value if value is None else resolver(value).spec)


def _list(value: Any) -> Any:
    """A single value where a list may stand is a list of one."""
    return list(value) if isinstance(value, list | tuple) else [value]


class TrainConfig(BaseModel):
    """Everything needed to train again what was trained once.

    Raises
    ------
    ConfigurationError
        From ``TrainConfig.make`` and ``read``: an option is unknown, missing or has a wrong value.

    >>> config = TrainConfig.make({"data": "digits", "hidden": [64], "activation": "tanh"})
    >>> config.hidden, config.activation, config.epochs
    ([64], ['tanh'], 20)
    """

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    # What to learn from.
    data: str
    data_dir: str | None = None
    target: str | None = None
    inputs: str | None = None
    task: Literal["classification", "multilabel", "regression"] | None = None
    image_size: tuple[Positive, Positive] | None = None
    max_bytes: Positive | None = None
    scaling: Literal["auto", "none", "pixels", "standard"] = "auto"
    validation: Fraction | None = None
    test: Fraction | None = None
    split: Literal["stratified", "random", "leading"] | None = None

    # The network.
    hidden: Annotated[list[Positive], BeforeValidator(_list)] = [256]
    activation: Annotated[
        list[Annotated[str, _spec(as_activation)]], BeforeValidator(_list), Field(min_length=1)
    ] = ["relu"]
    init: Annotated[str, _spec(as_initializer)] = "he_normal"
    dtype: Literal["float32", "float64"] = "float32"

    # How it learns.
    loss: Annotated[str, _spec(as_loss)] | None = None
    optimizer: str = "adam"
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    momentum: Rate | None = None
    weight_decay: Annotated[float, Field(ge=0)] | None = None
    schedule: Annotated[str, _spec(as_schedule)] = "constant"
    batch_size: Positive = 32
    epochs: Positive = 20
    l2: Annotated[float, Field(ge=0)] = 0.0
    dropout: Annotated[list[Rate], BeforeValidator(_list)] = [0.0]
    class_weight: Literal["balanced"] | dict[str, Annotated[float, Field(ge=0)]] | None = None
    patience: Positive | None = None
    shuffle: bool = True
    seed: Annotated[int, Field(ge=0)] = 0

    # How the work is done.
    engine: str = "auto"
    threads: Positive | None = None
    checkpoint_every: Positive | None = None
    checkpoint_minutes: Annotated[float, Field(gt=0)] = 5.0
    evaluate_test_each_epoch: bool = False

    @classmethod
    def make(cls, values: Mapping[str, Any], place: str = "") -> TrainConfig:
        """Check ``values``; the first thing wrong becomes a sentence that begins with ``place``."""
        for name in values:
            if name not in cls.model_fields:
                error = unknown_name("option", name, cls.model_fields)
                raise ConfigurationError(f"{place}{error}")
            if isinstance(values[name], str) and not _is_text(values[name]):
                raise ConfigurationError(
                    f"{place}{name} holds bytes that are no text in UTF-8, so it cannot be written "
                    f"down: {values[name]!a}; rename the file or folder."
                )
        try:
            config = cls(**values)
        except ValidationError as error:
            raise ConfigurationError(f"{place}{_sentence(error)}") from None
        # Resolve what depends on several options, so that what is wrong is said before any work.
        config.make_optimizer()
        return config

    @classmethod
    def read(cls, path: str | os.PathLike[str], **overrides: Any) -> TrainConfig:
        """The configuration in a TOML file, with ``overrides`` that are not None put over it.

        Raises
        ------
        DataNotFoundError
            There is no such file.
        ConfigurationError
            It is no TOML, or an option is wrong.
        """
        path = Path(path)
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{path}: this is no TOML file ({error}).") from None
        except OSError as error:
            raise DataNotFoundError(f"{path}: cannot be read ({error.strerror}).") from None
        given = {name: value for name, value in overrides.items() if value is not None}
        return cls.make(values | given, place=f"{path}: ")

    def to_toml(self) -> str:
        """The configuration as a TOML file; options left open are left out."""
        import tomli_w

        values = self.model_dump(mode="json", exclude_none=True)
        return tomli_w.dumps(values)

    def make_optimizer(self) -> Any:
        """The optimizer with its options."""
        options = {
            "learning_rate": self.learning_rate,
            "momentum": self.momentum,
            "weight_decay": self.weight_decay,
        }
        return as_optimizer(self.optimizer, **options)

    @property
    def validation_fraction(self) -> float:
        """The fraction to hold out: a tenth where early stopping needs it and none was named."""
        if self.validation is None:
            return 0.1 if self.patience is not None else 0.0
        return self.validation


_WHAT = {
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "finite_number": "must be a finite number",
    "missing": "is missing",
}


def _is_text(value: str) -> bool:
    """Whether ``value`` can be written; the name of a file may hold bytes that are no text."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    inner = first.get("ctx", {}).get("error")
    if isinstance(inner, Exception):
        return str(inner)
    name, came = str(first["loc"][0]), first["input"]
    if name == "class_weight":
        return f"class_weight must be 'balanced' or a number ≥ 0 for each class, not {came!r}."
    expected = _WHAT.get(first["type"]) or first["msg"].replace("Input should be", "must be")
    suffix = "" if first["type"] == "missing" else f", not {came!r}"
    return f"{name} {expected}{suffix}."
