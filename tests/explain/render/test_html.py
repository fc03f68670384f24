"""The page in a real browser: laid out, within its margins, readable, printable, inert."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chalknet.explain.formula import Array, Symbol
from chalknet.explain.notation import Notation
from chalknet.explain.render import render_html
from chalknet.explain.steps import Explanation, Section, Step
from pages.browsing import BEYOND, CONTRAST, visiting

from .examples import EXAMPLES, NASTY, equation

Pages = Callable[[str], Path]
Explanations = Callable[[str], Explanation]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", EXAMPLES)
def test_silent_self_contained_and_within_its_margins(
    browser: Any, page_of: Pages, name: str, width: int
) -> None:
    path = page_of(name)
    with visiting(browser, path, viewport={"width": width, "height": 900}) as seen:
        assert seen.messages == []
        assert [url for url in seen.requests if not url.startswith("data:")] == [path.as_uri()]
        seen.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        assert seen.page.evaluate(BEYOND, width) == []
        # What is wider than its box can be scrolled there, with the keyboard too.
        stuck = """[...document.querySelectorAll('.lines, .scroll')]
            .filter(e => e.scrollWidth > e.clientWidth + 1)
            .filter(e => getComputedStyle(e).overflowX != 'auto' || e.tabIndex != 0)
            .map(e => e.textContent.trim().slice(0, 60))"""
        assert seen.page.evaluate(stuck) == []
        # A formula is never cut off above or below, nor scrolled up and down.
        cut = """[...document.querySelectorAll('.lines')]
            .filter(e => e.scrollHeight > e.clientHeight)
            .map(e => [e.textContent.trim().slice(0, 40), e.scrollHeight - e.clientHeight])"""
        assert seen.page.evaluate(cut) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["column", "derivation", "nasty"])
def test_every_text_stands_out_from_its_ground(
    browser: Any, page_of: Pages, name: str, scheme: str
) -> None:
    with visiting(browser, page_of(name), color_scheme=scheme) as seen:
        assert seen.page.evaluate(CONTRAST) == []


def test_mathematics_is_laid_out_and_not_merely_written(browser: Any, page_of: Pages) -> None:
    box = "e => { const b = e.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; }"
    with visiting(browser, page_of("derivation")) as seen:
        (_, y, _, height), (_, under, _, _) = (
            seen.page.locator("mfrac").first.locator(f":scope > :nth-child({k})").evaluate(box)
            for k in (1, 2)
        )
        assert under > y + height / 2  # the denominator under the numerator
        (x, y, _, height), (right, low, _, small) = (
            seen.page.locator("msub").first.locator(f":scope > :nth-child({k})").evaluate(box)
            for k in (1, 2)
        )
        assert right > x
        assert low + small / 2 > y + height / 2  # an index below the middle
        widths = seen.page.locator("math").evaluate_all(f"es => es.map({box})")
        assert all(width > 2 for _, _, width, _ in widths)
    with visiting(browser, page_of("column")) as seen:
        table = seen.page.locator("mtable.matrix").nth(2)
        cells = table.locator("mtd > :last-child").evaluate_all(f"es => es.map({box})")
        assert len({round(y) for _, y, _, _ in cells}) == 3  # three rows, two columns
        border = table.evaluate("e => getComputedStyle(e).borderLeftWidth")
        assert float(border.removesuffix("px")) >= 1
        assert seen.page.locator("mo.sign").first.is_hidden()


def test_decimal_signs_stand_below_one_another(browser: Any, tmp_path: Path) -> None:
    values = Array.of([12.5, -0.25, 3.0, -4e-9])
    step = Step(symbol="x", title="t", equation=equation(Symbol("x"), values), reason="r")
    page = Explanation(
        title="T", sections=(Section(title="S", steps=(step,)),), notation=Notation()
    )
    path = tmp_path / "page.html"
    path.write_text(render_html(page), encoding="utf-8")
    # Where the digit before the decimal sign ends, cell by cell.
    units = """[...document.querySelectorAll('mtable.matrix mtr')].map(row => {
      const number = [...row.querySelectorAll('mn')].find(e => !e.closest('mphantom'));
      const whole = number.textContent.split('.')[0].length;
      const range = document.createRange();
      range.setStart(number.firstChild, 0); range.setEnd(number.firstChild, whole);
      return Math.round(range.getBoundingClientRect().right);
    })"""
    with visiting(browser, path) as seen:
        ends = seen.page.evaluate(units)
        assert len(ends) == 4
        assert max(ends) - min(ends) <= 1


def test_folding_a_step_hides_it_on_screen_and_not_on_paper(browser: Any, page_of: Pages) -> None:
    with visiting(browser, page_of("column")) as seen:
        page = seen.page
        first = page.locator("details.step").first
        body = first.locator(".body")
        assert body.is_visible()
        first.locator("summary").click()
        height = "e => e.getBoundingClientRect().height"
        assert not first.evaluate("e => e.open")
        assert body.evaluate("e => e.checkVisibility({contentVisibilityAuto: true})") is False
        folded = first.evaluate(height)
        page.emulate_media(media="print")
        assert first.evaluate(height) > folded + 80
        assert not page.locator("nav").is_visible()


# How wide a digit of a formula is, in em.
DIGIT = """() => {
  const digit = document.createElementNS('http://www.w3.org/1998/Math/MathML', 'mn');
  digit.textContent = '0000000000';
  document.querySelector('math').append(digit);
  const width = digit.getBoundingClientRect().width;
  digit.remove();
  return width / 10 / parseFloat(getComputedStyle(document.querySelector('math')).fontSize);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_prints_dark_ink_and_nothing_off_the_paper(
    browser: Any, page_of: Pages, scheme: str
) -> None:
    # A4 less its margins, in CSS pixels.
    paper = {"width": round((210 - 30) / 25.4 * 96), "height": 1000}
    for name in ("column", "wide batch", "exact"):
        with visiting(browser, page_of(name), color_scheme=scheme, viewport=paper) as seen:
            seen.page.emulate_media(media="print")
            ink = seen.page.evaluate("getComputedStyle(document.body).color")
            assert sum(map(int, re.findall(r"\d+", ink))) < 3 * 80
            cut = """w => [...document.querySelectorAll('math')]
                .filter(m => m.getBoundingClientRect().right > w)
                .map(m => m.textContent.slice(0, 50))"""
            # Where no font of mathematics is installed, digits are wider than half an em.
            wider = max(1.0, seen.page.evaluate(DIGIT) / 0.5)
            assert seen.page.evaluate(cut, paper["width"] * wider) == []
            assert seen.page.pdf(prefer_css_page_size=True).startswith(b"%PDF-")


class _Tables(HTMLParser):
    """The numbers of every table, and what each says it holds."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self.where: list[str] = []
        self.label = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"summary", "td", "th"}:
            self.where = [tag]
        if tag == "summary":
            self.label = ""

    def handle_endtag(self, tag: str) -> None:
        self.where = []

    def handle_data(self, data: str) -> None:
        if self.where == ["summary"]:
            self.label += data
        elif self.where == ["td"]:
            self.found.setdefault(self.label.strip(), []).append(data.strip())


def test_every_number_of_an_abbreviated_array_can_be_reached(explanation_of: Explanations) -> None:
    explanation = explanation_of("wide")
    parser = _Tables()
    parser.feed(render_html(explanation))
    tables = {
        label: [float(_plain(text)) for text in numbers if text]
        for label, numbers in parser.found.items()
        if label.startswith("All ")
    }
    expected: dict[str, Any] = dict(explanation.values)
    for symbol, name in [("z1", "z₁"), ("W1_new", "W₁ⁿᵉʷ"), ("dW3", "dW₃"), ("a2", "a₂")]:
        (label,) = (label for label in tables if label.endswith(f" of {name}"))
        values = np.asarray(expected[symbol]).ravel()
        assert len(tables[label]) == values.size
        np.testing.assert_allclose(tables[label], values, rtol=5.1e-5, atol=0)
    (given,) = (label for label in tables if label == "All 32 × 784 numbers of W₁")
    assert len(tables[given]) == 32 * 784


def _plain(text: str) -> str:
    mantissa, _, power = text.replace("−", "-").partition("·10")
    return f"{mantissa}e{power.translate(str.maketrans('⁰¹²³⁴⁵⁶⁷⁸⁹⁻', '0123456789-')) or 0}"


def test_an_array_stands_in_full_once(explanation_of: Explanations) -> None:
    html = render_html(explanation_of("wide"))
    labels = re.findall(r"<summary>(All [^<]*)</summary>", html)
    # W₁ is given, and put in at two steps; its table stands where it is given.
    assert sum(label.endswith(" of W₁") for label in labels) == 1
    tables = re.findall(r"<tbody>.*?</table>", html)
    assert len(tables) == len(labels) == len(set(tables))


@pytest.mark.parametrize("trusting", [False, True])
def test_names_run_no_script_and_appear_as_they_are(
    browser: Any, page_of: Pages, trusting: bool
) -> None:
    with visiting(browser, page_of("nasty"), bypass_csp=trusting) as seen:
        page = seen.page
        page.mouse.move(200, 300)
        for _ in range(8):
            page.mouse.wheel(0, 900)
        page.wait_for_timeout(150)
        assert page.evaluate("window.pwned") is None
        assert page.evaluate("document.scripts.length") == 0
        assert (
            page.evaluate("document.querySelectorAll('[onerror], [onmouseover], img').length") == 0
        )
        assert page.evaluate("document.styleSheets.length") == 1
        assert seen.dialogs == []
        assert seen.messages == []
        titles = page.evaluate(
            "[...document.querySelectorAll('.what > .name')].map(e => e.textContent)"
        )
        assert titles[0] == NASTY[0]
        assert titles[3] == NASTY[3]
        assert page.title().startswith(NASTY[0])


def test_the_policy_forbids_everything_but_its_own_style(page_of: Pages) -> None:
    html = page_of("column").read_text(encoding="utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["style-src"] == "'unsafe-inline'"
    assert "script-src" not in directives


def test_headings_do_not_skip_a_level_and_every_link_leads_somewhere(
    browser: Any, page_of: Pages
) -> None:
    with visiting(browser, page_of("column")) as seen:
        levels = seen.page.evaluate(
            "[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])"
        )
        assert levels == [1, *[2] * (len(levels) - 1)]
        links = seen.page.evaluate("[...document.links].map(a => a.getAttribute('href'))")
        assert len(links) == 6
        assert all(seen.page.evaluate("h => !!document.querySelector(h)", link) for link in links)
