"""save and load: every kind of value, sharing, files of other kinds, damage and malice."""

import contextlib
import io
import json
import os
import pickle
import stat
import struct
from collections import OrderedDict

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tengen as tg
from tengen.base import dtype as dt
from tengen.base.errors import ArgumentError, DeviceError, FileFormatError
from tengen.serialization import load, save
from tests.engine.api.signatures import check_signature

COVERS = ("tengen.save", "tengen.load")


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)
    assert tg.save is save
    assert tg.load is load


def again(value, **options):
    file = io.BytesIO()
    save(value, file)
    file.seek(0)
    return load(file, **options)


def same(a, b):
    """Equal in value and type, down to the last element."""
    assert type(a) is type(b), (a, b)
    if isinstance(a, tg.Tensor):
        assert a.dtype == b.dtype
        assert a.name == b.name
        assert a.device is b.device
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    elif isinstance(a, (np.ndarray, np.generic)):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        np.testing.assert_array_equal(a, b)
    elif isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            same(a[key], b[key])
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same(x, y)
    else:
        assert a == b or (a != a and b != b)


VALUES = {
    "none": None,
    "bool": True,
    "int": -3,
    "wide int": 2**80 + 1,
    "53 bits": 2**53 + 1,
    "float": 0.1,
    "not finite": [float("inf"), -float("inf")],
    "complex": 1.5 - 2j,
    "text": '天元 \ud800 " \\ \n',
    "bytes": b"\x00\xff" * 5,
    "no bytes": b"",
    "bytearray": bytearray(b"abc"),
    "empty": [[], (), {}, ""],
    "tuple": (1, (2, [3])),
    "sets": [{1, 2}, frozenset({"a"})],
    "dict": {"a": 1, "b": {"c": [2.5]}},
    "odd keys": {1: "a", (2, "b"): "c", None: "d", 2.5: "e", False: "f", "$x": "g", b"k": "h"},
    "dollar": {"$tensor": 0, "$": {"$dict": []}},
    "ordered": OrderedDict([("b", 1), ("a", 2)]),
    "dtype": [np.dtype("float16"), dt.bfloat16],
    "type": [np.float32, np.int8],
    "scalars": [np.float64(2.5), np.int8(3), np.bool_(True)],
    "0-d": np.array(7),
    "0-size": np.zeros((0, 3), "int16"),
}


@pytest.mark.parametrize("name", VALUES)
def test_every_kind_of_value(name):
    same(again(VALUES[name]), VALUES[name])


@pytest.mark.parametrize("kind", [d.name for d in dt.ALL])
def test_every_data_type(kind):
    array = np.arange(12).reshape(3, 4).astype(dt.as_dtype(kind))
    if kind.startswith("complex"):
        array = array * (1 - 2j)
        array = array.astype(kind)
    got = again({"a": array, "t": tg.Tensor(array, dtype=kind), "v": array.T[::2]})
    same(got["a"], array)
    same(got["t"], tg.Tensor(array, dtype=kind))
    same(got["v"], array.T[::2].copy())


def test_swapped_bytes_become_native():
    array = np.arange(5, dtype=">f4")
    got = again(array)
    assert got.dtype == np.dtype("<f4")
    np.testing.assert_array_equal(got, array)


NESTED = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.complex_numbers(),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers(), inner)
    ),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NESTED)
def test_any_nesting(value):
    same(again(value), value)


def test_tensors_keep_their_kind_and_name():
    param = tg.Parameter([1.0, 2.0], name="w")
    got = again({"p": param, "t": tg.Tensor([3])})
    assert isinstance(got["p"], tg.Parameter)
    assert got["p"].name == "w"
    assert type(got["t"]) is tg.Tensor
    assert got["t"].dtype == np.int32


def test_deep_values():
    for wrap in (lambda v: [v], lambda v: (v,), lambda v: {"a": v}, lambda v: {1: v}):
        value = 1
        for _ in range(100):
            value = wrap(value)
        same(again(value), value)


def test_what_is_shared_stays_shared():
    tensor, array = tg.Tensor([1.0]), np.ones(2)
    got = again([tensor, {"x": tensor}, array, (array,), tg.Tensor([1.0])])
    assert got[0] is got[1]["x"]
    assert got[2] is got[3][0]
    assert got[4] is not got[0]


def test_a_checkpoint_continues_a_training(tmp_path):
    net = tg.module.Linear(3, 2)
    optimizer = tg.optimizer.Adam(net.parameters(), 0.1)
    for param in net.parameters():
        param.grad = tg.Tensor(np.ones(param.shape, "float32"))
    optimizer.step()
    path = tmp_path / "check.tgt"
    save({"epoch": 3, "net": net.state_dict(), "optimizer": optimizer.state_dict()}, path)
    got = load(str(path))
    assert got["epoch"] == 3
    other = tg.module.Linear(3, 2)
    other.load_state_dict(got["net"])
    resumed = tg.optimizer.Adam(other.parameters(), 0.1)
    resumed.load_state_dict(got["optimizer"])
    for a, b in ((net, optimizer), (other, resumed)):
        for param in a.parameters():
            param.grad = tg.Tensor(np.ones(param.shape, "float32"))
        b.step()
    np.testing.assert_array_equal(net.weight.numpy(), other.weight.numpy())


def test_several_values_in_one_file():
    file = io.BytesIO()
    save({"a": np.arange(3)}, file)
    save([1, 2], file)
    file.seek(0)
    assert load(file)["a"].tolist() == [0, 1, 2]
    assert load(file) == [1, 2]


def test_a_stream_that_cannot_be_positioned():
    source, target = os.pipe()
    with os.fdopen(source, "rb") as reader:
        with os.fdopen(target, "wb") as writer:
            save(np.arange(100), writer)
        assert load(reader).sum() == 4950


def test_any_safetensors_reader_finds_the_arrays(tmp_path):
    from safetensors.numpy import load_file, save_file

    path = tmp_path / "x.tgt"
    weight = np.arange(6, dtype="float32").reshape(2, 3)
    save({"net": {"fc.weight": tg.Tensor(weight)}, "list": [np.array([True])], "n": 5}, path)
    theirs = load_file(path)
    np.testing.assert_array_equal(theirs["net.fc.weight"], weight)
    assert theirs["list.0"].tolist() == [True]
    save_file({"a": weight}, tmp_path / "y.safetensors")
    got = load(tmp_path / "y.safetensors")
    assert isinstance(got["a"], tg.Tensor)
    np.testing.assert_array_equal(got["a"].numpy(), weight)


def test_places_of_equal_name_are_told_apart():
    got = again({"a": {"b": np.ones(1)}, "a.b": np.zeros(1), "__metadata__": np.full(1, 2.0)})
    assert (got["a"]["b"][0], got["a.b"][0], got["__metadata__"][0]) == (1, 0, 2)


def test_what_cannot_be_held_is_named_with_its_place():
    loop = []
    loop.append(loop)
    deep = []
    for _ in range(300):
        deep = [deep]
    for value, message in (
        ({"model": {"net": tg.module.ReLU()}}, r"at model.net is a .*ReLU.*state_dict"),
        ([1, print], "at 1 is a"),
        ({object: 1}, "key of the value is a type"),
        (loop, "contains itself"),
        (deep, "nested more than 100 deep"),
        (np.array(["a"]), "not numbers"),
        (np.array([None]), "not numbers"),
    ):
        with pytest.raises(ArgumentError, match=message):
            again(value)
    with pytest.raises(ArgumentError, match="path or an open file"):
        save(1, 3)
    with pytest.raises(ArgumentError, match="path or an open file"):
        load(3)


def test_a_pickle_only_when_asked_for(tmp_path):
    path = str(tmp_path / "p.pkl")
    param = tg.Parameter([1.0], name="w")
    save({"p": param, "set": {1}}, path, pickle_module=pickle)
    with pytest.raises(FileFormatError, match=r"pickle.*pickle_module=pickle"):
        load(path)
    got = load(path, pickle_module=pickle)
    assert isinstance(got["p"], tg.Parameter)
    assert got["p"].item() == 1
    save(1, path, pickle_module=pickle, pickle_protocol=5)
    with open(path, "rb") as file:
        assert file.read(2)[1] == 5


def test_map_location_chooses_the_device(tmp_path):
    value = tg.Tensor([1.0])
    asked = []

    def choose(name):
        asked.append(name)
        return "cpu0"

    path = tmp_path / "p.pkl"
    save(value, path, pickle_module=pickle)
    for where in ("cpu0", {"gpu0": "cpu0"}, {"cpu0": "cpu0"}, choose):
        assert again(value, map_location=where).device.physical == "cpu0"
        assert load(path, where, pickle).device.physical == "cpu0"
    assert asked == ["cpu0", "cpu0"]
    assert tg.Tensor.dmap_callback is None
    with pytest.raises(DeviceError):
        again(value, map_location="gpu7")
    with pytest.raises(DeviceError, match="not a device"):
        again(value, map_location={"there": "cpu0"})
    with pytest.raises(ArgumentError, match="map_location"):
        again(value, map_location=3)


def rewritten(value, change):
    """The bytes of a saved value with its header changed by `change(header)`."""
    file = io.BytesIO()
    save(value, file)
    data = file.getvalue()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header = change(header) or header
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data[8 + length :]


def test_tensors_of_an_absent_device_come_to_the_default_one():
    def elsewhere(header):
        content = json.loads(header["__metadata__"]["tengen"])
        content["value"]["device"] = "gpu3"
        header["__metadata__"]["tengen"] = json.dumps(content)

    data = rewritten(tg.Tensor([1.0]), elsewhere)
    assert load(io.BytesIO(data)).device.physical == "cpu0"
    assert load(io.BytesIO(data), map_location={"gpu3": "cpu0"}).device.physical == "cpu0"
    with pytest.raises(DeviceError):
        load(io.BytesIO(data), map_location={"gpu3": "gpu5"})


def test_the_name_shows_the_old_or_the_new_file(tmp_path, monkeypatch):
    path = tmp_path / "a.tgt"
    save("old", path)
    with pytest.raises(ArgumentError):
        save({"big": np.ones(1000), "bad": print}, path)
    assert load(path) == "old"
    assert os.listdir(tmp_path) == ["a.tgt"]

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save("new", path)
    monkeypatch.undo()
    assert load(path) == "old"
    assert os.listdir(tmp_path) == ["a.tgt"]


def test_modes_and_links_stay(tmp_path):
    path, link = tmp_path / "a.tgt", tmp_path / "l.tgt"
    save(1, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~_umask()
    path.chmod(0o640)
    link.symlink_to(path)
    save(2, link)
    assert link.is_symlink()
    assert load(path) == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_pipe_is_written_directly(tmp_path):
    import threading

    path = tmp_path / "pipe"
    os.mkfifo(path)
    got = []

    def read():
        with open(path, "rb") as file:
            got.append(load(file))

    reader = threading.Thread(target=read)
    reader.start()
    save({"x": np.arange(4)}, path)
    reader.join(10)
    assert got[0]["x"].tolist() == [0, 1, 2, 3]


def entry(**fields):
    return {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **fields}


DAMAGE = {
    "unknown type": lambda h: {"a": entry(dtype="F7")},
    "no type": lambda h: {"a": {"shape": [2], "data_offsets": [0, 8]}},
    "size": lambda h: {"a": entry(shape=[3])},
    "huge": lambda h: {"a": entry(shape=[2**40], data_offsets=[0, 2**42])},
    "overflow": lambda h: {"a": entry(shape=[2**62, 8], data_offsets=[0, 0])},
    "negative": lambda h: {"a": entry(shape=[-1, -2])},
    "float shape": lambda h: {"a": entry(shape=[2.0])},
    "text shape": lambda h: {"a": entry(shape="2")},
    "many axes": lambda h: {"a": entry(shape=[1] * 40 + [2])},
    "backwards": lambda h: {"a": entry(data_offsets=[8, 0])},
    "gap": lambda h: {"a": entry(shape=[1], data_offsets=[4, 8])},
    "overlap": lambda h: {"a": entry(), "b": entry()},
    "no table": lambda h: [1],
    "metadata": lambda h: {"__metadata__": {"tengen": 3}},
    "structure": lambda h: {"__metadata__": {"tengen": "{"}, "a": entry()},
    "keys": lambda h: {"__metadata__": {"tengen": "{}"}, "a": entry()},
    "version": lambda h: meta(version=9),
    "array number": lambda h: meta(value={"$array": 1}),
    "negative number": lambda h: meta(value={"$array": -1}),
    "true number": lambda h: meta(value={"$array": True}),
    "unknown name": lambda h: meta(arrays=["b"]),
    "unknown mark": lambda h: meta(value={"$call": "os.system"}),
    "more marks": lambda h: meta(value={"$int": "1", "$float": "nan"}),
    "bad float": lambda h: meta(value={"$float": "1e5"}),
    "bad int": lambda h: meta(value={"$int": 5}),
    "bad tensor": lambda h: meta(value={"$tensor": 0}),
    "bad dtype": lambda h: meta(value={"$dtype": "object"}),
    "bad pairs": lambda h: meta(value={"$dict": [[1, 2, 3]]}),
    "bad set": lambda h: meta(value={"$set": [[1]]}),
    "bad bytes": lambda h: meta(value={"$bytes": 0}),
    "bad complex": lambda h: meta(arrays=[["a", "complex128"]]),
    "deep": lambda h: meta(value=json.loads("[" * 400 + "]" * 400)),
}


def meta(**fields):
    content = {"version": 1, "arrays": ["a"], "value": {"$array": 0}, **fields}
    return {"__metadata__": {"tengen": json.dumps(content)}, "a": entry()}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_and_hostile_headers(name):
    data = rewritten(np.zeros(2, "float32"), DAMAGE[name])
    with pytest.raises(FileFormatError):
        load(io.BytesIO(data))


def test_the_pattern_of_the_damage_is_sound():
    data = rewritten(np.zeros(2, "float32"), lambda h: meta())
    assert load(io.BytesIO(data)).tolist() == [0, 0]


def test_other_files_are_named(tmp_path):
    for data, message in (
        (b"", "at least 8 bytes"),
        (b"PK\x03\x04" + b"x" * 50, "zip archive"),
        (b"hello, world, this is text", "not a file of tengen.save"),
        (struct.pack("<Q", 2**60) + b"{" * 50, "damaged"),
        (struct.pack("<Q", 50) + b"{" + b" " * 60, "not JSON"),
        (struct.pack("<Q", 40) + b'{"a":1,"a":2}' + b" " * 60, "stands twice"),
        (struct.pack("<Q", 200_000) + b'{"a":' + b"[" * 199_995, "not JSON"),
    ):
        path = tmp_path / "x"
        path.write_bytes(data)
        with pytest.raises(FileFormatError, match=message):
            load(path)


def test_every_cut_of_a_file_is_noticed(tmp_path):
    path = tmp_path / "x"
    save({"a": np.arange(5), "b": tg.Tensor([1.0])}, path)
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(FileFormatError):
            load(path)
    path.write_bytes(data + b"x")
    with pytest.raises(FileFormatError, match="speaks of"):
        load(path)


def test_flipped_bits_never_do_worse_than_an_error():
    file = io.BytesIO()
    save({"a": np.arange(3), "t": tg.Parameter([1.0], name="n"), "x": (1, 2.5)}, file)
    data = file.getvalue()
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(data), 400):
        changed = bytearray(data)
        changed[place] ^= 1 << int(rng.integers(0, 8))
        with contextlib.suppress(FileFormatError):
            load(io.BytesIO(bytes(changed)))


def test_half_width_numbers_keep_their_bits():
    array = np.array([1.0, 0.1, -3e38], ml_dtypes.bfloat16)
    assert again(array).tobytes() == array.tobytes()
