"""Transposed convolution with bias and activation, and its gradients.

Shapes: x (N, I, ...), weights (I, O, ...) or (G, I/G, O/G, ...), bias (O,), as frameworks store
them; oneDNN numbers those two axes the other way, which only renames them. The same memory serves
`convolution`, of which this is the transpose.
"""

from typing import Any

from .algorithms import Activation
from .library import load
from .memory import Desc, md_of
from .primitive import (
    BIAS,
    DIFF_BIAS,
    DIFF_DST,
    DIFF_SRC,
    DIFF_WEIGHTS,
    DST,
    FORWARD,
    SRC,
    WEIGHTS,
    Plan,
    activation_post,
    attributes,
    cached,
    create,
    optional_md,
)
from .windows import Padding, PerAxis, Window

_DIRECT = 0xA


def output_shape(
    x: Desc, weights: Desc, stride: PerAxis, padding: Padding, dilation: PerAxis
) -> tuple[int, ...]:
    """The smallest output that the windows cover; a larger one needs `dst` as a Desc."""
    window, channels = _window(x, weights, stride, padding, dilation)
    fields = (
        x.shape[2:],
        window.kernel,
        window.stride,
        window.before,
        window.after,
        window.dilation,
    )
    spatial = [
        (n - 1) * step + gap * (k - 1) + 1 - low - high
        for n, k, step, low, high, gap in zip(*fields, strict=True)
    ]
    return (x.shape[0], channels, *spatial)


def _window(
    x: Desc, weights: Desc, stride: PerAxis, padding: Padding, dilation: PerAxis
) -> tuple[Window, int]:
    lead = weights.shape[_first_axis(x, weights) :]
    groups = weights.shape[0] if weights.ndim > x.ndim else 1
    if x.ndim < 3 or lead[0] * groups != x.shape[1]:
        raise ValueError(f"[deconvolution] weights {weights.shape} do not fit x {x.shape}")
    return Window.of(lead[2:], stride, padding, dilation), lead[1] * groups


def _first_axis(x: Desc, weights: Desc) -> int:
    return weights.ndim - x.ndim


def _values(window: Window, x: Desc, dst: Desc) -> tuple[Any, ...]:
    # Seen backwards, the output is what a convolution reads and x what it gives.
    return window.arguments(window.after_for(dst.shape[2:], x.shape[2:]))


def _forward_pd(x: Desc, w: Desc, bias: Desc | None, dst: Desc, values: Any, post: Any) -> Any:
    return create(
        f"deconvolution forward of {x.shape} by {w.shape}",
        "deconvolution_forward",
        load().engine,
        FORWARD,
        _DIRECT,
        md_of(x),
        md_of(w),
        optional_md(bias),
        md_of(dst),
        *values,
        attributes(*post),
        reference=False,
    )


@cached
def forward(
    x: Desc,
    weights: Desc,
    dst: Desc | str = "any",
    *,
    bias: bool = False,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    activation: Activation = None,
) -> Plan:
    """A plan (src, weights[, bias], dst)."""
    window, channels = _window(x, weights, stride, padding, dilation)
    shape = output_shape(x, weights, stride, padding, dilation)
    out = dst if isinstance(dst, Desc) else Desc.of(shape, x.dtype, dst)
    axis = _first_axis(x, weights)
    pd = _forward_pd(
        x,
        weights.swapped(axis, axis + 1),
        Desc.plain((channels,), x.dtype) if bias else None,
        out,
        _values(window, x, out),
        activation_post(activation),
    )
    arguments = [("src", SRC), ("weights", WEIGHTS), ("bias", BIAS), ("dst", DST)]
    return Plan("deconvolution forward", pd, arguments, {"weights": (axis, axis + 1)})


@cached
def backward_data(
    dy: Desc,
    weights: Desc,
    dx: Desc,
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
) -> Plan:
    """A plan (diff_dst, weights, diff_src): the gradient of the input, of dx's shape."""
    library = load()
    axis = _first_axis(dx, weights)
    values = _values(_window(dx, weights, stride, padding, dilation)[0], dx, dy)
    w = weights.swapped(axis, axis + 1)
    hint = _forward_pd(dx.relaxed(), w.relaxed(), None, dy.relaxed(), values, ())
    pd = create(
        f"deconvolution backward_data of {dy.shape} by {weights.shape}",
        "deconvolution_backward_data",
        library.engine,
        _DIRECT,
        md_of(dx),
        md_of(w),
        md_of(dy),
        *values,
        library.ffi.gc(hint, library.c.dnnl_primitive_desc_destroy),
        attributes(),
        reference=False,
    )
    arguments = [("diff_dst", DIFF_DST), ("weights", WEIGHTS), ("diff_src", DIFF_SRC)]
    return Plan("deconvolution backward_data", pd, arguments, {"weights": (axis, axis + 1)})


@cached
def backward_weights(
    x: Desc,
    dy: Desc,
    dw: Desc,
    *,
    bias: bool = False,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
) -> Plan:
    """A plan (src, diff_dst, diff_weights[, diff_bias]): gradients of weights and bias."""
    library = load()
    axis = _first_axis(x, dw)
    window, channels = _window(x, dw, stride, padding, dilation)
    values = _values(window, x, dy)
    w = dw.swapped(axis, axis + 1)
    b = Desc.plain((channels,), dw.dtype) if bias else None
    hint = _forward_pd(x.relaxed(), w.relaxed(), None, dy.relaxed(), values, ())
    pd = create(
        f"deconvolution backward_weights of {x.shape} to {dw.shape}",
        "deconvolution_backward_weights",
        library.engine,
        _DIRECT,
        md_of(x),
        md_of(w),
        optional_md(b),
        md_of(dy),
        *values,
        library.ffi.gc(hint, library.c.dnnl_primitive_desc_destroy),
        attributes(),
        reference=False,
    )
    arguments = [
        ("src", SRC),
        ("diff_dst", DIFF_DST),
        ("diff_weights", DIFF_WEIGHTS),
        ("diff_bias", DIFF_BIAS),
    ]
    return Plan("deconvolution backward_weights", pd, arguments, {"diff_weights": (axis, axis + 1)})
