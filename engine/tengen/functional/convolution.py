"""Convolutions of functional.nn: plain, grouped, transposed, and with untied kernels."""

from collections.abc import Sequence
from typing import Any

from ..base.errors import ArgumentError, ShapeError
from ..operands import floating, pair, ready
from ..ops import convolution as ops
from ..ops import elementwise
from ..ops.matmul import matmul
from ..ops.shape import reshape, transpose
from ..ops.sliding import sliding_window
from ..tensor import Tensor

__all__ = [
    "conv1d", "conv2d", "conv3d", "conv_transpose2d", "conv_transpose3d", "local_conv2d",
]  # fmt: skip

PerAxis = int | Sequence[int]


def per_axis(name: str, what: str, value: Any, axes: int) -> tuple[int, ...]:
    """One whole number for each of `axes` axes, from one number or as many. Raises otherwise."""
    if isinstance(value, int):
        return (value,) * axes
    if isinstance(value, Tensor):
        value = value.tolist()
    try:
        numbers = tuple([int(v) for v in value]) if hasattr(value, "__iter__") else (int(value),)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"[{name}] {what} takes whole numbers; got {value!r}") from error
    if len(numbers) == 1:
        return numbers * axes
    if len(numbers) != axes:
        raise ArgumentError(f"[{name}] {what} takes one number or {axes}; got {value!r}")
    return numbers


def _check(
    name: str,
    inp: Tensor,
    weight: Tensor,
    groups: int,
    conv_mode: Any,
    compute_mode: Any,
    axes: int,
) -> None:
    if inp.ndim != axes + 2:
        raise ShapeError(
            f"[{name}] input must have {axes + 2} axes (N, C, ...); got shape {inp.shape}"
        )
    grouped = weight.ndim == axes + 3
    if weight.ndim not in (axes + 2, axes + 3) or groups != (weight.shape[0] if grouped else 1):
        expected = (
            f"{axes + 2} axes" if groups == 1 else f"{axes + 3} axes, {groups} along the first"
        )
        raise ShapeError(
            f"[{name}] with groups={groups} the weight has {expected}; got shape {weight.shape}"
        )
    if str(conv_mode).lower() != "cross_correlation":
        raise ArgumentError(f"[{name}] conv_mode is cross_correlation; got {conv_mode!r}")
    if str(compute_mode).lower() not in ("default", "float32"):
        raise ArgumentError(f"[{name}] compute_mode is default or float32; got {compute_mode!r}")


def _forward(
    name: str, axes: int, inp: Any, weight: Any, bias: Any, stride: Any, padding: Any,
    dilation: Any, groups: int, conv_mode: Any, compute_mode: Any,
) -> Tensor:  # fmt: skip
    op = ops.convolution
    x, w = pair(name, floating(ready(op, inp)), ready(op, weight))
    _check(name, x, w, groups, conv_mode, compute_mode, axes)
    operands = [x, w]
    if bias is not None:
        operands.append(bias if bias.dtype == x.dtype else bias.astype(x.dtype))
    return op(  # type: ignore[no-any-return]
        *operands,
        stride=per_axis(name, "stride", stride, axes),
        padding=per_axis(name, "padding", padding, axes),
        dilation=per_axis(name, "dilation", dilation, axes),
    )


def conv1d(
    inp: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0,
    dilation: int = 1, groups: int = 1, conv_mode: str = "cross_correlation",
    compute_mode: str = "default",
) -> Tensor:  # fmt: skip
    """The 1-d convolution of inp (N, C, L) with weight (O, C, k), or (G, O/G, C/G, k) for groups.

    bias: (1, O, 1) or (O,). float16 and bfloat16 are always summed in float32.
    """
    return _forward("conv1d", 1, inp, weight, bias, stride, padding, dilation, groups, conv_mode,
                    compute_mode)  # fmt: skip


def conv2d(
    inp: Tensor, weight: Tensor, bias: Tensor | None = None, stride: PerAxis = 1,
    padding: PerAxis = 0, dilation: PerAxis = 1, groups: int = 1,
    conv_mode: str = "cross_correlation", compute_mode: str = "default",
) -> Tensor:  # fmt: skip
    """The 2-d convolution of inp (N, C, H, W) with weight (O, C, h, w).

    For groups > 1 the weight is (G, O/G, C/G, h, w). bias: (1, O, 1, 1) or (O,). `padding` zeros
    are added on both sides. float16 and bfloat16 are always summed in float32.
    """
    return _forward("conv2d", 2, inp, weight, bias, stride, padding, dilation, groups, conv_mode,
                    compute_mode)  # fmt: skip


def conv3d(
    inp: Tensor, weight: Tensor, bias: Tensor | None = None, stride: PerAxis = 1,
    padding: PerAxis = 0, dilation: PerAxis = 1, groups: int = 1,
    conv_mode: str = "cross_correlation",
) -> Tensor:  # fmt: skip
    """The 3-d convolution of inp (N, C, D, H, W) with weight (O, C, d, h, w).

    For groups > 1 the weight is (G, O/G, C/G, d, h, w). bias: (1, O, 1, 1, 1) or (O,).
    """
    return _forward("conv3d", 3, inp, weight, bias, stride, padding, dilation, groups, conv_mode,
                    "default")  # fmt: skip


def _transposed(
    name: str, axes: int, inp: Any, weight: Any, bias: Any, stride: Any, padding: Any,
    output_padding: Any, dilation: Any, groups: int, conv_mode: Any, compute_mode: Any,
) -> Tensor:  # fmt: skip
    op = ops.convolution_backward_data
    x, w = pair(name, floating(ready(op, inp)), ready(op, weight))
    _check(name, x, w, groups, conv_mode, compute_mode, axes)
    window = {
        "stride": per_axis(name, "stride", stride, axes),
        "padding": per_axis(name, "padding", padding, axes),
        "dilation": per_axis(name, "dilation", dilation, axes),
    }
    extra = per_axis(name, "output_padding", output_padding, axes)
    for more, step in zip(extra, window["stride"], strict=True):
        if not 0 <= more < max(step, 1):
            raise ArgumentError(
                f"[{name}] output_padding must be less than stride {window['stride']}; got {extra}"
            )
    size = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + 1 + more
        for n, k, s, p, d, more in zip(
            x.shape[2:], w.shape[-axes:], window["stride"], window["padding"], window["dilation"],
            extra, strict=True,
        )
    )  # fmt: skip
    if any(n < 1 for n in size):
        raise ShapeError(f"[{name}] padding {window['padding']} leaves an output of size {size}")
    y = op(x, w, size=size, **window)
    if bias is None:
        return y  # type: ignore[no-any-return]
    bias = bias.astype(y.dtype)
    if bias.ndim == 1:
        bias = reshape(bias, shape=(1, -1, *[1] * axes))
    return elementwise.add(y, bias)  # type: ignore[no-any-return]


def conv_transpose2d(
    inp: Tensor, weight: Tensor, bias: Tensor | None = None, stride: PerAxis = 1,
    padding: PerAxis = 0, output_padding: PerAxis = 0, dilation: PerAxis = 1, groups: int = 1,
    conv_mode: str = "cross_correlation", compute_mode: str = "default",
) -> Tensor:  # fmt: skip
    """The transposed 2-d convolution: the gradient of conv2d's input, with inp as dy.

    inp (N, C, H, W), weight (C, O, h, w), for groups (G, C/G, O/G, h, w); the output has
    (H - 1) * stride - 2 * padding + dilation * (h - 1) + 1 + output_padding rows.
    """
    return _transposed("conv_transpose2d", 2, inp, weight, bias, stride, padding, output_padding,
                       dilation, groups, conv_mode, compute_mode)  # fmt: skip


def conv_transpose3d(
    inp: Tensor, weight: Tensor, bias: Tensor | None = None, stride: PerAxis = 1,
    padding: PerAxis = 0, output_padding: PerAxis = 0, dilation: PerAxis = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The transposed 3-d convolution of inp (N, C, D, H, W) with weight (C, O, d, h, w).

    For groups the weight is (G, C/G, O/G, d, h, w); sizes as in conv_transpose2d.
    """
    return _transposed("conv_transpose3d", 3, inp, weight, bias, stride, padding, output_padding,
                       dilation, groups, "cross_correlation", "default")  # fmt: skip


def local_conv2d(
    inp: Tensor, weight: Tensor, bias: Tensor | None = None, stride: PerAxis = 1,
    padding: PerAxis = 0, dilation: PerAxis = 1, conv_mode: str = "cross_correlation",
) -> Tensor:  # fmt: skip
    """A convolution with a kernel of its own at every output position.

    inp (N, C, H, W); weight (oh, ow, C, h, w, O), or (G, oh, ow, C/G, h, w, O/G) with groups; the
    result is (N, O, oh, ow). bias broadcasts to it.
    """
    name = "local_conv2d"
    x, w = pair(name, floating(inp), weight)
    if x.ndim != 4 or w.ndim not in (6, 7):
        raise ShapeError(
            f"[{name}] input of 4 axes and weight (oh, ow, C, h, w, O), with groups before it if"
            f" any, are needed; got {x.shape} and {w.shape}"
        )
    if str(conv_mode).lower() != "cross_correlation":
        raise ArgumentError(f"[{name}] conv_mode is cross_correlation; got {conv_mode!r}")
    groups, oh, ow, inputs, h, k, outputs = w.shape if w.ndim == 7 else (1, *w.shape)
    batch = x.shape[0]
    windows = sliding_window(
        x,
        kernel=(h, k),
        stride=per_axis(name, "stride", stride, 2),
        padding=per_axis(name, "padding", padding, 2),
        dilation=per_axis(name, "dilation", dilation, 2),
    )  # (N, C, oh, ow, h, w)
    if windows.shape[1:4] != (groups * inputs, oh, ow):
        raise ShapeError(
            f"[{name}] weight of shape {w.shape} takes {groups * inputs} channels and gives"
            f" {oh} x {ow} positions; the input has {windows.shape[1]} and gives"
            f" {windows.shape[2]} x {windows.shape[3]}"
        )
    parts = reshape(windows, shape=(batch, groups, inputs, oh, ow, h, k))
    parts = transpose(parts, pattern=(1, 3, 4, 0, 2, 5, 6))  # (G, oh, ow, N, C/G, h, w)
    rows = reshape(parts, shape=(groups, oh, ow, batch, inputs * h * k))
    y = matmul(rows, reshape(w, shape=(groups, oh, ow, inputs * h * k, outputs)))
    y = transpose(y, pattern=(3, 0, 4, 1, 2))  # (N, G, O/G, oh, ow)
    y = reshape(y, shape=(batch, groups * outputs, oh, ow))
    return y if bias is None else elementwise.add(y, bias.astype(y.dtype))  # type: ignore[no-any-return]
