"""chalknet studies: published coursework run again, figure beside figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chalknet.cli.options import DataDir, Json
from chalknet.cli.terminal import announce_compilation, messages, print_json, results

if TYPE_CHECKING:
    from rich.status import Status

    from chalknet.studies.study import Row

__all__ = ["EXAMPLES", "studies"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet studies list

chalknet studies run ucr nyu-s25

chalknet studies run all --output studies
"""


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
    from chalknet.studies.study import Verdict, rows_of, worked_out

    chosen = [study_named(name) for name in names]
    _make(output)
    announce_compilation()
    started = time.perf_counter()
    done, rows = [], []
    with (
        _progress() as (status, progress),
        Setting(data_dir=data_dir, seeds=seeds, progress=progress) as setting,
    ):
        for study, parts in worked_out(chosen, setting):
            done.append((study, parts))
            write_study(output / f"{study.name}.html", study, parts)
            rows += rows_of(parts)
            if json:
                _print_json(study.name, rows_of(parts))
            else:
                status.stop()
                _print(study.title, rows_of(parts))
                status.start()
    page = write_index(output / "index.html", done)
    counts = {mark: sum(row.verdict is mark for row in rows) for mark in Verdict}
    if json:
        seconds = round(time.perf_counter() - started, 2)
        told = {mark.value: count for mark, count in counts.items()}
        print_json({"event": "done", **told, "seconds": seconds, "page": str(page)})
        return
    for mark, count in counts.items():
        if count:
            results().print(f"{mark.mark} {count} {mark.value}: {mark.meaning}.", style="dim")
    results().print(f"Pages: {page}", markup=False, soft_wrap=True)


def _make(folder: Path) -> None:
    from chalknet.errors import ConfigurationError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"--output {folder}: the folder cannot be made ({error.strerror}); name another."
        ) from None


@contextmanager
def _progress() -> Iterator[tuple[Status, Callable[[str], None]]]:
    """A line that changes; where that cannot be shown, a line each time."""
    console = messages()
    with console.status("beginning…") as status:

        def tell(words: str) -> None:
            if console.is_terminal:
                status.update(f"{words}…")
            else:
                console.print(words, markup=False, soft_wrap=True)

        yield status, tell


def _print_json(study: str, rows: list[Row]) -> None:
    for row in rows:
        print_json(
            {
                "study": study,
                "table": row.table,
                "row": row.row,
                "published": row.published,
                "ours": row.ours,
                "verdict": row.verdict.value,
                "reason": row.reason,
            }
        )


def _print(title: str, rows: list[Row]) -> None:
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading in ("", "Figure", "Published", "chalknet"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        style = "" if row.verdict.value != "differs" else "yellow"
        table.add_row(
            row.verdict.mark,
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
            console.print(
                f"≠ {row.table}, {row.row}: {row.reason.rstrip('.')}.", markup=False, style="dim"
            )
    console.print()
