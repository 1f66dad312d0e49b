"""Reading and writing by index as ONNX nodes."""

from typing import Any

import numpy as np

from ...base import dtype as dt
from ...base.errors import UnsupportedError
from .table import writes


@writes("take")
def take(w: Any, x: Any, call: Any) -> Any:
    """Gather along one axis, GatherElements on a grid, GatherND for several axes in front."""
    axes = call.axes
    if call.grid:
        return w.emit("GatherElements", x[0], x[1], axis=axes[0])
    if len(axes) == 1:
        made = w.emit("Gather", x[0], x[1], axis=axes[0])
        lead = call.types[1].ndim
        if not call.front or not axes[0] or not lead:
            return made
        rest = [i for i in range(call.out_types[0].ndim) if not axes[0] <= i < axes[0] + lead]
        return w.emit("Transpose", made, perm=[*range(axes[0], axes[0] + lead), *rest])
    ndim = call.types[0].ndim
    rest = [i for i in range(ndim) if i not in axes]
    source = x[0]
    order = [*axes, *rest]
    if order != list(range(ndim)):
        source = w.emit("Transpose", source, perm=order)
    lead = max(t.ndim for t in call.types[1:])
    made = w.emit("GatherND", source, _key(w, x[1:], call, lead))
    neighbours = axes == tuple(range(axes[0], axes[0] + len(axes)))
    if call.front or not neighbours or not axes[0]:
        return made
    at = axes[0]
    back = [*range(lead, lead + at), *range(lead), *range(lead + at, lead + len(rest))]
    return w.emit("Transpose", made, perm=back)


def _key(w: Any, places: Any, call: Any, lead: int) -> str:
    """Indices of several axes side by side along a last axis."""
    shape = np.broadcast_shapes(*[t.shape for t in call.types[1:]])
    columns = []
    for name, type_ in zip(places, call.types[1:], strict=True):
        if type_.dtype != dt.int64:
            name = w.cast(name, dt.int64)
        if type_.shape != shape:
            name = w.emit("Expand", name, w.ints(*shape))
        columns.append(w.emit("Unsqueeze", name, w.ints(lead)))
    return w.emit("Concat", *columns, axis=lead)  # type: ignore[no-any-return]


@writes("put")
def put(w: Any, x: Any, call: Any) -> Any:
    """ScatterElements on a grid, ScatterND for the first axes."""
    type_ = call.types[0]
    value = x[1]
    if value is None:
        raise UnsupportedError("[to_onnx] put without a value")
    if call.grid:
        return w.emit("ScatterElements", x[0], x[2], value, axis=call.axes[0])
    if call.axes != tuple(range(len(call.axes))):
        raise UnsupportedError("[to_onnx] put at axes that are not the first ones")
    lead = max(t.ndim for t in call.types[2:])
    key = _put_key(w, x[2:], call, lead)
    shape = np.broadcast_shapes(*[t.shape for t in call.types[2:]])
    full = (*shape, *type_.shape[len(call.axes) :])
    if call.types[1].shape != full:
        value = w.emit("Expand", value, w.ints(*full))
    return w.emit("ScatterND", x[0], key, value)


def _put_key(w: Any, places: Any, call: Any, lead: int) -> str:
    shape = np.broadcast_shapes(*[t.shape for t in call.types[2:]])
    columns = []
    for name, type_ in zip(places, call.types[2:], strict=True):
        if type_.dtype != dt.int64:
            name = w.cast(name, dt.int64)
        if type_.shape != shape:
            name = w.emit("Expand", name, w.ints(*shape))
        columns.append(w.emit("Unsqueeze", name, w.ints(lead)))
    return columns[0] if len(columns) == 1 else w.emit("Concat", *columns, axis=lead)  # type: ignore[no-any-return]


@writes("one_hot")
def one_hot(w: Any, x: Any, call: Any) -> Any:
    """OneHot in int64, which runtimes have, and cast."""
    kind = call.out_types[0].dtype
    places = x[0] if call.types[0].dtype == dt.int64 else w.cast(x[0], dt.int64)
    made = w.emit("OneHot", places, w.ints(call.num_classes), w.ints(0, 1), axis=-1)
    return made if kind == dt.int64 else w.cast(made, kind)


@writes("pick")
def pick(w: Any, x: Any, call: Any) -> Any:
    """The element at an index along an axis."""
    axis = call.axis % call.types[0].ndim
    label = w.emit("Unsqueeze", x[1], w.ints(axis))
    return w.emit("Squeeze", w.emit("GatherElements", x[0], label, axis=axis), w.ints(axis))
