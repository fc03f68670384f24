"""What a renderer looks at grows with what it shows, not with the network."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from chalknet.explain.render import numbers, render_latex, render_markdown, render_text
from chalknet.explain.steps import Explanation

Explanations = Callable[[str], Explanation]


@pytest.mark.parametrize("render", [render_text, render_latex, render_markdown])
def test_numbers_that_nobody_sees_are_not_written(
    explanation_of: Explanations,
    render: Callable[[Explanation], str],
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    """Of 79,000 numbers in a 784-32-32-10 network with its gradients, some thousands are shown."""
    explanation = explanation_of("wide")
    calls = 0
    rounded = numbers._float

    def counted(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        return rounded(*arguments)

    monkeypatch.setattr(numbers, "_float", counted)
    start = time.perf_counter()
    text = render(explanation)
    record_property("seconds", round(time.perf_counter() - start, 3))
    assert 1000 < calls < 12_000
    assert len(text) < 150_000


def test_importing_the_renderers_imports_nothing_heavy() -> None:
    heavy = "jinja2 matplotlib sympy scipy sklearn pandas rich xlsxwriter numba"
    code = (
        "import sys, chalknet.explain.render; "
        f"print([name for name in {heavy.split()!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
