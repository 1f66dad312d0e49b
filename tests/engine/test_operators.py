"""Python's operators and the array methods of Tensor."""

import math
import operator

import numpy as np
import pytest

import tengen as tg
from tengen.base.errors import DTypeError, ShapeError
from tengen.tensor import Parameter, Tensor
from tests.engine.api.signatures import check_signature

COVERS = tuple(
    f"tengen.Tensor.{n}"
    for n in ("T", "flatten", "max", "mean", "min", "prod", "reshape", "sum", "transpose", "var")
)
FLOAT = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
WHOLE = ("add", "sub", "mul", "floordiv", "mod", "lshift", "rshift", "and_", "or_", "xor")
COMPARE = ("eq", "ne", "lt", "le", "gt", "ge")


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


@pytest.mark.parametrize("name", FLOAT)
def test_float_operators(name):
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0.5, 3, (2, 4)).astype("float32")
    function = getattr(operator, name)
    want = function(x.astype("float64"), y.astype("float64"))
    for a, b in ((Tensor(x), Tensor(y)), (Tensor(x), y), (Tensor(x), y.tolist())):
        np.testing.assert_allclose(function(a, b).numpy(), want, rtol=1e-5)
    np.testing.assert_allclose(function(x, Tensor(y)).numpy(), want, rtol=1e-5)
    np.testing.assert_allclose(
        function(2, Tensor(y)).numpy(), function(2.0, y.astype("float64")), rtol=1e-5
    )
    np.testing.assert_allclose(
        function(Tensor(x), 2).numpy(), function(x.astype("float64"), 2.0), rtol=1e-5
    )
    np.testing.assert_allclose(
        function(np.float64(2), Tensor(y)).numpy(), function(2.0, y.astype("float64")), rtol=1e-5
    )


@pytest.mark.parametrize("name", WHOLE)
def test_integer_operators(name):
    x, y = np.array([9, -7, 6, 0], "int32"), np.array([2, 3, 1, 5], "int32")
    function = getattr(operator, name)
    for a, b in ((Tensor(x), Tensor(y)), (Tensor(x), y), (x, Tensor(y))):
        got = function(a, b)
        assert got.dtype == "int32"
        np.testing.assert_array_equal(got.numpy(), function(x, y))
    np.testing.assert_array_equal(function(Tensor(x), 2).numpy(), function(x, 2))
    np.testing.assert_array_equal(function(2, Tensor(y)).numpy(), function(2, y))


@pytest.mark.parametrize("name", [*FLOAT, "and_", "or_", "xor", "lshift", "rshift", "matmul"])
def test_in_place_gives_the_handle_a_new_value(name):
    kind = "float32" if name in (*FLOAT, "matmul") else "int32"
    x = Tensor(np.array([[4, 3], [2, 1]]), dtype=kind)
    other = Tensor(np.array([[1, 2], [3, 1]]), dtype=kind)
    before, same = Tensor(x), x
    want = getattr(operator, name)(x.numpy(), other.numpy())
    got = getattr(operator, "i" + name.rstrip("_"))(same, other)
    assert got is x
    np.testing.assert_allclose(x.numpy(), want, rtol=1e-6)
    assert before.tolist() == [[4, 3], [2, 1]]


def test_in_place_keeps_the_gradient():
    w = Parameter([1.0, 2.0])
    with tg.autodiff.GradManager().attach(w) as gm:
        y = w * 1.0
        y *= 3.0
        y += w
        gm.backward(y.sum())
    assert w.grad.tolist() == [4, 4]


@pytest.mark.parametrize("name", COMPARE)
def test_comparisons(name):
    x, y = np.array([1.0, 2.0, 3.0], "float32"), np.array([2.0, 2.0, 2.0], "float32")
    function = getattr(operator, name)
    for a, b in ((Tensor(x), Tensor(y)), (Tensor(x), 2), (Tensor(x), y)):
        got = function(a, b)
        assert got.dtype == "bool"
        np.testing.assert_array_equal(got.numpy(), function(x, y))


def test_comparison_with_strangers():
    x = Tensor([1.0])
    assert (x == None) is False and (x != None) is True  # noqa: E711
    assert x != "text"
    assert {x: 1}[x] == 1
    with pytest.raises(TypeError):
        x < "text"  # noqa: B015
    with pytest.raises(TypeError):
        x + "text"


def test_unary_operators():
    x = Tensor([-1.5, 0.5, 2.5])
    assert (-x).tolist() == [1.5, -0.5, -2.5]
    assert (+x).tolist() == x.tolist()
    assert abs(x).tolist() == [1.5, 0.5, 2.5]
    assert round(x).tolist() == [-2, 0, 2]
    assert round(Tensor([1.26]), 1).tolist() == pytest.approx([1.3])
    assert math.floor(x).tolist() == [-2, 0, 2]
    assert math.ceil(x).tolist() == [-1, 1, 3]
    assert math.trunc(x).tolist() == [-1, 0, 2]
    assert (~Tensor([True, False])).tolist() == [False, True]
    assert (~Tensor([0, 5])).tolist() == [-1, -6]
    with pytest.raises(DTypeError):
        operator.invert(x)


def test_bool_operators():
    a, b = Tensor([True, True, False]), Tensor([True, False, False])
    assert (a & b).dtype == "bool" and (a & b).tolist() == [True, False, False]
    assert (a | b).tolist() == [True, True, False]
    assert (a ^ b).tolist() == [False, True, False]
    assert (a + b).tolist() == [2, 1, 0] and (a * b).dtype == "int32"
    with pytest.raises(DTypeError, match="bitwise_and"):
        a & 1.5


def test_mixed_types_promote():
    i, f = Tensor([1, 2]), Tensor([0.5, 0.5])
    assert (i + f).dtype == (i + 0.5).dtype == (i / 2).dtype == (i / i).dtype == "float32"
    assert (i + 1).dtype == (i * True).dtype == "int32"
    assert (f.astype("float16") + 1.0).dtype == "float16"
    assert (f.astype("float64") * f).dtype == "float64"
    assert (i.astype("int8") + i.astype("int64")).dtype == "int64"
    assert (i + 1j).dtype == "complex64"


def test_wide_arrays_stay_wide_beside_wide_tensors():
    x = Tensor([1.0], dtype="float64") + np.array([1e-12])
    assert x.dtype == "float64" and x.item() == 1 + 1e-12
    y = Tensor([1], dtype="int64") + np.array([2**40])
    assert y.dtype == "int64" and y.item() == 2**40 + 1


def test_matmul():
    x, y = np.random.default_rng(2).standard_normal((2, 3, 3)).astype("float32")
    np.testing.assert_allclose((Tensor(x) @ Tensor(y)).numpy(), x @ y, rtol=1e-5)
    np.testing.assert_allclose((x @ Tensor(y)).numpy(), x @ y, rtol=1e-5)
    np.testing.assert_allclose((Tensor(x) @ y).numpy(), x @ y, rtol=1e-5)


def test_indexing_and_iteration():
    x = Tensor(np.arange(12.0).reshape(3, 4))
    assert x[1, 2].item() == 6 and x[-1].tolist() == [8, 9, 10, 11]
    other = x.detach()
    x[0] = 7
    assert x[0].tolist() == [7] * 4 and other[0].tolist() == [0, 1, 2, 3]
    assert [row.tolist() for row in x] == x.tolist()
    first, *_ = x
    assert first.shape == (4,)
    assert 7 in x and 99 not in x and Tensor(11.0) in x
    assert 1 not in Tensor(np.zeros((0,), "float32"))
    with pytest.raises(ShapeError, match=r"\[iter\]"):
        iter(Tensor(1.0))


def test_shape_methods():
    x = Tensor(np.arange(24).reshape(2, 3, 4))
    a = x.numpy()
    np.testing.assert_array_equal(x.T.numpy(), a.T)
    np.testing.assert_array_equal(x.transpose().numpy(), a.T)
    np.testing.assert_array_equal(x.transpose(1, 0, 2).numpy(), a.transpose(1, 0, 2))
    np.testing.assert_array_equal(x.transpose((2, 0, 1)).numpy(), a.transpose(2, 0, 1))
    np.testing.assert_array_equal(x.transpose(0, "x", 1, 2).numpy(), a[:, None])
    np.testing.assert_array_equal(x.flatten().numpy(), a.ravel())
    assert Tensor(1.0).T.shape == () and Tensor([1.0]).T.shape == (1,)
    for shape in ((4, 6), (-1, 2), (24,)):
        np.testing.assert_array_equal(x.reshape(*shape).numpy(), a.reshape(shape))
        np.testing.assert_array_equal(x.reshape(shape).numpy(), a.reshape(shape))
    assert x.reshape(Tensor([8, 3])).shape == (8, 3)


def test_reducing_methods():
    x = Tensor([[1.0, 2.0], [3.0, 5.0]])
    assert x.sum().item() == 11 and x.sum(axis=0).tolist() == [4, 7]
    assert x.mean(1).tolist() == [1.5, 4] and x.prod().item() == 30
    assert x.max(axis=1, keepdims=True).tolist() == [[2], [5]]
    assert x.min((0, 1)).item() == 1 and x.var(0).tolist() == [1, 2.25]


def test_exchange_with_other_libraries():
    x = Tensor([[1.0, 2.0]])
    shared = np.from_dlpack(x)
    assert shared.tolist() == [[1, 2]]
    assert np.asarray(x).dtype == "float32"
    torch = pytest.importorskip("torch")
    assert torch.from_dlpack(x).tolist() == [[1, 2]]
    made = np.ones((1, 2), "float32") + x
    assert isinstance(made, Tensor) and made.tolist() == [[2, 3]]
