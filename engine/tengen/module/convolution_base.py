"""ConvNd: what every convolution layer has: sizes, weight, bias and their initial values."""

import math
from abc import abstractmethod
from typing import Any

import numpy as np

from ..base.errors import ArgumentError
from ..tensor import Parameter
from . import init
from .module import Module


def per_axis(name: str, value: Any, axes: int, least: int) -> tuple[int, ...]:
    """A setting as one int for each axis. Raises ArgumentError for another length or below
    `least`."""
    items = (value,) * axes if isinstance(value, (int, np.integer)) else tuple(value)
    if len(items) != axes or any(int(v) < least for v in items):
        raise ArgumentError(
            f"[Conv] {name} is a whole number or {axes} of them, at least {least}; got {value}"
        )
    return tuple(int(v) for v in items)


class ConvNd(Module):
    """Base of the convolutions over `axes` axes. Weights start normal with variance 1 / fan-in,
    biases zero."""

    axes = 2
    transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if in_channels % groups or out_channels % groups:
            raise ArgumentError(
                f"[{type(self).__name__}] {in_channels} input and {out_channels} output channels"
                f" do not divide into {groups} groups"
            )
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = per_axis("kernel_size", kernel_size, self.axes, 1)
        self.stride = per_axis("stride", stride, self.axes, 1)
        self.padding = per_axis("padding", padding, self.axes, 0)
        self.output_padding: Any = 0
        if self.transposed:
            self.output_padding = per_axis("output_padding", output_padding, self.axes, 0)
        self.dilation = per_axis("dilation", dilation, self.axes, 1)
        self.groups = groups
        self.weight = Parameter(np.zeros(self._weight_shape(), np.float32))
        self.bias = None
        if bias:
            shape = (1, out_channels, *(1,) * self.axes)
            self.bias = Parameter(np.zeros(shape, np.float32))
        self.reset_parameters()

    def _weight_shape(self) -> tuple[int, ...]:
        """(out, in, kernel...), in and out changed for the transposed ones, groups in front."""
        first, second = self.out_channels, self.in_channels
        if self.transposed:
            first, second = second, first
        if self.groups == 1:
            return (first, second, *self.kernel_size)
        return (self.groups, first // self.groups, second // self.groups, *self.kernel_size)

    def _fan_in(self) -> int:
        return self.in_channels * math.prod(self.kernel_size)

    def reset_parameters(self) -> None:
        """Draw the weight anew and set the bias to zero."""
        init.normal_(self.weight, 0.0, math.sqrt(1 / self._fan_in()))
        if self.bias is not None:
            init.zeros_(self.bias)

    @abstractmethod
    def forward(self, inp: Any) -> Any:
        """The convolution of (N, C, ...)."""

    def _module_info_string(self) -> str:
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"]
        for name, plain in (("stride", 1), ("padding", 0), ("dilation", 1)):
            value = getattr(self, name)
            if value != (plain,) * self.axes and value != plain:
                parts.append(f"{name}={value}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        return ", ".join(parts)
