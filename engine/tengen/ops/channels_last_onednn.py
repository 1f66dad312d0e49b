"""oneDNN's way into channels-last memory, where its convolutions are the faster for it."""

from collections.abc import Callable
from functools import cache
from typing import Any

from ..base import dtype as dt
from ..base.layout import channels_last as in_order
from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.onednn import convolution, library
from ..kernels.onednn.errors import Unsupported
from ..kernels.onednn.memory import Desc
from ..kernels.onednn.reorder import reorder
from .channels_last import channels_last
from .convolution_onednn import usable

Types = tuple[TensorType, ...]


@cache
def favoured() -> bool:
    """Whether oneDNN has kernels of small matrix products for channels-last convolutions here."""
    if not library.available():
        return False
    x, weight = (1, 64, 8, 8), (64, 64, 3, 3)
    data = Desc.channels_last(x, dt.float32)
    try:
        plan = convolution.forward(data, Desc.any(weight, dt.float32), data, padding=1)
    except Unsupported:
        return False
    return str(plan.implementation).startswith("brg")


@channels_last.backend("onednn")
def build(in_types: Types, out_types: Types) -> Bound | None:
    """One copy; None where memory would be the same in either order."""
    (x,), (y,) = in_types, out_types
    source, target = Desc.plain(x.shape, x.dtype), Desc.channels_last(y.shape, y.dtype)
    if not usable(x) or source == target:
        return None
    plan = reorder(source, target)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        plan(*ins, *outs)

    def prepare(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> Callable[[], None]:
        return plan.bind(*ins, *outs)

    y = y.with_layout(in_order(y.ndim))
    return Bound(run, (None,), (y,), name="onednn reorder", prepare=prepare)
