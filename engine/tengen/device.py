"""Devices and their memory, by MegEngine's names.

Figures are exact to the byte for what tensors hold. Calls about CUDA need a usable NVIDIA GPU
and raise DeviceError without one, save those that only ask whether there is one.
"""

from enum import Enum

from .base import device as devices
from .base.device import get_default_device, set_default_device
from .base.errors import ArgumentError, DeviceError
from .runtime import memory

__all__ = [
    "DeviceType",
    "coalesce_free_memory",
    "get_allocated_memory",
    "get_cuda_compute_capability",
    "get_cuda_device_property",
    "get_cuda_version",
    "get_cudnn_version",
    "get_default_device",
    "get_device_count",
    "get_max_allocated_memory",
    "get_max_reserved_memory",
    "get_mem_status_bytes",
    "get_reserved_memory",
    "is_cuda_available",
    "is_rocm_available",
    "reset_max_memory_stats",
    "set_default_device",
    "set_prealloc_config",
    "what_is_xpu",
]


class DeviceType(Enum):
    """The kinds of device."""

    CPU = "cpu"
    CUDA = "cuda"


def get_device_count(device_type: str) -> int:
    """How many devices of a kind ("cpu", "gpu", "cuda" or "xpu") there are.

    A kind that the framework has no backend for ("rocm", ...) counts 0; an unknown word raises
    DeviceError.
    """
    if device_type in ("rocm", "cambricon", "atlas"):
        return 0
    return devices.count(device_type)


def is_cuda_available() -> bool:
    """Whether an NVIDIA GPU can be used."""
    return devices.count("gpu") > 0


def is_rocm_available() -> bool:
    """Whether an AMD GPU can be used; there is no backend for it."""
    return False


def what_is_xpu() -> str:
    """The kind that "xpux" stands for here: "cuda" or "cpu"."""
    return "cuda" if is_cuda_available() else "cpu"


def get_mem_status_bytes(device: str | None = None) -> tuple[int, int]:
    """(total, free) bytes for tensors on a device; the default device without an argument."""
    _on_cpu("get_mem_status_bytes", device)
    total = memory.capacity()
    return total, max(total - memory.used_bytes(), 0)


def get_allocated_memory(device: str | None = None) -> int:
    """Bytes that tensors on the device hold now."""
    _on_cpu("get_allocated_memory", device)
    return memory.used_bytes()


def get_reserved_memory(device: str | None = None) -> int:
    """Bytes that tensors hold now or that are kept free to be used again."""
    _on_cpu("get_reserved_memory", device)
    return memory.reserved_bytes()


def get_max_allocated_memory(device: str | None = None) -> int:
    """The most bytes tensors held at once since the last `reset_max_memory_stats`."""
    _on_cpu("get_max_allocated_memory", device)
    return memory.peak_bytes()


def get_max_reserved_memory(device: str | None = None) -> int:
    """The most bytes reserved at once since the last `reset_max_memory_stats`."""
    _on_cpu("get_max_reserved_memory", device)
    return memory.peak_reserved_bytes()


def reset_max_memory_stats(device: str | None = None) -> None:
    """Start the maxima anew from what is held now."""
    _on_cpu("reset_max_memory_stats", device)
    memory.reset_peak()


def coalesce_free_memory() -> None:
    """Give memory that no tensor holds back to the system."""
    memory.trim()


def set_prealloc_config(
    alignment: int = 1,
    min_req: int = 32 * 1024 * 1024,
    max_overhead: int = 0,
    growth_factor: float = 2.0,
    device_type: DeviceType = DeviceType.CUDA,
) -> None:
    """Check settings of memory that is asked from the driver in steps; they change nothing here.

    `alignment` and `min_req` in bytes, at least 1; `max_overhead` bytes above a request, at
    least 0; `growth_factor` of one request to the last, at least 1. CPU memory is reserved
    without cost and paid for only when written, so there is nothing to tune. Raises ArgumentError
    out of range.
    """
    for name, value, least in (
        ("alignment", alignment, 1),
        ("min_req", min_req, 1),
        ("max_overhead", max_overhead, 0),
        ("growth_factor", growth_factor, 1),
    ):
        if value < least:
            raise ArgumentError(
                f"[set_prealloc_config] {name} must be at least {least}; got {value}"
            )
    if not isinstance(device_type, DeviceType):
        raise ArgumentError(
            f"[set_prealloc_config] device_type is a DeviceType; got {device_type!r}"
        )


def get_cuda_version() -> int:
    """The CUDA version in use as major * 1000 + minor * 10; 0 where CUDA is not used."""
    return 0


def get_cudnn_version() -> int:
    """The cuDNN version in use as major * 1000 + minor * 100 + patch; 0 where it is not used."""
    return 0


def get_cuda_compute_capability(device: int, device_type: DeviceType = DeviceType.CUDA) -> int:
    """The compute capability of GPU number `device` as major * 10 + minor."""
    raise _no_gpu("get_cuda_compute_capability", device)


def get_cuda_device_property(device: int, device_type: DeviceType = DeviceType.CUDA) -> object:
    """Name, memory and compute capability of GPU number `device`."""
    raise _no_gpu("get_cuda_device_property", device)


def _no_gpu(name: str, device: int) -> DeviceError:
    return DeviceError(f"[{name}] gpu{device} is not there: no usable NVIDIA GPU was found")


def _on_cpu(name: str, device: str | None) -> None:
    """Raise DeviceError unless the device exists (only CPU memory has accounts so far)."""
    place = devices.as_device(device)
    if place.kind != "cpu":
        raise DeviceError(f"[{name}] no accounts are kept for {place.physical}")
