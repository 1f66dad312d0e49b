"""Pooling against PyTorch: sizes, padding modes, adaptive windows, gradients."""

import numpy as np
import pytest
import torch
import torch.nn.functional as T
from tests.engine.api.signatures import check_signature
from tests.engine.functional.against_torch import check

import tengen as tg
import tengen.functional as F
from tengen.base.errors import ArgumentError, ShapeError
from tengen.tensor import Tensor

COVERS = tuple(
    f"tengen.functional.nn.{name}"
    for name in ("adaptive_avg_pool2d", "adaptive_max_pool2d", "avg_pool2d", "max_pool2d")
)

rng = np.random.default_rng(5)
SHAPES = [(2, 3, 8, 9), (1, 20, 7, 7), (2, 16, 6, 8)]
SIZES = [(2, None, 0), (3, 2, 1), ((2, 3), (1, 2), (1, 0)), (3, 1, 0)]


def distinct(*shape):
    return rng.permutation(int(np.prod(shape))).reshape(shape) / 7.0


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sizes", SIZES)
def test_max_pool2d(shape, sizes):
    check(lambda x: F.max_pool2d(x, *sizes), lambda x: T.max_pool2d(x, *sizes), distinct(*shape))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("mode", ("average", "average_count_exclude_padding"))
def test_avg_pool2d(shape, sizes, mode):
    check(
        lambda x: F.avg_pool2d(x, *sizes, mode=mode),
        lambda x: T.avg_pool2d(x, *sizes, count_include_pad=mode == "average"),
        distinct(*shape),
    )


def test_padding_is_left_out_of_the_mean_by_default():
    x = Tensor(np.ones((1, 1, 4, 4), "float32"))
    np.testing.assert_array_equal(F.avg_pool2d(x, 3, 1, 1).numpy(), np.ones((1, 1, 4, 4)))


@pytest.mark.parametrize("size", (1, 2, (4, 3)))
def test_adaptive_pools_where_windows_are_equal(size):
    x = distinct(2, 3, 8, 6)
    check(lambda x: F.adaptive_avg_pool2d(x, size), lambda x: T.adaptive_avg_pool2d(x, size), x)
    check(lambda x: F.adaptive_max_pool2d(x, size), lambda x: T.adaptive_max_pool2d(x, size), x)


def test_adaptive_pools_use_one_window_size():
    x = distinct(1, 2, 7, 5)
    sizes = ((3, 2), (2, 1))
    check(
        lambda x: F.adaptive_avg_pool2d(x, (3, 4)),
        lambda x: T.avg_pool2d(x, *sizes),
        x,
    )
    given = F.adaptive_max_pool2d(Tensor(x), Tensor([3, 4])).numpy()
    np.testing.assert_array_equal(given, F.max_pool2d(Tensor(x), *sizes).numpy())


def test_integers_become_floats_and_equal_elements_send_the_gradient_to_the_first():
    y = F.max_pool2d(Tensor(np.arange(16).reshape(1, 1, 4, 4)), 2)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y.numpy(), [[[[5, 7], [13, 15]]]])
    check(lambda x: F.max_pool2d(x, 2), lambda x: T.max_pool2d(x, 2), np.ones((1, 1, 4, 4)))


@pytest.mark.parametrize("backends", ("numpy", "onednn,numpy"))
def test_max_pool2d_passes_nan_and_infinities_on(backends):
    x = rng.standard_normal((1, 16, 4, 4)).astype("float32")
    x[0, 0, 1, 1], x[0, 1], x[0, 2, 0, 0] = np.nan, -np.inf, np.inf
    with tg.config.override(backends=backends):
        plain = F.max_pool2d(Tensor(x), 2).numpy()
        eye = Tensor(np.eye(16, dtype="float32").reshape(16, 16, 1, 1))
        chained = F.max_pool2d(F.conv2d(Tensor(x[:, 2:3].repeat(16, 1)), eye), 2).numpy()
    want = T.max_pool2d(torch.tensor(x), 2).numpy()
    np.testing.assert_array_equal(plain, want)
    assert np.isnan(chained[0, 0, 0, 0])  # infinity times zero, in a blocked layout
    assert np.isfinite(chained[0, 0, 1, 1])


def test_bad_arguments():
    x = Tensor(np.ones((1, 1, 4, 4), "float32"))
    with pytest.raises(ArgumentError, match="half the kernel"):
        F.max_pool2d(x, 2, padding=2)
    with pytest.raises(ShapeError, match="does not fit"):
        F.avg_pool2d(x, 5)
    with pytest.raises(ShapeError, match="cannot come from an input of size"):
        F.adaptive_avg_pool2d(x, 5)
    with pytest.raises(ArgumentError, match="mode is one of"):
        F.avg_pool2d(x, 2, mode="sum")
