"""Profiles: every step's time and bytes, and the trace document."""

import json
import time

import numpy as np

from tengen.jit.capture import captured
from tengen.ops.elementwise import add
from tengen.ops.matmul import matmul
from tengen.ops.transcendental import exp
from tengen.runtime.profile import Profile
from tengen.tensor import Tensor

from .programs import program_of
from .test_executor import normal, recorded, trainer


def test_every_step_has_its_time_and_bytes():
    graph, given = recorded(lambda a, b: exp(add(matmul(a, b), a)), normal(64, 64), normal(64, 64))
    program = program_of(graph, given)
    profile = Profile()
    program.run(given)
    assert profile.runs == 0
    start = time.perf_counter()
    for _ in range(5):
        program.run(given, profile)
    spent = (time.perf_counter() - start) * 1000
    costs = profile.costs()
    assert profile.runs == 5 and len(costs) == len(program.steps)
    assert {c.op for c in costs} == {"matmul", "add", "exp"}
    assert all(0 < c.least_ms <= c.ms and c.runs == 5 for c in costs)
    assert sum(c.ms for c in costs) * 5 <= spent
    by_name = {c.op: c for c in costs}
    assert by_name["exp"].bytes == 2 * 64 * 64 * 4
    assert by_name["exp"].shapes == "(float32[64, 64]@cpu0) -> (float32[64, 64]@cpu0)"
    assert sum(count for _, _, count in profile.by_operator()) == len(program.steps)


def test_modules_and_lines_of_a_training_step():
    _, step = trainer()
    x, y = Tensor(normal(8, 3, 16, 16)), Tensor(np.arange(8, dtype=np.int32))
    found = captured(step, x, y)
    given = [s._buffer for s in found.sources]
    profile = Profile()
    program_of(found.graph, given).run(given, profile)
    convolutions = [c for c in profile.costs() if c.op == "convolution"]
    assert {c.module for c in convolutions} == {"a", "b"}
    assert all("test_executor.py" in c.source for c in convolutions)


def test_the_trace_document_holds_the_latest_runs():
    graph, given = recorded(lambda a: exp(add(a, a)), normal(32, 32))
    program = program_of(graph, given)
    profile = Profile(kept=2)
    for _ in range(4):
        program.run(given, profile)
    trace = json.loads(json.dumps(profile.chrome_trace()))
    events = trace["traceEvents"]
    assert len(events) == 2 * (1 + len(program.steps))
    for whole, *steps in (events[:3], events[3:]):
        assert whole["name"] == "program 0" and [s["name"] for s in steps] == ["add", "exp"]
        assert abs(sum(s["dur"] for s in steps) - whole["dur"]) < 1e-3
        assert steps[0]["ts"] == whole["ts"] and steps[1]["ts"] >= steps[0]["ts"]
        assert steps[0]["args"]["bytes"] == 3 * 32 * 32 * 4


def test_measuring_costs_little():
    graph, given = recorded(lambda a, b: matmul(exp(matmul(a, b)), b), normal(256, 256),
                            normal(256, 256))  # fmt: skip
    program = program_of(graph, given)
    profile = Profile()
    plain, measured = [], []
    for _ in range(40):
        start = time.perf_counter()
        program.run(given)
        middle = time.perf_counter()
        program.run(given, profile)
        plain.append(middle - start)
        measured.append(time.perf_counter() - middle)
    assert min(measured) < 1.05 * min(plain) + 20e-6
