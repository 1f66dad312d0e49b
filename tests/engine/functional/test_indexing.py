"""Indexing against NumPy: read, write, gradients, errors, and the functions built on it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.api.signatures import check_signature

import tengen as tg
import tengen.functional as F
from tengen.base.errors import DTypeError, IndexingError, ShapeError
from tengen.functional.tensor import getitem, setitem
from tengen.tensor import Tensor

NAMES = ("cond_take", "gather", "non_zero", "scatter", "where")
COVERS = tuple(f"tengen.functional.{n}" for n in NAMES)

DTYPES = (
    "bool", "int8", "int32", "int64", "uint8", "float16", "bfloat16", "float32", "float64",
    "complex64",
)  # fmt: skip


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def plain(index):
    """The index with NumPy arrays for tensors."""
    if isinstance(index, tuple):
        return tuple(plain(i) for i in index)
    return index.numpy() if isinstance(index, Tensor) else index


@st.composite
def indexed(draw):
    """A shape and an index, mixing every kind; most of them fit."""
    shape = tuple(draw(st.lists(st.integers(0, 4), max_size=4)))
    lead = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=2)))
    count = draw(st.integers(0, len(shape)))
    dots = draw(st.integers(-1, count))
    items, axis = [], 0
    for number in range(count):
        if number == dots:
            items.append(...)
            axis = len(shape) - (count - number)
        if draw(st.integers(0, 6)) == 0:
            items.append(None)
        if draw(st.integers(0, 30)) == 0:
            items.append(draw(st.booleans()))
        items.append(draw(item_of(shape[axis], lead)))
        axis += 1
    if dots == count:
        items.append(...)
    whole = len(items) == 1 and draw(st.booleans())
    return shape, items[0] if whole else tuple(items)


def item_of(size, lead):
    bound = st.none() | st.integers(-size - 2, size + 2)
    step = st.sampled_from([None, -3, -2, -1, 1, 2, 3])
    number = st.integers(-size, size - 1) if size else st.integers(0, 0)
    shape = st.sampled_from([lead, lead[-1:], (1,), ()])
    array = shape.flatmap(
        lambda s: st.lists(number, min_size=int(np.prod(s)), max_size=int(np.prod(s))).map(
            lambda v: np.array(v, dtype=np.int64).reshape(s)
        )
    )
    mask = st.lists(st.booleans(), min_size=size, max_size=size).map(lambda v: np.array(v, bool))
    kinds = [number, st.builds(slice, bound, bound, step), array, array.map(Tensor), mask]
    kinds += [mask.map(Tensor), array.filter(lambda a: a.ndim).map(lambda a: a.tolist())]
    return st.one_of(*kinds)


def attempt(call):
    try:
        return call()
    except (IndexError, ValueError) as error:
        return error


@settings(max_examples=600, deadline=None)
@given(indexed(), st.randoms(use_true_random=False))
def test_reading_and_writing_are_numpys(case, random):
    shape, index = case
    rng = np.random.default_rng(random.randrange(2**32))
    x = rng.standard_normal(shape).astype("float32")
    want = attempt(lambda: x[plain(index)])
    got = attempt(lambda: getitem(Tensor(x), index))
    if isinstance(want, Exception):
        assert isinstance(got, IndexError), (shape, index, want, got)
        return
    assert got.shape == want.shape, (shape, index)
    np.testing.assert_array_equal(got.numpy(), want)
    for value in (rng.standard_normal(want.shape).astype("float32"), 2.5):
        expected = x.copy()
        expected[plain(index)] = value
        np.testing.assert_array_equal(setitem(Tensor(x), index, value).numpy(), expected)


ARRAY = np.array([[0, 2], [1, -1]])
MIXED = [
    ((3, 4, 5), (slice(None), ARRAY, np.array([0, 1]))),
    ((3, 4, 5), (ARRAY, slice(None), np.array([0, 1]))),
    ((3, 4, 5), (0, slice(None), ARRAY)),
    ((3, 4, 5), (slice(None, None, -2), 1, ARRAY)),
    ((3, 4, 5), (ARRAY, None, np.array([1, 1]), slice(3, 0, -1))),
    ((3, 4, 5), (..., np.array([4, 4, 0]))),
    ((3, 4), (np.array([[True, False, True, True]] * 3),)),
    ((3, 4), (np.array([True, False, True]), np.array([1, 1]))),
    ((3, 4, 5), (np.array([[True, False, True, True]] * 3), 2)),
    ((4,), (None, 2, None)),
]


@pytest.mark.parametrize("shape,index", MIXED)
def test_gradients_of_reading_and_writing_are_torchs(shape, index):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape)
    want = x[index]
    weight = rng.standard_normal(want.shape)
    value = rng.standard_normal(want.shape[-1:])
    # torch has no negative steps: read through a gather of element numbers instead.
    places = np.arange(x.size).reshape(shape)[index]
    tx = torch.tensor(x, requires_grad=True)
    (tx.reshape(-1)[torch.tensor(places)] * torch.tensor(weight)).sum().backward()
    mx = Tensor(x, dtype="float64")
    with tg.autodiff.GradManager().attach(mx) as gm:
        gm.backward((getitem(mx, index) * Tensor(weight, dtype="float64")).sum())
    np.testing.assert_allclose(mx.grad.numpy(), tx.grad.numpy())

    whole = rng.standard_normal(shape)
    mx, mv = Tensor(x, dtype="float64"), Tensor(value, dtype="float64")
    with tg.autodiff.GradManager().attach([mx, mv]) as gm:
        gm.backward((setitem(mx, index, mv) * Tensor(whole, dtype="float64")).sum())
    written = np.zeros(x.size, int)
    full = np.broadcast_to(np.arange(value.size), want.shape)
    owner = np.full(x.size, -1)
    owner[places.reshape(-1)] = full.reshape(-1)
    written[places.reshape(-1)] = 1
    np.testing.assert_allclose(mx.grad.numpy().ravel(), whole.ravel() * (1 - written))
    sums = [whole.ravel()[owner == i].sum() for i in range(value.size)]
    np.testing.assert_allclose(mv.grad.numpy(), sums)


def test_repeats_sum_when_read_and_the_last_stays_when_written():
    x, v = Tensor([1.0, 2.0, 3.0]), Tensor([10.0, 20.0, 30.0])
    with tg.autodiff.GradManager().attach([x, v]) as gm:
        y = x[[1, 1, 1, 0]].sum() + setitem(x, [2, 2, 0], v).sum()
        gm.backward(y)
    np.testing.assert_array_equal(setitem(x, [2, 2, 0], v).numpy(), [30, 2, 20])
    np.testing.assert_array_equal(x.grad.numpy(), [1, 4, 0])
    np.testing.assert_array_equal(v.grad.numpy(), [0, 1, 1])


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_data_type_is_read_and_written(dtype):
    x = Tensor(np.arange(12).reshape(3, 4) % 2, dtype=dtype)
    base = x.numpy()
    for index in (1, (slice(None, None, -1), 2), [0, 2], np.array([[True, False, True, True]] * 3)):
        got = getitem(x, index)
        assert got.dtype == dtype
        np.testing.assert_array_equal(got.numpy(), base[index])
        expected = base.copy()
        expected[index] = 1
        np.testing.assert_array_equal(setitem(x, index, 1).numpy(), expected)


def test_the_tensors_own_brackets_rebind_the_handle():
    x = Tensor(np.zeros((2, 3), "float32"))
    other = x[:]
    x[1, ::2] = Tensor([5.0, 6.0])
    x[0] += 1
    np.testing.assert_array_equal(x.numpy(), [[1, 1, 1], [5, 0, 6]])
    np.testing.assert_array_equal(other.numpy(), np.zeros((2, 3)))
    assert [row.shape for row in x] == [(3,), (3,)]


def test_a_write_into_memory_of_its_own_stays_in_place():
    x = Tensor(np.zeros((50, 1000), "float32"))
    where = x._buffer.array.ctypes.data
    for row in range(50):
        x[row] = row
        x[row, 1:3] = Tensor([row + 0.5, row + 0.25])
    assert x._buffer.array.ctypes.data == where
    want = np.tile(np.arange(50, dtype="float32")[:, None], (1, 1000))
    want[:, 1] += 0.5
    want[:, 2] += 0.25
    np.testing.assert_array_equal(x.numpy(), want)


@pytest.mark.parametrize("share", [
    lambda x: x.detach(), lambda x: x[2:], lambda x: x.T, lambda x: Tensor(x),
    lambda x: F.reshape(x, (4, 3)), lambda x: [x.detach()][0],
])  # fmt: skip
def test_a_write_never_reaches_another_tensor(share):
    x = Tensor(np.zeros((3, 4), "float32"))
    other = share(x)
    before = other.numpy()
    x[0] = 1.0
    x[:, 0] = Tensor([2.0, 3.0, 4.0])
    np.testing.assert_array_equal(other.numpy(), before)
    assert x.numpy()[0].tolist() == [2, 1, 1, 1]
    x[0:2] = x[1:3]
    assert x.numpy()[:, 0].tolist() == [3, 4, 4]


def test_a_write_during_recording_keeps_what_the_gradient_needs():
    x = Tensor([1.0, 2.0, 3.0])
    y = Tensor([5.0, 6.0, 7.0])
    with tg.autodiff.GradManager().attach(x) as gm:
        z = x * y
        y[0] = 100.0
        z[1] = 0.0
        gm.backward(z.sum())
    np.testing.assert_array_equal(x.grad.numpy(), [5, 0, 7])


BAD = [
    ((3,), 3, "index 3 is out of range for axis 0 of size 3"),
    ((3,), -4, "index -4 is out of range"),
    ((3, 4), (0, [0, 4]), "index 4 is out of range"),
    ((3,), (0, 0), "too many indices: 2 for 1"),
    ((), 0, "too many indices: 1 for 0"),
    ((3, 4), np.ones((3, 3), bool), "a mask of shape (3, 3) does not fit"),
    ((3,), np.ones((3, 1), bool), "too many indices"),
    ((3, 4), ([0, 1], [0, 1, 2]), "do not broadcast"),
    ((3,), 1.5, "whole numbers"),
    ((3,), "a", "whole numbers"),
    ((3,), Tensor([0.5]), "whole numbers or bool; got float32"),
    ((3,), (..., ...), "one Ellipsis"),
    ((3,), slice(0.5, None), "bounds of a slice"),
]


@pytest.mark.parametrize("shape,index,message", BAD)
def test_bad_indices_are_refused(shape, index, message):
    x = Tensor(np.zeros(shape, "float32"))

    def write():
        x[index] = 1.0

    for call in (lambda: getitem(x, index), lambda: setitem(x, index, 1.0), write):
        with pytest.raises(IndexingError) as caught:
            call()
        assert message in str(caught.value), caught.value
        assert isinstance(caught.value, IndexError)


def test_a_value_that_does_not_fit_is_refused():
    x = Tensor(np.zeros((3, 4), "float32"))
    for index in (0, [0, 1], (slice(None), [0, 1])):
        with pytest.raises(ShapeError, match="does not broadcast"):
            setitem(x, index, np.ones(5, "float32"))
    got = setitem(x, 0, np.ones((1, 1, 4), "float32"))
    np.testing.assert_array_equal(got[0].numpy(), np.ones(4))


def test_a_written_value_is_cast():
    x = Tensor([1, 2, 3])
    np.testing.assert_array_equal(setitem(x, 0, 2.9).numpy(), [2, 2, 3])
    assert setitem(x, [0], Tensor([7.0])).dtype == "int32"


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_gather(axis):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4, 5, 3))
    shape = [2, 3, 2]
    shape[axis] = 6
    index = rng.integers(0, x.shape[axis], shape)
    tx = torch.tensor(x, requires_grad=True)
    want = torch.gather(tx, axis, torch.tensor(index))
    weight = rng.standard_normal(shape)
    (want * torch.tensor(weight)).sum().backward()
    mx = Tensor(x, dtype="float64")
    with tg.autodiff.GradManager().attach(mx) as gm:
        got = F.gather(mx, axis, Tensor(index))
        gm.backward((got * Tensor(weight, dtype="float64")).sum())
    np.testing.assert_array_equal(got.numpy(), want.detach().numpy())
    np.testing.assert_allclose(mx.grad.numpy(), tx.grad.numpy())
    with pytest.raises(ShapeError, match="dimension"):
        F.gather(mx, 0, Tensor([0]))


@pytest.mark.parametrize("axis", [0, 1, -2])
def test_scatter(axis):
    rng = np.random.default_rng(0)
    x, source = rng.standard_normal((4, 5)), rng.standard_normal((3, 4))
    size = x.shape[axis]
    index = np.stack([rng.permutation(size)[:3] for _ in range(4)], 1)
    if axis == 1:
        index = np.stack([rng.permutation(size)[:4] for _ in range(3)])
    tx, ts = (torch.tensor(v, requires_grad=True) for v in (x, source))
    want = torch.scatter(tx, axis, torch.tensor(index), ts)
    weight = rng.standard_normal(x.shape)
    (want * torch.tensor(weight)).sum().backward()
    mx, ms = Tensor(x, dtype="float64"), Tensor(source, dtype="float64")
    with tg.autodiff.GradManager().attach([mx, ms]) as gm:
        got = F.scatter(mx * 1, axis, Tensor(index), ms)
        gm.backward((got * Tensor(weight, dtype="float64")).sum())
    np.testing.assert_array_equal(got.numpy(), want.detach().numpy())
    np.testing.assert_allclose(mx.grad.numpy(), tx.grad.numpy())
    np.testing.assert_allclose(ms.grad.numpy(), ts.grad.numpy())


def test_scatter_gives_the_handle_the_new_value():
    x = Tensor(np.zeros((3, 5), "float32"))
    before = x[:]
    out = F.scatter(x, 0, Tensor([[0, 2, 0, 2, 1], [2, 0, 1, 1, 2]]), Tensor(np.ones((2, 5))))
    assert out is x
    want = [[1, 1, 1, 0, 0], [0, 0, 1, 1, 1], [1, 1, 0, 1, 1]]
    np.testing.assert_array_equal(x.numpy(), want)
    np.testing.assert_array_equal(before.numpy(), np.zeros((3, 5)))
    with pytest.raises(ShapeError, match="one shape"):
        F.scatter(x, 0, Tensor([[0]]), Tensor([[1.0, 2.0]]))
    with pytest.raises(ShapeError, match="longer than inp"):
        F.scatter(Tensor([[1.0]]), 0, Tensor([[0, 0]]), Tensor([[1.0, 2.0]]))


def test_where():
    rng = np.random.default_rng(0)
    mask, x, y = rng.random((3, 1)) < 0.5, rng.standard_normal((3, 4)), rng.standard_normal(4)
    for dtype in ("float32", "float64", "float16", "int32"):
        got = F.where(Tensor(mask), Tensor(x, dtype=dtype), Tensor(y, dtype=dtype))
        assert got.dtype == dtype
        np.testing.assert_array_equal(got.numpy(), np.where(mask, x.astype(dtype), y.astype(dtype)))
    assert F.where(Tensor(mask), Tensor([1]), Tensor([1.5])).dtype == "float32"
    np.testing.assert_array_equal(
        F.where(mask, Tensor(x), 0.0).numpy(), np.where(mask, x.astype("float32"), 0)
    )
    bad = Tensor([np.nan, np.inf])
    with tg.autodiff.GradManager().attach(bad) as gm:
        gm.backward(F.where(Tensor([False, False]), bad, Tensor([1.0, 2.0])).sum())
    np.testing.assert_array_equal(bad.grad.numpy(), [0, 0])
    with pytest.raises(DTypeError, match="the mask is bool"):
        F.where(Tensor([1.0]), Tensor([1.0]), Tensor([1.0]))


def test_cond_take():
    x = np.array([[1, np.inf], [np.nan, 4]], "float32")
    mask = np.array([[True, False], [False, True]])
    values, places = F.cond_take(Tensor(mask), Tensor(x))
    np.testing.assert_array_equal(values.numpy(), [1, 4])
    np.testing.assert_array_equal(places.numpy(), [0, 3])
    assert places.dtype == "int32"
    none, _ = F.cond_take(Tensor(np.zeros((2, 2), bool)), Tensor(x))
    assert none.shape == (0,)
    mx = Tensor([1.0, 2.0, 3.0])
    with tg.autodiff.GradManager().attach(mx) as gm:
        gm.backward((F.cond_take(mx > 1.5, mx)[0] ** 2).sum())
    np.testing.assert_array_equal(mx.grad.numpy(), [0, 4, 6])
    with pytest.raises(ShapeError, match="the mask is bool of the shape of x"):
        F.cond_take(Tensor([True]), Tensor(x))


@pytest.mark.parametrize("dtype", ["float32", "int32", "bool", "complex64", "bfloat16"])
def test_non_zero(dtype):
    x = np.array([[0, 1, 0], [2, 0, 3]]).astype("bool" if dtype == "bool" else "float32")
    t = Tensor(x, dtype=dtype)
    rows = F.non_zero(t)
    assert rows.dtype == "int32"
    np.testing.assert_array_equal(rows.numpy(), np.argwhere(x))
    columns = F.non_zero(t, as_tuple=True)
    assert isinstance(columns, tuple)
    for got, want in zip(columns, np.nonzero(x), strict=True):
        np.testing.assert_array_equal(got.numpy(), want)
    np.testing.assert_array_equal(F.non_zero(t[0]).numpy(), [[1]])
    assert F.non_zero(Tensor(np.zeros((2, 3)))).shape == (0, 2)
