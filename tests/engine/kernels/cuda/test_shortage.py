"""Memory that runs out on a GPU made of NumPy: the same document and ways out as on the CPU."""

import gc

import pytest

import tengen as tg
import tengen.functional as F
from tengen.base.errors import OutOfMemoryError
from tengen.viz import advice, trouble
from tests.engine.viz.test_advice import Notebook, ways_of

from .strict import devices


def test_the_card_tells_of_the_gpu(strict, monkeypatch):
    notebook = Notebook(monkeypatch, 2048)
    gc.collect()
    before = tg.get_allocated_memory("gpu0")
    tg.reset_max_memory_stats("gpu0")
    notebook.run()
    most = tg.get_max_allocated_memory("gpu0")
    with tg.config.override(gpu_memory_limit=before + (most - before) // 2):
        with pytest.raises(OutOfMemoryError) as caught:
            notebook.run()
        document = caught.value.document
        assert (document["device"], document["capacity"]) == ("gpu0", tg.config.gpu_memory_limit)
        assert document["used"] + document["asked"] > document["capacity"]
        assert document["holders"][0]["bytes"] >= 512 * 1024 * 4
        assert sum(holder["bytes"] for holder in document["holders"]) <= document["used"]
        found = advice(caught.value)
        trouble.release(caught.value)
        assert found.document["capacity"] == document["capacity"]
        way = ways_of(found)["batch"]
        assert way["fits"] and 256 < way["batch"] < 2048
        assert ways_of(found)["free"]["name"] == "spare"
        assert tg.get_allocated_memory("gpu0") <= before + 1000
        tg.reset_max_memory_stats("gpu0")
        notebook.run(way["code"])
        assert tg.get_max_allocated_memory("gpu0") == pytest.approx(way["bytes"], rel=0.15)


def test_scratch_memory_that_does_not_fit_is_told_too(strict, monkeypatch):
    x = F.ones((40, 40))
    F.exp(x)  # its plan is made

    def exp(x, out=None):
        raise devices.OutOfMemoryError("Out of memory allocating 6,400 bytes (allocated so far: 1")

    monkeypatch.setattr(strict, "exp", exp, raising=False)
    with pytest.raises(OutOfMemoryError) as caught:
        F.exp(x)
    assert caught.value.asked == 6400
    assert caught.value.document["device"] == "gpu0"
    assert caught.value.document["used"] == tg.get_allocated_memory("gpu0")
