"""Devices and memory by their public names."""

import numpy as np
import pytest

import tengen as tg
from tengen.base.errors import ArgumentError, DeviceError
from tests.engine.api.signatures import check_signature

COVERS = tuple(
    f"tengen.{name}"
    for name in (
        "coalesce_free_memory", "device.what_is_xpu", "get_allocated_memory",
        "get_cuda_compute_capability", "get_cuda_device_property", "get_cuda_version",
        "get_cudnn_version", "get_default_device", "get_device_count",
        "get_max_allocated_memory", "get_max_reserved_memory", "get_mem_status_bytes",
        "get_reserved_memory", "is_cuda_available", "is_rocm_available",
        "reset_max_memory_stats", "set_default_device", "set_prealloc_config",
    )
)  # fmt: skip
MIB = 1 << 20


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def test_memory_is_counted_to_the_byte():
    before = tg.get_allocated_memory()
    held = tg.Tensor(np.zeros((3, MIB), "float32"))
    assert tg.get_allocated_memory() - before == 12 * MIB
    assert tg.get_allocated_memory("cpu0") - before == 12 * MIB
    assert tg.get_reserved_memory() >= tg.get_allocated_memory()
    total, free = tg.get_mem_status_bytes()
    assert total - free == tg.get_allocated_memory()
    del held
    assert tg.get_allocated_memory() == before


def test_peaks_are_kept_until_reset():
    tg.reset_max_memory_stats()
    start = tg.get_allocated_memory()
    assert tg.get_max_allocated_memory() == start
    held = tg.Tensor(np.zeros(8 * MIB, "float32"))
    del held
    assert tg.get_max_allocated_memory() == start + 32 * MIB
    assert tg.get_max_reserved_memory() >= start + 32 * MIB
    tg.reset_max_memory_stats("cpu0")
    assert tg.get_max_allocated_memory() == tg.get_allocated_memory()


def test_free_memory_goes_back_to_the_system():
    held = tg.Tensor(np.ones(16 * MIB, "float32"))
    del held
    tg.coalesce_free_memory()
    assert tg.get_reserved_memory() - tg.get_allocated_memory() < 64 * MIB
    assert tg.Tensor(np.ones(16 * MIB, "float32")).numpy()[-1] == 1


def test_kinds_of_device():
    assert tg.get_device_count("cpu") >= 1
    assert tg.get_device_count("xpu") >= 1
    assert tg.get_device_count("gpu") == tg.get_device_count("cuda")
    assert tg.get_device_count("rocm") == 0
    assert tg.is_cuda_available() == (tg.get_device_count("gpu") > 0)
    assert not tg.is_rocm_available()
    assert tg.device.what_is_xpu() == ("cuda" if tg.is_cuda_available() else "cpu")
    with pytest.raises(DeviceError, match="unknown kind"):
        tg.get_device_count("tpu")


def test_the_default_device():
    before = tg.get_default_device()
    try:
        tg.set_default_device("cpu0")
        assert tg.get_default_device() == "cpu0"
        assert str(tg.Tensor([1.0]).device) == "cpu0:0"
    finally:
        tg.set_default_device(before)
    with pytest.raises(DeviceError, match="not a device"):
        tg.set_default_device("here")


def test_questions_about_cuda_without_a_gpu():
    if tg.is_cuda_available():
        pytest.skip("there is a GPU")
    assert tg.get_cuda_version() == 0
    assert tg.get_cudnn_version() == 0
    for ask in (tg.get_cuda_compute_capability, tg.get_cuda_device_property):
        with pytest.raises(DeviceError, match="gpu0 is not there"):
            ask(0)
    with pytest.raises(DeviceError):
        tg.get_allocated_memory("gpu0")


def test_preallocation_settings_are_checked():
    assert tg.set_prealloc_config(256, MIB, 0, 1.5) is None
    for settings in (
        {"alignment": 0}, {"min_req": 0}, {"max_overhead": -1}, {"growth_factor": 0.5},
        {"device_type": "cuda"},
    ):  # fmt: skip
        with pytest.raises(ArgumentError, match=next(iter(settings))):
            tg.set_prealloc_config(**settings)
