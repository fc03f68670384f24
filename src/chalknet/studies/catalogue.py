"""The studies by name."""

from __future__ import annotations

import importlib

from chalknet.errors import unknown_name
from chalknet.studies.study import Study

__all__ = ["NAMES", "study_named"]

NAMES = {"nyu-f23": "nyu_f23", "usc": "usc", "ucr": "ucr", "nyu-s25": "nyu_s25"}


def study_named(name: str) -> Study:
    """The study of that name.

    Raises
    ------
    ConfigurationError
        There is none.
    """
    if name not in NAMES:
        raise unknown_name("study", name, NAMES)
    study: Study = importlib.import_module(f"chalknet.studies.{NAMES[name]}").STUDY
    return study
