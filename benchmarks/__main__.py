"""``python -m benchmarks``: the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks.machine import cores, description, restrict_to

WORKLOADS = ("W1", "W2", "W3", "W4", "W5", "W6")
CURVES = ("samples", "width", "depth", "threads")
TASKS = ("digits", "mnist", "table", "words")


def parser() -> argparse.ArgumentParser:
    command = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = command.add_argument
    add("--only", type=_names, metavar="W1,W2", help="workloads, or curves with --scaling")
    add("--peers", type=_names, metavar="NAMES", help="libraries, such as chalknet,torch-tensors")
    add("--scaling", action="store_true", help="curves instead of the workloads")
    add("--estimators", action="store_true", help="the estimators against scikit-learn's instead")
    add("--together", action="store_true", help="small networks side by side instead")
    add("--quick", action="store_true", help="a tenth of the work, twice: does everything run?")
    add("--repeats", type=int, metavar="N",
        help="timings of each library (5; 3 with --scaling or --estimators)")  # fmt: skip
    add("--threads", type=int, default=cores(), metavar="N", help="for everyone (all cores)")
    add("--engine", default="auto", help="chalknet's engine (auto)")
    add("--output", type=Path, default=Path("build/benchmarks"), metavar="FOLDER",
        help="where JSON and pictures go (build/benchmarks)")  # fmt: skip
    return command


def main() -> int:
    command = parser()
    options = command.parse_args()
    if options.scaling + options.estimators + options.together > 1:
        command.error("--scaling, --estimators and --together are runs of their own: choose one")
    known = CURVES if options.scaling else TASKS if options.estimators else WORKLOADS
    _require_known(command, "--only", options.only, known)
    if not 1 <= options.threads <= cores():
        command.error(f"--threads must be from 1 to the {cores()} cores at hand")
    if options.repeats is None:
        several = 3 if options.scaling or options.estimators else 5
        options.repeats = 2 if options.quick else several
    if options.repeats < 1:
        command.error("--repeats must be at least 1")
    # Before any library is loaded: most read the number of cores once, then.
    restrict_to(options.threads)
    from benchmarks.peers import PEERS

    _require_known(command, "--peers", options.peers, PEERS)
    from benchmarks import run
    from chalknet import ChalknetError

    if options.together and options.only:
        command.error("--together has no parts to choose: leave --only out")
    chosen = [name for name in known if name in (options.only or known)]
    head = {"machine": description(), "settings": vars(options)}
    try:
        if options.together:
            return run.together(options, head, _say)
        work = run.scaling if options.scaling else run.workloads
        return (run.estimators if options.estimators else work)(chosen, options, head, _say)
    except ChalknetError as error:  # such as data that are not there
        _say(str(error))
        return 2


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _require_known(
    command: argparse.ArgumentParser, option: str, names: list[str] | None, known: Iterable[str]
) -> None:
    for name in names or []:
        if name not in known:
            command.error(f"{option}: {name!r} is not one of {', '.join(known)}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
