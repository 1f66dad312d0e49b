"""Depthwise convolution of normalised data against the operators' own text in float64."""

import numpy as np
import pytest

from tengen.base.layout import Layout
from tengen.kernels.numba import depthwise, library, service
from tengen.kernels.numba.depthwise_source import Shape
from tengen.ops.fused_depthwise import fused_depthwise, fused_depthwise_backward

pytestmark = pytest.mark.skipif(not library.available(), reason="numba is not installed")

DATA, TAPS = Layout(range(4), ((1, 16),)), Layout(range(5), ((0, 16),))


@pytest.fixture(autouse=True, scope="module")
def compiled():
    before = service.mode()
    service.set_mode("now")
    yield
    service.set_mode(before)


@pytest.mark.parametrize(
    "size, kernel, stride, padding, activation",
    [
        ((3, 32, 9, 9), 3, 1, 1, "relu6"),
        ((2, 16, 10, 7), 3, 2, 1, "relu6"),
        ((2, 16, 9, 12), 3, 2, 1, "relu6"),
        ((1, 48, 40, 40), 3, 1, 1, "relu6"),
        ((2, 16, 8, 8), 3, 1, 0, "relu"),
        ((1, 16, 11, 9), 5, 2, 2, "none"),
    ],
)
def test_both_ways(size, kernel, stride, padding, activation):
    rng = np.random.default_rng(3)
    channels = size[1]
    shape = Shape(kernel, stride, padding, activation, "float32", 16)
    assert depthwise.ready(shape, "forward", "backward", "finish")
    x = (rng.standard_normal(size) * 3 + 1).astype("float32")
    taps = rng.standard_normal((channels, 1, 1, kernel, kernel)).astype("float32")
    weight, bias = rng.uniform(0.5, 2, (2, 1, channels, 1, 1)).astype("float32")
    attrs = {"activation": activation, "stride": (stride,) * 2, "padding": (padding,) * 2}
    wide = [a.astype("float64") for a in (x, weight, bias, taps)]
    want, *statistics = fused_depthwise.kernel(np, *wide, eps=1e-5, **attrs)
    mean, _, inverse = (a.astype("float32").reshape(-1) for a in statistics)
    gradient = rng.standard_normal(want.shape).astype("float32")

    given, weights = DATA.pack(x), TAPS.pack(taps).reshape(-1, kernel, kernel, 16)
    out = np.empty(DATA.physical_shape(want.shape), np.float32)
    numbers = weight.reshape(-1), bias.reshape(-1)
    depthwise.forward(shape, given, mean, numbers[0] * inverse, numbers[1], weights, out)
    np.testing.assert_allclose(DATA.unpack(out, want.shape), want, rtol=2e-5, atol=2e-5)

    wide += [gradient.astype("float64")]
    dx, dweight, dbias, dtaps = fused_depthwise_backward.kernel(
        np, wide[0], statistics[0], statistics[2], *wide[1:], **attrs
    )
    made = np.empty_like(given)
    found = depthwise.backward(
        shape, given, DATA.pack(gradient), mean, inverse, *numbers, weights, made
    )
    sums = found[2].reshape(TAPS.physical_shape(taps.shape)).astype("float32")
    results = DATA.unpack(made, x.shape), *found[:2], TAPS.unpack(sums, taps.shape)
    for got, expected in zip(results, (dx, dweight, dbias, dtaps), strict=True):
        scale = np.abs(expected).max()
        np.testing.assert_allclose(got, expected.reshape(got.shape), rtol=1e-4, atol=1e-5 * scale)
