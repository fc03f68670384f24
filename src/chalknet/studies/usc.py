"""usc: one step by hand, the softmax gradient, and learning rates against activations."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from chalknet.derive.catalogue import derive
from chalknet.explain.check import Answers, MarkedLine, check
from chalknet.explain.problem import read_problem
from chalknet.explain.walkthrough import explain
from chalknet.studies.figures import published
from chalknet.studies.learning_rates import SIX, learning_rates
from chalknet.studies.setting import Setting
from chalknet.studies.study import Part, Result, Row, Study, Verdict

__all__ = ["STUDY"]


def problem_file() -> Path:
    """The network of Q1, as a file."""
    return Path(str(resources.files("chalknet.studies") / "published" / "usc-q1.toml"))


def _answers(lines: Sequence[dict[str, str]]) -> Answers:
    text = "\n".join(f"{line['symbol']} = {line['written']}" for line in lines)
    return Answers(tomllib.loads(text, parse_float=str))


def q1(setting: Setting) -> Result:  # noqa: ARG001 - every part takes it
    """The published working, line by line, marked by the checker; and the right one."""
    problem, figures, result = read_problem(problem_file()), published("usc")["q1"], Result()
    for name, lines in (
        ("working", figures["working"]),
        ("first attempt", figures["first_attempt"]),
    ):
        marking = check(problem, _answers(lines))
        written = {line["symbol"]: line["written"] for line in lines}
        result.rows += [_marked(f"Q1, {name}", line, written) for line in marking.lines]
    result.explanations.append(explain(problem))
    return result


def _marked(table: str, line: MarkedLine, written: dict[str, str]) -> Row:
    return Row(
        table=table,
        row=line.symbol,
        published=written[line.symbol].replace('"', ""),
        ours="the same" if line.right else ", ".join(f"{e.right:.6g}" for e in line.entries),
        verdict=Verdict.EXACT if line.right else Verdict.DIFFERS,
        reason=line.message,
    )


STUDY = Study(
    name="usc",
    title="Multilayer perceptron homework: a step by hand, and six trainings",
    summary="One step of gradient descent worked out on paper, the gradient of the softmax, and "
    "which activation and learning rate do best on MNIST.",
    parts=(
        Part(
            number="Q1",
            title="One step by hand",
            question="Work out forward pass, backward pass and update of a 3-2-2-3 network.",
            method="The published working is marked by the checker, line by line: what was "
            "written, what is right, and how it came about. The right working stands below.",
            code="$ chalknet check usc-q1.toml working.toml\n$ chalknet explain usc-q1.toml",
            run=q1,
        ),
        Part(
            number="Q2",
            title="The gradient of softmax with cross entropy",
            question="Show that ∂C/∂s = a − y, through the cases m = n and m ≠ n.",
            method="A derivation of which every line is verified.",
            code="$ chalknet derive softmax-cross-entropy",
            run=lambda setting: Result(explanations=[derive("softmax-cross-entropy")]),  # noqa: ARG005
        ),
        Part(
            number="Q3",
            title="Learning rates and activations",
            question="Train 784-100-10 with ReLU and tanh and three learning rates, 50 epochs "
            "each; test the best on validation.",
            method="The same initial weights (legacy generator, seed 243), samples in order, "
            "gradients summed: the first update of an epoch after 99 samples, then every 100. The "
            "printed program halves η at every sample of epoch 20, so that training ends there; "
            "some of the printed figures come from runs without that. A figure is exact if the "
            "program gives it with the decay, without it, or as it counts while it trains; Why "
            "says which.",
            code="network = Network([Dense(w1, b1, 'relu'), Dense(w3, b3)])\n"
            "training = Training(network, data, loss='softmax_cross_entropy',\n"
            "    optimizer=SGD(learning_rate=0.001 * 100), batch_size=100,\n"
            "    epochs=50, shuffle=False, rng=rng)",
            run=learning_rates,
            runs=(SIX,),
        ),
    ),
)
