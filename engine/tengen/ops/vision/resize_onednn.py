"""oneDNN's linear resizing: float32, pixels as squares, in the layout that the data comes in.

A chain of convolutions with a resize between them keeps its blocked layout. The rest stays with
NumPy: oneDNN's "nearest" rounds otherwise, and its gradient is many times slower than gathering
(`python bench/resize.py`).
"""

from typing import Any

from ...graph.opdef import Bound
from ...graph.types import TensorType
from ...kernels.onednn import resampling
from ...kernels.onednn.errors import Unsupported
from ...kernels.onednn.memory import Desc
from ..convolution_onednn import usable
from .resize import resize

Types = tuple[TensorType, ...]


def _desc(t: TensorType, layout: Any) -> Desc:
    if layout is None:
        return Desc.plain(t.shape, t.dtype)
    return Desc.blocked(t.shape, t.dtype, layout)


@resize.backend("onednn")
def forward(
    in_types: Types, out_types: Types, *, size: Any, mode: str, align_corners: bool
) -> Bound | None:
    """The image at another size."""
    (x,), (y,) = in_types, out_types
    if mode != "linear" or align_corners or not usable(x, y):
        return None
    try:
        plan = resampling.forward(_desc(x, x.layout), size, _desc(y, x.layout))
    except Unsupported:
        return None

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        plan(*ins, *outs)

    return Bound(
        run,
        (x.layout,),
        (y.with_layout(x.layout),),
        workspace=plan.scratchpad_bytes,
        name=f"onednn {plan.implementation}",
    )


forward.physical = True  # type: ignore[attr-defined]
