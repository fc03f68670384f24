"""Which of a file's arrays are the inputs and which the labels, by the names people give them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from chalknet.errors import DataFormatError

__all__ = ["has_parts", "pick", "pick_inputs"]

INPUTS = ("x", "xdata", "inputs", "data", "images", "features")
TARGETS = ("y", "ydata", "targets", "target", "labels", "label", "classes")
PARTS = ("", "train", "training")


def pick(
    names: Sequence[str], inputs: str | None, target: str | None, part: str, place: str
) -> tuple[str, str]:
    """The names of the inputs and of the labels, given or found.

    Case, underscores and slashes do not matter: ``X``, ``xdata``, ``x_data``, ``X_train``,
    ``train_images`` and ``train/X`` are all found. ``part`` is ``"test"`` for the arrays of the
    test set.
    """
    chosen_inputs = _find(names, inputs, INPUTS, part, "inputs", place)
    chosen_target = _find(names, target, TARGETS, part, "target", place)
    return chosen_inputs, chosen_target


def pick_inputs(names: Sequence[str], inputs: str | None, place: str) -> str:
    """The name of the array of inputs where labels are not asked for: the only array will do."""
    if inputs is None and len(names) == 1:
        return names[0]
    return _find(names, inputs, INPUTS, "", "inputs", place)


def has_parts(names: Sequence[str]) -> bool:
    """Whether a file holds a test set beside the training set (x_train, y_train, x_test, y_test).

    >>> has_parts(["x_train", "y_train", "x_test", "y_test"]), has_parts(["X", "y"])
    (True, False)
    """
    return all(
        _matches(names, usual, part) for usual in (INPUTS, TARGETS) for part in ("train", "test")
    )


def _find(
    names: Sequence[str],
    given: str | None,
    usual: Sequence[str],
    part: str,
    option: str,
    place: str,
) -> str:
    held = ", ".join(map(repr, names[:20])) or "none at all"
    if given is not None:
        if given in names:
            return given
        near = difflib.get_close_matches(given, names, n=1)
        hint = f": did you mean {near[0]!r}?" if near else "."
        raise DataFormatError(f"{place} has no array {given!r}{hint} It holds {held}.")
    found = [name for kind in ((part,) if part else PARTS) for name in _matches(names, usual, kind)]
    if len(found) != 1:
        what = "several arrays that may be" if found else "no array that is plainly"
        raise DataFormatError(
            f"{place} has {what} the {option}: it holds {held}; name it with {option}=."
        )
    return found[0]


def _matches(names: Sequence[str], usual: Sequence[str], part: str) -> list[str]:
    wanted = {part + name for name in usual} | {name + part for name in usual}
    return [name for name in names if re.sub("[_/]", "", name.lower()) in wanted]
