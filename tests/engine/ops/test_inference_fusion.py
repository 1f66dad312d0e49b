"""Convolution, batch norm, residual and activation as one call in inference: same numbers."""

import gc
import itertools

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.kernels.onednn import library
from tengen.ops import inference_onednn
from tengen.runtime import memory
from tengen.runtime.buffer import DeferredBuffer

pytestmark = pytest.mark.skipif(not library.available(), reason="oneDNN is not here")


class Block(M.Module):
    """Convolution and what may follow it."""

    def __init__(self, groups, bias, norm, residual, act):
        super().__init__()
        self.conv = M.Conv2d(32, 32, 3, padding=1, groups=groups, bias=bias)
        self.norm = M.BatchNorm2d(32) if norm else None
        self.residual, self.act = residual, act
        if norm:
            rng = np.random.default_rng(5)
            shape = self.norm.running_mean.shape
            self.norm.running_mean.set_value(rng.standard_normal(shape))
            self.norm.running_var.set_value(rng.uniform(0.5, 2, shape))
            self.norm.weight.set_value(rng.standard_normal(shape))
            self.norm.bias.set_value(rng.standard_normal(shape))

    def forward(self, x):
        y = self.conv(x)
        if self.norm is not None:
            y = self.norm(y)
        if self.residual:
            y = y + x
        return y if self.act is None else getattr(F, self.act)(y)


CASES = list(
    itertools.product((1, 32), (False, True), (False, True), (False, True), (None, "relu", "relu6"))
)


@pytest.fixture
def x():
    return tg.Tensor(np.random.default_rng(0).standard_normal((2, 32, 24, 24)).astype("f"))


def both(net, x):
    with tg.config.override(backends="numpy"):
        want = net(x).numpy()
    return net(x).numpy(), want


@pytest.mark.parametrize("case", CASES)
def test_fused_equals_numpy(case, x):
    net = Block(*case)
    net.eval()
    for _ in range(2):
        got, want = both(net, x)
        np.testing.assert_allclose(got, want, rtol=2e-4, atol=2e-4 * np.abs(want).max())


def test_a_chain_equals_numpy(x):
    parts = [Block(1, False, True, n % 2 == 1, "relu") for n in range(3)]
    net = M.Sequential(*parts, M.MaxPool2d(2), Block(32, True, False, True, "relu6"))
    net.eval()
    got, want = both(net, x)
    np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-3 * np.abs(want).max())


def test_the_convolution_waits_and_takes_no_memory_before(x):
    net = Block(1, False, True, False, "relu")
    net.eval()
    x = net(x)  # in the layout that the next convolution takes
    net(x)
    gc.collect()
    before = memory.used_bytes()
    y = net.norm(net.conv(x))
    assert isinstance(y._buffer, DeferredBuffer) and memory.used_bytes() == before
    z = F.relu(y)
    assert memory.used_bytes() - before == x.size * 4
    np.testing.assert_allclose(z.numpy(), np.maximum(y.numpy(), 0), rtol=1e-4, atol=1e-4)


def test_changed_parameters_are_seen_at_once(x):
    net = Block(1, False, True, False, "relu")
    net.eval()
    for value in (0.5, -1.0, 2.0):
        net.conv.weight.set_value(np.full(net.conv.weight.shape, value / 100))
        net.norm.running_mean.set_value(np.full(net.norm.running_mean.shape, value))
        got, want = both(net, x)
        np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-3)


def test_training_between_inferences_is_seen_and_lets_go(x):
    net = Block(1, False, True, True, "relu")
    optimizer = tg.optimizer.SGD(net.parameters(), lr=0.05, momentum=0.9)
    gm = tg.autodiff.GradManager().attach(net.parameters())
    for _ in range(3):
        net.eval()
        got, want = both(net, x)
        np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-3 * np.abs(want).max())
        assert inference_onednn._holding
        net.train()
        for _ in range(2):
            with gm:
                y = net(x)
                gm.backward(F.mean(y * y))
            assert not inference_onednn._holding
            optimizer.step().clear_grad()


def test_gradients_through_inference_mode(x):
    """A frozen batch norm inside a recording gives the gradients of the NumPy text."""
    net = Block(1, True, True, True, "relu")
    net.eval()
    results = []
    for backends in ("fusion,onednn,numba,numpy", "numpy"):
        with tg.config.override(backends=backends):
            x.grad = None
            for p in net.parameters():
                p.grad = None
            gm = tg.autodiff.GradManager().attach([x, *net.parameters()])
            with gm:
                gm.backward(F.mean(net(x) ** 2))
            results.append([x.grad.numpy(), *[p.grad.numpy() for p in net.parameters()]])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3 * max(np.abs(b).max(), 1e-3))


def test_layers_of_one_signature_keep_their_folded_weights(x, monkeypatch):
    inference_onednn._holding.clear()
    nets = [Block(1, False, True, True, "relu") for _ in range(3)]
    for net in nets:
        net.eval()
    run = [net(x).numpy() for net in nets]
    kept = {key: entry[2][0] for key, entry in inference_onednn._holding.items()}
    assert len(kept) == 3
    for net, before in zip(nets, run, strict=True):
        np.testing.assert_array_equal(net(x).numpy(), before)
    again = {key: entry[2][0] for key, entry in inference_onednn._holding.items()}
    assert all(again[key] is weight for key, weight in kept.items()), "folded a second time"

    # Weights that are gone go with the next that comes; of too many bytes the oldest go.
    del nets[0], net
    gc.collect()
    nets.append(Block(1, False, True, True, "relu"))
    nets[-1].eval()
    nets[-1](x).numpy()
    assert len(inference_onednn._holding) == 3
    monkeypatch.setattr(inference_onednn, "MOST_FOLDED", next(iter(kept.values())).nbytes)
    nets.append(Block(1, False, True, True, "relu"))
    nets[-1].eval()
    got, want = both(nets[-1], x)
    np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-3 * np.abs(want).max())
    assert len(inference_onednn._holding) == 1
