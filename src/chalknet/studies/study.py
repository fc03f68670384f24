"""What a study is made of: parts, each with its question, its method and the rows it compares."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from chalknet.explain.steps import Explanation
    from chalknet.studies.setting import Runs, Setting

__all__ = ["Part", "Picture", "Result", "Row", "Study", "Verdict", "rows_of", "worked_out"]


class Verdict(enum.StrEnum):
    """How our figure stands to the published one."""

    EXACT = "exact"
    IN_DISTRIBUTION = "in distribution"
    SHOWN = "shown"
    DIFFERS = "differs"

    @property
    def mark(self) -> str:
        """One character for it."""
        return {"exact": "=", "in distribution": "≈", "shown": "✓", "differs": "≠"}[self.value]

    @property
    def meaning(self) -> str:
        """What it says of a figure."""
        return {
            "exact": "agrees with all digits printed, or the first twelve of more: the last ones "
            "of a float64 depend on the order of sums",
            "in distribution": "the run was published without a seed; it lies within the range of "
            "ours, widened by half of it on either side",
            "shown": "a statement without a figure, which holds here",
            "differs": "and the reason is given",
        }[self.value]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure: what was published, what chalknet gets, and how they agree.

    Attributes
    ----------
    table, row : str
        Where the figure stands: "Q1, epoch 50", "loss".
    published, ours : str
        As printed; our figure to as many digits, or the range of several runs.
    verdict : Verdict
    reason : str
        Why, in words: always there where the figures differ.
    """

    table: str
    row: str
    published: str
    ours: str
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A drawing for the page, with a title that says what is seen."""

    title: str
    drawing: Markup


@dataclass(kw_only=True)
class Result:
    """What running a part gave."""

    rows: list[Row] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    explanations: list[Explanation] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One problem of a study.

    Attributes
    ----------
    number, title : str
        "Q3", "Learning rates and activations".
    question, method : str
        What was asked, and how it is answered here, as sentences.
    code : str
        The same in a few lines of chalknet, or of its command line.
    run : function
        Setting → Result.
    runs : tuple of Runs
        The trainings that it asks for.
    """

    number: str
    title: str
    question: str
    method: str
    code: str
    run: Callable[[Setting], Result]
    runs: tuple[Runs[Any, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Study:
    """A published piece of coursework."""

    name: str
    title: str
    summary: str
    parts: tuple[Part, ...]


def worked_out(
    studies: Sequence[Study], setting: Setting
) -> Iterator[tuple[Study, list[tuple[Part, Result]]]]:
    """Each study with what its parts gave, in order.

    All trainings begin at once. Parts without any are worked out first, beside them.
    """
    setting.begin([runs for study in studies for part in study.parts for runs in part.runs])
    results: dict[tuple[str, str], Result] = {}

    def work_out(study: Study, *, waiting: bool) -> None:
        for part in study.parts:
            key = study.name, part.number
            if key not in results and (waiting or not part.runs):
                setting.progress(" ".join(key))
                results[key] = part.run(setting)

    for study in studies:
        work_out(study, waiting=False)
    for study in studies:
        work_out(study, waiting=True)
        yield study, [(part, results[study.name, part.number]) for part in study.parts]


def rows_of(results: Iterable[tuple[Part, Result]]) -> list[Row]:
    """All rows of a study."""
    return [row for _, result in results for row in result.rows]
