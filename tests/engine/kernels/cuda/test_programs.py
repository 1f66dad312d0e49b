"""Compiled programs on a GPU: plain, captured into a graph and replayed, against eager values."""

import gc

import numpy as np
import pytest

import tengen as tg
from tengen.base.device import as_device
from tengen.base.errors import DeviceError
from tengen.graph.graph import Graph
from tengen.graph.opdef import registry
from tengen.graph.types import TensorType
from tengen.runtime.executor import Program
from tengen.runtime.plan import to_plain
from tengen.runtime.profile import Profile
from tengen.tensor import Tensor

from .running import replayed
from .strict import devices, state

OPS = sorted(registry)


@pytest.mark.long
@pytest.mark.parametrize("name", OPS)
def test_a_replay_gives_what_eager_gives(name, strict):
    replayed(registry[name], 4)


def programs_of(count):
    """A program of a few calls over `count` inputs, and its inputs on the GPU."""
    gpu = as_device("gpu0")
    graph = Graph()
    kind = TensorType.of((32, 33), "float32", gpu)
    ins = [graph.add_input(kind) for _ in range(count)]
    total = ins[0]
    for value in ins[1:]:
        (total,) = graph.add_node(registry["add"], (), (total, value))
    graph.outputs = [total]
    return Program(graph, [kind] * count)


def inputs(number, count):
    return [Tensor(np.full((32, 33), 10.0**i * number), dtype="float32") for i in range(count)]


def test_inputs_may_move_at_any_time(strict):
    program = programs_of(6)
    held = inputs(1, 6)
    for number in range(12):
        fresh = inputs(number, 6)
        # one more of the inputs comes from elsewhere in every run
        for i in range(6):
            if i <= number % 8:
                held[i] = fresh[i]
        want = sum(t.numpy() for t in held)
        (made,) = program.run([t._buffer for t in held])
        np.testing.assert_allclose(to_plain(made), want, rtol=1e-5)
    assert program._replay.captured and not program.without_graph


def test_results_are_the_callers_own(strict):
    program = programs_of(2)
    kept = []
    for number in range(5):
        (made,) = program.run([t._buffer for t in inputs(number, 2)])
        kept.append((made, 11.0 * number))
    for made, value in kept:
        assert (to_plain(made) == value).all()


def test_a_release_captures_anew_and_gives_all_memory_back(strict):
    gc.collect()
    start = tg.get_allocated_memory("gpu0")
    program = programs_of(3)
    for round in range(3):
        for _ in range(3):
            (made,) = program.run([t._buffer for t in inputs(2, 3)])
            assert (to_plain(made) == 222.0).all()
        assert program._replay.captured
        assert tg.get_allocated_memory("gpu0") > start
        del made
        program.release()
        assert not program._replay.captured
        assert tg.get_allocated_memory("gpu0") == start, round


def test_an_update_in_its_own_memory_stays_there(strict):
    graph = Graph()
    kind = TensorType.of((64, 65), "float32", as_device("gpu0"))
    x, y = graph.add_input(kind), graph.add_input(kind)
    graph.outputs = list(graph.add_node(registry["add"], (), (x, y)))
    program = Program(graph, [kind, kind], frozenset([0]))
    state_, one = Tensor(np.zeros((64, 65), "float32")), Tensor(np.ones((64, 65), "float32"))
    for number in range(5):
        (made,) = program.run([state_._buffer, one._buffer])
        state_._buffer = made
        assert (state_.numpy() == number + 1).all()
    assert program._replay.captured


def test_synchronous_and_profiled_runs_are_plain(strict):
    program = programs_of(2)
    for _ in range(3):
        program.run([t._buffer for t in inputs(1, 2)])
    state.counts.clear()
    profile = Profile()
    (made,) = program.run([t._buffer for t in inputs(3, 2)], profile)
    assert (to_plain(made) == 33.0).all() and profile.runs == 1
    with tg.config.override(synchronous=True):
        (made,) = program.run([t._buffer for t in inputs(4, 2)])
    assert (to_plain(made) == 44.0).all()
    assert not state.counts["graph launches"]
    (made,) = program.run([t._buffer for t in inputs(5, 2)])
    assert (to_plain(made) == 55.0).all() and state.counts["graph launches"] == 1


def test_an_error_of_a_program_names_it(strict):
    program = programs_of(2)
    program.run([t._buffer for t in inputs(1, 2)])
    state.failures.append(devices.CUDARuntimeError("cudaErrorIllegalAddress"))
    with tg.config.override(synchronous=True), pytest.raises(DeviceError) as caught:
        program.run([t._buffer for t in inputs(1, 2)])
    assert "the GPU stopped" in str(caught.value)
    assert "in step 0 of 1 of a compiled program" in str(caught.value)
