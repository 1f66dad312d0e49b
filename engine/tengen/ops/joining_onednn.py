"""Concatenation of blocked data: each part is laid straight into its place.

Parts that fill whole blocks of channels stay blocked; others are unpacked into a plain result.
"""

from typing import Any

import numpy as np

from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.onednn import reorder as onednn
from ..kernels.onednn.errors import Unsupported
from ..kernels.onednn.memory import Desc
from .convolution_onednn import usable
from .joining import concat

Types = tuple[TensorType, ...]


@concat.backend("onednn")
def build(in_types: Types, out_types: Types, *, axis: int) -> Bound | None:
    """For float32 with a blocked part among the operands."""
    (y,) = out_types
    if all(t.layout is None for t in in_types) or not usable(y):
        return None
    axis %= y.ndim
    return _whole_blocks(in_types, y, axis) or _unpacked(in_types, y, axis)


def _whole_blocks(in_types: Types, y: TensorType, axis: int) -> Bound | None:
    """One copy of physical memory, where every part ends at the end of a block."""
    layout = in_types[0].layout
    if layout is None or any(t.layout is not layout for t in in_types):
        return None
    if any(t.shape[axis] % layout.block_of(axis) for t in in_types):
        return None
    place = layout.order.index(axis)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        np.concatenate(ins, axis=place, out=outs[0])

    layouts = (layout,) * len(in_types)
    return Bound(run, layouts, (y.with_layout(layout),), name="numpy concatenate")


def _unpacked(in_types: Types, y: TensorType, axis: int) -> Bound | None:
    """A plain result; blocked parts are reordered into their slice of it."""
    slices, start = [], 0
    for t in in_types:
        slices.append((*[slice(None)] * axis, slice(start, start + t.shape[axis])))
        start += t.shape[axis]
    strides = Desc.plain(y.shape, y.dtype).strides
    plans = []
    try:
        for t in in_types:
            blocked = t.layout is not None and t.size
            plans.append(
                onednn.reorder(
                    Desc.blocked(t.shape, t.dtype, t.layout), Desc.plain(t.shape, t.dtype, strides)
                )
                if blocked
                else None
            )
    except Unsupported:
        return None

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        for place, plan, part in zip(slices, plans, ins, strict=True):
            target = outs[0][place]
            if plan is None:
                np.copyto(target, part)
            else:
                plan(part, target)

    layouts = tuple(t.layout for t in in_types)
    return Bound(run, layouts, (y,), contiguous=False, name="onednn reorder")


build.physical = True  # type: ignore[attr-defined]
