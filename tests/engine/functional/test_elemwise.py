"""Elementwise functions: values against NumPy in float64, signatures, data types, edges."""

import math

import numpy as np
import pytest
from tests.engine.api.signatures import check_signature

import tengen as tg
import tengen.functional.elemwise as F
from tengen.base.errors import ArgumentError, DTypeError, ShapeError
from tengen.tensor import Tensor

UNARY = {
    "abs": (np.abs, -3, 3),
    "acos": (np.arccos, -1, 1),
    "acosh": (np.arccosh, 1, 9),
    "asin": (np.arcsin, -1, 1),
    "asinh": (np.arcsinh, -9, 9),
    "atan": (np.arctan, -9, 9),
    "atanh": (np.arctanh, -0.99, 0.99),
    "ceil": (np.ceil, -9, 9),
    "cos": (np.cos, -9, 9),
    "cosh": (np.cosh, -4, 4),
    "erf": (np.vectorize(math.erf), -7, 7),
    "exp": (np.exp, -9, 9),
    "expm1": (np.expm1, -2, 2),
    "floor": (np.floor, -9, 9),
    "log": (np.log, 0.01, 9),
    "log1p": (np.log1p, -0.9, 9),
    "neg": (np.negative, -9, 9),
    "round": (np.rint, -9, 9),
    "sign": (np.sign, -2, 2),
    "sin": (np.sin, -9, 9),
    "sinh": (np.sinh, -4, 4),
    "sqrt": (np.sqrt, 0, 9),
    "square": (np.square, -9, 9),
    "tan": (np.tan, -1.4, 1.4),
    "tanh": (np.tanh, -4, 4),
}
BINARY = {
    "add": (np.add, -3, 3),
    "atan2": (np.arctan2, -3, 3),
    "div": (np.true_divide, 0.5, 3),
    "floor_div": (np.floor_divide, 0.5, 9),
    "logaddexp": (np.logaddexp, -9, 9),
    "maximum": (np.maximum, -3, 3),
    "minimum": (np.minimum, -3, 3),
    "mod": (np.mod, 0.5, 9),
    "mul": (np.multiply, -3, 3),
    "pow": (np.power, 0.5, 3),
    "sub": (np.subtract, -3, 3),
}
COVERS = tuple(f"tengen.functional.{n}" for n in (*UNARY, *BINARY, "clip"))
KEEP_INTEGERS = ("abs", "neg", "sign", "square", "ceil", "floor", "round")


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize(("dtype", "limit"), [("float32", 3e-6), ("float64", 1e-14)])
def test_unary_values(name, dtype, limit):
    reference, low, high = UNARY[name]
    x = np.linspace(low, high, 999).astype(dtype)
    got = getattr(F, name)(Tensor(x, dtype=dtype))
    assert got.dtype == dtype
    want = reference(x.astype("float64"))
    np.testing.assert_allclose(got.numpy(), want, rtol=limit, atol=limit)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize(("dtype", "limit"), [("float32", 3e-6), ("float64", 1e-14)])
def test_binary_values(name, dtype, limit):
    reference, low, high = BINARY[name]
    rng = np.random.default_rng(1)
    x = rng.uniform(low, high, (7, 1, 5)).astype(dtype)
    y = rng.uniform(low, high, (4, 1)).astype(dtype)
    got = getattr(F, name)(Tensor(x, dtype=dtype), Tensor(y, dtype=dtype))
    assert got.dtype == dtype
    want = reference(x.astype("float64"), y.astype("float64"))
    np.testing.assert_allclose(got.numpy(), want, rtol=limit, atol=limit)


@pytest.mark.parametrize("name", UNARY)
def test_unary_of_numbers_integers_and_halves(name):
    reference, low, high = UNARY[name]
    value = math.ceil(low) if name != "atanh" else 0
    whole = getattr(F, name)(Tensor([value, value + (name in KEEP_INTEGERS)]))
    assert whole.dtype == ("int32" if name in KEEP_INTEGERS else "float32")
    want = reference(np.float64([value, value + (name in KEEP_INTEGERS)]))
    np.testing.assert_allclose(whole.numpy(), want, rtol=3e-6, atol=1e-6)
    middle = (low + high) / 2
    one = getattr(F, name)(middle)
    assert one.shape == ()
    np.testing.assert_allclose(one.item(), reference(np.float64(middle)), rtol=1e-6, atol=1e-6)
    for half, limit in (("float16", 2e-3), ("bfloat16", 2e-2)):
        x = Tensor([middle], dtype=half)
        got = getattr(F, name)(x)
        assert got.dtype == half
        want = reference(x.numpy().astype("float64"))
        np.testing.assert_allclose(got.numpy().astype("float64"), want, rtol=limit, atol=limit)


@pytest.mark.parametrize("name", BINARY)
def test_binary_of_mixed_operands(name):
    reference, _, _ = BINARY[name]
    x = np.array([1.0, 2.0, 3.0], "float32")
    function = getattr(F, name)
    want = reference(np.float64(x), 2.0)
    for y in (2, 2.0, np.float32(2), np.float64(2), [2, 2, 2], np.full(3, 2), Tensor(2)):
        got = function(Tensor(x), y)
        assert got.dtype == "float32"
        np.testing.assert_allclose(got.numpy(), want, rtol=1e-6)
    got = function(2, Tensor(x))
    np.testing.assert_allclose(got.numpy(), reference(2.0, np.float64(x)), rtol=1e-6)
    half = function(Tensor(x, dtype="float16"), 2.0)
    assert half.dtype == "float16"
    assert function(Tensor(x, dtype="float64"), Tensor(x)).dtype == "float64"


def test_integer_arithmetic():
    x, y = np.array([7, -7, 7, -7, 5]), np.array([2, 2, -2, -2, 3])
    a, b = Tensor(x), Tensor(y)
    for name in ("add", "sub", "mul", "floor_div", "mod", "maximum", "minimum"):
        got = getattr(F, name)(a, b)
        assert got.dtype == "int32"
        np.testing.assert_array_equal(got.numpy(), BINARY[name][0](x, y), err_msg=name)
    for name in ("div", "pow"):
        got = getattr(F, name)(a, b)
        assert got.dtype == "float32"
        np.testing.assert_allclose(got.numpy(), BINARY[name][0](x * 1.0, y * 1.0), rtol=1e-6)
    assert F.add(True, True).item() == 2
    assert F.mul(Tensor([True]), Tensor([True])).dtype == "int32"
    assert F.div(Tensor([1]), Tensor([0])).item() == math.inf
    assert F.floor_div(Tensor([1]), Tensor([0])).item() == 0
    assert F.add(Tensor([200], dtype="uint8"), Tensor([-1], dtype="int8")).dtype == "int16"


@pytest.mark.parametrize("exponent", [-1, 0.5, 1, 2, 3, 0, 2.5, -2])
def test_powers_and_their_gradients(exponent):
    x = np.array([0.5, 1.0, 2.0, 3.0])
    t = Tensor(x, dtype="float64")
    with tg.autodiff.GradManager().attach(t) as gm:
        y = F.pow(t, exponent)
        gm.backward(y)
    np.testing.assert_allclose(y.numpy(), x**exponent, rtol=1e-14)
    np.testing.assert_allclose(t.grad.numpy(), exponent * x ** (exponent - 1.0), rtol=1e-13)
    assert y is not t


def test_gradients_at_corners():
    def gradient(function, values):
        t = Tensor(values)
        with tg.autodiff.GradManager().attach(t) as gm:
            gm.backward(function(t))
        return t.grad.numpy().tolist()

    assert gradient(F.abs, [-2.0, 0.0, 2.0]) == [-1, 0, 1]
    assert gradient(lambda t: F.maximum(t, 1.0), [0.0, 1.0, 2.0]) == [0, 1, 1]
    assert gradient(lambda t: F.minimum(t, 1.0), [0.0, 1.0, 2.0]) == [1, 1, 0]
    assert gradient(lambda t: F.clip(t, 0, 1), [-1.0, 0.0, 0.5, 1.0, 2.0]) == [0, 1, 1, 1, 0]
    assert gradient(lambda t: F.pow(t, 0), [0.0, 2.0]) == [0, 0]


def test_clip():
    x = np.array([-2.0, -0.5, 0.5, 2.0, np.nan], "float32")
    for lower, upper in ((-1, 1), (None, 0.25), (0.25, None), (1, -1)):
        got = F.clip(Tensor(x), lower, upper).numpy()
        low, high = (-np.inf if lower is None else lower), (np.inf if upper is None else upper)
        np.testing.assert_array_equal(got, np.minimum(np.maximum(x, low), high).astype("float32"))
    whole = F.clip(Tensor([0, 1, 2, 3, 4]), 2, 3)
    assert whole.dtype == "int32" and whole.tolist() == [2, 2, 2, 3, 3]
    bound = Tensor([0.0, 1.0])
    assert F.clip(Tensor([2.0, -2.0]), lower=bound).tolist() == [2, 1]
    assert F.clip(np.array([5.0]), upper=1).tolist() == [1]
    with pytest.raises(ArgumentError, match=r"\[clip\] a lower or an upper bound"):
        F.clip(Tensor(x))


def test_round_goes_to_even_and_trunc_toward_zero():
    assert F.round(Tensor([0.5, 1.5, 2.5, -0.5])).tolist() == [0, 2, 2, 0]
    assert F.trunc(Tensor([-1.7, 1.7])).tolist() == [-1, 1]


def test_complex_arithmetic():
    rng = np.random.default_rng(2)
    x = rng.standard_normal(5) + 1j * rng.standard_normal(5)
    y = rng.standard_normal(5) + 1j * rng.standard_normal(5)
    a, b = Tensor(x, dtype="complex128"), Tensor(y, dtype="complex128")
    for name in ("add", "sub", "mul", "div"):
        got = getattr(F, name)(a, b)
        assert got.dtype == "complex128"
        np.testing.assert_allclose(got.numpy(), BINARY[name][0](x, y), rtol=1e-13)
    assert F.abs(a).dtype == "float64"
    np.testing.assert_allclose(F.abs(a).numpy(), np.abs(x), rtol=1e-14)
    with pytest.raises(DTypeError):
        F.exp(a)


def test_shapes_that_do_not_broadcast():
    with pytest.raises(ShapeError, match=r"\[add\] shapes \(2,\) and \(3,\) do not broadcast"):
        F.add(Tensor([1, 2]), Tensor([1, 2, 3]))


@pytest.mark.parametrize("name", ["exp", "sqrt", "tanh", "erf", "log", "atan", "asinh"])
def test_gradient_equals_torch(name):
    torch = pytest.importorskip("torch")
    _, low, high = UNARY[name]
    x = np.linspace(max(low, -3) + 0.1, min(high, 3), 50)
    ours = Tensor(x, dtype="float64")
    with tg.autodiff.GradManager().attach(ours) as gm:
        gm.backward(getattr(F, name)(ours))
    theirs = torch.tensor(x, requires_grad=True)
    getattr(torch, name)(theirs).sum().backward()
    np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-12)
