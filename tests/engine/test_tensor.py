"""Tensor: making one, data types, the printed form, handles, copies, host access."""

import copy
import pickle

import numpy as np
import pytest

import tengen as tg
from tengen.base import dtype as dt
from tengen.base.errors import ArgumentError, DeviceError, DTypeError
from tests.engine.api.signatures import check_signature

COVERS = (
    "tengen.Tensor",
    "tengen.Parameter",
    "tengen.Tensor.astype",
    "tengen.Tensor.device",
    "tengen.Tensor.dmap_callback",
    "tengen.Tensor.dtype",
    "tengen.Tensor.format",
    "tengen.Tensor.item",
    "tengen.Tensor.name",
    "tengen.Tensor.ndim",
    "tengen.Tensor.numpy",
    "tengen.Tensor.qparams",
    "tengen.Tensor.reset_zero",
    "tengen.Tensor.set_value",
    "tengen.Tensor.shape",
    "tengen.Tensor.size",
    "tengen.Tensor.to",
    "tengen.Tensor.tolist",
)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


@pytest.mark.parametrize(
    "data, dtype",
    [
        (1.5, "float32"),
        (3, "int32"),
        (True, "bool"),
        ([1, 2], "int32"),
        ([1.0, 2], "float32"),
        (np.zeros(2), "float32"),
        (np.zeros(2, np.int64), "int32"),
        (np.zeros(2, np.float16), "float16"),
        (np.zeros(2, np.uint8), "uint8"),
        (np.zeros(2, bool), "bool"),
        (1j, "complex64"),
    ],
)
def test_default_dtypes(data, dtype):
    assert tg.Tensor(data).dtype == np.dtype(dtype)


@pytest.mark.parametrize("dtype", [d.name for d in dt.ALL])
def test_every_dtype_on_request(dtype):
    t = tg.Tensor([0, 1, 1], dtype=dtype)
    assert t.dtype == dt.as_dtype(dtype)
    np.testing.assert_array_equal(t.numpy().astype(np.complex64), [0, 1, 1])
    assert t.astype("float64").dtype == np.float64


@pytest.mark.parametrize("data", ["text", ["a"], [[1], [1, 2]], object(), {"a": 1}])
def test_data_that_is_not_numbers_is_refused(data):
    with pytest.raises((DTypeError, ValueError)):
        tg.Tensor(data)


def test_unknown_dtype_device_and_format_are_refused():
    with pytest.raises(DTypeError, match="float7"):
        tg.Tensor(1, dtype="float7")
    with pytest.raises(DeviceError, match="tpu0"):
        tg.Tensor(1, device="tpu0")
    with pytest.raises(DeviceError, match="gpu7"):
        tg.Tensor(1, device="gpu7")
    with pytest.raises(ArgumentError, match="nhwc"):
        tg.Tensor(1, format="hwcn")


def test_printed_form():
    assert repr(tg.Tensor([1.0, 2.5])) == "Tensor([1.  2.5], device=xpux:0)"
    assert repr(tg.Tensor([1, 2])) == "Tensor([1 2], dtype=int32, device=xpux:0)"
    assert repr(tg.Parameter(1.0)) == "Parameter(1.0, device=xpux:0)"


def test_numpy_is_a_copy():
    t = tg.Tensor([1.0, 2.0])
    a = t.numpy()
    a[0] = 9
    assert t.tolist() == [1.0, 2.0]
    source = np.ones(3, np.float32)
    t = tg.Tensor(source)
    source[0] = 5
    assert t.tolist() == [1, 1, 1]


def test_facts():
    t = tg.Tensor(np.zeros((2, 3)), name="n")
    assert (t.shape, t.ndim, t.size, t.name, len(t)) == ((2, 3), 2, 6, "n", 2)
    assert t.format == "default" and t.qparams is None and t.dmap_callback is None
    assert t.device == "cpu0" and str(t.device) == "xpux:0"


def test_item_and_conversions():
    assert tg.Tensor([[3]]).item() == 3 and tg.Tensor([1, 2]).item(1) == 2
    assert float(tg.Tensor(2.5)) == 2.5 and int(tg.Tensor(2)) == 2 and bool(tg.Tensor(1))
    assert complex(tg.Tensor(2.0)) == 2 and [10, 20, 30][tg.Tensor(1)] == 20
    with pytest.raises(ArgumentError, match="one element"):
        tg.Tensor([1, 2]).item()
    with pytest.raises(ArgumentError, match="ambiguous"):
        bool(tg.Tensor([1, 2]))
    with pytest.raises(DTypeError, match="integer"):
        [1, 2][tg.Tensor(1.0)]


def test_set_value_and_reset_zero_change_one_handle():
    a = tg.Tensor([1.0, 2.0])
    b = tg.Tensor(a)
    a.set_value(np.array([5, 6]))
    assert a.tolist() == [5, 6] and a.dtype == np.float32 and b.tolist() == [1, 2]
    b.reset_zero()
    assert b.tolist() == [0, 0] and a.tolist() == [5, 6]


def test_to_the_same_device_is_the_tensor():
    t = tg.Tensor([1.0])
    assert t.to("cpu0") is t
    with pytest.raises(DeviceError):
        t.to("gpu0")


def test_copies_and_pickles():
    p = tg.Parameter([1.0, 2.0], name="w")
    p.mark = "mine"
    for q in (copy.deepcopy(p), pickle.loads(pickle.dumps(p))):
        assert type(q) is tg.Parameter and q.tolist() == [1, 2]
        assert q.name == "w" and q.mark == "mine" and q is not p
    q.set_value([3, 4])
    assert p.tolist() == [1, 2]


def test_as_a_numpy_array():
    t = tg.Tensor([1.0, 4.0])
    np.testing.assert_array_equal(np.asarray(t), [1, 4])
    np.testing.assert_array_equal(np.asarray(t, np.float64), [1, 4])


def test_attributes_of_ones_own():
    t = tg.Tensor(1.0)
    t.anything = 3
    assert t.anything == 3
