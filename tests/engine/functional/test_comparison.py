"""Comparisons, logic and shifts against NumPy; complex functions against NumPy and torch."""

import numpy as np
import pytest
from tests.engine.api.signatures import check_signature

import tengen as tg
import tengen.functional.comparison as F
import tengen.functional.complex_numbers as C
from tengen.base.errors import DTypeError
from tengen.tensor import Tensor

COMPARE = ("equal", "greater", "greater_equal", "less", "less_equal", "not_equal")
LOGIC = ("logical_and", "logical_or", "logical_xor")
SHIFT = ("left_shift", "right_shift")
REST = ("isinf", "isnan", "logical_not", "complex", "imag", "polar", "real")
COVERS = tuple(f"tengen.functional.{n}" for n in (*COMPARE, *LOGIC, *SHIFT, *REST))


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


@pytest.mark.parametrize("name", COMPARE)
@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "float16", "bfloat16", "int64", "uint8", "bool"]
)
def test_compare(name, dtype):
    rng = np.random.default_rng(1)
    a, b = (Tensor(rng.integers(0, 3, (4, 5)), dtype=dtype) for _ in range(2))
    got = getattr(F, name)(a, b)
    assert got.dtype == "bool"
    want = getattr(np, name)(a.numpy().astype("float64"), b.numpy().astype("float64"))
    np.testing.assert_array_equal(got.numpy(), want)
    mixed = getattr(F, name)(a, 1.5)
    np.testing.assert_array_equal(
        mixed.numpy(), getattr(np, name)(a.numpy().astype("float64"), 1.5)
    )
    reflected = getattr(F, name)(1, b)
    np.testing.assert_array_equal(
        reflected.numpy(), getattr(np, name)(1, b.numpy().astype("float64"))
    )


def test_nan_equals_nothing():
    x = Tensor([np.nan, 1.0, np.inf, -np.inf])
    assert F.equal(x, x).tolist() == [False, True, True, True]
    assert F.not_equal(x, x).tolist() == [True, False, False, False]
    assert F.isnan(x).tolist() == [True, False, False, False]
    assert F.isinf(x).tolist() == [False, False, True, True]
    for test in (F.isnan, F.isinf):
        assert test(Tensor([1, 2])).tolist() == [False, False]
        assert test(Tensor([1 + 2j])).tolist() == [False]


@pytest.mark.parametrize("name", LOGIC)
def test_logic(name):
    a, b = np.array([0, 0, 1, 1], bool), np.array([0, 1, 0, 1], bool)
    want = getattr(np, name)(a, b)
    for x, y in ((Tensor(a), Tensor(b)), (Tensor(a * 3), Tensor(b * 0.5)), (a, b)):
        got = getattr(F, name)(x, y)
        assert got.dtype == "bool"
        np.testing.assert_array_equal(got.numpy(), want)
    assert F.logical_not(Tensor([0.0, 2.0])).tolist() == [True, False]


@pytest.mark.parametrize("name", SHIFT)
def test_shift(name):
    x, y = np.array([1, 5, -9, 100]), np.array([0, 1, 2, 3])
    got = getattr(F, name)(Tensor(x), Tensor(y))
    assert got.dtype == "int32"
    np.testing.assert_array_equal(got.numpy(), getattr(np, name)(x, y))
    assert getattr(F, name)(Tensor([8]), 1).tolist() == getattr(np, name)([8], 1).tolist()
    with pytest.raises(DTypeError, match=name):
        getattr(F, name)(Tensor([1.0]), 1)


def test_complex_parts():
    rng = np.random.default_rng(2)
    re, im = rng.standard_normal((2, 3, 4))
    for dtype, wide in (("float32", "complex64"), ("float64", "complex128")):
        z = C.complex(Tensor(re, dtype=dtype), Tensor(im, dtype=dtype))
        assert z.dtype == wide
        np.testing.assert_allclose(z.numpy(), re + 1j * im, rtol=1e-6)
        np.testing.assert_allclose(C.real(z).numpy(), re, rtol=1e-6)
        np.testing.assert_allclose(C.imag(z).numpy(), im, rtol=1e-6)
    p = C.polar(Tensor(np.abs(re)), Tensor(im))
    np.testing.assert_allclose(p.numpy(), np.abs(re) * np.exp(1j * im), rtol=1e-5, atol=1e-6)
    with pytest.raises(DTypeError, match=r"\[imag\] takes complex64"):
        C.imag(Tensor([1.0]))


def test_complex_gradients_equal_torch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    a, b, c, d = rng.standard_normal((4, 6))

    def both(real, imag, complex, absolute, one, two):
        z = complex(one[0], one[1]) * complex(two[0], two[1]) / complex(two[1], one[0])
        return (absolute(z) + real(z) * imag(z)).sum()

    ours = [Tensor(v, dtype="float64") for v in (a, b, c, d)]
    with tg.autodiff.GradManager().attach(ours) as gm:
        gm.backward(both(C.real, C.imag, C.complex, abs, ours[:2], ours[2:]))
    theirs = [torch.tensor(v, requires_grad=True) for v in (a, b, c, d)]
    both(torch.real, torch.imag, torch.complex, torch.abs, theirs[:2], theirs[2:]).backward()
    for x, y in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy(), rtol=1e-11)


def test_modulus_has_no_slope_at_zero():
    z = Tensor([0j, 3 + 4j])
    with tg.autodiff.GradManager().attach(z) as gm:
        gm.backward(abs(z))
    np.testing.assert_allclose(z.grad.numpy(), [0, 0.6 + 0.8j], rtol=1e-6)
