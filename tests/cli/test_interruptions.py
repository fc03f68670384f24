"""Ctrl-C, SIGTERM, kill -9 and a full disk: nothing lost, nothing half-written, same bits after."""

from __future__ import annotations

import json
import os
import resource
import signal
import time

import numpy as np
import pytest

from chalknet.cli.app import main
from chalknet.runs.config import TrainConfig
from chalknet.runs.folder import RunFolder
from chalknet.sealed import read_sealed

OPTIONS = (
    "--hidden", "64", "--dropout", "0.3", "--schedule", "warmup(2)+cosine", "--validation", "0.2",
    "--patience", "100", "--batch-size", "8", "--checkpoint-every", "1", "--no-report", "--json",
)  # fmt: skip


def in_a_child(*arguments, kill_after=None):
    """Run the command in a forked child, kill it after so many seconds; its wait status."""
    child = os.fork()
    if child == 0:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os._exit(main(list(arguments)))
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def check_every_file(run):
    """All that is in the folder is whole; temporary files of a killed writer do no harm."""
    TrainConfig.read(run / "config.toml")
    for path in (run / "checkpoints").glob("*.safetensors"):
        read_sealed(path, "chalknet.checkpoint.1")
    RunFolder.open(run).history()
    if (run / "model.safetensors").exists():
        RunFolder.open(run).model()


@pytest.mark.slow
def test_fifty_kills_at_random_moments(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Long enough for every engine that most kills come while steps are taken.
    train = ("train", "digits", *OPTIONS, "--epochs", "12", "--hidden", "512", "--batch-size", "1")
    assert main([*train, "--run-dir", "whole"]) == 0
    expected = (tmp_path / "whole/model.safetensors").read_bytes()
    rng = np.random.default_rng(0)
    kills, runs, killed_in_training = 0, 0, 0
    while kills < 50:
        runs += 1
        run = tmp_path / f"run{runs}"
        command = (*train, "--run-dir", str(run))
        while True:
            status = in_a_child(*command, kill_after=rng.uniform(0.05, 0.8))
            if os.WIFEXITED(status):
                assert os.WEXITSTATUS(status) == 0
                break
            kills += 1
            if not (run / "config.toml").exists():
                # Killed before the folder was a run: the command is simply given again.
                continue
            check_every_file(run)
            killed_in_training += RunFolder.open(run).latest_checkpoint() is not None
            command = ("train", "--resume", str(run), "--no-report", "--json")
        assert (run / "model.safetensors").read_bytes() == expected
        assert len(RunFolder.open(run).history()) == 12
    assert killed_in_training >= 10


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_ends_within_two_seconds(number, start, tmp_path):
    arguments = ("--epochs", 100_000, "--run-dir", "run")
    process = start("train", "digits", *OPTIONS[:-2], "--no-report", "--json", *arguments)
    while json.loads(process.stdout.readline())["event"] != "epoch":
        pass
    time.sleep(0.3)
    began = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert time.monotonic() - began < 2
    assert process.returncode == 128 + number
    assert "Traceback" not in err
    assert "Go on with: chalknet train --resume run" in err
    assert json.loads(out.splitlines()[-1])["event"] == "interrupted"
    check_every_file(tmp_path / "run")
    assert RunFolder.open(tmp_path / "run").latest_checkpoint() is not None


def test_stopped_in_mid_epoch_and_resumed_gives_the_same_bits(start, tmp_path, monkeypatch):
    """One long epoch of batch size 1 is interrupted; the rest of it is taken up."""
    monkeypatch.chdir(tmp_path)
    slow = (
        "train", "digits", "--hidden", "1000,1000", "--batch-size", "1", "--epochs", "2",
        "--dropout", "0.2", "--no-report", "--json",
    )  # fmt: skip
    process = start(*slow, "--run-dir", "run")
    process.stdout.readline()
    time.sleep(0.25)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode in (0, 130)
    assert in_a_child(*slow, "--run-dir", "whole") == 0
    if process.returncode == 130:
        latest = RunFolder.open(tmp_path / "run").latest_checkpoint()
        assert latest is not None
        assert in_a_child("train", "--resume", str(tmp_path / "run"), "--no-report") == 0
    models = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("run", "whole")]
    assert models[0] == models[1]


def test_a_full_disk_keeps_the_old_checkpoint_and_is_an_error(start, tmp_path):
    assert (
        main(["train", "digits", *OPTIONS, "--epochs", "2", "--run-dir", str(tmp_path / "run")])
        == 0
    )
    checkpoints = tmp_path / "run/checkpoints"
    before = {path.name: path.read_bytes() for path in checkpoints.iterdir()}

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    arguments = ("--resume", "run", "--epochs", 4, "--no-report")
    process = start("train", *arguments, preexec_fn=limit)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith("chalknet: ")
    assert err.splitlines()[-1] == (
        "chalknet: run/checkpoints/epoch-0003.safetensors: File too large."
    )
    after = {path.name: path.read_bytes() for path in checkpoints.iterdir()}
    assert after == before  # the old ones whole, no new one, nothing temporary left behind
    assert main(["train", "--resume", str(tmp_path / "run"), "--no-report"]) == 0
