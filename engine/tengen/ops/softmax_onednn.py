"""oneDNN's softmax and log_softmax along one axis, float32, for more than a few elements."""

from typing import Any

from ..graph.opdef import Bound, OpDef
from ..graph.types import TensorType
from ..kernels.onednn import softmax as onednn
from ..kernels.onednn.errors import Unsupported
from ..kernels.onednn.memory import Desc
from .convolution_onednn import usable
from .softmax import log_softmax, log_softmax_backward, softmax, softmax_backward

Types = tuple[TensorType, ...]

SMALLEST = 1 << 10
"""Elements below which NumPy is as fast."""


def _install(op: OpDef, make: Any, log: bool) -> None:
    @op.backend("onednn")
    def build(in_types: Types, out_types: Types, *, axis: Any) -> Bound | None:
        x = in_types[0]
        if len(axis) != 1 or x.size < SMALLEST or not usable(*in_types):
            return None
        try:
            plan = make(Desc.plain(x.shape, x.dtype), axis[0] % x.ndim, log=log)
        except Unsupported:
            return None

        def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
            plan(*ins, *outs)

        return Bound(
            run,
            (None,) * len(in_types),
            out_types,
            workspace=plan.scratchpad_bytes,
            inplace=(len(in_types) - 1, 0),
            name=f"onednn {plan.implementation}",
        )


_install(softmax, onednn.forward, log=False)
_install(log_softmax, onednn.forward, log=True)
_install(softmax_backward, onednn.backward, log=False)
_install(log_softmax_backward, onednn.backward, log=True)
