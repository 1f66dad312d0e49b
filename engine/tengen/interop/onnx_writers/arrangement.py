"""Operators that arrange or make elements, as ONNX nodes."""

from typing import Any

import numpy as np

from .table import BatchIsFixed, writes


@writes("reshape")
def reshape(w: Any, x: Any, call: Any) -> Any:
    """Another shape; the size that follows the batch is left open."""
    one, two = call.out_types[0].shape, call.other_out_types[0].shape
    return w.emit("Reshape", x[0], w.sizes(one, two, free=True))


@writes("transpose")
def transpose(w: Any, x: Any, call: Any) -> Any:
    """The axes in another order."""
    return w.emit("Transpose", x[0], perm=list(call.pattern))


@writes("broadcast_to")
def broadcast_to(w: Any, x: Any, call: Any) -> Any:
    """Stretched to a shape."""
    return w.emit("Expand", x[0], w.sizes(*call.sizes("shape")))


@writes("sum_to")
def sum_to(w: Any, x: Any, call: Any) -> Any:
    """Summed over the axes along which a shape would broadcast."""
    one, two = call.sizes("shape")
    wide = call.types[0].shape
    extra = len(wide) - len(one)
    axes = [*range(extra), *[i + extra for i, d in enumerate(one) if d == 1 != wide[i + extra]]]
    if not axes:
        return w.emit("Identity", x[0])
    made = w.emit("ReduceSum", x[0], w.ints(*axes), keepdims=1)
    return w.emit("Reshape", made, w.sizes(one, two, free=True))


@writes("concat")
def concat(w: Any, x: Any, call: Any) -> Any:
    """One after another."""
    return w.emit("Concat", *x, axis=call.axis)


@writes("split")
def split(w: Any, x: Any, call: Any) -> Any:
    """Parts along an axis."""
    one, two = call.sizes("sizes")
    count = len(one)
    if count == 1:
        return (w.emit("Identity", x[0]),)
    return w.emit("Split", x[0], w.sizes(one, two), outputs=count, axis=call.axis)


@writes("roll")
def roll(w: Any, x: Any, call: Any) -> Any:
    """Two parts of each axis exchanged."""
    made = x[0]
    for shift, axis in zip(call.shift, call.axis, strict=True):
        size = call.types[0].shape[axis]
        cut = -shift % size if size else 0
        if cut:
            if call.other_out_types[0].shape[axis] != size:
                raise BatchIsFixed("roll along the batch")
            tail = _slice(w, made, axis, cut, size)
            made = w.emit("Concat", tail, _slice(w, made, axis, 0, cut), axis=axis)
    return made if made != x[0] else w.emit("Identity", made)


def _slice(w: Any, name: str, axis: int, start: int, end: int, step: int = 1) -> str:
    return w.emit(  # type: ignore[no-any-return]
        "Slice", name, w.ints(start), w.ints(end), w.ints(axis), w.ints(step)
    )


@writes("slice")
def slice_(w: Any, x: Any, call: Any) -> Any:
    """Parts of axes; whole numbers drop their axis, None adds one."""
    starts, ends, axes, steps, dropped, added = [], [], [], [], [], []
    axis = place = 0
    for item in call.index:
        if item is None:
            added.append(place)
            place += 1
            continue
        if isinstance(item, tuple):
            place += 1
            start, stop, step = item
            if (start, stop, step) not in ((None, None, None), (None, None, 1)):
                step = 1 if step is None else step
                low, high = (0, 2**62) if step > 0 else (2**62, -(2**62))
                starts.append(low if start is None else start)
                ends.append(high if stop is None else stop)
                axes.append(axis)
                steps.append(step)
        else:
            starts.append(item)
            ends.append(item + 1 if item != -1 else 2**62)
            axes.append(axis)
            steps.append(1)
            dropped.append(axis)
        axis += 1
    made = x[0]
    if axes:
        made = w.emit("Slice", made, w.ints(*starts), w.ints(*ends), w.ints(*axes), w.ints(*steps))
    if dropped:
        made = w.emit("Squeeze", made, w.ints(*dropped))
    if added:
        made = w.emit("Unsqueeze", made, w.ints(*added))
    return made if made != x[0] else w.emit("Identity", made)


@writes("pad")
def pad(w: Any, x: Any, call: Any) -> Any:
    """Widened."""
    widths = call.widths
    flat = [before for before, _ in widths] + [after for _, after in widths]
    mode = "edge" if call.mode == "replicate" else call.mode
    value = w.like(call.value, call.types[0].dtype) if mode == "constant" else None
    return w.emit("Pad", x[0], w.ints(*flat), value, mode=mode)


@writes("fill")
def fill(w: Any, x: Any, call: Any) -> Any:
    """A number stretched to a shape."""
    return w.emit("Expand", x[0], w.sizes(*call.sizes("shape")))


@writes("progression")
def progression(w: Any, x: Any, call: Any) -> Any:
    """Numbers at equal distances, as many as follow the batch."""
    one, two = call.sizes("count")
    start, step, kind = call.start, call.step, call.dtype
    end = w.emit("Mul", w.cast(w.sizes((one,), (two,)), kind), w.like(step, kind))
    limit = w.emit("Squeeze", w.emit("Add", end, w.like(start, kind)), w.ints(0))
    return w.emit("Range", w.like(start, kind), limit, w.like(step, kind))


@writes("diag")
def diag(w: Any, x: Any, call: Any) -> Any:
    """A diagonal taken, or set."""
    shape, k = call.types[0].shape, call.k
    if len(shape) == 2:
        rows = np.arange(max(0, min(shape[0] + min(k, 0), shape[1] - max(k, 0))))
        places = np.stack([rows + max(-k, 0), rows + max(k, 0)], 1)
        return w.emit("GatherND", x[0], w.weight(places.astype(np.int64)))
    mask = np.eye(shape[0] + abs(k), k=k).astype(call.types[0].dtype)
    if not k:
        return w.emit("Mul", w.weight(mask), w.emit("Unsqueeze", x[0], w.ints(0)))
    wide = w.emit("Pad", x[0], w.ints(max(k, 0), max(-k, 0)))
    return w.emit("Mul", w.weight(mask), w.emit("Unsqueeze", wide, w.ints(0)))
