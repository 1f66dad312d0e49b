"""Cross entropy by oneDNN's softmax: float32, no more memory than one array of scores."""

from typing import Any

import numpy as np

from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.onednn import softmax as onednn
from ..kernels.onednn.errors import Unsupported
from ..kernels.onednn.memory import Desc
from .convolution_onednn import usable
from .loss import cross_entropy, cross_entropy_backward, inside

Types = tuple[TensorType, ...]

SMALLEST = 1 << 12
"""Scores below which NumPy is as fast."""


def _plan(x: TensorType, axis: int, log: bool) -> Any:
    if x.size < SMALLEST or not usable(x):
        return None
    try:
        return onednn.forward(Desc.plain(x.shape, x.dtype), axis % x.ndim, log=log)
    except Unsupported:
        return None


@cross_entropy.backend("onednn")
def forward(in_types: Types, out_types: Types, *, axis: int, label_smooth: float) -> Bound | None:
    """The log-probabilities go into the workspace, which is let go again."""
    x, _ = in_types
    axis %= x.ndim
    plan = _plan(x, axis, log=True)
    if plan is None:
        return None

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        scores, label = ins
        loss, work = outs
        inside(np, "cross_entropy", "label", label, x.shape[axis])
        logs = work[: x.nbytes].view(x.dtype).reshape(x.shape)
        plan(scores, logs, *scratch(work))
        place = np.expand_dims(label, axis)
        picked = np.take_along_axis(logs, place, axis)
        np.negative(np.squeeze(picked, axis), out=loss)
        if label_smooth:
            loss *= 1 - label_smooth
            loss -= label_smooth * logs.mean(axis=axis, dtype=x.dtype)

    def scratch(work: Any) -> tuple[Any, ...]:
        return (work[x.nbytes :],) if plan.scratchpad_bytes else ()

    size = x.nbytes + plan.scratchpad_bytes
    return Bound(run, (None, None), out_types, workspace=size, name="onednn softmax")


@cross_entropy_backward.backend("onednn")
def backward(in_types: Types, out_types: Types, *, axis: int, label_smooth: float) -> Bound | None:
    """The softmax goes into the result, which is corrected at the labels and scaled in place."""
    x, _, _ = in_types
    axis %= x.ndim
    plan = _plan(x, axis, log=False)
    if plan is None:
        return None

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        scores, label, dy = ins
        dx = outs[0]
        inside(np, "cross_entropy_backward", "label", label, x.shape[axis])
        plan(scores, *outs)
        if label_smooth:
            dx -= x.dtype.type(label_smooth / x.shape[axis])
        place = np.expand_dims(label, axis)
        corrected = np.take_along_axis(dx, place, axis) - x.dtype.type(1 - label_smooth)
        np.put_along_axis(dx, place, corrected, axis)
        dx *= np.expand_dims(dy, axis)

    return Bound(
        run, (None,) * 3, out_types, workspace=plan.scratchpad_bytes, name="onednn softmax"
    )
