"""MegEngine state dicts are read without running anything in the file."""

import collections
import contextlib
import io
import os
import pickle
import pickletools

import ml_dtypes
import numpy as np
import pytest

import tengen as tg
import tengen.module as M
from tengen.base.errors import ArgumentError, FileFormatError
from tengen.compat import load_state_dict

STATE = collections.OrderedDict(
    [
        ("weight", np.arange(6, dtype=np.float32).reshape(2, 3)),
        ("columns", np.asfortranarray(np.arange(6).reshape(2, 3))),
        ("steps", np.float64(3.5)),
        ("big", np.arange(3, dtype=">i4")),
        ("mask", np.array([True, False])),
        ("half", np.ones(2, np.float16)),
        ("brain", np.ones(2, ml_dtypes.bfloat16)),
        ("empty", np.zeros((0, 3), np.int8)),
        ("rest", {"epoch": 3, "name": "net", "list": [1, (2.5, None)], "set": {1, 2}, "raw": b"x"}),
        ("nothing", np.array(5)),
    ]
)


def same(got, want):
    if isinstance(want, (np.ndarray, np.generic)):
        assert np.asarray(got).dtype == np.asarray(want).dtype.newbyteorder("=")
        np.testing.assert_array_equal(np.asarray(got), np.asarray(want))
    elif isinstance(want, dict):
        assert list(got) == list(want)
        for key, value in want.items():
            same(got[key], value)
    else:
        assert got == want and type(got) is type(want)


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol(protocol):
    same(load_state_dict(io.BytesIO(pickle.dumps(STATE, protocol))), STATE)


def test_the_older_name_of_numpys_core(tmp_path):
    data = pickle.dumps({"w": np.ones(3)}, 2).replace(b"numpy._core", b"numpy.core")
    path = tmp_path / "old.pkl"
    path.write_bytes(data)
    same(load_state_dict(path), {"w": np.ones(3)})


def test_tensors_come_as_ours():
    data = pickle.dumps({"w": tg.Parameter([1.0, 2.0]), "b": tg.Tensor([3])}, 4)
    theirs = data.replace(b"\x8c\rtengen.tensor", b"\x8c\x10megengine.tensor")
    frame = (len(theirs) - 11).to_bytes(8, "little")
    made = load_state_dict(io.BytesIO(theirs[:3] + frame + theirs[11:]))
    assert type(made["w"]) is tg.Parameter and made["w"].numpy().tolist() == [1.0, 2.0]
    assert type(made["b"]) is tg.Tensor and made["b"].dtype == np.int32


def test_a_module_takes_it():
    net = M.Sequential(M.Linear(3, 2), M.BatchNorm1d(2))
    state = {name: np.asarray(value + 1) for name, value in net.state_dict().items()}
    net.load_state_dict(load_state_dict(io.BytesIO(pickle.dumps(state))))
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value, state[name])


class Evil:
    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "call, word",
    [
        ((os.system, "true"), "system"),
        ((eval, "1"), r"builtin(s|__)\.eval"),
        ((getattr, "a", "b"), r"builtin(s|__)\.getattr"),
        ((np.load, "x"), "load"),
        ((collections.Counter,), "collections.Counter"),
        ((np.ndarray, (3,)), "damaged"),
    ],
)
def test_nothing_runs(call, word):
    for protocol in range(6):
        data = pickle.dumps({"a": Evil(*call)}, protocol)
        with pytest.raises(FileFormatError, match=word):
            load_state_dict(io.BytesIO(data))


def test_globals_by_other_opcodes():
    for data in (
        b"cos\nsystem\n.", b"(S'true'\nios\nsystem\n.", b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
        b"\x80\x02\x82\x01.", b"Pname\n.", b"\x80\x02U\x01aQ.", b"\x80\x02cnumpy\nndarray\n)\x81.",
        b"ccollections\nOrderedDict\n)R}b.", b"\x80\x04\x95" + b"\xff" * 8 + b".",
        b"\x80\x03r\xff\xff\xff\xff.", b"\x80\x05\x96" + b"\xff" * 7 + b"\x7f.", b"", b"junk", b".",
    ):  # fmt: skip
        with pytest.raises(FileFormatError):
            result = load_state_dict(io.BytesIO(data))
            assert isinstance(result, dict) and not result
            raise FileFormatError("an empty container is harmless")


def test_objects_in_arrays_are_refused():
    with pytest.raises(FileFormatError, match="arrays of numbers are read; got the type 'O8'"):
        load_state_dict(io.BytesIO(pickle.dumps(np.array([{}, None]))))
    with pytest.raises(FileFormatError, match="arrays of numbers are read"):
        load_state_dict(io.BytesIO(pickle.dumps(np.array(["text"]))))


def test_arrays_that_lie_about_their_size():
    data = pickle.dumps(np.arange(4, dtype=np.int8), 2)
    names = [op.name for op, _, _ in pickletools.genops(data)]
    assert "BININT1" in names
    broken = data.replace(b"K\x04\x85", b"K\x07\x85")
    with pytest.raises(FileFormatError, match=r"shape \(7,\) needs 7 bytes; it has 4"):
        load_state_dict(io.BytesIO(broken))


def test_random_damage_is_an_error_of_ours_or_data():
    whole = pickle.dumps(STATE, 4)
    rng = np.random.default_rng(0)
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(3):
            data[rng.integers(len(data))] = rng.integers(256)
        with contextlib.suppress(FileFormatError):
            load_state_dict(io.BytesIO(bytes(data)))


def test_deep_nesting_is_refused():
    deep = b"\x80\x04" + b"]" * 50_000 + b"a" * 49_999 + b"."
    with pytest.raises(FileFormatError, match="nested deeper than 200"):
        load_state_dict(io.BytesIO(deep))


def test_what_is_no_file_is_refused():
    with pytest.raises(ArgumentError, match="expected a path or an open file; got int"):
        load_state_dict(3)
