"""Function: an operation with a gradient of the user's own."""

from typing import Any

from ..base.errors import GradientError
from ..graph.node import Node, Var
from ..graph.state import state
from ..graph.value import wrap
from ..runtime.buffer import Tag
from ..tensor import Tensor


class _Custom:
    """Stands in for an OpDef on the tape: the gradient is the user's backward."""

    single = False

    def __init__(self, function: "Function"):
        self.function = function
        self.name = type(function).__name__

    def grad(self, node: Node, *dys: Any) -> tuple[Any, ...]:
        """The user's gradients for the tensor inputs, checked for number and shape."""
        full = [
            wrap(_zeros(kind), None) if dy is None else dy
            for dy, kind in zip(dys, node.out_types, strict=True)
        ]
        found = self.function.backward(*full)
        grads = tuple(found) if isinstance(found, (tuple, list)) else (found,)
        if len(grads) != len(node.inputs):
            raise GradientError(
                f"[{self.name}] backward gives {len(grads)} gradients for"
                f" {len(node.inputs)} tensor inputs"
            )
        for var, grad in zip(node.inputs, grads, strict=True):
            if var is not None and grad is not None and grad.type.shape != var.type.shape:
                raise GradientError(
                    f"[{self.name}] backward gives a gradient of shape {grad.type.shape}"
                    f" for an input of shape {var.type.shape}"
                )
        return grads


def _zeros(kind: Any) -> Any:
    import numpy as np

    return Tensor(np.zeros(kind.shape, kind.dtype), dtype=kind.dtype, device=kind.device)._buffer


class Function:
    """Subclass with `forward(self, *inputs)` and `backward(self, *output_grads)`; call it once.

    What backward needs is kept on `self`. Inside forward nothing is recorded.
    """

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs, a Tensor or a tuple of them."""
        raise NotImplementedError("[Function] forward")

    def backward(self, *output_grads: Any) -> Any:
        """One gradient (or None) for each tensor input of forward."""
        raise NotImplementedError("[Function] backward")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        tensors = [a for a in args if isinstance(a, Tensor)]
        recorders, epoch = state.recorders, state.epoch
        state.recorders = 0
        try:
            made = self.forward(*args, **kwargs)
        finally:
            state.recorders = recorders
        vars = tuple([t._var if t.requires_grad else None for t in tensors])
        if not recorders or all(v is None for v in vars):
            return made
        outs = made if isinstance(made, (tuple, list)) else (made,)
        node = Node(_Custom(self), (), vars)
        node.plan = None
        node.program = None
        node.epoch = epoch
        node.saved = ()
        node.out_types = tuple([o.type for o in outs])
        node.tag = Tag(type(self).__name__, state.scope, None, 0)
        results = [wrap(o._buffer, Var(node, i, o.type, epoch)) for i, o in enumerate(outs)]
        return tuple(results) if isinstance(made, (tuple, list)) else results[0]
