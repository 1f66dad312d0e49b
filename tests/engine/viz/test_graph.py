"""`tg.viz.graph`: documents of models and steps, pass by pass, that leave everything as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.base.errors import ArgumentError, StateError, TraceError
from tengen.jit.capture import capture
from tengen_studio.documents.graph import read_graph


class Net(M.Module):
    """A convolution with batch norm, then a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = M.Conv2d(3, 8, 3, padding=1)
        self.norm = M.BatchNorm2d(8)
        self.head = M.Linear(512, 10)

    def forward(self, x: Any) -> Any:
        x = F.relu(self.norm(self.conv(x)))
        return self.head(F.flatten(x, 1))


def images() -> tg.Tensor:
    """Return two small images of ones."""
    return tg.Tensor(np.ones((2, 3, 8, 8), np.float32))


def node(document: dict[str, Any], op: str) -> dict[str, Any]:
    """Return the first node of an operator."""
    return next(node for node in document["nodes"] if node["op"] == op)


def recorded(document: dict[str, Any]) -> list[str]:
    """Return the operators before every pass, stepping back through the patches."""
    nodes = {node["id"]: node for node in document["nodes"]}
    for step in reversed(document["passes"]):
        for key in step["before"]["remove"]:
            del nodes[key]
        nodes |= {node["id"]: node for node in step["before"]["add"]}
    return sorted(node["op"] for node in nodes.values())


def test_a_model_becomes_a_valid_document() -> None:
    net = Net()
    net.eval()
    view = tg.viz.graph(net, images(), name="my net")
    document = view.document
    read_graph(json.dumps(document))
    assert document["name"] == "my net"
    assert {"path": "conv", "kind": "Conv2d"} in document["groups"]
    assert [tensor["shape"] for tensor in document["inputs"]] == [[2, 3, 8, 8]]
    assert document["totals"]["parameters"] == sum(p.size for p in net.parameters())
    product = node(document, "matmul")
    assert product["group"] == "head"
    assert product["flops"] == 2 * 2 * 512 * 10
    assert product["outputs"][0]["shape"] == [2, 10]
    assert product["source"]["file"] == __file__
    assert "self.head(" in product["source"]["text"]
    assert "conv.weight" in {slot["name"] for slot in document["state"]}


def test_passes_lead_back_to_what_was_recorded() -> None:
    net = Net()
    net.eval()
    document = tg.viz.graph(net, images()).document
    assert "fold_batch_norm" in [step["name"] for step in document["passes"]]
    assert recorded(document) == sorted(n.op.name for n in capture(net, images()).nodes)


def test_a_training_step_has_its_phases_and_changes_nothing() -> None:
    net = Net()
    gm = tg.autodiff.GradManager().attach(net.parameters())
    sgd = tg.optimizer.SGD(net.parameters(), lr=0.1, momentum=0.9)
    labels = tg.Tensor(np.zeros(2, np.int32))

    def step(x: tg.Tensor, y: tg.Tensor) -> tg.Tensor:
        with gm:
            loss = F.nn.cross_entropy(net(x), y)
            gm.backward(loss)
        sgd.step().clear_grad()
        return loss

    before = {name: value.copy() for name, value in net.state_dict().items()}
    document = tg.viz.graph(step, images(), labels).document
    read_graph(json.dumps(document))
    assert {n["phase"] for n in document["nodes"]} == {"forward", "backward", "update"}
    updated = {slot["name"] for slot in document["state"] if slot.get("written")}
    assert {"conv.weight", "norm.running_mean"} <= updated
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_a_joined_call_stands_where_all_its_parts_meet() -> None:
    net = M.Sequential(*[M.Sequential(M.Linear(4, 4), M.BatchNorm1d(4)) for _ in range(8)])
    document = tg.viz.graph(net, tg.Tensor(np.ones((2, 4), np.float32))).document
    joined = node(document, "fused_running_statistics")
    assert joined.get("group", "") == ""


def test_values_that_only_running_can_tell_are_refused() -> None:
    def looks(x: tg.Tensor) -> tg.Tensor:
        return x if x.sum().item() > 0 else -x

    with pytest.raises(TraceError, match="looks at the value"):
        tg.viz.graph(looks, images())
    with pytest.raises(ArgumentError, match=r"\[viz.graph\] expected a function or module"):
        tg.viz.graph(3)  # type: ignore[arg-type]


def test_a_view_is_saved_compared_and_printed(tmp_path: Path) -> None:
    net = Net()
    view = tg.viz.graph(net, images())
    view.save(tmp_path / "net.tggraph")
    read_graph((tmp_path / "net.tggraph").read_bytes())
    assert repr(view).startswith("Net: ")
    net.eval()
    both = view.compare(tg.viz.graph(net, images()))
    assert both.document is view.document
    bundle = both._repr_mimebundle_()
    shown = bundle[0] if isinstance(bundle, tuple) else bundle
    assert shown["text/plain"] == repr(view)


def test_attributes_are_plain_json() -> None:
    def clip(x: tg.Tensor) -> tg.Tensor:
        return F.clip(x, lower=float("-inf"), upper=1.0)

    json.dumps(tg.viz.graph(clip, images()).document, allow_nan=False)


def test_a_step_is_measured_and_nothing_moves() -> None:
    net = M.Sequential(M.Conv2d(3, 8, 3), M.BatchNorm2d(8), M.ReLU())
    manager = tg.autodiff.GradManager().attach(net.parameters())
    adam = tg.optimizer.Adam(net.parameters(), lr=0.1)

    def step(x: Any) -> Any:
        with manager:
            loss = (net(x) ** 2).mean()
            manager.backward(loss)
        adam.step().clear_grad()
        return loss

    x = images()
    step(x)
    before = {name: value.copy() for name, value in net.state_dict().items()}
    view = tg.viz.graph(step, x)
    times = view.measure(runs=2)
    document = view.document
    assert all(node["ms"] >= 0 for node in document["nodes"])
    assert document["totals"]["ms"] == times["ms"]["compiled"] > 0
    added = [node for step in document["passes"] for node in step["before"]["add"]]
    assert any(node.get("ms", 0) > 0 for node in added)
    read_graph(json.dumps(document))
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_two_graphs_side_by_side_have_no_call_to_measure() -> None:
    view = tg.viz.graph(M.ReLU(), images())
    with pytest.raises(StateError, match="one by one"):
        view.compare(view).measure()
