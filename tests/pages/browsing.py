"""A real browser for every test that looks at a page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="session")  # one for all: ``tests/conftest.py`` has it
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{CHROMIUM} is needed to look at pages: install Chromium.")
        pytest.skip(f"no {CHROMIUM} on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


@dataclass
class Visit:
    """A page and everything that happened on it."""

    page: Any
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


@contextmanager
def visiting(browser: Any, path: Path, **options: Any) -> Iterator[Visit]:
    """Open a page in a fresh context."""
    context = browser.new_context(**options)
    seen = Visit(context.new_page())
    seen.page.on("console", lambda message: seen.messages.append(message.text))
    seen.page.on("pageerror", lambda error: seen.messages.append(str(error)))
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
    seen.page.goto(path.as_uri(), wait_until="load")
    yield seen
    context.close()


# What reaches past the right edge of a window ``w`` wide and is not within something that scrolls.
BEYOND = """w => [...document.body.querySelectorAll('*')]
  .filter(e => !e.closest('.scroll, .lines') && !e.closest('.name'))
  .filter(e => e.getBoundingClientRect().right > w + 1)
  .map(e => e.outerHTML.slice(0, 90))"""

# The contrast of WCAG 2.1 between each text and what lies behind it, backgrounds blended.
CONTRAST = """() => {
  // Mixed colours are named color(srgb r g b / a), with r, g, b from 0 to 1.
  const parse = c => c.match(/[\\d.]+/g).map(Number).concat(1).slice(0, 4)
    .map((v, i) => c.startsWith('color(srgb') && i < 3 ? 255 * v : v);
  const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
  const lum = c => { const [r, g, b] = c.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = e => {
    const stack = [];
    for (; e; e = e.parentElement) stack.push(parse(getComputedStyle(e).backgroundColor));
    return stack.reverse().reduce((below, c) => over(c, below), [255, 255, 255, 1]);
  };
  const poor = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent.trim(), e = walk.currentNode.parentElement;
    if (!text) continue;
    const style = getComputedStyle(e), back = ground(e);
    const ink = parse(e.closest('svg') ? style.fill : style.color);
    const [x, y] = [lum(over(ink, back)), lum(back)].sort((a, b) => b - a);
    const ratio = (x + 0.05) / (y + 0.05);
    if (ratio < 4.5) poor.push([text.slice(0, 40), e.className.toString(), ratio.toFixed(2)]);
  }
  return poor;
}"""
