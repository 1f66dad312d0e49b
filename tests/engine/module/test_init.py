"""Initial values: the formulas, the distributions, and what stays."""

import math

import numpy as np
import pytest
from tests.engine.api.signatures import check_signature

import tengen as tg
from tengen.base.errors import ArgumentError
from tengen.module import init

COVERS = tuple(
    f"tengen.module.init.{name}"
    for name in (
        "calculate_correct_fan", "calculate_fan_in_and_fan_out", "calculate_gain", "fill_",
        "msra_normal_", "msra_uniform_", "normal_", "ones_", "uniform_", "xavier_normal_",
        "xavier_uniform_", "zeros_",
    )
)  # fmt: skip
SHAPE = (120, 80, 3, 3)
IN, OUT = 80 * 9, 120 * 9


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


@pytest.fixture
def weight():
    tg.random.seed(11)
    return tg.Parameter(np.zeros(SHAPE, "float32"))


def test_constants(weight):
    init.fill_(weight, 2.5)
    assert (weight.numpy() == 2.5).all()
    init.ones_(weight)
    assert (weight.numpy() == 1).all()
    init.zeros_(weight)
    assert not weight.numpy().any()
    assert isinstance(weight, tg.Parameter)


def test_data_type_shape_and_device_stay():
    for kind in ("float16", "float64", "int32"):
        tensor = tg.Tensor(np.zeros((2, 3)), dtype=kind)
        init.fill_(tensor, 3)
        assert (tensor.dtype.name, tensor.shape) == (kind, (2, 3))
        init.uniform_(tensor, 0, 100)
        assert (tensor.dtype.name, tensor.shape) == (kind, (2, 3))


def even(values, low, high):
    assert low <= values.min() < low + 0.01 * (high - low)
    assert high - 0.01 * (high - low) < values.max() <= high
    np.testing.assert_allclose(values.mean(), (low + high) / 2, atol=0.01 * (high - low))
    np.testing.assert_allclose(values.std(), (high - low) / math.sqrt(12), rtol=0.01)


def bell(values, mean, std):
    np.testing.assert_allclose(values.mean(), mean, atol=0.02 * std)
    np.testing.assert_allclose(values.std(), std, rtol=0.01)
    np.testing.assert_allclose((np.abs(values - mean) < std).mean(), 0.6827, atol=0.01)


def test_plain_draws(weight):
    init.uniform_(weight, -3, 5)
    even(weight.numpy(), -3, 5)
    init.uniform_(weight)
    even(weight.numpy(), 0, 1)
    init.normal_(weight, 2, 0.5)
    bell(weight.numpy(), 2, 0.5)
    init.normal_(weight)
    bell(weight.numpy(), 0, 1)


def test_xavier(weight):
    bound = 3 * math.sqrt(6 / (IN + OUT))
    init.xavier_uniform_(weight, gain=3)
    even(weight.numpy(), -bound, bound)
    init.xavier_normal_(weight, gain=3)
    bell(weight.numpy(), 0, 3 * math.sqrt(2 / (IN + OUT)))


@pytest.mark.parametrize(("mode", "fan"), [("fan_in", IN), ("fan_out", OUT)])
@pytest.mark.parametrize(
    ("a", "kind", "gain"),
    [(0, "relu", math.sqrt(2)), (0.5, "leaky_relu", math.sqrt(2 / 1.25)), (0, "tanh", 5 / 3)],
)
def test_msra(weight, mode, fan, a, kind, gain):
    bound = gain * math.sqrt(3 / fan)
    init.msra_uniform_(weight, a, mode, kind)
    even(weight.numpy(), -bound, bound)
    init.msra_normal_(weight, a, mode, kind)
    bell(weight.numpy(), 0, gain / math.sqrt(fan))


def test_gains():
    for name in ("linear", "conv2d", "conv_transpose3d", "sigmoid"):
        assert init.calculate_gain(name) == 1
    assert init.calculate_gain("leaky_relu") == math.sqrt(2 / (1 + 0.01**2))
    assert init.calculate_gain("leaky_relu", 1) == 1
    with pytest.raises(ArgumentError, match="nonlinearity is one of"):
        init.calculate_gain("step")
    with pytest.raises(ArgumentError, match="slope"):
        init.calculate_gain("leaky_relu", True)


def test_fans():
    fans = init.calculate_fan_in_and_fan_out
    assert fans(tg.Tensor(np.zeros((4, 7)))) == (7, 4)
    assert fans(tg.Tensor(np.zeros((4, 7, 3)))) == (21, 12)
    assert fans(tg.Tensor(np.zeros((2, 4, 7, 3, 3)))) == (63, 36)
    assert init.calculate_correct_fan(tg.Tensor(np.zeros((4, 7))), "FAN_OUT") == 4
    with pytest.raises(ArgumentError, match="at least 2 dimensions"):
        fans(tg.Tensor(np.zeros(4)))
    with pytest.raises(ArgumentError, match="fan_in or fan_out"):
        init.calculate_correct_fan(tg.Tensor(np.zeros((4, 7))), "fan")


def test_a_seed_repeats_the_draw(weight):
    tg.random.seed(5)
    init.normal_(weight)
    first = weight.numpy()
    tg.random.seed(5)
    init.normal_(weight)
    np.testing.assert_array_equal(weight.numpy(), first)
