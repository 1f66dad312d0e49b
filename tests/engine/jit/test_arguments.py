"""What a call without Python does to its arguments, and what it is given them for."""

import gc
import weakref

import numpy as np
import pytest

import tengen as tg
import tengen.module as M
from tengen.autodiff import GradManager
from tengen.jit import convert, trace


def normal(seed, *shape):
    return tg.tensor(np.random.default_rng(seed).normal(size=shape).astype("float32"))


def add_one(x):
    x += 1
    return x.sum()


def set_a_row(x):
    x[0] = 5
    return x * 2


def twice(x):
    x *= 2
    return x


def swap(pair):
    first, second = pair["a"], pair["b"]
    kept = first * 1
    first[...] = second
    second[...] = kept
    return first + second


@pytest.mark.parametrize("program", [add_one, set_a_row, twice])
@pytest.mark.parametrize("frozen", [False, True])
def test_a_write_to_an_argument_reaches_the_one_that_was_given(program, frozen):
    run = trace(program, without_host=frozen)
    for seed, rows in enumerate((3, 3, 4, 3, 6, 4)):
        x, y = normal(seed, rows, 2), normal(seed, rows, 2)
        before = x
        np.testing.assert_array_equal(run(x).numpy(), program(y).numpy())
        np.testing.assert_array_equal(before.numpy(), y.numpy())
    if frozen:
        assert run._replay.calls.batch == "any" and run._replay.calls.recorded == 2


def test_writes_to_nested_arguments():
    run = trace(swap, without_host=True)
    for seed in range(3):
        pair, twin = ({k: normal(10 * seed + i, 4) for i, k in enumerate("ab")} for _ in range(2))
        np.testing.assert_array_equal(run(pair).numpy(), swap(twin).numpy())
        for key in "ab":
            np.testing.assert_array_equal(pair[key].numpy(), twin[key].numpy())


def test_a_static_function_writes_to_its_arguments():
    static = convert(set_a_row, normal(0, 4, 2), seconds=0.1)
    for seed in range(1, 4):
        x, y = normal(seed, 4, 2), normal(seed, 4, 2)
        np.testing.assert_array_equal(static(x).numpy(), set_a_row(y).numpy())
        np.testing.assert_array_equal(x.numpy(), y.numpy())


def saliency(net):
    def run(x):
        manager = GradManager().attach([x])
        with manager:
            manager.backward((net(x) ** 2).sum())
        return x.grad

    return run


def test_the_gradient_of_an_argument_is_that_of_the_one_given():
    net = M.Linear(3, 2)
    plain, run = saliency(net), trace(saliency(net), without_host=True)
    for seed in range(4):
        x, y = normal(seed, 5, 3), normal(seed, 5, 3)
        for _ in range(2):  # a gradient that is there is added to
            np.testing.assert_allclose(run(x).numpy(), plain(y).numpy(), 1e-5)
            np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy(), 1e-5)


def test_an_argument_that_the_program_has_already_is_another_call():
    net = M.Linear(3, 3)

    def program(weight):
        weight += 1
        return (net(weight) * net.weight).sum()

    run = trace(program, without_host=True)
    start = net.weight.numpy()
    for seed, own in enumerate((True, False, False, True, False)):
        results = []
        for way in (run, program):
            net.weight.set_value(start)
            given = net.weight if own else normal(seed, 3, 3)
            results.append((way(given).item(), given.numpy(), net.weight.numpy()))
        for a, b in zip(*results, strict=True):
            np.testing.assert_allclose(a, b, 1e-5)


def test_arguments_are_not_kept():
    def total(pair, scale=None):
        return (pair[0] * pair[1]).sum()

    run = trace(total, without_host=True)
    gone = []
    for rows in (8, 8, 9, 10):
        pair = [normal(rows, rows, 2), normal(rows + 1, rows, 2)]
        run(pair, scale={"a": 1})
        gone += [weakref.ref(x) for x in pair]
        del pair
    gc.collect()
    assert [ref() is None for ref in gone] == [True] * len(gone)
