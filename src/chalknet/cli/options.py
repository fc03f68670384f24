"""The options that several commands share, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["DataDir", "Json", "Run", "RunOrModel"]

Run = Annotated[Path, typer.Argument(help="The folder of a run.", show_default=False)]
RunOrModel = Annotated[
    Path,
    typer.Argument(help="The folder of a run, or a model.safetensors.", show_default=False),
]
DataDir = Annotated[
    str | None,
    typer.Option(
        "--data-dir",
        help="Folder with mnist/ and fashion-mnist/ (CHALKNET_DATA).",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
