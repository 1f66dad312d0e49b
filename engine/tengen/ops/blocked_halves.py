"""What float16 and bfloat16 need beside oneDNN's kernels: casts and sums of blocked data as it
lies, so that a chain of convolutions never reorders."""

from typing import Any

import numpy as np

from ..base import dtype as dt
from ..graph.opdef import Bound
from ..graph.types import TensorType
from .blocked import natural
from .convolution import channel_sum
from .shape import cast

Types = tuple[TensorType, ...]


@cast.backend("numpy")
def casting(forms: Types, out_types: Types, *, dtype: Any) -> Bound | None:
    """Between floats, for blocked data, whose padding stays zero."""
    (form,), (out,) = forms, out_types
    if form.layout is None or not (dt.is_float(form.dtype) and dt.is_float(dtype)):
        return None

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        np.copyto(outs[0], ins[0], casting="unsafe")

    return Bound(run, (form.layout,), (out.with_layout(form.layout),), name="numpy on tiles")


@channel_sum.backend("numpy")
def total(forms: Types, out_types: Types, *, keepdims: bool) -> Bound | None:
    """For data blocked by channels: products with a row of ones, which add in float32."""
    (form,) = forms
    layout = form.layout
    if layout is None or not natural(layout) or [axis for axis, _ in layout.blocks] != [1]:
        return None
    if dt.accumulator(form.dtype) == form.dtype or not form.size:
        return None
    channels, lanes = form.shape[1], layout.block_of(1)
    images, places = form.shape[0], form.size // (form.shape[0] * channels)
    ones = np.ones((1, places), dt.accumulator(form.dtype))

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        wide = ins[0].astype(ones.dtype).reshape(images, -1, places, lanes)
        found = np.matmul(ones, wide).sum(axis=0).reshape(-1)[:channels]
        outs[0][...] = found.reshape(outs[0].shape)

    return Bound(run, (layout,), out_types, name="numpy on tiles")


for _build in (casting, total):
    _build.physical = True  # type: ignore[attr-defined]
