"""Libraries that are absent, fail or cheat are told apart from those that count."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest

from benchmarks import figures, measure, results
from benchmarks.fairness import Score, objections
from benchmarks.measure import Result, Row
from benchmarks.peak import Peak
from benchmarks.peers import PEERS, Peer
from benchmarks.problems import Case


class Raising:
    def reset(self):
        pass

    def work(self):
        raise RuntimeError("no compiler\nand a long story")


@dataclass(frozen=True)
class Pretender(Peer):
    """A library of the tests: ``make`` gives its job."""

    make: object = None

    def job(self, problem, settings):
        return self.make(problem, settings)


def pretender(name, make, requires=("numpy",)):
    return Pretender(name, name, "", requires, make=make)


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(measure, "SECONDS_TO_SETTLE", 0)


def measured(problem, settings, peers, repeats=1, **options):
    said = []
    case = Case("case", "a case", problem, **options)
    return measure.measure(case, peers, settings, repeats, said.append), said


def test_an_absent_library_is_reported(problem, settings):
    peers = [PEERS["numpy"], pretender("ghost", None, ("numpy", "no_such_library"))]
    result, _ = measured(problem, settings, peers)
    numpy, ghost = result.rows
    assert numpy.counts
    assert len(numpy.seconds) == 1
    assert not ghost.counts
    assert ghost.objection == "absent: no_such_library not installed"


def test_a_failing_library_stops_nobody_else(problem, settings):
    peers = [pretender("broken", lambda *_: Raising()), PEERS["numpy"]]
    result, _ = measured(problem, settings, peers)
    assert result.rows[0].objection == "failed: RuntimeError: no compiler"
    assert result.rows[1].counts


CHEATS = {
    "a bit slower": lambda p: replace(p, learning_rate=p.learning_rate * 0.99),
    "summing": lambda p: replace(p, learning_rate=p.learning_rate * 2),
    "skipping the last": lambda p: replace(p, pixels=p.pixels[:-1], labels=p.labels[:-1]),
    "raw pixels": lambda p: replace(p, divisor=p.divisor / 256 * 255),
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_another_job_is_invalid(cheat, problem, settings):
    numpy = PEERS["numpy"]
    cheating = pretender("cheat", lambda p, s: numpy.job(CHEATS[cheat](p), s))
    result, _ = measured(problem, settings, [cheating, numpy])
    assert result.rows[0].objection.startswith("invalid: computes something else")
    assert not result.rows[0].counts
    assert result.rows[1].counts


def test_fewer_updates_than_the_others_are_invalid(problem, settings):
    """Honest in the first updates, then lazy: only the model at the end gives it away."""
    numpy, many = PEERS["numpy"], replace(problem, epochs=20)
    few = len(problem.updates(3).pixels)

    def lazy(p, s):
        return numpy.job(p if len(p.pixels) <= few and p.epochs <= 4 else replace(p, epochs=1), s)

    peers = [pretender("lazy", lazy), numpy, pretender("honest", numpy.job)]
    result, _ = measured(many, settings, peers)
    assert result.rows[0].objection.startswith("invalid: test ")
    assert all(row.counts for row in result.rows[1:])


def test_libraries_take_turns(problem, settings):
    log = []

    class Logged:
        def __init__(self, name):
            self.name = name

        def reset(self):
            log.append(f"reset {self.name}")

        def work(self):
            log.append(self.name)

        def result(self):
            return problem.start

    peers = [pretender(name, lambda _, __, name=name: Logged(name)) for name in ("a", "b")]
    result, said = measured(problem, settings, peers, repeats=2, calls=3)
    timed = log[-2 * 2 * 4 :]
    assert timed == 2 * ["reset a", "a", "a", "a", "reset b", "b", "b", "b"]
    assert [len(row.seconds) for row in result.rows] == [2, 2]
    assert any("(2/2)" in line for line in said)


def test_who_strays_from_the_median():
    case = Case("c", "c", None, accuracy_tolerance=0.01, loss_tolerance=0.02)
    scores = {
        "a": Score(1.00, 0.900),
        "b": Score(1.01, 0.909),
        "c": Score(1.00, 0.880),
        "d": Score(1.03, 0.905),
        "e": Score(float("nan"), 0.902),
    }
    assert objections(case, scores | {"e": scores["a"]}).keys() == {"c", "d"}
    assert "e" in objections(case, {"a": scores["a"], "b": scores["b"], "e": scores["e"]})
    assert objections(case, {}) == {}


@pytest.fixture
def result():
    rows = [
        Row("chalknet", "chalknet", [0.2, 0.1, 0.4], 1e-6, Score(0.5, 0.9)),
        Row("numpy", "NumPy, by hand", [0.8, 0.5, 0.6], 1e-6, Score(0.5, 0.9)),
        Row("jax", "JAX", [0.01], 1.0, Score(2.5, 0.1), "invalid: computes something else"),
        Row("sklearn", "scikit-learn", objection="absent: sklearn not installed"),
    ]
    return Result("W9", "a workload", "float32", 20_000_000_000, rows)


def test_the_table(result):
    head, _, chalknet, numpy, jax, sklearn = results.table(result, Peak(200, "a stopwatch")).split(
        "\n"
    )
    assert head == "W9  a workload, float32, 20 GFLOP"
    words = " ".join(chalknet.split())
    assert words == "chalknet 200 ms 100 ms – 400 ms 1.00 100 50% 0.9000"
    assert " ".join(numpy.split()).endswith("3.00 33.3 17% 0.9000")
    assert jax.endswith("invalid: computes something else")
    assert " 0.05 " not in jax
    assert sklearn.endswith("absent: sklearn not installed")


def test_json_and_pictures(result, tmp_path):
    results.write_json(tmp_path / "new" / "x.json", results.as_data(result, Peak(200, "")))
    data = json.loads((tmp_path / "new" / "x.json").read_text())
    chalknet, numpy, jax, sklearn = data["rows"]
    assert numpy["ratio_to_chalknet"] == pytest.approx(3)
    assert (chalknet["gflops"], chalknet["fraction_of_peak"]) == pytest.approx((100, 0.5))
    assert jax["ratio_to_chalknet"] is None
    assert sklearn["seconds"] == []
    figures.ratios([result], tmp_path / "ratios.png")
    assert (tmp_path / "ratios.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("value", "text"),
    [(12.345, "12.3 s"), (0.9, "900 ms"), (0.0123, "12.3 ms"), (1.5e-5, "15.0 µs")],
)
def test_three_digits(value, text):
    assert results.seconds(value) == text
