"""The command ``chalknet``: one file a command, errors as one sentence, and exit statuses.

0 is success, 2 a wrong command line or input, 1 anything else that went wrong, 130 and 143 an
interruption by Ctrl-C and SIGTERM.
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import typer

from chalknet.cli import (
    approximate,
    check,
    data,
    derive,
    doctor,
    evaluate,
    exercise,
    explain,
    export,
    find_lr,
    fit_relu,
    gradcheck,
    import_,
    knots,
    predict,
    report,
    studies,
    sweep,
    train,
    variance,
)
from chalknet.errors import ChalknetError, DivergenceError

__all__ = ["app", "main"]

# The class of all wrong command lines, whether this typer stands on click or on its own copy of it.
_UsageError: Any = typer.BadParameter.__base__

app = typer.Typer(
    name="chalknet",
    help="Multilayer perceptrons that show their work, at the speed of the hardware.",
    epilog="First steps:  chalknet train digits   ·   chalknet train mnist --hidden 256,128",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

UNDERSTAND = "Understand"
CONSTRUCT = "Construct and diagnose"

app.command("train", rich_help_panel="Train", epilog=train.EXAMPLES)(train.train)
app.command("evaluate", rich_help_panel="Train", epilog=evaluate.EXAMPLES)(evaluate.evaluate)
app.command("predict", rich_help_panel="Train", epilog=predict.EXAMPLES)(predict.predict)
app.command("sweep", rich_help_panel="Train", epilog=sweep.EXAMPLES)(sweep.sweep)
app.command("explain", rich_help_panel=UNDERSTAND, epilog=explain.EXAMPLES)(explain.explain)
app.command("check", rich_help_panel=UNDERSTAND, epilog=check.EXAMPLES)(check.check)
app.command("exercise", rich_help_panel=UNDERSTAND, epilog=exercise.EXAMPLES)(exercise.exercise)
app.command("derive", rich_help_panel=UNDERSTAND, epilog=derive.EXAMPLES)(derive.derive)
app.command("fit-relu", rich_help_panel=CONSTRUCT, epilog=fit_relu.EXAMPLES)(fit_relu.fit_relu)
app.command("knots", rich_help_panel=CONSTRUCT, epilog=knots.EXAMPLES)(knots.knots)
app.command("approximate", rich_help_panel=CONSTRUCT, epilog=approximate.EXAMPLES)(
    approximate.approximate
)
app.command("variance", rich_help_panel=CONSTRUCT, epilog=variance.EXAMPLES)(variance.variance)
app.command("doctor", rich_help_panel=CONSTRUCT, epilog=doctor.EXAMPLES)(doctor.doctor)
app.command("gradcheck", rich_help_panel=CONSTRUCT, epilog=gradcheck.EXAMPLES)(gradcheck.gradcheck)
app.command("find-lr", rich_help_panel=CONSTRUCT, epilog=find_lr.EXAMPLES)(find_lr.find_lr)
app.command("report", rich_help_panel="Share", epilog=report.EXAMPLES)(report.report)
app.command("export", rich_help_panel="Share", epilog=export.EXAMPLES)(export.export)
app.command("import", rich_help_panel="Share", epilog=import_.EXAMPLES)(import_.import_)
app.command("studies", rich_help_panel="Share", epilog=studies.EXAMPLES)(studies.studies)
app.command("data", rich_help_panel="Share", epilog=data.EXAMPLES)(data.data)


@app.callback(invoke_without_command=True)
def _version(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    if version:
        from chalknet import __version__

        sys.stdout.write(f"chalknet {__version__}\n")
        raise typer.Exit
    if context.invoked_subcommand is None:
        sys.stdout.write(context.get_help() + "\n")


def main(arguments: list[str] | None = None) -> int:  # noqa: PLR0911 - one a kind of failure
    """Run the command line and return the exit status; a user's error never shows a traceback."""
    sys.stdout = sys.stdout or _nowhere()  # a stream that was closed before we began
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # What a terminal's encoding cannot show, such as the name of a file, is no failure.
            stream.reconfigure(errors="backslashreplace")
    try:
        with _warnings_as_sentences():
            status = app(arguments, prog_name="chalknet", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except (typer.Abort, KeyboardInterrupt):
        return _failed("interrupted.", 130)
    except _UsageError as error:
        hint = f" See {error.ctx.command_path} --help." if error.ctx is not None else ""
        sentence = " ".join(error.format_message().split())  # choices come a line each
        sentence = sentence.replace("Value error, ", "")  # what pydantic puts before typer's words
        return _failed(f"{sentence.rstrip('.')}.{hint}", 2)
    except DivergenceError as error:
        return _failed(str(error), 1)
    except ChalknetError as error:
        return _failed(str(error), 2)
    except BrokenPipeError:
        # The reader of a pipe has gone; there is nobody left to tell.
        sys.stderr.close()
        return 1
    except (OSError, MemoryError) as error:
        return _failed_outside(error)


@contextmanager
def _warnings_as_sentences() -> Iterator[None]:
    """Show a warning as what it says, without the line of code that it came from."""

    def show(message: Warning | str, *_: object) -> None:
        sys.stderr.write(f"chalknet: {message}\n")

    with warnings.catch_warnings():
        warnings.showwarning = show  # type: ignore[assignment]
        yield


def _failed_outside(error: OSError | MemoryError) -> int:
    """What the system refused; a place in a folder that is not there is the user's to put right."""
    if isinstance(error, MemoryError):
        return _failed("there is not as much memory as this takes.", 1)
    folder = Path(error.filename or ".").parent
    if isinstance(error, FileNotFoundError) and not folder.exists():
        what = f"there is no folder {folder}; make it first, or name another place."
        return _failed(f"{error.filename}: {what}", 2)
    where = f"{error.filename}: " if error.filename else ""
    return _failed(f"{where}{error.strerror or error}.", 1)


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _failed(sentence: str, status: int) -> int:
    sys.stderr.write(f"chalknet: {sentence}\n")
    return status
