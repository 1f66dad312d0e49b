"""Training on a GPU made of NumPy, dynamic and static, against the CPU."""

import numpy as np
import pytest

import tengen as tg
from tengen import jit, optimizer

from .networks import OPTIMIZERS, Net, known_weights, same, trained
from .strict import state


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_dynamic_training_equals_the_cpu(strict, name):
    kind, settings = OPTIMIZERS[name]
    weights = known_weights()
    want = trained("cpu0", 4, weights, optim=kind, **settings)
    same(trained("gpu0", 4, weights, optim=kind, **settings), want)


@pytest.mark.parametrize("symbolic", [False, True], ids=["checked", "frozen"])
def test_static_training_is_one_graph(strict, symbolic):
    weights = known_weights()
    want = trained("cpu0", 6, weights, momentum=0.9)
    state.counts.clear()
    same(trained("gpu0", 6, weights, lambda f: jit.trace(f, symbolic=symbolic), momentum=0.9), want)
    assert state.counts["graph launches"] >= 3


def test_nothing_goes_through_the_host(strict):
    tg.set_default_device("gpu0")
    net, x = Net(), tg.Tensor(np.ones((2, 2, 4, 4), "float32"))
    gm = tg.autodiff.GradManager().attach(net.parameters())
    opt = optimizer.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        state.counts.clear()
        with gm:
            gm.backward(net(x).sum())
        opt.step().clear_grad()
    assert state.counts["downloads"] == state.counts["waits"] == 0
    assert state.counts["uploads"] == 0
