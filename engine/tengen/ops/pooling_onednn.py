"""oneDNN's pooling: float32, in the layout that the data comes in.

oneDNN's workspace of max pooling is the operator's index: one number within the window for each
output, in the output's layout.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.onednn import pooling as onednn
from ..kernels.onednn.errors import Unsupported
from ..kernels.onednn.memory import Desc
from .convolution_onednn import favoured_layout, usable
from .pooling import average_pool, average_pool_backward, max_pool, max_pool_backward

Types = tuple[TensorType, ...]


def _as_it_comes(t: TensorType, layout: Any) -> Desc:
    return (
        Desc.plain(t.shape, t.dtype) if layout is None else Desc.blocked(t.shape, t.dtype, layout)
    )


def _bound(plan: Any, layout: Any, inputs: int, out_types: Types) -> Bound:
    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        plan(*ins, *outs)

    def prepare(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> Callable[[], None]:
        return plan.bind(*ins, *outs)  # type: ignore[no-any-return]

    return Bound(
        run,
        (layout,) * inputs,
        tuple(t.with_layout(layout) for t in out_types),
        workspace=plan.scratchpad_bytes,
        name=f"onednn {plan.implementation}",
        prepare=prepare,
    )


@max_pool.backend("onednn")
def forward(
    in_types: Types, out_types: Types, *, kernel: Any, stride: Any, padding: Any
) -> Bound | None:
    """Max pooling with its index."""
    (x,) = in_types
    y, index = out_types
    if not usable(x, y):
        return None
    src, dst = _as_it_comes(x, x.layout), _as_it_comes(y, x.layout)
    try:
        plan = onednn.forward(src, kernel, dst, stride=stride, padding=padding)
    except Unsupported:
        return None
    place = plan.workspace
    if place.opaque_bytes or place.layout is not dst.layout or place.dtype != index.dtype:
        return None
    if place.form is not None and place.layout is None:
        return None
    bound = _bound(plan, x.layout, 1, out_types)
    fast = bound.run
    window = {"kernel": kernel, "stride": stride, "padding": padding}

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        # oneDNN passes over NaN and knows no minus infinity; both are rare, and show in a sum.
        if np.isfinite(np.add.reduce(ins[0], axis=None)):
            fast(outs, ins)  # type: ignore[misc]
            return
        values = ins[0] if x.layout is None else x.layout.unpack(ins[0], x.shape)
        for out, value in zip(outs, max_pool.kernel(np, values, **window), strict=False):
            np.copyto(out, value if x.layout is None else x.layout.pack(value))

    bound.run, bound.prepare = run, None
    return bound


@max_pool_backward.backend("onednn")
def backward(
    in_types: Types, out_types: Types, *, size: Any, kernel: Any, stride: Any, padding: Any
) -> Bound | None:
    """The gradient of max pooling, in the layout of its index."""
    dy, index = in_types
    (dx,) = out_types
    if not usable(dy, dx):
        return None
    source, target = _as_it_comes(dy, index.layout), _as_it_comes(dx, index.layout)
    try:
        plan = onednn.backward(source, kernel, target, stride=stride, padding=padding)
    except Unsupported:
        return None
    if plan.workspace.dtype != index.dtype or plan.workspace.layout is not source.layout:
        return None
    return _bound(plan, index.layout, 2, out_types)


@average_pool.backend("onednn")
def average(
    in_types: Types, out_types: Types, *, kernel: Any, stride: Any, padding: Any, mode: str
) -> Bound | None:
    """Average pooling."""
    (x,), (y,) = in_types, out_types
    if not usable(x, y):
        return None
    src, dst = _as_it_comes(x, x.layout), _as_it_comes(y, x.layout)
    try:
        plan = onednn.forward(
            src, kernel, dst, mode=mode, stride=stride, padding=padding, training=False
        )
    except Unsupported:
        return None
    return _bound(plan, x.layout, 1, out_types)


@average_pool_backward.backend("onednn")
def average_backward(
    in_types: Types, out_types: Types, *, size: Any, kernel: Any, stride: Any, padding: Any,
    mode: str,
) -> Bound | None:  # fmt: skip
    """The gradient of average pooling."""
    (dy,), (dx,) = in_types, out_types
    if not usable(dy, dx):
        return None
    # Behind a global pooling dy is small and plain, while what lies before it is blocked.
    small = dy.layout is None and dx.size >= 16 * dy.size and dx.shape[1] >= 16
    layout = favoured_layout(dx.ndim) if small else dy.layout
    source, target = _as_it_comes(dy, layout), _as_it_comes(dx, layout)
    try:
        plan = onednn.backward(source, kernel, target, mode=mode, stride=stride, padding=padding)
    except Unsupported:
        return None
    return _bound(plan, layout, 1, out_types)


for _build in (forward, backward, average, average_backward):
    _build.physical = True  # type: ignore[attr-defined]
