"""Transposed convolution layers: the gradient of a convolution with respect to its input."""

import math
from typing import Any

from ..functional import nn
from .convolution_base import ConvNd

Size = int | tuple[int, ...]


class ConvTranspose2d(ConvNd):
    """Transposed convolution over images: (N, in_channels, H, W) to (N, out_channels, H', W'),
    H' = (H - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1.

    `weight` is (in, out, kh, kw), with groups (groups, in / groups, out / groups, kh, kw).
    """

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        conv_mode: str = "cross_correlation",
        compute_mode: str = "default",
        **kwargs: Any,
    ):
        self.conv_mode = conv_mode
        self.compute_mode = compute_mode
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, output_padding, dilation,
            groups, bias, **kwargs,
        )  # fmt: skip

    def _fan_in(self) -> int:
        return self.out_channels * math.prod(self.kernel_size)

    def calc_conv_transpose2d(self, inp: Any, weight: Any, bias: Any) -> Any:
        """The transposed convolution with a given weight and bias."""
        return nn.conv_transpose2d(
            inp, weight, bias, self.stride, self.padding, self.output_padding, self.dilation,
            self.groups, self.conv_mode, self.compute_mode,
        )  # fmt: skip

    def forward(self, inp: Any) -> Any:
        return self.calc_conv_transpose2d(inp, self.weight, self.bias)


class ConvTranspose3d(ConvNd):
    """Transposed convolution over volumes: (N, in_channels, T, H, W) to
    (N, out_channels, T', H', W'), sizes as in ConvTranspose2d; `weight` is (in, out, kt, kh, kw).
    """

    axes = 3
    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
    ):
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, output_padding, dilation,
            groups, bias,
        )  # fmt: skip

    def forward(self, inp: Any) -> Any:
        return nn.conv_transpose3d(
            inp, self.weight, self.bias, self.stride, self.padding, self.output_padding,
            self.dilation, self.groups,
        )  # fmt: skip
