"""Resizing of the spatial axes, nearest or linear, with pixel centres at half integers."""

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
    null,
)

MODES = {"nearest": 0x2FFF0, "linear": 0x2FFF1}


def _forward_pd(x: Desc, dst: Desc, mode: str) -> Any:
    return create(
        f"resampling {mode} of {x.shape} to {dst.shape}",
        "resampling_forward",
        load().engine,
        FORWARD,
        MODES[mode],
        null(),
        md_of(x),
        md_of(dst),
        attributes(),
    )


@cached
def forward(
    x: Desc, size: tuple[int, ...], dst: Desc | str = "any", *, mode: str = "linear"
) -> Plan:
    """A plan (src, dst): x resized to `size` (the spatial axes)."""
    out = dst if isinstance(dst, Desc) else Desc.of((*x.shape[:2], *size), x.dtype, dst)
    return Plan(f"resampling {mode}", _forward_pd(x, out, mode), [("src", SRC), ("dst", DST)])


@cached
def backward(dy: Desc, dx: Desc, *, mode: str = "linear") -> Plan:
    """A plan (diff_dst, diff_src): the gradient of the input, of dx's shape."""
    library = load()
    hint = _forward_pd(dx, dy, mode)
    pd = create(
        f"resampling {mode} backward of {dy.shape} to {dx.shape}",
        "resampling_backward",
        library.engine,
        MODES[mode],
        null(),
        md_of(dx),
        md_of(dy),
        library.ffi.gc(hint, library.c.dnnl_primitive_desc_destroy),
        attributes(),
    )
    return Plan(f"resampling {mode} backward", pd, [("diff_dst", DIFF_DST), ("diff_src", DIFF_SRC)])
