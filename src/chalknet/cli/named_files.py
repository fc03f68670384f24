"""Whether text on the command line, which may be points or a function, names a file."""

from __future__ import annotations

from pathlib import Path

__all__ = ["names_file"]


def names_file(text: str) -> bool:
    """Whether there is such a file; text that cannot be a name, as it is too long, names none.

    >>> names_file("+".join(f"sin({k}x)" for k in range(1, 40)))
    False
    """
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # longer than a name can be, or with a NUL
        return False
