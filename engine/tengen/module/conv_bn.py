"""A convolution with batch normalisation as one module, as quantization and fusion want it."""

from typing import Any

from ..functional import nn
from .batchnorm import BatchNorm2d
from .conv import Conv2d, Size
from .module import Module


class ConvBn2d(Module):
    """Conv2d, then BatchNorm2d; the settings are theirs."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        conv_mode: str = "cross_correlation",
        compute_mode: str = "default",
        eps: float = 1e-5,
        momentum: float = 0.9,
        affine: bool = True,
        track_running_stats: bool = True,
        padding_mode: str = "zeros",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.conv = Conv2d(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias,
            conv_mode, compute_mode, padding_mode,
        )  # fmt: skip
        self.bn = BatchNorm2d(out_channels, eps, momentum, affine, track_running_stats)

    def forward(self, inp: Any) -> Any:
        return self.bn(self.conv(inp))


class ConvBnRelu2d(ConvBn2d):
    """Conv2d, then BatchNorm2d, then relu."""

    def forward(self, inp: Any) -> Any:
        return nn.relu(self.bn(self.conv(inp)))
