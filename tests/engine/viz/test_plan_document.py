"""The memory document of a plan: true to the contract, to the plan and to a real run."""

import json

import msgspec
import numpy as np
import pytest

from tengen.compiler.memory import plan_memory
from tengen.jit.capture import captured
from tengen.runtime import memory
from tengen.runtime.executor import Program
from tengen.viz.memory_document import KINDS
from tengen.viz.plan_document import plan_document
from tengen_studio.documents.memory import MemoryDocument

from .test_memory import Training, batch, columns


@pytest.fixture(scope="module")
def planned():
    training = Training()
    found = captured(training.step, *batch(512))
    found.results = None
    kept = {id(s) for s in found.kept if s is not None}
    donated = frozenset(i for i, s in enumerate(found.sources) if id(s) in kept)
    forms = [s._buffer.type for s in found.sources]
    program = Program(found.graph, forms, donated, planner=plan_memory)
    made = plan_document(program, "step", found.sources, batch=512)
    return training, found, program, made


def test_it_keeps_the_contract(planned):
    document = planned[3]
    decoded = msgspec.json.decode(json.dumps(document).encode(), type=MemoryDocument)
    assert decoded.kind == "static" and decoded.unit == "node" and not decoded.measured
    assert [m.name for m in decoded.marks] == ["forward", "backward", "optimizer"]
    assert decoded.stop == len(planned[2].steps)


def test_blocks_of_one_moment_do_not_overlap(planned):
    found = columns(planned[3])
    for step in range(planned[3]["stop"]):
        alive = (found["birth"] <= step) & (found["death"] > step)
        order = np.argsort(found["address"][alive])
        start = found["address"][alive][order]
        stop = start + found["bytes"][alive][order]
        assert (start[1:] >= stop[:-1]).all()


def test_the_peak_is_what_a_run_holds(planned):
    _, found, program, document = planned
    given = [s._buffer for s in found.sources]
    held = sum(b.root.nbytes for b in given)
    constants = sum(b.nbytes for b in found.graph.constants.values())
    start = memory.used_bytes()
    memory.reset_peak()
    made = program.run(given)
    run = memory.peak_bytes() - start
    for handle, buffer in zip(found.kept, made, strict=True):
        if handle is not None:
            handle._buffer = buffer
    peak = document["peak"]["bytes"]
    assert run + held + constants - program.nbytes + program.plan.live >= peak
    assert 0.97 * (run + held) <= peak <= run + held + constants


def test_kinds_names_and_modules_of_what_is_held(planned):
    training, _, _, document = planned
    found = columns(document)
    total = {
        kind: found["bytes"][found["kind"] == number].sum() for number, kind in enumerate(KINDS)
    }
    parameters = sum(p.size * 4 for p in training.net.parameters())
    assert total["parameter"] == parameters
    assert 2 * parameters <= total["optimizer"] <= 2 * parameters + 64
    assert {"first.weight", "second.bias"} <= set(document["tensors"])
    assert total["data"] >= 512 * 64 * 4 and total["gradient"] > parameters
    modules = {origin.get("module", "") for origin in document["origins"]}
    assert {"first", "second"} <= modules
    sources = [origin["source"] for origin in document["origins"] if "source" in origin]
    assert any("test_memory.py" in s["file"] for s in sources)


def test_what_grows_with_the_batch(planned):
    document = planned[3]
    found = columns(document)
    arena = found["per_sample"][found["birth"] >= 0]
    assert (arena * 512 <= found["bytes"]).all()
    kinds = np.array(KINDS)[found["kind"]]
    assert not found["per_sample"][np.isin(kinds, ["parameter", "optimizer"])].any()
    assert found["per_sample"][kinds == "activation"].sum() > 0
