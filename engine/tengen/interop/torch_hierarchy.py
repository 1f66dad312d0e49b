"""The parts, parameters and buffers of a PyTorch module as a hierarchy of ours."""

from typing import Any

from ..tensor import Parameter
from .imported import Part
from .torch_library import tensor_of


def copy_hierarchy(root: Part, module: Any, parameter: Any = None) -> None:
    """Give `root` everything under the names it has in `module`; what is shared stays shared.

    `parameter` makes our parameter for one of PyTorch's; by default it copies the values. Buffers
    that PyTorch leaves out of the state are left out.
    """
    make = parameter or (lambda value: tensor_of(value, Parameter))
    made: dict[int, Any] = {id(module): root}
    for path, part in module.named_modules(remove_duplicate=False):
        if not path:
            continue
        if id(part) not in made:
            made[id(part)] = Part(type(part).__name__)
        root.hold(path, made[id(part)])
    for path, owner in module.named_modules():
        prefix = f"{path}." if path else ""
        for name, value in owner._parameters.items():
            if value is not None:
                if id(value) not in made:
                    made[id(value)] = make(value)
                root.hold(prefix + name, made[id(value)])
        for name, value in owner._buffers.items():
            if value is not None and name not in owner._non_persistent_buffers_set:
                if id(value) not in made:
                    made[id(value)] = tensor_of(value)
                root.hold(prefix + name, made[id(value)])
    copy_modes(root, module)


def copy_modes(root: Part, module: Any) -> None:
    """Give every part the training flag that it has in `module`."""
    for path, part in module.named_modules(remove_duplicate=False):
        root.part(path).train(part.training, recursive=False)
