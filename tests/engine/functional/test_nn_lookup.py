"""linear, embedding, one-hot, windows, padding, pixel shuffle and dropout."""

import numpy as np
import pytest
import torch
import torch.nn.functional as T
from tests.engine.api.signatures import check_signature
from tests.engine.functional.against_torch import check

import tengen as tg
import tengen.functional as F
from tengen.base.errors import ArgumentError, ShapeError, TengenError
from tengen.tensor import Tensor

COVERS = tuple(
    f"tengen.functional.nn.{name}"
    for name in (
        "dropout", "embedding", "indexing_one_hot", "linear", "one_hot", "pad", "pixel_shuffle",
        "sliding_window", "sliding_window_transpose",
    )
)  # fmt: skip

rng = np.random.default_rng(19)


def draw(*shape):
    return rng.standard_normal(shape)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


@pytest.mark.parametrize("lead", [(3,), (), (2, 5), (40,), (0,)])
def test_linear(lead):
    for bias in (None, draw(64)):
        check(
            lambda x, w, b: F.linear(x, w, b), lambda x, w, b: T.linear(x, w, b),
            draw(*lead, 48), draw(64, 48), bias,
        )  # fmt: skip


def test_linear_names_what_does_not_fit():
    with pytest.raises(ShapeError, match=r"\[linear\] weight \(out, in\) takes inputs"):
        F.linear(Tensor(draw(2, 3)), Tensor(draw(4, 5)))
    with pytest.raises(ArgumentError, match="compute_mode"):
        F.linear(Tensor(draw(2, 3)), Tensor(draw(4, 3)), compute_mode="quick")


def test_embedding_sums_the_gradients_of_repeated_rows():
    index = np.array([[1, 0, 1], [4, 1, 4]])
    check(lambda i, w: F.embedding(i, w), lambda i, w: T.embedding(i, w), index, draw(5, 6))
    assert F.embedding(Tensor([1.0, 2.0]), Tensor(draw(5, 6))).shape == (2, 6)
    for name in ("padding_idx", "max_norm", "norm_type"):
        with pytest.raises(ArgumentError, match=name):
            F.embedding(Tensor([0]), Tensor(draw(2, 2)), **{name: 1})
    with pytest.raises(TengenError, match="out of range"):
        F.embedding(Tensor([7]), Tensor(draw(5, 6))).numpy()


def test_one_hot():
    x = Tensor(np.arange(1, 4, dtype="int32"))
    got = F.one_hot(x, num_classes=4)
    assert got.dtype == np.int32
    np.testing.assert_array_equal(got.numpy(), np.eye(4)[1:])
    wide = rng.integers(0, 5, (2, 3))
    got = F.one_hot(Tensor(wide, dtype="int64"), 5)
    assert got.dtype == np.int64
    np.testing.assert_array_equal(got.numpy(), np.eye(5)[wide])
    assert F.one_hot(Tensor([1.0]), 2).dtype == np.float32
    with pytest.raises(ArgumentError, match=r"index must be in \[0, 3\); got 3"):
        F.one_hot(x, 3)


@pytest.mark.parametrize("axis", (0, 1, 2, -1))
def test_indexing_one_hot(axis):
    x = draw(2, 3, 4)
    index = rng.integers(0, x.shape[axis], np.delete(x.shape, axis))
    for keep in (False, True):

        def theirs(x, i, keep=keep):
            y = torch.gather(x, axis, i.unsqueeze(axis))
            return y if keep else y.squeeze(axis)

        check(lambda x, i, k=keep: F.indexing_one_hot(x, i, axis, k), theirs, x, index)


@pytest.mark.parametrize("sizes", [(3, 0, 1, 1), ((2, 3), (1, 0), (2, 1), (1, 2)), (2, 1, 2, 1)])
def test_sliding_window_and_its_transpose(sizes):
    kernel, padding, stride, dilation = sizes
    x = draw(2, 3, 7, 8)
    h, w = (kernel, kernel) if isinstance(kernel, int) else kernel

    def theirs(x):
        flat = T.unfold(x, (h, w), dilation, padding, stride)
        counts = F.sliding_window(Tensor(np.zeros(x.shape)), *sizes).shape[2:4]
        return flat.reshape(2, 3, h, w, *counts).permute(0, 1, 4, 5, 2, 3)

    check(lambda x: F.sliding_window(x, kernel, padding, stride, dilation), theirs, x)
    windows = theirs(torch.tensor(x)).contiguous().numpy()

    def folded(y):
        flat = y.permute(0, 1, 4, 5, 2, 3).reshape(2, 3 * h * w, -1)
        return T.fold(flat, (7, 8), (h, w), dilation, padding, stride)

    check(
        lambda y: F.sliding_window_transpose(y, (7, 8), kernel, padding, stride, dilation), folded,
        windows,
    )  # fmt: skip
    with pytest.raises(ShapeError, match="input must have 6 axes"):
        F.sliding_window_transpose(Tensor(x), 7, 3)


@pytest.mark.parametrize("mode", ("constant", "reflect", "replicate"))
def test_pad(mode):
    x = draw(2, 3, 5, 6)
    widths = ((0, 0), (0, 0), (2, 1), (3, 4))
    check(
        lambda x: F.nn.pad(x, widths, mode, 1.5),
        lambda x: T.pad(x, (3, 4, 2, 1), mode, *((1.5,) if mode == "constant" else ())),
        x,
    )


def test_pad_of_fewer_axes_and_of_integers():
    x = Tensor([[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(
        F.nn.pad(x, ((1, 1),), constant_value=9).numpy(), [[9] * 3, [1, 2, 3], [4, 5, 6], [9] * 3]
    )
    edge = F.nn.pad(x, ((1, 1), (1, 2)), mode="edge").numpy()
    np.testing.assert_array_equal(edge, np.pad(x.numpy(), ((1, 1), (1, 2)), "edge"))
    with pytest.raises(ArgumentError, match="mode is one of"):
        F.nn.pad(x, ((1, 1),), mode="wrap")
    with pytest.raises(ArgumentError, match="3 pairs of widths for 2 axes"):
        F.nn.pad(x, ((1, 1),) * 3)


def test_pixel_shuffle():
    check(lambda x: F.pixel_shuffle(x, 3), lambda x: T.pixel_shuffle(x, 3), draw(2, 18, 4, 5))
    check(lambda x: F.pixel_shuffle(x, 2), lambda x: T.pixel_shuffle(x, 2), draw(4, 3, 2))
    with pytest.raises(ShapeError, match="channels must divide by 2"):
        F.pixel_shuffle(Tensor(draw(1, 6, 2, 2)), 2)


def test_dropout():
    x = Tensor(np.ones(20000, "float32"))
    tg.random.seed(3)
    y = F.dropout(x, 1 / 4).numpy()
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.75)}
    assert abs((y == 0).mean() - 0.25) < 0.02
    assert F.dropout(x, 0.5, training=False) is x
    assert F.dropout(x, 0.0) is x
    x = Tensor(draw(500))
    with tg.autodiff.GradManager().attach(x) as gm:
        y = F.dropout(x, 0.5)
        gm.backward(y, Tensor(np.ones(500, "float32")))
    np.testing.assert_allclose(x.grad.numpy() * x.numpy(), y.numpy(), rtol=1e-6)
    with pytest.raises(ArgumentError, match=r"drop_prob is in \[0, 1\)"):
        F.dropout(x, 1.0)
