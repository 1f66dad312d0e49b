"""Pooling over windows of images."""

from typing import Any

from ..functional import nn
from .module import Module

Size = int | tuple[int, int]


class _Pool2d(Module):
    def __init__(
        self, kernel_size: Size, stride: Size | None = None, padding: Size = 0, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.kernel_size = kernel_size
        self.stride = stride or kernel_size
        self.padding = padding

    def _module_info_string(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxPool2d(_Pool2d):
    """The largest value of every window of (N, C, H, W); the stride is the window's size unless
    given."""

    def __init__(
        self, kernel_size: Size, stride: Size | None = None, padding: Size = 0, **kwargs: Any
    ):
        super().__init__(kernel_size, stride, padding, **kwargs)

    def forward(self, inp: Any) -> Any:
        return nn.max_pool2d(inp, self.kernel_size, self.stride, self.padding)


class AvgPool2d(_Pool2d):
    """The mean of every window of (N, C, H, W).

    `mode` "average_count_exclude_padding" divides by the elements of the image in the window,
    "average" by the window's size.
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        mode: str = "average_count_exclude_padding",
        **kwargs: Any,
    ):
        super().__init__(kernel_size, stride, padding, **kwargs)
        self.mode = mode

    def forward(self, inp: Any) -> Any:
        return nn.avg_pool2d(inp, self.kernel_size, self.stride, self.padding, self.mode)

    def _module_info_string(self) -> str:
        return f"{super()._module_info_string()}, mode={self.mode}"
