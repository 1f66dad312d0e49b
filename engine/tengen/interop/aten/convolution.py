"""ATen's convolutions."""

from typing import Any

from ...base.errors import ArgumentError
from ..sliding import convolve, convolve_transposed
from .table import aten


def each(value: Any, axes: int) -> tuple[int, ...]:
    """One number for every axis."""
    items = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    return items * axes if len(items) == 1 else items


@aten("convolution")
def convolution(
    x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, transposed: bool,
    output_padding: Any, groups: int,
) -> Any:  # fmt: skip
    """A convolution, or a transposed one."""
    if transposed:
        return transposed_convolution(
            x, weight, bias, stride, padding, output_padding, groups, dilation
        )
    return plain_convolution(x, weight, bias, stride, padding, dilation, groups)


@aten("conv1d", "conv2d", "conv3d")
def plain_convolution(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Any:  # fmt: skip
    """The convolution of x, with or without a batch axis; padding may be "same" or "valid"."""
    axes = weight.ndim - 2
    if x.ndim == axes + 1:
        batched = plain_convolution(x[None], weight, bias, stride, padding, dilation, groups)
        return batched[0]
    steps, gaps = each(stride, axes), each(dilation, axes)
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ArgumentError(f"[conv] padding is same, valid or numbers; got {padding!r}")
        spans = [
            d * (k - 1) if padding == "same" else 0
            for d, k in zip(gaps, weight.shape[2:], strict=True)
        ]
        before = tuple(n // 2 for n in spans)
        after = tuple(n - n // 2 for n in spans)
    else:
        before = after = each(padding, axes)
    return convolve(x, weight, bias, steps, before, after, gaps, groups)


@aten("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def transposed_convolution(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    """The transposed convolution."""
    axes = weight.ndim - 2
    steps, gaps, before = each(stride, axes), each(dilation, axes), each(padding, axes)
    size = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + 1 + more
        for n, s, p, d, k, more in zip(
            x.shape[2:], steps, before, gaps, weight.shape[2:], each(output_padding, axes),
            strict=True,
        )
    )  # fmt: skip
    return convolve_transposed(x, weight, bias, steps, before, size, gaps, groups)
