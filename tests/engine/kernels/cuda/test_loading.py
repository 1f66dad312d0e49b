"""Batches go to the GPU one step ahead, from pinned memory, beside its work."""

import numpy as np

import tengen as tg
from tengen.data import DataLoader, SequentialSampler
from tengen.data.dataset import ArrayDataset
from tengen.kernels.cuda import staging
from tengen.runtime.gpu_memory import gpu_of

from .strict import state

COUNT = 24


def loader(batch=4):
    rng = np.random.default_rng(0)
    images = rng.standard_normal((COUNT, 3, 8, 8)).astype("float32")
    labels = rng.integers(0, 9, COUNT)
    data = ArrayDataset(images, labels)
    return images, labels, DataLoader(data, SequentialSampler(data, batch), preload=True)


def test_batches_arrive_in_order_and_in_time(strict):
    images, labels, batches = loader()
    sums = []
    for number, (x, y) in enumerate(batches):
        assert x.device == y.device == "gpu0" and y.dtype == "int32"
        mine = slice(4 * number, 4 * number + 4)
        doubled = x * 2  # launched without a wait
        np.testing.assert_array_equal(doubled.numpy(), images[mine] * 2)
        np.testing.assert_array_equal(y.numpy(), labels[mine])
        sums.append(x)
    for number, x in enumerate(sums):
        np.testing.assert_array_equal(x.numpy(), images[4 * number : 4 * number + 4])
    assert len(sums) == COUNT // 4


def test_the_next_batch_is_under_way_while_one_is_used(strict):
    _, _, batches = loader()
    x, _ = next(iter(batches))
    assert gpu_of(x.device).copies.pending  # a copy that nothing has waited for


def test_python_does_not_wait(strict):
    _, _, batches = loader()
    rows = iter(batches)
    next(rows)
    state.counts.clear()
    for x, _ in rows:
        x + 1
    assert state.counts["waits"] == 0


def test_pinned_memory_is_used_again(strict):
    _, _, batches = loader(batch=2)
    for x, _ in batches:
        x.numpy()
    assert state.counts["pinned"] <= 6 < 2 * COUNT // 2


def test_a_large_host_array_goes_by_pinned_memory_and_nobody_waits(strict):
    rng = np.random.default_rng(0)
    hosts = [rng.random((64, 300), "float32") for _ in range(5)]
    state.counts.clear()
    there = [tg.Tensor(host, device="gpu0") for host in hosts]
    assert state.counts["waits"] == 0 and state.counts["pinned"] >= 1
    wanted = [host.copy() for host in hosts]
    for host in hosts:
        host[...] = 0  # the caller may go on at once
    for x, host in zip(there, wanted, strict=True):
        np.testing.assert_array_equal(x.numpy(), host)
    state.counts.clear()
    tg.Tensor(hosts[0][:2, :9], device="gpu0")
    assert not state.counts["pinned"]


def test_pinned_memory_has_a_bound(strict, monkeypatch):
    monkeypatch.setattr(staging, "MOST", 1 << 20)
    state.counts.clear()
    for number in range(12):
        host = np.full((1 << 17,), number, "float32")
        x = tg.Tensor(host, device="gpu0")
        place = gpu_of(x.device)
        assert sum(length for _, length, _ in place.staging._busy) <= 1 << 20
        np.testing.assert_array_equal(x.numpy(), host)
    assert state.counts["pinned"] <= 2


def test_memory_of_a_dropped_batch_waits_for_its_copy(strict):
    _, _, batches = loader()
    rows = iter(batches)
    x, _ = next(rows)
    place = gpu_of(x.device)
    assert any(work.waiting for work in place.copies.pending)
    del rows
    assert not any(work.waiting for work in place.copies.pending)


def test_a_plain_device_gives_plain_tensors(strict):
    tg.set_default_device("cpu0")
    _, _, batches = loader()
    x, _ = next(iter(batches))
    assert x.device == "cpu0" and not state.counts["pinned"]
