"""ONNX files: weights and names, shapes on the host, training, and files that mean harm."""

import contextlib

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

import tengen as tg  # noqa: E402
from tengen.base.errors import (  # noqa: E402
    ArgumentError,
    FileFormatError,
    ShapeError,
    TengenError,
    UnsupportedError,
)
from tengen.interop import from_onnx  # noqa: E402
from tengen.optimizer import SGD  # noqa: E402

WEIGHT = np.arange(6, dtype=np.float32).reshape(2, 3)


def graph(nodes, inputs=None, weights=None, outputs=("y",)):
    inputs = inputs or [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3])]
    weights = {"layer.weight": WEIGHT} if weights is None else weights
    return helper.make_graph(
        nodes, "Small", inputs,
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(v, name) for name, v in weights.items()],
    )  # fmt: skip


def model(nodes, opset=17, **parts):
    return helper.make_model(
        graph(nodes, **parts), opset_imports=[helper.make_opsetid("", opset)], ir_version=9
    )


def gemm():
    return helper.make_node("Gemm", ["x", "layer.weight"], ["y"], name="first", transB=1)


def saved(tmp_path, made, name="model.onnx"):
    path = tmp_path / name
    path.write_bytes(made.SerializeToString())
    return path


def test_weights_are_parameters_under_their_names(tmp_path):
    ours = from_onnx(saved(tmp_path, model([gemm()])))
    assert [name for name, _ in ours.named_parameters()] == ["layer.weight"]
    x = tg.Tensor(np.ones((4, 3)))
    np.testing.assert_allclose(ours(x).numpy(), np.ones((4, 3)) @ WEIGHT.T)
    np.testing.assert_allclose(ours(x=x).numpy(), ours(np.ones((4, 3), np.float32)).numpy())
    assert not ours.training
    assert "Gemm:first(%1, %0" in str(ours.program)


def test_an_imported_graph_trains():
    ours = from_onnx(model([gemm()]))
    gm = tg.autodiff.GradManager().attach(ours.parameters())
    x = tg.Tensor(np.ones((4, 3)))
    losses = []
    optimizer = SGD(ours.parameters(), lr=0.05)
    for _ in range(3):
        with gm:
            loss = (ours(x) ** 2).mean()
            gm.backward(loss)
        optimizer.step().clear_grad()
        losses.append(loss.item())
    assert losses[0] > losses[1] > losses[2]


@pytest.mark.parametrize("names", [("a.b", "a"), ("name", "training"), ("forward", "a..b")])
def test_any_name_finds_a_place(names):
    nodes = [
        helper.make_node("MatMul", ["x", names[0]], ["z"]),
        helper.make_node("MatMul", ["z", names[1]], ["y"]),
    ]
    eye = np.eye(3, dtype=np.float32)
    ours = from_onnx(model(nodes, weights={names[0]: eye * 2, names[1]: eye * 3}))
    assert ours(tg.Tensor(np.ones((1, 3)))).numpy().tolist() == [[6.0, 6.0, 6.0]]
    assert len(list(ours.parameters())) == 2 and len(ours.state_dict()) == 2


def test_shapes_are_computed_on_the_host():
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "zero"], ["batch"]),
        helper.make_node("Unsqueeze", ["batch", "axes"], ["row"]),
        helper.make_node("Concat", ["row", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["y"]),
    ]
    weights = {"zero": np.array(0), "axes": np.array([0]), "rest": np.array([-1, 1])}
    ours = from_onnx(model(nodes, weights=weights))
    seen = []
    for call in ours.program.calls[:4]:
        operation = call.function
        call.function = lambda *a, f=operation: seen.append(f(*a)) or seen[-1]
    assert ours(tg.Tensor(np.ones((5, 3)))).shape == (5, 3, 1)
    assert all(isinstance(v, np.ndarray) for values in seen for v in values)
    assert not list(ours.parameters())


def test_several_outputs_and_left_out_inputs():
    nodes = [
        helper.make_node("Clip", ["x", "", "most"], ["y"]),
        helper.make_node("TopK", ["x", "k"], ["", "places"]),
    ]
    weights = {"most": np.array(1.5, np.float32), "k": np.array([1])}
    made = model(nodes, weights=weights, outputs=("y", "places"))
    y, places = from_onnx(made)(tg.Tensor([[1.0, 2.0, 3.0]]))
    assert y.numpy().tolist() == [[1.0, 1.5, 1.5]] and places.numpy().tolist() == [[2]]


def test_inputs_of_another_shape_or_number_are_refused():
    ours = from_onnx(model([gemm()]))
    with pytest.raises(ShapeError, match=r"\[Small\] input 0 was imported with shape \(any, 3\)"):
        ours(tg.Tensor(np.ones((2, 4))))
    with pytest.raises(ArgumentError, match="the inputs are x; got 2 in order"):
        ours(tg.Tensor([1.0]), tg.Tensor([1.0]))


def test_what_has_no_counterpart_is_listed_at_once():
    inner = helper.make_graph([], "inner", [], [])
    nodes = [
        helper.make_node("If", ["x"], ["a"], name="fork", then_branch=inner, else_branch=inner),
        helper.make_node("QuantizeLinear", ["x", "a"], ["b"]),
        helper.make_node("Inverse", ["x"], ["c"], domain="com.microsoft"),
        helper.make_node("NoSuch", ["x"], ["d"]),
        helper.make_node("Relu", ["x"], ["y"], strength=2),
    ]
    with pytest.raises(UnsupportedError) as caught:
        from_onnx(model(nodes, weights={}))
    text = str(caught.value)
    for part in (
        "5 node(s)", "If (fork): control flow", "QuantizeLinear (node 1): a quantized operator",
        "Inverse (node 2): an operator of the domain com.microsoft",
        "NoSuch (node 3): no such operator here", "Relu (node 4): its attribute strength",
    ):  # fmt: skip
        assert part in text


@pytest.mark.parametrize("opset", [6, 99])
def test_other_opsets_are_refused(opset):
    with pytest.raises(FileFormatError, match=f"opsets 7 to 28 are read; .* has opset {opset}"):
        from_onnx(model([gemm()], opset=opset))


def test_broken_files(tmp_path):
    whole = model([gemm()]).SerializeToString()
    for data in (b"", b"not a model", whole[: len(whole) // 2], bytes(1000), whole[7:]):
        path = tmp_path / "broken.onnx"
        path.write_bytes(data)
        with pytest.raises(FileFormatError, match=r"broken\.onnx"):
            from_onnx(path)
    with pytest.raises(FileFormatError, match="No such file"):
        from_onnx(tmp_path / "none.onnx")


def test_any_flipped_byte_is_an_error_of_ours_or_a_model():
    whole = bytearray(model([gemm()]).SerializeToString())
    rng = np.random.default_rng(0)
    for _ in range(300):
        data = bytearray(whole)
        data[rng.integers(len(data))] = rng.integers(256)
        made = onnx.ModelProto()
        try:
            made.ParseFromString(bytes(data))
        except Exception:
            continue
        with contextlib.suppress(TengenError):
            from_onnx(made)


def test_cycles_gaps_and_doubles():
    cycle = [
        helper.make_node("Add", ["x", "b"], ["a"], name="one"),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Relu", ["b"], ["y"]),
    ]
    with pytest.raises(FileFormatError, match=r"Add \(one\) reads 'b', .* a cycle or a gap"):
        from_onnx(model(cycle))
    double = [helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Abs", ["x"], ["y"])]
    with pytest.raises(FileFormatError, match=r"Abs \(node 1\) gives 'y', which is given already"):
        from_onnx(model(double))
    with pytest.raises(FileFormatError, match="nothing gives the output 'z'"):
        from_onnx(model([gemm()], outputs=("z",)))


def test_weights_that_lie_about_their_size():
    made = model([gemm()])
    tensor = made.graph.initializer[0]
    tensor.dims[0] = 10**12
    with pytest.raises(FileFormatError, match="says it holds 12000000000000 bytes"):
        from_onnx(made)
    tensor.dims[0] = 3
    with pytest.raises(FileFormatError, match=r"shape \(3, 3\) needs 36 bytes; it has 24"):
        from_onnx(made)
    tensor.dims[0] = -2
    with pytest.raises(FileFormatError, match=r"has the shape \(-2, 3\)"):
        from_onnx(made)
    tensor.dims[0], tensor.data_type = 2, TensorProto.STRING
    with pytest.raises(UnsupportedError, match=r"'layer\.weight' has the data type STRING"):
        from_onnx(made)


def external(made, location, **more):
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    del tensor.external_data[:]
    for key, value in {"location": location, **more}.items():
        tensor.external_data.add(key=key, value=str(value))
    return made


def test_external_data_inside_the_folder(tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "w.bin").write_bytes(bytes(8) + WEIGHT.tobytes())
    made = external(model([gemm()]), "weights/w.bin", offset=8, length=24)
    ours = from_onnx(saved(tmp_path, made))
    np.testing.assert_array_equal(ours.state_dict()["layer.weight"], WEIGHT)


@pytest.mark.parametrize(
    "location", ["../w.bin", "/etc/passwd", "link.bin", "a/../../w.bin", ".", ""]
)
def test_external_data_outside_the_folder(tmp_path, location):
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "w.bin").write_bytes(WEIGHT.tobytes())
    (folder / "link.bin").symlink_to(tmp_path / "w.bin")
    path = saved(folder, external(model([gemm()]), location))
    with pytest.raises(FileFormatError, match="must lie in the model's folder"):
        from_onnx(path)


def test_external_data_that_is_missing_short_or_unplaced(tmp_path):
    made = external(model([gemm()]), "w.bin")
    path = saved(tmp_path, made)
    with pytest.raises(FileFormatError, match=r"external data 'w.bin'"):
        from_onnx(path)
    (tmp_path / "w.bin").write_bytes(bytes(20))
    with pytest.raises(FileFormatError, match=r"needs 24 bytes at 0 of 'w\.bin', which has 20"):
        from_onnx(path)
    with pytest.raises(FileFormatError, match="give the file's path"):
        from_onnx(made)


def test_too_large_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr("tengen.interop.onnx_file.LARGEST_FILE", 100)
    with pytest.raises(FileFormatError, match="a file of at most 100 bytes is read"):
        from_onnx(saved(tmp_path, model([gemm()])))
