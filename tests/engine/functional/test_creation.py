"""Tensors made from nothing: values, data types, shapes, errors."""

import numpy as np
import pytest
from tests.engine.api.signatures import check_signature

import tengen.functional.creation as F
from tengen.base.errors import ArgumentError, DTypeError
from tengen.tensor import Tensor

COVERS = tuple(f"tengen.functional.{n}" for n in F.__all__)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


@pytest.mark.parametrize("name", ["zeros", "ones"])
@pytest.mark.parametrize("shape", [3, (2, 3), [4], (), (0, 2), Tensor([2, 1])])
def test_zeros_and_ones(name, shape):
    wanted = tuple(shape.tolist()) if isinstance(shape, Tensor) else shape
    got = getattr(F, name)(shape)
    np.testing.assert_array_equal(got.numpy(), getattr(np, name)(wanted, "float32"))
    assert got.dtype == "float32"
    for dtype in ("int8", "bool", "float64", "bfloat16", "complex64"):
        assert getattr(F, name)(shape, dtype=dtype).dtype == dtype


def test_large_zeros_are_zero():
    assert not F.zeros((300, 300)).numpy().any()
    assert F.ones((300, 300), dtype="float64").numpy().all()


def test_full():
    for value, dtype in ((True, "bool"), (7, "int32"), (0.5, "float32"), (1j, "complex64")):
        got = F.full((2, 2), value)
        assert got.dtype == dtype
        np.testing.assert_array_equal(got.numpy(), np.full((2, 2), value))
    assert F.full(3, 7, dtype="float16").dtype == "float16"
    assert F.full(2, Tensor(5)).tolist() == [5, 5]
    assert F.full(2, np.float32(5), dtype="int64").tolist() == [5, 5]
    with pytest.raises(ArgumentError, match=r"\[full\]"):
        F.full("ab", 1)
    with pytest.raises(DTypeError):
        F.full(2, 1, dtype="nonsense")


def test_like():
    for dtype in ("float64", "int16", "bool", "bfloat16"):
        x = Tensor(np.ones((2, 3)), dtype=dtype)
        for made, value in ((F.zeros_like(x), 0), (F.ones_like(x), 1), (F.full_like(x, 1), 1)):
            assert made.dtype == dtype and made.shape == (2, 3)
            np.testing.assert_array_equal(made.numpy().astype("float64"), np.full((2, 3), value))
    assert F.full_like([1, 2], 9).tolist() == [9, 9]


@pytest.mark.parametrize(
    "args", [(5,), (2, 9), (2, 9, 3), (0, 1, 0.1), (5, 0, -2), (3, 3), (1, -4), (0.5, 3.5), (2.5,)]
)
def test_arange(args):
    got = F.arange(*args)
    assert got.dtype == "float32"
    np.testing.assert_allclose(got.numpy(), np.arange(*args), rtol=1e-6)
    whole = F.arange(*args, dtype="float64")
    np.testing.assert_allclose(whole.numpy(), np.arange(*args), rtol=1e-14, atol=1e-15)


def test_arange_of_large_integers_is_exact():
    start = 2**60
    assert F.arange(start, start + 3, dtype="int64").tolist() == [start, start + 1, start + 2]
    assert F.arange(Tensor(1), Tensor(4)).tolist() == [1, 2, 3]
    with pytest.raises(ArgumentError, match=r"\[arange\] a step of 0"):
        F.arange(1, 2, 0)


@pytest.mark.parametrize("args", [(0, 1, 5), (3, -2, 7), (0.1, 0.7, 3), (4, 9, 1), (0, 1, 1001)])
def test_linspace(args):
    got = F.linspace(*args, dtype="float64").numpy()
    np.testing.assert_allclose(got, np.linspace(*args), rtol=1e-14, atol=1e-15)
    assert args[2] == 1 or got[-1] == args[1]
    assert F.linspace(*args).dtype == "float32"
    assert F.linspace(Tensor(0), Tensor(2), Tensor(3)).tolist() == [0, 1, 2]
    with pytest.raises(ArgumentError, match=r"\[linspace\]"):
        F.linspace(0, 1, 0)


@pytest.mark.parametrize("size", [(3,), (2, 4), (4, 2), (0,), (3, 0)])
def test_eye(size):
    np.testing.assert_array_equal(F.eye(*size).numpy(), np.eye(*size))
    for dtype in ("int32", "bool", "float16"):
        assert F.eye(*size, dtype=dtype).dtype == dtype
