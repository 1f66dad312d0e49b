"""Transposed convolution, resampling, concatenation and shuffle by oneDNN against NumPy."""

import numpy as np
import pytest

from tengen.base.layout import Layout
from tengen.kernels.onednn import convolution, deconvolution, library, rearrange, resampling
from tengen.kernels.onednn.memory import Desc
from tests.engine.kernels.onednn_running import close, normal, run

pytestmark = pytest.mark.skipif(not library.available(), reason=library.why_not())
F32 = np.float32
BLOCKED = Layout.parse("aBcd16b")


def transposed(x, w, stride, padding, shape):
    """Each input element spreads its window over the output, in float64; weights (I, O, kh, kw)."""
    full = np.zeros((*shape[:2], shape[2] + 2 * padding + 9, shape[3] + 2 * padding + 9))
    for i, j in np.ndindex(x.shape[2:]):
        patch = np.einsum("ni,iohw->nohw", x[:, :, i, j].astype(np.float64), w)
        top, left = i * stride, j * stride
        full[:, :, top : top + w.shape[2], left : left + w.shape[3]] += patch
    return full[:, :, padding : padding + shape[2], padding : padding + shape[3]]


@pytest.mark.parametrize("form", ["any", None])
@pytest.mark.parametrize(
    ("x_shape", "w_shape", "stride", "padding", "extra"),
    [
        ((2, 24, 5, 6), (24, 10, 4, 4), 2, 1, 0),
        ((1, 3, 7, 7), (3, 58, 3, 3), 1, 0, 0),
        ((2, 16, 4, 4), (16, 32, 3, 3), 2, 1, 1),
    ],
)
def test_deconvolution(x_shape, w_shape, stride, padding, extra, form):
    x, w, bias = normal(x_shape), normal(w_shape, 1), normal(w_shape[1:2], 2)
    x_desc, w_desc = Desc.of(x_shape, F32, form), Desc.any(w_shape, F32)
    options = {"stride": stride, "padding": padding}
    shape = list(deconvolution.output_shape(x_desc, w_desc, stride, padding, 1))
    shape[2:] = [n + extra for n in shape[2:]]
    dst = Desc.of(shape, F32, form)
    plan = deconvolution.forward(x_desc, w_desc, dst, bias=True, activation="relu", **options)
    linear = transposed(x, w, stride, padding, shape) + bias[:, None, None]
    close(run(plan, src=x, weights=w, bias=bias)["dst"], np.maximum(linear, 0))

    dy = normal(tuple(shape), 3)
    back = deconvolution.backward_data(dst, w_desc, x_desc, **options)
    twin = convolution.forward(
        Desc.plain(shape, F32),
        w_desc,
        Desc.plain(x_shape, F32),
        stride=stride,
        padding=((padding, padding - extra),) * 2,
    )
    close(run(back, diff_dst=dy, weights=w)["diff_src"], run(twin, src=dy, weights=w)["dst"])

    grads = run(
        deconvolution.backward_weights(x_desc, dst, w_desc, bias=True, **options),
        src=x,
        diff_dst=dy,
    )
    rng = np.random.default_rng(5)
    for _ in range(4):
        direction = rng.normal(size=w_shape)
        slope = (transposed(x, direction, stride, padding, shape) * dy).sum()
        assert abs((grads["diff_weights"] * direction).sum() - slope) < 1e-4 * max(abs(slope), 10)
    close(grads["diff_bias"], dy.sum((0, 2, 3), np.float64))


def test_grouped_deconvolution_is_its_groups_side_by_side():
    x, w = normal((2, 8, 5, 5)), normal((2, 4, 3, 3, 3), 1)
    plan = deconvolution.forward(
        Desc.plain(x.shape, F32), Desc.any(w.shape, F32), stride=2, padding=1
    )
    made = run(plan, src=x, weights=w)["dst"]
    for group in range(2):
        expected = transposed(
            x[:, group * 4 : group * 4 + 4], w[group], 2, 1, (2, 3, *made.shape[2:])
        )
        close(made[:, group * 3 : group * 3 + 3], expected)


def linear_matrix(size, out):
    """Weights (out, size) of linear interpolation with pixel centres at half integers."""
    matrix = np.zeros((out, size))
    for place in range(out):
        at = (place + 0.5) * size / out - 0.5
        low = int(np.floor(at))
        for index, weight in ((low, 1 - (at - low)), (low + 1, at - low)):
            matrix[place, min(max(index, 0), size - 1)] += weight
    return matrix


def nearest_matrix(size, out):
    matrix = np.zeros((out, size))
    matrix[np.arange(out), ((np.arange(out) + 0.5) * size / out).astype(int)] = 1
    return matrix


@pytest.mark.parametrize("form", [None, BLOCKED])
@pytest.mark.parametrize("mode", resampling.MODES)
@pytest.mark.parametrize("size", [(10, 12), (3, 9), (5, 6)])
def test_resampling(size, mode, form):
    x, dy = normal((2, 20, 5, 6)), normal((2, 20, *size), 1)
    matrix = linear_matrix if mode == "linear" else nearest_matrix
    rows, columns = matrix(5, size[0]), matrix(6, size[1])
    desc = Desc.of(x.shape, F32, form)
    plan = resampling.forward(desc, size, mode=mode)
    close(run(plan, src=x)["dst"], np.einsum("nchw,ah,bw->ncab", x, rows, columns))
    back = resampling.backward(Desc.of(dy.shape, F32, form), desc, mode=mode)
    made = run(back, diff_dst=dy)["diff_src"]
    close(made, np.einsum("ncab,ah,bw->nchw", dy, rows, columns))


@pytest.mark.parametrize("channels", [(16, 32), (58, 58), (3, 20, 16)])
@pytest.mark.parametrize("form", [None, BLOCKED])
def test_concat_of_channels(channels, form):
    parts = [normal((2, c, 4, 5), seed) for seed, c in enumerate(channels)]
    plan = rearrange.concat(tuple(Desc.of(p.shape, F32, form) for p in parts), 1, form)
    made = run(plan, **{f"src_{place}": part for place, part in enumerate(parts)})["dst"]
    np.testing.assert_array_equal(made, np.concatenate(parts, 1))


@pytest.mark.parametrize("form", [None, BLOCKED])
@pytest.mark.parametrize(("channels", "groups"), [(32, 2), (116, 2), (24, 3)])
def test_shuffle_of_channels_and_its_inverse(channels, groups, form):
    x = normal((2, channels, 4, 5))
    desc = Desc.of(x.shape, F32, form)
    made = run(rearrange.shuffle(desc, groups), src=x)["dst"]
    expected = x.reshape(2, groups, channels // groups, 4, 5).swapaxes(1, 2).reshape(x.shape)
    np.testing.assert_array_equal(made, expected)
    back = run(rearrange.shuffle(desc, channels // groups), src=made)["dst"]
    np.testing.assert_array_equal(back, x)
