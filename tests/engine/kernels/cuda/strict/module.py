"""The stand-in as a module: `cupy` by its names, as far as the installed CuPy has them."""

import types

import cupy as real
import numpy as np

from . import devices, state
from .arrays import ndarray
from .functions import functions
from .launching import launch
from .ufuncs import ufuncs

OFFERED = {
    "cuda", "ndarray", "get_default_memory_pool", "get_default_pinned_memory_pool",
    "get_array_module", "ufunc", "errstate",
}  # fmt: skip


def _runtime():
    module = types.ModuleType("cupy.cuda.runtime")
    module.CUDARuntimeError = devices.CUDARuntimeError
    module.streamCaptureModeRelaxed = real.cuda.runtime.streamCaptureModeRelaxed
    module.getDevice = lambda: state.thread.device
    module.getDeviceCount = lambda: devices.Device.count
    for name in ("memcpyDeviceToHost", "memcpyHostToDevice"):
        setattr(module, name, getattr(real.cuda.runtime, name))
    assert hasattr(real.cuda.runtime, "memcpyAsync")
    module.memcpyAsync = devices.memcpy_async
    module.runtimeGetVersion = real.cuda.runtime.runtimeGetVersion
    module.getDeviceProperties = lambda index: {
        "name": b"A stand-in", "totalGlobalMem": devices.TOTAL, "major": 9, "minor": 0,
        "multiProcessorCount": 132,
    }  # fmt: skip
    return module


def _cuda():
    module = types.ModuleType("cupy.cuda")
    for name in (
        "Device", "Event", "Graph", "MemoryPool", "Stream", "alloc_pinned_memory",
        "get_current_stream", "using_allocator",
    ):  # fmt: skip
        assert hasattr(real.cuda, name), name
        setattr(module, name, getattr(devices, name))
    module.runtime = _runtime()
    module.driver = types.SimpleNamespace(CUDADriverError=devices.CUDADriverError)
    module.memory = types.SimpleNamespace(OutOfMemoryError=devices.OutOfMemoryError)
    return module


class Strict(types.ModuleType):
    """`cupy`, strictly."""

    def __init__(self):
        super().__init__("cupy")
        self.cuda = _cuda()
        self.ndarray = ndarray
        self.ufunc = real.ufunc
        self.pool = devices.MemoryPool()
        self.pinned = devices.PinnedMemoryPool()
        self.fft, self.linalg, self.lib = _Part("fft"), _Part("linalg"), _Part("lib")
        self.__version__ = real.__version__

    @property
    def ogrid(self):
        return _Grid()

    def get_default_memory_pool(self):
        return self.pool

    def get_default_pinned_memory_pool(self):
        return self.pinned

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _offered(name)


class _Grid:
    def __getitem__(self, key):
        return launch(lambda: list(np.ogrid[key]))


class _Part:
    def __init__(self, path):
        self._path = path

    def __getattr__(self, name):
        if name == "stride_tricks":
            return _Part(f"{self._path}.{name}")
        return _offered(f"{self._path}.{name}")


def _offered(path):
    found = real
    for part in path.split("."):
        if not hasattr(found, part):
            raise AttributeError(f"cupy has no {path}")
        found = getattr(found, part)
    if isinstance(found, real.ufunc):
        return ufuncs(path)
    if isinstance(found, (int, float, np.dtype)) or found is None:
        return found
    if isinstance(found, type) and issubclass(found, np.generic):
        return found
    return functions(path)
