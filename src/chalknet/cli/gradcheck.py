"""chalknet gradcheck: whether gradients are right, of a network or of a function of one's own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chalknet.cli.options import DataDir, Json
from chalknet.cli.terminal import download_bar, plain, print_json, results

if TYPE_CHECKING:
    from chalknet.diagnose.gradient_check import GradientCheck
    from chalknet.diagnose.gradient_comparison import ArrayCheck, Place

__all__ = ["EXAMPLES", "gradcheck"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet gradcheck runs/mnist-20260101-120000

chalknet gradcheck network.toml

chalknet gradcheck mine.py:loss_and_gradient --at 0.5,-1,2
"""


def gradcheck(
    target: Annotated[
        str,
        typer.Argument(
            help="The folder of a run; a network on paper (TOML); or FILE.py:FUNCTION, which runs "
            "that file and calls the function: it takes an array and returns its value and "
            "gradient.",
            metavar="RUN|TOML|FILE.py:FUNCTION",
            show_default=False,
        ),
    ],
    at: Annotated[
        str | None,
        typer.Option(
            help="Where to check a function: numbers separated by commas.", show_default=False
        ),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(help="Check a function at so many random numbers.", min=1, show_default=False),
    ] = None,
    rows: Annotated[
        int, typer.Option(help="How many rows of a run's training data to take.", min=1)
    ] = 16,
    at_most: Annotated[
        int, typer.Option(help="How many numbers of each array to check.", min=1)
    ] = 200,
    tolerance: Annotated[
        float | None,
        typer.Option(
            help="Largest error, relative to each array's largest number (1e-9 by complex step, "
            "1e-6 by differences).",
            min=0.0,
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.", min=0)] = 0,
    data_dir: DataDir = None,
    json: Json = False,
) -> int:
    """Check gradients against derivatives found from values alone; exit status 1 if wrong."""
    import numpy as np

    options = {
        "tolerance": tolerance,
        "at_most": at_most,
        "rng": np.random.default_rng(seed),
    }
    path, colon, name = target.rpartition(":")
    if colon and path.endswith(".py"):
        what, check = _of_function(Path(path), name, at, size, options)
    else:
        _refuse_point(target, at, size)
        if Path(target).suffix.lower() == ".toml":
            what, check = _of_paper(target, options)
        else:
            what, check = _of_run(target, rows, data_dir, options)
    if json:
        print_json({"target": target, **check.as_dict()})
    else:
        _print(what, check)
    return 0 if check.passed else 1


def _refuse_point(target: str, at: str | None, size: int | None) -> None:
    from chalknet.errors import ConfigurationError

    if target.endswith(".py"):
        raise ConfigurationError(
            f"{target}: name the function in the file too, as in {target}:loss_and_gradient."
        )
    for name, value in (("--at", at), ("--size", size)):
        if value is not None:
            raise ConfigurationError(
                f"{name} is for a function of your own, as FILE.py:FUNCTION; leave it out."
            )


def _of_run(
    target: str, rows: int, data_dir: str | None, options: dict[str, Any]
) -> tuple[str, GradientCheck]:
    import numpy as np

    from chalknet.diagnose.gradient_check import check_gradients
    from chalknet.runs.folder import RunFolder
    from chalknet.runs.sources import load_parts
    from chalknet.training.batches import encode_targets

    folder = RunFolder.open(target)
    model, config = folder.model(), folder.config()
    if data_dir is not None:
        config = config.model_copy(update={"data_dir": data_dir})
    with download_bar() as bar:
        data = model.in_own_classes(load_parts(config, bar).train)
    chosen = options["rng"].permutation(len(data))[:rows]
    some = data.take(np.sort(chosen))
    X = some.X.toarray() if hasattr(some.X, "toarray") else some.X
    inputs = model.preprocessing.apply(X, np.float64)
    targets = encode_targets(some, model.loss, model.network.widths[-1])
    check = check_gradients(model.network, model.loss, inputs, targets, l2=config.l2, **options)
    return f"{_network(model.network)}, {model.loss.spec}, {_rows(len(some))}", check


def _of_paper(target: str, options: dict[str, Any]) -> tuple[str, GradientCheck]:
    import numpy as np

    from chalknet.diagnose.gradient_check import check_gradients
    from chalknet.errors import ConfigurationError
    from chalknet.explain.problem import read_problem
    from chalknet.network import Dense, Network

    problem = read_problem(target)
    if problem.targets is None or problem.loss is None:
        raise ConfigurationError(
            f"{target}: a gradient needs a loss: give target and loss in the file."
        )
    network = Network(
        Dense(one.weights.T.astype(np.float64), one.bias.astype(np.float64), one.activation)
        for one in problem.layers
    )
    weight = problem.sample_weight
    check = check_gradients(
        network,
        problem.loss,
        problem.inputs.astype(np.float64),
        problem.targets.astype(np.float64),
        sample_weight=None if weight is None else weight.astype(np.float64),
        l2=float(problem.l2),
        **options,
    )
    return f"{_network(network)}, {problem.loss.spec}, {_rows(len(problem.inputs))}", check


def _of_function(
    path: Path, name: str, at: str | None, size: int | None, options: dict[str, Any]
) -> tuple[str, GradientCheck]:
    from chalknet.diagnose.gradient_check import check_gradient
    from chalknet.errors import ChalknetError, ConfigurationError

    if (at is None) == (size is None):
        raise ConfigurationError(
            "say where to check the function: --at 0.5,-1,2, or --size 3 for random numbers."
        )
    x = options["rng"].normal(size=size) if at is None else _numbers(at)
    function = _function(path, name)
    try:
        check = check_gradient(function, x, **options)
    except ChalknetError:
        raise
    except Exception as error:
        raise ConfigurationError(f"{path}:{name} failed: {_told(error, path)}.") from error
    return f"{name} of {path}, at {len(x)} numbers", check


def _numbers(text: str) -> list[float]:
    import math

    from chalknet.errors import ConfigurationError

    try:
        found = [float(number) for number in text.split(",")]
    except ValueError:
        found = [math.nan]
    if not all(map(math.isfinite, found)):
        raise ConfigurationError(
            f"--at takes finite numbers separated by commas, as in 0.5,-1,2, not {text!r}."
        )
    return found


def _function(path: Path, name: str) -> Callable[..., Any]:
    """The function of that name in the file, which is run for it, as its owner asked."""
    import runpy

    from chalknet.errors import ConfigurationError, DataNotFoundError, unknown_name

    if not path.is_file():
        raise DataNotFoundError(f"{path}: there is no such file.")
    sys.path.insert(0, str(path.resolve().parent))
    try:
        found = runpy.run_path(str(path))
    except Exception as error:
        raise ConfigurationError(f"{path} cannot be run: {_told(error, path)}.") from error
    finally:
        sys.path.pop(0)
    functions = [key for key, value in found.items() if callable(value) and key[0] != "_"]
    if name not in functions:
        raise unknown_name(f"function of {path}", name, functions)
    function: Callable[..., Any] = found[name]
    return function


def _told(error: Exception, path: Path) -> str:
    """What went wrong in the user's file, and in which line of it."""
    line, traceback = "", error.__traceback__
    while traceback is not None:
        if Path(traceback.tb_frame.f_code.co_filename).name == path.name:
            line = f" in line {traceback.tb_lineno}"
        traceback = traceback.tb_next
    return f"{type(error).__name__}{line}: {error}".rstrip(".")


def _network(network: Any) -> str:
    functions = dict.fromkeys(layer.activation.spec for layer in network.layers[:-1])
    return " ".join(["-".join(map(str, network.widths)), *functions])


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _print(what: str, check: GradientCheck) -> None:
    console = results()
    console.print(plain(what), markup=False)
    allowed = f"allowed: {check.tolerance:g} of each array's largest number"
    console.print(f"value {check.value:.6g}; by {check.method}; {allowed}\n", markup=False)
    console.print(
        f"{'':<7}{'checked':>16}  {'largest error':>13}  {'given':>12} {'from values':>12}  place",
        style="bold",
        markup=False,
    )
    for array in check.arrays:
        console.print(_row(array), markup=False)
    console.print()
    for sentence in [*_remarks(check), *check.suspects]:
        console.print(sentence[0].upper() + sentence[1:], markup=False)
    verdict = "The gradient is right." if check.passed else "The gradient is wrong."
    console.print(verdict, style="bold", markup=False)


def _row(array: ArrayCheck) -> str:
    mark = " " if array.passed else "!"
    checked = f"{array.checked:,} of {array.size:,}"
    worst = array.worst
    if worst is None:
        return f"{array.name:<6}{mark}{checked:>16}  {'–':>13}"
    figures = f"{worst.given:>12.5g} {worst.numerical:>12.5g}"
    return (
        f"{array.name:<6}{mark}{checked:>16}  {worst.error:>13.1e}  {figures}  {_at(array, worst)}"
    )


def _at(array: ArrayCheck, place: Place) -> str:
    """Where in the array, counted from 1 as on paper."""
    index = [i + 1 for i in place.index]
    if array.name[0] == "W":
        return f"{index[0]} → {index[1]}"
    return ", ".join(map(str, index))


def _remarks(check: GradientCheck) -> list[str]:
    kinks = sum(array.kinks for array in check.arrays)
    uncertain = sum(array.uncertain for array in check.arrays)
    directions = [array.name for array in check.arrays if array.wrong_directions > 0 == array.wrong]
    found = []
    if kinks:
        found.append(f"{kinks} taken at a kink, where any slope between the two sides is right.")
    if uncertain:
        found.append(f"{uncertain} too small, beside the value, for differences to tell.")
    if directions:
        found.append(
            f"{', '.join(directions)}: wrong along random directions, so among the numbers that "
            "were not checked one by one; raise --at-most."
        )
    return found
