"""TrainConfig: every option survives the file, and what is wrong is one sentence."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalknet import ConfigurationError, DataNotFoundError
from chalknet.operations.activations import ACTIVATIONS
from chalknet.operations.initializers import INITIALIZERS
from chalknet.operations.losses import LOSSES
from chalknet.runs.config import TrainConfig
from chalknet.training.optimizers import OPTIMIZERS

text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
rates = st.floats(0, 0.999)


@settings(deadline=None)
@given(
    values=st.fixed_dictionaries(
        {"data": text},
        optional={
            "target": text,
            "hidden": st.lists(st.integers(1, 10**6), max_size=4),
            "activation": st.lists(st.sampled_from(sorted(ACTIVATIONS)), min_size=1, max_size=4),
            "init": st.sampled_from([*INITIALIZERS, "normal(0.25)"]),
            "loss": st.sampled_from([*LOSSES, "huber(2.5)"]),
            "optimizer": st.sampled_from(sorted(OPTIMIZERS)),
            "learning_rate": st.floats(1e-300, 1e300),
            "schedule": st.sampled_from(["cosine", "warmup(3)+step_decay(2, 0.5)", "constant"]),
            "dropout": st.lists(rates, min_size=1, max_size=3),
            "class_weight": st.one_of(
                st.just("balanced"), st.dictionaries(text, st.floats(0, 1e9), min_size=1)
            ),
            "validation": rates,
            "seed": st.integers(0, 2**63),
            "shuffle": st.booleans(),
            "image_size": st.tuples(st.integers(1, 99), st.integers(1, 99)),
        },
    )
)
def test_a_configuration_survives_its_file(values, tmp_path_factory):
    config = TrainConfig.make(values)
    path = tmp_path_factory.mktemp("config") / "config.toml"
    path.write_text(config.to_toml(), encoding="utf-8")
    assert TrainConfig.read(path) == config


def test_overrides_win_and_none_does_not(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('data = "digits"\nepochs = 7\nhidden = 32\n')
    config = TrainConfig.read(path, epochs=9, seed=None)
    assert (config.epochs, config.hidden, config.seed) == (9, [32], 0)


def test_a_tenth_is_held_out_where_patience_needs_it():
    assert TrainConfig.make({"data": "digits"}).validation_fraction == 0
    assert TrainConfig.make({"data": "digits", "patience": 3}).validation_fraction == 0.1
    both = TrainConfig.make({"data": "digits", "patience": 3, "validation": 0.0})
    assert both.validation_fraction == 0


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "data is missing."),
        ({"data": "digits", "epoch": 3}, "unknown option 'epoch': did you mean 'epochs'?"),
        ({"data": "digits", "epochs": 2.5}, "epochs must be a whole number, not 2.5."),
        ({"data": "digits", "hidden": [3, 0]}, "hidden must be greater than or equal to 1, not 0."),
        ({"data": "digits", "activation": ["relu", "tan"]}, "unknown activation 'tan'"),
        (
            {"data": "digits", "loss": "huber(-1)"},
            "huber: delta must be a positive number, not -1.",
        ),
        (
            {"data": "digits", "schedule": "cosine+cosine"},
            "schedule 'cosine+cosine': only a warmup",
        ),
        ({"data": "bad\udcff"}, "data holds bytes that are no text in UTF-8"),
        ({"data": "digits", "optimizer": "sgd", "momentum": 0.9}, "sgd has no option 'momentum'"),
    ],
)
def test_what_is_wrong_is_one_sentence(values, sentence):
    with pytest.raises(ConfigurationError) as caught:
        TrainConfig.make(values)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_files_that_are_none(tmp_path):
    with pytest.raises(DataNotFoundError, match="cannot be read"):
        TrainConfig.read(tmp_path / "absent.toml")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="this is no TOML file"):
        TrainConfig.read(tmp_path / "b.toml")
