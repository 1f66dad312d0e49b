"""Convolutions, pooling, normalisation, attention and products as ONNX nodes."""

import math
from typing import Any

import numpy as np

from .elementwise import hidden
from .table import BatchIsFixed, writes


@writes("matmul")
def matmul(w: Any, x: Any, call: Any) -> Any:
    """The product; Gemm for plain matrices with a bias or transposed."""
    a, b = call.types[:2]
    bias = x[2] if len(x) > 2 else None
    flat = a.ndim == b.ndim == 2
    if flat and (bias is not None or call.transpose_a or call.transpose_b):
        turns = {"transA": int(call.transpose_a), "transB": int(call.transpose_b)}
        return w.emit("Gemm", x[0], x[1], bias, **turns)
    left = _turned(w, x[0], a.ndim) if call.transpose_a else x[0]
    right = _turned(w, x[1], b.ndim) if call.transpose_b else x[1]
    made = w.emit("MatMul", left, right)
    return made if bias is None else w.emit("Add", made, bias)


def _turned(w: Any, name: str, ndim: int) -> str:
    order = [*range(ndim - 2), ndim - 1, ndim - 2]
    return w.emit("Transpose", name, perm=order)  # type: ignore[no-any-return]


@writes("attention")
def attention(w: Any, x: Any, call: Any) -> Any:
    """softmax(scale * q k^T) v."""
    q, k, v = x
    dtype = call.types[0].dtype
    scores = w.emit("MatMul", w.emit("Mul", q, w.like(call.scale, dtype)), _turned(w, k, 4))
    if call.causal:
        shape = (*call.types[0].shape[:3], call.types[1].shape[2])
        scores = hidden(w, scores, call.types[0].with_shape(shape), -math.inf)
    return w.emit("MatMul", w.emit("Softmax", scores, axis=-1), v)


def given(call: Any, index: int) -> bool:
    """Whether an optional input is there."""
    return len(call.types) > index and call.types[index] is not None


def _weight(w: Any, x: Any, call: Any, index: int) -> tuple[str, int, tuple[int, ...]]:
    """A convolution's weight with the group axis merged, the groups, and its shape."""
    type_ = call.types[index]
    if type_.ndim == call.types[0].ndim:
        return x[index], 1, type_.shape
    shape = (type_.shape[0] * type_.shape[1], *type_.shape[2:])
    value = call.constant(index)
    if value is None:
        return w.reshaped(x[index], shape), type_.shape[0], shape
    return merged(w, call.inputs[index], shape), type_.shape[0], shape


def merged(w: Any, var: Any, shape: tuple[int, ...]) -> str:
    """A constant stored in another shape, under its own name."""
    key = (var, shape)
    found = w.reshapes.get(key)
    if found is None:
        hint = w.first.names.get(var)
        found = w.reshapes[key] = w.weight(w.constants[var].reshape(shape), hint)
    return found  # type: ignore[no-any-return]


def _vector(w: Any, x: Any, call: Any, index: int) -> str:
    """A parameter of a channel axis as a vector."""
    type_ = call.types[index]
    if type_.ndim == 1:
        return x[index]  # type: ignore[no-any-return]
    if call.constant(index) is not None:
        return merged(w, call.inputs[index], (type_.size,))
    return w.reshaped(x[index], (-1,))  # type: ignore[no-any-return]


@writes("convolution")
def convolution(w: Any, x: Any, call: Any) -> Any:
    """Conv."""
    weight, groups, shape = _weight(w, x, call, 1)
    bias = _vector(w, x, call, 2) if given(call, 2) else None
    return w.emit(
        "Conv", x[0], weight, bias, kernel_shape=list(shape[2:]), strides=list(call.stride),
        pads=list(call.padding) * 2, dilations=list(call.dilation), group=groups,
    )  # fmt: skip


@writes("convolution_backward_data")
def transposed_convolution(w: Any, x: Any, call: Any) -> Any:
    """ConvTranspose; what the sizes leave over is output padding."""
    weight, groups, shape = _weight(w, x, call, 1)
    extra = [
        size - ((n - 1) * s - 2 * p + d * (k - 1) + 1)
        for size, n, s, p, d, k in zip(
            call.size, call.types[0].shape[2:], call.stride, call.padding, call.dilation,
            shape[2:], strict=True,
        )
    ]  # fmt: skip
    return w.emit(
        "ConvTranspose", x[0], weight, kernel_shape=list(shape[2:]), strides=list(call.stride),
        pads=list(call.padding) * 2, dilations=list(call.dilation), group=groups,
        output_padding=extra if any(extra) else None,
    )  # fmt: skip


@writes("max_pool")
def max_pool(w: Any, x: Any, call: Any) -> Any:
    """MaxPool; the places within the windows have no form in ONNX."""
    made = w.emit(
        "MaxPool", x[0], kernel_shape=list(call.kernel), strides=list(call.stride),
        pads=list(call.padding) * 2,
    )  # fmt: skip
    return made, None


@writes("average_pool")
def average_pool(w: Any, x: Any, call: Any) -> Any:
    """AveragePool, or GlobalAveragePool where one window takes all."""
    size = call.types[0].shape[2:]
    if tuple(call.kernel) == size and not any(call.padding):
        return w.emit("GlobalAveragePool", x[0])
    return w.emit(
        "AveragePool", x[0], kernel_shape=list(call.kernel), strides=list(call.stride),
        pads=list(call.padding) * 2, count_include_pad=int(call.mode == "average"),
    )  # fmt: skip


@writes("batch_norm_inference")
def batch_norm_inference(w: Any, x: Any, call: Any) -> Any:
    """BatchNormalization."""
    channels = call.types[0].shape[1]
    mean, variance = (_vector(w, x, call, i) for i in (1, 2))
    if given(call, 3):
        scale, bias = (_vector(w, x, call, i) for i in (3, 4))
    else:
        dtype = call.types[0].dtype
        scale, bias = w.weight(np.ones(channels, dtype)), w.weight(np.zeros(channels, dtype))
    return w.emit("BatchNormalization", x[0], scale, bias, mean, variance, epsilon=call.eps)


@writes("batch_norm")
def batch_norm(w: Any, x: Any, call: Any) -> Any:
    """Normalised with the batch's own statistics, written out."""
    axes = [0, *range(2, call.types[0].ndim)]
    return _normalised(w, x, call, axes, call.types[0].shape[1:2], 1)


def _normalised(w: Any, x: Any, call: Any, axes: Any, shape: Any, channel: Any) -> Any:
    mean = w.reduced("ReduceMean", x[0], axes, True)
    gap = w.emit("Sub", x[0], mean)
    variance = w.reduced("ReduceMean", w.emit("Mul", gap, gap), axes, True)
    root = w.emit("Sqrt", w.emit("Add", variance, w.like(call.eps, call.types[0].dtype)))
    made = w.emit("Div", gap, root)
    if given(call, 1):
        made = w.emit("Add", w.emit("Mul", made, x[1]), x[2])
    return made, None, None


@writes("layer_norm")
def layer_norm(w: Any, x: Any, call: Any) -> Any:
    """LayerNormalization over the last axes, else written out."""
    type_ = call.types[0]
    axes = [a % type_.ndim for a in call.axes]
    last = axes == list(range(axes[0], type_.ndim))
    if not last:
        return _normalised(w, x, call, axes, None, None)
    shape = type_.shape[axes[0] :]
    if call.other_out_types[0].shape[axes[0] :] != shape:
        raise BatchIsFixed("a norm over the batch")
    weight = x[1] if len(x) > 1 else None
    full = call.types[1] is not None and call.types[1].shape == shape if len(x) > 1 else True
    if not full:
        return _normalised(w, x, call, axes, None, None)
    if weight is None:
        weight = w.weight(np.ones(shape, type_.dtype))
    bias = x[2] if len(x) > 2 else None
    made = w.emit("LayerNormalization", x[0], weight, bias, axis=axes[0], epsilon=call.eps)
    return made, None, None


@writes("resize")
def resize(w: Any, x: Any, call: Any) -> Any:
    """Resize of the spatial axes."""
    type_ = call.types[0]
    one = (*call.out_types[0].shape[:2], *call.size)
    two = (*call.other_out_types[0].shape[:2], *call.size)
    how: dict[str, Any] = {"mode": call.mode}
    if call.mode == "nearest":
        how |= {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    else:
        convention = "align_corners" if call.align_corners else "half_pixel"
        how["coordinate_transformation_mode"] = convention
    scales = np.array([1, 1, *[t / n for t, n in zip(call.size, type_.shape[2:], strict=True)]])
    exact = all(math.floor(n * np.float32(s)) == t for n, s, t in
                zip(type_.shape, scales, one, strict=True))  # fmt: skip
    if exact and one != two:
        return w.emit("Resize", x[0], None, w.weight(scales.astype(np.float32)), **how)
    return w.emit("Resize", x[0], None, None, w.sizes(one, two), **how)


@writes("cross_entropy")
def cross_entropy(w: Any, x: Any, call: Any) -> Any:
    """The negative log-likelihood of class labels, without reduction."""
    type_ = call.types[0]
    axis = call.axis % type_.ndim
    logs = w.emit("LogSoftmax", x[0], axis=axis)
    label = w.emit("Unsqueeze", x[1], w.ints(axis))
    picked = w.emit("Squeeze", w.emit("GatherElements", logs, label, axis=axis), w.ints(axis))
    loss = w.emit("Neg", picked)
    smooth = call.label_smooth
    if not smooth:
        return loss
    even = w.emit("Neg", w.reduced("ReduceMean", logs, [axis], False))
    parts = [
        w.emit("Mul", value, w.like(share, type_.dtype))
        for value, share in ((loss, 1 - smooth), (even, smooth))
    ]
    return w.emit("Add", *parts)
