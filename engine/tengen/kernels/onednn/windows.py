"""Strides, paddings and dilations of sliding windows, in the forms oneDNN takes."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from ...base.layout import Shape

PerAxis = int | tuple[int, ...]
Padding = int | tuple[int, ...] | tuple[tuple[int, int], ...]


def per_axis(value: PerAxis, axes: int, name: str) -> Shape:
    """`value` for each of `axes` axes. Raises ValueError when there are fewer or more values."""
    values = (value,) * axes if isinstance(value, int) else tuple(value)
    if len(values) != axes:
        raise ValueError(f"[window] {name} takes one number or {axes}; got {value}")
    return values


@dataclasses.dataclass(frozen=True)
class Window:
    """A window over the last axes of an array; `dilation` 1 means that there are no gaps."""

    kernel: Shape
    stride: Shape
    before: Shape
    after: Shape
    dilation: Shape

    @staticmethod
    def of(kernel: Sequence[int], stride: PerAxis, padding: Padding, dilation: PerAxis) -> "Window":
        """A Window; padding is a number, one per axis, or a pair (before, after) per axis."""
        axes = len(kernel)
        pairs: list[Any] = [padding] * axes if isinstance(padding, int) else list(padding)
        if len(pairs) != axes:
            raise ValueError(f"[window] padding takes one value or {axes}; got {padding}")
        sides = [(pad, pad) if isinstance(pad, int) else (pad[0], pad[1]) for pad in pairs]
        return Window(
            tuple(kernel),
            per_axis(stride, axes, "stride"),
            tuple(side[0] for side in sides),
            tuple(side[1] for side in sides),
            per_axis(dilation, axes, "dilation"),
        )

    @property
    def gaps(self) -> Shape:
        """Dilation as oneDNN counts it: 0 means that there are no gaps."""
        return tuple(step - 1 for step in self.dilation)

    def output(self, size: Sequence[int]) -> Shape:
        """The number of windows along each axis of an input of `size`."""
        fields = (size, self.kernel, self.stride, self.before, self.after, self.dilation)
        return tuple(
            (n + low + high - (gap * (k - 1) + 1)) // step + 1
            for n, k, step, low, high, gap in zip(*fields, strict=True)
        )

    def after_for(self, size: Sequence[int], output: Sequence[int]) -> Shape:
        """Padding behind the data with which exactly `output` windows fit into `size`."""
        fields = (size, output, self.kernel, self.stride, self.before, self.dilation)
        return tuple(
            (out - 1) * step + gap * (k - 1) + 1 - n - low
            for n, out, k, step, low, gap in zip(*fields, strict=True)
        )

    def arguments(self, after: Sequence[int] | None = None) -> tuple[Shape, Shape, Shape, Shape]:
        """Strides, gaps, padding before and after, as a convolution takes them."""
        return self.stride, self.gaps, self.before, tuple(after or self.after)
