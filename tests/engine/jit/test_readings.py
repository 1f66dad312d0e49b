"""Values that Python reads: those that are only returned keep a call frozen, others do not."""

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.jit import convert, trace


def training():
    """A network, and a function that makes one step and gives loss and scores."""
    tg.random.seed(0)
    net = M.Sequential(M.Linear(8, 16), M.ReLU(), M.Linear(16, 3))
    optimizer = tg.optimizer.SGD(net.parameters(), lr=0.1, momentum=0.9)
    manager = tg.autodiff.GradManager().attach(net.parameters())

    def learn(x, y):
        with manager:
            scores = net(x)
            loss = F.nn.cross_entropy(scores, y)
            manager.backward(loss)
        optimizer.step().clear_grad()
        return loss, scores

    return learn


X = tg.tensor(np.random.default_rng(0).standard_normal((12, 8)).astype("float32"))
Y = tg.tensor((np.arange(12) % 3).astype("int32"))


def test_a_step_that_returns_numbers_runs_frozen():
    def make():
        learn = training()

        def step(x, y):
            loss, scores = learn(x, y)
            return {"loss": loss.item(), "parts": [float(loss), scores.numpy()]}

        return step

    plain, still = make(), trace(make(), without_host=True)
    for _ in range(4):
        expected, found = plain(X, Y), still(X, Y)
        assert type(found["loss"]) is float
        assert found["loss"] == pytest.approx(expected["loss"], rel=1e-6)
        assert found["parts"][0] == found["loss"]
        np.testing.assert_allclose(found["parts"][1], expected["parts"][1], rtol=1e-5)
    assert len(still._replay.calls.kept) == 1
    assert convert(make(), X, Y, seconds=0.1).report.replay == "frozen"


def test_outputs_that_only_a_variable_held_are_left_out():
    net = training()

    def step(x, y):
        loss, scores = net(x, y)
        assert scores.shape == (12, 3)
        return loss.item()

    run = trace(step, without_host=True)
    run(X, Y)
    (frozen,) = run._replay.calls.kept
    kinds = [v.type.shape for v in frozen.stretch.graph.outputs if v is not None]
    assert () in kinds and (12, 3) not in kinds


def capped(x):
    value = x.sum().item()
    return min(value, 2.5)


def chosen(x):
    return x.sum().item() if x.shape[0] > 1 else 0.0


def listed(x, kept=[]):  # noqa: B006
    kept.append(x.sum().item())
    return x


@pytest.mark.parametrize("function", [capped, chosen, listed])
def test_other_readings_are_made_by_python(function):
    run = trace(function, without_host=True)
    for scale in (0.1, 10.0):
        a = tg.tensor(np.full(3, scale, "float32"))
        expected, found = function(a), run(a)
        assert type(found) is type(expected)
        if isinstance(found, float):
            assert found == pytest.approx(expected, rel=1e-6)
    assert not run._replay.calls.kept
