"""The kernels on channels-last images, with channels that fill packs and ones that do not."""

import numpy as np
import pytest

from tengen.base import dtype as dt
from tengen.base.layout import channels_last
from tengen.graph.opdef import Sample, registry
from tengen.ops.sampling import draw

from .emulator import BACKWARD, COMPILER, FORWARD
from .judging import check, judge, run_sample

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(COMPILER is None, reason="no C++ compiler"),
]

LAST = channels_last(4)
SHAPES = [(2, 8, 5, 7), (3, 40, 4, 4), (2, 5, 6, 3), (1, 264, 3, 2)]
TYPES = [dt.float32, dt.bfloat16, dt.float16]


def _rng():
    return np.random.default_rng(11)


def _agree(name, sample, layouts=LAST):
    op = registry[name]
    expected = judge(op, sample)
    for order in (FORWARD, BACKWARD):
        found = run_sample(op, sample, order=order, layouts=layouts)
        assert found is not None, f"{name} has no kernel for {sample.attrs}"
        check(op, sample, found, expected)


def _parts(rng, shape, dtype, count):
    kept = (1, shape[1], 1, 1)
    return [draw(rng, kept, dtype, 0.5) for _ in range(count)]


@pytest.mark.parametrize("layout", [None, LAST], ids=["plain", "last"])
@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("shape", SHAPES)
def test_batch_norm(shape, dtype, layout):
    rng = _rng()
    x, residual = draw(rng, shape, dtype), draw(rng, shape, dtype)
    given = (x, *_parts(rng, shape, dtype, 2), residual)
    _agree("fused_batch_norm", Sample(given, {"eps": 1e-3, "activation": "relu"}), layout)


@pytest.mark.parametrize("layout", [None, LAST], ids=["plain", "last"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("gradients", [1, 3])
def test_batch_norms_gradient(shape, layout, gradients):
    rng = _rng()
    op = registry["fused_batch_norm_backward"]
    attrs = {"activation": "relu6", "masked": gradients > 1, "eps": None}
    _agree(op.name, op._sample(rng, shape, gradients, **attrs), layout)


@pytest.mark.parametrize("layout", [None, LAST], ids=["plain", "last"])
@pytest.mark.parametrize("shape", SHAPES)
def test_channel_sums(shape, layout):
    _agree("channel_sum", Sample((draw(_rng(), shape),)), layout)


def test_a_far_mean_leaves_the_variance_exact():
    x = (_rng().normal(size=(4, 3, 9, 9)) + 1e4).astype("float32")
    for layout in (None, LAST):
        found = run_sample(registry["batch_norm"], Sample((x,)), layouts=layout)
        np.testing.assert_allclose(found[2].ravel(), x.astype(np.float64).var((0, 2, 3)), rtol=1e-4)


POOLS = [
    {"kernel": (3, 3), "stride": (2, 2), "padding": (1, 1)},
    {"kernel": (2, 3), "stride": (1, 2), "padding": (0, 1)},
]


@pytest.mark.parametrize("attrs", POOLS)
@pytest.mark.parametrize("shape", SHAPES[:3])
def test_pooling(shape, attrs):
    rng = _rng()
    x = rng.permutation(int(np.prod(shape))).reshape(shape).astype("float32")
    _agree("max_pool", Sample((x,), attrs))
    _agree("average_pool", Sample((x,), attrs))
    y, index = registry["max_pool"].kernel(np, x, **attrs)
    dy = draw(rng, y.shape)
    sized = {"size": shape[2:], **attrs}
    _agree("max_pool_backward", Sample((dy, index), sized))
    _agree("average_pool_backward", Sample((dy,), sized))
    _agree("max_pool_take", Sample((x, index), attrs))


WINDOWS = [
    {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1)},
    {"stride": (2, 2), "padding": (1, 1), "dilation": (1, 1)},
    {"stride": (1, 1), "padding": (2, 2), "dilation": (2, 2)},
]


@pytest.mark.parametrize("attrs", WINDOWS)
@pytest.mark.parametrize("layout", [None, LAST], ids=["plain", "last"])
@pytest.mark.parametrize("shape", [(2, 8, 7, 6), (1, 40, 5, 9), (2, 5, 6, 5)])
def test_depthwise_convolution(shape, layout, attrs):
    rng = _rng()
    x, weight = draw(rng, shape), draw(rng, (shape[1], 1, 1, 3, 3))
    forward = registry["convolution"]
    _agree("convolution", Sample((x, weight), attrs, tolerance=1e-4), layout)
    dy = draw(rng, forward.kernel(np, x, weight, **attrs).shape)
    sized = {"size": shape[2:], **attrs}
    _agree("convolution_backward_data", Sample((dy, weight), sized, tolerance=1e-4), layout)
    shaped = {"shape": weight.shape, **attrs}
    _agree("convolution_backward_weight", Sample((x, dy), shaped, tolerance=1e-4), layout)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_large_depthwise_kernels(dtype):
    rng = _rng()
    x, weight = draw(rng, (1, 16, 12, 10), dtype), draw(rng, (16, 1, 1, 13, 13), dtype)
    attrs = {"stride": (1, 1), "padding": (6, 6), "dilation": (1, 1)}
    _agree("convolution", Sample((x, weight), attrs, tolerance=1e-4))
    shaped = {"shape": weight.shape, **attrs}
    _agree("convolution_backward_weight", Sample((x, x), shaped, tolerance=1e-4))


def test_chains_keep_the_layout_and_stretch_over_channels():
    rng = _rng()
    x, y = draw(rng, (2, 12, 3, 5)), draw(rng, (2, 12, 3, 5))
    channels, number = draw(rng, (1, 12, 1, 1)), draw(rng, ())
    program = (("mul", (), (0, 2)), ("add", (), (4, 1)), ("gelu", (), (5,)), ("mul", (), (6, 3)))
    _agree("fused_elementwise", Sample((x, y, channels, number), {"program": program}))


@pytest.mark.parametrize("layout", [None, LAST], ids=["plain", "last"])
@pytest.mark.parametrize("dtype", [dt.float32, dt.float16, dt.uint8, dt.float64], ids=str)
@pytest.mark.parametrize("channels", [(7, 0, 3, 9, 1, 1, 12, 8), tuple(range(13, -1, -1)), (2,)])
def test_moved_channels(channels, dtype, layout):
    rng = _rng()
    parts = [draw(rng, (2, count, 4, 6), dtype) for count in (5, 8, 1)]
    _agree("move_channels", Sample(tuple(parts), {"channels": channels}), layout)
