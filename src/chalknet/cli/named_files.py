"""Whether text on the command line, which may be points or a function, names a file or folder."""

from __future__ import annotations

from pathlib import Path

__all__ = ["names_file", "names_folder"]


def names_file(text: str) -> bool:
    """Whether there is such a file; text that cannot be a name, as it is too long, names none.

    >>> names_file("+".join(f"sin({k}x)" for k in range(1, 40)))
    False
    """
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # longer than a name can be, or with a NUL
        return False


def names_folder(text: str) -> bool:
    """Whether there is such a folder."""
    try:
        return Path(text).is_dir()
    except (OSError, ValueError):
        return False
