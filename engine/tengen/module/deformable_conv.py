"""DeformableConv2d: a convolution that reads at learned positions."""

from typing import Any

from ..functional import nn
from .convolution_base import ConvNd

Size = int | tuple[int, int]


class DeformableConv2d(ConvNd):
    """Deformable convolution (Zhu et al., 2019): every tap is shifted by `offset` and weighted
    by `mask`, both computed by other layers.

    Input (N, in_channels, H, W), offset (N, 2 kh kw, H', W'), mask (N, kh kw, H', W').
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
        **kwargs: Any,
    ):
        self.conv_mode = conv_mode
        self.compute_mode = compute_mode
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, 0, dilation, groups, bias,
            **kwargs,
        )  # fmt: skip

    def calc_conv(self, inp: Any, weight: Any, offset: Any, mask: Any, bias: Any) -> Any:
        """The convolution with a given weight and bias."""
        return nn.deformable_conv2d(
            inp, weight, offset, mask, bias, self.stride, self.padding, self.dilation,
            self.groups, self.conv_mode, self.compute_mode,
        )  # fmt: skip

    def forward(self, inp: Any, offset: Any, mask: Any) -> Any:
        return self.calc_conv(inp, self.weight, offset, mask, self.bias)
