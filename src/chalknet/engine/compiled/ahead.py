"""Compilation ahead of time: every formula that has a name goes through the usual way once."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.data.preprocessing import Preprocessing
from chalknet.engine.compiled.kernels import network_kernel
from chalknet.engine.compiled.predictor import Predictor
from chalknet.engine.compiled.session import Session
from chalknet.engine.plan import Plan
from chalknet.network import Network
from chalknet.operations.activations import ACTIVATIONS
from chalknet.operations.losses import LOSSES, Loss, SoftmaxCrossEntropy
from chalknet.training.optimizers import OPTIMIZERS, SGD, Optimizer

__all__ = ["compile_ahead"]


def compile_ahead(dtype: np.dtype[Any]) -> None:
    """Compile, or find in the cache, all that networks of ``dtype`` may need.

    A formula of your own is compiled when it is first used.
    """
    network_kernel(dtype)
    for activation in ACTIVATIONS:
        # With dropout even the identity is computed.
        Session(_plan(_network(activation, dtype), dropout=0.5))
    network = _network("identity", dtype)
    for loss in LOSSES.values():
        Session(_plan(network, loss=loss()))
        Predictor(network, Preprocessing(), dtype, loss())
    for optimizer in OPTIMIZERS.values():
        for l2 in (0.0, 1.0):
            settled = optimizer(learning_rate=optimizer.usual_learning_rate)
            Session(_plan(network, optimizer=settled, l2=l2))


def _network(activation: str, dtype: np.dtype[Any]) -> Network:
    rng = np.random.default_rng(0)
    return Network.dense([1, 1, 2], activation=activation, rng=rng, dtype=dtype)


def _plan(
    network: Network,
    *,
    loss: Loss | None = None,
    optimizer: Optimizer | None = None,
    l2: float = 0.0,
    dropout: float = 0.0,
) -> Plan:
    loss, optimizer = loss or SoftmaxCrossEntropy(), optimizer or SGD(learning_rate=0.1)
    is_class = isinstance(loss, SoftmaxCrossEntropy)
    return Plan(
        network=network,
        loss=loss,
        optimizer=optimizer,
        state=optimizer.init(network.parameters),
        preprocessing=Preprocessing(),
        X=np.zeros((2, 1)),
        targets=np.zeros(2, np.int64) if is_class else np.zeros((2, 2)),
        sample_weight=None,
        l2=l2,
        dropout=(dropout,),
    )
