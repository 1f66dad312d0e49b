"""The layers that read at learned positions, against NumPy and plain convolution."""

import numpy as np
import pytest
import torch
from tests.engine.api.signatures import check_signature
from tests.engine.module.comparing import close, gradients, widened

import tengen as tg
import tengen.module as M

COVERS = tuple(
    f"tengen.module.{name}"
    for name in (
        "DeformableConv2d", "DeformableConv2d.calc_conv", "DeformableConv2d.forward",
        "DeformablePSROIPooling", "DeformablePSROIPooling.forward",
    )
)  # fmt: skip


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def data(*shape, seed=3):
    return np.random.default_rng(seed).standard_normal(shape)


def bilinear(image, y, x):
    """The value of (C, H, W) at a place, zeros outside."""
    total = np.zeros(image.shape[0])
    for i in (int(np.floor(y)), int(np.floor(y)) + 1):
        for j in (int(np.floor(x)), int(np.floor(x)) + 1):
            if 0 <= i < image.shape[1] and 0 <= j < image.shape[2]:
                total += image[:, i, j] * (1 - abs(y - i)) * (1 - abs(x - j))
    return total


def deformed(x, weight, offset, mask, stride, padding):
    """The definition, tap by tap."""
    n, _, height, width = mask.shape[0], 0, *mask.shape[2:]
    out = np.zeros((n, weight.shape[0], height, width))
    for b in range(n):
        for i in range(height):
            for j in range(width):
                for tap in range(9):
                    dy, dx = offset[b, 2 * tap, i, j], offset[b, 2 * tap + 1, i, j]
                    y = i * stride - padding + tap // 3 + dy
                    place = bilinear(x[b], y, j * stride - padding + tap % 3 + dx)
                    out[b, :, i, j] += mask[b, tap, i, j] * weight[:, :, tap // 3, tap % 3] @ place
    return out


@pytest.mark.parametrize(("stride", "padding"), [(1, 1), (2, 0)])
def test_deformable_convolution(stride, padding):
    layer = widened(M.DeformableConv2d(2, 3, 3, stride=stride, padding=padding))
    size = (6 + 2 * padding - 3) // stride + 1
    x, offset = data(2, 2, 6, 6), data(2, 18, size, size, seed=4)
    mask = data(2, 9, size, size, seed=5)
    got, inputs, params = gradients(layer, [x, offset, mask])
    want = deformed(x, layer.weight.numpy(), offset, mask, stride, padding)
    close(got, want + layer.bias.numpy(), 1e-8)
    assert all(g.any() for g in (*inputs, *params.values()))
    arguments = [tg.Tensor(a, dtype="float64") for a in (x, offset, mask)]
    bare = layer.calc_conv(arguments[0], layer.weight, *arguments[1:], None)
    close(bare.numpy(), want, 1e-8)


def test_without_shifts_it_is_a_convolution():
    layer = widened(M.DeformableConv2d(4, 6, 3, padding=1, groups=2))
    x = data(2, 4, 5, 5)
    still = [np.zeros((2, 18, 5, 5)), np.ones((2, 9, 5, 5))]
    got = layer(*[tg.Tensor(a, dtype="float64") for a in (x, *still)]).numpy()
    weight = torch.tensor(layer.weight.numpy().reshape(6, 2, 3, 3))
    bias = torch.tensor(layer.bias.numpy().reshape(-1))
    want = torch.nn.functional.conv2d(torch.tensor(x), weight, bias, padding=1, groups=2)
    close(got, want.numpy(), 1e-8)


def test_region_pooling():
    x = np.broadcast_to(np.arange(8.0), (1, 2, 8, 8)).copy()  # the value is the column
    regions = np.array([[0, 0, 0, 3, 3], [0, 4, 0, 7, 3]], "float32")
    layer = M.DeformablePSROIPooling(True, 2, 2, 2, 4, 1.0)
    still = tg.Tensor(np.zeros((2, 2, 2, 2), "float32"))
    got = layer(tg.Tensor(x), tg.Tensor(regions), still).numpy()
    assert got.shape == (2, 2, 2, 2)
    # A region from 0 to 3 covers [-0.5, 3.5): its bins are 2 wide, sampled 4 times from the left.
    points = -0.5 + np.arange(4) * 0.5
    left = np.clip(points, 0, 7).mean()
    np.testing.assert_allclose(got[0, 0, :, 0], left, rtol=1e-5)
    np.testing.assert_allclose(got[0, 1, :, 1], (points + 2).mean(), rtol=1e-5)
    np.testing.assert_allclose(got[1, 0, :, 0], (points + 4).mean(), rtol=1e-5)
    moving = M.DeformablePSROIPooling(False, 2, 2, 2, 4, 1.0, trans_std=0.25)
    shift = np.zeros((2, 2, 2, 2), "float32")
    shift[:, 0] = 1.0  # a quarter of the region's 4 columns to the right
    got = moving(tg.Tensor(x), tg.Tensor(regions), tg.Tensor(shift)).numpy()
    np.testing.assert_allclose(got[0, 1, :, 1], (points + 3).mean(), rtol=1e-5)
