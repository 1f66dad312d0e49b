"""Values that a program on a GPU keeps in the host's memory for a while, on the stand-in."""

import gc
from functools import partial

import numpy as np
import pytest

import tengen as tg
from tengen.base.device import as_device
from tengen.base.errors import OutOfMemoryError
from tengen.graph.graph import Graph
from tengen.graph.opdef import registry
from tengen.graph.types import TensorType
from tengen.jit import trace
from tengen.runtime.crossing import Crossing
from tengen.runtime.executor import Program
from tengen.runtime.plan import to_plain
from tengen.tensor import Tensor
from tests.engine.compiler.memory.test_eviction import residual

from .strict import state

SHAPE = (128, 130)
BYTES = 128 * 130 * 4


def moving(count=3):
    """A program that moves `count` values out, computes over them, and takes them back."""
    gpu, graph = as_device("gpu0"), Graph()
    kind = TensorType.of(SHAPE, "float32", gpu)
    x = graph.add_input(kind)

    def call(name, *operands):
        return graph.add_node(registry[name], (), operands)[0]

    made, away = x, []
    for _ in range(count):
        made = call("exp", made)
        away.append(call("offload", made))
        made = call("sin", made)
    for kept in reversed(away):
        made = call("mul", made, call("prefetch", kept))
    graph.outputs = [made]
    return Program(graph, [kind])


def expected(x, count=3):
    made, kept = x, []
    for _ in range(count):
        made = np.exp(made)
        kept.append(made)
        made = np.sin(made)
    for value in reversed(kept):
        made = made * value
    return made


def batches(count):
    rng = np.random.default_rng(1)
    return [rng.random(SHAPE, "float32") for _ in range(count)]


def test_plain_and_captured_runs_give_the_values(strict):
    program = moving()
    state.counts.clear()
    for x in batches(6):
        (made,) = program.run([Tensor(x)._buffer])
        np.testing.assert_allclose(to_plain(made), expected(x), rtol=1e-5)
    assert program._replay.captured and not program.without_graph
    assert state.counts["graph launches"] == 5
    assert program.away_bytes >= 3 * BYTES
    assert state.counts["pinned"] >= 1


@pytest.mark.parametrize("copy", ["copy out", "copy back"])
def test_without_its_wait_a_copy_comes_too_late(strict, copy):
    program = moving()
    for number, step in enumerate(program.steps):
        if step.what == copy:
            program.steps[number].run = lambda outs, ins: None
    (x,) = batches(1)
    (made,) = program.run([Tensor(x)._buffer])
    assert not np.allclose(to_plain(made), expected(x))


def unless_captured(place, run, outs, ins):
    if not place.stream.is_capturing():
        run(outs, ins)


def test_a_capture_that_nothing_joins_is_given_up(strict):
    program = moving(1)
    place = program._gpu
    for step in program.steps:
        if step.what == "copy back":
            step.run = partial(unless_captured, place, step.run)
    for x in batches(3):
        (made,) = program.run([Tensor(x)._buffer])
        np.testing.assert_allclose(to_plain(made), expected(x, 1), rtol=1e-5)
    assert "Unjoined" in program.without_graph


def test_both_accounts_are_exact(strict):
    gc.collect()
    start = tg.get_allocated_memory("gpu0"), tg.get_allocated_memory("cpu0")
    program = moving()
    for x in batches(3):
        (made,) = program.run([Tensor(x)._buffer])
    held = program.nbytes + made.nbytes
    assert tg.get_allocated_memory("gpu0") - start[0] >= held
    assert tg.get_allocated_memory("cpu0") - start[1] == program.away_bytes
    del made, x
    program.release()
    assert (tg.get_allocated_memory("gpu0"), tg.get_allocated_memory("cpu0")) == start
    (made,) = program.run([Tensor(batches(1)[0])._buffer])
    np.testing.assert_allclose(to_plain(made), expected(batches(1)[0]), rtol=1e-5)
    del made, program
    gc.collect()
    assert (tg.get_allocated_memory("gpu0"), tg.get_allocated_memory("cpu0")) == start


def test_memory_is_not_given_away_while_a_copy_may_be_under_way(strict):
    program = moving()
    place = program._gpu
    program.run([Tensor(batches(1)[0])._buffer])
    place.stream.defer(lambda: None)
    program.release()
    place.trim()
    assert len(place._parted) == 1
    place.synchronize()
    place.trim()
    assert not place._parted


def test_host_memory_that_is_not_there_is_told_by_name(strict):
    program = moving()
    with (
        tg.config.override(memory_limit=tg.get_allocated_memory("cpu0") + BYTES),
        pytest.raises(OutOfMemoryError, match="host memory for what is moved out of"),
    ):
        program.run([Tensor(batches(1)[0])._buffer])
    program.run([Tensor(batches(1)[0])._buffer])


def test_what_others_read_stays_on_the_gpu(strict):
    gpu, graph = as_device("gpu0"), Graph()
    kind = TensorType.of(SHAPE, "float32", gpu)
    x = graph.add_input(kind)
    (away,) = graph.add_node(registry["offload"], (), (x,))
    (back,) = graph.add_node(registry["prefetch"], (), (away,))
    graph.outputs = list(graph.add_node(registry["add"], (), (away, back)))
    program = Program(graph, [kind])
    assert not program.away_bytes
    for host in batches(3):
        (made,) = program.run([Tensor(host)._buffer])
        np.testing.assert_array_equal(to_plain(made), host + host)


def trained(budget):
    """Losses, parameters and the compiled program of some steps of training."""
    tg.set_default_device("cpu0")
    known = [p.numpy() for p in residual(blocks=4)[0].parameters()]
    tg.set_default_device("gpu0")
    net, step, _ = residual(blocks=4)
    for parameter, value in zip(net.parameters(), known, strict=True):
        parameter.set_value(value)
    gc.collect()
    before = {id(item) for item in gc.get_objects() if type(item) is Program}
    run, rng = trace(step, memory_budget=budget), np.random.default_rng(0)
    losses = [float(run(Tensor(rng.random((4, 3, 24, 24), "float32")))) for _ in range(5)]
    made = [p for p in gc.get_objects() if type(p) is Program and id(p) not in before]
    return losses, [p.numpy() for p in net.parameters()], max(made, key=lambda p: p.nbytes), run


def test_training_under_a_budget_gives_the_same_bits(strict):
    losses, weights, plain, _ = trained(None)
    state.counts.clear()
    again, moved, program, _ = trained(0.3)
    assert losses == again
    for one, other in zip(weights, moved, strict=True):
        np.testing.assert_array_equal(one, other)
    assert program.away_bytes and program.nbytes < 0.4 * plain.nbytes and not plain.away_bytes
    assert program._replay.captured and state.counts["graph launches"] >= 3
    assert any(isinstance(getattr(s.run, "__self__", None), Crossing) for s in program.steps)
