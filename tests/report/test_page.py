"""What the page says, against the numbers computed apart from it."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from chalknet import Dataset, EpochRecord, Model, Network, Preprocessing
from chalknet.evaluation import evaluate
from chalknet.report import write_report
from chalknet.training.records import History

from .conftest import RUNS, Run

Runs = Callable[[str], Run]
Pages = Callable[[str], Path]


class _Text(HTMLParser):
    """The visible text, tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.open: list[str] = []
        self.sources: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in {"style", "script"}
        self.sources += [value or "" for key, value in attrs if key in {"src", "href"}]

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in {"style", "script"}

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def _read(path: Path) -> tuple[str, list[str]]:
    parser = _Text()
    parser.feed(path.read_text(encoding="utf-8"))
    text = " ".join(" ".join(parser.parts).split())
    return text.replace("\N{NARROW NO-BREAK SPACE}", " "), parser.sources


@pytest.mark.parametrize("name", RUNS)
def test_nothing_comes_from_elsewhere(page_of: Pages, name: str) -> None:
    path = page_of(name)
    markup = path.read_text(encoding="utf-8")
    _, sources = _read(path)
    assert all(source.startswith(("data:", "#")) for source in sources)
    assert "default-src 'none'" in markup
    assert "<script" not in markup
    assert not re.search(r"@import|url\((?!#)", markup)


def test_headline_figures_are_the_models(run_of: Runs, page_of: Pages) -> None:
    run = run_of("digits")
    text, _ = _read(page_of("digits"))
    correct = int(np.count_nonzero(run.model.predict(run.test.X) == run.test.y))
    assert f"gets {correct} of {len(run.test)} test images right" in text
    assert f"Test accuracy {100 * correct / len(run.test):.1f} %" in text
    assert f"Test loss {run.model.evaluate(run.test).loss:.4g}" in text
    assert f"Total {len(run.model.network.parameters):,}" in text


def test_confusion_matrix_is_the_one_counted_by_hand(run_of: Runs, page_of: Pages) -> None:
    run = run_of("digits")
    markup = page_of("digits").read_text(encoding="utf-8")
    table = markup[markup.index('<table class="confusion') :]
    table = table[: table.index("</table>")]
    rows = re.findall(r"<tr><th scope=\"row\".*?</tr>", table, re.DOTALL)
    shown = [[int(cell or 0) for cell in re.findall(r"<td[^>]*>(\d*)</td>", row)] for row in rows]
    counted = np.zeros((10, 10), int)
    for truth, said in zip(run.test.y, run.model.predict(run.test.X), strict=True):
        counted[truth, said] += 1
    assert shown == counted.tolist()


def test_the_page_says_when_there_was_no_test_set(run_of: Runs, tmp_path: Path) -> None:
    run = run_of("digits")
    text, _ = _read(run.write(tmp_path / "v.html", test=None))
    assert "No test set was given, so all figures are of the validation set" in text
    assert f"of {len(run.validation)} validation images right" in text
    text, _ = _read(run.write(tmp_path / "t.html", test=None, validation=None))
    assert "all figures are of the training set" in text
    assert f"of {len(run.train)} training images right" in text
    assert "No test set" not in _read(run.write(tmp_path / "x.html"))[0]


def test_same_arguments_same_bytes_other_seed_other_samples(run_of: Runs, tmp_path: Path) -> None:
    for name in ("digits", "diabetes", "colours"):
        run = run_of(name)
        first, again = (run.write(tmp_path / f"{k}.html").read_bytes() for k in (1, 2))
        assert first == again
    run = run_of("digits")
    assert (
        run.write(tmp_path / "a.html", seed=1).read_bytes()
        != run.write(tmp_path / "b.html", seed=2).read_bytes()
    )


def test_worst_case_images_stay_below_two_megabytes(tmp_path: Path) -> None:
    """Noise does not compress: no data set of this shape makes a larger page."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (10_000, 28, 28), dtype=np.uint8)
    data = Dataset(X, rng.integers(0, 10, 10_000), name="noise")
    network = Network.dense([784, 64, 10], rng=rng)
    model = Model.for_data(network, "softmax_cross_entropy", Preprocessing(divisor=255.0), data)
    path = write_report(
        tmp_path / "noise.html", model=model, history=History(), settings={}, train=data, rng=rng
    )
    assert path.stat().st_size < 2_000_000


def test_large_colour_images_are_reduced(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (60, 120, 200, 3), dtype=np.uint8)
    data = Dataset(X, rng.integers(0, 3, 60), name="photographs")
    network = Network.dense([72_000, 3], rng=rng)
    model = Model.for_data(network, "softmax_cross_entropy", Preprocessing(divisor=255.0), data)
    path = write_report(
        tmp_path / "p.html", model=model, history=History(), settings={}, train=data, rng=rng
    )
    assert path.stat().st_size < 2_000_000
    _, sources = _read(path)
    sizes = {
        Image.open(io.BytesIO(base64.b64decode(source.split(",")[1]))).size
        for source in sources
        if source.startswith("data:image/png")
    }
    ((width, height),) = sizes
    assert width <= 64
    assert abs(width / height - 200 / 120) < 0.05


def test_one_epoch_without_validation_and_no_history_at_all(run_of: Runs, tmp_path: Path) -> None:
    run = run_of("digits")
    record = EpochRecord(epoch=1, train_loss=0.5, train_accuracy=0.9, validation_loss=None,
                         validation_accuracy=None, learning_rate=0.1, seconds=0.25)  # fmt: skip
    text, _ = _read(run.write(tmp_path / "one.html", history=History([record]), validation=None))
    assert "There was no validation set" in text
    assert "best: epoch" not in text
    assert "Training time 250 ms 1 epoch" in text
    text, _ = _read(run.write(tmp_path / "none.html", history=History()))
    assert "How it learnt" not in text
    assert "Training time" not in text


def test_the_best_epoch_is_marked(run_of: Runs, tmp_path: Path) -> None:
    run = run_of("digits")
    losses = [0.9, 0.4, 0.6, 0.7]
    records = [
        EpochRecord(epoch=e, train_loss=1 / e, train_accuracy=0.5, validation_loss=loss,
                    validation_accuracy=0.5, learning_rate=0.1 / e, seconds=0.1)
        for e, loss in enumerate(losses, start=1)
    ]  # fmt: skip
    text, _ = _read(run.write(tmp_path / "r.html", history=History(records)))
    assert "best: epoch 2" in text
    assert "whose weights were kept" not in text
    assert "Learning rate" in text
    text, _ = _read(run.write(tmp_path / "k.html", history=History(records, best_epoch=2)))
    assert "whose weights were kept" in text


def test_two_classes_show_the_four_outcomes(run_of: Runs, page_of: Pages) -> None:
    run = run_of("two_digits")
    text, _ = _read(page_of("two_digits"))
    said, true = run.model.predict(run.test.X), run.test.y
    for title, label, prediction in (
        ("true positive", "three", "three"),
        ("true negative", "eight", "eight"),
        ("false positive", "eight", "three"),
        ("false negative", "three", "eight"),
    ):
        n = int(np.count_nonzero((true == label) & (said == prediction)))
        assert f"{n} {title}{'' if n == 1 else 's'}" in text
    assert "The positive class is three" in text


def test_regression_shows_residuals_and_no_confusion(run_of: Runs, page_of: Pages) -> None:
    run = run_of("diabetes")
    text, _ = _read(page_of("diabetes"))
    residuals = run.model.predict(run.test.X) - run.test.y
    assert f"off by {np.abs(residuals).mean():.3g} on average" in text
    worst = int(np.argmax(np.abs(residuals)))
    assert f" {worst + 1} {run.test.y[worst]:.4g} " in text
    assert "Confusion" not in text
    assert "bmi" in text


def test_tables_show_mistakes_by_named_column(run_of: Runs, page_of: Pages) -> None:
    text, _ = _read(page_of("wine"))
    run = run_of("wine")
    size = np.linalg.norm(run.model.network.layers[0].W, axis=1)
    largest = run.train.feature_names[int(np.argmax(size))]
    assert f"{largest} {size.max():.3g}" in text
    assert "Most confident mistakes" in text
    assert evaluate(run.model, run.test).correct < len(run.test), "needs a mistake to show"


def test_multilabel_speaks_of_labels(run_of: Runs, page_of: Pages) -> None:
    text, _ = _read(page_of("moods"))
    run = run_of("moods")
    marks = run.model.predict(run.test.X)
    right = int(np.count_nonzero((marks == run.test.y).all(axis=1)))
    assert f"gets all labels of {right} of {len(run.test)} test samples right" in text
    assert f"Wrong marks {100 * (marks != run.test.y).mean():.1f} %" in text


def test_a_perfect_model_has_no_mistakes_to_show(tmp_path: Path) -> None:
    from chalknet import Dense

    data = Dataset(9 * np.eye(4)[[0, 1, 2, 3, 0]], [0, 1, 2, 3, 0], name="d", image_shape=(2, 2))
    model = Model(Network([Dense(np.eye(4), np.zeros(4))]), "softmax_cross_entropy",
                  classes=np.arange(4), image_shape=(2, 2))  # fmt: skip
    text, _ = _read(
        write_report(
            tmp_path / "r.html",
            model=model,
            history=History(),
            settings={},
            train=data,
            rng=np.random.default_rng(0),
            finished=datetime(2030, 2, 1, 9, 5),
        )
    )
    assert "Most confident mistakes" not in text
    assert "Training accuracy 100 %" in text
    assert "1 February 2030, 09:05" in text


@pytest.mark.parametrize(
    ("shape", "task"),
    [((4, 3, 1), "classification"), ((2, 3, 2), "classification"), ((3, 4), "regression"),
     ((3, 4), "multilabel"), ((2, 2, 3), "multilabel")],
)  # fmt: skip
def test_images_of_any_kind_and_task(tmp_path: Path, shape: tuple[int, ...], task: str) -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (30, *shape), dtype=np.uint8)
    y = {"classification": rng.integers(0, 3, 30), "regression": rng.normal(size=(30, 2)),
         "multilabel": rng.integers(0, 2, (30, 3))}[task]  # fmt: skip
    data = Dataset(X, y, name="d")
    loss = {"classification": "softmax_cross_entropy", "regression": "huber"}
    network = Network.dense([data.n_features, data.n_outputs], rng=rng)
    model = Model.for_data(
        network, loss.get(task, "sigmoid_cross_entropy"), Preprocessing(divisor=255.0), data
    )
    path = write_report(tmp_path / "r.html", model=model, history=History(), settings={},
                        train=data, rng=rng)  # fmt: skip
    _, sources = _read(path)
    assert sum(source.startswith("data:image/png") for source in sources) > network.widths[-1]


def test_infinite_predictions_make_a_page_all_the_same(tmp_path: Path) -> None:
    from chalknet import Dense

    data = Dataset([[1.0], [2000.0]], [1.0, 2.0], name="counts")
    model = Model(Network([Dense([[1.0]], [0.0])]), "poisson")
    text, _ = _read(
        write_report(
            tmp_path / "r.html",
            model=model,
            history=History(),
            settings={},
            train=data,
            rng=np.random.default_rng(0),
        )
    )
    assert "Training loss ∞" in text


def test_settings_are_written_as_the_command_line_takes_them(tmp_path: Path) -> None:
    data = Dataset([[1.0], [2.0]], ["cat", "dog"], name="pets")
    network = Network.dense([1, 2], rng=np.random.default_rng(0))
    path = write_report(
        tmp_path / "r.html",
        model=Model.for_data(network, "softmax_cross_entropy", Preprocessing(), data),
        history=History(),
        settings={"class_weight": {"cat": 2.0, "dog": 0.5}, "hidden": [256, 128]},
        train=data,
        rng=np.random.default_rng(0),
    )
    text, _ = _read(path)
    assert "class_weight cat=2.0, dog=0.5" in text
    assert "hidden 256, 128" in text
