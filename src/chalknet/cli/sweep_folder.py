"""The folder of ``chalknet sweep``: what is in it, and where its study is kept.

::

    sweep.json    the study's name, and its database if that is not study.db
    study.db      the study, if no other database was named
    winner/       the winner as a run: configuration, history, model
    report.html   the report
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalknet.sweeps.board import Board
    from chalknet.sweeps.plan import SweepPlan

__all__ = ["address", "begun", "existing", "new_folder", "opened"]


def new_folder(output: Path | None, data: str) -> Path:
    """Make an empty folder: the one that is named, or sweeps/DATA-TIME."""
    import time

    from chalknet.errors import RunFolderError

    stamp = time.strftime("%Y%m%d-%H%M%S")
    folder = output or Path("sweeps") / f"{Path(data).stem or 'data'}-{stamp}"
    try:
        if folder.exists() and any(folder.iterdir()):
            raise RunFolderError(
                f"{folder}: the folder is not empty. Name another with --output, or go on with "
                "the sweep in it with --resume."
            )
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if isinstance(error, RunFolderError):
            raise
        raise RunFolderError(
            f"{folder}: the folder cannot be written ({error.strerror}). Name another with "
            "--output."
        ) from None
    return folder


def begun(folder: Path, storage: str | None, name: str, plan: SweepPlan) -> Board:
    """A new study; the folder keeps where it is, but no password."""
    import contextlib
    import json

    from chalknet.files import write_atomically
    from chalknet.sweeps.board import Board, as_url
    from chalknet.sweeps.database import without_password

    url = _own_database(folder) if storage is None else as_url(storage)
    kept = None if storage is None else without_password(url)
    try:
        write_atomically(folder / "sweep.json", json.dumps({"url": kept, "name": name}) + "\n")
        return Board(url, name, plan)
    except BaseException as error:
        if isinstance(error, Exception):  # no sweep has come of it
            (folder / "sweep.json").unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def opened(url: str, name: str) -> Board:
    """A study that is there."""
    from chalknet.sweeps.board import Board

    return Board(url, name)


def _own_database(folder: Path) -> str:
    from chalknet.sweeps.board import as_url

    return as_url(folder / "study.db")


def existing(folder: Path) -> Path:
    """The folder, if it is a sweep's."""
    from chalknet.errors import RunFolderError

    if not (folder / "sweep.json").is_file():
        raise RunFolderError(
            f"{folder}: this folder is no sweep (it has no sweep.json); name one that chalknet "
            "sweep has made."
        )
    return folder


def address(folder: Path) -> tuple[str, str]:
    """Where the study of a folder is: its database and its name there."""
    import json

    from chalknet.errors import RunFolderError

    try:
        stored = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))
        return stored["url"] or _own_database(folder), str(stored["name"])
    except (ValueError, KeyError, TypeError):
        raise RunFolderError(f"{folder}/sweep.json is damaged: it must name the study.") from None
