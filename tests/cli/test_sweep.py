"""chalknet sweep from the command line: what it prints and refuses, how it ends and goes on."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import time

import pytest

from chalknet.sweeps.board import Board, as_url

QUICK = ("digits", "--epochs", 2, "--hidden", 16)
GRID = ("--grid", "activation=relu,tanh", "--grid", "learning_rate=1e-3,1e-2")


def test_a_sweep_tells_of_each_point_and_of_the_end(chalknet, tmp_path):
    result = chalknet("sweep", *QUICK, *GRID, "--seeds", 2, "--output", "s", "--json")
    assert result.status == 0, result.err
    *points, done = result.lines
    assert [line["event"] for line in points] == ["point"] * 4
    assert {tuple(line["values"].values()) for line in points} == {
        (activation, rate) for activation in ("relu", "tanh") for rate in ("1e-3", "1e-2")
    }
    assert all(len(line["validation_accuracy"]) == 2 for line in points)
    assert (done["event"], done["complete"], done["waiting"]) == ("done", 4, 0)
    means = [sum(line["validation_accuracy"]) / 2 for line in points]
    assert done["ranking"][0]["mean"] == pytest.approx(max(means))
    assert done["winner"]["values"] == done["ranking"][0]["values"]
    assert done["winner"]["test_total"] == 355
    evaluated = chalknet("evaluate", "s/winner", "--json").last
    assert evaluated["correct"] == done["winner"]["test_correct"]


def test_a_sweep_prints_a_table_that_fits(chalknet):
    result = chalknet("sweep", *QUICK, *GRID, "--output", "s")
    assert result.status == 0, result.err
    lines = result.out.splitlines()
    assert lines[0].split() == ["accuracy", "activation", "learning_rate"]
    assert [line.split()[0] for line in lines[1:5]] == ["1", "2", "3", "4"]
    accuracies = [float(line.split()[1]) for line in lines[1:5]]
    assert accuracies == sorted(accuracies, reverse=True)
    assert re.fullmatch(r"tested once: accuracy 0\.\d{4} \(\d+ of 355\)", lines[6])
    assert lines[7] == "report: s/report.html"
    assert max(map(len, lines)) <= 80
    assert "Traceback" not in result.err


def test_losses_are_ranked_where_there_are_no_classes(chalknet, tmp_path):
    rows = "\n".join(f"{x / 50},{(x / 50) ** 2}" for x in range(-50, 50))
    (tmp_path / "square.csv").write_text(f"x,y\n{rows}\n")
    result = chalknet(
        "sweep", "square.csv", "--target", "y", "--epochs", 3, "--grid", "hidden=8,none",
        "--output", "s", "--json",
    )  # fmt: skip
    assert result.status == 0, result.err
    done = result.last
    losses = [-one["mean"] for one in done["ranking"]]
    assert losses == sorted(losses)
    assert done["winner"]["test_accuracy"] is None
    assert done["winner"]["test_loss"] > 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (GRID, "name what to train on"),
        (("digits",), "a sweep needs something to vary"),
        (("nosuch", *GRID), "no data set 'nosuch'|nosuch"),
        (("digits", "--grid", "activation=rellu"), "unknown activation 'rellu'"),
        (("digits", "--grid", "l2=0", "--grid", "l2=1"), "l2 is varied twice"),
        (("digits", *GRID, "--learning-rate", 1), "learning_rate is varied, so --learning-rate"),
        (("digits", *GRID, "--engine", "genetic"), "unknown engine 'genetic'"),
        (("digits", *GRID, "--random", 3, "--engine", "tpe"), "--random N stands for"),
        (("digits", *GRID, "--trials", 3, "--engine", "grid"), "a grid runs all"),
        (("digits", *GRID, "--storage", "nonsense://x"), "this is no database URL"),
        (("digits", "--grid", "hidden=8,8-8", "--dropout", "0.1,0.2"), "hidden 8: .*dropout"),
        (("--resume", "."), "this folder is no sweep"),
        (("digits", "--resume", "."), "DATA cannot be given"),
        (("--join", "gone.db", "--epochs", 3), "--epochs cannot be given"),
        (("--join", "gone.db"), r"gone\.db: there is no such database"),
        (("digits", "--validation", 0, *GRID), "give --validation 0.1"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(arguments, sentence, chalknet, tmp_path):
    result = chalknet("sweep", *arguments)
    assert result.status == 2
    assert re.search(sentence, result.err), result.err
    assert result.err.startswith("chalknet: ")
    assert result.err.count("\n") == 1
    assert result.out == ""
    assert not list(tmp_path.glob("sweeps/*"))  # nothing half-made is left
    assert not (tmp_path / "gone.db").exists()


def test_where_all_diverge_there_is_no_winner(chalknet):
    rates = ("--grid", "learning_rate=1e37,1e38", "--optimizer", "sgd")
    result = chalknet("sweep", "digits", "--epochs", 1, *rates, "--output", "s")
    assert result.status == 0
    assert "2 diverged\nno point has come to its end, so there is no winner\n" in result.out


def test_a_folder_that_holds_something_is_left_alone(chalknet, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    result = chalknet("sweep", *QUICK, *GRID, "--output", "mine")
    assert (result.status, "the folder is not empty" in result.err) == (2, True)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_a_password_is_not_kept(tmp_path):
    from chalknet.cli.sweep_folder import address, begun
    from chalknet.errors import DataNotFoundError
    from chalknet.sweeps.plan import SweepPlan
    from chalknet.sweeps.space import Space, parse_choices

    plan = SweepPlan.make({"data": "digits"}, Space(dict([parse_choices("l2=0,1")])))
    (tmp_path / "s").mkdir()
    url = "postgresql+psycopg://me:secret@127.0.0.1:9/x"
    with pytest.raises(DataNotFoundError):
        begun(tmp_path / "s", url, "sweep", plan)
    assert not (tmp_path / "s").exists()
    (tmp_path / "t").mkdir()
    begun(tmp_path / "t", str(tmp_path / "elsewhere.db"), "mine", plan).close()
    assert address(tmp_path / "t") == (as_url(tmp_path / "elsewhere.db"), "mine")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_what_is_done_and_ends_within_two_seconds(number, start, chalknet, tmp_path):
    """One point is short, the others would take for ever; the short one is not made again."""
    process = start(
        "sweep", "digits", "--hidden", 64, "--batch-size", 1, "--grid", "epochs=1,100000,99999",
        "--workers", 2, "--output", "s", "--json",
    )  # fmt: skip
    assert json.loads(process.stdout.readline())["values"] == {"epochs": "1"}
    time.sleep(0.5)  # both workers have a long one in hand
    began = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - began < 2
    assert process.returncode == 128 + number
    assert "Traceback" not in err
    assert "stopped: 1 of 3 points are done, and kept." in err
    assert "Go on with: chalknet sweep --resume s" in err
    last = json.loads(out.splitlines()[-1])
    assert last == {"event": "interrupted", "folder": "s", "ended": 1, "points": 3}
    board = Board(as_url(tmp_path / "s" / "study.db"), "sweep")
    assert [point.state for point in board.points()] == ["complete", "waiting", "waiting"]
    board.close()


def test_what_was_stopped_between_two_seeds_goes_on_with_the_second(chalknet, tmp_path, start):
    """A point of many seeds is stopped on its way; its finished runs come back as they were."""
    seeds = 40
    process = start(
        "sweep", "digits", "--hidden", 64, "--epochs", 20, "--grid", "activation=relu",
        "--seeds", seeds, "--output", "s", "--json",
    )  # fmt: skip
    url = as_url(tmp_path / "s" / "study.db")
    deadline = time.monotonic() + 100
    while not (before := runs_of_first(tmp_path / "s")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    board = Board(url, "sweep")
    kept = board.points()[0].runs
    board.close()
    assert len(before) <= len(kept) < seeds
    assert chalknet("sweep", "--resume", "s", "--json").status == 0
    board = Board(url, "sweep")
    (point,) = board.points()
    board.close()
    assert point.runs[: len(kept)] == kept  # their seconds too: they were not run again
    assert [run.seed for run in point.runs] == list(range(seeds))


def runs_of_first(folder):
    if not (folder / "study.db").exists():
        return []
    query = "select value_json from trial_user_attributes where key = 'runs'"
    try:
        with sqlite3.connect(f"file:{folder}/study.db?mode=ro", uri=True) as database:
            found = database.execute(query).fetchone()
        database.close()
    except sqlite3.OperationalError:
        return []
    return [] if found is None else json.loads(json.loads(found[0]))
