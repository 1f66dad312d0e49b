"""PyTorchModule: a PyTorch module as a layer of ours; PyTorch computes it."""

import contextlib
import weakref
from collections.abc import Iterator
from typing import Any

from ..base.errors import ArgumentError
from ..tensor import Parameter, Tensor
from .imported import Part
from .torch_crossing import flat_call
from .torch_hierarchy import copy_hierarchy
from .torch_library import array_of, torch, torch_of
from .torch_memory import shared_from_torch, shared_with_torch

__all__ = ["PyTorchModule"]


class PyTorchModule(Part):
    """Runs a PyTorch module on our tensors; gradients flow through it.

    Its parameters stand here under their own names, in the memory that PyTorch reads, so our
    optimizers train it and `state_dict` holds it. Inputs and results may nest tensors in lists,
    tuples and dicts; they are shared with PyTorch without a copy, on the CPU and on a GPU. Training
    mode follows this module's. Gradients of gradients do not go through it (GradientError).
    """

    def __init__(self, module: Any):
        if not isinstance(module, torch().nn.Module):
            raise ArgumentError(
                f"[PyTorchModule] a torch.nn.Module is expected; got {type(module).__name__}"
            )
        super().__init__(type(module).__name__)
        self._has_boundary = True
        self._torch = module
        copy_hierarchy(self, module, lambda value: shared_from_torch(value, Parameter))
        self._bridge: _Bridge | None = _Bridge(self, module)
        self._bridge.remember()

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        bridge = self._bridge
        if bridge is None or bridge.root() is not self:
            bridge = self._bridge = _Bridge(self, self._torch)
        bridge.enter()
        made = flat_call(
            f"PyTorchModule({self._kind})", self._torch, (inputs, kwargs),
            [ours for _, _, ours in bridge.parameters()], bridge.lending,
        )  # fmt: skip
        bridge.leave()
        return made

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_bridge": None}


class _Bridge:
    """Keeps a PyTorch module and its layer of ours in step."""

    def __init__(self, layer: Any, module: Any):
        self.root = weakref.ref(layer)
        self.module = module
        self.known: dict[str, Any] = {}
        self._names = [name for name, _ in module.named_parameters()]
        self._buffers = list(module.state_dict().keys() - dict(
            module.named_parameters(remove_duplicate=False)
        ).keys())  # fmt: skip

    def __deepcopy__(self, memo: dict[int, Any]) -> None:
        return None

    def parameters(self) -> Iterator[tuple[str, Any, Tensor]]:
        """(name, PyTorch's parameter, ours)."""
        for name in self._names:
            yield name, self.module.get_parameter(name), self._ours(name)

    def _ours(self, name: str) -> Any:
        head, _, attribute = name.rpartition(".")
        layer = self.root()
        assert layer is not None
        return getattr(layer.part(head), attribute)

    def remember(self) -> None:
        """Take what our parameters hold for PyTorch's own memory."""
        for name, _, ours in self.parameters():
            self.known[name] = weakref.ref(ours._buffer)

    def enter(self) -> None:
        """Bring modes, parameters and buffers of PyTorch's module up to date with ours."""
        layer = self.root()
        assert layer is not None
        for path, part in self.module.named_modules():
            part.training = layer.part(path).training
        with torch().no_grad():
            for name, theirs, ours in self.parameters():
                if not self._is_known(name, ours):
                    # In new memory: what lies in the old one may be somebody else's value.
                    theirs.data = shared_with_torch(ours).clone()
                    ours._buffer = shared_from_torch(theirs)._buffer
                    self.known[name] = weakref.ref(ours._buffer)
            for name in self._buffers:
                ours = self._ours(name)
                if not self._is_known(name, ours):
                    self.module.get_buffer(name).copy_(torch_of(ours.numpy()))
                    self.known[name] = weakref.ref(ours._buffer)

    def _is_known(self, name: str, ours: Any) -> bool:
        held = self.known.get(name)
        return held is not None and held() is ours._buffer

    def leave(self) -> None:
        """Take over the buffers that the call has changed."""
        layer = self.root()
        assert layer is not None
        if not any(part.training for part in layer.modules()):
            return
        for name in self._buffers:
            ours = self._ours(name)
            ours.set_value(array_of(self.module.get_buffer(name)))
            self.known[name] = weakref.ref(ours._buffer)

    @contextlib.contextmanager
    def lending(self, values: list[Any]) -> Iterator[None]:
        """PyTorch's module with `values` in the place of its parameters."""
        functional = torch("nn.utils.stateless")
        with functional._reparametrize_module(
            self.module, dict(zip(self._names, values, strict=True)), tie_weights=True
        ):
            yield
