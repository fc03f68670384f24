"""Which layer of a file comes first: by the numbers in their names, or by their shapes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chalknet.errors import ConfigurationError, ModelFileError

__all__ = ["in_order"]

Shape = tuple[int, ...]
# Beyond this, the search by shapes could take long.
MOST_TO_SEARCH = 12


def in_order(shapes: dict[str, Shape], place: str, given: Sequence[str] | None = None) -> list[str]:
    """The names of layers (fan_in, fan_out), from the first to the last.

    Names that differ in one number alone say their order, as in ``0 2 4`` or ``fc1 fc2 fc3``; of
    others there must be only one order in which the outputs of each fit the inputs of the next.

    Raises
    ------
    ModelFileError
        There is no such order.
    ConfigurationError
        There are several, or ``given`` does not name each layer once.

    >>> in_order({"out": (5, 2), "hidden": (3, 5), "first": (4, 3)}, "net")
    ['first', 'hidden', 'out']
    >>> in_order({"fc10": (3, 3), "fc9": (3, 3)}, "net")
    ['fc9', 'fc10']
    """
    if given is not None:
        if sorted(given) != sorted(shapes):
            raise ConfigurationError(
                f"{place}: layers (--layers) must name each layer once, and they are "
                f"{', '.join(sorted(shapes))}."
            )
        return list(given)
    numbers = {name: re.findall(r"\d+", name) for name in shapes}
    patterns = {re.sub(r"\d+", "#", name) for name in shapes}
    varying = [len(set(column)) > 1 for column in zip(*numbers.values(), strict=False)]
    if len(patterns) == 1 and varying.count(True) == 1:
        place_of = varying.index(True)
        return sorted(shapes, key=lambda name: int(numbers[name][place_of]))
    found = _chains(shapes) if len(shapes) <= MOST_TO_SEARCH else [[], []]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigurationError(
            f"{place}: the order of its layers cannot be told from their names and shapes: add "
            f"layers (--layers), first to last, as in {','.join(shapes)}."
        )
    sizes = ", ".join(f"{name} {fan_in} → {fan_out}" for name, (fan_in, fan_out) in shapes.items())
    raise ModelFileError(f"{place}: its layers do not chain: {sizes:.300}.")


def _chains(shapes: dict[str, Shape]) -> list[list[str]]:
    """The orders in which all layers chain: none, the one, or the first two of several."""
    found: list[list[str]] = []

    def extend(chain: list[str]) -> None:
        if len(chain) == len(shapes):
            found.append(list(chain))
            return
        for name, (fan_in, _) in shapes.items():
            fits = not chain or shapes[chain[-1]][1] == fan_in
            if name not in chain and fits and len(found) < 2:
                extend([*chain, name])

    extend([])
    return found
