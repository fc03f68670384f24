"""nyu-s25 Q2 measured: whether networks drawn at random keep what the derivations promise."""

from __future__ import annotations

from chalknet.diagnose.signal_propagation import SignalPropagation, signal_propagation
from chalknet.studies.setting import Setting
from chalknet.studies.study import Row, Verdict

__all__ = ["initialization"]

WIDTH, DRAWS = 200, 100


def initialization(setting: Setting) -> list[Row]:
    """Five answers, each with the variance measured on many random networks."""
    setting.progress("nyu-s25 Q2: drawing networks")
    linear = signal_propagation(
        [WIDTH] * 4, activation="identity", init="lecun_normal", draws=DRAWS
    )
    relu = signal_propagation([WIDTH] * 4, activation="relu", init="he_normal", draws=DRAWS)
    unequal = signal_propagation(
        [100, 300, 100], activation="identity", init="glorot_normal", draws=DRAWS
    )
    return [
        _row("(a)", "var(a) = n_in σ² v²", "n_in σ² v²", linear, "forward"),
        _row("(b)", "σ² = 1/n_in keeps it", "1/n_in", linear, "forward"),
        _row("(c)", "behind a ReLU σ² = 2/n_in keeps it", "2/n_in", relu, "forward"),
        _row("(d)", "var(∂x) = n_out σ² g²", "n_out σ² g²", linear, "backward"),
        _row("(e)", "the compromise", "2/(n_in + n_out)", unequal, "backward"),
    ]


def _row(table: str, row: str, answer: str, found: SignalPropagation, way: str) -> Row:
    """The published formula, proved; and the second layer's variance as measured."""
    signal = getattr(found.layers[1], way)
    measured = f"{signal.measured:.4g} measured, {signal.predicted:.4g} predicted"
    return Row(
        table=f"Q2 {table}",
        row=row,
        published=answer,
        ours=f"the same, proved; {measured}",
        verdict=Verdict.EXACT if signal.agrees else Verdict.DIFFERS,
        reason=f"{way} variance of layer 2 over {DRAWS} networks of width {found.widths[1]}"
        + ("" if signal.agrees else ": outside the band"),
    )
