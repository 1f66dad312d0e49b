"""Layer normalisation over the last axis (Ba, Kiros and Hinton, 2016), forward and backward.

Normalising over several axes is the same on an array reshaped so that they are one.
"""

from typing import Any

import numpy as np

from .library import load
from .memory import Desc, md_of
from .primitive import (
    BACKWARD,
    BACKWARD_DATA,
    DIFF_DST,
    DIFF_SCALE,
    DIFF_SHIFT,
    DIFF_SRC,
    DST,
    FORWARD,
    INFERENCE,
    MEAN,
    SCALE,
    SHIFT,
    SRC,
    VARIANCE,
    Plan,
    attributes,
    cached,
    create,
)

_SCALE_AND_SHIFT = 2 | 4


def _forward_pd(x: Desc, epsilon: float, affine: bool, prop: int) -> Any:
    return create(
        f"layer_norm forward of {x.shape}",
        "layer_normalization_forward",
        load().engine,
        prop,
        md_of(x),
        md_of(x),
        md_of(Desc.plain(x.shape[:-1], np.float32)),
        epsilon,
        _SCALE_AND_SHIFT if affine else 0,
        attributes(),
    )


@cached
def forward(x: Desc, *, epsilon: float = 1e-5, affine: bool = True, training: bool = True) -> Plan:
    """A plan (src[, mean, variance][, scale, shift], dst).

    In training mean and variance, of x's shape without the last axis, are written for the
    backward. x has two to five axes.
    """
    pd = _forward_pd(x, epsilon, affine, FORWARD if training else INFERENCE)
    arguments = [("src", SRC)]
    if training:
        arguments += [("mean", MEAN), ("variance", VARIANCE)]
    if affine:
        arguments += [("scale", SCALE), ("shift", SHIFT)]
    return Plan("layer_norm", pd, [*arguments, ("dst", DST)])


@cached
def backward(dy: Desc, x: Desc, *, epsilon: float = 1e-5, affine: bool = True) -> Plan:
    """A plan (src, mean, variance, diff_dst[, scale], diff_src[, diff_scale, diff_shift])."""
    library = load()
    hint = _forward_pd(x, epsilon, affine, FORWARD)
    pd = create(
        f"layer_norm backward of {x.shape}",
        "layer_normalization_backward",
        library.engine,
        BACKWARD if affine else BACKWARD_DATA,
        md_of(x),
        md_of(dy),
        md_of(x),
        md_of(Desc.plain(x.shape[:-1], np.float32)),
        epsilon,
        _SCALE_AND_SHIFT if affine else 0,
        library.ffi.gc(hint, library.c.dnnl_primitive_desc_destroy),
        attributes(),
    )
    arguments = [("src", SRC), ("mean", MEAN), ("variance", VARIANCE), ("diff_dst", DIFF_DST)]
    if affine:
        arguments.append(("scale", SCALE))
    arguments.append(("diff_src", DIFF_SRC))
    if affine:
        arguments += [("diff_scale", DIFF_SCALE), ("diff_shift", DIFF_SHIFT)]
    # The shift counts as an input here, though no gradient depends on its values.
    return Plan("layer_norm backward", pd, arguments, repeated={SHIFT: "scale"} if affine else None)
