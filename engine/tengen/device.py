"""Devices and their memory, by MegEngine's names.

Figures are exact to the byte for what tensors hold. Calls about CUDA need a usable NVIDIA GPU
and raise DeviceError without one, save those that only ask whether there is one.
"""

from dataclasses import dataclass
from enum import Enum

from .base import device as devices
from .base.device import get_default_device, set_default_device
from .base.errors import ArgumentError, DeviceError
from .kernels.cuda import library
from .kernels.cuda.gpu import Gpu, gpu
from .runtime import gpu_memory, memory, parking

__all__ = [
    "CudaDeviceProperty",
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
    "park",
    "reset_max_memory_stats",
    "set_default_device",
    "set_prealloc_config",
    "synchronize",
    "unpark",
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
    place = devices.as_device(device)
    if place.host:
        total = memory.capacity()
        return total, max(total - memory.used_bytes(), 0)
    limit = gpu_memory.account_of(place).limit()
    return limit, max(limit - gpu_memory.used_bytes(place), 0)


def get_allocated_memory(device: str | None = None) -> int:
    """Bytes that tensors on the device hold now."""
    place = devices.as_device(device)
    return memory.used_bytes() if place.host else gpu_memory.used_bytes(place)


def get_reserved_memory(device: str | None = None) -> int:
    """Bytes that tensors hold now or that are kept free to be used again."""
    place = devices.as_device(device)
    return memory.reserved_bytes() if place.host else gpu_memory.reserved_bytes(place)


def get_max_allocated_memory(device: str | None = None) -> int:
    """The most bytes tensors held at once since the last `reset_max_memory_stats`."""
    place = devices.as_device(device)
    return memory.peak_bytes() if place.host else gpu_memory.peak_bytes(place)


def get_max_reserved_memory(device: str | None = None) -> int:
    """The most bytes reserved at once since the last `reset_max_memory_stats`."""
    place = devices.as_device(device)
    return memory.peak_reserved_bytes() if place.host else gpu_memory.peak_reserved_bytes(place)


def reset_max_memory_stats(device: str | None = None) -> None:
    """Start the maxima anew from what is held now."""
    place = devices.as_device(device)
    if place.host:
        memory.reset_peak()
    else:
        gpu_memory.reset_peak(place)


def coalesce_free_memory() -> None:
    """Give memory that no tensor holds back to the system and to the GPUs in use."""
    memory.trim()
    gpu_memory.trim()


def synchronize(device: str | None = None) -> None:
    """Wait until the device has done what was launched on it; on the CPU nothing is ever open.

    Raises DeviceError for what went wrong on a GPU meanwhile, with the calls in flight.
    """
    place = devices.as_device(device)
    if not place.host:
        gpu_memory.gpu_of(place).synchronize()


def park(device: str | None = None) -> int:
    """Move what tensors hold on a GPU to host memory (all GPUs in use without an argument).

    Gives the bytes moved; 0 where no GPU is used. Every value comes back by itself when it is next
    used, and `unpark` brings all of them. Compiled programs give their memory and CUDA graphs back
    and make them anew. Call it between steps: no other thread may compute meanwhile. The CPU has
    nothing to park: DeviceError.
    """
    return sum(parking.park(place) for place in _parking_places("park", device))


def unpark(device: str | None = None) -> int:
    """Bring back what was parked from a GPU (from all without an argument); gives the bytes.

    Raises OutOfMemoryError where it does not fit; what has come back by then stays.
    """
    return sum(parking.unpark(place) for place in _parking_places("unpark", device))


def _parking_places(name: str, device: str | None) -> list[devices.Device]:
    """The GPUs that a call is about: the one named, or those in use."""
    if device is None:
        return gpu_memory.in_use()
    place = devices.as_device(device)
    if place.host:
        raise DeviceError(f"[{name}] only what lies on a GPU is parked; got {device!r}")
    return [place]


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
    if not is_cuda_available():
        return 0
    return int(library.load().cuda.runtime.runtimeGetVersion())


def get_cudnn_version() -> int:
    """The cuDNN version in use as major * 1000 + minor * 100 + patch; 0 where it is not used."""
    return 0


def get_cuda_compute_capability(device: int, device_type: DeviceType = DeviceType.CUDA) -> int:
    """The compute capability of GPU number `device` as major * 10 + minor."""
    return int(_gpu("get_cuda_compute_capability", device).device.compute_capability)


@dataclass(frozen=True)
class CudaDeviceProperty:
    """A GPU: its name, bytes of memory, compute capability and number of multiprocessors."""

    name: str
    total_memory: int
    major: int
    minor: int
    multi_processor_count: int


def get_cuda_device_property(
    device: int, device_type: DeviceType = DeviceType.CUDA
) -> CudaDeviceProperty:
    """Name, memory and compute capability of GPU number `device`."""
    place = _gpu("get_cuda_device_property", device)
    found = place.xp.cuda.runtime.getDeviceProperties(place.index)
    return CudaDeviceProperty(
        name=found["name"].decode(),
        total_memory=int(found["totalGlobalMem"]),
        major=int(found["major"]),
        minor=int(found["minor"]),
        multi_processor_count=int(found["multiProcessorCount"]),
    )


def _gpu(name: str, device: int) -> Gpu:
    """The GPU of a number. Raises DeviceError where there is none."""
    gpus = devices.count("gpu")
    if not 0 <= device < gpus:
        raise DeviceError(devices.absent(name, f"gpu{device}", gpus, devices.why_no_gpu()))
    return gpu(device)
