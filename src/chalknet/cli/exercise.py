"""chalknet exercise: networks to be worked out by hand, one for each student, with their keys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chalknet.cli.options import Json
from chalknet.cli.terminal import plain, print_json, results

__all__ = ["EXAMPLES", "exercise"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet exercise --layers 2,3,2 --seed 7

chalknet exercise --layers 3,4,2 --activation tanh --students roster.csv --output homework

chalknet check homework/ada/network.toml homework/ada/answers.xlsx
"""


def exercise(
    layers: Annotated[
        str, typer.Option(help="Widths from the inputs to the outputs, with commas.")
    ] = "2,3,2",
    activation: Annotated[
        str, typer.Option(help="Of the hidden layers: one for all, or one a layer with commas.")
    ] = "relu",
    loss: Annotated[str, typer.Option(help="The loss.")] = "softmax_cross_entropy",
    samples: Annotated[int, typer.Option(help="How many samples: more than 1 make a batch.")] = 1,
    optimizer: Annotated[str, typer.Option(help="The update rule.")] = "sgd",
    seed: Annotated[int, typer.Option(help="Another seed, another exercise.", min=0)] = 0,
    nice: Annotated[
        bool, typer.Option("--nice/--plain", help="Small whole numbers, or decimals.")
    ] = True,
    students: Annotated[
        Path | None,
        typer.Option(help="A class list (CSV): one exercise each.", show_default=False),
    ] = None,
    formats: Annotated[
        str, typer.Option("--format", help="html, latex, excel: any of them, with commas.")
    ] = "html,excel",
    row: Annotated[
        bool, typer.Option("--row", help="XW + b, as in code, instead of Wx + b.")
    ] = False,
    output: Annotated[Path, typer.Option(help="The folder to write into.")] = Path("exercise"),
    json: Json = False,
) -> None:
    """Make exercises: a network with friendly numbers, a blank sheet and a verified key."""
    from chalknet.cli.values import names, widths
    from chalknet.explain.exercise import Recipe, make_exercise, read_roster, seed_of
    from chalknet.explain.exercise.sheets import checked_formats, write_exercise
    from chalknet.explain.notation import Notation

    recipe = Recipe(
        widths=tuple(widths(layers, "--layers")),
        activation=tuple(names(activation)),
        loss=loss,
        samples=samples,
        optimizer=optimizer,
        nice=nice,
    )
    kinds = checked_formats(names(formats))
    notation = Notation(orientation="row" if row else "column")
    made: list[dict[str, object]] = []
    if students is None:
        problem = make_exercise(recipe, seed)
        files = write_exercise(output, problem, formats=kinds, notation=notation)
        made.append(
            {"student": None, "folder": str(output), "files": [file.name for file in files]}
        )
    else:
        for student in read_roster(students):
            problem = make_exercise(recipe, seed_of(seed, student), title=student.name)
            folder = output / student.folder
            files = write_exercise(folder, problem, formats=kinds, notation=notation)
            made.append(
                {"student": student.key, "folder": str(folder), "files": [f.name for f in files]}
            )
    if json:
        print_json({"seed": seed, "exercises": made})
    else:
        _print(made)


def _print(made: list[dict[str, object]]) -> None:
    console = results()
    for one in made:
        who = f"{plain(str(one['student']))}: " if one["student"] is not None else ""
        console.print(f"{who}{one['folder']}", markup=False, soft_wrap=True)
    files = made[0]["files"]
    assert isinstance(files, list)  # noqa: S101 - for the type checker
    console.print(f"each with {', '.join(files)}", style="dim", markup=False)
