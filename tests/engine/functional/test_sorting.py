"""Sorting and ranking against NumPy and torch."""

import numpy as np
import pytest
import torch
from tests.engine.api.signatures import check_signature

import tengen as tg
import tengen.functional as F
from tengen.base.errors import ArgumentError, ShapeError
from tengen.tensor import Tensor

COVERS = tuple(f"tengen.functional.{n}" for n in ("argsort", "sort", "topk", "topk_accuracy"))
DTYPES = ("bool", "int8", "int64", "uint8", "float16", "bfloat16", "float32", "float64")


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("descending", [False, True])
def test_sort_is_stable(dtype, descending):
    rng = np.random.default_rng(0)
    x = Tensor(rng.integers(0, 5, (3, 40)), dtype=dtype)
    wide = x.numpy().astype("float64")
    want = np.argsort(-wide if descending else wide, axis=-1, kind="stable")
    values, order = F.sort(x, descending=descending)
    assert order.dtype == "int32" and values.dtype == dtype
    np.testing.assert_array_equal(order.numpy(), want)
    np.testing.assert_array_equal(values.numpy(), np.take_along_axis(x.numpy(), want, -1))
    np.testing.assert_array_equal(F.argsort(x, descending).numpy(), want)


def test_nan_is_the_greatest():
    x = Tensor([2.0, np.nan, -np.inf, 1.0, np.nan])
    np.testing.assert_array_equal(F.argsort(x).numpy(), [2, 3, 0, 1, 4])
    np.testing.assert_array_equal(F.argsort(x, True).numpy(), [1, 4, 0, 3, 2])
    np.testing.assert_array_equal(F.topk(x, 3)[1].numpy(), [1, 4, 0])


def test_gradient_of_sort_and_topk():
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((4, 9)), rng.standard_normal((4, 9))
    tx = torch.tensor(x, requires_grad=True)
    loss = (torch.sort(tx)[0] * torch.tensor(weight)).sum()
    (loss + (torch.topk(tx, 3)[0] * torch.tensor(weight[:, :3])).sum()).backward()
    mx, w = Tensor(x, dtype="float64"), Tensor(weight, dtype="float64")
    with tg.autodiff.GradManager().attach(mx) as gm:
        gm.backward((F.sort(mx)[0] * w).sum() + (F.topk(mx, 3)[0] * w[:, :3]).sum())
    np.testing.assert_allclose(mx.grad.numpy(), tx.grad.numpy())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("k", [0, 1, 4, 100])
def test_topk_takes_the_first_of_equals(dtype, descending, k):
    rng = np.random.default_rng(k)
    x = Tensor(rng.integers(0, 9, (3, 2, 100)), dtype=dtype)
    wide = x.numpy().astype("float64")
    want = np.argsort(-wide if descending else wide, axis=-1, kind="stable")[..., :k]
    values, order = F.topk(x, k, descending=descending)
    assert order.dtype == "int32"
    np.testing.assert_array_equal(order.numpy(), want)
    np.testing.assert_array_equal(values.numpy(), np.take_along_axis(x.numpy(), want, -1))


def test_topk_forms():
    x = Tensor(np.array([2, 4, 6, 8, 7, 5, 3, 1], dtype="float32"))
    top, order = F.topk(x, 5, descending=False)
    assert top.numpy().tolist() == [1, 2, 3, 4, 5] and order.numpy().tolist() == [7, 0, 6, 1, 5]
    assert sorted(F.topk(x, 3, no_sort=True)[0].numpy().tolist()) == [6, 7, 8]
    value, place = F.topk(x, 2, kth_only=True)
    assert value.shape == place.shape == () and (value.item(), place.item()) == (7, 4)
    value, place = F.topk(F.reshape(x, (2, 4)), 2, kth_only=True)
    assert value.numpy().tolist() == [6, 5] and place.numpy().tolist() == [2, 1]
    with pytest.raises(ArgumentError, match="k lies between 0 and 8"):
        F.topk(x, 9)
    with pytest.raises(ShapeError, match="one dimension at least"):
        F.sort(Tensor(1.0))


def test_topk_accuracy():
    logits = Tensor(np.arange(80, dtype="int32").reshape(8, 10))
    target = Tensor(np.arange(8, dtype="int32"))
    first, fifth = F.topk_accuracy(logits, target, (1, 5))
    assert (first.item(), fifth.item()) == (0.0, 0.375)
    only = F.topk_accuracy(Tensor([[0.1, 0.9], [0.8, 0.2]]), Tensor([1, 1]))
    assert only.dtype == "float32" and only.shape == () and only.item() == 0.5
    with pytest.raises(ShapeError, match="logits \\(N, classes\\)"):
        F.topk_accuracy(logits, Tensor([1]))
