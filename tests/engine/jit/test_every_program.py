"""Every kind of program through everything that static graphs promise."""

import functools
import subprocess
import sys
from itertools import chain

import numpy as np
import pytest

import tengen as tg
from tengen.base.errors import TengenError, TraceError
from tengen.deploy import dump
from tengen.jit import convert, estimate, trace
from tengen.jit.outcome import differences
from tengen.kernels.numba import service
from tests.engine.jit.every_program import PROGRAMS, fresh, move, widen

QUICK = ("two networks against each other",)
DEEP = ("resnet18", "resnet50", "mobilenet_v2", "shufflenet_v2")
"""Batch norm over few numbers makes much of rounding, step by step: static and dynamic runs of
these are compared with each other in float64, and in float32 by how far each is from that."""
programs = pytest.mark.parametrize(
    "name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.long) for n in PROGRAMS]
)


def arrays(result):
    """The results of a step, as arrays."""
    return [t.numpy() for t in (result if isinstance(result, tuple) else (result,))]


@functools.cache
def compiled(name):
    """Run it once so that all its kernels are there."""
    program = fresh(name)
    trace(program.step)(*program.samples)
    service.wait()


def trained(name, how="dynamic", wide=False, moved=0):
    """The losses of four steps, the tensors after the first and those after the last: dynamic,
    checked or frozen, in float32 or `wide` in float64, with all data `moved` by their last bits."""
    program = fresh(name)
    step = program.step
    if wide:
        widen(program)
    if moved:
        move(program, moved)
    if how != "dynamic":
        compiled(name)
        step = trace(step, without_host=how == "frozen")
    tg.random.seed(5)
    losses, states = [], []
    for number in range(4):
        losses.append(arrays(step(*program.samples)))
        if number in (0, 3):
            states.append([t.numpy() for t in program.tensors()])
    return losses, *states


def alike(made, expected, rtol=2e-3, atol=2e-4):
    for a, b in zip(made[0], expected[0], strict=True):
        for x, y in zip(a, b, strict=True):
            np.testing.assert_allclose(x, y, rtol=rtol, atol=atol)
    for x, y in zip(made[-1], expected[-1], strict=True):
        np.testing.assert_allclose(x, y, rtol=rtol, atol=atol * max(1, np.abs(y).max(initial=0)))


def off(made, exact):
    """How far a run is from an exact one after one step and after four, over all its arrays."""
    found = []
    for steps, state in ((1, 1), (4, 2)):
        sides = [[*chain(*run[0][:steps]), *run[state]] for run in (made, exact)]
        found.append(float(np.sqrt(np.mean(np.square([*differences(*sides).values()])))))
    return found


@programs
def test_four_steps_are_those_of_the_dynamic_program(name, tell):
    """And no further from float64 than the dynamic program is, its data moved by their last bits:
    a sum that rounding alone puts on either side of a ReLU's zero says nothing."""
    exact = trained(name, wide=True)
    dynamic = np.array([off(trained(name, moved=seed), exact) for seed in range(4)])
    near = None if name in DEEP else trained(name)
    for how in ("checked", "frozen"):
        if name in DEEP and how == "checked":  # the other runs the same programs
            alike(trained(name, how, wide=True), exact, rtol=1e-6, atol=1e-6)
        made = trained(name, how)
        if near is not None:
            alike(made, near)
        static = off(made, exact)
        for steps, a, found in zip((1, 4), static, dynamic.T, strict=True):
            tell(
                f"{name}, {how}: off float64 by {a:.1e} after {steps} step(s), dynamic"
                f" {found[0]:.1e}, moved {', '.join(f'{b:.1e}' for b in found[1:])}"
            )
        assert np.all(static <= 3 * dynamic.max(0) + 1e-6)


@programs
def test_the_report_of_its_conversion(name, tell):
    program = fresh(name)
    before = [t.numpy() for t in program.tensors()]
    report = convert(program.step, *program.samples, seconds=0.1).report
    for a, b in zip(before, program.tensors(), strict=True):
        np.testing.assert_array_equal(a, b.numpy())
    assert report.ok, report.to_text()
    compared = {row.what.split()[0] for row in report.parity}
    assert {"outputs", "weights", "changes"} <= compared, report.to_text()
    assert all(found.ok for found in report.findings), report.to_text()
    assert {row.unit for row in report.costs} == {"ms", "bytes"}
    assert (report.replay == "frozen") == program.whole, report.to_text()
    assert bool(report.blockers) != program.whole, report.to_text()
    assert all(b.file == "every_program.py" or b.line for b in report.blockers)
    time, memory = report.costs
    tell(
        f"{name}: {report.replay}, {report.segments} segment(s), {report.operators} operators,"
        f" time x{time.before / time.after:.2f}, memory {memory.after / memory.before:.0%}"
    )


@programs
def test_one_graph_serves_every_batch_size(name):
    """Of the programs that are one graph; the others are recorded for each."""
    found = []
    for frozen in (False, True):
        program = fresh(name)
        widen(program)
        step = trace(program.step, without_host=True) if frozen else program.step
        tg.random.seed(5)
        losses, given = [], program.samples
        rows = given[0].shape[0]
        for size in (rows, rows + 1, rows + 3, rows + 2, rows + 1):
            losses.append(arrays(step(*[x[np.arange(size) % rows] for x in given])))
        found.append((losses, [t.numpy() for t in program.tensors()]))
    alike(found[1], found[0], rtol=1e-6, atol=1e-6)
    calls = step._replay.calls
    if program.whole:
        assert (calls.batch, calls.recorded) == ("any", 2), calls.why
    else:
        assert calls.batch == ""


@programs
def test_its_memory_is_what_was_told(name, tell):
    program = fresh(name)
    if not program.whole:
        with pytest.raises(TraceError, match=r"every_program\.py:"):
            estimate(program.step, *program.samples)
        return
    first = estimate(program.step, *program.samples)
    for run in (trace(program.step), trace(program.step)):  # the second with kernels compiled
        for _ in range(3):
            run(*program.samples)
        service.wait()
    told = estimate(program.step, *program.samples)
    assert first.total_bytes == pytest.approx(told.total_bytes, rel=0.03)
    run.runner.release()
    before = tg.get_allocated_memory("cpu0")
    tg.reset_max_memory_stats("cpu0")
    run(*program.samples)
    peak = tg.get_max_allocated_memory("cpu0") - before
    tell(
        f"{name}: {first.peak_bytes:,} bytes told, {peak:,} counted, {peak / first.peak_bytes:.3f}"
    )
    for said in (first, told):
        assert peak == pytest.approx(said.peak_bytes, rel=0.03)


@programs
def test_a_budget_keeps_the_numbers(name, monkeypatch, tell):
    monkeypatch.setattr(tg.config, "deterministic", True)
    found, arenas = [], []
    for budget in (None, 0.5):
        program = fresh(name)
        run = trace(program.step, memory_budget=budget)
        tg.random.seed(5)
        losses = [arrays(run(*program.samples)) for _ in range(3)]
        found.append((losses, [t.numpy() for t in program.tensors()]))
        arenas.append(run.runner.arena_bytes())
    alike(found[1], found[0], rtol=0, atol=0)
    tell(f"{name}: arena {arenas[1] / arenas[0]:.0%} under half the memory")
    assert arenas[1] <= arenas[0]


RUN = """
import sys, numpy as np, tengen as tg
model = tg.load_static(sys.argv[1])
x = np.load(sys.argv[2])
np.save(sys.argv[3], model(tg.Tensor(x, dtype=x.dtype)).numpy())
"""


@programs
def test_its_network_runs_as_a_file_without_its_source(name, tmp_path):
    program = fresh(name)
    program.network.eval()
    file = tmp_path / "model.tgm"
    if not program.whole:
        with pytest.raises(TengenError, match=r"every_program\.py:"):
            dump(program.network, file, program.given)
        return
    dump(program.network, file, program.given)
    np.save(tmp_path / "x.npy", program.given.numpy())
    call = [sys.executable, "-P", "-c", RUN, "model.tgm", "x.npy", "y.npy"]
    subprocess.run(call, check=True, cwd=tmp_path, timeout=300)
    want = program.network(program.given).numpy()
    scale = np.abs(want).max()
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), want, rtol=1e-3, atol=1e-4 * scale)


@programs
def test_its_profile_names_operators_and_lines(name):
    program = fresh(name)
    run = trace(program.step, profiling=True)
    for _ in range(2):
        run(*program.samples)
    found = run.get_profile()
    assert found["steps"] and all(s["ms"] >= 0 and s["bytes"] >= 0 for s in found["steps"])
    assert any("every_program.py" in (s["source"] or "") or s["module"] for s in found["steps"])
    assert sum(ms for _, ms, _ in found["operators"]) > 0
