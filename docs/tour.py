"""Make the README's tour from what the program really prints, and its pictures from a real report.

Run from the repository's root with CHALKNET_DATA set:  .venv/bin/python docs/tour.py

Each ``console`` block between ``<!-- tour: NAME -->`` and ``<!-- end -->`` keeps its commands (the
lines that begin with ``$``) and gets their output anew.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(<!-- tour: \w+ -->\n```console\n)(.*?)(```\n<!-- end -->)", re.DOTALL)
CHROMIUM = "/usr/bin/chromium"


def output_of(command: str, folder: Path) -> str:
    """What a person sees: both streams, in the order in which they were written."""
    words = [sys.executable, "-m", *shlex.split(command)]
    ran = subprocess.run(
        words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
    )
    return "\n".join(line.rstrip() for line in ran.stdout.splitlines())


def retell(text: str, folder: Path) -> str:
    """The README with every block's output made anew."""

    def block(match: re.Match[str]) -> str:
        commands = [line[2:] for line in match[2].splitlines() if line.startswith("$ ")]
        parts = [f"$ {command}\n{output_of(command, folder)}\n" for command in commands]
        return match[1] + "\n".join(parts) + match[3]

    return BLOCK.sub(block, text)


def take_pictures(report: Path) -> None:
    """Two views of the report, as a browser shows them."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1080, "height": 900})
        page.goto(report.as_uri())
        page.screenshot(path=ROOT / "docs/report.png")
        heading = page.get_by_role("heading", name="Right and wrong")
        heading.scroll_into_view_if_needed()
        heading.evaluate("element => window.scrollTo(0, element.offsetTop - 24)")
        page.screenshot(path=ROOT / "docs/gallery.png")
        browser.close()


def main() -> None:
    """Retell the tour and take its pictures."""
    readme = ROOT / "README.md"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shutil.copytree(ROOT / "docs", folder / "docs")
        readme.write_text(retell(readme.read_text(encoding="utf-8"), folder), encoding="utf-8")
        take_pictures(folder / "runs/digits/report.html")


if __name__ == "__main__":
    main()
