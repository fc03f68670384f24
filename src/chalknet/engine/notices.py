"""What an engine has to say while it works, to whoever listens."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["on_first_compile"]

# Each is called once, before the first kernel of this process is compiled rather than loaded.
on_first_compile: list[Callable[[], None]] = []
