"""Plans beside a record, the budget curve, and measurements that leave nothing behind."""

import json

import msgspec
import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
import tengen.optimizer as optim
from tengen.base.errors import ArgumentError, StateError
from tengen.jit.capture import captured
from tengen.jit.estimate import memory_curve, planned
from tengen.runtime.steps import Kind
from tengen.viz.budget_runs import Requests
from tengen_studio.documents.memory import BudgetCurve, BudgetPoint, MemoryDocument

from .test_memory import columns, held


class Deep:
    """A step whose activations are most of its memory."""

    def __init__(self):
        layers = [part for _ in range(16) for part in (M.Linear(32, 32), M.Sigmoid())]
        self.net = M.Sequential(*layers, M.Dropout(0.1), M.Linear(32, 10))
        self.manager = tg.autodiff.GradManager().attach(self.net.parameters())
        self.optimizer = optim.Adam(self.net.parameters(), lr=0.01)
        self.calls = 0

    def step(self, x, y):
        self.calls += 1
        print("step", self.calls)
        with self.manager:
            loss = F.nn.cross_entropy(self.net(x), y)
            self.manager.backward(loss)
        self.optimizer.step().clear_grad()
        return loss

    def everything(self):
        states = [v for s in self.optimizer._state.values() for v in s.values()]
        return [t.numpy().copy() for t in (*self.net.parameters(), *states)]


def batch(size=2048):
    rng = np.random.default_rng(0)
    x = tg.Tensor(rng.standard_normal((size, 32)).astype(np.float32))
    return x, tg.Tensor(rng.integers(0, 10, size).astype(np.int32))


@pytest.fixture(scope="module")
def shown():
    training, samples = Deep(), batch()
    training.step(*samples)
    return training, samples, tg.viz.memory(training.step, *samples, budgets=(0.6, 100))


def test_plans_stand_beside_the_record_and_keep_the_contract(shown):
    _, _, view = shown
    found = [
        msgspec.json.decode(json.dumps(d), type=MemoryDocument, strict=True) for d in view.documents
    ]
    assert [d.kind for d in found] == ["dynamic", "static", "recompute", "recompute"]
    assert [d.measured for d in found] == [True, False, False, False]
    assert found[1].budget is None and found[3].budget == 100
    assert found[2].peak.bytes < found[1].peak.bytes < found[0].peak.bytes
    assert {d.batch for d in found} == {2048}
    assert found[2].ms > found[1].ms > 0
    for document, raw in zip(found[1:], view.documents[1:], strict=True):
        assert held(raw, document.peak.time) == document.peak.bytes


def test_the_static_peak_is_that_of_the_program(shown):
    training, samples, view = shown
    program, _ = planned(captured(training.step, *samples))
    there = (Kind.INPUT, Kind.CONSTANT)
    before = sum(s.nbytes for s in program.lowered.storages if s.kind in there)
    gaps = program.plan.size - program.plan.live
    assert view.documents[1]["peak"]["bytes"] - before == program.peak_bytes - gaps
    found = columns(view.documents[1])
    assert int((found["address"] + found["bytes"]).max()) >= program.peak_bytes


def test_the_curve_is_the_compilers(shown):
    training, samples, view = shown
    curve = msgspec.json.decode(json.dumps(view.curve), type=BudgetCurve, strict=True)
    expected = memory_curve(training.step, *samples)
    assert [p.budget for p in curve.points if not p.measured] == [peak for peak, _ in expected]
    points = [p for p in curve.points if not p.measured]
    assert [p.ms for p in points] == sorted((p.ms for p in points), reverse=True)
    assert points[-1].ms == pytest.approx(view.documents[1]["ms"], abs=0.01)
    assert points[0].budget < curve.chosen == view.documents[2]["budget"] < points[-1].budget
    small = tg.viz.memory(training.step, *samples, budgets=(100,))
    assert small.curve["chosen"] == small.curve["points"][0]["budget"]


def test_a_budget_that_cannot_be_kept_is_told(shown):
    _, _, view = shown
    (note,) = view.notes
    assert note.startswith("A budget of 100 bytes for results cannot be kept: recomputing leaves")
    assert note in repr(view)


def test_measuring_changes_nothing(shown, capsys):
    training, _, view = shown
    buffers = [p._buffer for p in training.net.parameters()]
    before, calls = training.everything(), training.calls
    drawn = [g.state.numpy().copy() for g in tg.random.generator.every_generator()]
    used = tg.get_allocated_memory()
    points = [view.measure(budget, runs=2) for budget in (10**9, 0.6)]
    assert capsys.readouterr().out == ""
    assert training.calls == calls
    assert [p._buffer for p in training.net.parameters()] == buffers
    for a, b in zip(before, training.everything(), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, g in zip(drawn, tg.random.generator.every_generator(), strict=True):
        np.testing.assert_array_equal(a, g.state.numpy())
    assert tg.get_allocated_memory() - used < 1024
    decoded = msgspec.convert(points, list[BudgetPoint])
    assert all(p.measured and p.ms > 0 for p in decoded)
    assert view.curve["points"][-2:] == points
    for point, document in zip(decoded, view.documents[1:3], strict=True):
        assert point.peak == pytest.approx(document["peak"]["bytes"], rel=0.03)


def test_measuring_stops_between_runs(shown):
    _, _, view = shown
    asked, count = iter((False, True)), len(view.curve["points"])
    assert view.measure(0.7, stop=lambda: next(asked)) is None
    assert next(asked, None) is None
    assert len(view.curve["points"]) == count


def test_a_viewer_asks_for_one_run_at_a_time(shown):
    _, _, view = shown
    found = []
    requests = Requests(view._runs, found.append, runs=2)
    budget = view._planned.full
    first = requests.answer({"measure": budget, "number": 1})
    assert first == {"number": 1, "done": 1, "of": 2, "point": None}
    assert requests.answer({"cancel": 1}) is None
    assert requests.answer({"measure": budget, "number": 2})["done"] == 1
    last = requests.answer({"measure": budget, "number": 2})
    assert found == [last["point"]] and last["point"]["budget"] == budget
    failed = requests.answer({"measure": 0, "number": 3})
    assert failed["number"] == 3 and "memory_budget" in failed["error"]


def test_a_step_that_looks_at_values_stays_dynamic():
    x = tg.Tensor(np.ones((4, 4), np.float32))

    def step(x):
        return x + 1 if float(x.sum()) > 0 else x

    view = tg.viz.memory(step, x, static=True)
    assert [d["kind"] for d in view.documents] == ["dynamic"]
    (note,) = view.notes
    assert note.startswith("Only the dynamic run is shown: the program looks at the value")
    assert "test_budgets.py" in note
    with pytest.raises(StateError, match="needs a curve"):
        view.measure(0.5)


def test_static_alone_has_no_curve_and_inference_nothing_to_choose(tmp_path):
    net, x = M.Sequential(M.Linear(8, 8), M.ReLU()), tg.Tensor(np.ones((4, 8), np.float32))
    view = tg.viz.memory(net, x, static=True)
    assert [d["kind"] for d in view.documents] == ["dynamic", "static"]
    assert view.curve is None and view.notes == []
    view = tg.viz.memory(net, x, budgets=(0.5,))
    assert view.curve is None
    assert "There is nothing to compute again" in view.notes[-1]
    view.save(tmp_path / "a.tgmem")
    saved = json.loads((tmp_path / "a.tgmem").read_text())
    assert saved == {"documents": view.documents, "notes": view.notes}


@pytest.mark.parametrize("budget", [0, -1, 1.5, True, "half"])
def test_budgets_are_bytes_or_fractions(budget):
    ran = []
    with pytest.raises(ArgumentError, match="memory_budget"):
        tg.viz.memory(lambda: ran.append(1), budgets=(budget,))
    assert ran == []
