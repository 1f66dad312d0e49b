"""oneDNN's bfloat16 convolutions and products against float64, and casts of blocked data."""

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
from tengen.base.layout import Layout
from tengen.kernels.onednn import library
from tengen.ops.convolution import channel_sum
from tengen.ops.shape import cast
from tengen.runtime.buffer import make_tag
from tengen.runtime.plan import convert

pytestmark = pytest.mark.skipif(
    not library.available() or not library.has_bfloat16(), reason="oneDNN has no bfloat16 here"
)
rng = np.random.default_rng(2)


def halves(*shape):
    """A bfloat16 tensor and the same numbers in float64."""
    made = tg.Tensor(rng.standard_normal(shape, np.float32)).astype("bfloat16")
    return made, made.astype("float64")


def near(found, expected):
    assert found.dtype.name == "bfloat16"
    want = expected.numpy()
    np.testing.assert_allclose(
        found.astype("float64").numpy(), want, rtol=2**-7, atol=2**-7 * np.abs(want).max()
    )


def kernels_of(call):
    """The kernels that a traced call took, by operator."""
    traced = tg.jit.trace(call, profiling=True)
    traced()
    traced()
    steps = traced.get_profile()["steps"]
    return {step["op"]: step["kernel"] for step in steps if step["kernel"] != "layout"}


@pytest.mark.parametrize("transposed", [False, True])
def test_products(transposed):
    a, wide_a = halves(3, 48, 64)
    b, wide_b = halves(*((40, 64) if transposed else (64, 40)))
    near(F.matmul(a, b, transpose_b=transposed), F.matmul(wide_a, wide_b, transpose_b=transposed))
    bias, wide_bias = halves(40)
    rows, wide_rows = halves(56, 64)
    weight, wide_weight = halves(40, 64)
    near(F.linear(rows, weight, bias), F.linear(wide_rows, wide_weight, wide_bias))
    found = kernels_of(lambda: F.relu(F.linear(rows, weight, bias)))
    assert all("onednn" in kernel for op, kernel in found.items() if "matmul" in op), found


@pytest.mark.parametrize("groups", [1, 4])
def test_convolutions_and_their_gradients(groups):
    x, wide_x = halves(2, 16, 9, 9)
    shape = (32, 16, 3, 3) if groups == 1 else (groups, 8, 4, 3, 3)
    weight, wide_weight = halves(*shape)

    def gradients(x, weight):
        gm = tg.autodiff.GradManager().attach([x, weight])
        with gm:
            y = F.conv2d(x, weight, stride=2, padding=1, groups=groups)
            gm.backward(y)
        return y, x.grad, weight.grad

    for found, expected in zip(gradients(x, weight), gradients(wide_x, wide_weight), strict=True):
        near(found, expected)
    found = kernels_of(lambda: F.relu(F.conv2d(x, weight, padding=1, groups=groups)))
    assert all("onednn" in kernel for op, kernel in found.items() if "convolution" in op), found


@pytest.mark.parametrize("channels", [16, 13])
def test_blocked_data_is_cast_as_it_lies(channels):
    layout = Layout((0, 1, 2, 3), ((1, 16),))
    x = tg.Tensor(rng.standard_normal((2, channels, 5, 4), np.float32))
    want = x.astype("bfloat16").numpy()
    x._buffer = convert(x._buffer, layout, make_tag("data", 0))
    low = cast(x, dtype=np.dtype(want.dtype))
    assert low._buffer.type.layout is layout
    np.testing.assert_array_equal(low.numpy(), want)
    again = cast(low, dtype=np.dtype("float32"))
    assert (
        again._buffer.type.layout is layout and not again._buffer.array[:, -1, ..., channels:].any()
    )
    np.testing.assert_array_equal(again.numpy(), want.astype("float32"))


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("channels", [32, 13])
def test_blocked_data_is_summed_as_it_lies(channels, keepdims):
    layout = Layout((0, 1, 2, 3), ((1, 16),))
    x, wide = halves(3, channels, 5, 7)
    x._buffer = convert(x._buffer, layout, make_tag("data", 0))
    found = channel_sum(x, keepdims=keepdims)
    assert found.shape == ((1, channels, 1, 1) if keepdims else (channels,))
    assert kernels_of(lambda: channel_sum(x, keepdims=keepdims))["channel_sum"] == "numpy on tiles"
    near(found, F.sum(wide, axis=(0, 2, 3), keepdims=keepdims))
