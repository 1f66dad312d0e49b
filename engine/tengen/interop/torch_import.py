"""from_torch: a PyTorch module as a module of ours, through torch.export."""

from typing import Any

import numpy as np

from ..base.errors import ArgumentError
from ..module import Module
from ..tensor import Tensor
from .imported import ImportedModule
from .structure import Arguments, Structure
from .torch_crossing import TorchOperator
from .torch_export import exported
from .torch_hierarchy import copy_hierarchy
from .torch_library import array_of, torch
from .torch_modes import mode_dependence
from .torch_norms import hold_wide
from .torch_reading import Reading, refuse

__all__ = ["from_torch"]


def from_torch(
    module: Any,
    *samples: Any,
    kwargs: dict[str, Any] | None = None,
    dynamic_shapes: Any = None,
    islands: bool = False,
) -> Module:
    """A PyTorch module as a module of ours: same parameter names, values, modes and results.

    `samples` (and `kwargs`) are inputs that the module takes, PyTorch tensors or arrays; the first
    axis of each stays open where the model allows it, all other lengths are the samples'.
    `dynamic_shapes` says otherwise, as torch.export's argument does. With `islands` operators
    that have no counterpart run in PyTorch. The result trains, saves and converts like any module;
    batch norm and dropout follow the training flag of their part. The original is left as it is.
    Raises UnsupportedError that lists all operators without a counterpart with their lines, or
    names the line that torch.export could not follow.
    """
    library = torch()
    if not isinstance(module, library.nn.Module):
        raise ArgumentError(
            f"[from_torch] a torch.nn.Module is expected; got {type(module).__name__}"
        )
    tree = torch("utils._pytree")
    args, keywords = tree.tree_map(_sample, (samples, dict(kwargs or {})))
    kind = type(module).__name__
    both = exported(module, args, keywords, dynamic_shapes)
    root = ImportedModule(kind)
    copy_hierarchy(root, module)
    always = set(both.evaluating.graph_signature.buffers_to_mutate.values())
    one, follows = mode_dependence(both.training, both.evaluating)
    island = _island if islands else None
    readings = [Reading(root, both.training, follows, always, island)]
    if not one:
        readings.append(Reading(root, both.evaluating, set(), always, island))
    bodies = [reading.body() for reading in readings]
    refuse(kind, [m for reading in readings for m in reading.missing])
    hold_wide(root, bodies, [reading.ranks for reading in readings])
    root.install(bodies[0], bodies[-1], _arguments(args, keywords))
    return root


def _sample(leaf: Any) -> Any:
    """A sample as PyTorch takes it."""
    if isinstance(leaf, Tensor):
        leaf = leaf.numpy()
    return torch().from_numpy(leaf) if isinstance(leaf, np.ndarray) else leaf


def _arguments(args: tuple[Any, ...], keywords: dict[str, Any]) -> Arguments:
    """How the inputs are nested, and the values of those that are no tensors."""
    tree = torch("utils._pytree")
    library = torch()
    leaves, spec = tree.tree_flatten((args, keywords))
    positional, named = Structure.of(spec).parts
    fixed = tuple(None if isinstance(v, library.Tensor) else (v,) for v in leaves)
    pairs = tuple(zip(named.names, named.parts, strict=True))
    return Arguments(positional, pairs, fixed, as_input)


def as_input(value: Any) -> Any:
    """An input as a tensor: arrays and PyTorch tensors keep their data type."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, np.ndarray):
        return Tensor(value, dtype=value.dtype)
    if hasattr(value, "detach") and hasattr(value, "numpy"):
        array = array_of(value)
        return Tensor(array, dtype=array.dtype)
    return value


def _island(node: Any) -> TorchOperator:
    """A function that runs a node in PyTorch."""
    schema = node.target._schema
    return TorchOperator(f"{schema.name}.{schema.overload_name or 'default'}")
