"""State dicts between our models and PyTorch's: names, shapes, and what only one side has.

Layers of ours keep grouped weights with an axis for the groups, and biases and normalisation
parameters with axes of length 1; PyTorch does without. The names of ResNet, MobileNetV2 and
ShuffleNetV2 are torchvision's; those of GPT are turned into Hugging Face's GPT-2.
"""

import dataclasses
import math
import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from ..base.errors import ArgumentError
from ..module import Module
from ..tensor import Tensor
from .imported import Part
from .torch_library import array_of, torch, torch_of

__all__ = ["load_torch_state_dict", "to_torch_state_dict"]

COUNTER = "num_batches_tracked"


@dataclasses.dataclass(frozen=True)
class Counterpart:
    """What a tensor of ours is in PyTorch: its name, its shape, and whether it lies transposed."""

    name: str
    shape: tuple[int, ...]
    transposed: bool = False


def _same(name: str, tensor: Tensor) -> tuple[str, bool]:
    return name, False


_GPT = (
    (r"^(wte|wpe)\.", r"transformer.\1."),
    (r"^blocks\.(\d+)\.ln(\d)\.", r"transformer.h.\1.ln_\2."),
    (r"^blocks\.(\d+)\.attn\.qkv\.", r"transformer.h.\1.attn.c_attn."),
    (r"^blocks\.(\d+)\.(attn|mlp)\.proj\.", r"transformer.h.\1.\2.c_proj."),
    (r"^blocks\.(\d+)\.mlp\.fc\.", r"transformer.h.\1.mlp.c_fc."),
    (r"^ln\.", "transformer.ln_f."),
    (r"^head\.", "lm_head."),
)


def _gpt(name: str, tensor: Tensor) -> tuple[str, bool]:
    """GPT-2 keeps the weights of its linear maps as (in, out)."""
    for pattern, replacement in _GPT:
        found, count = re.subn(pattern, replacement, name)
        if count:
            return found, ".c_" in found and tensor.ndim == 2
    return name, False


_NAMES: dict[str, Callable[[str, Tensor], tuple[str, bool]]] = {"GPT": _gpt}


def counterparts(module: Module) -> dict[str, tuple[Tensor, Counterpart]]:
    """Every tensor of the state with what it is in PyTorch, by its name here."""
    names = _NAMES.get(type(module).__name__, _same)
    found = {}
    for name in module.state_dict(keep_var=True):
        owner, last = _owner(module, name), name.rpartition(".")[2]
        tensor = _step(owner, last)
        theirs, transposed = names(name, tensor)
        shape = _shape(owner, last, tensor.shape)
        found[name] = tensor, Counterpart(theirs, shape[::-1] if transposed else shape, transposed)
    return found


def _owner(module: Module, name: str) -> Any:
    """The module that a tensor's dotted name leads to; lists and dicts count as steps."""
    found: Any = module
    for part in name.split(".")[:-1]:
        found = _step(found, part)
    return found


def _step(owner: Any, name: str) -> Any:
    """What stands under a name in a module, list or dict."""
    if isinstance(owner, (list, tuple)):
        return owner[int(name)]
    return owner[name] if isinstance(owner, dict) else getattr(owner, name)


def _shape(owner: Any, last: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    if isinstance(owner, Part):
        return (math.prod(shape),) if owner.state_as_vectors and len(shape) > 1 else shape
    groups = getattr(owner, "groups", 1)
    if last == "weight" and groups != 1 and len(shape) >= 4 and shape[0] == groups:
        return (shape[0] * shape[1], *shape[2:])
    if getattr(owner, "state_as_vectors", False) or (last == "bias" and len(shape) > 1):
        return (math.prod(shape),)
    return shape


def to_torch_state_dict(module: Module) -> "OrderedDict[str, Any]":
    """The state of a model as a PyTorch state dict: PyTorch tensors under PyTorch's names.

    A model of `tengen.models` gives what the well-known PyTorch model loads; a batch count of 0
    stands beside running statistics that have none.
    """
    found: OrderedDict[str, Any] = OrderedDict()
    for tensor, there in counterparts(module).values():
        value = tensor.numpy()
        value = value.T if there.transposed else value
        found[there.name] = torch_of(np.ascontiguousarray(value).reshape(there.shape))
    for name in [n for n in found if n.endswith("running_var")]:
        counter = name.removesuffix("running_var") + COUNTER
        if counter not in found:
            found[counter] = torch().tensor(0)
    return found


def load_torch_state_dict(module: Module, state_dict: Any, strict: bool = True) -> None:
    """Take over a PyTorch state dict (tensors or arrays, under PyTorch's names).

    With `strict` names must match one to one, batch counts aside; without it what is missing or
    left over is skipped. Raises ArgumentError that lists missing and left-over names, or names a
    tensor of another shape; nothing is changed then.
    """
    ready: list[tuple[Tensor, Any]] = []
    missing: list[str] = []
    left = {key for key in state_dict if not key.endswith(COUNTER)}
    for tensor, there in counterparts(module).values():
        left.discard(there.name)
        value = state_dict.get(there.name)
        if value is None:
            if not there.name.endswith(COUNTER):
                missing.append(there.name)
            continue
        array = value if isinstance(value, np.ndarray) else array_of(value)
        if array.shape != there.shape:
            raise ArgumentError(
                f"[load_torch_state_dict] {there.name} must have shape {there.shape};"
                f" got {tuple(array.shape)}"
            )
        ready.append((tensor, (array.T if there.transposed else array).reshape(tensor.shape)))
    if strict and (missing or left):
        parts = [f"missing: {', '.join(sorted(missing))}"] if missing else []
        parts += [f"not used: {', '.join(sorted(left))}"] if left else []
        raise ArgumentError(f"[load_torch_state_dict] {'; '.join(parts)}")
    for tensor, array in ready:
        tensor.set_value(array)
