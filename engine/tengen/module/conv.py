"""Convolution layers over one, two and three axes."""

from typing import Any

import numpy as np

from ..base.errors import ArgumentError
from ..functional import nn
from .convolution_base import ConvNd

Size = int | tuple[int, ...]
_PADDINGS = ("zeros", "reflect", "replicate")


class _PaddedConv(ConvNd):
    """A convolution that can also pad with reflected or repeated values."""

    def __init__(
        self, *sizes: Any, conv_mode: str, compute_mode: str, padding_mode: str, **kwargs: Any
    ):
        if padding_mode not in _PADDINGS:
            raise ArgumentError(
                f"[{type(self).__name__}] padding_mode is one of {', '.join(_PADDINGS)};"
                f" got {padding_mode!r}"
            )
        self.conv_mode = conv_mode
        self.compute_mode = compute_mode
        self.padding_mode = padding_mode
        super().__init__(*sizes, **kwargs)

    def get_pad_witdth(self) -> tuple[tuple[int, int], ...]:
        """(before, after) for every axis of the input (the name is MegEngine's)."""
        padding: Any = (self.padding,) if self.axes == 1 else self.padding
        return ((0, 0), (0, 0), *[(p, p) for p in padding])

    def _run(self, function: Any, inp: Any, weight: Any, bias: Any) -> Any:
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            inp = nn.pad(inp, self.get_pad_witdth(), self.padding_mode)
            padding = 0
        return function(
            inp, weight, bias, self.stride, padding, self.dilation, self.groups, self.conv_mode,
            self.compute_mode,
        )  # fmt: skip


class Conv1d(_PaddedConv):
    """Convolution over one axis: (N, in_channels, L) to (N, out_channels, L'). Sizes are ints.

    `weight` is (out, in, k), with groups (groups, out / groups, in / groups, k); `bias`
    (1, out, 1). `padding_mode` is "zeros", "reflect" or "replicate".
    """

    axes = 1

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
        conv_mode: str = "cross_correlation",
        compute_mode: str = "default",
        padding_mode: str = "zeros",
        **kwargs: Any,
    ):
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, 0, dilation, groups, bias,
            conv_mode=conv_mode, compute_mode=compute_mode, padding_mode=padding_mode, **kwargs,
        )  # fmt: skip
        for name in ("kernel_size", "stride", "padding", "dilation"):
            setattr(self, name, getattr(self, name)[0])

    def _fan_in(self) -> int:
        return self.in_channels * int(np.prod(self.kernel_size))

    def calc_conv(self, inp: Any, weight: Any, bias: Any) -> Any:
        """The convolution with a given weight and bias."""
        return self._run(nn.conv1d, inp, weight, bias)

    def forward(self, inp: Any) -> Any:
        return self.calc_conv(inp, self.weight, self.bias)


class Conv2d(_PaddedConv):
    """Convolution over images: (N, in_channels, H, W) to (N, out_channels, H', W').

    `weight` is (out, in, kh, kw), with groups (groups, out / groups, in / groups, kh, kw);
    `bias` (1, out, 1, 1). `padding_mode` is "zeros", "reflect" or "replicate".
    """

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
        padding_mode: str = "zeros",
        **kwargs: Any,
    ):
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, 0, dilation, groups, bias,
            conv_mode=conv_mode, compute_mode=compute_mode, padding_mode=padding_mode, **kwargs,
        )  # fmt: skip

    def calc_conv(self, inp: Any, weight: Any, bias: Any) -> Any:
        """The convolution with a given weight and bias."""
        return self._run(nn.conv2d, inp, weight, bias)

    def forward(self, inp: Any) -> Any:
        return self.calc_conv(inp, self.weight, self.bias)


class ConvRelu2d(Conv2d):
    """Conv2d followed by relu; quantization treats the two as one."""

    def forward(self, inp: Any) -> Any:
        return nn.relu(self.calc_conv(inp, self.weight, self.bias))


class Conv3d(ConvNd):
    """Convolution over volumes: (N, in_channels, T, H, W) to (N, out_channels, T', H', W').

    `weight` is (out, in, kt, kh, kw), with groups in front as in Conv2d; `bias`
    (1, out, 1, 1, 1).
    """

    axes = 3

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
    ):
        self.conv_mode = conv_mode
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, 0, dilation, groups, bias
        )

    def calc_conv(self, inp: Any, weight: Any, bias: Any) -> Any:
        """The convolution with a given weight and bias."""
        return nn.conv3d(
            inp, weight, bias, self.stride, self.padding, self.dilation, self.groups,
            self.conv_mode,
        )  # fmt: skip

    def forward(self, inp: Any) -> Any:
        return self.calc_conv(inp, self.weight, self.bias)
