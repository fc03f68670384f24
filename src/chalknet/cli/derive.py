"""chalknet derive: results of the theory, line by line, each line verified."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chalknet.cli.explanations import Format, show
from chalknet.cli.options import Json
from chalknet.cli.terminal import print_json, results

__all__ = ["EXAMPLES", "derive"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet derive

chalknet derive backpropagation

chalknet derive softmax-cross-entropy --output softmax.html
"""


def derive(
    name: Annotated[
        str | None,
        typer.Argument(help="Which result; without one, all are listed.", show_default=False),
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        Format | None, typer.Option(help="What to write (by the file's name, or text).")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Write it to this file.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Derive a result, every line proved by algebra and computed at random points."""
    from chalknet.derive.catalogue import DERIVATIONS
    from chalknet.derive.catalogue import derive as derived
    from chalknet.errors import ConfigurationError

    if name is not None:
        show(derived(name), format=format, output=output, json=json)
        return
    if output is not None or format is not None:
        raise ConfigurationError("name what is to be derived: chalknet derive lists it.")
    if json:
        print_json({"derivations": {key: what for key, (_, _, what) in DERIVATIONS.items()}})
        return
    console = results()
    width = max(map(len, DERIVATIONS)) + 2
    for key, (_, _, what) in DERIVATIONS.items():
        console.print(f"{key:<{width}}{what}", markup=False, soft_wrap=True)
