"""chalknet check: where a hand calculation first goes wrong, and how."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chalknet.cli.options import Json
from chalknet.cli.terminal import plain, print_json, results

if TYPE_CHECKING:
    from rich.console import Console

    from chalknet.explain.check import MarkedLine, Marking
    from chalknet.explain.problem import Problem

__all__ = ["EXAMPLES", "check"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet check homework.toml answers.toml

chalknet check homework.toml answers.toml --json

[bold]Answers[/bold]

Numbers under the symbols of chalknet explain, any of them, in any order; rows are neurons:

z1 = \\[5, -5]   p = \\["1/3", "0,6667"]   dW1 = \\[\\[1.50, 0], \\[2e-3, "?"]]

The exit status is 0 if all is right, 1 if something is wrong.
"""

# Mark, style and meaning of each verdict.
MARKS = {
    "right": ("✓", "green", "right"),
    "rounded": ("≈", "yellow", "right but for rounding"),
    "follows": ("→", "cyan", "follows from a wrong line"),
    "wrong": ("✗", "bold red", "wrong"),
}


def check(
    network: Annotated[
        Path,
        typer.Argument(metavar="NETWORK.toml", help="The network on paper.", show_default=False),
    ],
    answers: Annotated[
        Path,
        typer.Argument(
            metavar="ANSWERS.toml", help="The numbers worked out by hand.", show_default=False
        ),
    ],
    json: Json = False,
) -> None:
    """Find my mistake: the first wrong line of a hand calculation, and its likely cause."""
    from chalknet.explain.check import check as marked
    from chalknet.explain.problem import read_problem

    problem = read_problem(network)
    marking = marked(problem, answers)
    if json:
        print_json(marking.as_dict())
    else:
        _print(marking, problem, answers)
    if not marking.correct:
        raise typer.Exit(1)


def _print(marking: Marking, problem: Problem, answers: Path) -> None:
    from rich.text import Text

    console = results()
    title = Text(plain(answers.name), style="bold")
    title.append(f"  {plain(problem.title)}", style="not bold dim")
    console.print(title)
    console.print()
    width = max(len(line.symbol) for line in marking.lines)
    for line in marking.lines:
        _print_line(console, line, width, is_first=line.symbol == marking.first_wrong)
    console.print()
    console.print(_legend(marking), style="dim")
    console.print()
    console.print(plain(marking.message), style="bold", markup=False)


def _print_line(console: Console, line: MarkedLine, width: int, *, is_first: bool) -> None:
    """A line of the sheet; beneath it what is wrong, if the last sentence does not say it."""
    from rich.text import Text

    mark, style, _ = MARKS[line.verdict]
    text = Text("  ")
    text.append(f"{mark} ", style=style)
    text.append(f"{line.symbol:<{width}}  ", style=style if is_first else "")
    text.append(plain(line.written), style="dim" if line.verdict == "follows" else "")
    text.truncate(console.width, overflow="ellipsis")
    console.print(text)
    if line.message and not is_first:
        margin = " " * (width + 6)
        message = textwrap.fill(
            plain(line.message),
            console.width,
            initial_indent=margin,
            subsequent_indent=margin,
            break_on_hyphens=False,
        )
        console.print(message, style="dim", markup=False)


def _legend(marking: Marking) -> str:
    """What the marks mean that were used."""
    used = {line.verdict for line in marking.lines}
    return "  " + "   ".join(
        f"{mark} {meaning}" for verdict, (mark, _, meaning) in MARKS.items() if verdict in used
    )
