"""Exercises: a network with friendly numbers, a blank sheet, and a key that was worked out."""

from __future__ import annotations

from chalknet.explain.exercise.generator import Recipe, make_exercise
from chalknet.explain.exercise.roster import Student, read_roster, seed_of
from chalknet.explain.exercise.sheets import blank, write_exercise

__all__ = [
    "Recipe",
    "Student",
    "blank",
    "make_exercise",
    "read_roster",
    "seed_of",
    "write_exercise",
]
