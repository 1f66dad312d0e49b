"""A PyTorch layer inside a converted model: it runs between the compiled pieces, and trains."""

import numpy as np
import pytest

import tengen as tg
import tengen.module as M
from tengen.jit import convert, trace

torch = pytest.importorskip("torch")


class Mixed(M.Module):
    def __init__(self):
        from tengen.interop import PyTorchModule

        super().__init__()
        torch.manual_seed(0)
        self.first = M.Linear(4, 8)
        self.theirs = PyTorchModule(torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU()))
        self.last = M.Linear(8, 2)

    def forward(self, x):
        return self.last(self.theirs(self.first(x)))


def test_it_stays_dynamic_and_gives_the_same():
    net, x = Mixed(), tg.tensor(np.ones((5, 4), "float32"))
    static = convert(net, x, seconds=0.1)
    assert static.report.ok and static.report.replay == "checked"
    assert [b.cause for b in static.report.blockers] == ["host read"]
    np.testing.assert_allclose(static(x).numpy(), net(x).numpy(), rtol=1e-6)


def test_a_traced_step_trains_its_parameters():
    net, x = Mixed(), tg.tensor(np.random.default_rng(0).random((5, 4)).astype("float32"))
    manager = tg.autodiff.GradManager().attach(net.parameters())
    update = tg.optimizer.SGD(net.parameters(), lr=0.1)
    before = [p.numpy() for p in net.parameters()]

    @trace
    def step(x):
        with manager:
            loss = (net(x) ** 2).mean()
            manager.backward(loss)
        update.step().clear_grad()
        return loss

    losses = [float(step(x).numpy()) for _ in range(5)]
    assert losses[-1] < losses[0]
    assert all(
        not np.array_equal(old, p.numpy()) for old, p in zip(before, net.parameters(), strict=True)
    )
