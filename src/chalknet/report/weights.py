"""The first layer's weights: as images where the inputs are images, else feature by feature."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.model import Model
from chalknet.pages import clean
from chalknet.report.images import Pictures, weight_picture
from chalknet.report.wording import figure

__all__ = ["weights_section"]

Array = npt.NDArray[Any]
NEURONS, FEATURES = 64, 20
FULL_COLOUR = 99.5  # per cent of the weights that the colour scale covers


def weights_section(model: Model, pictures: Pictures | None) -> dict[str, Any]:
    """What the first layer looks at."""
    W = model.network.layers[0].W.astype(np.float64)
    if pictures is None or max(pictures.shape[:2]) > 2 * pictures.side:
        return _by_feature(model, W)
    size = np.linalg.norm(W, axis=0)
    neurons = np.sort(np.argsort(-size, kind="stable")[:NEURONS])
    limit = float(np.percentile(np.abs(W[:, neurons]), FULL_COLOUR)) or 1.0
    return {
        "pictures": [
            {"number": int(n) + 1, "src": weight_picture(W[:, n], pictures.shape, limit)}
            for n in neurons
        ],
        "total": W.shape[1],
        "limit": figure(limit, 2),
        "colour": pictures.shape[2] != 1,
    }


def _by_feature(model: Model, W: Array) -> dict[str, Any]:
    size = np.linalg.norm(W, axis=1)
    features = np.argsort(-size, kind="stable")[:FEATURES]
    largest = float(size.max()) or 1.0
    names = model.feature_names
    return {
        "features": [
            {
                "name": clean(names[f]) if names else f"column {f + 1}",
                "size": figure(float(size[f]), 3),
                "bar": f"{size[f] / largest:.4f}",
            }
            for f in features
        ],
        "total": W.shape[0],
        "standardised": bool(np.ndim(model.preprocessing.divisor)),
    }
