"""The losses as spreadsheet formulas: prediction, each sample's term, and the gradient."""

from __future__ import annotations

from chalknet.errors import ConfigurationError
from chalknet.explain.render.excel.cells import Block
from chalknet.explain.render.excel.checks import NONE, agree
from chalknet.explain.render.excel.formulas import LONGEST, formula_text
from chalknet.operations import activations
from chalknet.operations.losses import Loss, SoftmaxCrossEntropy
from chalknet.operations.losses.loss import ElementwiseLoss

__all__ = ["LossCells"]

SMALL = "1E-5"  # the step of central differences


class LossCells:
    """The formulas of one loss, for outputs and targets that stand in blocks, one row a sample.

    Raises
    ------
    ConfigurationError
        The loss is one that no spreadsheet formula is known for.
    """

    def __init__(self, loss: Loss, output: Block, targets: Block, share: str) -> None:
        if not isinstance(loss, ElementwiseLoss | SoftmaxCrossEntropy):
            raise ConfigurationError(
                f"{loss.name} cannot be written as spreadsheet formulas: leave the workbook out."
            )
        self.loss, self.output, self.targets, self.share = loss, output, targets, share

    def weight(self, s: int) -> str:
        """What sample ``s`` counts for in the mean."""
        return self.share.format(row=s + self.output.top + 1, s=s)

    def prediction(self, s: int, k: int) -> str:
        """Probability, rate or the output itself."""
        o = self.output.cell(s, k)
        if isinstance(self.loss, SoftmaxCrossEntropy):
            row = self.output.row(s)
            return f"EXP({o}-MAX({row}))/SUMPRODUCT(EXP({row}-MAX({row})))"
        if self.loss.name == "sigmoid_cross_entropy":
            return formula_text(activations.sigmoid, [o], [], name=self.loss.name)
        return f"EXP({o})" if self.loss.name == "poisson" else o

    def prediction_check(self, block: Block, s: int) -> str:
        """Probabilities of classes sum to 1; a sigmoid and a rate are computed another way."""
        total, row = f"SUM({block.row(s)})", self.output.row(s)
        if isinstance(self.loss, SoftmaxCrossEntropy):
            return agree(total, "1")
        if self.loss.name == "sigmoid_cross_entropy":
            return agree(total, f"SUMPRODUCT((1+TANH({row}/2))/2)")
        return agree(f"SUMPRODUCT(LN({block.row(s)}))", f"SUM({row})")

    def term(self, s: int) -> str:
        """ℓ of one sample, summed over its outputs."""
        if isinstance(self.loss, SoftmaxCrossEntropy):
            row, wanted = self.output.row(s), self.targets.row(s)
            log_sum = f"MAX({row})+LN(SUMPRODUCT(EXP({row}-MAX({row}))))"
            return f"SUM({wanted})*({log_sum})-SUMPRODUCT({wanted},{row})"
        parts = [self._elementwise(s, k, "") for k in range(self.output.columns)]
        return "+".join(parts)

    def term_check(self, s: int, prediction: Block | None) -> str:
        """−Σ t log p, where it can be computed; squares by another sum."""
        wanted, row = self.targets.row(s), self.output.row(s)
        if isinstance(self.loss, SoftmaxCrossEntropy) and prediction is not None:
            return f"-SUMPRODUCT({wanted},LN({prediction.row(s)}))"
        if self.loss.name == "mean_squared_error":
            return f"SUMXMY2({row},{wanted})"
        if self.loss.name == "half_squared_error":
            return f"SUMXMY2({row},{wanted})/2"
        if self.loss.name == "absolute_error":
            return f"SUMPRODUCT(ABS({row}-{wanted}))"
        return ""

    def _elementwise(self, s: int, k: int, moved: str) -> str:
        loss = self.loss
        assert isinstance(loss, ElementwiseLoss)  # noqa: S101 - for the type checker
        o, t = self.output.cell(s, k), self.targets.cell(s, k)
        cells = [f"({o}{moved})" if moved else o, t]
        return formula_text(type(loss).formula, cells, loss.parameters, name=loss.name)

    def gradient(self, s: int, k: int, prediction: Block | None) -> str:
        """∂loss/∂output of one output of one sample."""
        loss, t = self.loss, self.targets.cell(s, k)
        if isinstance(loss, ElementwiseLoss):
            slope = formula_text(
                type(loss).derivative, [self.output.cell(s, k), t], loss.parameters, name=loss.name
            )
        else:
            p = prediction.cell(s, k) if prediction is not None else self.prediction(s, k)
            slope = f"{p}*SUM({self.targets.row(s)})-{t}"
        return f"({slope}){self.weight(s)}"

    def gradient_check(self, block: Block, s: int) -> str:
        """Central differences of the loss; a softmax row sums to 0."""
        if isinstance(self.loss, SoftmaxCrossEntropy):
            return agree(f"SUM({block.row(s)})", "0")
        tests = []
        for k in range(self.output.columns):
            up, down = self._elementwise(s, k, f"+{SMALL}"), self._elementwise(s, k, f"-{SMALL}")
            slope = f"(({up})-({down}))/(2*{SMALL}){self.weight(s)}"
            cell = block.cell(s, k)
            tests.append(f"ABS({slope}-{cell})<=1E-5*(1+ABS({cell}))")
        text = f'IF(AND({",".join(tests)}),"✓","✗")'
        return text if len(text) <= LONGEST else ""


def guarded(check: str) -> str:
    """A check that cannot be made for some numbers (the logarithm of 0) shows a dash then."""
    return f'IFERROR({check},"{NONE}")'
