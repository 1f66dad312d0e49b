"""Calls into PyTorch from our tensors: in the same memory, and with gradients through the call."""

import contextlib
from collections.abc import Callable
from typing import Any

from ..autodiff import Function
from ..base.errors import GradientError
from ..graph.state import state
from ..tensor import Tensor
from .torch_library import torch
from .torch_memory import shared_from_torch, shared_with_torch


class _Crossing(Function):
    """Runs `run(list of PyTorch tensors) -> list of PyTorch tensors` on ours."""

    def __init__(self, name: str, run: Callable[[list[Any]], list[Any]], recorded: bool):
        self.name = name
        self.run = run
        self.recorded = recorded
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []

    def forward(self, *tensors: Any) -> Any:
        library = torch()
        inputs = [shared_with_torch(t) for t in tensors]
        if self.recorded:
            inputs = [
                i.requires_grad_(True) if i.is_floating_point() or i.is_complex() else i
                for i in inputs
            ]
        with library.enable_grad() if self.recorded else library.no_grad():
            outputs = self.run(inputs)
        if self.recorded:
            self.inputs, self.outputs = inputs, outputs
        return tuple([shared_from_torch(o) for o in outputs])

    def backward(self, *grads: Any) -> Any:
        if state.recorders:
            raise GradientError(
                f"[{self.name}] gradients of gradients do not go through PyTorch; import the"
                " module with from_torch"
            )
        library = torch()
        wanted = [i for i in self.inputs if i.requires_grad]
        pairs = [
            (o, shared_with_torch(g))
            for o, g in zip(self.outputs, grads, strict=True)
            if o.requires_grad
        ]
        found: Any = iter(())
        if pairs and wanted:
            outputs, weights = zip(*pairs, strict=True)
            found = iter(library.autograd.grad(outputs, wanted, weights, allow_unused=True))
        made = []
        for value in self.inputs:
            grad = next(found, None) if value.requires_grad else None
            made.append(None if grad is None else shared_from_torch(grad))
        return tuple(made)


def crossed(
    name: str, tensors: list[Tensor], run: Callable[[list[Any]], list[Any]]
) -> tuple[Tensor, ...]:
    """The outputs of a PyTorch computation on our tensors, differentiable while recording."""
    recorded = any(t.requires_grad for t in tensors)
    made = _Crossing(name, run, recorded)(*tensors)
    return made  # type: ignore[no-any-return]


def flat_call(
    name: str, function: Callable[..., Any], args: Any, extra: list[Tensor],
    around: Callable[[list[Any]], contextlib.AbstractContextManager[Any]] | None = None,
) -> Any:  # fmt: skip
    """`function(*args)` in PyTorch, where args hold our tensors at any depth.

    The tensors of `extra` take part in the gradient; `around` gets theirs in PyTorch's terms and
    gives the context that the call runs in. The result has our tensors where PyTorch gave its own.
    """
    tree = torch("utils._pytree")
    library = torch()
    leaves, spec = tree.tree_flatten(args)
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Tensor)]
    result: list[Any] = []

    def run(given: list[Any]) -> list[Any]:
        filled = list(leaves)
        for place, value in zip(places, given, strict=False):
            filled[place] = value
        positional, keywords = tree.tree_unflatten(filled, spec)
        with contextlib.nullcontext() if around is None else around(given[len(places) :]):
            made = function(*positional, **keywords)
        flat, out_spec = tree.tree_flatten(made)
        result[:] = [flat, out_spec]
        found = [v for v in flat if isinstance(v, library.Tensor)]
        return found

    tensors = [leaves[i] for i in places] + extra
    outputs = iter(crossed(name, tensors, run))
    flat, out_spec = result
    filled = [next(outputs) if isinstance(v, library.Tensor) else v for v in flat]
    return tree.tree_unflatten(filled, out_spec)


class TorchOperator:
    """One PyTorch operator as a function of our tensors."""

    def __init__(self, name: str):
        self.name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        namespace, _, rest = self.name.partition("::")
        operator, _, overload = rest.partition(".")
        target = getattr(getattr(getattr(torch().ops, namespace), operator), overload or "default")
        tree = torch("utils._pytree")
        args, kwargs = tree.tree_map(_argument, (args, kwargs))
        return flat_call(self.name, target, (args, kwargs), [])


def _argument(leaf: Any) -> Any:
    """An argument in PyTorch's terms, unless it is a tensor."""
    dtype = getattr(leaf, "name", None)
    if type(leaf).__module__.startswith("numpy") and isinstance(dtype, str):
        return getattr(torch(), dtype)
    return leaf
