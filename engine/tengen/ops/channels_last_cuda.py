"""Joining, cutting and padding on the GPU in the layout that the operand has.

The operators' own work, with their axes in the order in which they lie: what comes channels-last
from a convolution goes so to the next one. Plain operands are left to the text.
"""

from typing import Any

from ..graph.opdef import Bound
from ..graph.types import Shape, TensorType
from ..kernels.cuda import library
from .joining import concat, split
from .padding import Widths, pad, pad_backward
from .slicing import Index, slice_backward, sliced

Key = tuple[slice, ...]


def turned(*types: TensorType) -> Any:
    """The layout, an order of axes other than the plain one, in which most bytes lie; None where
    that is the plain one."""
    weights: dict[Any, int] = {}
    for t in types:
        if t.layout is None or not t.layout.blocks:
            weights[t.layout] = weights.get(t.layout, 0) + t.nbytes
    found = max(weights, key=lambda layout: weights[layout], default=None)
    return found if found is None or found.ndim == types[0].ndim else None


def _bound(run: Any, layout: Any, count: int, out_types: Any) -> Bound:
    outs = tuple([t.with_layout(layout) for t in out_types])
    return Bound(run, (layout,) * count, outs, name="cupy")


def _parts(place: int, sizes: Any) -> list[Key]:
    """The slices of consecutive parts along a physical axis."""
    found, start = [], 0
    for size in sizes:
        found.append((*[slice(None)] * place, slice(start, start + size)))
        start += size
    return found


@concat.backend("cupy", "gpu")
def join(in_types: Any, out_types: Any, *, axis: int) -> Bound | None:
    """Each operand is copied to its part of the result."""
    layout = turned(*in_types)
    if layout is None:
        return None
    axis %= layout.ndim
    parts = _parts(layout.order.index(axis), [t.shape[axis] for t in in_types])

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        for part, array in zip(parts, ins, strict=True):
            if array.size:
                outs[0][part] = array

    return _bound(run, layout, len(in_types), out_types)


@split.backend("cupy", "gpu")
def cut(in_types: Any, out_types: Any, *, sizes: Shape, axis: int) -> Bound | None:
    """Each part is copied: what reads it wants it in one piece."""
    layout = turned(in_types[0])
    if layout is None:
        return None
    parts = _parts(layout.order.index(axis % layout.ndim), sizes)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        for part, out in zip(parts, outs, strict=True):
            if out.size:
                out[...] = ins[0][part]

    return _bound(run, layout, 1, out_types)


def _key(index: Index, layout: Any) -> Key | None:
    """A static index in the order of the physical axes; None where it drops or makes an axis."""
    if any(not isinstance(item, tuple) for item in index):
        return None
    whole = [slice(*item) for item in index if isinstance(item, tuple)]
    whole += [slice(None)] * (layout.ndim - len(whole))
    return tuple([whole[axis] for axis in layout.order])


@sliced.backend("cupy", "gpu")
def take(in_types: Any, out_types: Any, *, index: Index) -> Bound | None:
    """A copy, in one piece, of what the index shows."""
    layout = turned(in_types[0])
    key = None if layout is None else _key(index, layout)
    if key is None:
        return None

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        outs[0][...] = ins[0][key]

    return _bound(run, layout, 1, out_types)


@slice_backward.backend("cupy", "gpu")
def put(in_types: Any, out_types: Any, *, shape: Shape, index: Index) -> Bound | None:
    """Zeros, and x where the index shows."""
    layout = turned(in_types[0])
    key = None if layout is None else _key(index, layout)
    if key is None:
        return None

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        outs[0][...] = 0
        outs[0][key] = ins[0]

    return _bound(run, layout, 1, out_types)


def _text(op: Any, in_types: Any, out_types: Any, widths: Widths, **attrs: Any) -> Bound | None:
    """An operator's text over the physical array, its widths in the order of the axes there."""
    layout = turned(in_types[0])
    if layout is None:
        return None
    moved = tuple([widths[axis] for axis in layout.order])

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        outs[0][...] = op.kernel(library.load(), ins[0], widths=moved, **attrs)

    return _bound(run, layout, 1, out_types)


@pad.backend("cupy", "gpu")
def surround(
    in_types: Any, out_types: Any, *, widths: Widths, mode: str, value: float
) -> Bound | None:
    """Zeros, reflections or edges around the array."""
    return _text(pad, in_types, out_types, widths, mode=mode, value=value)


@pad_backward.backend("cupy", "gpu")
def strip(in_types: Any, out_types: Any, *, widths: Widths, mode: str) -> Bound | None:
    """What was added goes back to where it came from."""
    return _text(pad_backward, in_types, out_types, widths, mode=mode)


for _build in (join, cut, take, put, surround, strip):
    _build.physical = True  # type: ignore[attr-defined]
