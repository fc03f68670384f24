"""What the losses refuse, and in which words; a shape that does not fit is never broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chalknet.errors import ConfigurationError, ShapeError, TargetError
from chalknet.operations.losses import (
    LOSSES,
    HalfSquaredError,
    Huber,
    Loss,
    MeanSquaredError,
    Poisson,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    as_loss,
)

ALL = [*LOSSES, "huber(0.5)"]
ELEMENTWISE = [name for name in LOSSES if name != "softmax_cross_entropy"]

# shapes: never a broadcast -----------------------------------------------------------------------


@given(
    name=st.sampled_from(ELEMENTWISE),
    n=st.integers(1, 4),
    K=st.integers(1, 4),
    shape=st.lists(st.integers(1, 4), min_size=0, max_size=3).map(tuple),
)
@settings(max_examples=300, deadline=None)
def test_any_other_shape_of_targets_is_refused(
    name: str, n: int, K: int, shape: tuple[int, ...]
) -> None:
    assume(shape != (n, K) and not (K == 1 and shape == (n,)))
    with pytest.raises(ShapeError) as error:
        as_loss(name).value_and_grad(np.zeros((n, K)), np.ones(shape))
    or_flat = f" or ({n},)" if K == 1 else ""
    assert str(error.value) == (
        f"{name} with {n} samples and {K} outputs takes targets ({n}, {K}){or_flat}, "
        f"but targets have shape {shape}."
    )


@given(
    n=st.integers(1, 4),
    K=st.integers(1, 4),
    shape=st.lists(st.integers(1, 4), min_size=0, max_size=3).map(tuple),
)
@settings(max_examples=200, deadline=None)
def test_any_other_shape_of_classes_is_refused(n: int, K: int, shape: tuple[int, ...]) -> None:
    assume(shape not in ((n, K), (n,)))
    with pytest.raises(ShapeError) as error:
        SoftmaxCrossEntropy().value_and_grad(np.zeros((n, K)), np.zeros(shape, dtype=int))
    assert str(error.value) == (
        f"softmax cross entropy with {n} samples and {K} outputs takes class indices ({n},) or "
        f"probabilities ({n}, {K}), but targets have shape {shape}."
    )


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_flat_targets_are_a_column_when_there_is_one_output(name: str) -> None:
    o, t = np.linspace(-2, 2, 5)[:, None], np.array([0, 1, 0, 1, 1])
    flat, column = (as_loss(name).value_and_grad(o, shape) for shape in (t, t[:, None]))
    assert flat[0] == column[0]
    assert np.array_equal(flat[1], column[1])


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("shape", [(), (3,), (3, 1, 1)])
def test_output_must_be_a_matrix(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError) as error:
        as_loss(name).value(np.zeros(shape), [0, 0, 0])
    assert str(error.value) == f"output must have shape (n, K), but has shape {shape}."


@pytest.mark.parametrize("name", ALL)
def test_no_samples(name: str) -> None:
    with pytest.raises(ShapeError) as error:
        as_loss(name).value(np.zeros((0, 1)), np.zeros(0, dtype=int))
    assert str(error.value) == "a loss is a mean over samples, but output has no rows."


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("shape", [(), (1,), (4,), (3, 1), (1, 3)])
def test_other_shapes_of_weights_are_refused(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError) as error:
        as_loss(name).value(np.zeros((3, 1)), [0, 0, 0], np.ones(shape))
    assert str(error.value) == f"sample_weight must have shape (3,), but has shape {shape}."


# values that cannot be ---------------------------------------------------------------------------

O3, O1 = np.zeros((2, 3)), np.zeros((2, 1))
ROWS = "each row of target probabilities must be non-negative and sum to 1."
REFUSED_CLASSES: list[tuple[Any, str]] = [
    ([0.0, 1.0], "class indices must be integers, but targets are float64."),
    ([True, False], "class indices must be integers, but targets are bool."),
    ([0, 3], "target 1 is class 3, but 3 outputs have the classes 0 … 2."),
    ([-1, 0], "target 0 is class -1, but 3 outputs have the classes 0 … 2."),
    ([["a", "b", "c"]] * 2, "target probabilities must be numbers, but targets are <U1."),
    ([[1.0, 0.0, 0.0], [0.5, 0.5, 0.5]], ROWS),
    ([[1.0, 0.0, 0.0], [1.5, -0.5, 0.0]], ROWS),
    ([[1.0, 0.0, 0.0], [np.nan, 0.5, 0.5]], ROWS),
    ([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]], ROWS),
]
REFUSED_NUMBERS: list[tuple[Loss, Any, str]] = [
    (Poisson(), [1, -2], "poisson takes targets ≥ 0, but one is -2."),
    (HalfSquaredError(), [1, np.nan], "half_squared_error takes finite targets, but one is nan."),
    (MeanSquaredError(), [1, -np.inf], "mean_squared_error takes finite targets, but one is -inf."),
    (Huber(), ["a", "b"], "huber takes numbers as targets, not <U1."),
    (Huber(), [1j, 2], "huber takes numbers as targets, not complex128."),
    (Huber(), [None, 2], "huber takes numbers as targets, not object."),
    *(
        (
            SigmoidCrossEntropy(),
            [0, bad],
            f"sigmoid cross entropy takes targets 0 and 1, but one is {bad}; "
            "encode two classes as 0 and 1.",
        )
        for bad in (-1, 2, 255)
    ),
]


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_weights_must_be_finite_and_not_negative(bad: float) -> None:
    with pytest.raises(TargetError) as error:
        MeanSquaredError().value(O3, O3, [1.0, bad])
    assert str(error.value) == "every sample weight must be a finite number ≥ 0."


@pytest.mark.parametrize(("targets", "message"), REFUSED_CLASSES)
def test_classes_that_cannot_be(targets: Any, message: str) -> None:
    with pytest.raises(TargetError) as error:
        SoftmaxCrossEntropy().value_and_grad(O3, targets)
    assert str(error.value) == message


@pytest.mark.parametrize(("loss", "targets", "message"), REFUSED_NUMBERS)
def test_numbers_that_cannot_be(loss: Loss, targets: Any, message: str) -> None:
    with pytest.raises(TargetError) as error:
        loss.value_and_grad(O1, targets)
    assert str(error.value) == message


# names -------------------------------------------------------------------------------------------


def test_the_losses_of_the_contract() -> None:
    contract = (
        "SoftmaxCrossEntropy SigmoidCrossEntropy MeanSquaredError HalfSquaredError AbsoluteError "
        "Huber Poisson"
    )
    assert {cls.__name__ for cls in LOSSES.values()} == set(contract.split())


@pytest.mark.parametrize("name", ALL)
def test_spec_reads_back(name: str) -> None:
    loss = as_loss(name)
    assert as_loss(loss.spec) == loss
    assert str(loss) == loss.spec
    assert as_loss(loss) is loss
    assert as_loss(name.upper()) == loss


def test_ways_to_write_huber() -> None:
    assert as_loss("huber") == Huber(1.0)
    assert as_loss("huber(0.5)") == as_loss("huber(delta=0.5)") == Huber(0.5)
    assert Huber(0.5).spec == "huber(delta=0.5)"


EVERY = (
    "absolute_error, half_squared_error, huber, mean_squared_error, poisson, "
    "sigmoid_cross_entropy, softmax_cross_entropy"
)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            "mean_square_error",
            "unknown loss 'mean_square_error': did you mean 'mean_squared_error'? "
            f"Known are {EVERY}.",
        ),
        ("quux", f"unknown loss 'quux'. Known are {EVERY}."),
        (None, f"unknown loss 'None'. Known are {EVERY}."),
        ("huber(0.5", f"unknown loss 'huber(0.5': did you mean 'huber'? Known are {EVERY}."),
        ("huber(0)", "huber: delta must be a positive number, not 0."),
        ("huber(a)", "loss 'huber(a)': delta must be a finite number, not 'a'."),
        ("huber(1, 2)", "loss 'huber(1, 2)': huber takes delta."),
        ("poisson(1)", "loss 'poisson(1)': poisson takes no values."),
    ],
)
def test_name_messages(spec: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        as_loss(spec)
    assert str(error.value) == message
