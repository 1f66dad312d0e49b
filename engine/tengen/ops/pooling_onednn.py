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
from .convolution_onednn import favoured_layout, has_layout, usable
from .pooling import average_pool, average_pool_backward, max_pool, max_pool_backward

Types = tuple[TensorType, ...]


def _as_it_comes(t: TensorType, layout: Any) -> Desc:
    return Desc.laid(t.shape, t.dtype, layout)


def _result(x: TensorType, y: TensorType) -> Desc:
    """The form of what is pooled from x. Of an order of axes oneDNN says it itself: with one place
    for each image any order would do, and it only knows the one it has kernels for."""
    ordered = x.layout is not None and not x.layout.blocks
    return Desc.any(y.shape, y.dtype) if ordered else _as_it_comes(y, x.layout)


def _bound(plan: Any, layout: Any, inputs: int, out_types: Types, made: Any) -> Bound:
    """The plan as a kernel: inputs in `layout`, results in `made`."""

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        plan(*ins, *outs)

    def prepare(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> Callable[[], None]:
        return plan.bind(*ins, *outs)  # type: ignore[no-any-return]

    return Bound(
        run,
        (layout,) * inputs,
        tuple(t.with_layout(made) for t in out_types),
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
    src = _as_it_comes(x, x.layout)
    try:
        plan = onednn.forward(src, kernel, _result(x, y), stride=stride, padding=padding)
    except Unsupported:
        return None
    place = plan.workspace
    if not has_layout(place) or place.lies is not plan.dst.lies or place.dtype != index.dtype:
        return None
    made = plan.dst.lies
    bound = _bound(plan, x.layout, 1, out_types, made)
    fast = bound.run
    window = {"kernel": kernel, "stride": stride, "padding": padding}

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        # oneDNN passes over NaN and knows no minus infinity; both are rare, and show in a sum of
        # squares, of which BLAS makes the quickest.
        flat = ins[0].reshape(-1)
        with np.errstate(over="ignore", invalid="ignore"):
            total = np.dot(flat, flat)
        if np.isfinite(total):
            fast(outs, ins)  # type: ignore[misc]
            return
        values = ins[0] if x.layout is None else x.layout.unpack(ins[0], x.shape)
        for out, value in zip(outs, max_pool.kernel(np, values, **window), strict=False):
            np.copyto(out, value if made is None else made.pack(value))

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
    if plan.workspace.dtype != index.dtype or plan.workspace.lies is not source.lies:
        return None
    return _bound(plan, index.layout, 2, out_types, index.layout)


@average_pool.backend("onednn")
def average(
    in_types: Types, out_types: Types, *, kernel: Any, stride: Any, padding: Any, mode: str
) -> Bound | None:
    """Average pooling."""
    (x,), (y,) = in_types, out_types
    if not usable(x, y):
        return None
    src = _as_it_comes(x, x.layout)
    try:
        plan = onednn.forward(
            src, kernel, _result(x, y), mode=mode, stride=stride, padding=padding, training=False
        )
    except Unsupported:
        return None
    if not has_layout(plan.dst):
        return None
    return _bound(plan, x.layout, 1, out_types, plan.dst.lies)


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
    return _bound(plan, layout, 1, out_types, layout)


for _build in (forward, backward, average, average_backward):
    _build.physical = True  # type: ignore[attr-defined]
for _build in (forward, average):
    _build.ordered = True  # type: ignore[attr-defined]
