"""chalknet train: what it prints, writes, refuses, and how it goes on."""

from __future__ import annotations

import csv
import gzip
import json
import tomllib

import numpy as np
import pytest

from chalknet import Model
from chalknet.sealed import read_sealed

QUICK = ("--epochs", 2, "--hidden", 16, "--no-report", "--json")


def test_digits_with_json(chalknet, tmp_path):
    result = chalknet("train", "digits", *QUICK, "--run-dir", "run", "--validation", 0.2)
    assert result.status == 0
    assert [line["event"] for line in result.lines] == [
        "start", "epoch", "checkpoint", "epoch", "done",
    ]  # fmt: skip
    done = result.last
    assert done["event"] == "done"
    assert done["run_dir"] == "run"
    assert done["test_total"] == 355
    assert done["test_accuracy"] == done["test_correct"] / 355
    assert 0 < done["test_loss"] < 10
    epochs = [line for line in result.lines if line["event"] == "epoch"]
    assert [line["epoch"] for line in epochs] == [1, 2]
    # Everything that was printed is in the run's folder.
    history = [
        json.loads(line) for line in (tmp_path / "run/history.jsonl").read_text().splitlines()
    ]
    assert [row["train_loss"] for row in history] == [line["train_loss"] for line in epochs]
    config = tomllib.loads((tmp_path / "run/config.toml").read_text())
    assert config["hidden"] == [16]
    assert config["validation"] == 0.2
    assert Model.load(tmp_path / "run/model.safetensors").network.widths == [64, 16, 10]
    assert (tmp_path / "run/checkpoints/epoch-0002.safetensors").is_file()


def test_for_people(chalknet, tmp_path):
    result = chalknet("train", "digits", "--epochs", 2, "--no-report")
    assert result.status == 0
    (run,) = (tmp_path / "runs").iterdir()
    assert run.name.startswith("digits-")
    assert "of 355 correct" in result.out
    assert f"run           runs/{run.name}" in result.out
    assert "64-256-10 relu" in result.err
    assert "\x1b" not in result.err + result.out  # no colour and no bar where no terminal is


def test_the_table_of_epochs_fits_a_terminal_of_80_columns(chalknet):
    result = chalknet("train", "digits", "--epochs", 1, "--validation", 0.1, "--no-report")
    assert max(map(len, result.err.splitlines())) < 80


def test_the_test_set_is_counted_when_a_regression_loss_teaches_classes(chalknet):
    arguments = ("digits", "--epochs", 2, "--loss", "mean_squared_error", "--no-report")
    result = chalknet("train", *arguments, "--evaluate-test-each-epoch")
    assert "test correct" in result.err
    assert "of 355 correct" in result.out


def test_the_same_seed_gives_the_same_bits_and_another_does_not(chalknet, tmp_path):
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        chalknet("train", "digits", *QUICK, "--run-dir", name, "--seed", seed, "--dropout", 0.1)
    a, b, c = ((tmp_path / name / "model.safetensors").read_bytes() for name in "abc")
    assert a == b != c


def test_config_file_with_overrides_runs_the_same_again(chalknet, tmp_path):
    chalknet("train", "digits", *QUICK, "--run-dir", "a", "--activation", "leaky_relu(0.2)")
    chalknet("train", "--config", "a/config.toml", "--no-report", "--run-dir", "b")
    models = [(tmp_path / name / "model.safetensors").read_bytes() for name in "ab"]
    assert models[0] == models[1]
    result = chalknet(
        "train",
        "--config",
        "a/config.toml",
        "--epochs",
        1,
        "--no-report",
        "--json",
        "--run-dir",
        "c",
    )
    assert result.last["epochs"] == 1


def test_every_option_reaches_the_run(chalknet, tmp_path):
    result = chalknet(
        "train", "digits", "--hidden", "24,12", "--activation", "tanh,elu(0.5)", "--init",
        "glorot_uniform", "--dtype", "float64", "--loss", "softmax_cross_entropy", "--optimizer",
        "nesterov", "--learning-rate", 0.02, "--momentum", 0.8, "--schedule", "warmup(1)+cosine",
        "--batch-size", 50, "--epochs", 3, "--l2", 1e-4, "--dropout", "0.1,0.2", "--class-weight",
        "balanced", "--validation", 0.1, "--patience", 2, "--no-shuffle", "--seed", 3, "--scaling",
        "standard", "--checkpoint-every", 1, "--threads", 1, "--engine", "reference",
        "--evaluate-test-each-epoch", "--run-dir", "run", "--no-report", "--json",
    )  # fmt: skip
    assert result.status == 0, result.err
    config = tomllib.loads((tmp_path / "run/config.toml").read_text())
    assert config["hidden"] == [24, 12]
    assert config["activation"] == ["tanh", "elu(alpha=0.5)"]
    assert config["schedule"] == "warmup(epochs=1)+cosine"
    assert config["dropout"] == [0.1, 0.2]
    assert config["shuffle"] is False
    model = Model.load(tmp_path / "run/model.safetensors")
    assert [layer.activation.spec for layer in model.network.layers] == [
        "tanh", "elu(alpha=0.5)", "identity",
    ]  # fmt: skip
    assert model.network.dtype == np.float64
    assert not model.preprocessing.is_identity
    assert len(list((tmp_path / "run/checkpoints").iterdir())) == 3
    assert all("test_correct" in line for line in result.lines if line["event"] == "epoch")


def write_csv(path, header, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def flowers(n=60):
    rng = np.random.default_rng(0)
    kinds = ["rose", "tulip", "löwe & <b>"]
    return [
        [f"{3 * k + rng.normal():.3f}", f"{rng.normal():.3f}", kinds[k]]
        for k in rng.integers(0, 3, n)
    ]


def test_a_table_of_ones_own_and_its_predictions(chalknet, tmp_path):
    write_csv(tmp_path / "flowers.csv", ["height", "width", "kind"], flowers())
    result = chalknet(
        "train", "flowers.csv", "--target", "kind", "--scaling", "standard", "--epochs", 40,
        "--run-dir", "run", "--no-report", "--json",
    )  # fmt: skip
    assert result.last["test_accuracy"] > 0.75
    write_csv(tmp_path / "new.csv", ["width", "height"], [["0.1", "6.0"], ["0.0", "0.1"]])
    result = chalknet("predict", "run", "new.csv", "--json", "--output", "out.csv")
    predictions = result.last["predictions"]
    assert [row["prediction"] for row in predictions] == ["löwe & <b>", "rose"]
    assert sum(predictions[0]["probabilities"].values()) == pytest.approx(1, rel=1e-6)
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    assert [row["prediction"] for row in rows] == ["löwe & <b>", "rose"]
    assert float(rows[0]["p(rose)"]) == predictions[0]["probabilities"]["rose"]
    for_people = chalknet("predict", "run", "new.csv")
    assert "löwe & <b>" in for_people.out


def test_a_run_on_a_file_is_evaluated_and_resumed_from_any_folder(chalknet, tmp_path, monkeypatch):
    write_csv(tmp_path / "flowers.csv", ["height", "width", "kind"], flowers())
    chalknet("train", "flowers.csv", "--epochs", 2, "--run-dir", "run", "--no-report")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert chalknet("evaluate", tmp_path / "run", "--json").last["total"] == 12
    result = chalknet("train", "--resume", tmp_path / "run", "--epochs", 3)
    assert result.status == 0, result.err
    page = (tmp_path / "run/report.html").read_text(encoding="utf-8")
    assert "flowers.csv" in page
    assert str(tmp_path) not in page  # a page that is shared tells nothing of its maker's folders


def test_a_name_cannot_steer_the_terminal(chalknet, tmp_path):
    rows = [[str(k % 7), "\x1b[31mred" if k % 2 else "blue"] for k in range(40)]
    write_csv(tmp_path / "t.csv", ["x", "kind"], rows)
    chalknet("train", "t.csv", "--epochs", 1, "--run-dir", "run", "--no-report")
    write_csv(tmp_path / "new.csv", ["x"], [["1"], ["2"]])
    for arguments in (("evaluate", "run"), ("predict", "run", "new.csv"), ("data", "t.csv")):
        shown = chalknet(*arguments)
        assert shown.status == 0, shown.err
        assert "\x1b" not in shown.out + shown.err
    assert "\\x1b[31mred" in chalknet("evaluate", "run").out


def test_a_regression_on_a_table(chalknet, tmp_path):
    x = np.linspace(-1, 1, 80)
    write_csv(tmp_path / "line.csv", ["x", "y"], [[f"{a:.4f}", f"{3 * a + 0.5:.4f}"] for a in x])
    result = chalknet(
        "train", "line.csv", "--epochs", 60, "--learning-rate", 0.01, "--run-dir", "run",
        "--no-report", "--json",
    )  # fmt: skip
    assert result.status == 0, result.err
    assert result.last["test_accuracy"] is None
    assert result.last["test_loss"] < 0.05
    write_csv(tmp_path / "new.csv", ["x"], [["0.5"]])
    (row,) = chalknet("predict", "run", "new.csv", "--json").last["predictions"]
    assert row["prediction"] == pytest.approx(2.0, abs=0.4)


def test_several_targets_and_several_labels_are_a_column_each(chalknet, tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    np.savez(tmp_path / "numbers.npz", X=X, y=X[:, :2] * 2)
    np.savez(tmp_path / "marks.npz", X=X, y=(X > 0).astype(np.uint8))
    for name, columns in (
        ("numbers", ["prediction(1)", "prediction(2)"]),
        ("marks", [f"{what}({k})" for what in ("prediction", "p") for k in range(3)]),
    ):
        chalknet("train", f"{name}.npz", "--epochs", 3, "--run-dir", name, "--no-report")
        result = chalknet("predict", name, f"{name}.npz", "--json", "--output", f"{name}.csv")
        expected = [row["prediction"] for row in result.last["predictions"]]
        table = list(csv.reader((tmp_path / f"{name}.csv").read_text().splitlines()))
        assert table[0] == ["input", "row", *columns]
        width = len(expected[0])
        assert [[float(cell) for cell in row[2 : 2 + width]] for row in table[1:]] == expected
        shown = chalknet("predict", name, f"{name}.npz").out.splitlines()[1:4]
        for line, values in zip(shown, expected, strict=False):
            marked = ", ".join(str(k) for k, mark in enumerate(values) if mark) or "none"
            numbers = "  ".join(f"{value:.6g}" for value in values)
            assert (f"  {marked}  " if name == "marks" else numbers) in f"{line}  "


def test_images_are_predicted_from_files(chalknet, tmp_path):
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    for k in range(3):
        for number, image in enumerate(digits.images[digits.target == k][:30]):
            folder = tmp_path / "photos" / f"digit {k}"
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray((image * 15).astype(np.uint8)).save(folder / f"{number}.png")
    result = chalknet(
        "train", "photos", "--epochs", 15, "--run-dir", "run", "--no-report", "--json"
    )
    assert result.last["test_accuracy"] > 0.9
    picture = next((tmp_path / "photos/digit 2").iterdir())
    (row,) = chalknet("predict", "run", picture, "--json").last["predictions"]
    assert row["prediction"] == "digit 2"
    Image.new("L", (28, 28)).save(tmp_path / "large.png")
    result = chalknet("predict", "run", "large.png")
    assert result.status == 2
    assert "28" in result.err
    assert "8" in result.err
    result = chalknet("predict", "run", "large.png", "--resize", "--json")
    assert result.status == 0


def test_resume_goes_on_to_the_same_bits(chalknet, tmp_path):
    common = (
        "--dropout",
        0.2,
        "--schedule",
        "exponential",
        "--no-report",
        "--json",
        "--hidden",
        16,
    )
    chalknet("train", "digits", "--epochs", 4, *common, "--run-dir", "whole")
    chalknet(
        "train", "digits", "--epochs", 4, *common, "--run-dir", "parts", "--checkpoint-every", 1
    )
    early = "parts/checkpoints/epoch-0002.safetensors"
    result = chalknet("train", "--resume", early, "--no-report", "--json")
    assert result.status == 0
    assert [line["epoch"] for line in result.lines if line["event"] == "epoch"] == [3, 4]
    for name in ("model.safetensors",):
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    longer = chalknet("train", "--resume", "parts", "--epochs", 6, "--no-report", "--json")
    assert [line["epoch"] for line in longer.lines if line["event"] == "epoch"] == [5, 6]


def test_a_run_that_diverges_says_so_and_saves_no_model(chalknet, tmp_path):
    result = chalknet(
        "train", "digits", *QUICK, "--optimizer", "sgd", "--learning-rate", 1e30, "--run-dir", "run"
    )
    assert result.status == 1
    assert result.err.startswith("chalknet: training diverged in epoch 1, step ")
    assert "at learning rate 1e+30" in result.err
    assert not (tmp_path / "run/model.safetensors").exists()
    # The state before that step is on disk, finite, and the last line says where.
    assert result.last["event"] == "diverged"
    assert (result.last["epoch"], result.last["learning_rate"]) == (1, 1e30)
    tensors, metadata = read_sealed(tmp_path / result.last["checkpoint"], "chalknet.checkpoint.1")
    assert np.isfinite(tensors["parameters"]).all()
    assert metadata["position"]["step"] == result.last["step"] - 1


def one_sentence(result):
    """The error, which must be alone on standard error, without a traceback."""
    assert result.status == 2, result.err
    assert "Traceback" not in result.err
    lines = [line for line in result.err.splitlines() if line.strip()]
    assert len(lines) == 1, result.err
    assert lines[0].startswith("chalknet: ")
    assert result.out == ""
    return lines[0].removeprefix("chalknet: ")


BAD = [
    (["digits", "--hidden", "0"], "hidden must be greater than or equal to 1, not 0."),
    (["digits", "--hidden", "a,b"], "--hidden takes widths separated by commas"),
    (["digits", "--activation", "rellu"], "unknown activation 'rellu': did you mean 'relu'?"),
    (["digits", "--init", "he"], "unknown initializer 'he'"),
    (["digits", "--loss", "hinge"], "unknown loss 'hinge'"),
    (["digits", "--optimizer", "adamm"], "unknown optimizer 'adamm': did you mean 'adam'?"),
    (["digits", "--schedule", "cosin"], "unknown schedule 'cosin': did you mean 'cosine'?"),
    (["digits", "--engine", "gpu"], "unknown engine 'gpu'"),
    (["digits", "--dtype", "float16"], "dtype must be 'float32' or 'float64', not 'float16'."),
    (["digits", "--epochs", "0"], "epochs must be greater than or equal to 1, not 0."),
    (["digits", "--epochs", "two"], "Invalid value for '--epochs'"),
    (["digits", "--learning-rate", "nan"], "learning_rate must be a finite number, not nan."),
    (["digits", "--learning-rate", "-1"], "learning_rate must be greater than 0, not -1.0."),
    (["digits", "--validation", "1.5"], "validation must be less than 1, not 1.5."),
    (["digits", "--dropout", "1"], "dropout must be less than 1, not"),
    (["digits", "--momentum", "0.9"], "adam has no option 'momentum'"),
    (["digits", "--loss", "mean_squared_error", "--image-size", "3"], "--image-size takes height"),
    (["digits", "--no-such-option"], "No such option: --no-such-option"),
    (["no-such-file.csv"], "no-such-file.csv"),
    (["mnits"], "unknown data set 'mnits': did you mean 'mnist'?"),
    (["digits", "--target", "y"], "but digits is a set by name: leave target out."),
    (["digits", "--image-size", "4x4"], "but digits is a set by name: leave image_size out."),
    (["digits", "--class-weight", "1=-2"], "class_weight must be 'balanced' or a number ≥ 0 for"),
    (["digits", "--class-weight", "equal"], "class_weight must be 'balanced' or a number ≥ 0 for"),
    ([], "name what to train on"),
    (["--resume", "nowhere"], "nowhere: there is no such folder; name the folder of a run."),
    (["--resume", "."], "this folder is not a run (it has no config.toml)"),
    (["--config", "absent.toml"], "absent.toml: cannot be read"),
]


@pytest.mark.parametrize(("arguments", "sentence"), BAD, ids=lambda value: str(value)[:40])
def test_bad_arguments(arguments, sentence, chalknet, tmp_path):
    result = chalknet("train", *arguments)
    assert sentence in one_sentence(result)
    assert not (tmp_path / "runs").exists()  # nothing half-made is left behind


def test_bad_files(chalknet, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "empty" in one_sentence(chalknet("train", "empty"))

    pixels = np.zeros((20, 4, 4), np.uint8)
    header = bytes([0, 0, 8, 3]) + np.array(pixels.shape, ">i4").tobytes()
    packed = gzip.compress(header + pixels.tobytes())
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(packed[:-9])
    labels = bytes([0, 0, 8, 1]) + np.array([20], ">i4").tobytes() + bytes(range(20))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(labels)
    sentence = one_sentence(chalknet("train", "train-images-idx3-ubyte.gz"))
    assert "train-images-idx3-ubyte.gz" in sentence

    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(packed)
    short = bytes([0, 0, 8, 1]) + np.array([19], ">i4").tobytes() + bytes(range(19))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(short)
    sentence = one_sentence(chalknet("train", "train-images-idx3-ubyte.gz"))
    assert "20" in sentence
    assert "19" in sentence

    write_csv(tmp_path / "t.csv", ["height", "width", "kind"], flowers())
    sentence = one_sentence(chalknet("train", "t.csv", "--target", "knd"))
    assert "knd" in sentence
    assert "kind" in sentence

    rows = flowers()
    rows[7][1] = "nan"
    write_csv(tmp_path / "t.csv", ["height", "width", "kind"], rows)
    sentence = one_sentence(chalknet("train", "t.csv"))
    assert "width" in sentence
    assert "9" in sentence  # the line in the file

    write_csv(tmp_path / "t.csv", ["x", "kind"], [[str(k), "rose"] for k in range(20)])
    assert "rose" in one_sentence(chalknet("train", "t.csv"))

    (tmp_path / "bad.toml").write_text("data = [unclosed")
    assert "bad.toml: this is no TOML file" in one_sentence(
        chalknet("train", "--config", "bad.toml")
    )
    (tmp_path / "bad.toml").write_text('data = "digits"\nhiden = [3]\n')
    sentence = one_sentence(chalknet("train", "--config", "bad.toml"))
    assert sentence.startswith("bad.toml: unknown option 'hiden': did you mean 'hidden'?")


def test_a_model_asked_for_data_of_another_width(chalknet, tmp_path):
    chalknet("train", "digits", *QUICK, "--run-dir", "run")
    np.save(tmp_path / "wide.npy", np.zeros((3, 784), np.float32))
    sentence = one_sentence(chalknet("predict", "run", "wide.npy"))
    assert sentence == (
        "X has 784 columns but layer 1 has fan_in=64: this model was trained on 8×8 images; "
        "pass images of that size."
    )


def test_a_full_folder_is_not_written_into(chalknet, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("precious")
    sentence = one_sentence(chalknet("train", "digits", "--run-dir", "mine"))
    assert sentence.startswith("mine: the folder is not empty.")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_resume_does_not_forget_epochs_that_are_done(chalknet, tmp_path):
    arguments = ("digits", "--epochs", 3, "--checkpoint-every", 1, "--run-dir", "run")
    chalknet("train", *arguments, "--no-report")
    before = (tmp_path / "run/config.toml").read_text()
    sentence = one_sentence(chalknet("train", "--resume", "run", "--epochs", 2))
    assert "has 3 epochs behind it, so epochs must be at least 3, not 2" in sentence
    assert (tmp_path / "run/config.toml").read_text() == before
    earlier = "run/checkpoints/epoch-0001.safetensors"
    result = chalknet("train", "--resume", earlier, "--epochs", 2, "--json", "--no-report")
    assert (result.status, result.last["epochs"]) == (0, 2)


def test_an_image_size_is_for_folders_of_images(chalknet, tmp_path):
    write_csv(tmp_path / "t.csv", ["height", "width", "kind"], flowers())
    sentence = one_sentence(chalknet("train", "t.csv", "--image-size", "4x4"))
    assert "but t.csv is no folder of images: leave image_size out." in sentence


def test_resume_refuses_other_options_and_other_data(chalknet, tmp_path):
    write_csv(tmp_path / "t.csv", ["height", "width", "kind"], flowers())
    chalknet("train", "t.csv", "--epochs", 1, "--run-dir", "run", "--no-report")
    sentence = one_sentence(chalknet("train", "--resume", "run", "--hidden", 3))
    assert "hidden cannot be given" in sentence
    write_csv(tmp_path / "t.csv", ["height", "width", "kind"], flowers(61))
    sentence = one_sentence(chalknet("train", "--resume", "run", "--epochs", 2))
    assert "training data (hash)" in sentence
