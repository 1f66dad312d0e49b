"""Elementwise operators on blocked layouts: the physical arrays are computed with as they lie.

That needs every operand in the same layout, and zeros to stay zeros wherever the last tiles are
padded, so that the padding stays clean.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..graph.opdef import Bound, OpDef
from ..graph.types import TensorType

Run = Callable[[tuple[Any, ...], tuple[Any, ...]], None]


def shared_layout(forms: tuple[TensorType, ...], out: TensorType, clean: bool) -> Any:
    """The layout in which all operands of the result's full shape lie: None where it is plain.

    False where there is no such layout. `clean` tells that zeros give zero.
    """
    layout = forms[0].layout
    shape = out.shape
    for form in forms:
        if form.layout is not layout or form.shape != shape:
            return False
    if layout is not None and not clean and layout.pads(shape):
        return False
    return layout


def broadcast_layout(forms: tuple[TensorType, ...], out: TensorType, clean: bool) -> Any:
    """The blocked layout of the result where operands also broadcast along whole axes.

    A number (0-d, plain) may stand among them when nothing is padded. None where there is none.
    """
    layout = next((form.layout for form in forms if form.layout is not None), None)
    if layout is None:
        return None
    padded = layout.pads(out.shape)
    if padded and not clean:
        return None
    for form in forms:
        if not form.ndim:
            if padded:
                return None
        elif form.layout is not layout or form.ndim != out.ndim or _cut(form, out, layout):
            return None
    return layout


def _cut(small: TensorType, out: TensorType, layout: Any) -> bool:
    """Whether an operand stretches along an axis that is cut into tiles."""
    return any(
        mine != whole and layout.block_of(axis) > 1
        for axis, (mine, whole) in enumerate(zip(small.shape, out.shape, strict=True))
    )


def natural(layout: Any) -> bool:
    """True where the physical axes are the logical ones in order, then the blocks."""
    return layout.order == tuple(range(layout.ndim))


def on_tiles(op: OpDef, keeps_zero: Any) -> Any:
    """The builder that runs the operator's own text on physical arrays."""
    kernel = op.kernel
    destination = op.destination

    def build(forms: Any, out_types: Any, **attrs: Any) -> Bound | None:
        (out,) = out_types
        layout = broadcast_layout(forms, out, keeps_zero(attrs))
        if layout is None:
            return None

        def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
            if destination:
                kernel(np, *ins, out=outs[0], **attrs)
            else:
                outs[0][...] = kernel(np, *ins, **attrs)

        layouts = tuple(form.layout for form in forms)
        return Bound(run, layouts, (out.with_layout(layout),), name="numpy on tiles")

    build.physical = True  # type: ignore[attr-defined]
    return build


def text_on_tiles(
    op: OpDef,
    attrs: dict[str, Any],
    in_types: tuple[TensorType, ...],
    layouts: tuple[Any, ...],
    outs: tuple[TensorType, ...],
) -> Run:
    """The operator's own text on blocked arrays, each unpacked first and the results packed."""

    def run(targets: tuple[Any, ...], sources: tuple[Any, ...]) -> None:
        plain = [
            array if layout is None else layout.unpack(array, type_.shape)
            for array, layout, type_ in zip(sources, layouts, in_types, strict=True)
        ]
        made = op.kernel(np, *plain, **attrs)
        for out, type_, found in zip(targets, outs, (made,) if op.single else made, strict=True):
            out[...] = found if type_.layout is None else type_.layout.pack(found)

    return run
