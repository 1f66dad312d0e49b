"""Files from strangers, changed in every way that hypothesis thinks of: one of our errors, or a
model. Nothing else is raised, nothing runs, and no memory is taken that the file does not hold.
"""

import collections
import contextlib
import copy
import io
import json
import pickle
import resource
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

onnx = pytest.importorskip("onnx")


from onnx import TensorProto, helper, numpy_helper  # noqa: E402

import tengen as tg  # noqa: E402
import tengen.functional as F  # noqa: E402
import tengen.module as M  # noqa: E402
from tengen.base.errors import TengenError  # noqa: E402
from tengen.compat import load_state_dict  # noqa: E402
from tengen.deploy import dump  # noqa: E402
from tengen.interop import from_onnx, onnx_document  # noqa: E402

pytestmark = pytest.mark.long

MUCH = 400 << 10
"""Kilobytes that the process may grow by for a small file."""

fuzzed = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.fixture(autouse=True)
def _little_memory():
    with tg.config.override(memory_limit=64 << 20):
        yield


@contextlib.contextmanager
def refused_or_fine():
    """What is done may raise an error of ours, and takes little memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        yield
    except TengenError as error:
        assert str(error).startswith("[")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MUCH


def weights(name, *shape):
    array = np.arange(np.prod(shape), dtype=np.float32).reshape(shape) / 10
    return numpy_helper.from_array(array, name)


def whole(name, *values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def network():
    """Convolution, batch norm, pooling, shapes that are computed, a slice and a product."""
    make = helper.make_node
    nodes = [
        make("Conv", ["x", "w", "b"], ["c"], kernel_shape=[3, 3], pads=[1, 1, 1, 1], name="conv"),
        make("BatchNormalization", ["c", "s", "b", "b", "s"], ["n"], epsilon=1e-5),
        make("Relu", ["n"], ["r"]),
        make("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        make("Shape", ["p"], ["dims"]),
        make("Gather", ["dims", "zero"], ["batch"], axis=0),
        make("Concat", ["batch", "minus"], ["target"], axis=0),
        make("Reshape", ["p", "target"], ["flat"]),
        make("Slice", ["flat", "zero", "some", "one"], ["part"]),
        make("Transpose", ["part"], ["turned"], perm=[1, 0]),
        make("Expand", ["turned", "wide"], ["many"]),
        make("Softmax", ["many"], ["soft"], axis=-1),
        make("Pad", ["soft", "edges"], ["padded"], mode="constant"),
        make("ReduceMean", ["padded"], ["y"], axes=[1], keepdims=0),
    ]
    constants = [
        weights("w", 2, 3, 3, 3), weights("b", 2), weights("s", 2), whole("zero", 0),
        whole("minus", -1), whole("some", 4), whole("one", 1), whole("wide", 2, 4, 2),
        whole("edges", 0, 0, 1, 0, 0, 1),
    ]  # fmt: skip
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "net", [value("x", TensorProto.FLOAT, [2, 3, 6, 6])],
        [value("y", TensorProto.FLOAT, None)], constants,
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])


PICTURE = np.ones((2, 3, 6, 6), np.float32)
ODD = st.sampled_from([0, 1, -1, 2, 3, 7, 255, 2**31 - 1, 2**31, 2**62, -(2**63), 10**12])
FLOATS = st.sampled_from([0.0, -1.0, 1e-30, 1e30, float("nan"), float("inf")])


def scalars(message):
    """(message, field, place or None) of every number, text and byte string in a message."""
    for field, value in message.ListFields():
        repeated = field.is_repeated if hasattr(field, "is_repeated") else field.label == 3
        if field.type == field.TYPE_MESSAGE:
            for inner in value if repeated else [value]:
                yield from scalars(inner)
        elif repeated:
            for place in range(len(value)):
                yield message, field, place
        else:
            yield message, field, None


def change_of(data, field, old, names):
    """Another value for a scalar of a protobuf message."""
    if field.type == field.TYPE_BYTES:
        cut = data.draw(st.integers(0, len(old)))
        return old[:cut] + data.draw(st.binary(max_size=8))
    if field.type == field.TYPE_STRING:
        return data.draw(st.sampled_from(names) | st.text(max_size=6))
    if field.type in (field.TYPE_FLOAT, field.TYPE_DOUBLE):
        return data.draw(FLOATS)
    return data.draw(ODD | st.integers(-5, 40))


def with_changes(data, made, count):
    """The model with a few of its scalars replaced."""
    operators = ["Conv", "Gather", "Reshape", "Tile", "ConstantOfShape", "Range", "Resize", "Loop"]
    for _ in range(count):
        places = list(scalars(made))
        message, field, place = data.draw(st.sampled_from(places))
        values = getattr(message, field.name)
        old = values if place is None else values[place]
        new = change_of(data, field, old, [*operators, "x", "w", "zero", "dims", "many", ""])
        try:
            if place is None:
                setattr(message, field.name, new)
            else:
                values[place] = new
        except (ValueError, TypeError):
            assume(False)
    return made


def open_and_run(made):
    with refused_or_fine():
        from_onnx(made)(tg.Tensor(PICTURE))


def test_the_network_itself_runs():
    assert from_onnx(network())(tg.Tensor(PICTURE)).ndim == 2


@fuzzed
@given(st.data())
def test_onnx_with_other_values_in_it(data):
    made = with_changes(data, network(), data.draw(st.integers(1, 4)))
    open_and_run(made)
    with refused_or_fine():
        json.dumps(onnx_document(made))


@fuzzed
@given(st.data())
def test_onnx_with_nodes_moved_dropped_and_doubled(data):
    made = network()
    nodes = list(made.graph.node)
    chosen = data.draw(st.lists(st.sampled_from(range(len(nodes))), max_size=18))
    del made.graph.node[:]
    made.graph.node.extend(nodes[i] for i in chosen)
    open_and_run(made)


@fuzzed
@given(data=st.data())
def test_onnx_bytes(data, tmp_path_factory):
    damaged = damage(data, network().SerializeToString())
    file = tmp_path_factory.getbasetemp() / "fuzzed.onnx"
    file.write_bytes(damaged)
    open_and_run(file)


def damage(data, good):
    """Bytes with pieces overwritten, cut out, doubled or put in."""
    made = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(made)))
        length = data.draw(st.integers(0, 12))
        what = data.draw(st.sampled_from(["overwrite", "cut", "double", "end"]))
        if what == "overwrite":
            made[start : start + length] = data.draw(st.binary(min_size=length, max_size=length))
        elif what == "cut":
            del made[start : start + length]
        elif what == "double":
            made[start:start] = made[start : start + length]
        else:
            del made[start:]
    return bytes(made)


STATE = collections.OrderedDict(
    [("weight", np.arange(6, dtype=np.float32).reshape(2, 3)), ("steps", np.float64(3.5)),
     ("rest", {"epoch": 3, "list": [1, (2.5, None)], "set": {1, 2}, "raw": b"x"})]
)  # fmt: skip
PLAIN = (np.ndarray, np.generic, bool, int, float, complex, str, bytes, type(None), tg.Tensor)


def plain(value, depth=0):
    """Whether a value is arrays, numbers and texts in containers alone."""
    if isinstance(value, dict):
        return all(plain(k) and plain(v) for k, v in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(plain(v) for v in value)
    return isinstance(value, PLAIN)


def read_pickle(content):
    with refused_or_fine():
        assert plain(load_state_dict(io.BytesIO(content)))


@fuzzed
@given(st.data(), st.integers(0, 5))
def test_pickles_damaged(data, protocol):
    read_pickle(damage(data, pickle.dumps(STATE, protocol)))


PIECES = [
    b"cos\nsystem\n", b"cbuiltins\neval\n", b"cnumpy\nndarray\n", b"cnumpy\ndtype\n",
    b"cnumpy.core.multiarray\n_reconstruct\n", b"ccollections\nOrderedDict\n", b"(", b"t", b"R",
    b"b", b"\x85", b"\x86", b"\x87", b"]", b"}", b")", b"N", b"K\x01", b"K\x00", b"X\x02\0\0\0f4",
    b"X\x04\0\0\0echo", b"a", b"e", b"s", b"u", b"0", b"2", b"q\x01", b"h\x01", b"\x93", b"\x81",
    b"\x82\x01", b"i", b"os\nsystem\n", b"\x8f", b"\x90", b"B\xff\xff\xff\x7f", b"\x8a\x04\xff\xff",
    b"Pid\n", b"Q", b"\x97", b"\x98", b"\x94", b".",
]  # fmt: skip


@fuzzed
@given(st.lists(st.sampled_from(PIECES), max_size=25), st.booleans())
def test_pickles_written_by_hand(pieces, ended):
    read_pickle(b"\x80\x05" + b"".join(pieces) + (b"." if ended else b""))


class Small(M.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.head = M.Conv2d(3, 4, 3, padding=1), M.Linear(4, 2)

    def forward(self, x):
        x = F.relu(self.conv(x))
        return F.softmax(self.head(F.mean(x, (2, 3))), 1)


@pytest.fixture(scope="module")
def static_file():
    made = io.BytesIO()
    net = Small()
    net.eval()
    dump(net, made, tg.Tensor(PICTURE))
    with zipfile.ZipFile(io.BytesIO(made.getvalue())) as archive:
        return made.getvalue(), {name: archive.read(name) for name in archive.namelist()}


def load_static(content):
    with refused_or_fine():
        tg.load_static(io.BytesIO(content))(tg.Tensor(PICTURE))


@fuzzed
@given(data=st.data())
def test_static_files_damaged(static_file, data):
    load_static(damage(data, static_file[0]))


def places_in(value, path=()):
    """The paths to everything inside a JSON value."""
    yield path
    if isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places_in(item, (*path, key))


JSON = st.recursive(
    st.none() | st.booleans() | ODD | FLOATS | st.sampled_from(["", "add", "i0", "c0", "float32"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@fuzzed
@given(data=st.data())
def test_static_files_with_other_values_in_them(static_file, data):
    members = dict(static_file[1])
    name = data.draw(st.sampled_from(["graph.json", "graph.json", "meta.json"]))
    document = json.loads(members[name])
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(places_in(document))[1:] or [()]))
        assume(path)
        owner = document
        for key in path[:-1]:
            owner = owner[key]
        if data.draw(st.booleans()):
            owner[path[-1]] = data.draw(JSON)
        elif isinstance(owner, list):
            owner.append(copy.deepcopy(owner[path[-1]]))
        else:
            del owner[path[-1]]
    members[name] = json.dumps(document).encode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    load_static(made.getvalue())
