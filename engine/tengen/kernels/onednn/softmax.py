"""Softmax and its logarithm along one axis, forward and backward."""

from typing import Any

from .library import load
from .memory import Desc, md_of
from .primitive import (
    DIFF_DST,
    DIFF_SRC,
    DST,
    FORWARD,
    SRC,
    Plan,
    attributes,
    cached,
    create,
)

_PLAIN, _LOG = 0x30000, 0x30001


def _forward_pd(x: Desc, dst: Desc, axis: int, log: bool) -> Any:
    return create(
        f"softmax forward of {x.shape} along {axis}",
        "softmax_forward",
        load().engine,
        FORWARD,
        _LOG if log else _PLAIN,
        md_of(x),
        md_of(dst),
        axis % x.ndim,
        attributes(),
    )


@cached
def forward(x: Desc, axis: int = -1, *, log: bool = False) -> Plan:
    """A plan (src, dst): softmax of src along `axis`, or its logarithm. dst may be src."""
    return Plan("softmax", _forward_pd(x, x, axis, log), [("src", SRC), ("dst", DST)])


@cached
def backward(y: Desc, axis: int = -1, *, log: bool = False) -> Plan:
    """A plan (dst, diff_dst, diff_src), all in y's form; diff_src may be diff_dst."""
    library = load()
    hint = _forward_pd(y, y, axis, log)
    pd = create(
        f"softmax backward of {y.shape} along {axis}",
        "softmax_backward",
        library.engine,
        _LOG if log else _PLAIN,
        md_of(y),
        md_of(y),
        md_of(y),
        axis % y.ndim,
        library.ffi.gc(hint, library.c.dnnl_primitive_desc_destroy),
        attributes(),
    )
    arguments = [("dst", DST), ("diff_dst", DIFF_DST), ("diff_src", DIFF_SRC)]
    return Plan("softmax backward", pd, arguments)
