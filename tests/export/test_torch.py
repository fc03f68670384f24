"""PyTorch: its modules load what we write and predict the same; its state_dicts are read."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from chalknet import ConfigurationError, Model, ModelFileError, Network, Preprocessing
from chalknet.export.exporting import export_model
from chalknet.export.importing import import_model
from export.random_models import cases, error

torch.set_num_threads(1)


def loaded(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_definition_takes_the_weights_and_predicts_the_same(tmp_path):
    for case in cases():
        definition, weights = export_model(case.model, tmp_path / "net.py", "torch")
        assert weights == tmp_path / "net.safetensors"
        module = loaded(definition)
        network = module.load()
        # Nothing is missing or surplus, as load_state_dict(strict=True) has found already.
        assert set(load_file(weights)) == set(network.state_dict())
        rows = torch.from_numpy(case.rows)
        predicted = module.predict(network, rows)
        if case.scores_are_exported:
            scores = predicted
            if case.model.classes is not None:
                scores = module.predict_proba(network, rows)
            found = np.asarray(scores).reshape(len(rows), -1)
            assert error(found, case.scores) <= case.tolerance, case.number
        if case.model.classes is not None:
            labels = predicted.tolist() if isinstance(predicted, torch.Tensor) else predicted
            expected = case.model.predict(case.rows).tolist()
            pairs = zip(labels, expected, case.clear, strict=True)
            assert all(found == wanted for found, wanted, clear in pairs if clear), case.number


def test_what_we_wrote_comes_back_to_the_bit(tmp_path):
    for case in cases():
        _, weights = export_model(case.model, tmp_path / "net.py", "torch")
        again, was = import_model(weights), case.model
        assert again.network.parameters.tobytes() == was.network.parameters.tobytes()
        np.testing.assert_array_equal(again.predict(case.rows), was.predict(case.rows))
        for name in ("loss", "multilabel", "name", "feature_names", "class_names"):
            assert getattr(again, name) == getattr(was, name), (case.number, name)


def test_training_may_go_on_in_pytorch_and_come_back(tmp_path):
    rng = np.random.default_rng(0)
    network = Network.dense([3, 4, 2], activation="tanh", rng=rng)
    model = Model(
        network, "softmax_cross_entropy", Preprocessing(divisor=2.0), np.array(["a", "b"])
    )
    definition, weights = export_model(model, tmp_path / "net.py", "torch")
    module = loaded(definition)
    theirs = module.load()
    X = torch.randn(8, 3)
    loss = torch.nn.functional.cross_entropy(theirs(module.scaled(theirs, X)), torch.arange(8) % 2)
    loss.backward()
    for parameter in theirs.parameters():
        parameter.data -= 0.5 * parameter.grad
    save_file(theirs.state_dict(), weights)
    again = import_model(
        weights, activation="tanh", loss="softmax_cross_entropy", classes=["a", "b"],
        preprocessing=Preprocessing(divisor=2.0),
    )  # fmt: skip
    expected = module.predict_proba(theirs, X).numpy()
    assert error(again.predict_proba(X.numpy()), expected) <= 1e-6
    assert error(again.predict_proba(X.numpy()), model.predict_proba(X.numpy())) > 0.01


class Named(torch.nn.Module):
    """Layers whose names do not say their order."""

    def __init__(self, first, middle, last):
        super().__init__()
        self.stem, self.body, self.head = (torch.nn.Linear(*s) for s in (first, middle, last))

    def forward(self, x):
        return self.head(torch.relu(self.body(torch.relu(self.stem(x)))))


def square():
    return torch.nn.Linear(4, 4)


def saved(network, path):
    save_file(network.state_dict(), path)
    return path


@pytest.mark.parametrize(
    ("network", "width"),
    [
        (torch.nn.Sequential(*(make() for _ in range(12) for make in (square, torch.nn.ReLU))), 4),
        (Named((5, 4), (4, 3), (3, 2)), 5),
        (torch.nn.Sequential(torch.nn.Linear(3, 2)), 3),
        (torch.nn.Linear(3, 2), 3),
        (torch.nn.Sequential(Named((3, 4), (4, 5), (5, 2)).double()), 3),
    ],
)  # fmt: skip
def test_a_users_state_dict_is_read(network, width, tmp_path):
    path = saved(network, tmp_path / "t.safetensors")
    ends_in_relu = isinstance(network, torch.nn.Sequential) and len(network) > 1
    layers = sum(name.endswith("weight") for name in network.state_dict())
    model = import_model(
        path, loss="mean_squared_error", activation="relu" if layers > 1 else None,
        output_activation="relu" if ends_in_relu else None,
    )  # fmt: skip
    rows = torch.randn(6, width, dtype=next(network.parameters()).dtype)
    tolerance = 1e-12 if rows.dtype == torch.float64 else 1e-6
    assert error(model.predict(rows.numpy()), network(rows).detach().numpy()) <= tolerance


def test_an_order_that_cannot_be_told_is_asked_for(tmp_path):
    network = Named((4, 4), (4, 4), (4, 4))
    path = saved(network, tmp_path / "t.safetensors")
    with pytest.raises(
        ConfigurationError, match=r"cannot be told from their names and shapes: add"
    ):
        import_model(path, loss="huber", activation="relu")
    with pytest.raises(
        ConfigurationError, match="must name each layer once, and they are body, he"
    ):
        import_model(path, loss="huber", activation="relu", layers=["stem", "body"])
    model = import_model(
        path, loss="huber", activation="relu", layers=["stem", "body", "head"]
    )  # fmt: skip
    rows = torch.randn(6, 4)
    assert error(model.predict(rows.numpy()), network(rows).detach().numpy()) <= 1e-6


def test_layers_without_a_bias_are_asked_about(tmp_path):
    network = torch.nn.Linear(3, 2, bias=False)
    path = saved(network, tmp_path / "t.safetensors")
    with pytest.raises(
        ModelFileError, match=r"has a weight but no bias; .* bias=False \(--no-bias"
    ):
        import_model(path, loss="huber")
    rows = torch.randn(6, 3)
    found = import_model(path, loss="huber", bias=False).predict(rows.numpy())
    assert error(found, network(rows).detach().numpy()) <= 1e-6


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (torch.nn.Conv2d(1, 2, 3), r"'weight' has shape \(2, 1, 3, 3\): expected only the weights"),
        (torch.nn.BatchNorm1d(3), "is of type 'I64', but parameters must be F32 or F64"),
        (torch.nn.LayerNorm(3), r"'weight' has shape \(3,\): expected only the weights and biases"),
        (torch.nn.Linear(3, 2).half(), r"type 'F16', but .* convert them with .float\(\) before"),
        (torch.nn.Linear(3, 2).bfloat16(), "is of type 'BF16', but parameters must be F32 or F64"),
        (torch.nn.Embedding(3, 2), "has a weight but no bias"),
        (
            torch.nn.ModuleDict({"a": torch.nn.Linear(2, 3), "b": torch.nn.Linear(4, 5)}),
            "do not chain: a 2 → 3, b 4 → 5",
        ),
        (
            torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(4, 2)),
            "layer 1 has 3 outputs, but layer 2 takes 4 inputs",
        ),
    ],
)
def test_what_is_no_perceptron_is_refused(network, message, tmp_path):
    path = saved(network, tmp_path / "t.safetensors")
    with pytest.raises(ModelFileError, match=message):
        import_model(path, loss="huber", activation="relu")


def test_pickles_are_never_opened(tmp_path):
    network = torch.nn.Linear(3, 2)
    torch.save(network.state_dict(), tmp_path / "a.pt")
    torch.save(network.state_dict(), tmp_path / "b.pt", _use_new_zipfile_serialization=False)
    for name in ("a.pt", "b.pt"):
        with pytest.raises(
            ModelFileError, match="a pickle, which can run any program when it is r"
        ):
            import_model(tmp_path / name)


def test_weights_alone_leave_questions(tmp_path):
    network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    path = saved(network, tmp_path / "t.safetensors")
    with pytest.raises(ConfigurationError, match=r"what stands between the layers: add activation"):
        import_model(path, loss="huber")
    with pytest.raises(ConfigurationError, match="hidden layers: 1, but activations: 2: give one"):
        import_model(path, loss="huber", activation=["relu", "relu"])
    with pytest.raises(ConfigurationError, match="does not say what its outputs mean: add loss"):
        import_model(path, activation="relu")


def test_a_definition_must_be_called_py(tmp_path):
    with pytest.raises(ConfigurationError, match=r"must end in \.py"):
        export_model(cases()[0].model, tmp_path / "net.pt", "torch")
