"""What counts as a difference between the static and the dynamic program, and what is rounding."""

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.graph.state import state
from tengen.jit import convert
from tengen.jit.outcome import Outcome
from tengen.jit.parity import LOOSEST, Judge

SGD = {"lr": 0.1, "momentum": 0.9}


def trainer(parameters, loss, **settings):
    """A step of SGD on a loss of the step's arguments."""
    update = tg.optimizer.SGD(parameters, **(settings or SGD))
    manager = tg.autodiff.GradManager().attach(parameters)

    def step(*samples):
        with manager:
            value = loss(*samples)
            manager.backward(value)
        update.step().clear_grad()
        return value

    return step


def static():
    """Whether the program that runs is the static one: for faults that only that one has."""
    return state.mode is not None


def row(report, what):
    return next(row for row in report.parity if row.what.startswith(what))


def test_a_bias_before_batch_norm():
    """Its gradient is zero; each way of running leaves other rounding in its momentum."""
    tg.random.seed(0)
    net = M.Sequential(M.Conv2d(3, 16, 3, 1, 1), M.BatchNorm2d(16), M.ReLU(), M.Conv2d(16, 4, 3))
    step = trainer(list(net.parameters()), lambda x, y: F.nn.cross_entropy(net(x).mean((2, 3)), y))
    rng = np.random.default_rng(0)
    for size in (1, 100):
        images = tg.tensor(rng.standard_normal((8, 3, 12, 12)).astype("float32") * size)
        report = convert(step, images, tg.tensor(np.arange(8) % 4), seconds=0.02).report
        assert report.ok and report.replay == "frozen", report.to_text()
        assert row(report, "weights").difference < 1e-4


def small_and_large(factor):
    """A step with two weights: the gradient of one is a millionth of the other's, and in the
    static program multiplied by `factor`."""
    large, small = (tg.Parameter(np.linspace(0.5, 1, 8, dtype="float32")) for _ in range(2))

    def loss(x):
        part = 1e-6 * (factor if static() else 1.0)
        return (large * x).sum() + ((small * part + small.detach() * (1e-6 - part)) * x).sum()

    return [large, small], loss


@pytest.mark.parametrize("factor", [0.0, 0.9, 1.0])
def test_a_small_gradient_that_is_wrong_is_found(factor):
    """In the momentum, though nothing else shows it."""
    parameters, loss = small_and_large(factor)
    x = tg.tensor(np.linspace(1, 2, 8, dtype="float32"))
    report = convert(trainer(parameters, loss), x, seconds=0.02).report
    assert report.ok == (factor == 1.0), report.to_text()
    assert row(report, "outputs").agrees, "the loss is the same"


@pytest.mark.parametrize("factor", [0.5, 1.0])
def test_a_wrong_gradient_is_found_where_the_weight_hardly_moves(factor):
    """Without momentum a gradient shows only in what the step adds to the weight."""
    weight = tg.Parameter(np.linspace(0.5, 1, 8, dtype="float32"))

    def loss(x):
        part = factor if static() else 1.0
        return ((weight * part + weight.detach() * (1 - part)) * x).sum()

    x = tg.tensor(np.linspace(0.01, 0.02, 8, dtype="float32"))
    report = convert(trainer([weight], loss, lr=4e-4), x, seconds=0.02).report
    assert row(report, "weights").agrees, "beside the weight it is small"
    assert report.ok == row(report, "changes").agrees == (factor == 1.0), report.to_text()


def outcome(*gradients):
    """What a call leaves that made these gradients."""
    arrays = {n: np.float32([value]) for n, value in enumerate(gradients)}
    return Outcome([], None, {}, arrays, [], "")


def judged(static, dynamic, exact, moved, notes):
    judge = Judge(outcome(*dynamic), outcome(*exact), lambda: [outcome(*m) for m in moved], notes)
    return {row.what: row for row in judge.rows(outcome(*static))}


def test_what_the_last_bits_of_the_data_do_is_no_difference():
    """A sum beside a ReLU's zero: its side is nobody's fault, the others' gradients are."""
    dynamic, exact, moved = (1.0, 0.3), (1.0, 0.3), [(1.0, 0.3), (0.99, 0.3)]
    (found,) = judged((0.99, 0.3), dynamic, exact, moved, []).values()
    assert found.agrees and found.tolerance == pytest.approx(0.04, rel=1e-3)
    (found,) = judged((1.0, 0.29), dynamic, exact, moved, []).values()
    assert not found.agrees and found.tolerance < LOOSEST
    (found,) = judged((0.9, 0.3), dynamic, exact, moved, []).values()
    assert not found.agrees


def test_a_gradient_that_vanishes_may_hold_any_rounding_and_nothing_else():
    dynamic, exact, moved = (1.0, 1e-9), (1.0, 0.0), [(1.0, 3e-8)]
    (found,) = judged((1.0, 5e-8), dynamic, exact, moved, []).values()
    assert found.agrees and found.difference > 1e-5, "more than the float64 run tells"
    (found,) = judged((1.0, 1e-6), dynamic, exact, moved, []).values()
    assert not found.agrees


def test_what_rounding_alone_decides_is_left_out_and_told():
    notes = []
    dynamic, exact, moved = (1.0, 0.3), (1.0, 0.3), [(1.0, 0.3), (0.5, 0.3)]
    (found,) = judged((0.5, 0.3), dynamic, exact, moved, notes).values()
    assert found.difference == 0.0
    assert notes == [
        "1 of 2 gradients are rounding alone and not compared: the dynamic program moves when its"
        " data move by their last bits, by up to 50%"
    ]
    (found,) = judged((-3.0, 0.3), dynamic, exact, moved, notes).values()
    assert not found.agrees, "more than rounding does"


def test_a_row_is_that_of_the_array_furthest_beyond_its_tolerance():
    runs = (1.002, 0.3001, 0.3), (1.0, 0.3, 0.3), (1.001, 0.3, 0.3)
    (found,) = judged(*runs, [], []).values()
    assert found.difference == pytest.approx(0.0001 / 0.3, rel=1e-3) and not found.agrees
