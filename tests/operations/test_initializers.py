"""Initializers: the draws they promise, and the distributions they are named for."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy import stats

from chalknet.errors import ConfigurationError
from chalknet.network import Network
from chalknet.operations.initializers import INITIALIZERS, as_initializer

SIZES = [(784, 256), (30, 70), (70, 30), (5, 1), (1, 5), (1, 1)]

# From the papers: the variance of W for (fan_in, fan_out).
NORMAL = {
    "he_normal": lambda i, o: 2 / i,
    "glorot_normal": lambda i, o: 2 / (i + o),
    "lecun_normal": lambda i, o: 1 / i,
    "max_fan_normal": lambda i, o: 1 / max(i, o),
    "normal": lambda i, o: 0.01**2,
    "normal(0.3)": lambda i, o: 0.3**2,
}
UNIFORM = {
    "he_uniform": lambda i, o: 2 / i,
    "glorot_uniform": lambda i, o: 2 / (i + o),
}


def many(scheme: str, fan_in: int, fan_out: int, draws: int) -> npt.NDArray[np.float64]:
    rng = np.random.default_rng(11)
    return np.concatenate(
        [as_initializer(scheme)(rng, fan_in, fan_out)[0].ravel() for _ in range(draws)]
    )


# the stream --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", NORMAL)
def test_a_layer_is_one_normal_draw(scheme: str, size: tuple[int, int]) -> None:
    W, b = as_initializer(scheme)(np.random.default_rng(3), *size)
    std = np.sqrt(NORMAL[scheme](*size))
    expected = np.random.default_rng(3).normal(0, std, size)
    assert W.dtype == b.dtype == np.float64
    assert np.allclose(W, expected, rtol=4e-16, atol=0)
    assert np.array_equal(b, np.zeros(size[1]))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", UNIFORM)
def test_a_layer_is_one_uniform_draw(scheme: str, size: tuple[int, int]) -> None:
    W, b = as_initializer(scheme)(np.random.default_rng(3), *size)
    limit = np.sqrt(3 * UNIFORM[scheme](*size))
    expected = np.random.default_rng(3).uniform(-limit, limit, size)
    assert np.allclose(W, expected, rtol=1e-14, atol=1e-16)
    assert np.array_equal(b, np.zeros(size[1]))


WIDTHS = [7, 5, 4, 3]
PROMISED = {
    "he_normal": lambda rng, i, o: rng.normal(0, np.sqrt(2 / i), (i, o)),
    "max_fan_normal": lambda rng, i, o: rng.normal(0, np.sqrt(1 / max(i, o)), (i, o)),
    "normal(0.5)": lambda rng, i, o: rng.normal(0, 0.5, (i, o)),
    "glorot_uniform": lambda rng, i, o: rng.uniform(
        -np.sqrt(6 / (i + o)), np.sqrt(6 / (i + o)), (i, o)
    ),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("scheme", PROMISED)
def test_a_network_draws_layer_after_layer_and_casts_afterwards(
    scheme: str, dtype: type[np.floating[Any]]
) -> None:
    """The promise that published experiments rely on, bit for bit."""
    rng = np.random.default_rng(80085)
    network = Network.dense(WIDTHS, init=scheme, rng=rng, dtype=dtype)
    fresh = np.random.default_rng(80085)
    for layer, (fan_in, fan_out) in zip(network.layers, [(7, 5), (5, 4), (4, 3)], strict=True):
        expected = PROMISED[scheme](fresh, fan_in, fan_out).astype(dtype)
        assert layer.W.dtype == layer.b.dtype == dtype
        assert np.array_equal(layer.W, expected)
        assert np.array_equal(layer.b, np.zeros(fan_out, dtype=dtype))
    # Not a number more was drawn.
    assert rng.bit_generator.state == fresh.bit_generator.state


def test_torch_default_draws_weights_then_biases() -> None:
    network = Network.dense(
        WIDTHS, init="torch_default", rng=np.random.default_rng(4), dtype=np.float64
    )
    fresh = np.random.default_rng(4)
    for layer in network.layers:
        limit = 1 / np.sqrt(layer.fan_in)
        assert np.array_equal(layer.W, fresh.uniform(-limit, limit, layer.W.shape))
        assert np.array_equal(layer.b, fresh.uniform(-limit, limit, layer.b.shape))


def test_zeros_draws_nothing() -> None:
    rng = np.random.default_rng(0)
    W, b = as_initializer("zeros")(rng, 3, 2)
    assert not W.any()
    assert not b.any()
    assert rng.bit_generator.state == np.random.default_rng(0).bit_generator.state


# the distributions -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(30, 70), (70, 30), (4, 4)])
@pytest.mark.parametrize("scheme", [*NORMAL, *UNIFORM])
def test_moments(scheme: str, size: tuple[int, int]) -> None:
    variance = (NORMAL | UNIFORM)[scheme](*size)
    sample = many(scheme, *size, draws=400_000 // (size[0] * size[1]))
    n = len(sample)
    kurtosis = 3.0 if scheme in NORMAL else 1.8
    # Each within four standard deviations of its estimate.
    assert abs(sample.mean()) <= 4 * np.sqrt(variance / n)
    assert abs(sample.var() / variance - 1) <= 4 * np.sqrt((kurtosis - 1) / n)
    fourth = (96.0 if scheme in NORMAL else 1 / 9 * 81 - 1.8**2) / n
    assert abs((sample**4).mean() / variance**2 - kurtosis) <= 4 * np.sqrt(fourth)


@pytest.mark.parametrize("scheme", [*NORMAL, *UNIFORM])
def test_distribution(scheme: str) -> None:
    sample = many(scheme, 30, 70, draws=50)
    std = np.sqrt((NORMAL | UNIFORM)[scheme](30, 70))
    half_width = np.sqrt(3) * std
    family = stats.norm(0, std) if scheme in NORMAL else stats.uniform(-half_width, 2 * half_width)
    assert stats.kstest(sample, family.cdf).pvalue > 1e-4
    if scheme in UNIFORM:
        assert half_width * 0.999 < np.abs(sample).max() <= half_width


@pytest.mark.parametrize("size", [(784, 32), (32, 10), (3, 200), (1, 50)])
def test_torch_default_is_how_torch_starts(size: tuple[int, int]) -> None:
    """Against ``torch.nn.Linear`` itself: bounds, and a two-sample Kolmogorov-Smirnov test."""
    fan_in, fan_out = size
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    ours, theirs = [], []
    for _ in range(max(1, 20_000 // (fan_in * fan_out))):
        linear = torch.nn.Linear(fan_in, fan_out, dtype=torch.float64)
        theirs.append([linear.weight.detach().numpy().ravel(), linear.bias.detach().numpy()])
        W, b = as_initializer("torch_default")(rng, fan_in, fan_out)
        ours.append([W.ravel(), b])
    limit = 1 / np.sqrt(fan_in)
    for part in (0, 1):
        mine = np.concatenate([pair[part] for pair in ours])
        torchs = np.concatenate([pair[part] for pair in theirs])
        assert np.abs(mine).max() <= limit
        assert np.abs(torchs).max() <= limit * (1 + 1e-6)
        assert stats.ks_2samp(mine, torchs).pvalue > 1e-3
        assert stats.kstest(mine, stats.uniform(-limit, 2 * limit).cdf).pvalue > 1e-3


def test_activations_keep_their_size_through_deep_networks() -> None:
    """What he_normal is for: with relu, the mean square stays what it was, over 20 layers."""
    rng = np.random.default_rng(0)
    network = Network.dense([300] * 21, init="he_normal", rng=rng, dtype=np.float64)
    trace = network.forward(rng.normal(size=(200, 300)))
    squares = [float((A**2).mean()) for A in trace.activations[:-1]]
    assert 0.5 < squares[-1] / squares[0] < 2


# names -------------------------------------------------------------------------------------------


def test_the_initializers_of_the_contract() -> None:
    contract = (
        "he_normal he_uniform glorot_normal glorot_uniform lecun_normal max_fan_normal normal "
        "torch_default zeros"
    )
    assert set(INITIALIZERS) == set(contract.split())


@pytest.mark.parametrize("spec", [*INITIALIZERS, "normal(0.3)", "normal(std=2)"])
def test_spec_reads_back(spec: str) -> None:
    scheme = as_initializer(spec)
    assert as_initializer(scheme.spec) == scheme
    assert str(scheme) == scheme.spec
    assert as_initializer(scheme) is scheme


EVERY = (
    "glorot_normal, glorot_uniform, he_normal, he_uniform, lecun_normal, max_fan_normal, normal, "
    "torch_default, zeros"
)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("he_norm", f"unknown initializer 'he_norm': did you mean 'he_normal'? Known are {EVERY}."),
        ("quux", f"unknown initializer 'quux'. Known are {EVERY}."),
        (None, f"unknown initializer 'None'. Known are {EVERY}."),
        ("he_normal(2)", "initializer 'he_normal(2)': he_normal takes no values."),
        ("normal(1, 2)", "initializer 'normal(1, 2)': normal takes std."),
        ("normal(-1)", "initializer normal: std must be ≥ 0, not -1."),
        ("normal(inf)", "initializer 'normal(inf)': std must be a finite number, not 'inf'."),
    ],
)
def test_messages(spec: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        as_initializer(spec)
    assert str(error.value) == message
