"""The explanations that all renderers are tried on."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from chalknet.explain.render import render_html
from chalknet.explain.steps import Explanation

from .examples import EXAMPLES


@pytest.fixture(scope="session")
def explanation_of() -> Callable[[str], Explanation]:
    return cache(lambda name: EXAMPLES[name]())


@pytest.fixture(scope="session")
def page_of(
    explanation_of: Callable[[str], Explanation], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("explanations")

    def get(name: str) -> Path:
        path = folder / f"{name}.html"
        if not path.exists():
            path.write_text(render_html(explanation_of(name)), encoding="utf-8")
        return path

    return get
