"""Sums and means of large arrays by library kernels, against float64."""

import numpy as np
import pytest

import tengen as tg
from tengen.base.layout import Layout
from tengen.kernels.onednn import library
from tengen.ops import reduce
from tengen.runtime.plan import convert, plans
from tengen.tensor import Tensor

OPS = {"sum": (reduce.sum, np.sum), "mean": (reduce.mean, np.mean)}


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize(
    ("shape", "axis", "family"),
    [
        ((40, 1000), (1,), "onednn"),
        ((40, 1000), (-1,), "onednn"),
        ((4, 10, 50, 20), (2, 3), "onednn"),
        ((100_003,), None, "onednn"),
        ((100_003,), (0,), "onednn"),
        ((1, 8193 * 5), (1,), "onednn"),
        ((4, 5 * 4096), (1,), "onednn"),
        ((90, 400), (1,), "onednn"),
        ((4, 10_007), (1,), "numpy"),
        ((10_001, 4), (1,), "numpy"),
        ((1000, 40), (0,), "numpy"),
        ((30, 40, 50), (0, 2), "numpy"),
    ],
)
@pytest.mark.parametrize("keepdims", [False, True])
def test_large_reductions(name, shape, axis, family, keepdims):
    if family == "onednn" and not library.available():
        pytest.skip(library.why_not())
    op, reference = OPS[name]
    x = np.random.default_rng(1).uniform(0, 1, shape).astype("float32")
    plans.clear()
    got = op(Tensor(x), axis=axis, keepdims=keepdims)
    assert {plan.kernel for plan in plans.values() if plan.op is op} == {family}
    want = reference(x.astype("float64"), axis=axis, keepdims=keepdims)
    assert got.shape == want.shape
    np.testing.assert_allclose(got.numpy(), want, rtol=1e-6)


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("channels", [32, 20])
@pytest.mark.parametrize("keepdims", [False, True])
def test_blocked_spatial_reductions(name, channels, keepdims):
    op, reference = OPS[name]
    layout = Layout.parse("aBcd16b")
    x = np.random.default_rng(2).uniform(-1, 1, (4, channels, 25, 20)).astype("float32")
    t = Tensor(x)
    t._buffer = convert(t._buffer, layout, None)
    for axis in ((2, 3), (1, 2), (0, 2, 3), None):
        got = op(t, axis=axis, keepdims=keepdims)
        want = reference(x.astype("float64"), axis=axis, keepdims=keepdims)
        assert got.shape == want.shape
        np.testing.assert_allclose(
            got.numpy(), want, rtol=1e-5, atol=1e-4 if name == "sum" else 1e-7
        )


def test_strided_and_special_values():
    x = np.random.default_rng(3).uniform(-1, 1, (300, 400)).astype("float32")
    t = Tensor(x)
    np.testing.assert_allclose(reduce.sum(t.T, axis=(1,)).numpy(), x.sum(0), rtol=1e-4, atol=1e-4)
    x[0, 0] = np.nan
    assert np.isnan(reduce.sum(Tensor(x)).item())
    x[0, 0] = np.inf
    assert reduce.mean(Tensor(x)).item() == np.inf
    with tg.config.override(backends="numpy"):
        assert reduce.sum(Tensor(x)).item() == np.inf
