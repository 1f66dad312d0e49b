"""Tengen: a deep-learning framework in which dynamic and static graphs are one.

`import tengen as tg`. The heavier parts (`data`, `models`, `viz`, `compat`) load when first used.
"""

import importlib
import warnings
from typing import Any

from . import (
    autodiff,
    device,
    functional,
    module,
    operators,
    ops,
    optimizer,
    random,
    reordering,
    utils,
)
from .base.config import config
from .base.device import get_default_device, set_default_device
from .called import name_what_was_called as _name_what_was_called
from .device import (
    coalesce_free_memory,
    get_allocated_memory,
    get_cuda_compute_capability,
    get_cuda_device_property,
    get_cuda_version,
    get_cudnn_version,
    get_device_count,
    get_max_allocated_memory,
    get_max_reserved_memory,
    get_mem_status_bytes,
    get_reserved_memory,
    is_cuda_available,
    is_rocm_available,
    reset_max_memory_stats,
    set_prealloc_config,
)
from .information import info
from .logger import enable_debug_log, get_logger, set_log_file, set_log_level
from .notebook import follow_cells as _follow_cells
from .runtime import configure
from .serialization import load, save
from .shortage import explain_shortages as _explain_shortages
from .tensor import Parameter, Tensor, tensor

__version__ = "0.1.0"

# As in MegEngine, where the package's name for the class hides the module.
globals()["tensor"] = Tensor

_LATER = ("amp", "compat", "data", "deploy", "dtr", "interop", "jit", "models", "viz")

__all__ = [
    "Parameter",
    "Tensor",
    "amp",
    "autodiff",
    "coalesce_free_memory",
    "compat",
    "config",
    "data",
    "device",
    "enable_debug_log",
    "functional",
    "get_allocated_memory",
    "get_cuda_compute_capability",
    "get_cuda_device_property",
    "get_cuda_version",
    "get_cudnn_version",
    "get_default_device",
    "get_device_count",
    "get_logger",
    "get_max_allocated_memory",
    "get_max_reserved_memory",
    "get_mem_status_bytes",
    "get_reserved_memory",
    "info",
    "interop",
    "is_cuda_available",
    "is_rocm_available",
    "load",
    "load_static",
    "models",
    "module",
    "operators",
    "ops",
    "optimizer",
    "random",
    "reordering",
    "reset_max_memory_stats",
    "save",
    "set_default_device",
    "set_log_file",
    "set_log_level",
    "set_prealloc_config",
    "tensor",
    "utils",
    "viz",
]


def load_static(file: Any, *, level: int = 2) -> Any:
    """The model of a `.tgm` file (a path or an open binary file), ready to run.

    Runs no code of the file. Raises FileFormatError for a damaged or hostile one.
    """
    return importlib.import_module(f"{__name__}.deploy").load_static(file, level=level)


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"tengen\.")
configure.start()
_follow_cells()
_explain_shortages()
_name_what_was_called()
