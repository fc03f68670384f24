"""Galleries show what they say they show."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_array_equal

from chalknet.evaluation.confusion import most_confused, shares
from chalknet.evaluation.gallery import (
    confident_mistakes,
    galleries_by_class,
    galleries_by_outcome,
    random_rows,
)
from chalknet.evaluation.predictions import Predictions


def _predictions(n: int = 400, K: int = 4, seed: int = 0) -> Predictions:
    rng = np.random.default_rng(seed)
    scores = rng.dirichlet(np.ones(K), n)
    truth = rng.integers(0, K, n)
    losses = -np.log(scores[np.arange(n), truth])
    return Predictions("classification", truth, scores.argmax(axis=1), scores, losses, True)


def test_every_class_shows_right_and_wrong_samples_of_its_own() -> None:
    found = _predictions()
    galleries = galleries_by_class(found, 4, 6, np.random.default_rng(1))
    assert [gallery.label for gallery in galleries] == [0, 1, 2, 3]
    for gallery in galleries:
        for rows, right in ((gallery.right, True), (gallery.wrong, False)):
            assert len(set(rows.tolist())) == len(rows) == 6
            assert (found.truth[rows] == gallery.label).all()
            assert ((found.decided[rows] == found.truth[rows]) == right).all()


def test_a_class_with_few_samples_shows_them_all() -> None:
    found = _predictions(n=12)
    galleries = galleries_by_class(found, 4, 50, np.random.default_rng(1))
    shown = np.concatenate([np.concatenate([g.right, g.wrong]) for g in galleries])
    assert_array_equal(np.sort(shown), np.arange(12))


def test_outcomes_part_the_samples_of_two_classes() -> None:
    found = _predictions(n=200, K=2)
    outcomes = galleries_by_outcome(found, 200, np.random.default_rng(1))
    names = [outcome.name for outcome in outcomes]
    assert names == ["true positive", "true negative", "false positive", "false negative"]
    cells = {(1, 1): "true positive", (0, 0): "true negative", (0, 1): "false positive",
             (1, 0): "false negative"}  # fmt: skip
    for outcome in outcomes:
        assert len(outcome.rows) == outcome.total > 0
        for row in outcome.rows:
            assert cells[int(found.truth[row]), int(found.decided[row])] == outcome.name
    assert sum(outcome.total for outcome in outcomes) == 200


def test_confident_mistakes_are_wrong_and_sorted_and_the_surest_there_are() -> None:
    found = _predictions()
    rows = confident_mistakes(found, 10)
    wrong = found.decided != found.truth
    sure = found.scores.max(axis=1)
    assert wrong[rows].all()
    assert (np.diff(sure[rows]) <= 0).all()
    assert sure[rows].min() >= np.delete(np.where(wrong, sure, 0), rows).max()


def test_no_mistakes_make_an_empty_gallery() -> None:
    scores = np.eye(3)
    all_right = Predictions("classification", np.arange(3), np.arange(3), scores, np.zeros(3), True)
    assert len(confident_mistakes(all_right, 5)) == 0
    galleries = galleries_by_class(all_right, 3, 5, np.random.default_rng(0))
    assert [len(gallery.wrong) for gallery in galleries] == [0, 0, 0]


def test_the_generator_decides_and_nothing_else() -> None:
    found = _predictions()
    first, again, other = (
        [
            gallery.right.tolist()
            for gallery in galleries_by_class(found, 4, 6, np.random.default_rng(seed))
        ]
        for seed in (1, 1, 2)
    )
    assert first == again != other
    rows = random_rows(50, 12, np.random.default_rng(3))
    assert len(set(rows.tolist())) == 12
    assert rows.max() < 50
    assert_array_equal(rows, random_rows(50, 12, np.random.default_rng(3)))


def test_shares_of_an_absent_class_are_zero_and_others_sum_to_one() -> None:
    matrix = np.array([[3, 1, 0], [0, 0, 0], [2, 2, 4]])
    assert shares(matrix).tolist() == [[0.75, 0.25, 0], [0, 0, 0], [0.25, 0.25, 0.5]]


def test_most_confused_pairs_leave_out_the_diagonal_and_zeros() -> None:
    matrix = np.array([[50, 2, 0], [4, 30, 2], [0, 0, 9]])
    pairs = most_confused(matrix)
    # Equal counts: 2 of 36 is the larger share than 2 of 52.
    assert [(p.label, p.prediction) for p in pairs] == [(1, 0), (1, 2), (0, 1)]
    assert pairs[0].share == 4 / 36
