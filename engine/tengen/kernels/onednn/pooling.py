"""Max and average pooling in one to three spatial dimensions, forward and backward."""

from typing import Any

from .library import load
from .memory import Desc, md_of
from .primitive import (
    DIFF_DST,
    DIFF_SRC,
    DST,
    FORWARD,
    INFERENCE,
    SRC,
    WORKSPACE,
    Plan,
    attributes,
    cached,
    create,
)
from .windows import Padding, PerAxis, Window

MODES = {"max": 0x1FF, "average": 0x2FF, "average_count_exclude_padding": 0x3FF}


def _forward_pd(x: Desc, dst: Desc, mode: str, window: Window, prop: int) -> Any:
    # The padding behind the data is what makes the sizes agree: rounding up needs more of it.
    after = window.after_for(x.shape[2:], dst.shape[2:])
    return create(
        f"pooling {mode} of {x.shape} to {dst.shape}",
        "pooling_forward",
        load().engine,
        prop,
        MODES[mode],
        md_of(x),
        md_of(dst),
        window.stride,
        window.kernel,
        window.gaps,
        window.before,
        after,
        attributes(),
    )


@cached
def forward(
    x: Desc,
    kernel: tuple[int, ...],
    dst: Desc | str = "any",
    *,
    mode: str = "max",
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    training: bool = True,
) -> Plan:
    """A plan (src, dst[, workspace]); the workspace, of max in training, serves the backward.

    `dst` is a form, or a Desc whose shape may round the number of windows up. "average" divides
    by the size of the kernel, "average_count_exclude_padding" by the elements that are there.
    """
    window = Window.of(kernel, stride, padding, dilation)
    shape = (*x.shape[:2], *window.output(x.shape[2:]))
    out = dst if isinstance(dst, Desc) else Desc.of(shape, x.dtype, dst)
    pd = _forward_pd(x, out, mode, window, FORWARD if training else INFERENCE)
    return Plan(f"pooling {mode}", pd, [("src", SRC), ("dst", DST), ("workspace", WORKSPACE)])


@cached
def backward(
    dy: Desc,
    kernel: tuple[int, ...],
    dx: Desc,
    *,
    mode: str = "max",
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
) -> Plan:
    """A plan (diff_dst[, workspace], diff_src): the gradient of the input, of dx's shape.

    Take dy and dx in the forms that the forward plan gave to dst and src: the workspace is that
    plan's, and its form depends on them.
    """
    library = load()
    window = Window.of(kernel, stride, padding, dilation)
    hint = _forward_pd(dx, dy, mode, window, FORWARD)
    after = window.after_for(dx.shape[2:], dy.shape[2:])
    pd = create(
        f"pooling {mode} backward of {dy.shape} to {dx.shape}",
        "pooling_backward",
        library.engine,
        MODES[mode],
        md_of(dx),
        md_of(dy),
        window.stride,
        window.kernel,
        window.gaps,
        window.before,
        after,
        library.ffi.gc(hint, library.c.dnnl_primitive_desc_destroy),
        attributes(),
    )
    arguments = [("diff_dst", DIFF_DST), ("workspace", WORKSPACE), ("diff_src", DIFF_SRC)]
    return Plan(f"pooling {mode} backward", pd, arguments)
