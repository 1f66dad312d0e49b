"""Pooling of images to a given size."""

from typing import Any

from ..functional import nn
from .module import Module


class _AdaptivePool2d(Module):
    def __init__(self, oshp: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.oshp = oshp

    def _module_info_string(self) -> str:
        return f"oshp={self.oshp}"


class AdaptiveMaxPool2d(_AdaptivePool2d):
    """The largest values of (N, C, H, W) in `oshp` (a size, or height and width) windows."""

    def __init__(self, oshp: Any, **kwargs: Any):
        super().__init__(oshp, **kwargs)

    def forward(self, inp: Any) -> Any:
        return nn.adaptive_max_pool2d(inp, self.oshp)


class AdaptiveAvgPool2d(_AdaptivePool2d):
    """The means of (N, C, H, W) in `oshp` (a size, or height and width) windows."""

    def __init__(self, oshp: Any, **kwargs: Any):
        super().__init__(oshp, **kwargs)

    def forward(self, inp: Any) -> Any:
        return nn.adaptive_avg_pool2d(inp, self.oshp)
