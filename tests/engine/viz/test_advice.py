"""An error of memory tells who held what, and every way out that it is said to have holds."""

import gc
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.autodiff import GradManager
from tengen.base.errors import OutOfMemoryError
from tengen.optimizer import SGD
from tengen.viz import advice, trouble

DEPTH, WIDTH = 10, 64


class Notebook:
    """A user's program: a step, its data, and the names that advice looks at."""

    def __init__(self, monkeypatch, batch, net=None):
        tg.random.seed(0)
        layers = [M.Linear(WIDTH, WIDTH) if i % 2 else M.ReLU() for i in range(2 * DEPTH)]
        net = net or M.Sequential(*layers)
        manager = GradManager().attach(net.parameters())
        optimizer = SGD(net.parameters(), lr=0.1)

        def step(x, y):
            with manager:
                loss = F.nn.cross_entropy(net(x), y)
                manager.backward(loss)
            optimizer.step().clear_grad()
            return loss

        self.names = {"tg": tg, "step": step, "spare": F.ones((512, 1024))}
        self.resize(batch)
        for module in ("remedies", "failed_call"):
            monkeypatch.setattr(f"tengen.viz.{module}.user_names", lambda: self.names)
        monkeypatch.setitem(step.__globals__, "step", step)

    def resize(self, batch):
        rng = np.random.default_rng(0)
        self.names["x"] = tg.Tensor(rng.standard_normal((batch, WIDTH)).astype(np.float32))
        self.names["y"] = tg.Tensor(rng.integers(0, WIDTH, batch).astype(np.int32))

    def run(self, *code):
        exec("\n".join([*code, "loss = step(x, y)"]), self.names)
        return self.names["loss"]


def fail(notebook):
    """Run out of memory as a notebook's cell would, and give the error's document."""
    with pytest.raises(OutOfMemoryError) as caught:
        notebook.run()
    document = caught.value.document
    assert advice(caught.value).document["number"] == document["number"]
    trouble.release(caught.value)
    return document


def limits(notebook, batch):
    """Bytes held before a step with this batch, and the most during it, dynamic and static."""
    notebook.resize(batch)
    gc.collect()
    before = tg.get_allocated_memory()
    tg.reset_max_memory_stats()
    notebook.run()
    dynamic = tg.get_max_allocated_memory()
    return before, dynamic


def ways_of(found):
    return {way["kind"]: way for way in found.document["ways"]}


def test_a_smaller_batch_fits_as_predicted_and_a_much_larger_one_does_not(monkeypatch):
    notebook = Notebook(monkeypatch, 8)
    before, dynamic = limits(notebook, 2048)
    with tg.config.override(memory_limit=before + (dynamic - before) // 2):
        document = fail(notebook)
        assert document["asked"] > 0
        assert document["used"] + document["asked"] > document["capacity"]
        assert sum(holder["bytes"] for holder in document["holders"]) <= document["used"]
        assert any("step" in place.get("text", "") or place["line"] for place in document["where"])
        found = advice()
        assert (found.document["target"], found.document["batch"]) == ("step", 2048)
        assert found.document["bytes"] > document["capacity"]
        way = ways_of(found)["batch"]
        assert way["fits"] and 256 < way["batch"] < 2048
        assert way["code"] == f"x, y = x[:{way['batch']}], y[:{way['batch']}]"
        tg.reset_max_memory_stats()
        notebook.run(way["code"])
        assert tg.get_max_allocated_memory() == pytest.approx(way["bytes"], rel=0.15)
        notebook.names["batch_size"] = 2048
        notebook.resize(2048)
        fail(notebook)
        assert ways_of(advice())["batch"]["code"].startswith("batch_size = ")


def test_the_prediction_holds_where_one_layer_takes_nearly_all(monkeypatch):
    wide = M.Sequential(M.Linear(WIDTH, 1024), M.ReLU(), M.Linear(1024, WIDTH))
    notebook = Notebook(monkeypatch, 8, wide)
    del notebook.names["spare"]
    before, dynamic = limits(notebook, 2048)
    with tg.config.override(memory_limit=before + (dynamic - before) // 2):
        fail(notebook)
        way = ways_of(advice())["batch"]
        tg.reset_max_memory_stats()
        notebook.run(way["code"])
        assert tg.get_max_allocated_memory() == pytest.approx(way["bytes"], rel=0.03)


def test_recompute_fits_where_static_alone_does_not(monkeypatch):
    notebook = Notebook(monkeypatch, 8)
    before, dynamic = limits(notebook, 4096)
    with tg.config.override(memory_limit=before + (dynamic - before) * 6 // 10):
        fail(notebook)
        ways = ways_of(advice())
        assert not ways["static"]["fits"] and ways["static"]["code"] == ""
        assert ways["recompute"]["fits"] and ways["recompute"]["seconds"] > 0
        assert "memory_budget" in ways["recompute"]["code"]
        tg.reset_max_memory_stats()
        notebook.run(ways["recompute"]["code"])
        assert tg.get_max_allocated_memory() <= ways["recompute"]["bytes"] * 1.05


def test_what_could_be_let_go_of_is_named(monkeypatch):
    notebook = Notebook(monkeypatch, 8)
    before, dynamic = limits(notebook, 2048)
    with tg.config.override(memory_limit=before + (dynamic - before) // 2):
        fail(notebook)
        way = ways_of(advice())["free"]
        assert (way["name"], way["bytes"], way["code"]) == ("spare", 512 * 1024 * 4, "del spare")
        assert "spare" in repr(advice())


def test_the_frames_of_the_failed_call_hold_nothing_afterwards(monkeypatch):
    notebook = Notebook(monkeypatch, 8)
    before, dynamic = limits(notebook, 2048)
    with tg.config.override(memory_limit=before + (dynamic - before) // 2):
        with pytest.raises(OutOfMemoryError) as caught:
            notebook.run()
        assert tg.get_allocated_memory() > before
        trouble.release(caught.value)
        assert tg.get_allocated_memory() <= before + 1000


def test_a_program_tells_the_ways_out_after_its_traceback():
    code = """\
        import numpy as np, tengen as tg, tengen.functional as F
        batch_size = 4096
        def step(x):
            return F.relu(F.relu(x) + 1) * 2
        tg.config.memory_limit = 4096 * 256 * 4 * 2
        step(tg.Tensor(np.ones((batch_size, 256), np.float32)))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    traceback, _, ways = done.stderr.partition("step with a batch of 4096")
    assert "OutOfMemoryError" in traceback and "Largest holders" in traceback
    assert "batch_size = " in ways and "fits" in ways


def test_without_a_failed_call_nothing_is_told():
    assert advice(10**9).document is None
    assert "run it again" in repr(advice(10**9))


def test_a_notebook_shows_the_card_once_and_then_the_traceback(monkeypatch):
    shell = InteractiveShell()
    shown = []
    monkeypatch.setattr(shell.display_pub, "publish", lambda data, **_: shown.append(data))
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    notebook = Notebook(monkeypatch, 8)
    before, dynamic = limits(notebook, 2048)
    with tg.config.override(memory_limit=before + (dynamic - before) // 2):
        with pytest.raises(OutOfMemoryError) as caught:
            notebook.run()
        lines = caught.value._render_traceback_()
        assert caught.value._render_traceback_() == lines
        assert "OutOfMemoryError" in "".join(lines)
        (data,) = shown
        assert data[trouble.MIME]["kind"] == "memory"
        assert "tengen.viz.advice()" in data["text/plain"]
        assert ways_of(advice(data[trouble.MIME]["number"]))["batch"]["fits"]
        assert tg.get_allocated_memory() <= before + 1000
