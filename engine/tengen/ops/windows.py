"""Sliding windows over the spatial axes of an (N, C, ...) array: sizes, views and their sum.

Convolution, pooling and sliding_window share this geometry; `padding` is the number of elements
added on both sides of an axis, `dilation` 1 leaves no gaps.
"""

import dataclasses
import itertools
import math
from collections.abc import Iterator
from typing import Any

from ..base.errors import ArgumentError, ShapeError
from ..graph.types import Shape


@dataclasses.dataclass(frozen=True)
class Window:
    """A kernel with its stride, padding and dilation, one number per spatial axis each."""

    kernel: Shape
    stride: Shape
    padding: Shape
    dilation: Shape

    def check(self, name: str) -> None:
        """Raise ArgumentError for a wrong count of numbers or one out of its range."""
        axes = len(self.kernel)
        least = {"kernel": 1, "stride": 1, "padding": 0, "dilation": 1}
        for field, low in least.items():
            values = getattr(self, field)
            if len(values) != axes or any(v < low for v in values):
                raise ArgumentError(
                    f"[{name}] {field} takes {axes} whole number(s) of at least {low}; got {values}"
                )

    def output(self, name: str, size: Shape) -> Shape:
        """How many windows fit along each axis of an input of `size`."""
        found = []
        for n, k, s, p, d in zip(size, self.kernel, self.stride, self.padding, self.dilation,
                                 strict=True):  # fmt: skip
            reach = d * (k - 1) + 1
            if n + 2 * p < reach:
                raise ShapeError(
                    f"[{name}] a window of {reach} does not fit into {n} elements with padding"
                    f" {p} on both sides"
                )
            found.append((n + 2 * p - reach) // s + 1)
        return tuple(found)

    def positions(self, output: Shape) -> Iterator[tuple[int, tuple[slice, ...]]]:
        """For each kernel element, its number and the slices of the padded array it meets."""
        for number, offset in enumerate(itertools.product(*map(range, self.kernel))):
            yield (
                number,
                tuple(
                    slice(k * d, k * d + s * (o - 1) + 1, s)
                    for k, d, s, o in zip(offset, self.dilation, self.stride, output, strict=True)
                ),
            )

    def view(self, xp: Any, padded: Any, output: Shape) -> Any:
        """A read-only view (N, C, *output, *kernel) of a padded (N, C, ...) array."""
        steps = padded.strides[2:]
        return xp.lib.stride_tricks.as_strided(
            padded,
            (*padded.shape[:2], *output, *self.kernel),
            (
                *padded.strides[:2],
                *[step * s for step, s in zip(steps, self.stride, strict=True)],
                *[step * d for step, d in zip(steps, self.dilation, strict=True)],
            ),
        )

    def pad(self, xp: Any, x: Any, fill: float = 0.0) -> Any:
        """`x` with `fill` around its spatial axes, as far as any window reaches."""
        if not any(self.padding):
            return x
        sides = [(0, 0), (0, 0), *[(p, p) for p in self.padding]]
        return xp.pad(x, sides, constant_values=fill)

    def crop(self, padded: Any, size: Shape) -> Any:
        """The part of a padded array that holds the data."""
        return padded[
            (slice(None), slice(None), *[slice(p, p + n)
             for p, n in zip(self.padding, size, strict=True)])
        ]  # fmt: skip

    def padded_size(self, size: Shape) -> Shape:
        """`size` with the padding."""
        return tuple(n + 2 * p for n, p in zip(size, self.padding, strict=True))

    @property
    def area(self) -> int:
        """Elements of the kernel."""
        return math.prod(self.kernel)
