"""The memory record: exact to the byte, true to the contract, and free when nobody records."""

import base64
import json

import msgspec
import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
import tengen.optimizer as optim
from tengen.base.errors import ArgumentError
from tengen.runtime.buffer import OwnedBuffer
from tengen.runtime.watch import watching
from tengen.viz.live import live
from tengen_studio.documents.memory import LiveMemory, MemoryDocument

TYPES = {"u8": "<u1", "u16": "<u2", "u32": "<u4", "f64": "<f8"}


class Net(M.Module):
    def __init__(self):
        super().__init__()
        self.first = M.Linear(64, 256)
        self.second = M.Linear(256, 10)

    def forward(self, x):
        return self.second(F.relu(self.first(x)))


class Training:
    def __init__(self, optimizer=optim.Adam):
        self.net = Net()
        self.manager = tg.autodiff.GradManager().attach(self.net.parameters())
        self.optimizer = optimizer(self.net.parameters(), lr=0.01)

    def step(self, x, y):
        with self.manager:
            loss = F.nn.cross_entropy(self.net(x), y)
            self.manager.backward(loss)
        self.optimizer.step().clear_grad()
        return loss


def batch(size):
    rng = np.random.default_rng(0)
    x = tg.Tensor(rng.standard_normal((size, 64)).astype(np.float32))
    return x, tg.Tensor(rng.integers(0, 10, size).astype(np.int32))


def columns(document):
    blocks = document["blocks"]
    return {
        name: np.frombuffer(base64.b64decode(value["data"]), TYPES[value["type"]]).astype(np.int64)
        for name, value in blocks.items()
        if name != "count"
    }


def held(document, time):
    found = columns(document)
    alive = (found["birth"] <= time) & (time < found["death"])
    return int(found["bytes"][alive].sum())


@pytest.fixture
def recorded():
    training = Training()
    x, y = batch(32)
    training.step(x, y)
    tg.reset_max_memory_stats()
    view = tg.viz.memory(training.step, x, y)
    view.samples = x, y
    return training, view


def test_the_peak_is_that_of_the_accounts(recorded):
    _, view = recorded
    assert view.peak == tg.get_max_allocated_memory()
    assert held(view.document, view.document["peak"]["time"]) == view.peak
    assert view.document["peak"]["holders"][0]["bytes"] > 0


def test_the_record_keeps_the_contract(recorded):
    _, view = recorded
    text = json.dumps(view.document)
    document = msgspec.json.decode(text, type=MemoryDocument, strict=True)
    assert document.kind == "dynamic"
    assert document.batch == 32
    assert [mark.name for mark in document.marks] == ["forward", "backward", "optimizer"]
    count = document.blocks.count
    for name, values in columns(view.document).items():
        assert len(values) == count, name
    found = columns(view.document)
    assert found["kind"].max() < len(document.kinds)
    assert found["origin"].max() < len(document.origins)
    assert found["tensor"].max() < len(document.tensors)
    assert found["shape"].max() < len(document.shapes)


def test_the_end_of_the_record_is_what_is_held_after_the_step(recorded):
    _, view = recorded
    document = view.document
    assert held(document, document["stop"] - 1) == tg.get_allocated_memory()


def test_blocks_never_share_an_address(recorded):
    _, view = recorded
    found = columns(view.document)
    for time in range(view.document["stop"]):
        alive = (found["birth"] <= time) & (time < found["death"])
        order = np.argsort(found["address"][alive])
        start = found["address"][alive][order]
        stop = start + found["bytes"][alive][order]
        assert (start[1:] >= stop[:-1]).all()


def test_blocks_know_what_they_are(recorded):
    _, view = recorded
    document, found = view.document, columns(view.document)
    kinds = dict(enumerate(document["kinds"]))
    named = {
        document["tensors"][tensor]: kinds[kind]
        for tensor, kind in zip(found["tensor"], found["kind"], strict=True)
    }
    assert named["first.weight"] == "parameter"
    assert named["first.weight.exp_avg"] == "optimizer"
    made = {
        (origin["op"], origin.get("module", "")): origin.get("source", {}).get("text", "")
        for origin in document["origins"]
    }
    assert any(op.startswith("gradient") and module == "first" for op, module in made)
    assert "F.relu" in " ".join(made.values())
    assert {kinds[k] for k in found["kind"]} >= {"parameter", "gradient", "optimizer", "data"}


@pytest.mark.parametrize("size", [8, 128])
def test_another_batch_is_predicted(size):
    training = Training()
    training.step(*batch(32))
    document = tg.viz.memory(training.step, *batch(32)).document
    found = columns(document)
    predicted = 0
    more = size - 32
    grown = found["bytes"] + more * found["per_sample"]
    for time in range(document["stop"]):
        alive = (found["birth"] <= time) & (time < found["death"])
        predicted = max(predicted, int(grown[alive].sum()))
    x, y = batch(size)
    training.step(x, y)
    real = tg.viz.memory(training.step, x, y).peak
    assert abs(predicted - real) < 0.03 * real


def test_nothing_is_left_behind_and_nothing_is_asked_when_off():
    plain = OwnedBuffer.__init__
    with watching() as watch:
        assert OwnedBuffer.__init__ is not plain
        kept = F.ones((10, 10)) + 1
        with pytest.raises(RuntimeError, match="watched already"), watching():
            pass
    assert OwnedBuffer.__init__ is plain
    seen = len(watch.events)
    del kept
    F.ones((10, 10))
    assert len(watch.events) == seen


def test_a_failing_step_ends_the_record():
    def step():
        F.ones((4, 4))
        raise ValueError("mine")

    plain = OwnedBuffer.__init__
    with pytest.raises(ValueError, match="mine"):
        tg.viz.memory(step)
    assert OwnedBuffer.__init__ is plain
    assert tg.viz.memory(lambda: F.ones((4, 4))).document["marks"] == []


def test_only_calls_are_recorded():
    with pytest.raises(ArgumentError, match="expected a function or module to call; got int"):
        tg.viz.memory(3)


def test_records_are_compared_saved_and_printed(recorded, tmp_path):
    _, view = recorded
    both = view.compare(view)
    assert len(both.documents) == 2
    both.save(tmp_path / "a.tgmem")
    assert json.loads((tmp_path / "a.tgmem").read_text()) == {"documents": both.documents}
    assert f"peak {view.peak:,} bytes" in repr(view)


def test_live_memory_names_modules_and_lines(recorded):
    training, _ = recorded
    found = live()
    document = msgspec.json.decode(json.dumps(found.document), type=LiveMemory)
    assert document.used == tg.get_allocated_memory()
    assert sum(holder.bytes for holder in document.holders) == document.used
    (weight,) = [h for h in document.holders if h.tensor == "first.weight"]
    assert weight.kind == "parameter"
    assert weight.bytes == training.net.first.weight.numpy().nbytes
    assert "application/vnd.tengen+json" in found._repr_mimebundle_()
