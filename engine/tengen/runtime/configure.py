"""Carries the settings to the kernel libraries, when they change and at start."""

import dataclasses

from ..base.config import Config, config, on_change
from ..kernels.numba import library as numba_library
from ..kernels.numba import service as numba_service
from ..kernels.onednn import library as onednn_library

_CARRIED = ("threads", "onednn_library", "cache_dir")
_MODE = ("compile_kernels", "deterministic", "algorithm")


def carry(name: str) -> None:
    """Tell the libraries a setting's present value."""
    if name == "threads" and config.threads:
        numba_library.set_threads(config.threads)
        if onednn_library.available():
            onednn_library.set_threads(config.threads)
    elif name == "onednn_library" and config.onednn_library:
        onednn_library.use_path(config.onednn_library)
    elif name == "cache_dir":
        numba_library.set_cache_directory(config.cache_dir or None)
    elif name in _MODE:
        numba_service.set_mode(_compile_mode())


def _compile_mode() -> str:
    """When kernels are compiled: before the first call where bits or timings depend on it."""
    settled = config.deterministic or config.algorithm != "heuristic"
    if settled and config.compile_kernels == "background":
        return "now"
    return config.compile_kernels


def start() -> None:
    """Carry what differs from the defaults, and follow changes from now on."""
    defaults = {field.name: field.default for field in dataclasses.fields(Config)}
    for name in (*_CARRIED, *_MODE):
        if getattr(config, name) != defaults[name]:
            carry(name)
    on_change(carry)
