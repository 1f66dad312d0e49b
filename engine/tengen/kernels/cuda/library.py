"""The one door to CuPy and the NVIDIA driver: how many GPUs can be used, or why none can.

Counting asks the driver alone. CuPy is imported when the first GPU is used, never before.
"""

import contextlib
import ctypes
import importlib
import importlib.metadata
import importlib.util
import logging
import sys
import threading
from types import ModuleType

from ...base import device
from ...base.errors import DeviceError

INSTALL = "pip install 'tengen-studio[cuda]'"
NO_DEVICE = 100  # CUDA_ERROR_NO_DEVICE
BUILDS = (13, 12, 14)
"""The majors of CUDA that CuPy's packages are named by, the one of our extra first."""

_log = logging.getLogger("tengen.kernels.cuda")
_lock = threading.RLock()
_looked: tuple[int, str] | None = None
_loaded: ModuleType | None = None


def look() -> tuple[int, str]:
    """How many GPUs this process can use, and the reason if there is none."""
    global _looked
    found = _looked
    if found is None:
        with _lock:
            found = _looked = _ask()
    return found


def count() -> int:
    """How many GPUs this process can use."""
    return look()[0]


def why_not() -> str | None:
    """The reason why no GPU can be used, or None when one can."""
    return look()[1] or None


def load() -> ModuleType:
    """CuPy, imported at the first call. Raises DeviceError where no GPU can be used."""
    global _loaded, _looked
    with _lock:
        if _loaded is None:
            number, reason = look()
            if not number:
                raise DeviceError(f"[gpu] no GPU can be used: {reason}")
            try:
                _loaded = importlib.import_module("cupy")
            except Exception as error:  # a broken install must leave the CPU working
                _looked = 0, f"the package cupy does not load ({error})"
                _log.warning("%s; the CPU is used", _looked[1])
                raise DeviceError(f"[gpu] no GPU can be used: {_looked[1]}") from error
        return _loaded


def library_errors() -> tuple[type[BaseException], ...]:
    """What CuPy raises for the failures of CUDA's libraries, as far as they are installed."""
    found = []
    for name in ("cublas", "cusolver"):
        try:
            module = importlib.import_module(f"cupy_backends.cuda.libs.{name}")
        except Exception:  # no such library here: nothing will raise its errors
            continue
        found.append(getattr(module, f"{name.upper()}Error"))
    return tuple(found)


def driver_version() -> int:
    """The newest CUDA that the driver supports, major * 1000 + minor * 10; 0 without a driver."""
    driver = _driver()
    return 0 if driver is None else _version(driver)


def _driver() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return None


def _version(driver: ctypes.CDLL) -> int:
    found = ctypes.c_int()
    return 0 if driver.cuDriverGetVersion(ctypes.byref(found)) else found.value


def needed_version() -> int:
    """The CUDA that the installed CuPy is built for, as its package's name tells; 0: unknown."""
    for major in BUILDS:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            importlib.metadata.version(f"cupy-cuda{major}x")
            return 1000 * major
    return 0


def _ask() -> tuple[int, str]:
    if importlib.util.find_spec("cupy") is None:
        return 0, f"the package cupy is not installed ({INSTALL})"
    driver = _driver()
    if driver is None:
        return 0, "no NVIDIA driver was found"
    have, need = _version(driver), needed_version()
    if have < need:
        return 0, (
            f"the NVIDIA driver is too old: it supports CUDA {_dotted(have)}, and {_dotted(need)}"
            " is needed"
        )
    status = driver.cuInit(0)
    number = ctypes.c_int()
    if not status:
        status = driver.cuDeviceGetCount(ctypes.byref(number))
    if status not in (0, NO_DEVICE):
        return 0, f"the NVIDIA driver does not start (CUDA error {status})"
    if not number.value:
        return 0, "the NVIDIA driver shows no GPU to this process"
    return number.value, ""


def _dotted(version: int) -> str:
    return f"{version // 1000}.{version % 1000 // 10}"


device.install_gpus(look)
