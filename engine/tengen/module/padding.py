"""Pad: a border around a tensor."""

from typing import Any

from ..functional import nn
from .module import Module


class Pad(Module):
    """Adds (before, after) elements along each axis; `mode` is "constant" (of `constant_val`),
    "reflect" or "replicate"."""

    def __init__(
        self,
        pad_width: tuple[tuple[int, int], ...],
        mode: str = "constant",
        constant_val: float = 0.0,
    ):
        super().__init__()
        self.pad_width = pad_width
        self.mode = mode
        self.pad_val = constant_val

    def forward(self, src: Any) -> Any:
        return nn.pad(src, self.pad_width, self.mode, self.pad_val)
