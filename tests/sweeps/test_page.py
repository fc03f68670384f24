"""The report of a sweep: the right numbers under the right headings, on every screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chalknet.report.wording import seconds
from chalknet.sweeps.board import Board, as_url
from chalknet.sweeps.page import write_sweep_report
from chalknet.sweeps.plan import SweepPlan
from chalknet.sweeps.space import Space, parse_choices, parse_range
from chalknet.sweeps.sweep import crown, ranking, work
from pages.browsing import BEYOND, CONTRAST, visiting

BASE = {"data": "digits", "epochs": 3, "hidden": [16], "optimizer": "sgd"}


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Board, Path]:
    """Points that ended, diverged and were pruned; the axes are not in alphabetical order."""
    folder = tmp_path_factory.mktemp("sweep")
    axes = dict(
        map(parse_choices, ("learning_rate=0.1,0.05,0.02,0.08,1e-6,1e30", "activation=relu,tanh"))
    )
    plan = SweepPlan.make(BASE, Space(axes), seeds=2, prune=True)
    url = as_url(folder / "s.db")
    parts, _ = work(Board(url, "sweep", plan), workers=1)
    board = Board(url, "sweep")  # as whoever resumes it sees it
    points = board.points()
    ranked = ranking(points)
    winner, _ = crown(board, parts, folder / "winner")
    return board, write_sweep_report(folder / "report.html", board.plan, points, ranked, winner)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1100), ("dark", 1100), ("light", 390)])
def test_it_fits_and_can_be_read(
    scheme: str, width: int, swept: tuple[Board, Path], browser: Any
) -> None:
    viewport = {"width": width, "height": 900}
    with visiting(browser, swept[1], viewport=viewport, color_scheme=scheme) as visit:
        assert visit.page.evaluate(BEYOND, width) == []
        assert visit.page.evaluate(CONTRAST) == []
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert (visit.messages, len(visit.requests)) == ([], 1)


def test_numbers_stand_under_their_headings(swept: tuple[Board, Path], browser: Any) -> None:
    board, path = swept
    tables = """() => [...document.querySelectorAll('table')].map(t => {
      const cells = r => [...r.children].map(c => c.textContent.trim());
      const [head, ...rows] = [...t.rows].map(cells);
      return rows.map(r => Object.fromEntries(r.map((c, i) => [head[i], c])));
    })"""
    with visiting(browser, path) as visit:
        ranked, others = visit.page.evaluate(tables)
        panels = visit.page.locator(".multiples li").count()
    points = {tuple(point.values.items()): point for point in board.points()}
    assert {point.state for point in points.values()} == {"complete", "diverged", "pruned"}
    assert len(ranked) + len(others) == len(points) == 12
    assert panels == len(ranked)
    for row in [*ranked, *others]:
        point = points.pop(tuple((name, row[name]) for name in ("learning_rate", "activation")))
        if row in ranked:
            scores = [run.score.accuracy for run in point.runs]
            assert row["validation accuracy"] == f"{sum(scores) / 2:.4f}"
            assert row["training"] == seconds(sum(run.seconds for run in point.runs))
        elif point.state == "diverged":
            assert row["what became of it"].startswith("diverged in epoch 1")
        else:
            assert row["what became of it"].startswith("given up after")


def test_ranges_and_a_single_point_have_a_page(tmp_path: Path) -> None:
    axes = dict([parse_range("learning_rate=1e-3:1e-1:log"), parse_range("batch_size=16:64")])
    for trials in (1, 5):
        plan = SweepPlan.make(BASE, Space(axes), trials=trials)
        board = Board(as_url(tmp_path / f"{trials}.db"), "sweep", plan)
        work(board)
        ranked = ranking(board.points())
        path = write_sweep_report(tmp_path / "r.html", plan, board.points(), ranked, None)
        text = path.read_text(encoding="utf-8")
        assert text.count("<li>") == trials
        assert ("What the options did" in text) == (trials > 1)
