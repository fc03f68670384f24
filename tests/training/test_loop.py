"""The loop: what it computes, what it reports, how it stops."""

from __future__ import annotations

import numpy as np
import pytest

from chalknet import (
    SGD,
    Adam,
    ConfigurationError,
    Dataset,
    Dense,
    DivergenceError,
    EarlyStopping,
    Momentum,
    Network,
    ShapeError,
    TargetError,
    Training,
    fit,
    train,
)


def blobs(n=60, K=3, seed=0, dtype=np.float64):
    """K Gaussian clouds in the plane."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, K, n)
    centres = 4 * np.column_stack([np.cos(2 * np.pi * np.arange(K) / K), np.sin(np.arange(K))])
    return Dataset((centres[y] + rng.normal(size=(n, 2))).astype(dtype), y, name="blobs")


def options(**changes):
    return {
        "loss": "softmax_cross_entropy",
        "optimizer": SGD(learning_rate=0.1),
        "epochs": 3,
        "batch_size": 16,
        "rng": np.random.default_rng(1),
    } | changes


def network(K=3, hidden=8, seed=0, dtype=np.float64, activation="tanh"):
    return Network.dense(
        [2, hidden, K], activation=activation, rng=np.random.default_rng(seed), dtype=dtype
    )


def softmax_rows(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def test_an_epoch_is_minibatch_gradient_descent_written_out_by_hand():
    """Full oracle: order from the generator, mean gradients, L2 on weights only, sample weights."""
    data, l2, rate = blobs(50), 0.03, 0.2
    weight = np.random.default_rng(3).uniform(0.1, 2, len(data))
    net = network()
    (W1, b1), (W2, b2) = ((layer.W.copy(), layer.b.copy()) for layer in net.layers)
    order = np.random.default_rng(1).permutation(len(data))
    losses, correct = [], 0
    for start in range(0, 50, 16):
        rows = order[start : start + 16]
        X, y, w = data.X[rows], data.y[rows], weight[rows]
        A = np.tanh(X @ W1 + b1)
        p = softmax_rows(A @ W2 + b2)
        losses += list(-np.log(p[np.arange(len(rows)), y]) * w)
        correct += int((p.argmax(axis=1) == y).sum())
        dZ2 = (p - np.eye(3)[y]) * w[:, None] / w.sum()
        dZ1 = (dZ2 @ W2.T) * (1 - A**2)
        dW2, db2, dW1, db1 = A.T @ dZ2, dZ2.sum(0), X.T @ dZ1, dZ1.sum(0)
        W2, b2 = W2 - rate * (dW2 + l2 * W2), b2 - rate * db2
        W1, b1 = W1 - rate * (dW1 + l2 * W1), b1 - rate * db1
    (record,) = train(
        net,
        data,
        **options(epochs=1, optimizer=SGD(learning_rate=rate), l2=l2, sample_weight=weight),
    )
    for layer, (W, b) in zip(net.layers, ((W1, b1), (W2, b2)), strict=True):
        np.testing.assert_allclose(layer.W, W, rtol=1e-12)
        np.testing.assert_allclose(layer.b, b, rtol=1e-12)
    assert record.train_loss == pytest.approx(sum(losses) / weight.sum(), rel=1e-12)
    assert record.train_accuracy == correct / 50


def test_class_weights_are_sample_weights_of_the_classes():
    data = blobs(40)
    counts = np.bincount(data.y, minlength=3)
    balanced, by_hand = network(), network()
    fit(balanced, data, progress=False, **options(class_weight="balanced"))
    weights = (40 / (3 * counts))[data.y]
    fit(by_hand, data, progress=False, **options(sample_weight=weights))
    np.testing.assert_array_equal(balanced.parameters, by_hand.parameters)
    named, plain = network(), network()
    fit(named, data, progress=False, **options(class_weight={0: 1.0, 1: 1.0, 2: 1.0}))
    fit(plain, data, progress=False, **options())
    np.testing.assert_allclose(named.parameters, plain.parameters, rtol=1e-13)


def test_dropout_changes_training_but_not_prediction_and_follows_the_seed():
    data = blobs()
    nets = [network(hidden=32) for _ in range(3)]
    for net, seed in zip(nets, (1, 1, 2), strict=True):
        fit(net, data, progress=False, **options(dropout=0.5, rng=np.random.default_rng(seed)))
    plain = network(hidden=32)
    fit(plain, data, progress=False, **options())
    assert np.array_equal(nets[0].parameters, nets[1].parameters)
    assert not np.array_equal(nets[0].parameters, nets[2].parameters)
    assert not np.array_equal(nets[0].parameters, plain.parameters)
    np.testing.assert_array_equal(nets[0].output(data.X), nets[0].output(data.X))


def test_in_order_and_shuffled_batches():
    data = blobs(32)
    net = network()
    training = Training(net, data, **options(shuffle=False, batch_size=10))
    for _ in training:
        pass
    reference = network()
    rows = [np.arange(s, min(s + 10, 32)) for s in range(0, 32, 10)] * 3
    for batch in rows:
        trace = reference.forward(data.X[batch])
        p = softmax_rows(trace.output)
        d = (p - np.eye(3)[data.y[batch]]) / len(batch)
        reference.parameters[:] -= 0.1 * reference.backward(trace, d).flat
    np.testing.assert_allclose(net.parameters, reference.parameters, rtol=1e-12)


def test_one_output_for_two_classes_and_rows_for_squared_error():
    data = blobs(K=2)
    net = network(K=1)
    history = fit(net, data, progress=False, **options(loss="sigmoid_cross_entropy", epochs=30))
    assert history[-1].train_accuracy > 0.9
    net = network(K=2)
    history = fit(net, data, progress=False, **options(loss="mean_squared_error", epochs=3))
    assert history[-1].train_accuracy is None
    assert history[-1].train_loss < history[0].train_loss


def test_validation_and_early_stopping_restore_the_best_epoch():
    data, held_out = blobs(40, seed=1), blobs(30, seed=2)
    net = network(hidden=64)
    seen = {}
    training = Training(
        net,
        data,
        **options(
            epochs=400,
            optimizer=Adam(learning_rate=0.05),
            validation=held_out,
            early_stopping=EarlyStopping(patience=7),
        ),
    )
    for record in training:
        seen[record.epoch] = (record.validation_loss, net.parameters.copy())
    best = min(seen, key=lambda epoch: seen[epoch][0])
    assert len(training.history) == best + 7 < 400
    assert training.history.best_epoch == best
    np.testing.assert_array_equal(net.parameters, seen[best][1])
    p = softmax_rows(net.output(held_out.X))
    expected = -np.log(p[np.arange(30), held_out.y]).mean()
    assert seen[best][0] == pytest.approx(expected, rel=1e-12)


def test_early_stopping_watches_the_training_loss_where_nothing_is_held_out():
    stopping = EarlyStopping(patience=2, min_delta=10.0)
    history = fit(network(), blobs(), progress=False, **options(epochs=50, early_stopping=stopping))
    assert len(history) == 3  # the first epoch is an improvement on nothing
    assert history.best_epoch == 1


def test_schedules_reach_the_steps():
    data = blobs(40)
    halved, by_hand = network(), network()
    rng = np.random.default_rng(1)
    records = list(
        train(halved, data, **options(epochs=2, schedule="step_decay(every=1, factor=0.5)"))
    )
    assert [record.learning_rate for record in records] == [0.1, 0.05]
    fit(by_hand, data, progress=False, **options(epochs=1, rng=rng))
    fit(
        by_hand,
        data,
        progress=False,
        **options(epochs=1, rng=rng, optimizer=SGD(learning_rate=0.05)),
    )
    np.testing.assert_array_equal(halved.parameters, by_hand.parameters)


def test_a_loop_with_break_and_on_again_is_the_same_as_one_loop():
    whole, broken = network(), network()
    fit(whole, blobs(), progress=False, **options(epochs=6))
    training = Training(broken, blobs(), **options(epochs=6))
    for record in training:
        if record.epoch == 2:
            break
    assert [record.epoch for record in training] == [3, 4, 5, 6]
    np.testing.assert_array_equal(whole.parameters, broken.parameters)


def test_stop_in_mid_epoch_and_go_on_gives_the_same_bits():
    whole, stopped = network(), network()
    fit(whole, blobs(), progress=False, **options(epochs=2, batch_size=1))
    training = Training(stopped, blobs(), **options(epochs=2, batch_size=1))
    training.on_progress = lambda progress: training.stop()
    assert list(training) == []
    assert training.stopped
    assert not training.finished
    assert training.position.step == 1
    training.on_progress = None
    assert len(list(training)) == 2
    np.testing.assert_array_equal(whole.parameters, stopped.parameters)


@pytest.mark.parametrize("optimizer", [SGD(learning_rate=1e25), Momentum(learning_rate=1e25)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_divergence_stops_in_the_step_and_keeps_the_last_finite_parameters(optimizer, dtype):
    data = blobs(dtype=dtype)
    rng = np.random.default_rng(1)
    net = network(dtype=dtype, activation="relu")
    regression = Dataset(data.X, data.X[:, 0].astype(float) * 1e3, name="line")
    net = Network.dense([2, 8, 8, 1], rng=np.random.default_rng(0), dtype=dtype)
    with pytest.raises(DivergenceError) as caught:
        fit(
            net,
            regression,
            progress=False,
            **options(loss="mean_squared_error", optimizer=optimizer, epochs=60, rng=rng),
        )
    assert np.isfinite(net.parameters).all()
    error = caught.value
    assert error.learning_rate == 1e25
    assert error.epoch >= 1
    assert error.step >= 1
    assert str(error) == (
        f"training diverged in epoch {error.epoch}, step {error.step}, at learning rate 1e+25: "
        "a loss or a parameter became infinite or not a number. Try a learning rate of "
        f"{optimizer.usual_learning_rate:g}, "
        "or scale the inputs; the parameters are those from before that step."
    )


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"epochs": 0}, ConfigurationError, "epochs must be a positive integer, not 0."),
        (
            {"batch_size": 2.5},
            ConfigurationError,
            "batch_size must be a positive integer, not 2.5.",
        ),
        ({"l2": -1}, ConfigurationError, "l2 must be a finite number ≥ 0, not -1."),
        (
            {"dropout": 1.0},
            ConfigurationError,
            "a dropout rate must be at least 0 and below 1, not 1.0.",
        ),
        (
            {"dropout": (0.1, 0.2)},
            ConfigurationError,
            "hidden layers: 1, but dropout rates: 2: give one for all, or one a hidden layer.",
        ),
        (
            {"class_weight": {"seven": 2}},
            ConfigurationError,
            "class_weight names the class 'seven', but blobs has 0, 1, 2.",
        ),
        (
            {"class_weight": dict.fromkeys(range(3), 0.0)},
            ConfigurationError,
            "class_weight leaves every sample of blobs with weight 0: give some class a weight "
            "above 0.",
        ),
        (
            {"class_weight": "equal"},
            ConfigurationError,
            "class_weight must be 'balanced' or a weight for each class, not 'equal'.",
        ),
        (
            {"sample_weight": np.ones((60, 1))},
            ShapeError,
            "sample_weight must have shape (60,), but has shape (60, 1).",
        ),
        (
            {"sample_weight": np.zeros(60)},
            TargetError,
            "sample weights must be finite numbers ≥ 0, and not all zero.",
        ),
        (
            {"engine": "compild"},
            ConfigurationError,
            "unknown engine 'compild'",
        ),
        (
            {"optimizer": "adm"},
            ConfigurationError,
            "unknown optimizer 'adm': did you mean 'adam'? Known are adagrad, adam, adamw, "
            "momentum, nesterov, rmsprop, sgd.",
        ),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(changes, error, message):
    with pytest.raises(error) as caught:
        train(network(), blobs(), **options(**changes))
    assert str(caught.value).startswith(message)


def test_data_that_does_not_fit_the_network_or_the_loss():
    with pytest.raises(ShapeError, match="the network has 2 outputs but blobs has 3 classes"):
        train(network(K=2), blobs(), **options())
    wide = Network([Dense(np.ones((5, 3)), np.zeros(3))])
    with pytest.raises(ShapeError, match="blobs has 2 columns but layer 1 has fan_in=5"):
        train(wide, blobs(), **options())
    floats = Dataset(blobs().X, np.linspace(0, 1, 60), name="line")
    with pytest.raises(TargetError, match="needs classes, but line has numbers as targets"):
        train(network(K=1), floats, **options())
    one = Dataset(blobs().X, np.zeros(60, int), name="zeros")
    with pytest.raises(TargetError, match=r"zeros has only one class \(0\)"):
        train(network(K=1), one, **options())


def test_fit_prints_a_line_an_epoch_on_standard_error(capsys):
    fit(network(), blobs(), **options(epochs=2))
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split(":")[0] for line in err.splitlines()] == ["epoch 1", "epoch 2"]


def test_uint8_images_are_divided_by_255_and_never_copied_whole():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (40, 2), dtype=np.uint8)
    labels = rng.integers(0, 3, 40)
    bytes_, floats = network(), network()
    data = Dataset(pixels, labels, name="bytes")
    training = Training(bytes_, data, **options())
    assert np.shares_memory(training.plan.X, data.X)
    list(training)
    fit(floats, Dataset(pixels / 255, labels, name="floats"), progress=False, **options())
    np.testing.assert_array_equal(bytes_.parameters, floats.parameters)


def test_validation_data_is_numbered_as_the_training_data_is():
    """Of the classes a, b, c the held-out rows have only b and c, and so number them 0 and 1."""
    data = blobs()
    letters = np.array(["a", "b", "c"])[data.y]
    train_data = Dataset(data.X, letters, name="letters")
    some = letters != "a"
    partial = Dataset(data.X[some], letters[some], name="b and c")
    whole = Dataset(data.X[some], letters[some], name="b and c", classes=train_data.classes)
    (one,) = train(network(), train_data, **options(epochs=1, validation=partial))
    (other,) = train(network(), train_data, **options(epochs=1, validation=whole))
    assert (one.validation_loss, one.validation_accuracy) == (
        other.validation_loss,
        other.validation_accuracy,
    )
    strange = Dataset(data.X, np.array(["x", "b", "c"])[data.y], name="strange")
    with pytest.raises(TargetError, match="'x', which is none of the 3 known classes"):
        next(train(network(), train_data, **options(validation=strange)))


def test_data_and_rng_of_another_kind_are_refused_in_one_sentence():
    data = blobs()
    with pytest.raises(ConfigurationError, match=r"data must be a Dataset, as .* not tuple"):
        next(train(network(), (data.X, data.y), **options()))
    with pytest.raises(ConfigurationError, match=r"validation must be a Dataset, as .* not tuple"):
        next(train(network(), data, **options(validation=(data.X, data.y))))
    with pytest.raises(ConfigurationError, match=r"rng must be a Generator, as .* not int"):
        next(train(network(), data, **options(rng=3)))
