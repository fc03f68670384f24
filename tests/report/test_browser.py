"""The page in a real browser: silent, self-contained, within its margins, readable, inert."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pages.browsing import BEYOND, CONTRAST, visiting

from .conftest import NASTY, RUNS

Pages = Callable[[str], Path]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", RUNS)
def test_silent_self_contained_and_within_its_margins(
    browser: Any, page_of: Pages, name: str, width: int, scheme: str
) -> None:
    viewport = {"width": width, "height": 900}
    path = page_of(name)
    with visiting(browser, path, viewport=viewport, color_scheme=scheme) as visit:
        page = visit.page
        assert visit.messages == []
        others = [url for url in visit.requests if not url.startswith("data:")]
        assert others == [path.as_uri()]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        # Clipping must not be what keeps the width: nothing outside a scroller reaches past it.
        beyond = page.evaluate(BEYOND, width)
        assert beyond == []
        broken = "[...document.images].filter(i => !i.complete || !i.naturalWidth).length"
        assert page.evaluate(broken) == 0
        unnamed = "[...document.images].filter(i => !i.alt).length"
        assert page.evaluate(unnamed) == 0
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, dark[4:-1].split(","))) < 3 * 80) == (scheme == "dark")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["digits", "two_digits", "wine", "diabetes", "nasty"])
def test_every_text_stands_out_from_its_ground(
    browser: Any, page_of: Pages, name: str, scheme: str
) -> None:
    with visiting(browser, page_of(name), color_scheme=scheme) as visit:
        assert visit.page.evaluate(CONTRAST) == []


def test_headings_do_not_skip_a_level_and_every_link_leads_somewhere(
    browser: Any, page_of: Pages
) -> None:
    with visiting(browser, page_of("digits")) as visit:
        levels = visit.page.evaluate(
            "[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])"
        )
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
        dead = (
            "[...document.links].map(a => a.getAttribute('href'))"
            ".filter(h => h[0] !== '#' || !document.querySelector(h))"
        )
        assert visit.page.evaluate(dead) == []
        ids = visit.page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", ["digits", "colours", "nasty"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_prints_dark_ink_on_light_paper(
    browser: Any, page_of: Pages, name: str, scheme: str
) -> None:
    with visiting(browser, page_of(name), color_scheme=scheme) as visit:
        pdf = visit.page.pdf(prefer_css_page_size=True, print_background=True)
        assert pdf.startswith(b"%PDF-")
        assert len(pdf) > 20_000
        visit.page.emulate_media(media="print")
        ink = visit.page.evaluate("getComputedStyle(document.body).color")
        assert sum(map(int, ink[4:-1].split(","))) < 3 * 80
        assert not visit.page.locator("nav").is_visible()


@pytest.mark.parametrize("trusting", [False, True])
def test_names_run_no_script_and_appear_as_they_are(
    browser: Any, page_of: Pages, trusting: bool
) -> None:
    with visiting(browser, page_of("nasty"), bypass_csp=trusting) as visit:
        page = visit.page
        page.mouse.move(200, 300)
        for _ in range(12):
            page.mouse.wheel(0, 800)
        page.wait_for_timeout(200)
        assert page.evaluate("window.pwned") is None
        assert page.evaluate("document.scripts.length") == 0
        assert page.evaluate("document.querySelectorAll('[onerror], [onmouseover]').length") == 0
        assert page.evaluate("document.styleSheets.length") == 1
        assert visit.dialogs == []
        assert visit.messages == []
        names = page.evaluate(
            "[...document.querySelectorAll('#classes tbody th .name')].map(e => e.textContent)"
        )
        assert set(names) == set(NASTY)
        assert page.title().startswith(NASTY[0])


def test_names_are_isolated_from_their_surroundings(browser: Any, page_of: Pages) -> None:
    """A right-to-left override in one name turns nothing round beside it."""
    with visiting(browser, page_of("nasty")) as visit:
        loose = visit.page.evaluate(
            """() => {
              const found = [];
              const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
              while (walk.nextNode()) {
                const text = walk.currentNode.textContent, e = walk.currentNode.parentElement;
                const guarded = !text.replace(/\\u2068[^\\u2069]*\\u2069/g, '').includes('\\u202e');
                if (!e.closest('bdi') && !guarded) found.push(text);
              }
              return found;
            }"""
        )
        assert loose == []
