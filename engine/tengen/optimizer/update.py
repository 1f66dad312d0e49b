"""Running an update operator on a parameter and its states, and the vector of its scalars."""

from typing import Any

import numpy as np

from ..base import dtype as dt
from ..functional import stack
from ..graph.opdef import OpDef
from ..graph.state import state
from ..operands import as_tensor
from ..runtime.buffer import Tag
from ..runtime.inplace import run_in_place
from ..runtime.plan import convert
from ..tensor import Tensor

_TAG = Tag("layout of a parameter", None, None, 0)


class Scalars:
    """A group's scalars as one float64 tensor handle, set anew only when one of them changes.

    A static training step reads the handle at its start, so a schedule keeps working there.
    """

    __slots__ = ("handle", "values")

    def __init__(self) -> None:
        self.values: tuple[Any, ...] | None = None
        self.handle: Tensor | None = None

    def vector(self, values: tuple[Any, ...], device: Any) -> Tensor:
        """A vector of `values` (numbers, or one-element tensors, which stay in the graph)."""
        if any(isinstance(v, Tensor) for v in values):
            parts = [as_tensor(v).reshape(()).astype(dt.float64).to(device) for v in values]
            return stack(parts)  # type: ignore[no-any-return]
        if self.handle is None:
            self.handle = Tensor(np.array(values), dtype=dt.float64, device=device)
        elif values != self.values:
            self.handle.set_value(np.array(values, np.float64))
        self.values = values
        return self.handle


def follow_layout(grad: Tensor, handles: tuple[Tensor, ...]) -> None:
    """Keep a parameter and its states in the blocked layout in which its gradients come.

    The kernels that gave the gradient want the parameter like that in the next step; kept plain
    it would be reordered three times a step.
    """
    layout = grad._buffer.type.layout
    if layout is None:
        return
    for handle in handles:
        buffer = handle._buffer
        if buffer.type.layout is None and buffer.type.shape == grad.shape:
            handle._buffer = convert(buffer, layout, _TAG)


def apply_update(
    op: OpDef,
    attrs: tuple[Any, ...],
    param: Tensor,
    grad: Tensor,
    states: tuple[Tensor, ...],
    scalars: Tensor,
) -> None:
    """Give the parameter and its states their next values: in their own memory where nobody else
    sees it, in new memory otherwise."""
    values = (param, grad, *states, scalars)
    if state.mode is None:
        follow_layout(grad, (param, *states))
        if run_in_place(op, attrs, values):
            return
    for handle, new in zip((param, *states), op(*values, **op.unpack(attrs)), strict=True):
        handle._reset(new)
