"""`.tgm` files: the same results without the source, any batch, and no harm from bad files."""

import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.base.errors import ArgumentError, FileFormatError, ShapeError, TraceError
from tengen.deploy import dump
from tengen.deploy.command import main
from tengen.jit import trace


def image(batch=2, size=16):
    return tg.tensor(
        np.random.default_rng(batch).standard_normal((batch, 3, size, size)).astype("float32")
    )


def network():
    net = M.Sequential(
        M.Conv2d(3, 8, 3, padding=1), M.BatchNorm2d(8), M.ReLU(), M.AdaptiveAvgPool2d(1)
    )
    net(image(8))
    net.eval()
    return net


def saved(function, *samples, **settings):
    file = io.BytesIO()
    dump(function, file, *samples, **settings)
    file.seek(0)
    return file


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "shufflenet_v2"])
def test_the_shipped_models_in_any_batch(name):
    net = getattr(tg.models, name)(num_classes=10)
    net.eval()
    model = tg.load_static(saved(net, image(2, 64), arg_names=["image"], output_names=["scores"]))
    assert model.inputs[0]["shape"] == [None, 3, 64, 64]
    assert model.outputs[0] == {"name": "scores", "shape": [None, 10], "dtype": "float32"}
    for batch in (1, 3):
        a = image(batch, 64)
        np.testing.assert_allclose(model(image=a).numpy(), net(a).numpy(), rtol=1e-3, atol=1e-4)


def test_training_mode_is_put_back_and_dropout_is_gone():
    net = M.Sequential(M.Linear(4, 4), M.Dropout(0.9))
    a = tg.tensor(np.ones((3, 4), "float32"))
    model = tg.load_static(saved(net, a))
    assert net.training
    net.eval()
    np.testing.assert_allclose(model(a).numpy(), net(a).numpy(), rtol=1e-5)


def test_nested_results_and_plain_arrays():
    def f(a, b):
        return {"x": a + b, "y": [a * 2, -b]}

    model = tg.load_static(saved(f, image(), image()))
    a = image().numpy()
    found = model(a, input1=a)
    np.testing.assert_allclose(found["x"].numpy(), 2 * a)
    np.testing.assert_allclose(found["y"][1].numpy(), -a)


def test_a_traced_function_dumps_its_last_call(tmp_path):
    net = network()
    f = trace(lambda a: net(a) * 2, capture_as_const=True)
    with pytest.raises(tg.base.errors.StateError, match="call the function"):
        f.dump(tmp_path / "m.tgm")
    f(image())
    meta = f.dump(tmp_path / "m.tgm", user_info={"classes": ["cat", "dog"]})
    assert meta["batch_is_free"]
    model = tg.load_static(tmp_path / "m.tgm")
    assert model.meta["user_info"] == {"classes": ["cat", "dog"]}
    np.testing.assert_allclose(model(image()).numpy(), f(image()).numpy(), rtol=1e-4, atol=1e-5)
    with pytest.raises(tg.base.errors.StateError, match="capture_as_const"):
        trace(net).dump(tmp_path / "n.tgm")


def test_a_batch_that_the_program_fixes_stays_fixed():
    fixed = image()
    model = tg.load_static(saved(lambda a: F.concat([a + fixed, a], axis=0), image()))
    assert model.inputs[0]["shape"][0] == 2
    assert model(image()).shape[0] == 4


def test_what_cannot_be_a_file_is_refused():
    with pytest.raises(TraceError, match="value"):
        saved(lambda a: a * float(a.sum()), image())
    with pytest.raises(ArgumentError, match="returns no tensor"):
        saved(lambda a: None, image())
    with pytest.raises(ArgumentError, match="arg_names"):
        saved(network(), image(), arg_names=["a", "b"])


def test_calls_are_checked():
    model = tg.load_static(saved(network(), image()))
    with pytest.raises(ShapeError, match="has shape"):
        model(np.zeros((2, 3, 8, 16), "float32"))
    with pytest.raises(ArgumentError, match="not given"):
        model()
    with pytest.raises(ArgumentError, match="takes"):
        model(image(), other=image())


def test_the_file_is_plain_data():
    with zipfile.ZipFile(saved(network(), image())) as archive:
        assert sorted(archive.namelist()) == ["graph.json", "meta.json", "weights.safetensors"]
        graph = json.loads(archive.read("graph.json"))
    assert graph["nodes"][0]["op"] == "convolution"
    assert graph["inputs"][0]["shape"][0] == {"batch": 1}


def changed(name, change, function=None):
    """A good file with one member changed."""
    source = saved(function or network(), image())
    made = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(made, "w") as new:
        for member in old.namelist():
            data = old.read(member)
            if member == name:
                data = change(data)
            if data is not None:
                new.writestr(member, data)
    made.seek(0)
    return made


def edited(edit, function=None):
    def change(data):
        value = json.loads(data)
        edit(value)
        return json.dumps(value).encode()

    return changed("graph.json", change, function)


BAD = {
    "not a zip": lambda: io.BytesIO(b"hello"),
    "empty": lambda: io.BytesIO(b""),
    "member missing": lambda: changed("meta.json", lambda data: None),
    "json broken": lambda: changed("graph.json", lambda data: data[:50]),
    "json deep": lambda: changed("graph.json", lambda data: b"[" * 100000),
    "json a list": lambda: changed("graph.json", lambda data: b"[]"),
    "unknown operator": lambda: edited(lambda g: g["nodes"][0].update(op="os.system")),
    "unknown value": lambda: edited(lambda g: g["nodes"][0].update(inputs=["i9", "c0"])),
    "cycle": lambda: edited(lambda g: g["nodes"][0]["inputs"].__setitem__(0, "1.0")),
    "huge shape": lambda: edited(lambda g: g["inputs"][0].update(shape=[2**50, 3, 8, 8])),
    "an input too many": lambda: edited(
        lambda g: g["nodes"][-1]["inputs"].append("i0"), lambda x: F.softmax(x, 1)
    ),
    "wrong attribute": lambda: edited(lambda g: g["nodes"][0].update(attrs={"stride": "x"})),
    "unknown attribute": lambda: edited(lambda g: g["nodes"][0].update(attrs={"exec": 1})),
    "deep attribute": lambda: edited(
        lambda g: g["nodes"][0].update(attrs={"stride": [[[[[[[[[[1]]]]]]]]]]})
    ),
    "shapes that do not fit": lambda: edited(lambda g: g["inputs"][0].update(shape=[2, 5, 8, 8])),
    "weights cut": lambda: changed("weights.safetensors", lambda data: data[:-10]),
    "weights missing": lambda: edited(lambda g: g["constants"].append("c99")),
    "newer version": lambda: edited(lambda g: g.update(version=99)),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_gives_a_clear_error(name):
    with pytest.raises(FileFormatError):
        tg.load_static(BAD[name]())


def test_the_command_line_runs_without_the_source(tmp_path, capsys):
    net = network()
    dump(net, tmp_path / "m.tgm", image(), arg_names=["image"])
    np.save(tmp_path / "x.npy", image(3).numpy())
    out = tmp_path / "out"
    call = [sys.executable, "-m", "tengen.deploy.command", "run", str(tmp_path / "m.tgm")]
    subprocess.run(
        [*call, "--input", f"image={tmp_path / 'x.npy'}", "--output", str(out)], check=True
    )
    made = np.load(out / "output.npy")
    np.testing.assert_allclose(made, net(image(3)).numpy(), rtol=1e-4, atol=1e-5)
    assert main(["info", str(tmp_path / "m.tgm")]) == 0
    assert "convolution" in capsys.readouterr().out
    assert main(["info", str(tmp_path / "m.tgm"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["inputs"][0]["name"] == "image"
    trace_file = tmp_path / "trace.json"
    arguments = ["bench", str(tmp_path / "m.tgm"), "--runs", "2", "--profile"]
    assert main([*arguments, "--trace", str(trace_file)]) == 0
    assert json.loads(trace_file.read_text())["traceEvents"]
    assert main(["run", str(tmp_path / "none.tgm")]) == 1
    assert "tengen run" in capsys.readouterr().err
