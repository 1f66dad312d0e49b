"""Conversions asked for by a viewer: found, run, watched, stopped, used, undone and saved."""

import json
import sys
import threading
import types

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.viz import conversion, targets
from tengen_studio.documents.graph import read_graph

CODE = """
import numpy as np, tengen as tg, tengen.functional as F, tengen.module as M
net = M.Sequential(M.Linear(4, 8), M.ReLU(), M.Linear(8, 3))
manager = tg.autodiff.GradManager().attach(net.parameters())
optimizer = tg.optimizer.SGD(net.parameters(), lr=0.1)
x = tg.tensor(np.ones((4, 4), "float32"))
y = np.array([0, 1, 2, 0], "int32")

def step(x, y):
    with manager:
        loss = F.nn.cross_entropy(net(x), y)
        manager.backward(loss)
    optimizer.step().clear_grad()
    return loss

def plain(a):
    return a

def broken(x):
    net(x)
    raise KeyError("mine")
"""

LOOKING = """
def looking(a):
    b = net(a)
    if b.sum().item() > -1e9:
        b = F.relu(b) * 2
    return b + 1
"""


@pytest.fixture
def notebook(monkeypatch):
    main = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    exec(compile(CODE, "<cell>", "exec"), vars(main))
    return vars(main)


def test_steps_and_modules_are_found_with_samples(notebook):
    targets.watch_all()
    notebook["net"](notebook["x"])
    found = {t["name"]: t for t in conversion.convertible().document["targets"]}
    assert set(found) == {"net", "step", "broken"}
    assert found["step"]["kind"] == "step"
    assert [s["expression"] for s in found["step"]["samples"]] == ["x", "tengen.Tensor(y)"]
    assert found["net"]["samples"] == [
        {"argument": "input 1", "expression": "x", "text": "float32[4, 4]"}
    ]


def test_what_a_module_was_called_with_is_offered(notebook):
    targets.watch_all()
    notebook["net"](tg.tensor(np.zeros((2, 4), "float32")))
    (sample,) = next(t for t in targets.targets() if t["name"] == "net")["samples"]
    assert sample["expression"] == "tengen.viz.last_inputs(net)[0]"
    assert tg.viz.last_inputs(notebook["net"])[0].shape == (2, 4)


def test_convert_use_undo_and_save(notebook, tmp_path):
    made = conversion.start("net", ["x"], seconds=0.05).document
    assert made["state"] == "done" and made["report"]["ok"]
    assert made["code"] == "net = tengen.jit.convert(net, x)"
    before, dynamic = notebook["net"](notebook["x"]).numpy(), notebook["net"]
    conversion.use(made["number"])
    assert notebook["net"] is not dynamic
    np.testing.assert_allclose(notebook["net"](notebook["x"]).numpy(), before, rtol=1e-5)
    assert next(t for t in targets.targets() if t["name"] == "net")["static"]
    conversion.save(made["number"], str(tmp_path / "net.tgm"))
    loaded = tg.load_static(tmp_path / "net.tgm")
    np.testing.assert_allclose(loaded(notebook["x"]).numpy(), before, rtol=1e-5, atol=1e-6)
    conversion.undo("net")
    assert notebook["net"] is dynamic


def test_its_report_graph_and_memory_are_shown_and_nothing_moves(notebook):
    made = conversion.start("step", ["x", "tengen.Tensor(y)"], seconds=0.05).document
    before = [p.numpy() for p in notebook["net"].parameters()]
    number = made["number"]
    assert conversion.report(number, "text").document["text"].startswith("step: ")
    assert "<h1>step</h1>" in conversion.report(number, "html").document["text"]
    with pytest.raises(ValueError, match="html, json, text"):
        conversion.report(number, "pdf")
    drawn = conversion.graph(number).document["document"]
    assert drawn["name"] == "step" and drawn["form"] == "static" and drawn["passes"]
    dynamic, static = conversion.memory(number).document["documents"]
    assert (dynamic["kind"], static["kind"]) == ("dynamic", "static")
    assert static["batch"] == 4 and static["peak"]["bytes"] > 0
    for old, new in zip(before, notebook["net"].parameters(), strict=True):
        np.testing.assert_array_equal(old, new.numpy())


def test_what_stays_dynamic_has_the_memory_of_a_run_alone(notebook):
    exec("def reads(x):\n    return net(x) if x.sum().item() > 0 else x", notebook)
    made = conversion.start("reads", ["x"], seconds=0.05).document
    shown = conversion.memory(made["number"]).document
    assert [document["kind"] for document in shown["documents"]] == ["dynamic"]
    assert "Only the dynamic run is shown" in shown["notes"][0]


def test_an_error_of_the_users_code_is_theirs(notebook):
    made = conversion.start("broken", ["x"], seconds=0.05).document
    assert made["state"] == "failed"
    assert made["error"]["name"] == "KeyError"
    assert any("raise KeyError" in line or "broken" in line for line in made["error"]["traceback"])
    made = conversion.start("step", ["x", ""], seconds=0.05).document
    assert "sample input is missing" in made["error"]["message"]


def test_an_interrupt_leaves_everything_as_it_was(notebook):
    code = "def stopped(x):\n    step(x, tg.tensor(y))\n    raise KeyboardInterrupt"
    exec(code, notebook)
    before = [p.numpy() for p in notebook["net"].parameters()]
    with pytest.raises(KeyboardInterrupt):
        conversion.start("stopped", ["x"], seconds=0.05)
    assert conversion.status().document["state"] == "failed"
    for old, new in zip(before, notebook["net"].parameters(), strict=True):
        np.testing.assert_array_equal(old, new.numpy())


def test_progress_is_seen_and_a_conversion_stops(notebook):
    made = conversion.begin("step", ["x", "tengen.Tensor(y)"])
    stages = set()
    original = made.stopping.is_set

    def watching():
        stages.add(conversion.status(made.number).document["stage"])
        if len(stages) > 2:
            conversion.stop(made.number)
        return original()

    made.stopping.is_set = watching
    thread = threading.Thread(target=conversion.run, args=(made,), kwargs={"seconds": 1})
    thread.start()
    thread.join(60)
    assert made.state == "stopped"
    assert len(stages) > 2
    assert conversion.finished(made.number).document["report"]["cancelled"]


def test_an_unknown_conversion_is_refused():
    with pytest.raises(ValueError, match="no finished conversion"):
        conversion.use(10_000)
    assert conversion.status(10_000).document is None


def test_the_documents_keep_the_contract(notebook):
    msgspec = pytest.importorskip("msgspec")
    contract = pytest.importorskip("tengen_studio.documents.conversion")
    made = conversion.start("step", ["x", "tengen.Tensor(y)"], seconds=0.05).document
    msgspec.convert(made, contract.Conversion, strict=True)
    msgspec.convert(conversion.convertible().document, contract.ConversionTargets, strict=True)
    assert F is not None and M is not None


def test_patches_of_common_lines(tmp_path):
    from tengen.jit.rewriting import patch_for

    file = tmp_path / "cell.py"
    file.write_text(
        "def f(loss, a):\n"
        "    if loss.item() > 3:\n"
        "        a = a * 2\n"
        "    else:\n"
        "        a = a + 1\n"
        "    print(loss.item())\n"
        "    if loss.item() > 3:\n"
        "        a = a * 2\n"
        "        b = a\n"
        "    return loss.item()\n"
    )
    assert patch_for(str(file), 2).after == "    a = F.where(loss > 3, a * 2, a + 1)\n"
    assert (patch_for(str(file), 2).first, patch_for(str(file), 2).last) == (2, 5)
    assert patch_for(str(file), 6).after == ""
    assert patch_for(str(file), 7) is None
    assert patch_for(str(file), 10).after == "    return loss\n"
    assert patch_for(str(file), 99) is None


def test_a_call_that_is_being_recorded_is_not_remembered(notebook):
    targets.watch_all()
    net, x = notebook["net"], notebook["x"]
    net(x)
    traced = tg.jit.trace(lambda a: net(a * 2))
    traced(x)
    traced(x)
    (kept,) = tg.viz.last_inputs(net)
    np.testing.assert_array_equal(kept.numpy(), x.numpy())
    made = conversion.start("net", ["x"], seconds=0.05).document
    assert made["report"]["replay"] == "frozen"


def test_the_graph_of_a_conversion_is_timed_one_run_a_question(notebook):
    made = conversion.start("step", ["x", "tengen.Tensor(y)"], seconds=0.05).document
    shown = conversion.graph(made["number"]).document
    assert shown["before"] is None and shown["document"]["passes"]
    weights = [p.numpy().copy() for p in notebook["net"].parameters()]
    answers = [
        conversion.times(made["number"], {"measure": 0, "number": 7}).document for _ in range(5)
    ]
    assert [a["done"] for a in answers] == [1, 2, 3, 4, 5]
    assert [a["point"] is None for a in answers] == [True] * 4 + [False]
    point = answers[-1]["point"]
    assert set(point["compiled"]) >= {node["id"] for node in shown["document"]["nodes"]}
    assert point["ms"]["compiled"] > 0 and point["ms"]["recorded"] > 0
    for before, parameter in zip(weights, notebook["net"].parameters(), strict=True):
        np.testing.assert_array_equal(before, parameter.numpy())
    assert conversion.times(made["number"], {"cancel": 7}).document is None


def test_a_call_in_pieces_has_a_graph_before_and_after(notebook):
    exec(LOOKING, notebook)
    made = conversion.start("looking", ["x"], seconds=0.05).document
    assert made["report"]["segments"] > 1
    shown = conversion.graph(made["number"]).document
    before, after = shown["before"], shown["document"]
    read_graph(json.dumps(before))
    read_graph(json.dumps(after))
    assert len(after["nodes"]) < len(before["nodes"])
    assert len(after["inputs"]) == 1 and "pieces" in after["note"]
    assert before["nodes"][-1]["op"] == "add"
    made_last = [tensor["id"] for tensor in after["nodes"][-1]["outputs"]]
    assert set(after["outputs"]) & set(made_last)
    times = [conversion.times(made["number"], {"measure": 0, "number": 1}) for _ in range(5)]
    assert times[-1].document["point"]["compiled"].keys() >= {n["id"] for n in after["nodes"]}


def test_a_conversion_is_written_as_onnx(notebook, tmp_path):
    pytest.importorskip("onnx")
    made = conversion.start("net", ["x"], seconds=0.05).document
    text = conversion.export(made["number"], str(tmp_path / "net.onnx")).document["text"]
    assert "opset" in text and (tmp_path / "net.onnx").is_file()


def test_what_is_not_converted_is_drawn_and_timed(notebook):
    dynamic = notebook["net"]
    shown = conversion.draw("net", ["x"]).document
    read_graph(json.dumps(shown["document"]))
    assert notebook["net"] is dynamic and shown["before"] is None
    answer = conversion.times(shown["number"], {"measure": 0, "number": 3}).document
    assert answer["done"] == 1
    with pytest.raises(KeyError, match="mine"):
        conversion.draw("broken", ["x"])
