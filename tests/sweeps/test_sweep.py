"""Sweeps as they run: ranked rightly, killed and resumed, joined, on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chalknet.cli.app import main
from chalknet.errors import ConfigurationError, DataNotFoundError
from chalknet.model import Model
from chalknet.runs.config import TrainConfig
from chalknet.runs.job import TrainingJob
from chalknet.runs.sources import load_parts
from chalknet.sweeps.board import Board, as_url
from chalknet.sweeps.course import Interrupted, run_together
from chalknet.sweeps.database import without_warnings
from chalknet.sweeps.plan import SweepPlan
from chalknet.sweeps.space import Space, parse_choices, parse_range
from chalknet.sweeps.sweep import crown, ranking, work

BASE = {"data": "digits", "epochs": 3, "hidden": [16], "batch_size": 32}


def plan(*texts: str, ranges: tuple[str, ...] = (), **options: Any) -> SweepPlan:
    axes = dict([*map(parse_choices, texts), *map(parse_range, ranges)])
    return SweepPlan.make(options.pop("base", BASE), Space(axes), **options)


GRID = ("activation=relu,tanh", "learning_rate=1e-3,1e-2")


def test_every_point_is_what_train_would_give(tmp_path: Path) -> None:
    """The scores are those of the same configuration trained by itself, to the bit."""
    board = Board(as_url(tmp_path / "s.db"), "sweep", plan(*GRID, seeds=2))
    parts, seen = work(board)
    points = board.points()
    assert [point.state for point in points] == ["complete"] * 4
    assert board.finished
    for point in points:
        for seed, run in enumerate(point.runs):
            config = TrainConfig.make(
                {
                    **BASE,
                    "validation": 0.1,
                    "seed": seed,
                    "activation": [point.values["activation"]],
                    "learning_rate": float(point.values["learning_rate"]),
                }
            )
            # All seeds learn from the same rows, parted by the sweep's own seed.
            job = TrainingJob(config, load_parts(board.plan.config({})))
            records = list(job.training)
            assert run.train_loss == [record.train_loss for record in records]
            score = job.model.evaluate(job.parts.validation)
            assert (run.score.loss, run.score.accuracy) == (score.loss, score.accuracy)
    ranked = ranking(points)
    means = [np.mean([run.score.accuracy for run in one.point.runs]) for one in ranked]
    assert means == sorted(means, reverse=True)
    best = ranked[0]
    spread = np.std([run.score.accuracy for run in best.point.runs], ddof=1)
    assert best.spread == pytest.approx(spread)
    found, model = crown(board, parts, tmp_path / "winner", seen)
    # Restored or made again, it is the same model.
    _, made = crown(Board(board.url, "sweep"), parts, tmp_path / "again")
    assert made.network.parameters.tobytes() == model.network.parameters.tobytes()
    again = Model.load(tmp_path / "winner" / "model.safetensors").evaluate(parts.test)
    assert (found["test_correct"], found["test_loss"]) == (again.correct, again.loss)
    assert model.evaluate(parts.validation).accuracy == best.point.runs[0].score.accuracy


def test_the_winner_is_tested_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board = Board(as_url(tmp_path / "s.db"), "sweep", plan("activation=relu,tanh"))
    parts, _ = work(board)
    tests = 0
    original = Model.evaluate

    def counted(self: Model, data: Any) -> Any:
        nonlocal tests
        tests += data is parts.test
        return original(self, data)

    monkeypatch.setattr(Model, "evaluate", counted)
    first, _ = crown(board, parts, tmp_path / "winner")
    second, _ = crown(board, parts, tmp_path / "winner")
    third, _ = crown(Board(board.url, "sweep"), parts, tmp_path / "elsewhere")
    assert first == second == third
    assert tests == 1


@pytest.mark.parametrize(("cores", "points", "at_once", "each"), [(2, 4, 2, 1), (4, 2, 2, 2)])
def test_cores_are_shared_out_and_never_oversubscribed(
    cores: int,
    points: int,
    at_once: int,
    each: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Many runs: one kernel thread each, as many at a time as cores; few: the cores shared out."""
    from chalknet.engine.compiled import engine
    from chalknet.sweeps import sweep

    monkeypatch.setattr(sweep, "cores", lambda: cores)
    lock, now, most, allowed = threading.Lock(), [0], [0], set()
    together = threading.Barrier(at_once)
    team_size = engine.team_size

    def counted(run: Any) -> Any:
        def counting(*arguments: Any, **options: Any) -> Any:
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            together.wait(timeout=60)
            try:
                made = run(*arguments, **options)
                return made if isinstance(made, tuple) else [*made]
            finally:
                with lock:
                    now[0] -= 1

        return counting

    def noted(useful: int, at_most: int | None, exactly: int | None) -> Any:
        allowed.add(at_most)
        return team_size(useful, at_most, exactly)

    for name in ("run_once", "run_together"):
        monkeypatch.setattr(sweep, name, counted(getattr(sweep, name)))
    monkeypatch.setattr(engine, "team_size", noted)
    rates = ",".join(f"{k}e-3" for k in range(1, points + 1))
    work(Board(as_url(tmp_path / "s.db"), "sweep", plan(f"learning_rate={rates}")))
    assert most == [at_once]
    # What kernels may take at most; None is a look at the validation data, on idle cores.
    assert allowed - {None} == {each}


def test_a_diverging_run_is_recorded_and_not_fatal(tmp_path: Path) -> None:
    made = plan("learning_rate=1e-2,1e30", base={**BASE, "optimizer": "sgd"})
    board = Board(as_url(tmp_path / "s.db"), "sweep", made)
    work(board)
    good, bad = board.points()
    assert (good.state, bad.state) == ("complete", "diverged")
    assert "diverged in epoch 1" in bad.runs[0].diverged
    assert [one.point.number for one in ranking(board.points())] == [0]
    assert board.finished


def test_hopeless_points_are_given_up(tmp_path: Path) -> None:
    rates = ",".join(["1e-2"] * 1 + ["9e-3", "8e-3", "1.1e-2", "1.2e-2", "1e-9", "2e-9"])
    made = plan(f"learning_rate={rates}", base={**BASE, "epochs": 12}, prune=True)
    board = Board(as_url(tmp_path / "s.db"), "sweep", made)
    work(board, workers=1)
    states = [point.state for point in board.points()]
    assert states[-2:] == ["pruned", "pruned"]
    assert states[0] == "complete"
    assert len(board.points()[-1].runs[0].train_loss) < 12  # it was stopped on its way


def test_a_worker_that_has_nothing_left_hears_when_the_last_point_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks again from time to time for what others leave, but does not delay the end."""
    monkeypatch.setattr("chalknet.sweeps.workers.LOOK_AGAIN", 3600.0)
    made = plan("hidden=16,300", base={**BASE, "epochs": 6})
    board = Board(as_url(tmp_path / "s.db"), "sweep", made)
    work(board, workers=2)
    assert board.finished


def test_tpe_goes_where_it_is_good(tmp_path: Path) -> None:
    """Of 24 points most of the later ones lie at rates that learn something in three epochs."""
    made = plan(ranges=("learning_rate=1e-7:1e-1:log",), engine="tpe", trials=24)
    board = Board(as_url(tmp_path / "s.db"), "sweep", made)
    work(board, workers=1)
    rates = [point.values["learning_rate"] for point in board.points()]
    assert len(rates) == 24
    assert np.median(rates[12:]) > 1e-3


def test_others_options_under_the_same_name_are_refused(tmp_path: Path) -> None:
    url = as_url(tmp_path / "s.db")
    Board(url, "sweep", plan(*GRID))
    with pytest.raises(ConfigurationError, match="'sweep' is there already, with other options"):
        Board(url, "sweep", plan("l2=0,1"))
    with pytest.raises(DataNotFoundError, match=r"no study named 'other' \(there are: sweep\)"):
        Board(url, "other")


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("sqlite:////nowhere/at/all.db", DataNotFoundError, "unable to open database file"),
        ("nonsense://x", ConfigurationError, "this is no database URL"),
        (
            "postgresql+psycopg://me:secret@127.0.0.1:9/x",
            DataNotFoundError,
            "postgresql.psycopg://me@127.0.0.1:9/x: the database cannot be used",
        ),
    ],
)
def test_a_database_that_cannot_be_used(url: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        Board(url, "sweep", plan(*GRID))
    assert "secret" not in str(caught.value)


# Together ----------------------------------------------------------------------------------------


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many points were trained together, group by group."""
    from chalknet.sweeps import sweep

    sizes: list[int] = []
    run_together = sweep.run_together

    def noted(configs: Any, *arguments: Any, **options: Any) -> Any:
        sizes.append(len(configs))
        return run_together(configs, *arguments, **options)

    monkeypatch.setattr(sweep, "run_together", noted)
    return sizes


MIXED = (
    *("learning_rate=1e-3,1e38", "activation=relu,tanh", "dropout=0,0.2"),
    "optimizer=adam,sgd",
)


def test_points_trained_together_are_those_trained_alone(
    tmp_path: Path, groups: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some of them diverge; states, curves and scores are equal, to the bit."""
    made = plan(*MIXED)
    together = Board(as_url(tmp_path / "together.db"), "sweep", made)
    work(together, workers=2)
    assert groups[:2] == [4, 4]
    monkeypatch.setattr("chalknet.sweeps.sweep.is_small", lambda *_: False)
    groups.clear()
    alone = Board(as_url(tmp_path / "alone.db"), "sweep", made)
    work(alone, workers=2)
    assert not groups
    assert "diverged" in {point.state for point in alone.points()}
    for one, other in zip(together.points(), alone.points(), strict=True):
        assert (one.values, one.state) == (other.values, other.state)
        for run, single in zip(one.runs, other.runs, strict=True):
            assert {**run.as_dict(), "seconds": 0} == {**single.as_dict(), "seconds": 0}


@pytest.mark.parametrize(
    ("texts", "workers", "expected"),
    [
        (("learning_rate=1e-3,2e-3,3e-3,4e-3,5e-3,6e-3",), 1, [4, 2]),
        (("learning_rate=1e-3,2e-3,3e-3,4e-3,5e-3,6e-3",), 2, [3, 3]),
        (("learning_rate=1e-3,2e-3,3e-3", "batch_size=32,64"), 1, [3, 3]),
        (("activation=relu,tanh", "hidden=16,64"), 1, [2]),  # the wide ones by themselves
        (("activation=relu,tanh", "epochs=2,3"), 1, [4]),
        (("hidden=4,5,6,7",), 1, []),
    ],
)
def test_which_points_are_trained_together(
    texts: tuple[str, ...], workers: int, expected: list[int], tmp_path: Path, groups: list[int]
) -> None:
    board = Board(as_url(tmp_path / "s.db"), "sweep", plan(*texts))
    work(board, workers=workers)
    assert sorted(groups, reverse=True) == expected
    assert board.finished


def test_where_points_depend_on_each_other_they_are_taken_one_by_one(
    tmp_path: Path, groups: list[int]
) -> None:
    rates = "learning_rate=1e-3,2e-3,3e-3,4e-3"
    work(Board(as_url(tmp_path / "pruned.db"), "sweep", plan(rates, prune=True)))
    searched = plan(ranges=("learning_rate=1e-4:1e-1:log",), engine="tpe", trials=4)
    work(Board(as_url(tmp_path / "tpe.db"), "sweep", searched))
    reference = plan(rates, base={**BASE, "engine": "reference", "epochs": 1})
    work(Board(as_url(tmp_path / "reference.db"), "sweep", reference))
    assert not groups


def test_an_interruption_puts_all_points_of_a_group_back(
    tmp_path: Path, groups: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first seed's runs are kept, and not made again."""
    from chalknet.sweeps import course

    made = plan(*GRID, seeds=2)
    board = Board(as_url(tmp_path / "s.db"), "sweep", made)
    heard = course.Course.hear

    def interrupted(self: Any, record: Any) -> None:
        if self.run.seed == 1:
            raise KeyboardInterrupt
        heard(self, record)

    monkeypatch.setattr(course.Course, "hear", interrupted)
    with pytest.raises(KeyboardInterrupt):
        work(board, workers=1)
    assert [point.state for point in board.points()] == ["waiting"] * 4
    kept = [point.runs for point in board.points()]
    assert [[run.seed for run in runs] for runs in kept] == [[0]] * 4
    monkeypatch.undo()
    work(board, workers=1)
    assert [point.state for point in board.points()] == ["complete"] * 4
    assert [point.runs[:1] for point in board.points()] == kept


def test_all_of_a_group_stop_soon() -> None:
    made = plan("learning_rate=1e-3,1e-2", base={**BASE, "epochs": 100_000})
    configs = [made.config(point) for point in made.points()]
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Interrupted):
        list(run_together(configs, load_parts(made.config({})), threads=1, stop=stop))
    assert time.monotonic() - began < 20  # and not the hour that so many epochs take


# Killed, resumed, joined -------------------------------------------------------------------------

SLOW = (
    *("sweep", "digits", "--epochs", "150", "--hidden", "64", "--workers", "2"),
    *("--grid", "activation=relu,tanh,gelu", "--grid", "learning_rate=1e-3,2e-3"),
)


def started(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "chalknet", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )


@pytest.mark.slow
def test_a_killed_sweep_resumes_without_repeating(tmp_path: Path, capsys: Any) -> None:
    folder, url = tmp_path / "sweep", as_url(tmp_path / "sweep" / "study.db")
    with started(*SLOW, "--output", str(folder), "--json") as process:
        for _ in range(2):
            assert process.stdout.readline().startswith(b'{"event":"point"')
        process.send_signal(signal.SIGKILL)
    before = {point.number: point for point in Board(url, "sweep").points()}
    finished = {n: p for n, p in before.items() if p.state == "complete"}
    assert 2 <= len(finished) < 6
    assert main(["sweep", "--resume", str(folder), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    events = [line for line in lines if line["event"] == "point"]
    assert len(events) == 6 - len(finished)  # the finished ones are not run again
    done = lines[-1]
    assert (done["event"], done["complete"], done["waiting"]) == ("done", 6, 0)
    after = {point.number: point for point in Board(url, "sweep").points()}
    for number, point in finished.items():
        assert after[number].runs == point.runs
    assert done["winner"]["test_total"] == 355
    assert (folder / "report.html").is_file()
    database = sqlite3.connect(folder / "study.db")
    assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    database.close()


def test_a_point_whose_worker_died_before_it_signed_is_taken_over(tmp_path: Path) -> None:
    url = as_url(tmp_path / "s.db")
    board = Board(url, "sweep", plan("activation=relu,tanh"))
    with without_warnings():
        board._study.ask()  # and nothing more
    assert [point.state for point in board.points()] == ["running", "waiting"]
    work(board)
    assert [point.state for point in board.points()] == ["complete", "complete"]


def test_what_another_machine_left_is_taken_over_after_its_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It signed, and was gone before its first quarter of a minute was over."""
    from chalknet.sweeps import board as module

    url = as_url(tmp_path / "s.db")
    made = plan("activation=relu,tanh")
    monkeypatch.setattr(module, "own_name", lambda: "elsewhere 1 1")
    monkeypatch.setattr(module, "GRACE", 2)
    with without_warnings():
        assert Board(url, "sweep", made).next_trial() is not None
    monkeypatch.undo()
    monkeypatch.setattr(module, "GRACE", 2)
    board = Board(url, "sweep")
    started_at = time.monotonic()
    work(board)
    assert time.monotonic() - started_at > 1  # it was waited for
    assert [point.state for point in board.points()] == ["complete", "complete"]
    assert board.finished


def two_workers(url: str, tmp_path: Path) -> None:
    """Two processes join a sweep, one of them is killed: the other takes its point over."""
    made = plan("activation=relu,tanh", "batch_size=16,32,64", base={**BASE, "epochs": 60})
    Board(url, "sweep", made)
    join = ("sweep", "--join", url, "--workers", "1", "--json")
    with started(*join) as one, started(*join) as other:
        first = one.stdout.readline()
        one.send_signal(signal.SIGKILL)
        by_one = [first, *one.stdout.readlines()]
        out, err = other.communicate(timeout=200)
        assert other.returncode == 0, err.decode()
    assert all(json.loads(line)["event"] == "point" for line in by_one)
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines[-1] == {
        "event": "done",
        "joined": "sweep",
        "complete": 6,
        **dict.fromkeys(("diverged", "pruned", "running", "waiting"), 0),
    }
    told = [tuple(json.loads(line)["values"].values()) for line in by_one]
    told += [tuple(line["values"].values()) for line in lines[:-1]]
    assert len(set(told)) == len(told)  # no point was run to its end by both
    assert len(told) in (5, 6)  # one may have been killed just before it told
    points = Board(url, "sweep").points()
    assert [point.state for point in points] == ["complete"] * 6
    alone = Board(as_url(tmp_path / "alone.db"), "sweep", made)
    work(alone)
    for joined, single in zip(points, alone.points(), strict=True):
        assert joined.values == single.values
        assert joined.runs[0].train_loss == single.runs[0].train_loss
        assert joined.runs[0].score == single.runs[0].score


@pytest.mark.slow
def test_two_workers_share_a_sweep_on_sqlite(tmp_path: Path) -> None:
    two_workers(as_url(tmp_path / "shared.db"), tmp_path)


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[str]:
    """A PostgreSQL server of our own on a free port."""
    import socket

    places = [*map(Path, ("/usr/lib/postgresql",))]
    binaries = sorted(found for place in places for found in place.glob("*/bin"))
    initdb = shutil.which("initdb") or (str(binaries[-1] / "initdb") if binaries else None)
    if initdb is None:
        if "CI" in os.environ:
            pytest.fail("PostgreSQL is needed: apt-get install postgresql")
        pytest.skip("PostgreSQL is not installed")
    folder = Path(initdb).resolve().parent
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data, runtime = tmp_path / "pg", tmp_path / "run"
    runtime.mkdir()
    command = [str(folder / "initdb"), "-D", str(data), "-U", "tester", "--auth=trust", "-N"]
    serve = [
        *(str(folder / "postgres"), "-D", str(data), "-p", str(port), "-k", str(runtime)),
        *("-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"),
    ]
    user: dict[str, Any] = {}
    if os.geteuid() == 0:  # the server refuses to be run by root
        import pwd

        account = pwd.getpwnam("postgres" if _has_user("postgres") else "nobody")
        for path in (tmp_path, runtime):
            os.chown(path, account.pw_uid, account.pw_gid)
        for parent in tmp_path.parents:
            if parent.owner() == "root" and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o011)
        user = {"user": account.pw_uid, "group": account.pw_gid}
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path, **user)
    server = subprocess.Popen(serve, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user)
    url = f"postgresql+psycopg://tester@127.0.0.1:{port}/postgres"
    deadline = time.monotonic() + 60
    ready = [str(folder / "pg_isready"), "-h", "127.0.0.1", "-p", str(port), "-q"]
    while subprocess.run(ready, check=False).returncode != 0:
        assert server.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield url
    server.send_signal(signal.SIGINT)
    server.wait(timeout=30)


def _has_user(name: str) -> bool:
    import pwd

    return name in {entry.pw_name for entry in pwd.getpwall()}


@pytest.mark.slow
def test_two_workers_share_a_sweep_on_postgresql(postgres: str, tmp_path: Path) -> None:
    two_workers(postgres, tmp_path)
