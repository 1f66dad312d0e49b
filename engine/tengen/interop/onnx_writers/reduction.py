"""Reductions, softmax, sorting and running sums as ONNX nodes."""

from typing import Any

from ...base import dtype as dt
from .table import writes


def _axes(call: Any) -> list[int]:
    ndim = call.types[0].ndim
    axis = call.axis
    if axis is None:
        return list(range(ndim))
    return [a % ndim for a in (axis if isinstance(axis, tuple) else (axis,))]


def _reduction(name: str, op: str) -> None:
    @writes(name)
    def write(w: Any, x: Any, call: Any) -> Any:
        source = x[0]
        out = call.out_types[0].dtype
        if call.types[0].dtype != out:
            source = w.cast(source, out)
        axes = _axes(call)
        if not axes:
            return w.emit("Identity", source)
        return w.reduced(op, source, axes, call.keepdims)


for _name, _op in {
    "sum": "ReduceSum", "mean": "ReduceMean", "max": "ReduceMax", "min": "ReduceMin",
    "prod": "ReduceProd", "logsumexp": "ReduceLogSumExp",
}.items():  # fmt: skip
    _reduction(_name, _op)


@writes("variance")
def variance(w: Any, x: Any, call: Any) -> Any:
    """The mean squared distance from the mean."""
    axes = _axes(call)
    gap = w.emit("Sub", x[0], w.reduced("ReduceMean", x[0], axes, True))
    return w.reduced("ReduceMean", w.emit("Mul", gap, gap), axes, call.keepdims)


def _extreme(name: str, op: str) -> None:
    @writes(name)
    def write(w: Any, x: Any, call: Any) -> Any:
        source, axis = x[0], call.axis
        if axis is None:
            source, axis = w.emit("Reshape", source, w.ints(-1)), 0
        made = w.emit(op, source, axis=axis, keepdims=int(call.keepdims))
        made = w.cast(made, call.out_types[0].dtype)
        if call.axis is None and call.keepdims is False:
            return made
        if call.axis is None:
            return w.reshaped(made, (1,) * call.types[0].ndim)
        return made


_extreme("argmax", "ArgMax")
_extreme("argmin", "ArgMin")


def _soft(name: str, op: str) -> None:
    @writes(name)
    def write(w: Any, x: Any, call: Any) -> Any:
        axes = _axes(call)
        if len(axes) == 1:
            return w.emit(op, x[0], axis=axes[0])
        top = w.emit("Sub", x[0], w.reduced("ReduceMax", x[0], axes, True))
        raised = w.emit("Exp", top)
        total = w.reduced("ReduceSum", raised, axes, True)
        if op == "Softmax":
            return w.emit("Div", raised, total)
        return w.emit("Sub", top, w.emit("Log", total))


_soft("softmax", "Softmax")
_soft("log_softmax", "LogSoftmax")


@writes("cumsum")
def cumsum(w: Any, x: Any, call: Any) -> Any:
    """The running sum."""
    axis = call.axis % call.types[0].ndim
    source = x[0]
    if call.types[0].dtype != call.out_types[0].dtype:
        source = w.cast(source, call.out_types[0].dtype)
    return w.emit("CumSum", source, w.ints(axis), reverse=int(call.reverse))


@writes("argsort")
def argsort(w: Any, x: Any, call: Any) -> Any:
    """The places that sort the last axis."""
    size = call.types[0].shape[-1]
    _, places = w.emit(
        "TopK", x[0], w.ints(size), outputs=2, axis=-1, largest=int(call.descending), sorted=1
    )
    return w.cast(places, call.out_types[0].dtype)


@writes("argtopk")
def argtopk(w: Any, x: Any, call: Any) -> Any:
    """The places of the k first of the last axis."""
    _, places = w.emit(
        "TopK", x[0], w.ints(call.k), outputs=2, axis=-1, largest=int(call.descending), sorted=1
    )
    return w.cast(places, call.out_types[0].dtype)


@writes("channel_sum")
def channel_sum(w: Any, x: Any, call: Any) -> Any:
    """The sum over every axis but the channels."""
    axes = [0, *range(2, call.types[0].ndim)]
    return w.reduced("ReduceSum", x[0], axes, call.keepdims)


@writes("nonzero")
def nonzero(w: Any, x: Any, call: Any) -> Any:
    """The places that are not zero, one vector for each axis."""
    source = x[0] if call.types[0].dtype == dt.bool_ else w.cast(x[0], dt.bool_)
    places = w.emit("NonZero", source)
    count = call.types[0].ndim
    return tuple(
        w.emit("Squeeze", w.emit("Slice", places, w.ints(i), w.ints(i + 1), w.ints(0)), w.ints(0))
        for i in range(count)
    )
