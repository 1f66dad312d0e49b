"""Dynamic rematerialisation: the same numbers while values are evicted and computed again."""

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.base.errors import ArgumentError, OutOfMemoryError


@pytest.fixture
def dtr(monkeypatch):
    monkeypatch.setattr(tg.config, "deterministic", True)
    yield tg.dtr
    tg.dtr.disable()
    tg.dtr.eviction_threshold = 0
    tg.dtr.evictee_minimum_size = 1024**2
    tg.dtr.enable_sqrt_sampling = False


def training():
    """A step of a deep narrow chain on a wide batch: activations take nearly all the memory."""
    net = M.Sequential(*[M.Sequential(M.Linear(32, 32), M.ReLU()) for _ in range(24)])
    rng = np.random.default_rng(0)
    for parameter in net.parameters():
        parameter.set_value(rng.standard_normal(parameter.shape).astype("float32") * 0.3)
    manager = tg.autodiff.GradManager().attach(net.parameters())
    update = tg.optimizer.SGD(net.parameters(), lr=0.1, momentum=0.9)
    x = tg.tensor(rng.standard_normal((2048, 32)).astype("float32"))

    def step():
        with manager:
            loss = (net(x) ** 2).mean()
            manager.backward(loss)
        update.step().clear_grad()
        return loss.item()

    return net, step


@pytest.mark.parametrize("sampling", [False, True])
def test_the_numbers_stay_and_the_memory_falls(dtr, sampling):
    found = []
    for threshold in (0, 0.6):
        net, step = training()
        step()
        base = tg.get_allocated_memory("cpu0")
        tg.reset_max_memory_stats("cpu0")
        step()
        peak = tg.get_max_allocated_memory("cpu0")
        if threshold:
            dtr.eviction_threshold = int(base + (peak - base) * threshold)
            dtr.evictee_minimum_size = 64 * 1024
            dtr.enable_sqrt_sampling = sampling
            dtr.enable()
            tg.reset_max_memory_stats("cpu0")
        losses = [step() for _ in range(3)]
        if threshold:
            assert dtr.evictions() > 0
            assert tg.get_max_allocated_memory("cpu0") < base + (peak - base) * 0.85
            dtr.disable()
        found.append((losses, [p.numpy() for p in net.parameters()]))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-6)
    for a, b in zip(found[0][1], found[1][1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


def test_evicted_values_are_there_again_after_disable(dtr):
    dtr.evictee_minimum_size = 1024
    dtr.eviction_threshold = tg.get_allocated_memory("cpu0") + 700_000
    dtr.enable()
    x = tg.tensor(np.arange(50_000, dtype="float32"))
    kept = [F.sqrt(x + number) for number in range(12)]
    assert dtr.evictions() > 0
    dtr.disable()
    for number, value in enumerate(kept):
        np.testing.assert_allclose(value.numpy(), np.sqrt(np.arange(50_000) + number), rtol=1e-6)


def test_views_and_random_draws_come_back_equal(dtr):
    dtr.evictee_minimum_size = 1024
    dtr.eviction_threshold = tg.get_allocated_memory("cpu0") + 500_000
    dtr.enable()
    tg.random.seed(3)
    drawn = F.dropout(F.ones((50_000,)), 0.5)
    first = drawn.numpy()
    part = (drawn * 2)[10:20]
    for number in range(8):
        F.ones((50_000,)) * number
    np.testing.assert_array_equal(drawn.numpy(), first)
    np.testing.assert_array_equal(part.numpy(), first[10:20] * 2)


def test_settings_take_bytes_and_texts(dtr):
    dtr.eviction_threshold = "1.5KB"
    assert dtr.eviction_threshold == 1536
    dtr.evictee_minimum_size = 10
    assert dtr.evictee_minimum_size == 10
    for wrong in ("many", -1, True):
        with pytest.raises(ArgumentError, match="bytes"):
            dtr.eviction_threshold = wrong


def test_what_cannot_fit_ends_with_an_error(dtr):
    dtr.evictee_minimum_size = 1024
    dtr.eviction_threshold = 1
    dtr.enable()
    x = F.ones((20_000,))
    assert (x * 2).numpy()[0] == 2
    assert issubclass(OutOfMemoryError, MemoryError)
