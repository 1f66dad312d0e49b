"""What depends on stable inputs alone is computed once, and again when one of them changes."""

import gc

import numpy as np
import pytest

from tengen.ops.convolution import convolution
from tengen.ops.elementwise import add, mul
from tengen.ops.optimizer import sgd_update
from tengen.ops.shape import reshape, transpose
from tengen.ops.transcendental import exp
from tengen.runtime import memory
from tengen.runtime.inplace import run_in_place
from tengen.runtime.profile import Profile
from tengen.runtime.steps import Kind
from tengen.tensor import Tensor

from .programs import buffers_of, plain, program_of, tensors
from .test_executor import normal, recorded


def scaled(x, weight, scale):
    """A convolution with a weight that is made of two inputs."""
    return convolution(x, mul(weight, reshape(scale, shape=(-1, 1, 1, 1))), padding=(1, 1))


@pytest.fixture
def three():
    arrays = [normal(2, 16, 9, 9), normal(16, 16, 3, 3), normal(16)]
    graph, _ = recorded(scaled, *arrays)
    return graph, arrays


def want(arrays):
    return scaled(*tensors(arrays)).numpy()


def steps_run(program, given):
    """How many steps a run made, and its result."""
    profile = Profile(kept=1)
    (made,) = program.run(given, profile)
    clock = profile._runs[0][1]
    first = int(np.flatnonzero(np.diff(clock))[0])
    return len(program.steps) - first, plain([made])[0]


def test_steady_steps_run_once(three):
    graph, arrays = three
    given = buffers_of(tensors(arrays))
    program = program_of(graph, given, stable=frozenset({1, 2}))
    steady = program.lowered.steady
    assert 0 < steady < len(program.steps)
    assert [s.steady for s in program.steps] == [True] * steady + [False] * (
        len(program.steps) - steady
    )
    for skipped in (0, steady, steady):
        count, made = steps_run(program, given)
        assert count == len(program.steps) - skipped
        np.testing.assert_allclose(made, want(arrays), rtol=1e-4, atol=1e-4)
    fresh = [normal(2, 16, 9, 9), *arrays[1:]]
    others = [*buffers_of(tensors(fresh[:1])), *given[1:]]
    count, made = steps_run(program, others)
    assert count == len(program.steps) - steady
    np.testing.assert_allclose(made, want(fresh), rtol=1e-4, atol=1e-4)


def test_another_weight_is_seen(three):
    graph, arrays = three
    program = program_of(graph, buffers_of(tensors(arrays)), stable=frozenset({1, 2}))
    for _ in range(3):
        arrays = [arrays[0], normal(16, 16, 3, 3), arrays[2]]
        made = program.run(buffers_of(tensors(arrays)))
        np.testing.assert_allclose(plain(made)[0], want(arrays), rtol=1e-4, atol=1e-4)


def test_a_weight_written_to_is_seen(three):
    graph, arrays = three
    values = tensors(arrays)
    program = program_of(graph, buffers_of(values), stable=frozenset({1, 2}))
    for value in (2.0, 3.0):
        program.run(buffers_of(values))
        values[2][:] = value
        arrays[2] = np.full(16, value, np.float32)
        made = plain(program.run(buffers_of(values)))[0]
        np.testing.assert_allclose(made, want(arrays), rtol=1e-4, atol=1e-4)


def test_a_weight_that_another_program_updates_is_seen(three):
    graph, arrays = three
    values = tensors(arrays)
    given = buffers_of(values)
    program = program_of(graph, given, stable=frozenset({1, 2}))
    program.run(given)
    step = normal(16)
    update, _ = recorded(
        lambda p, g, h: sgd_update(p, g, h)[0], arrays[2], step, np.array([0.5, 0.0])
    )
    inputs = [given[2], *buffers_of(tensors([step, np.array([0.5, 0.0])]))]
    (new,) = program_of(update, inputs, frozenset({0})).run(inputs)
    assert new is given[2]
    arrays[2] = plain([new])[0]
    np.testing.assert_allclose(plain(program.run(given))[0], want(arrays), rtol=1e-4, atol=1e-4)


def test_an_eager_update_is_seen(three):
    graph, arrays = three
    values = tensors(arrays)
    program = program_of(graph, buffers_of(values), stable=frozenset({1, 2}))
    program.run(buffers_of(values))
    grad, hyper = Tensor(normal(16)), Tensor(np.array([0.5, 0.0]), dtype="float64")
    if not run_in_place(sgd_update, sgd_update.defaults, (values[2], grad, hyper)):
        values[2] = sgd_update(values[2], grad, hyper)[0]
    arrays[2] = values[2].numpy()
    np.testing.assert_allclose(
        plain(program.run(buffers_of(values)))[0], want(arrays), rtol=1e-4, atol=1e-4
    )


def test_a_steady_value_is_not_overwritten_by_later_steps():
    def function(x, w):
        prepared = exp(mul(w, w))
        return add(exp(prepared), x), mul(prepared, x), transpose(prepared, pattern=(1, 0))

    x, w = normal(96, 256), 0.1 * normal(96, 256)
    graph, given = recorded(function, x, w)
    program = program_of(graph, given, stable=frozenset({1}))
    expected = [np.exp(w * w)]
    expected = [np.exp(expected[0]) + x, expected[0] * x, expected[0].T]
    for _ in range(3):
        for got, right in zip(plain(program.run(given)), expected, strict=True):
            np.testing.assert_allclose(got, right, rtol=1e-5, atol=1e-5)


def test_an_output_that_shows_a_steady_value_stays_what_it_was():
    graph, _ = recorded(lambda w: transpose(mul(w, w), pattern=(1, 0)), normal(30, 40))
    arrays = [normal(30, 40) for _ in range(3)]
    given = [buffers_of(tensors([a])) for a in arrays]
    program = program_of(graph, given[0], stable=frozenset({0}))
    assert program.lowered.steady == 1
    made = [program.run(g)[0] for g in given]
    for got, array in zip(made, arrays, strict=True):
        np.testing.assert_allclose(got.array, (array * array).T, rtol=1e-6)


def test_what_grows_is_not_kept():
    graph, given = recorded(lambda x, w: add(mul(w, transpose(w, pattern=(1, 0))), x),
                            normal(300, 300), normal(300, 1))  # fmt: skip
    program = program_of(graph, given, stable=frozenset({1}))
    assert program.lowered.steady == 0
    assert not [s for s in program.lowered.storages if s.kind is Kind.KEPT]


def test_kept_values_are_in_the_accounts(three):
    graph, arrays = three
    given = buffers_of(tensors(arrays))
    program = program_of(graph, given, stable=frozenset({1, 2}))
    gc.collect()
    start = memory.used_bytes()
    program.run(given)
    kept = sum(s.nbytes for s in program.lowered.storages if s.kind is Kind.KEPT)
    assert kept > 0
    assert memory.used_bytes() - start == program.nbytes + kept
    program.release()
    assert memory.used_bytes() == start
    np.testing.assert_allclose(plain(program.run(given))[0], want(arrays), rtol=1e-4, atol=1e-4)
