"""chalknet studies: published coursework run again, figure beside figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chalknet.cli.options import DataDir, Json
from chalknet.cli.terminal import announce_compilation, messages, print_json, results

if TYPE_CHECKING:
    from chalknet.studies.study import Row

__all__ = ["EXAMPLES", "studies"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet studies list

chalknet studies run ucr nyu-s25

chalknet studies run all --output studies
"""
MARKS = {"exact": "=", "in distribution": "≈", "differs": "≠"}


def studies(
    action: Annotated[str, typer.Argument(help="list or run.", metavar="list | run")],
    names: Annotated[
        list[str] | None, typer.Argument(help="Which studies, or all.", show_default=False)
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=2, help="Runs of a protocol that was published without a seed.")
    ] = 10,
    output: Annotated[Path, typer.Option(help="The folder for the pages, one a study.")] = Path(
        "studies"
    ),
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Run published coursework again, and compare every printed figure."""
    from chalknet.errors import unknown_name
    from chalknet.studies.catalogue import NAMES

    if action == "list":
        _list(json)
    elif action == "run":
        chosen = list(NAMES) if names in (None, [], ["all"]) else list(dict.fromkeys(names or []))
        _run(chosen, seeds, output, data_dir, json)
    else:
        raise unknown_name("action", action, ("list", "run"))


def _list(json: bool) -> None:
    from chalknet.studies.catalogue import NAMES, study_named

    found = [study_named(name) for name in NAMES]
    if json:
        print_json({"studies": {study.name: study.title for study in found}})
        return
    for study in found:
        results().print(f"[bold]{study.name:<9}[/bold]{study.title}")
        for part in study.parts:
            results().print(f"         {part.number:<4} {part.title}", style="dim")


def _run(names: list[str], seeds: int, output: Path, data_dir: str | None, json: bool) -> None:
    import time

    from chalknet.studies.catalogue import study_named
    from chalknet.studies.page import write_index, write_study
    from chalknet.studies.setting import Setting
    from chalknet.studies.study import rows_of, worked_out

    chosen = [study_named(name) for name in names]
    announce_compilation()
    console, started = messages(), time.perf_counter()
    with (
        console.status("beginning…") as status,
        Setting(
            data_dir=data_dir, seeds=seeds, progress=lambda words: status.update(f"{words}…")
        ) as setting,
    ):
        output.mkdir(parents=True, exist_ok=True)
        done, rows = [], []
        for study, parts in worked_out(chosen, setting):
            done.append((study, parts))
            write_study(output / f"{study.name}.html", study, parts)
            for row in rows_of(parts):
                rows.append(row)
                if json:
                    print_json(
                        {
                            "study": study.name,
                            "table": row.table,
                            "row": row.row,
                            "published": row.published,
                            "ours": row.ours,
                            "verdict": row.verdict.value,
                            "reason": row.reason,
                        }
                    )
            if not json:
                status.stop()
                _print(study.title, rows_of(parts))
                status.start()
    page = write_index(output / "index.html", done)
    counts = {mark: sum(row.verdict.value == mark for row in rows) for mark in MARKS}
    if json:
        seconds = round(time.perf_counter() - started, 2)
        print_json({"event": "done", **counts, "seconds": seconds, "page": str(page)})
    else:
        told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        results().print(f"{told}. Pages: {page}", markup=False, soft_wrap=True)


def _print(title: str, rows: list[Row]) -> None:
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading in ("", "Figure", "Published", "chalknet"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        style = "" if row.verdict.value != "differs" else "yellow"
        table.add_row(
            MARKS[row.verdict.value],
            f"{row.table}: {row.row}",
            row.published,
            row.ours,
            style=style,
        )
    console = results()
    console.print(table)
    console.print()
    for row in rows:
        if row.verdict.value == "differs":
            console.print(f"≠ {row.table}, {row.row}: {row.reason}.", markup=False, style="dim")
    console.print()
