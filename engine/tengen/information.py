"""What is installed and used: versions, devices, kernels, and why something is not in use."""

import os
import platform
from typing import Any

import numpy as np

from .base import device
from .base.config import config
from .base.errors import DeviceError
from .device import get_cuda_device_property
from .graph.opdef import registry
from .kernels.numba import library as numba_library
from .kernels.onednn import library as onednn_library
from .runtime import memory


class Info(dict[str, Any]):
    """A nested dictionary of facts that prints as an aligned table."""

    def __str__(self) -> str:
        lines = []
        for section, facts in self.items():
            lines.append(section)
            width = max((len(name) for name in facts), default=0)
            lines += [f"  {name:<{width}}  {value}" for name, value in facts.items()]
        return "\n".join(lines)

    __repr__ = __str__


def _version(package: str) -> str:
    import importlib.metadata

    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _backend(library: Any, version: str) -> str:
    reason = library.why_not()
    return f"not in use: {reason}" if reason else f"in use, {version}"


def _gpus() -> dict[str, str]:
    """A line for each GPU, or the reason why there is none."""
    number = device.count("gpu")
    if not number:
        return {"gpu": device.why_no_gpu()}
    found = {}
    for index in range(number):
        try:
            card = get_cuda_device_property(index)
        except DeviceError as error:
            found[f"gpu{index}"] = str(error).splitlines()[0]
            continue
        size = f"{card.total_memory / 2**30:.1f} GiB"
        found[f"gpu{index}"] = f"{card.name}, {size}, compute capability {card.major}.{card.minor}"
    return found


def _cuda() -> str:
    """How many operators have GPU kernels of their own, and whether they are in use."""
    own = sum(any(kind == "gpu" for kind, _ in op.backends) for op in registry.values())
    reason = device.why_no_gpu()
    if reason:
        return f"not in use: {reason}; {own} operators"
    version = _version("cupy-cuda13x")
    return f"in use, cupy {version}; {own} operators, the others through cupy"


def info() -> Info:
    """Versions, devices, memory, which kernels are in use and why others are not.

    Returns a dictionary of sections; printing it gives a table.
    """
    onednn = onednn_library.version() if onednn_library.available() else ""
    families = {}
    for family in ("fusion", "onednn", "numba"):
        families[family] = sum(("cpu", family) in op.backends for op in registry.values())
    return Info(
        versions={
            "tengen": _version("tengen-studio"),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "system": f"{platform.system()} {platform.machine()}",
        },
        devices={
            "cpu0": f"{os.cpu_count()} cores, {memory.capacity() / 2**30:.1f} GiB for tensors",
            **_gpus(),
            "default": device.get_default_device(),
        },
        kernels={
            "onednn": _backend(onednn_library, onednn) + f"; {families['onednn']} operators",
            "numba": _backend(numba_library, _version("numba"))
            + f"; {families['numba']} operators",
            "fusion": f"{families['fusion']} operators, through numba",
            "numpy": f"in use, {np.__version__}; all {len(registry)} operators",
            "cuda": _cuda(),
            "order": config.backends,
            "threads": str(numba_library.threads()),
        },
        memory={
            "in use": f"{memory.used_bytes():,} bytes",
            "peak": f"{memory.peak_bytes():,} bytes",
            "capacity": f"{memory.capacity():,} bytes",
        },
    )
