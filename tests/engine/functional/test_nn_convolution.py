"""Convolutions against PyTorch, every parameter, odd shapes, and layouts that stay."""

import numpy as np
import pytest
import torch
import torch.nn.functional as T
from tests.engine.api.signatures import check_signature
from tests.engine.functional.against_torch import check

import tengen.functional as F
from tengen.base.errors import ArgumentError, ShapeError
from tengen.kernels.onednn import library
from tengen.tensor import Tensor

COVERS = tuple(
    f"tengen.functional.nn.{name}"
    for name in (
        "conv1d", "conv2d", "conv3d", "conv_transpose2d", "conv_transpose3d", "local_conv2d",
    )
)  # fmt: skip

rng = np.random.default_rng(3)


def draw(*shape):
    return rng.standard_normal(shape)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def grouped(weight, groups):
    """Our weight (G, O/G, I/G, ...) as PyTorch has it."""
    return weight.reshape(-1, *weight.shape[2:]) if groups > 1 else weight


CASES_2D = [
    # x, weight, stride, padding, dilation, groups
    ((2, 3, 7, 9), (5, 3, 3, 2), 1, 0, 1, 1),
    ((2, 3, 17, 13), (8, 3, 7, 7), 2, 3, 1, 1),
    ((1, 32, 8, 8), (48, 32, 1, 1), 1, 0, 1, 1),
    ((2, 16, 9, 9), (16, 16, 3, 3), (2, 1), (1, 2), 1, 1),
    ((2, 4, 11, 12), (6, 4, 3, 3), 1, (2, 3), (2, 3), 1),
    ((2, 6, 8, 8), (2, 4, 3, 3, 3), 1, 1, 1, 2),
    ((2, 24, 10, 10), (24, 1, 1, 3, 3), 2, 1, 1, 24),
    ((1, 1, 5, 5), (1, 1, 5, 5), 1, 0, 1, 1),
]


@pytest.mark.parametrize("case", CASES_2D)
@pytest.mark.parametrize("biased", (False, True))
def test_conv2d(case, biased):
    x, w, stride, padding, dilation, groups = case
    channels = w[0] * (w[1] if groups > 1 else 1)
    bias = draw(1, channels, 1, 1) if biased else None

    def ours(x, w, b):
        return F.conv2d(x, w, b, stride, padding, dilation, groups)

    def theirs(x, w, b):
        b = None if b is None else b.reshape(-1)
        return T.conv2d(x, grouped(w, groups), b, stride, padding, dilation, groups)

    check(ours, theirs, draw(*x), draw(*w), bias)


def test_conv1d():
    def ours(x, w, b):
        return F.conv1d(x, w, b, stride=2, padding=3, dilation=2)

    def theirs(x, w, b):
        return T.conv1d(x, w, b.reshape(-1), 2, 3, 2)

    check(ours, theirs, draw(2, 3, 19), draw(4, 3, 3), draw(1, 4, 1))
    check(
        lambda x, w: F.conv1d(x, w, groups=2),
        lambda x, w: T.conv1d(x, grouped(w, 2), groups=2),
        draw(2, 4, 9), draw(2, 3, 2, 3),
    )  # fmt: skip


def test_conv3d():
    def ours(x, w, b):
        return F.conv3d(x, w, b, stride=(1, 2, 1), padding=(1, 0, 2), dilation=(1, 1, 2))

    def theirs(x, w, b):
        return T.conv3d(x, w, b.reshape(-1), (1, 2, 1), (1, 0, 2), (1, 1, 2))

    check(ours, theirs, draw(2, 3, 5, 6, 7), draw(4, 3, 2, 3, 3), draw(1, 4, 1, 1, 1))


CASES_TRANSPOSED = [
    # x, weight (in, out, ...), stride, padding, output_padding, dilation, groups
    ((2, 3, 5, 6), (3, 4, 3, 3), 1, 0, 0, 1, 1),
    ((2, 4, 5, 6), (4, 3, 3, 2), 2, 1, 1, 1, 1),
    ((1, 16, 4, 4), (16, 32, 4, 4), (2, 3), (1, 2), (1, 0), (2, 1), 1),
    ((2, 6, 4, 5), (2, 3, 2, 3, 3), 2, 1, 0, 1, 2),
]


@pytest.mark.parametrize("case", CASES_TRANSPOSED)
def test_conv_transpose2d(case):
    x, w, stride, padding, more, dilation, groups = case
    outputs = w[2] * groups if groups > 1 else w[1]

    def ours(x, w, b):
        return F.conv_transpose2d(x, w, b, stride, padding, more, dilation, groups)

    def theirs(x, w, b):
        weight = grouped(w, groups)
        return T.conv_transpose2d(x, weight, b.reshape(-1), stride, padding, more, groups, dilation)

    check(ours, theirs, draw(*x), draw(*w), draw(1, outputs, 1, 1))


def test_conv_transpose3d():
    def ours(x, w, b):
        return F.conv_transpose3d(x, w, b, (2, 1, 2), (1, 0, 1), (1, 0, 0), (1, 2, 1))

    def theirs(x, w, b):
        return T.conv_transpose3d(
            x, w, b.reshape(-1), (2, 1, 2), (1, 0, 1), (1, 0, 0), 1, (1, 2, 1)
        )

    check(ours, theirs, draw(2, 3, 3, 4, 3), draw(3, 4, 2, 3, 3), draw(4))


@pytest.mark.parametrize("groups", (1, 2))
def test_local_conv2d(groups):
    oh, ow = 3, 4
    shape = (groups, oh, ow, 4 // groups, 3, 2, 6 // groups)
    weight = draw(*(shape if groups > 1 else shape[1:]))

    def ours(x, w, b):
        return F.local_conv2d(x, w, b, stride=(2, 1), padding=(1, 0), dilation=(1, 2))

    def theirs(x, w, b):
        windows = T.unfold(x, (3, 2), dilation=(1, 2), padding=(1, 0), stride=(2, 1))
        windows = windows.reshape(x.shape[0], groups, 4 // groups, 3, 2, oh, ow)
        y = torch.einsum("ngchkij,gijchko->ngoij", windows, w.reshape(shape))
        return y.reshape(x.shape[0], -1, oh, ow) + b

    check(ours, theirs, draw(2, 4, 5, 6), weight, draw(1, 6, 1, 1))


def test_half_precision_accumulates_in_float32():
    x, w = draw(1, 256, 3, 3), draw(2, 256, 3, 3)
    exact = T.conv2d(torch.tensor(x.astype("float16").astype("float64")),
                     torch.tensor(w.astype("float16").astype("float64"))).numpy()  # fmt: skip
    got = F.conv2d(Tensor(x, dtype="float16"), Tensor(w, dtype="float16"))
    assert got.dtype == np.float16
    np.testing.assert_allclose(got.numpy(), exact, rtol=1e-3, atol=2e-2)


def test_mixed_types_are_promoted():
    y = F.conv2d(Tensor(draw(1, 2, 4, 4), dtype="float64"), Tensor(draw(3, 2, 3, 3)))
    assert y.dtype == np.float64 and y.shape == (1, 3, 2, 2)


def test_an_empty_batch():
    y = F.conv2d(Tensor(np.zeros((0, 3, 8, 8), "float32")), Tensor(draw(4, 3, 3, 3)), padding=1)
    assert y.shape == (0, 4, 8, 8)


@pytest.mark.skipif(not library.available(), reason="needs oneDNN")
def test_a_chain_of_convolutions_keeps_its_layout():
    x = Tensor(draw(2, 3, 16, 16))
    first = F.conv2d(x, Tensor(draw(32, 3, 3, 3)), padding=1)
    layout = first._buffer.type.layout
    assert layout is not None
    second = F.relu(F.conv2d(first, Tensor(draw(64, 32, 3, 3)), padding=1))
    pooled = F.max_pool2d(second, 2)
    third = F.conv2d(pooled, Tensor(draw(32, 64, 1, 1)))
    for value in (second, pooled, third):
        assert value._buffer.type.layout is layout
    assert third.numpy().shape == (2, 32, 8, 8)


def test_bad_arguments():
    x, w = Tensor(draw(1, 4, 8, 8)), Tensor(draw(2, 4, 3, 3))
    with pytest.raises(ShapeError, match=r"\[conv2d\] input must have 4 axes"):
        F.conv2d(x[0], w)
    with pytest.raises(ShapeError, match="groups=2 the weight has 5 axes"):
        F.conv2d(x, w, groups=2)
    with pytest.raises(ArgumentError, match="stride takes one number or 2"):
        F.conv2d(x, w, stride=(1, 2, 3))
    with pytest.raises(ArgumentError, match="conv_mode is cross_correlation"):
        F.conv2d(x, w, conv_mode="convolution")
    with pytest.raises(ArgumentError, match="compute_mode is default or float32"):
        F.conv2d(x, w, compute_mode="fast")
    with pytest.raises(ArgumentError, match="output_padding must be less than stride"):
        F.conv_transpose2d(x, Tensor(draw(4, 2, 3, 3)), output_padding=1)
