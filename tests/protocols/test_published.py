"""Published experiments whose figures are known to the digit, run again as they were run.

The figures are those printed in the courses' submissions (ucr, nyu-s25), not our own output.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from chalknet import SGD, Dataset, Dense, Network, Preprocessing, Training, load_dataset
from chalknet.cli.app import main
from chalknet.model import Model


def first_of_classes(data, labels, n):
    """The first n images of each class in file order, raw 0 … 255 as float64, labels 0, 1, …"""
    rows = [np.flatnonzero(data.y == label)[:n] for label in labels]
    y = np.concatenate([np.full(len(some), k) for k, some in enumerate(rows)])
    return Dataset(data.X[np.concatenate(rows)].astype(np.float64), y, name="chosen digits")


def normal_start(seed, outputs, output_activation="identity"):
    """w1 then w2 from the legacy generator, N(0, 0.01²), as (fan_out, fan_in); biases zero."""
    stream = np.random.RandomState(seed)  # the studies' generator
    w1, w2 = stream.normal(0, 0.01, (256, 784)), stream.normal(0, 0.01, (outputs, 256))
    return Network(
        [Dense(w1.T, np.zeros(256), "sigmoid"), Dense(w2.T, np.zeros(outputs), output_activation)]
    )


@pytest.mark.slow
def test_ucr_question_1_to_twelve_digits(data_dir):
    """5 against 8, full batch; summed gradients with η are averaged gradients with η · N."""
    mnist = load_dataset("mnist", data_dir)
    train, test = (first_of_classes(part, (5, 8), 1000) for part in mnist)
    assert (len(train), len(test)) == (2000, 1866)
    network = normal_start(3, 1)
    model = Model(network, "sigmoid_cross_entropy", Preprocessing(), np.array([0, 1]))
    training = Training(
        network,
        train,
        loss="sigmoid_cross_entropy",
        optimizer=SGD(learning_rate=1e-5 * len(train)),
        epochs=100,
        batch_size=len(train),
        rng=np.random.default_rng(),
        shuffle=False,
    )
    epochs, rows = iter(training), []
    for _ in range(100):
        test_accuracy = model.evaluate(test).accuracy
        record = next(epochs)
        rows.append((record.train_loss * len(train), record.train_accuracy, test_accuracy))
    published = {
        0: (1382.6803822154936, 0.5005, 0.5219721329046088),
        50: (322.72953350925746, 0.968, 0.947481243301179),
        99: (171.91108795963078, 0.9835, 0.9501607717041801),
    }
    for epoch, (loss, train_accuracy, test_accuracy) in published.items():
        assert rows[epoch][0] == pytest.approx(loss, rel=1e-12)
        assert rows[epoch][1] == pytest.approx(train_accuracy, abs=1e-12)
        assert rows[epoch][2] == pytest.approx(test_accuracy, abs=1e-12)
    assert model.evaluate(train).accuracy == pytest.approx(0.9825, abs=1e-12)
    assert model.evaluate(test).accuracy == pytest.approx(0.9512325830653805, abs=1e-12)
    for part, counts in ((train, (977, 988, 23, 12)), (test, (927, 848, 47, 44))):
        says, is_8 = model.predict(part.X) == 1, part.y == 1
        # In print false negatives come before false positives: TP + FN must be the number of 8s.
        pairs = ((says, is_8), (~says, ~is_8), (~says, is_8), (says, ~is_8))
        assert tuple(int((a & b).sum()) for a, b in pairs) == counts


def test_ucr_question_2_at_the_start(data_dir):
    mnist = load_dataset("mnist", data_dir)
    train = first_of_classes(mnist.train, range(10), 1000)
    test = Dataset(mnist.test.X.astype(np.float64), mnist.test.y, name="test")
    model = Model(normal_start(29, 10), "softmax_cross_entropy", classes=np.arange(10))
    score = model.evaluate(train)
    assert score.loss == pytest.approx(2.316381955048051, rel=1e-12)
    assert (score.accuracy, model.evaluate(test).accuracy) == (0.1103, 0.1054)


@pytest.mark.slow
def test_nyu_s25_question_4_from_the_command_line(data_dir, capsys, tmp_path):
    """Sigmoid 784-32-32-10, one sample at a time in order: 1028 at the start, then three epochs."""
    rng = np.random.default_rng(80085)
    mnist = load_dataset("mnist", data_dir)
    start = Network.dense(
        [784, 32, 32, 10], activation="sigmoid", init="max_fan_normal", rng=rng, dtype=np.float64
    )
    pixels = Preprocessing(divisor=255.0)
    model = Model(start, "softmax_cross_entropy", pixels, np.arange(10))
    assert model.evaluate(mnist.test).correct == 1028
    status = main(
        ["train", "mnist", "--data-dir", str(data_dir), "--hidden", "32,32", "--activation",
         "sigmoid", "--init", "max_fan_normal", "--optimizer", "sgd", "--learning-rate", "0.003",
         "--batch-size", "1", "--epochs", "3", "--no-shuffle", "--seed", "80085", "--dtype",
         "float64", "--evaluate-test-each-epoch", "--run-dir", str(tmp_path / "run"),
         "--no-report", "--json"]
    )  # fmt: skip
    assert status == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    epochs = [line for line in lines if line["event"] == "epoch"]
    assert [line["test_correct"] for line in epochs] == [8671, 9078, 9277]
    assert [round(line["test_loss"], 2) for line in epochs] == [0.47, 0.32, 0.25]
    assert lines[-1]["test_correct"] == 9277


@pytest.mark.slow
def test_nyu_s25_question_3_fashion_mnist_lands_in_its_range(data_dir, capsys, tmp_path):
    """784-256-128-64-10 from PyTorch's start, 25 epochs; printed, from no seed, 0.8613."""
    status = main(
        ["train", "fashion-mnist", "--data-dir", str(data_dir), "--hidden", "256,128,64", "--init",
         "torch_default", "--optimizer", "sgd", "--learning-rate", "0.01", "--batch-size", "64",
         "--epochs", "25", "--run-dir", str(tmp_path / "run"), "--no-report", "--json"]
    )  # fmt: skip
    assert status == 0
    done = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert 0.85 <= done["test_accuracy"] <= 0.88
