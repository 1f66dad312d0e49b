"""Activations against PyTorch, values and gradients."""

import numpy as np
import pytest
import torch
import torch.nn.functional as T
from tests.engine.api.signatures import check_signature
from tests.engine.functional.against_torch import check

import tengen.functional as F
from tengen.tensor import Tensor

SAME = {
    "relu": T.relu,
    "relu6": T.relu6,
    "sigmoid": torch.sigmoid,
    "hsigmoid": lambda x: T.relu6(x + 3) / 6,
    "hswish": T.hardswish,
    "silu": T.silu,
    "gelu": T.gelu,
    "softplus": T.softplus,
    "logsigmoid": T.logsigmoid,
    "leaky_relu": T.leaky_relu,
}

COVERS = (*(f"tengen.functional.nn.{name}" for name in SAME), "tengen.functional.nn.prelu")

rng = np.random.default_rng(13)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


@pytest.mark.parametrize("name", SAME)
@pytest.mark.parametrize("shape", [(), (0, 3), (5, 7), (2, 24, 30, 30)])
def test_activation(name, shape):
    x = rng.standard_normal(shape) * 4
    reference = SAME[name]
    if name == "softplus":
        reference = lambda x: T.softplus(x, threshold=1e3)  # noqa: E731
    check(getattr(F, name), reference, np.asarray(x))


def test_slopes():
    x, w = rng.standard_normal((2, 3, 4)), rng.standard_normal(3)
    check(lambda x: F.leaky_relu(x, 0.3), lambda x: T.leaky_relu(x, 0.3), x)
    check(lambda x, w: F.prelu(x, w.reshape(1, 3, 1)), lambda x, w: T.prelu(x, w), x, w)
    check(
        lambda x, w: F.leaky_relu(x, w), lambda x, w: torch.where(x > 0, x, x * w),
        x, rng.standard_normal((4,)),
    )  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_integers_become_floats_and_large_arguments_stay_finite(name):
    y = getattr(F, name)(Tensor(np.array([-1000, 0, 1000], "int32")))
    assert y.dtype == np.float32
    assert np.isfinite(y.numpy()).all()
