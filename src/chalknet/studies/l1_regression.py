"""nyu-f23 P2: ‖Xw − y‖₁ has a minimum, and subgradient descent comes to it."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.data.dataset import Dataset
from chalknet.derive.catalogue import derive
from chalknet.network import Network
from chalknet.operations.losses import AbsoluteError
from chalknet.studies.setting import Setting
from chalknet.studies.study import Result, Row, Verdict
from chalknet.training.loop import Training
from chalknet.training.optimizers import Adam
from chalknet.training.schedules import Cosine

__all__ = ["l1_regression"]


def l1_regression(setting: Setting) -> Result:
    """‖Xw − y‖₁ by its linear program and by a network without hidden layer."""
    from scipy.optimize import linprog

    rng = np.random.default_rng(0)
    n, c = 200, 5
    X = rng.normal(size=(n, c))
    y = X @ rng.normal(size=c) + rng.laplace(scale=0.5, size=n)
    # min Σ t with −t ≤ Xw − y ≤ t, over (w, t).
    identity = np.eye(n)
    program = linprog(
        np.r_[np.zeros(c), np.ones(n)],
        A_ub=np.block([[X, -identity], [-X, -identity]]),
        b_ub=np.r_[y, -y],
        bounds=[(None, None)] * c + [(0, None)] * n,
    )
    network = Network.dense([c, 1], init="zeros", rng=rng, dtype=np.float64)
    network.layers[0].b[...] = 0.0
    setting.progress("nyu-f23 P2: descending along subgradients")
    _descend(network, X, y)
    reached = float(np.abs(X @ network.layers[0].W[:, 0] + network.layers[0].b[0] - y).sum())
    return Result(
        rows=[
            Row(
                table="P2",
                row="can ‖Xw − y‖₁ be minimised?",
                published="no: not differentiable, non-convex",
                ours="yes: it is convex, and its minimum is the solution of a linear program",
                verdict=Verdict.DIFFERS,
                reason="a kink is no obstacle to convexity, and Xᵀ sign(Xw − y) is a subgradient",
            ),
            Row(
                table="P2",
                row="minimum on 200 random samples",
                published="",
                ours=f"linear program {program.fun:.4f}, network {reached:.4f}",
                verdict=Verdict.SHOWN if reached <= program.fun * 1.001 else Verdict.DIFFERS,
                reason="the network must come within 1e-3 of the linear program",
            ),
        ],
        explanations=[derive("absolute-error-subgradient")],
    )


def _descend(network: Network, X: Any, y: Any) -> None:
    """Subgradient descent with a rate that falls to 0; without a bias, as the problem states it."""
    data = Dataset(X, y, name="L1 regression")
    training = Training(
        network,
        data,
        loss=AbsoluteError(),
        optimizer=Adam(learning_rate=0.05),
        epochs=2000,
        batch_size=len(data),
        rng=np.random.default_rng(0),
        shuffle=False,
        schedule=Cosine(),
        engine="reference",
    )
    for _ in training:
        network.layers[0].b[...] = 0.0
