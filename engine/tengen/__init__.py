"""Tengen: a deep-learning framework in which dynamic and static graphs are one."""

import warnings

from . import autodiff, functional, module, operators, ops, optimizer, random
from .base.config import config
from .base.device import get_default_device, set_default_device
from .tensor import Parameter, Tensor

__version__ = "0.1.0"

__all__ = [
    "Parameter", "Tensor", "autodiff", "config", "functional", "get_default_device",
    "module", "operators", "ops", "optimizer", "random", "set_default_device",
]  # fmt: skip

warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"tengen\.")
