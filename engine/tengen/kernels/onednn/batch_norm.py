"""Batch normalisation over every axis but the channels (axis 1), with an optional fused relu.

Ioffe and Szegedy, "Batch Normalization" (2015). Scale, shift and statistics are float32 of shape
(C,); the variance is the biased one.
"""

from typing import Any

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
    WORKSPACE,
    Plan,
    attributes,
    cached,
    create,
)

_GIVEN_STATISTICS, _SCALE_AND_SHIFT, _RELU = 1, 2 | 4, 8


def _flags(affine: bool, given_statistics: bool, relu: bool) -> int:
    return (
        (_GIVEN_STATISTICS if given_statistics else 0)
        | (_SCALE_AND_SHIFT if affine else 0)
        | (_RELU if relu else 0)
    )


def _forward_pd(x: Desc, dst: Desc, prop: int, epsilon: float, flags: int) -> Any:
    return create(
        f"batch_norm forward of {x.shape}",
        "batch_normalization_forward",
        load().engine,
        prop,
        md_of(x),
        md_of(dst),
        epsilon,
        flags,
        attributes(),
    )


@cached
def forward(
    x: Desc,
    *,
    epsilon: float = 1e-5,
    training: bool = True,
    given_statistics: bool = False,
    affine: bool = True,
    relu: bool = False,
) -> Plan:
    """A plan (src, mean, variance[, scale, shift], dst[, workspace]).

    mean and variance are written, or read where `given_statistics`. The workspace exists in
    training with `relu`: it is the mask that the backward takes. dst may be src itself only when
    not training. `training=False` implies given statistics.
    """
    given_statistics = given_statistics or not training
    flags = _flags(affine, given_statistics, relu)
    pd = _forward_pd(x, x, FORWARD if training else INFERENCE, epsilon, flags)
    arguments = [("src", SRC), ("mean", MEAN), ("variance", VARIANCE)]
    if affine:
        arguments += [("scale", SCALE), ("shift", SHIFT)]
    return Plan("batch_norm", pd, [*arguments, ("dst", DST), ("workspace", WORKSPACE)])


@cached
def backward(
    dy: Desc,
    x: Desc,
    *,
    epsilon: float = 1e-5,
    given_statistics: bool = False,
    affine: bool = True,
    relu: bool = False,
) -> Plan:
    """A plan (src, mean, variance, diff_dst[, scale][, workspace], diff_src[, diff_scale,
    diff_shift]): gradients of the input and, where `affine`, of scale and shift.

    With given statistics these count as constants.
    """
    library = load()
    flags = _flags(affine, given_statistics, relu)
    hint = _forward_pd(x, x, FORWARD, epsilon, flags)
    pd = create(
        f"batch_norm backward of {x.shape}",
        "batch_normalization_backward",
        library.engine,
        BACKWARD if affine else BACKWARD_DATA,
        md_of(x),
        md_of(dy),
        md_of(x),
        epsilon,
        flags,
        library.ffi.gc(hint, library.c.dnnl_primitive_desc_destroy),
        attributes(),
    )
    arguments = [("src", SRC), ("mean", MEAN), ("variance", VARIANCE), ("diff_dst", DIFF_DST)]
    if affine:
        arguments.append(("scale", SCALE))
    arguments += [("workspace", WORKSPACE), ("diff_src", DIFF_SRC)]
    if affine:
        arguments += [("diff_scale", DIFF_SCALE), ("diff_shift", DIFF_SHIFT)]
    return Plan("batch_norm backward", pd, arguments)
