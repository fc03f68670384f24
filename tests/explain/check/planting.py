"""Random networks, and sheets with one mistake that can be seen on them."""

from __future__ import annotations

import random
from dataclasses import dataclass

from explain.check.paper import Rounding, entries, is_right, written
from explain.check.student import BY_VALUE, CROSS_ENTROPIES, Slip, Student, Task

KINDS = (
    "updated_weights",
    "forgot_derivative",
    "derivative_at_activation",
    "derivative_at_pre_activation",
    "sign",
    "transposed",
    "sum_instead_of_mean",
    "mean_instead_of_sum",
    "softmax_over_everything",
    "softmax_over_wrong_axis",
    "forgot_bias",
    "forgot_learning_rate",
    "lost_factor",
    "dropped_row_or_column",
    "digits_swapped",
    "sign_of_one_entry",
)
NEEDS = {
    "updated_weights": {"hidden": ("relu", "sigmoid", "tanh", "softplus")},
    "forgot_derivative": {"hidden": ("sigmoid", "tanh", "softplus", "relu", "elu", "silu", "gelu")},
    "derivative_at_activation": {"hidden": ("sigmoid", "tanh", "softplus", "elu", "silu", "gelu")},
    "derivative_at_pre_activation": {"hidden": ("sigmoid", "tanh", "softplus", "elu")},
    "transposed": {"square": True},
    "sum_instead_of_mean": {"batch": (2, 3, 4)},
    "mean_instead_of_sum": {"batch": (2, 3, 4)},
    "softmax_over_everything": {"batch": (2, 3, 4), "loss": "softmax_cross_entropy"},
    "softmax_over_wrong_axis": {"batch": (2, 3, 4), "loss": "softmax_cross_entropy"},
}


def task_for(kind, rng):
    """A random network in which the mistake can be made."""
    needs = {
        name: rng.choice(value) if isinstance(value, tuple) else value
        for name, value in NEEDS.get(kind, {}).items()
    }
    return random_task(rng, **needs)


def lines_for(kind, task, lines):
    """The lines in which the mistake can be made."""
    top = f"da{task.depth}" if f"da{task.depth}" in lines else f"dz{task.depth}"
    slopes = [s for s in lines if s.startswith("dz") and f"da{s[2:]}" in lines]
    starting = lambda *names: [s for s in lines if s.startswith(names) and "_" not in s]  # noqa: E731
    new = [s for s in lines if s.endswith("_new")]
    return {
        "updated_weights": [s for s in starting("da") if s != f"da{task.depth}"],
        "forgot_derivative": slopes,
        "derivative_at_activation": slopes,
        "derivative_at_pre_activation": [
            s for s in slopes if task.activations[int(s[2:]) - 1] in BY_VALUE
        ],
        "sign": [*starting("z", "dW", "db", "dz", "loss"), top, *new],
        "transposed": [
            *starting("z", "dW"),
            *(s for s in starting("da") if s != f"da{task.depth}"),
            *(s for s in new if s[0] == "W"),
        ],
        "sum_instead_of_mean": ["loss", top, *starting("dW", "db"), *new],
        "mean_instead_of_sum": ["loss", top, *starting("dW", "db")],
        "softmax_over_everything": ["p"],
        "softmax_over_wrong_axis": ["p"],
        "forgot_bias": starting("z"),
        "forgot_learning_rate": new,
        "lost_factor": [*starting("loss", "dz", "dW", "db"), top, *new],
        "dropped_row_or_column": [*starting("z", "da", "dW", "db"), *new],
        "digits_swapped": list(lines),
        "sign_of_one_entry": [s for s in lines if sum(map(bool, entries(lines[s]))) > 1],
    }[kind]


@dataclass
class Case:
    """A sheet with a planted mistake, and the line where it is first to be seen."""

    task: Task
    slip: Slip
    sheet: dict
    first_wrong: str


def planted(kind, rng, *, carry=False):
    """A random network, worked out with one mistake that can be seen on the sheet.

    ``carry``: by a student who rounds each line before going on.
    """
    while True:
        task = task_for(kind, rng)
        rounding = Rounding(rng.randint(3, 6), significant=rng.random() < 0.7)
        carried = rounding if carry else None
        try:
            right = Student(task).sheet
            lines = lines_for(kind, task, right)
            if not lines or has_noise(right):
                continue
            slip = Slip(kind, rng.choice(lines), rng.randrange(1000), rounding)
            wrong = Student(task, slip, carry=carried).sheet
            faultless = Student(task, carry=carried).sheet
        except (OverflowError, ValueError):  # a softmax that overflows by hand, log 0
            continue
        sheet = {s: written(wrong[s], rounding) for s in shown_lines(slip, wrong, rng)}
        first = first_difference(sheet, faultless, rounding if carry else None)
        # What rounding hides in the line itself cannot be told from rounding in a later one.
        if first is not None and (slip.line not in sheet or first == slip.line):
            shuffled = list(sheet)
            rng.shuffle(shuffled)
            return Case(task, slip, {s: sheet[s] for s in shuffled}, first)


def named(case, marking):
    """Whether the cause is the planted one, or gives the very same sheet and mentions it."""
    line = marking.line(case.first_wrong)
    if line.cause == case.slip.kind:
        return "named"
    for choice in range(2):
        slip = Slip(line.cause, line.made_in, choice, case.slip.rounding)
        other = Student(case.task, slip).sheet
        if all(written(other[s], case.slip.rounding) == text for s, text in case.sheet.items()):
            return "coincides" if case.slip.kind in line.others else "not mentioned"
    return line.cause


def has_noise(lines):
    """Whether a number is what cancelling leaves of double precision: no number to speak of."""
    numbers = [x for s in lines if s != "p" and s[0] != "l" for x in entries(lines[s])]
    return any(0 < abs(x) < 1e-9 for x in numbers)


def shown_lines(slip, lines, rng):
    """The lines on the sheet: all that people write down, or some."""
    share = rng.choice((1.0, 1.0, 0.7, 0.4))
    shown = [s for s in lines if rng.random() < (share if not s.startswith("da") else share / 5)]
    needed = slip.kind == "digits_swapped"  # which nobody does where nothing is written
    return [s for s in lines if s in shown or (needed and s == slip.line)]


def first_difference(sheet, right, carried):
    """The first line on the sheet with a number that is not a way of writing the right one."""
    for symbol, value in right.items():
        if symbol not in sheet:
            continue
        if carried is not None:
            same = sheet[symbol] == written(value, carried)
        else:
            pairs = zip(entries(sheet[symbol]), entries(value), strict=True)
            same = all(is_right(text, true) for text, true in pairs)
        if not same:
            return symbol
    return None


# networks ---------------------------------------------------------------------------------


def random_task(rng: random.Random, *, square=False, batch=None, loss=None, hidden=None):
    """A small network with numbers as people choose them."""
    depth = rng.choice((1, 2, 2, 2, 3)) if not square and hidden is None else rng.choice((2, 2, 3))
    width = rng.randint(2, 4)
    widths = [width if square else rng.randint(2, 4) for _ in range(depth + 1)]
    loss = loss or rng.choice(
        ("softmax_cross_entropy",) * 3
        + ("sigmoid_cross_entropy", "mean_squared_error", "half_squared_error")
    )
    n = batch or rng.choice((1, 1, 2, 3, 4))
    activation = hidden or rng.choice(
        ("relu", "relu", "sigmoid", "tanh", "leaky_relu", "softplus", "elu", "silu", "gelu")
    )
    output = "identity"
    if loss not in CROSS_ENTROPIES and rng.random() < 0.3:
        output = rng.choice(("sigmoid", "tanh"))
    grid = rng.choice((1, 2, 10, 100))
    nice = lambda reach: rng.randint(-reach * grid, reach * grid) / grid  # noqa: E731
    targets = [_target(rng, loss, widths[-1]) for _ in range(n)]
    return Task(
        weights=[
            [[nice(2) for _ in range(widths[k])] for _ in range(widths[k + 1])]
            for k in range(depth)
        ],
        biases=[[nice(1) for _ in range(widths[k + 1])] for k in range(depth)],
        activations=[activation] * (depth - 1) + [output],
        inputs=[[nice(2) for _ in range(widths[0])] for _ in range(n)],
        targets=targets,
        loss=loss,
        rate=rng.choice((0.1, 0.2, 0.5, 0.01, 0.25, 0.3)),
        optimizer=rng.choice(("sgd",) * 8 + ("momentum", "adam")),
        single=n == 1,
    )


def _target(rng, loss, K):
    if loss == "softmax_cross_entropy":
        right = rng.randrange(K)
        return [float(k == right) for k in range(K)]
    if loss == "sigmoid_cross_entropy":
        return [float(rng.random() < 0.5) for _ in range(K)]
    return [rng.randint(-20, 20) / 10 for _ in range(K)]
