"""Borders, interpolation weights and transposes of the image operators."""

import numpy as np
import pytest

import tengen as tg
from tengen.graph.opdef import registry
from tengen.kernels.onednn import library
from tengen.ops.vision.resize import axis_taps, resize, transposed_taps
from tengen.ops.vision.sample_points import points_transpose, sample_points
from tengen.ops.vision.taps import BORDERS, METHODS, bordered, taps
from tengen.tensor import Tensor

rng = np.random.default_rng(37)


def walked(pixel, size, border):
    """The pixel that stands for one outside, found step by step."""
    if size == 1 and border != "constant":
        return 0
    while not 0 <= pixel < size:
        if border == "constant":
            return None
        if border == "replicate":
            return 0 if pixel < 0 else size - 1
        if border == "wrap":
            pixel += size if pixel < 0 else -size
        else:
            edge = int(border == "reflect_101")
            pixel = -pixel - 1 + edge if pixel < 0 else 2 * size - 1 - pixel - edge
    return pixel


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("size", [1, 2, 5])
def test_borders(border, size):
    pixels = np.arange(-17, 23)
    found, inside = bordered(np, pixels, size, border)
    for number, pixel in enumerate(pixels):
        want = walked(int(pixel), size, border)
        if want is None:
            assert not inside[number] and 0 <= found[number] < size
        else:
            assert found[number] == want and (inside is None or inside[number])


@pytest.mark.parametrize("mode", METHODS)
def test_weights_sum_to_one_and_their_derivatives_to_nothing(mode):
    position = rng.uniform(-5, 5, 50)
    assert np.allclose(sum(weight for _, weight in taps(np, position, mode)), 1)
    for order in (1, 2, 3):
        assert np.allclose(sum(weight for _, weight in taps(np, position, mode, order)), 0)


def test_cubic_interpolates_lines_exactly():
    position = rng.uniform(3, 8, 20)
    line = sum(weight * (2.0 * pixel + 1.0) for pixel, weight in taps(np, position, "cubic"))
    whole = np.arange(3.0, 8.0)
    there = sum(weight * pixel**2 for pixel, weight in taps(np, whole, "cubic"))
    np.testing.assert_allclose(there, whole**2)
    assert np.abs(line - (2 * position + 1)).max() < 0.2


@pytest.mark.parametrize("name", ["resize", "sample_points", "region_mean"])
def test_transposes_are_adjoint(name):
    op = registry[name]
    back = registry["points_transpose" if name == "sample_points" else f"{name}_transpose"]
    checked = 0
    for sample in op.samples(rng):
        x, *rest = sample.inputs
        if x.dtype != np.float32 or sample.attrs.get("fill"):
            continue
        first = Tensor(x, dtype="float64")
        others = [Tensor(r, dtype="float64" if r.dtype.kind == "f" else r.dtype) for r in rest]
        with tg.config.override(backends="numpy"):
            y = op(first, *others, **sample.attrs)
            dy = Tensor(rng.standard_normal(y.shape), dtype="float64")
            key = {"size": x.shape[2:]} if name == "resize" else {"shape": x.shape}
            dx = back(dy, *others, **{**sample.attrs, **key})
        left, right = (y.numpy() * dy.numpy()).sum(), (first.numpy() * dx.numpy()).sum()
        assert abs(left - right) < 1e-9 * max(1.0, abs(left)), sample.attrs
        checked += 1
    assert checked > 5


def test_points_of_one_image_add_up():
    points = Tensor(np.full((1, 1000, 2), 1.5), dtype="float64")
    dy = Tensor(np.ones((1, 2, 1000)), dtype="float64")
    got = points_transpose(dy, points, shape=(1, 2, 4, 4)).numpy()
    want = np.zeros((4, 4))
    want[1:3, 1:3] = 250
    np.testing.assert_allclose(got, np.broadcast_to(want, (1, 2, 4, 4)))
    assert sample_points(Tensor(got, dtype="float64"), points).numpy()[0, 0, 0] == 250


def dense(found, size):
    """The matrix (outputs, `size`) that taps stand for."""
    index, weight = found
    matrix = np.zeros((index.shape[1], size))
    for places, weights in zip(index, weight, strict=True):
        np.add.at(matrix, (np.arange(index.shape[1]), places), weights)
    return matrix


@pytest.mark.parametrize("mode", METHODS)
@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize(("size", "target"), [(5, 13), (13, 5), (1, 4), (4, 1), (6, 6)])
def test_transposed_taps_are_the_transposed_matrix(mode, align, size, target):
    forward = dense(axis_taps(size, target, mode, align), size)
    back = dense(transposed_taps(size, target, mode, align), target)
    np.testing.assert_allclose(back, forward.T, atol=1e-15)


@pytest.mark.skipif(not library.available(), reason=library.why_not())
def test_resizing_between_convolutions_keeps_the_layout():
    x = Tensor(rng.standard_normal((1, 16, 8, 8)), dtype="float32")
    weight = Tensor(rng.standard_normal((32, 16, 3, 3)), dtype="float32")
    y = registry["convolution"](x, weight, padding=(1, 1))
    assert y._buffer.type.layout is not None
    z = resize(y, size=(16, 16))
    assert z._buffer.type.layout is y._buffer.type.layout
    with tg.config.override(backends="numpy"):
        want = resize(Tensor(y.numpy()), size=(16, 16))
    np.testing.assert_allclose(z.numpy(), want.numpy(), atol=1e-4)
