"""Tensors of a GPU made of NumPy that wait in host memory, and come back when they are used."""

import gc
import weakref

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
from tengen import jit
from tengen.base.errors import DeviceError, OutOfMemoryError
from tengen.device import park, unpark
from tengen.runtime.holders import live_blocks

from .networks import known_weights, same, trained
from .strict import devices, state

MIB = 1 << 20


def held():
    gc.collect()
    return tg.get_allocated_memory("gpu0"), tg.get_allocated_memory("cpu0")


def values(count=1):
    rng = np.random.default_rng(0)
    return [rng.standard_normal((256, 1024)).astype("float32") for _ in range(count)]


def test_bytes_move_to_the_host_and_back_one_by_one(strict):
    before = held()
    hosts = values(3)
    tensors = [tg.Tensor(host, device="gpu0") for host in hosts]
    assert held() == (before[0] + 3 * MIB, before[1])
    arrays = [weakref.ref(t._buffer.array._a) for t in tensors]
    assert park("gpu0") >= 3 * MIB
    assert held()[0] == 0 and held()[1] >= before[1] + 3 * MIB
    assert not any(ref() is not None for ref in arrays), "the GPU's memory is still held"
    assert strict.pool.trimmed and state.counts["pinned"] >= 3
    doubled = tensors[1] + tensors[1]
    assert tg.get_allocated_memory("gpu0") == 2 * MIB
    np.testing.assert_array_equal(doubled.numpy(), hosts[1] * 2)
    assert unpark("gpu0") >= 2 * MIB
    assert held()[1] == before[1]
    for tensor, host in zip(tensors, hosts, strict=True):
        np.testing.assert_array_equal(tensor.numpy(), host)
        assert tensor.device == "gpu0"


def test_views_show_the_same_memory_afterwards(strict):
    (host,) = values()
    x = tg.Tensor(host, device="gpu0")
    part, turned = x[3:5], F.transpose(x, (1, 0))
    kept = part._buffer.root
    park("gpu0")
    np.testing.assert_array_equal(part.numpy(), host[3:5])
    np.testing.assert_array_equal(turned.numpy(), host.T)
    assert part._buffer.root is kept is x._buffer.root
    assert strict.may_share_memory(part._buffer.array, x._buffer.array)


def test_what_is_dropped_while_parked_frees_the_host(strict):
    before = held()
    tensors = [tg.Tensor(host, device="gpu0") for host in values(2)]
    view = tensors[0][1:]
    park("gpu0")
    del tensors[1]
    assert held()[1] >= before[1] + MIB
    del tensors, view
    assert unpark("gpu0") == before[0]
    assert held() == before


def test_parked_memory_is_told_as_the_hosts(strict):
    x = tg.Tensor(values()[0], device="gpu0", name="weights")
    park("gpu0")
    assert not live_blocks(x._buffer.type.device)
    assert any(block.tensor == "weights" for block in live_blocks())


def test_what_the_host_cannot_hold_stays(strict):
    tensors = [tg.Tensor(host, device="gpu0") for host in values(3)]
    limit = tg.get_allocated_memory("cpu0") + MIB + MIB // 2
    with tg.config.override(memory_limit=limit):
        assert park("gpu0") < 3 * MIB
        assert tg.get_allocated_memory("gpu0") >= MIB
    for tensor, host in zip(tensors, values(3), strict=True):
        np.testing.assert_array_equal(tensor.numpy(), host)


def test_what_does_not_fit_back_stays_parked(strict):
    (host,) = values()
    x = tg.Tensor(host, device="gpu0")
    park("gpu0")
    with tg.config.override(gpu_memory_limit=MIB // 2), pytest.raises(OutOfMemoryError):
        x + 1
    np.testing.assert_array_equal((x + 1).numpy(), host + 1)


def test_without_pinned_memory(strict, monkeypatch):
    def refused(size):
        raise devices.CUDARuntimeError("cudaErrorMemoryAllocation")

    (host,) = values()
    x = tg.Tensor(host, device="gpu0")
    monkeypatch.setattr(strict.cuda, "alloc_pinned_memory", refused)
    assert park("gpu0") >= MIB
    np.testing.assert_array_equal(x.numpy(), host)


@pytest.mark.parametrize("static", [False, True])
def test_training_goes_on_as_if_nothing_had_happened(strict, static):
    weights = known_weights()

    def wrap(step):
        run = jit.trace(step, symbolic=True) if static else step

        def parked(*given):
            loss = run(*given)
            park("gpu0")
            assert tg.get_allocated_memory("gpu0") == 0
            return loss

        return parked

    want = trained("gpu0", 4, weights, momentum=0.9)
    same(trained("gpu0", 4, weights, wrap, momentum=0.9), want)


def test_the_cpu_has_nothing_to_park(strict):
    with pytest.raises(DeviceError, match=r"\[park\] only what lies on a GPU is parked; got"):
        park("cpu0")
