"""Pictures of samples for the pages of the studies: galleries, and bars of probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from chalknet.data.dataset import Dataset
from chalknet.model import Model
from chalknet.pages import render_fragment
from chalknet.report.images import Pictures

__all__ = ["class_bars", "gallery"]

Rows = npt.NDArray[Any]


def gallery(model: Model, data: Dataset, kinds: Mapping[str, Rows], *, count: int = 5) -> Markup:
    """The first samples of each kind, each with what the model says and how sure it is."""
    pictures = Pictures.of(data)
    groups = []
    for name, rows in kinds.items():
        shown = rows[:count]
        sure = model.predict_proba(data.X[shown]).max(axis=1) if len(shown) else []
        groups.append(
            {
                "name": name,
                "total": len(rows),
                "samples": [
                    {"uri": pictures.uri(data.X[row]) if pictures else "", "sure": f"{p:.0%}"}
                    for row, p in zip(shown, sure, strict=True)
                ],
            }
        )
    return _fragment("gallery.html", groups=groups, ink=bool(pictures and pictures.as_ink))


def class_bars(model: Model, data: Dataset, rows: Sequence[int], names: Sequence[str]) -> Markup:
    """Samples, each beside a bar a class for its probability."""
    pictures = Pictures.of(data)
    probabilities = model.predict_proba(data.X[np.asarray(rows)])
    samples = [
        {
            "uri": pictures.uri(data.X[row]) if pictures else "",
            "truth": names[int(data.y[row])],
            "bars": [
                {"name": name, "p": f"{p:.1%}", "width": round(100 * float(p), 1)}
                for name, p in zip(names, ps, strict=True)
            ],
        }
        for row, ps in zip(rows, probabilities, strict=True)
    ]
    return _fragment("bars.html", samples=samples, ink=bool(pictures and pictures.as_ink))


def _fragment(template: str, **content: Any) -> Markup:
    # Autoescaped by the template, so it may go into a page as it is.
    return Markup(render_fragment("chalknet.studies", template, **content))  # noqa: S704
