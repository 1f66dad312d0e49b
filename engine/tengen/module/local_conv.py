"""LocalConv2d: a convolution whose weights differ at every position."""

from typing import Any

from ..functional import nn
from .conv import Conv2d, Size


class LocalConv2d(Conv2d):
    """Convolution without shared weights over images of one size.

    `weight` is (groups, H', W', in / groups, kh, kw, out / groups); there is no bias.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        input_height: int,
        input_width: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        dilation: Size = 1,
        groups: int = 1,
        conv_mode: str = "cross_correlation",
        **kwargs: Any,
    ):
        self.input_height = input_height
        self.input_width = input_width
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, False,
            conv_mode, **kwargs,
        )  # fmt: skip

    def _weight_shape(self) -> tuple[int, ...]:
        sizes = zip(
            (self.input_height, self.input_width),
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            strict=True,
        )
        out = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in sizes]
        groups = self.groups
        return (
            groups, *out, self.in_channels // groups, *self.kernel_size,
            self.out_channels // groups,
        )  # fmt: skip

    def forward(self, inp: Any) -> Any:
        return nn.local_conv2d(
            inp, self.weight, None, self.stride, self.padding, self.dilation, self.conv_mode
        )
