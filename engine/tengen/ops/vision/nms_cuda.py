"""Non-maximum suppression on the GPU: three launches, and one number copied to the host."""

from typing import Any

from ...graph.opdef import Bound
from ...graph.types import TensorType
from ...kernels.cuda.suppression import suppress, workspace
from ..launching_cuda import TYPES
from .nms import nms

MOST = 1 << 16
"""Boxes whose overlaps, a bit a pair, take half a gigabyte."""


@nms.backend("cuda", "gpu")
def build(in_types: Any, out_types: Any, *, threshold: float, limit: int) -> Bound | None:
    """The numbers of the boxes that stay, in memory for all; their count in the workspace."""
    count = in_types[0].shape[0]
    if not 0 < count <= MOST:
        return None
    kind = TYPES[in_types[0].dtype]
    whole = TensorType.of((count,), out_types[0].dtype, out_types[0].device)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        (boxes, scores), (kept, work) = ins, outs
        suppress(boxes, scores, kind, threshold, limit, kept, work)

    return Bound(run, (None, None), (whole,), workspace=workspace(count), counted=True)
