"""What a run found, as text for people and as JSON for programs."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.measure import Result, Row
from benchmarks.peak import Peak

HEAD = ("", "seconds", "from – to", "÷ chalknet", "GFLOP/s", "of peak", "accuracy")
FORMAT = "  {:<22}{:>10}  {:>19}{:>12}{:>9}{:>9}{:>10}"


def table(result: Result, peak: Peak) -> str:
    """One line a library: median, spread, ratio to chalknet, rate, share of the peak, accuracy."""
    lines = [
        f"{result.name}  {result.title}, {result.dtype}, {result.flop / 1e9:.3g} GFLOP",
        FORMAT.format(*HEAD),
        *(_line(result, row, peak) for row in result.rows),
    ]
    return "\n".join(line.rstrip() for line in lines)


def _line(result: Result, row: Row, peak: Peak) -> str:
    if not row.seconds:
        return f"  {row.title:<22}{row.objection}"
    ratio, rate = result.ratio(row), result.flop / row.median / 1e9
    line = FORMAT.format(
        row.title,
        seconds(row.median),
        f"{seconds(min(row.seconds))} – {seconds(max(row.seconds))}",
        f"{ratio:.2f}" if ratio else "",
        f"{rate:.3g}",
        f"{rate / peak.gflops:.0%}",
        f"{row.score.accuracy:.4f}" if row.score else "",
    )
    return f"{line}  {row.objection}" if row.objection else line


def seconds(value: float) -> str:
    """Three digits, in the unit that suits."""
    for factor, unit in ((1, "s"), (1e3, "ms")):
        if value * factor >= 1:
            return f"{_three_digits(value * factor)} {unit}"
    return f"{_three_digits(value * 1e6)} µs"


def _three_digits(value: float) -> str:
    before_the_point = math.floor(math.log10(value)) + 1 if value > 0 else 1
    return f"{value:.{max(0, 3 - max(1, before_the_point))}f}"


def as_data(result: Result, peak: Peak) -> dict[str, Any]:
    return {
        "name": result.name,
        "title": result.title,
        "dtype": result.dtype,
        "flop": result.flop,
        "rows": [_row_as_data(result, row, peak) for row in result.rows],
    }


def _row_as_data(result: Result, row: Row, peak: Peak) -> dict[str, Any]:
    data = asdict(row)
    if row.seconds:
        rate = result.flop / row.median / 1e9
        data |= {
            "median": row.median,
            "ratio_to_chalknet": result.ratio(row),
            "gflops": rate,
            "fraction_of_peak": rate / peak.gflops,
        }
    return data


def write_json(path: Path, data: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False, default=str) + "\n")
