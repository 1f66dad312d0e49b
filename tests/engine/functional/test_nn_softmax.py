"""softmax, logsoftmax and logsumexp against PyTorch."""

import numpy as np
import pytest
import torch
from tests.engine.api.signatures import check_signature
from tests.engine.functional.against_torch import check

import tengen.functional as F
from tengen.base.errors import ArgumentError
from tengen.tensor import Tensor

COVERS = tuple(f"tengen.functional.nn.{name}" for name in ("logsoftmax", "logsumexp", "softmax"))

rng = np.random.default_rng(17)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4), (9, 7, 40)])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_along_one_axis(shape, axis):
    x = rng.standard_normal(shape) * 5
    check(lambda x: F.softmax(x, axis), lambda x: torch.softmax(x, axis), x)
    check(lambda x: F.logsoftmax(x, axis), lambda x: torch.log_softmax(x, axis), x)
    for keep in (False, True):
        check(
            lambda x, k=keep: F.logsumexp(x, axis, k),
            lambda x, k=keep: torch.logsumexp(x, axis, k),
            x,
        )


def test_along_several_axes():
    x = rng.standard_normal((2, 3, 4))

    def flat(function):
        return lambda x: (
            function(x.transpose(0, 1).reshape(3, 8), 1).reshape(3, 2, 4).transpose(0, 1)
        )

    check(lambda x: F.softmax(x, [0, 2]), flat(torch.softmax), x)
    check(lambda x: F.logsoftmax(x, (0, -1)), flat(torch.log_softmax), x)
    check(lambda x: F.logsumexp(x, (0, 2)), lambda x: torch.logsumexp(x, (0, 2)), x)


@pytest.mark.parametrize("ndim, axis", [(1, 0), (2, 1), (3, 0), (4, 1)])
def test_softmax_chooses_the_axis_by_the_number_of_axes(ndim, axis):
    x = rng.standard_normal((3,) * ndim)
    np.testing.assert_allclose(F.softmax(Tensor(x)).numpy().sum(axis), 1, rtol=1e-5)


def test_extreme_values():
    x = Tensor([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4]])
    np.testing.assert_allclose(F.softmax(x, 1).numpy(), [[1, 0, 0], [1 / 3] * 3], rtol=1e-6)
    np.testing.assert_allclose(F.logsumexp(x, 1).numpy(), [1e4, np.log(3) - 1e4], rtol=1e-6)
    masked = Tensor([[-np.inf, 0.0, -np.inf]])
    np.testing.assert_array_equal(F.softmax(masked, 1).numpy(), [[0, 1, 0]])
    assert F.logsumexp(Tensor([-np.inf, -np.inf]), 0).item() == -np.inf
    assert F.softmax(Tensor(3.0)).item() == 1


def test_half_precision():
    x = rng.standard_normal((4, 300))
    got = F.softmax(Tensor(x, dtype="float16"), 1)
    assert got.dtype == np.float16
    want = torch.softmax(torch.tensor(x), 1).numpy()
    np.testing.assert_allclose(got.numpy(), want, rtol=5e-3, atol=1e-4)


def test_bad_axis():
    with pytest.raises(ArgumentError, match=r"\[softmax\] axis 2 does not exist"):
        F.softmax(Tensor([[1.0]]), 2)
