"""PyTorch through torch.compile. Used for comparison only."""

from collections.abc import Callable
from typing import Any

import torch

from . import torch_eager
from .torch_eager import peak_bytes

__all__ = ["peak_bytes", "prepare"]


def prepare(options: dict[str, Any]) -> tuple[Callable[[], Any], dict[str, Any]]:
    """The eager peer's step with the model compiled; the first step compiles.

    On a GPU in the mode that tries most and captures CUDA graphs.
    """
    if options.get("device", "cpu0").startswith("gpu"):
        return torch_eager.prepare(options, lambda net: torch.compile(net, mode="max-autotune"))
    return torch_eager.prepare(options, torch.compile)
