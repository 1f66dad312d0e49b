"""PyTorch through torch.compile. Used for comparison only."""

from collections.abc import Callable
from typing import Any

import torch

from . import torch_eager


def prepare(options: dict[str, Any]) -> tuple[Callable[[], Any], dict[str, Any]]:
    """The eager peer's step with the model compiled; the first step compiles."""
    return torch_eager.prepare(options, torch.compile)
