"""The same gradients by PyTorch's automatic differentiation, in float64."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from oracles import torch_forward
from oracles.problem import GradientsOf
from oracles.random_networks import ACTIVATIONS, LOSSES, random_problem

TOLERANCE = 1e-12


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients(gradients_of: GradientsOf, activation: str, loss: str) -> None:
    for outputs, weighted in itertools.product((1, 3), (False, True)):
        problem = random_problem(activation, loss, outputs=outputs, weighted=weighted, seed=100)
        value, parameters, X = torch_forward.autograd(problem)
        answer = gradients_of(problem)
        largest = max(np.abs(parameters).max(), np.abs(X).max())
        assert answer.loss == pytest.approx(value, rel=1e-12, abs=1e-14)
        assert np.abs(answer.parameters - parameters).max() <= TOLERANCE * largest
        if answer.X is not None:
            assert np.abs(answer.X - X).max() <= TOLERANCE * largest


@pytest.mark.parametrize("kinked", ["relu", "leaky_relu", "elu", "selu"])
def test_torch_has_the_same_conventions_at_a_kink(kinked: str) -> None:
    """relu′(0) = 0 and the others' left slopes are not chalknet's own invention."""
    from chalknet.operations.activations import as_activation

    z = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    torch_forward.ACTIVATIONS[kinked](z, *ACTIVATIONS[kinked]).sum().backward()
    values = ", ".join(map(str, ACTIVATIONS[kinked]))
    ours = as_activation(f"{kinked}({values})").derivative(np.zeros(1))
    assert z.grad is not None
    assert ours[0] == pytest.approx(float(z.grad[0]), rel=1e-15)
