"""PixelShuffle: channels become pixels."""

from typing import Any

from ..functional import nn
from .module import Module


class PixelShuffle(Module):
    """(..., C r^2, H, W) to (..., C, H r, W r) for `upscale_factor` r (Shi et al., 2016)."""

    def __init__(self, upscale_factor: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.upscale_factor = upscale_factor

    def forward(self, x: Any) -> Any:
        return nn.pixel_shuffle(x, self.upscale_factor)
