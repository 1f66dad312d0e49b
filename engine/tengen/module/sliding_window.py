"""Windows of images side by side, and their sum back into an image."""

from typing import Any

from ..functional import nn
from .module import Module

Size = int | tuple[int, int]


class SlidingWindow(Module):
    """Every window of (N, C, H, W): (N, C, H', W', kh, kw)."""

    def __init__(
        self,
        kernel_size: Size,
        padding: Size = 0,
        stride: Size = 1,
        dilation: Size = 1,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.kernel_size = kernel_size
        self.padding = padding
        self.stride = stride
        self.dilation = dilation

    def forward(self, inp: Any) -> Any:
        return nn.sliding_window(inp, self.kernel_size, self.padding, self.stride, self.dilation)


class SlidingWindowTranspose(Module):
    """The sum of windows (N, C, H', W', kh, kw) at their places: (N, C, *output_size)."""

    def __init__(
        self,
        output_size: Size,
        kernel_size: Size,
        padding: Size = 0,
        stride: Size = 1,
        dilation: Size = 1,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.padding = padding
        self.stride = stride
        self.dilation = dilation

    def forward(self, inp: Any) -> Any:
        return nn.sliding_window_transpose(
            inp, self.output_size, self.kernel_size, self.padding, self.stride, self.dilation
        )
