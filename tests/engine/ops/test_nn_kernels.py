"""Library kernels of the network operators on blocked data, against NumPy's text in float64."""

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
from tengen.base.layout import Layout
from tengen.graph.types import TensorType
from tengen.kernels.numba import service
from tengen.kernels.onednn import library
from tengen.ops.convolution import (
    channel_sum,
    convolution,
    convolution_backward_data,
    convolution_backward_weight,
)
from tengen.ops.joining import concat
from tengen.ops.norm import batch_norm, batch_norm_backward
from tengen.ops.pooling import (
    average_pool,
    average_pool_backward,
    max_pool,
    max_pool_backward,
)
from tengen.ops.running import batch_norm_inference
from tengen.runtime.buffer import empty
from tengen.runtime.plan import convert, to_plain
from tengen.tensor import Tensor

pytestmark = pytest.mark.skipif(not library.available(), reason="needs oneDNN")

rng = np.random.default_rng(31)
BLOCKS = (Layout(range(4), ((1, 16),)), Layout(range(4), ((1, 8),)))


def draw(*shape):
    return rng.standard_normal(shape).astype("float32")


def blocked(array, layout):
    """A tensor whose buffer has this layout (None: plain)."""
    made = Tensor(array)
    made._buffer = convert(made._buffer, layout, None)
    assert made._buffer.type.layout is layout
    return made


def compare(op, arrays, layouts, limit=2e-5, **attrs):
    """Run on buffers of the given layouts and compare with NumPy in float64; gives the outputs."""
    tensors = [blocked(a, how) for a, how in zip(arrays, layouts, strict=True)]
    got = op(*tensors, **attrs)
    with tg.config.override(backends="numpy"):
        wide = [Tensor(a, dtype="float64" if a.dtype.kind == "f" else a.dtype) for a in arrays]
        want = op(*wide, **attrs)
    pairs = [(got, want)] if op.single else list(zip(got, want, strict=True))
    for a, b in pairs:
        found, expected = a.numpy(), b.numpy()
        assert found.shape == expected.shape
        scale = max(float(np.abs(expected).max(initial=0)), 1e-3)
        np.testing.assert_allclose(found, expected, rtol=limit, atol=limit * scale)
    return got


WINDOW = {"stride": (2, 1), "padding": (1, 1), "dilation": (1, 1)}


@pytest.mark.parametrize("layout", (None, *BLOCKS))
@pytest.mark.parametrize("channels", (16, 24, 58))
def test_convolutions_take_any_layout(layout, channels):
    x, w, dy = draw(2, channels, 9, 8), draw(20, channels, 3, 3), draw(2, 20, 5, 8)
    compare(convolution, (x, w, draw(20)), (layout, None, None), **WINDOW)
    compare(convolution_backward_data, (dy, w), (layout, None), size=(9, 8), **WINDOW)
    compare(convolution_backward_weight, (x, dy), (layout, BLOCKS[0]), shape=w.shape, **WINDOW)


@pytest.mark.parametrize("layout", (None, *BLOCKS))
@pytest.mark.parametrize("channels", (16, 20))
def test_pooling_follows_the_layout(layout, channels):
    sizes = {"kernel": (3, 2), "stride": (2, 2), "padding": (1, 0)}
    x = rng.permutation(2 * channels * 72).reshape(2, channels, 9, 8).astype("float32")
    y, index = compare(max_pool, (x,), (layout,), **sizes)
    assert y._buffer.type.layout is index._buffer.type.layout is layout
    dx = max_pool_backward(blocked(draw(*y.shape), None), index, size=(9, 8), **sizes)
    assert dx._buffer.type.layout is layout
    for mode in ("average", "average_count_exclude_padding"):
        mean = compare(average_pool, (x,), (layout,), mode=mode, **sizes)
        assert mean._buffer.type.layout is layout
        compare(
            average_pool_backward, (draw(*y.shape),), (layout,), mode=mode, size=(9, 8), **sizes
        )


def test_the_gradient_of_global_pooling_is_blocked_again():
    x = Tensor(draw(2, 32, 8, 8))
    with tg.autodiff.GradManager().attach(x) as gm:
        y = F.avg_pool2d(F.conv2d(x, Tensor(draw(32, 32, 1, 1))), 8)
        gm.backward(F.flatten(y, 1), Tensor(draw(2, 32)))
    dy = average_pool_backward(Tensor(draw(2, 32, 1, 1)), size=(8, 8), kernel=(8, 8), stride=(8, 8))
    assert dy._buffer.type.layout is not None
    assert x.grad.shape == x.shape


@pytest.fixture(params=(("numba,numpy", "never"), ("numba,numpy", "now"), ("onednn,numpy", "now")))
def families(request):
    """Batch norm's two library families, the first before and after it is compiled."""
    backends, compiling = request.param
    before = service.mode()
    service.set_mode(compiling)
    with tg.config.override(backends=backends):
        yield
    service.set_mode(before)


@pytest.mark.parametrize("layout", (None, *BLOCKS))
@pytest.mark.parametrize("channels", (16, 20))
def test_batch_norm_follows_the_layout(families, layout, channels):
    x, dy = draw(3, channels, 7, 6) + 2, draw(3, channels, 7, 6)
    kept = (1, channels, 1, 1)
    w, b = draw(*kept), draw(*kept)
    y, *_ = compare(batch_norm, (x, w, b), (layout, None, None), eps=1e-3)
    mean = x.mean((0, 2, 3), keepdims=True)
    var = x.var((0, 2, 3), keepdims=True)
    dx, *_ = compare(
        batch_norm_backward, (x, dy, mean, var, w), (layout, layout, None, None, None), 1e-4,
        eps=1e-3,
    )  # fmt: skip
    compare(batch_norm_inference, (x, mean, var, w, b), (layout, *[None] * 4))
    compare(channel_sum, (x,), (layout,), keepdims=True)
    assert y._buffer.type.layout is layout
    assert dx._buffer.type.layout is layout
    if layout is not None and channels % 16:
        lanes = np.moveaxis(y._buffer.array, -1, 2).reshape(3, -1, 7, 6)[:, channels:]
        np.testing.assert_array_equal(lanes, 0)


def test_concat_lays_blocked_parts_into_place():
    layout = BLOCKS[0]
    parts = draw(2, 32, 5, 4), draw(2, 16, 5, 4), draw(2, 48, 5, 4)
    y = compare(concat, parts, (layout,) * 3, 1e-12, axis=1)
    assert y._buffer.type.layout is layout
    uneven = draw(2, 20, 5, 4), draw(2, 58, 5, 4), draw(2, 3, 5, 4)
    y = compare(concat, uneven, (layout, layout, None), 1e-12, axis=1)
    assert y._buffer.type.layout is None
    same = draw(2, 20, 5, 4), draw(1, 20, 5, 4)
    y = compare(concat, same, (layout, layout), 1e-12, axis=0)
    assert y._buffer.type.layout is layout
    compare(concat, (draw(2, 20, 5, 4), draw(2, 20, 3, 4)), (layout, layout), 1e-12, axis=-2)


@pytest.mark.parametrize("dtype", ("float32", "float64", "bfloat16", "int32"))
@pytest.mark.parametrize("shape", ((2, 16, 3, 4), (2, 21, 3, 4), (0, 16, 2, 2)))
def test_conversions_between_layouts_are_exact(dtype, shape):
    value = Tensor(rng.integers(-9, 9, shape), dtype=dtype)
    for layout in BLOCKS:
        there = convert(value._buffer, layout, None)
        np.testing.assert_array_equal(to_plain(there), value.numpy())
        other = convert(there, BLOCKS[0], None)
        np.testing.assert_array_equal(to_plain(convert(other, None, None)), value.numpy())


def test_conversion_of_a_strided_view():
    base = draw(4, 5, 32, 2)
    view = Tensor(base)
    view = F.transpose(view, (3, 2, 0, 1))
    assert not view._buffer.array.flags.c_contiguous
    there = convert(view._buffer, BLOCKS[0], None)
    np.testing.assert_array_equal(to_plain(there), base.transpose(3, 2, 0, 1))
    turned = Tensor(base[::-1])
    turned._buffer.array = base[::-1]
    np.testing.assert_array_equal(to_plain(convert(turned._buffer, BLOCKS[1], None)), base[::-1])


def test_padding_of_a_new_blocked_buffer_is_not_read():
    """A blocked buffer comes uninitialised; a convolution's result must pad it with zeros."""
    kind = TensorType.of((1, 20, 4, 4), "float32").with_layout(BLOCKS[0])
    dirty = empty(kind, None)
    dirty.array.fill(np.nan)
    del dirty
    y = F.conv2d(Tensor(draw(1, 16, 4, 4)), Tensor(draw(20, 16, 1, 1)))
    if y._buffer.type.layout is BLOCKS[0]:
        lanes = np.moveaxis(y._buffer.array, -1, 2).reshape(1, -1, 4, 4)[:, 20:]
        np.testing.assert_array_equal(lanes, 0)
    assert np.isfinite(F.relu(y).numpy()).all()
