"""Programs that go another way at every call: right, and with no more records than are of use."""

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
from tengen.jit import convert, trace
from tengen.jit.session import MOST_WAYS

CALLS = 3 * MOST_WAYS


def trainer(loss):
    """A weight and a step of SGD on a loss of the weight and the step's arguments."""
    weight = tg.Parameter(np.linspace(-1, 1, 4, dtype="float32"))
    manager = tg.autodiff.GradManager().attach([weight])
    update = tg.optimizer.SGD([weight], lr=0.01, momentum=0.5)

    def step(*given):
        with manager:
            value = loss(weight, *given)
            manager.backward(value)
        update.step().clear_grad()
        return value

    return weight, step


def data(rows=2 * CALLS):
    return tg.tensor(np.random.default_rng(0).standard_normal((rows, 4)).astype("float32"))


def beside_dynamic(loss, calls, wrap):
    """The records after so many calls; every result is that of the dynamic program."""
    (weight, step), (other, dynamic) = trainer(loss), trainer(loss)
    static = wrap(step)
    for given in calls:
        np.testing.assert_allclose(static(*given).item(), dynamic(*given).item(), rtol=1e-4)
    np.testing.assert_allclose(weight.numpy(), other.numpy(), rtol=1e-4)
    return static


@pytest.mark.parametrize("without_host", [False, True])
def test_a_slice_that_python_counts_on_runs_apart_and_the_rest_stays_static(without_host):
    x = data()

    def loss(weight, at):
        return (F.tanh(x[at : at + 8] * weight) ** 2).mean()

    static = beside_dynamic(loss, [(n,) for n in range(CALLS)], trace(without_host=without_host))
    tree = static.runner.tree
    assert len(tree.programs) == MOST_WAYS + 1
    grown = tree.records
    static(CALLS + 1)
    assert tree.records == grown


def test_shapes_without_end_run_dynamically():
    def loss(weight, x):
        chosen = x[x[:, 0] > 0]
        return (chosen * weight).sum() + (F.exp(chosen) * weight).mean()

    x = data(400)
    static = beside_dynamic(loss, [(x[: 4 + 3 * n] * 1.0,) for n in range(CALLS)], trace)
    tree = static.runner.tree
    grown = tree.records
    for n in range(8):
        static(x[: 5 + 7 * n] * 1.0)
    assert tree.records == grown and len(tree.programs) <= 3 * MOST_WAYS


def test_a_conversion_tells_what_goes_too_many_ways():
    x, at = data(), [0]

    def shifted(y):
        at[0] += 1
        return x[at[0] : at[0] + 4] + y

    made = convert(shifted, x[:4] * 1.0, seconds=0.02)
    assert made.report.replay == "checked"
    for n in range(CALLS):
        start = at[0] + 1
        want = x.numpy()[start : start + 4] + n
        np.testing.assert_allclose(made(F.full((4, 4), float(n))).numpy(), want, rtol=1e-5)
