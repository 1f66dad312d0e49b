"""Reductions, norms, products and running sums: values, gradients, data types, edges."""

import numpy as np
import pytest
from tests.engine.api.signatures import check_signature

import tengen as tg
import tengen.functional.math as F
from tengen.base.errors import ArgumentError, ShapeError
from tengen.tensor import Tensor

REDUCE = {
    "sum": np.sum, "mean": np.mean, "prod": np.prod, "max": np.max, "min": np.min, "var": np.var,
    "std": np.std,
}  # fmt: skip
POSITION = {"argmax": np.argmax, "argmin": np.argmin}
COVERS = tuple(
    f"tengen.functional.{n}"
    for n in (*REDUCE, *POSITION, "cumsum", "dot", "matmul", "norm", "normalize")
)
AXES = (None, 0, 1, -1, (0, 2), [1, 2], (0, 1, 2), (-1, 0))


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def tuple_of(axis):
    return tuple(axis) if isinstance(axis, list) else axis


@pytest.mark.parametrize("name", REDUCE)
@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions(name, axis, keepdims):
    x = np.random.default_rng(1).uniform(-2, 2, (3, 4, 5))
    for dtype, limit in (("float32", 3e-5), ("float64", 1e-12)):
        t = Tensor(x, dtype=dtype)
        got = getattr(F, name)(t, axis, keepdims)
        want = REDUCE[name](
            x.astype(dtype).astype("float64"), axis=tuple_of(axis), keepdims=keepdims
        )
        assert got.dtype == dtype and got.shape == want.shape
        np.testing.assert_allclose(got.numpy(), want, rtol=limit, atol=1e-7)
    if hasattr(Tensor, name):
        method = getattr(t, name)(axis=axis, keepdims=keepdims)
        np.testing.assert_array_equal(method.numpy(), got.numpy())


@pytest.mark.parametrize("name", REDUCE)
@pytest.mark.parametrize("axis", [None, 0, (0, 2)])
def test_reduction_gradients_equal_torch(name, axis):
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(2).uniform(-2, 2, (3, 4, 2))
    x[1, 2, 0] = 0  # a product with a zero, and with two
    x[:, 1, :] = 0
    ours = Tensor(x, dtype="float64")
    theirs = torch.tensor(x, requires_grad=True)
    dims = tuple(range(3)) if axis is None else (axis,) if isinstance(axis, int) else axis
    with tg.autodiff.GradManager().attach(ours) as gm:
        gm.backward((getattr(F, name)(ours, axis) ** 2).sum())
    if name in ("max", "min"):
        made = getattr(torch, "a" + name)(theirs, dims)
    elif name == "prod":
        made = theirs
        for d in sorted(dims, reverse=True):
            made = made.prod(d)
    elif name in ("var", "std"):
        made = getattr(torch, name)(theirs, dims, correction=0)
    else:
        made = getattr(theirs, name)(dims)
    (made**2).sum().backward()
    np.testing.assert_allclose(
        ours.grad.numpy(), np.nan_to_num(theirs.grad.numpy()), rtol=1e-9, atol=1e-12
    )


def test_reduction_data_types():
    whole = Tensor([[1, 2], [3, 5]])
    for name in ("sum", "prod", "max", "min"):
        assert getattr(F, name)(whole).dtype == "int32"
    for name in ("mean", "var", "std"):
        assert getattr(F, name)(whole).dtype == "float32"
    truth = Tensor([True, False, True])
    assert (F.sum(truth).item(), F.sum(truth).dtype) == (2, "int32")
    assert (F.prod(truth).item(), F.prod(truth).dtype) == (0, "int32")
    assert (F.max(truth).item(), F.max(truth).dtype) == (True, "bool")
    assert F.mean(truth).item() == pytest.approx(2 / 3)
    for half in ("float16", "bfloat16"):
        many = Tensor(np.full(5000, 0.125), dtype=half)
        assert F.sum(many).dtype == half
        assert F.sum(many).item() == pytest.approx(625, rel=1e-2)
        assert F.mean(many).item() == pytest.approx(0.125)
    assert F.sum([1.0, 2.0]).item() == 3
    assert F.mean(3).item() == 3


def test_reductions_of_nothing():
    none = Tensor(np.zeros((0, 3), "float32"))
    assert F.sum(none).item() == 0
    assert F.prod(none, 0).tolist() == [1, 1, 1]
    assert np.isnan(F.mean(none, 0).numpy()).all()
    assert F.sum(none, 1).shape == F.max(none, 1).shape == (0,)
    for name in ("max", "min", "argmax", "argmin"):
        with pytest.raises(ShapeError, match=rf"\[{name}\] of no elements"):
            getattr(F, name)(none)
    with pytest.raises(ArgumentError, match="axis 2 does not exist"):
        F.sum(none, 2)


def test_nan_wins():
    x = Tensor([1.0, np.nan, 3.0])
    assert np.isnan(F.max(x).item()) and np.isnan(F.min(x).item()) and np.isnan(F.sum(x).item())
    assert F.argmax(x).item() == F.argmin(x).item() == 1


@pytest.mark.parametrize("name", POSITION)
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int32", "bool"])
def test_positions(name, dtype):
    t = Tensor(np.random.default_rng(3).permutation(60).reshape(3, 4, 5), dtype=dtype)
    x = t.numpy()
    for axis in (None, 0, -1):
        got = getattr(F, name)(t, axis)
        assert got.dtype == "int32"
        np.testing.assert_array_equal(got.numpy(), POSITION[name](x, axis=axis))
        kept = getattr(F, name)(t, axis, keepdims=True)
        np.testing.assert_array_equal(kept.numpy(), POSITION[name](x, axis=axis, keepdims=True))
    several = getattr(F, name)(t, (0, 2))
    rows = x.transpose(1, 0, 2).reshape(4, 15)
    np.testing.assert_array_equal(several.numpy(), POSITION[name](rows, axis=1))
    assert getattr(F, name)(t, (0, 2), keepdims=True).shape == (1, 4, 1)


def test_cumsum():
    x = np.random.default_rng(4).integers(-5, 5, (3, 4))
    for dtype in ("int32", "int64", "float32", "float64", "float16"):
        for axis in (0, 1, -1):
            got = F.cumsum(Tensor(x, dtype=dtype), axis)
            assert got.dtype == dtype
            np.testing.assert_array_equal(got.numpy(), np.cumsum(x, axis))
    assert F.cumsum(Tensor([True, True]), 0).tolist() == [1, 2]
    t = Tensor(np.ones((2, 3)), dtype="float64")
    with tg.autodiff.GradManager().attach(t) as gm:
        gm.backward(F.cumsum(t, 1))
    assert t.grad.tolist() == [[3, 2, 1], [3, 2, 1]]


def test_dot():
    x, y = np.random.default_rng(5).standard_normal((2, 6))
    got = F.dot(Tensor(x, dtype="float64"), Tensor(y, dtype="float64"))
    assert got.shape == ()
    np.testing.assert_allclose(got.item(), x @ y, rtol=1e-13)
    assert F.dot(Tensor(2.0), Tensor([1.0, 2.0])).item() == 6
    with pytest.raises(ShapeError, match=r"\[dot\]"):
        F.dot(Tensor([1, 2]), Tensor([1, 2, 3]))


@pytest.mark.parametrize(
    ("left", "right"),
    [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)),
     ((5, 1, 2, 3), (6, 3, 4)), ((3,), (5, 3, 4)), ((5, 2, 3), (3,))],
)  # fmt: skip
def test_matmul(left, right):
    rng = np.random.default_rng(6)
    x, y = rng.standard_normal(left), rng.standard_normal(right)
    a, b = Tensor(x, dtype="float64"), Tensor(y, dtype="float64")
    np.testing.assert_allclose(F.matmul(a, b).numpy(), x @ y, rtol=1e-12)
    np.testing.assert_allclose((a @ b).numpy(), x @ y, rtol=1e-12)
    if len(left) > 1:
        turned = Tensor(np.swapaxes(x, -1, -2).copy(), dtype="float64")
        np.testing.assert_allclose(F.matmul(turned, b, transpose_a=True).numpy(), x @ y, rtol=1e-12)
    if len(right) > 1:
        turned = Tensor(np.swapaxes(y, -1, -2).copy(), dtype="float64")
        np.testing.assert_allclose(F.matmul(a, turned, transpose_b=True).numpy(), x @ y, rtol=1e-12)


@pytest.mark.parametrize("order", [None, 0, 1, 2, 3, 0.5, np.inf, -np.inf])
def test_norm(order):
    x = np.random.default_rng(7).standard_normal((4, 5))
    x[0, 0] = 0
    t = Tensor(x, dtype="float64")
    for axis in (0, 1, -1):
        want = np.linalg.norm(x, order, axis)
        np.testing.assert_allclose(F.norm(t, order, axis).numpy(), want, rtol=1e-12)
        kept = F.norm(t, order, axis, keepdims=True)
        np.testing.assert_allclose(kept.numpy(), np.expand_dims(want, axis), rtol=1e-12)
    np.testing.assert_allclose(F.norm(t[0], order).item(), np.linalg.norm(x[0], order), rtol=1e-12)
    if order not in (0, -np.inf, 0.5):
        want = x / np.linalg.norm(x, order, 1, keepdims=True)
        np.testing.assert_allclose(F.normalize(t, order, 1).numpy(), want, rtol=1e-12)


def test_norm_at_zero_and_without_axis():
    t = Tensor([0.0, 0.0])
    with tg.autodiff.GradManager().attach(t) as gm:
        gm.backward(F.norm(t))
    assert t.grad.tolist() == [0, 0]
    assert F.normalize(t).tolist() == [0, 0]
    assert F.normalize(Tensor([3.0, 4.0]), eps=10.0).tolist() == pytest.approx([0.3, 0.4])
    assert F.norm(Tensor([3, 4])).item() == 5
    assert F.norm(Tensor([3 + 4j])).item() == 5
    with pytest.raises(ArgumentError, match=r"\[norm\] axis is needed"):
        F.norm(Tensor([[1.0]]))
