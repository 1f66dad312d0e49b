"""Programs: views, donated inputs, conversions, accounts, shared ground, failures, threads."""

import gc
import threading

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.autodiff import GradManager
from tengen.base.errors import ArgumentError, OutOfMemoryError
from tengen.compiler.memory import plan_memory
from tengen.graph.graph import Graph, Recorder
from tengen.graph.state import state
from tengen.graph.types import TensorType
from tengen.jit.capture import captured
from tengen.ops.convolution import convolution
from tengen.ops.elementwise import add, mul
from tengen.ops.indexing import take
from tengen.ops.optimizer import sgd_momentum_update
from tengen.ops.selection import nonzero
from tengen.ops.shape import reshape, transpose
from tengen.ops.slicing import sliced
from tengen.ops.transcendental import exp
from tengen.optimizer import SGD
from tengen.runtime import memory
from tengen.runtime.ground import Ground
from tengen.tensor import Tensor

from .programs import buffers_of, plain, program_of, tensors

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def recorded(function, *arrays):
    """The graph of a function of tensors, and buffers with the arrays."""
    given = buffers_of(tensors(arrays))
    recorder = Recorder()
    ins = [recorder.input(b.type.logical) for b in given]
    before, state.mode = state.mode, recorder
    try:
        made = function(*ins)
    finally:
        state.mode = before
    made = made if isinstance(made, tuple) else (made,)
    recorder.graph.outputs = [recorder.var_of(m) for m in made]
    return recorder.graph, given


def kernels_of(program):
    return [step.node.op.name for step in program.steps]


def test_a_view_is_no_step_and_an_output_that_is_a_part_is_copied():
    def function(x):
        y = mul(x, x)
        return transpose(y, pattern=(1, 0)), sliced(y, index=(3,)), reshape(x, shape=(-1,))

    x = normal(4, 6)
    graph, given = recorded(function, x)
    program = program_of(graph, given)
    assert [s.what for s in program.steps].count("copy") == 1 and len(program.steps) == 2
    turned, row, same = program.run(given)
    np.testing.assert_array_equal(turned.array, (x * x).T)
    np.testing.assert_array_equal(row.array, (x * x)[3])
    assert row.root is not turned.root
    np.testing.assert_array_equal(same.array, x.reshape(-1))
    assert same.root is given[0]


def test_a_view_of_every_kind_reads_the_right_elements():
    def function(x):
        part = sliced(x, index=((5, None, -2), (1, 4, None)))
        turned = transpose(part, pattern=(1, 0))
        return exp(reshape(turned, shape=(-1,))), add(turned, turned)

    x = normal(6, 5)
    graph, given = recorded(function, x)
    want = x[5::-2, 1:4].T
    for inputs in (given, buffers_of(tensors([np.asfortranarray(x)])), given):
        flat, twice = plain(program_of(graph, given).run(inputs))
        np.testing.assert_allclose(flat, np.exp(want.reshape(-1)), rtol=1e-6)
        np.testing.assert_array_equal(twice, want + want)


def test_other_memory_in_every_run():
    x, y = normal(8, 8), normal(8, 8)
    graph, given = recorded(lambda a, b: mul(add(a, b), transpose(a, pattern=(1, 0))), x, y)
    program = program_of(graph, given)
    for array in (x, normal(8, 8), normal(8, 8).T, x):
        other = buffers_of(tensors([array, y]))
        (made,) = program.run(other)
        np.testing.assert_allclose(made.array, (array + y) * array.T, rtol=1e-6)


def test_the_same_strided_memory_is_read_anew():
    x = np.asfortranarray(normal(5, 7))
    graph, given = recorded(exp, x)
    program = program_of(graph, given)
    for value in (1.0, 2.0):
        given[0].array[...] = value
        np.testing.assert_allclose(program.run(given)[0].array, np.exp(value), rtol=1e-6)


def momentum_step():
    """The graph of one update whose parameter is read before and, if asked, after it."""
    graph = Graph()
    kind = TensorType.of((64, 32), "float32")
    param, grad, velocity = (graph.add_input(kind) for _ in range(3))
    hyper = graph.add_input(TensorType.of((3,), "float64"))
    (before,) = graph.add_node(mul, (), (param, param))
    attrs = sgd_momentum_update.defaults
    new = graph.add_node(sgd_momentum_update, attrs, (param, grad, velocity, hyper))
    return graph, param, before, new


def momentum_inputs():
    arrays = [normal(64, 32) for _ in range(3)]
    return buffers_of(tensors([*arrays, np.array([0.1, 0.9, 0.0])]))


def test_a_donated_parameter_is_updated_in_its_own_memory():
    graph, _, before, new = momentum_step()
    graph.outputs = [before, *new]
    given = momentum_inputs()
    want = plain(program_of(graph, given).run(given))
    kept = plain(given)
    program = program_of(graph, given, frozenset({0, 2}))
    made = program.run(given)
    assert made[1] is given[0] and made[2] is given[2]
    for got, expected in zip(plain(made), want, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-6)
    np.testing.assert_array_equal(plain(given)[1], kept[1])
    again = program.run(given)
    assert again[1] is given[0] and not np.array_equal(plain(again)[1], want[1])


def test_an_update_by_the_operators_text_is_in_place_too():
    graph, _, before, new = momentum_step()
    (grad,) = graph.add_node(exp, (), (before,))
    node = graph.nodes[1]
    node.inputs = (node.inputs[0], grad, *node.inputs[2:])
    graph.nodes = [graph.nodes[0], graph.nodes[2], node]
    graph.outputs = list(new)
    given = momentum_inputs()
    with tg.config.override(backends="numpy"):
        want = plain(program_of(graph, given).run(given))
        made = program_of(graph, given, frozenset({0, 2})).run(given)
    assert made[0] is given[0] and made[1] is given[2]
    for got, expected in zip(plain(made), want, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_a_donated_parameter_that_is_still_read_is_left_alone():
    graph, param, before, new = momentum_step()
    (after,) = graph.add_node(add, (), (param, param))
    graph.outputs = [before, after, *new]
    given = momentum_inputs()
    want = plain(given)
    made = program_of(graph, given, frozenset({0, 2})).run(given)
    assert made[2] is not given[0]
    np.testing.assert_array_equal(plain(given)[0], want[0])
    np.testing.assert_allclose(made[1].array, want[0] * 2, rtol=1e-6)


def test_a_donated_input_that_is_an_output_is_left_alone():
    graph, param, _, new = momentum_step()
    graph.outputs = [param, *new]
    given = momentum_inputs()
    want = plain(given)[0]
    made = program_of(graph, given, frozenset({0, 2})).run(given)
    assert made[0] is given[0]
    np.testing.assert_array_equal(given[0].array, want)


def test_one_buffer_for_two_inputs_is_overwritten_once():
    graph, _, before, new = momentum_step()
    graph.outputs = [before, *new]
    first, grad, _, hyper = momentum_inputs()
    kept = plain([first])[0]
    want = plain(program_of(graph, [first, grad, first, hyper]).run([first, grad, first, hyper]))
    program = program_of(graph, [first, grad, first, hyper], frozenset({0, 2}))
    for _ in range(2):
        (first,) = buffers_of(tensors([kept]))
        made = program.run([first, grad, first, hyper])
        assert made[1].root is not made[2].root
        for got, expected in zip(plain(made), want, strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_a_weight_is_converted_once_for_all_its_readers():
    def function(x, w):
        first = convolution(x, w, padding=(1, 1))
        return convolution(first, w, padding=(1, 1))

    x, w = normal(2, 32, 12, 12), normal(32, 32, 3, 3)
    graph, given = recorded(function, x, w)
    program = program_of(graph, given)
    weights = [s for s in program.steps if s.what == "layout" and s.ins[0].type.shape == w.shape]
    assert len(weights) <= 1
    want = function(*tensors([x, w])).numpy()
    np.testing.assert_allclose(plain(program.run(given))[0], want, rtol=1e-4, atol=1e-4)


def test_every_byte_is_in_the_accounts():
    def function(x):
        return reshape(exp(transpose(exp(exp(x)), pattern=(1, 0))), shape=(-1,))

    graph, given = recorded(function, normal(64, 1024))
    program = program_of(graph, given, planner=plan_memory)
    gc.collect()
    start = memory.used_bytes()
    memory.reset_peak()
    (made,) = program.run(given)
    output = 64 * 1024 * 4
    assert program.nbytes == output
    assert memory.peak_bytes() - start == program.nbytes + output == program.peak_bytes
    del made
    assert memory.used_bytes() - start == program.nbytes
    program.release()
    assert memory.used_bytes() == start
    program.run(given)
    program.release()
    assert memory.used_bytes() == start


def test_programs_of_one_ground_take_turns():
    x = normal(64, 1024)
    ground = Ground("step")
    small, given = recorded(lambda a: exp(add(mul(a, a), a)), x)
    large, both = recorded(lambda a, b: mul(exp(add(mul(a, b), b)), mul(b, exp(a))), x, x)
    programs = [
        program_of(small, given, ground=ground),
        program_of(large, both, ground=ground),
    ]
    start = memory.used_bytes()
    for _ in range(3):
        (first,), (second,) = programs[0].run(given), programs[1].run(both)
        np.testing.assert_allclose(first.array, np.exp(x * x + x), rtol=1e-5)
        want = np.exp(x * x + x) * (x * np.exp(x))
        np.testing.assert_allclose(second.array, want, rtol=1e-5)
    del first, second
    assert memory.used_bytes() - start == max(p.nbytes for p in programs) == ground.nbytes
    ground.release()
    assert memory.used_bytes() == start


def test_an_arena_that_does_not_fit_names_the_program():
    def function(x):
        return exp(transpose(exp(x), pattern=(1, 0)))

    graph, given = recorded(function, normal(1024, 512))
    program = program_of(graph, given, ground=Ground("train_step"))
    for room, what in ((1_000_000, "the arena"), (3_000_000, "an output")):
        said = rf"\[train_step\] {what} of 2,097,152 bytes does not fit"
        with (
            tg.config.override(memory_limit=memory.used_bytes() + room),
            pytest.raises(OutOfMemoryError, match=said),
        ):
            program.run(given)
        program.release()
    assert program.run(given)[0].type.shape == (512, 1024)


def test_a_failing_step_names_its_neighbours_and_line():
    def function(x, at):
        return exp(take(add(x, x), at))

    graph, given = recorded(function, normal(4), np.array([7], np.int32))
    for node in graph.nodes:
        node.tag = tg.runtime.buffer.make_tag(node.op.name, 1 << 20)
    with pytest.raises(IndexError) as caught:
        program_of(graph, given).run(given)
    note = "\n".join(caught.value.__notes__)
    assert "-> " in note and "take(" in note.split("-> ")[1].splitlines()[0]
    assert "add(" in note and "exp(" in note and "test_executor.py" in note


def test_an_output_may_have_a_size_that_only_running_tells():
    graph, given = recorded(lambda x: nonzero(x), np.array([0, 3, 0, 4], np.float32))
    program = program_of(graph, given)
    (made,) = program.run(given)
    np.testing.assert_array_equal(made.array.reshape(-1), [1, 3])
    (made,) = program.run(buffers_of(tensors([np.ones(4, np.float32)])))
    assert made.array.size == 4 == made.type.size


def test_a_value_of_unknown_size_cannot_be_read():
    graph = Graph()
    x = graph.add_input(TensorType.of((4,), "float32"))
    graph.outputs = list(graph.add_node(nonzero, (), (x,)))
    graph.outputs = list(graph.add_node(transpose, ((0,),), (graph.outputs[0],)))
    with pytest.raises(ArgumentError, match="transpose reads a value whose shape"):
        program_of(graph, buffers_of(tensors([np.ones(4, np.float32)])))


def test_outputs_that_nothing_computes():
    graph = Graph()
    x = graph.add_input(TensorType.of((3,), "float32"))
    one = graph.add_constant(buffers_of(tensors([np.ones(3, np.float32)]))[0])
    graph.outputs = [x, x, None, one]
    given = buffers_of(tensors([np.arange(3, dtype=np.float32)]))
    for donated in (frozenset(), frozenset({0})):
        made = program_of(graph, given, donated).run(given)
        assert made[0] is made[1] is given[0] and made[2] is None
        np.testing.assert_array_equal(made[3].array, np.ones(3))


def test_an_output_twice_is_one_buffer():
    graph, given = recorded(lambda a: (exp(a),) * 2, normal(3, 4))
    made = program_of(graph, given).run(given)
    assert made[0] is made[1]


def test_wrong_forms_are_refused():
    graph, given = recorded(exp, normal(4, 4))
    with pytest.raises(ArgumentError, match=r"takes float32\[4, 4\]@cpu0; the forms are float32"):
        program_of(graph, buffers_of(tensors([normal(4, 5)])))
    program = program_of(graph, given)
    with pytest.raises(TypeError, match=r"input 0 must be float32\[4, 4\]@cpu0; got"):
        program.run(buffers_of(tensors([normal(4, 5)])))


def test_many_threads_run_one_program():
    graph, given = recorded(lambda a: exp(add(mul(a, a), a)), normal(32, 32))
    program = program_of(graph, given, planner=plan_memory)
    wrong = []

    def work(seed):
        x = np.random.default_rng(seed).standard_normal((32, 32)).astype(np.float32)
        mine = buffers_of(tensors([x]))
        for _ in range(50):
            if not np.allclose(program.run(mine)[0].array, np.exp(x * x + x), rtol=1e-5):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


class Small(M.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = M.Conv2d(3, 16, 3, padding=1), M.Conv2d(16, 32, 3, stride=2)
        self.norm, self.fc = M.BatchNorm2d(16), M.Linear(32, 10)

    def forward(self, x):
        x = F.relu(self.norm(self.a(x)))
        return self.fc(F.flatten(F.avg_pool2d(self.b(x), 7), 1))


def trainer():
    tg.random.seed(3)
    model = Small()
    manager = GradManager().attach(model.parameters())
    optimizer = SGD(model.parameters(), lr=0.05, momentum=0.9)

    def step(x, y):
        with manager:
            loss = F.nn.cross_entropy(model(x), y)
            manager.backward(loss)
        optimizer.step().clear_grad()
        return loss

    return model, step


def test_a_training_step_as_one_program_follows_the_eager_one():
    x, y = Tensor(normal(8, 3, 16, 16)), Tensor(RNG.integers(0, 10, 8).astype(np.int32))
    model, step = trainer()
    found = captured(step, x, y)
    handles = [s for s in found.kept if s is not None]
    donated = frozenset(i for i, s in enumerate(found.sources) if any(s is h for h in handles))
    assert len(donated) >= 2 * len(list(model.parameters()))
    given = [s._buffer for s in found.sources]
    program = program_of(found.graph, given, donated, planner=plan_memory)
    assert program.plan.size <= 1.03 * program.plan.live + 256 * 64
    other, eager = trainer()
    for _ in range(4):
        made = program.run([s._buffer for s in found.sources])
        for handle, buffer in zip(found.kept, made, strict=True):
            if handle is None:
                loss = float(buffer.array)
            else:
                assert buffer is handle._buffer or not buffer.type.size > 64
                handle._buffer = buffer
        np.testing.assert_allclose(loss, eager(x, y).item(), rtol=1e-4)
    for (name, got), (_, want) in zip(model.named_tensors(), other.named_tensors(), strict=True):
        np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-3, atol=1e-4, err_msg=name)


def test_idle_arenas_make_room_for_others():
    x = normal(64, 1024)
    graph, given = recorded(lambda a: exp(transpose(exp(a), pattern=(1, 0))), x)
    first, second = (program_of(graph, given, ground=Ground(n)) for n in ("first", "second"))
    gc.collect()
    first.run(given)
    size = first.nbytes
    with tg.config.override(memory_limit=memory.used_bytes() + size):
        (made,) = second.run(given)
        np.testing.assert_allclose(made.array, np.exp(np.exp(x).T), rtol=1e-5)
        assert first.ground.nbytes == 0 and second.ground.nbytes == size
        del made
        kept = Tensor(np.zeros(2 * size // 4, np.float32))
        assert second.ground.nbytes == 0
        with pytest.raises(OutOfMemoryError, match=r"\[first\] the arena"):
            first.run(given)
        del kept
        np.testing.assert_allclose(first.run(given)[0].array, np.exp(np.exp(x).T), rtol=1e-5)
