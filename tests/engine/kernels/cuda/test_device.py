"""Devices, transfers, accounts, random numbers and late errors, with a GPU made of NumPy."""

import threading

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
from tengen.base.errors import DeviceError, OutOfMemoryError
from tengen.runtime.gpu_memory import gpu_of
from tengen.runtime.holders import live_blocks
from tests.engine.ops.test_every_operator import close

from .strict import devices, state

MIB = 1 << 20


def gpu(number=0):
    return gpu_of(tg.base.device.as_device(f"gpu{number}"))


def test_names(strict):
    assert tg.get_device_count("gpu") == tg.get_device_count("xpu") == 2
    assert tg.is_cuda_available() and tg.device.what_is_xpu() == "cuda"
    for name in ("gpu0", "gpux", "gpu", "gpu0:0", "gpu0:1", "cuda0", "xpu0", "xpux"):
        assert tg.Tensor([1.0], device=name).device == "gpu0"
    assert str(tg.Tensor([1.0], device="gpu1").device) == "gpu1:0"
    assert str(tg.zeros(3).device if hasattr(tg, "zeros") else F.zeros(3).device) == "gpu0:0"
    assert tg.get_cuda_compute_capability(1) == 90
    card = tg.get_cuda_device_property(0)
    assert (card.name, card.total_memory, card.major) == ("A stand-in", devices.TOTAL, 9)
    assert tg.get_cuda_version() >= 13000
    assert "A stand-in" in tg.info()["devices"]["gpu1"]


def test_the_default_is_the_best_there_is(strict):
    tg.set_default_device("xpux")
    assert tg.Tensor([1.0]).device == "gpu0"


def test_values_survive_every_way(strict):
    rng = np.random.default_rng(0)
    for dtype in tg.base.dtype.ALL:
        host = (rng.random((3, 5)) * 5).astype(dtype)
        there = tg.Tensor(host, dtype=dtype, device="gpu0")
        for way in (["gpu1", "cpu0"], ["cpu0", "gpu1"], ["gpu1", "gpu0"]):
            moved = there
            for place in way:
                moved = moved.to(place)
                assert moved.device == place
            np.testing.assert_array_equal(moved.numpy(), host)
    turned = F.transpose(tg.Tensor(host, dtype=dtype), (1, 0))
    np.testing.assert_array_equal(turned.to("gpu1").to("cpu0").numpy(), host.T)
    assert F.copy(there, "gpu1").device == "gpu1" and there.to("gpu0") is there


def test_gradients_flow_between_devices(strict):
    x = tg.Tensor([1.0, 2.0], device="cpu0")
    gm = tg.autodiff.GradManager().attach([x])
    with gm:
        y = (x * x).to("gpu1")
        gm.backward((y * y).sum())
    assert x.grad.device == "cpu0"
    np.testing.assert_allclose(x.grad.numpy(), [4.0, 32.0])


def test_operands_on_different_devices_are_refused(strict):
    with pytest.raises(DeviceError, match=r"\[add\] inputs are on different devices: cpu0, gpu0"):
        tg.Tensor([1.0], device="cpu0") + tg.Tensor([1.0], device="gpu0")


def test_memory_is_counted_to_the_byte(strict):
    start = tg.get_allocated_memory("gpu0")
    x = tg.Tensor(np.zeros((3, MIB), "float32"), device="gpu0")
    assert tg.get_allocated_memory("gpu0") - start == 12 * MIB
    y = x + x
    view = y[1:2]
    assert tg.get_allocated_memory("gpu0") - start == 24 * MIB
    assert tg.get_allocated_memory("gpu1") == 0
    largest = live_blocks(x.device)[0]
    assert largest.nbytes == 12 * MIB and "test_device.py" in largest.source
    del y
    assert tg.get_allocated_memory("gpu0") - start == 24 * MIB
    del view, x
    assert tg.get_allocated_memory("gpu0") == start
    assert tg.get_max_allocated_memory("gpu0") == start + 24 * MIB
    tg.reset_max_memory_stats("gpu0")
    assert tg.get_max_allocated_memory("gpu0") == start
    total, free = tg.get_mem_status_bytes("gpu0")
    assert total == devices.TOTAL and total - free == start
    tg.coalesce_free_memory()
    assert strict.pool.trimmed


def test_out_of_memory_names_the_holders(strict):
    held = tg.Tensor(np.zeros(2 * MIB, "uint8"), dtype="uint8", device="gpu0")
    with tg.config.override(gpu_memory_limit=3 * MIB):
        with pytest.raises(OutOfMemoryError) as caught:
            F.zeros(MIB, dtype="float32", device="gpu0")
        text = str(caught.value)
        assert "in use on gpu0" in text and f"{2 * MIB:,} bytes  data uint8" in text
        F.zeros(MIB // 8, dtype="float32", device="gpu0")
    assert held.numpy().sum() == 0


def test_random_numbers_are_the_same_on_every_device(strict):
    drawn = {}
    for place in ("cpu0", "gpu0"):
        rng = tg.random.RNG(seed=11, device=place)
        drawn[place] = [
            rng.uniform(size=(7, 9)), rng.permutation(31), rng.normal(size=(6, 5)),
        ]  # fmt: skip
    for a, b in zip(drawn["cpu0"][:2], drawn["gpu0"][:2], strict=True):
        assert b.device == "gpu0"
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    close(drawn["gpu0"][2].numpy(), drawn["cpu0"][2].numpy(), 1e-6)


def test_threads_share_the_stream(strict):
    tg.set_default_device("gpu0")
    x = tg.Tensor(np.arange(6.0), device="gpu0")
    found = []

    def work():
        state.thread.device = 0
        found.append((x * 2).to("gpu1") + tg.Tensor(1.0, device="gpu1"))
        found.append(x + 1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    np.testing.assert_array_equal(found[0].numpy(), np.arange(6.0) * 2 + 1)
    np.testing.assert_array_equal(found[1].numpy(), np.arange(6.0) + 1)


class TestErrors:
    """An error that a GPU shows at the next wait."""

    def broken(self):
        return devices.CUDARuntimeError("cudaErrorIllegalAddress: an illegal memory access")

    def test_a_late_error_names_the_calls_in_flight(self, strict):
        x = tg.Tensor(np.ones((64, 64), "float32"), device="gpu0")
        tg.device.synchronize("gpu0")
        y = F.exp(x)  # the first in flight
        z = y + x
        state.failures.append(self.broken())
        with pytest.raises(DeviceError) as caught:
            z.numpy()
        text = str(caught.value)
        assert "the GPU stopped: cudaErrorIllegalAddress" in text
        assert "one of 2 calls in flight; the earliest:\n  exp at " in text
        assert "# the first in flight" in text and "start a new one" in text

    def test_synchronous_names_the_call(self, strict):
        x = tg.Tensor(np.ones((64, 64), "float32"), device="gpu0")
        with tg.config.override(synchronous=True):
            y = F.exp(x)
            state.failures.append(self.broken())
            with pytest.raises(DeviceError) as caught:
                y * x
        assert "It came from mul at " in str(caught.value)
        assert ": y * x" in str(caught.value)

    def test_old_launches_are_forgotten(self, strict):
        x = tg.Tensor(np.ones(3, "float32"), device="gpu0")
        for _ in range(1000):
            x = x * 1
        assert len(gpu().flight.launches()) < 200
        x.numpy()
        assert not gpu().flight.launches()

    def test_values_are_looked_at_only_when_asked(self, strict):
        x, far = tg.Tensor(np.arange(3.0)), tg.Tensor([7], dtype="int32")
        with tg.config.override(synchronous=True), pytest.raises(IndexError, match="out of range"):
            x[far]
        state.counts.clear()
        assert x[tg.Tensor([1], dtype="int32")].shape == (1,)
        assert not state.counts["waits"]


def test_the_fastest_kernel_is_measured_and_remembered(strict, tmp_path):
    from tengen.graph.opdef import Bound, registry
    from tengen.runtime.plan import plan_for

    op, ran = registry["add"], []

    def build(in_types, out_types, **attrs):
        def run(outs, ins):
            ran.append(1)
            strict.add(ins[0], ins[1], outs[0])

        return Bound(run, (None, None), out_types)

    before = op.backends.get(("gpu", "tried"))
    op.backend("tried", kind="gpu")(build)
    try:
        with tg.config.override(
            algorithm="profile", gpu_backends="tried,cupy", cache_dir=str(tmp_path)
        ):
            x = tg.Tensor(np.ones((64, 64), "float32"))
            y = x + x
            assert y.numpy().sum() == 2 * 64 * 64 and len(ran) > 2
            kernel = plan_for(op, (), (x.type, x.type)).kernel
            assert kernel in ("tried", "cupy")
            (file,) = tmp_path.rglob("choices.json")
            assert "A stand-in" in file.read_text() and f'"{kernel}"' in file.read_text()
        with tg.config.override(kernels="add=tried"):
            assert plan_for(op, (), (x.type, x.type)).kernel == "tried"
    finally:
        op.backends.pop(("gpu", "tried"))
        assert before is None


def test_an_update_in_place_is_launched_like_any_call(strict):
    from tengen.graph.opdef import Bound, registry

    op, addresses = registry["sgd_update"], []

    def build(in_types, out_types, **attrs):
        def run(outs, ins):
            addresses.append((outs[0].data.ptr, ins[0].data.ptr))
            outs[0][...] = ins[0] - ins[1]

        return Bound(run, (None,) * len(in_types), out_types, inplace=(0, 0))

    op.backend("tried", kind="gpu")(build)
    try:
        with tg.config.override(gpu_backends="tried,cupy"):
            w = tg.Parameter(np.full((40, 40), 3.0, "float32"))
            gm = tg.autodiff.GradManager().attach([w])
            opt = tg.optimizer.SGD([w], lr=1.0)
            with gm:
                gm.backward((w * 2).sum())
            gpus_stream = gpu().stream
            state.thread.streams.clear()  # another library has left its stream behind
            gpu_module_forgets()
            opt.step()
            assert addresses and addresses[0][0] == addresses[0][1]
            np.testing.assert_array_equal(w.numpy(), np.full((40, 40), 1.0, "float32"))
            assert gpus_stream.launches
    finally:
        op.backends.pop(("gpu", "tried"))


def gpu_module_forgets():
    """As in a thread that has not launched anything yet."""
    from tengen.kernels.cuda import gpu as module

    module._here.gpu = None


@pytest.mark.parametrize("failing", [1, 3])
def test_scratch_memory_that_does_not_fit(strict, failing, monkeypatch):
    x = tg.Tensor(np.ones((40, 40), "float32"))
    F.exp(x)  # its plan is made
    tries = []

    def exp(x, out=None):
        tries.append(1)
        if len(tries) <= failing:
            raise devices.OutOfMemoryError("Out of memory allocating 6,400 bytes")
        return strict.abs(x)

    monkeypatch.setattr(strict, "exp", exp, raising=False)
    if failing == 1:
        assert F.exp(x).numpy().sum() == 1600
    else:
        with pytest.raises(OutOfMemoryError) as caught:
            F.exp(x)
        assert "[exp] its scratch memory does not fit (Out of memory" in str(caught.value)
        assert "bytes are in use on gpu0" in str(caught.value)
    assert strict.pool.trimmed


def test_a_fallback_is_said_once(strict, caplog, monkeypatch):
    from tengen.runtime import on_gpu

    monkeypatch.setattr(on_gpu, "_said", set())
    x = tg.Tensor(np.ones((3, 4), "float32"))
    with caplog.at_level("INFO", logger="tengen.gpu"):
        for shape in ((3, 4), (4, 3), (12,)):
            F.floor(x.reshape(shape))
    said = [r.message for r in caplog.records if r.message.startswith("floor ")]
    assert said == [
        "floor has no GPU kernel of its own for these types; it runs through CuPy"
    ]  # fmt: skip
