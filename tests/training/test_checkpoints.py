"""A resumed training reaches the very bits of one that was never interrupted."""

from __future__ import annotations

import numpy as np
import pytest

from chalknet import SGD, Adam, Dataset, EarlyStopping, ModelFileError, Momentum, Network, Training
from chalknet.engine import ReferenceEngine
from chalknet.engine.compiled.engine import CompiledEngine
from chalknet.training.checkpoints import restore_checkpoint, save_checkpoint

SCENES = {
    "plain": {},
    "in order": {"shuffle": False},
    "adam": {"optimizer": Adam(learning_rate=0.01)},
    "momentum, cosine": {"optimizer": Momentum(learning_rate=0.05), "schedule": "cosine"},
    "dropout": {"dropout": 0.4},
    "plateau": {"schedule": "reduce_on_plateau(patience=0, threshold=0.5)"},
    "warm-up": {"schedule": "warmup(3)+exponential(0.5)"},
    "early stopping": {"early_stopping": EarlyStopping(patience=3), "validation": True},
    "weights, l2": {"class_weight": "balanced", "l2": 0.01},
}


def data(seed=0, n=48):
    rng = np.random.default_rng(seed)
    return Dataset(rng.normal(size=(n, 5)), rng.integers(0, 3, n), name="noise")


def training(scene, generator=np.random.PCG64):
    changes = dict(SCENES[scene])
    if changes.get("validation"):
        changes["validation"] = data(1)
    rng = np.random.Generator(generator(7))
    net = Network.dense([5, 12, 3], rng=rng, dtype=np.float64)
    return Training(
        net,
        data(),
        **{
            "loss": "softmax_cross_entropy",
            "optimizer": SGD(learning_rate=0.2),
            "epochs": 8,
            "batch_size": 5,
            "rng": rng,
        }
        | changes,
    )


def run(job, stop_at=None):
    """Train to the end, or until ``stop_at`` = (epoch, step) is reached."""
    if stop_at is not None:

        def watch(progress):
            if (job.position.epoch, job.position.step) >= stop_at:
                job.stop()

        job.on_progress = watch
    records = list(job)
    return [(r.epoch, r.train_loss, r.train_accuracy, r.validation_loss) for r in records]


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("stop_at", [(0, 1), (2, 4), (3, 0), (5, 9)])
def test_resume_is_bit_identical(scene, stop_at, tmp_path, monkeypatch):
    for engine in (CompiledEngine, ReferenceEngine):  # a look at the clock after each step
        monkeypatch.setattr(engine, "seconds_a_call", lambda self, plan: 0.0)
    whole = training(scene)
    everything = run(whole)
    first = training(scene)
    before = run(first, stop_at)
    path = save_checkpoint(first, tmp_path / "c.safetensors")
    second = training(scene)
    second.rng.random(1000)  # whatever the generator did since is forgotten
    restore_checkpoint(second, path)
    assert before + run(second) == everything
    assert second.network.parameters.tobytes() == whole.network.parameters.tobytes()
    assert second.history.best_epoch == whole.history.best_epoch
    assert len(second.history) == len(whole.history)


@pytest.mark.parametrize(
    "generator", [np.random.MT19937, np.random.Philox, np.random.SFC64, np.random.PCG64DXSM]
)
def test_every_generator_of_numpy_can_be_resumed(generator, tmp_path):
    whole = training("dropout", generator)
    run(whole)
    first = training("dropout", generator)
    run(first, (3, 1))
    path = save_checkpoint(first, tmp_path / "c.safetensors")
    second = training("dropout", generator)
    restore_checkpoint(second, path)
    run(second)
    assert second.network.parameters.tobytes() == whole.network.parameters.tobytes()


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    path = save_checkpoint(training("plain"), tmp_path / "c.safetensors", about={"data": "abc"})
    with pytest.raises(ModelFileError, match="the checkpoint's optimizer is sgd, but this"):
        restore_checkpoint(training("adam"), path)
    with pytest.raises(ModelFileError, match="the checkpoint's data is abc, but this training has"):
        restore_checkpoint(training("plain"), path, about={"data": "abd"})
    other = training("plain")
    other.network = Network.dense([5, 11, 3], rng=np.random.default_rng(0), dtype=np.float64)
    with pytest.raises(ModelFileError, match=r"widths is \[5, 12, 3\]"):
        restore_checkpoint(other, path)


def test_every_damaged_byte_is_noticed(tmp_path):
    path = save_checkpoint(training("plain"), tmp_path / "c.safetensors")
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.choice(len(whole), 300, replace=False):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        with pytest.raises(ModelFileError):
            restore_checkpoint(training("plain"), path)
    for length in (0, 1, 8, 100, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelFileError):
            restore_checkpoint(training("plain"), path)
