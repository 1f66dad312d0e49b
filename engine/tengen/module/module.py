"""Module: the base of every layer and model.

Parameters, buffers and submodules are found by looking at the attributes, so that assigning one
is all it takes to register it. Saving and loading its state stands in states.py.
"""

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..base.errors import ArgumentError, StateError
from ..base.tally import changes
from ..graph.state import state
from ..tensor import Parameter, Tensor
from ..utils.hook import HookHandler
from . import states
from .naming import set_name
from .structure import expand, leaves


class Module(ABC):
    """Base class of layers and models: subclass it, assign parts in `__init__`, write `forward`.

    `name`: shown in reports instead of the attribute's name.
    """

    __slots__ = ("__dict__", "__weakref__", "_scope")

    name: str | None
    training: bool
    quantize_disabled: bool

    def __init__(self, name: str | None = None):
        self._scope: tuple[Any, str] | None = None
        self._modules: list[str] = []
        if name is not None and not (isinstance(name, str) and name.strip()):
            raise ArgumentError(f"[Module] name is a non-empty string; got {name!r}")
        self.name = name
        self.training = True
        self.quantize_disabled = False
        self._forward_pre_hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()
        self._forward_hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()
        self._name: str | None = None
        self._short_name: str | None = None

    @abstractmethod
    def forward(self, inputs: Any) -> Any:
        """The result for the given inputs; called through `module(...)`."""

    def __call__(self, *inputs: Any, **kwargs: Any) -> Any:
        outer = state.scope
        scope = self._scope
        if scope is None or scope[0] is not outer:
            scope = self._enter_first(outer)
        state.scope = scope
        try:
            if self._forward_pre_hooks:
                inputs = self._before(inputs)
            outputs = self.forward(*inputs, **kwargs)
            if self._forward_hooks:
                outputs = self._after(inputs, outputs)
        finally:
            state.scope = outer
        return outputs

    def _enter_first(self, outer: Any) -> tuple[Any, str]:
        """Make the scope of calls from `outer`, and name what was put into containers later."""
        if self._scope is None:
            for key, leaf in self._flatten(recursive=False, with_key=True):
                set_name(self._name or "", key, leaf)
        label = self.name if self.name is not None else self._short_name
        scope = self._scope = (outer, label or "")
        return scope

    def _before(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in list(self._forward_pre_hooks.values()):
            changed = hook(self, inputs)
            if changed is not None:
                inputs = changed if isinstance(changed, tuple) else (changed,)
        return inputs

    def _after(self, inputs: tuple[Any, ...], outputs: Any) -> Any:
        for hook in list(self._forward_hooks.values()):
            changed = hook(self, inputs, outputs)
            if changed is not None:
                outputs = changed
        return outputs

    def register_forward_pre_hook(self, hook: Callable[..., Any]) -> HookHandler:
        """Call `hook(module, inputs)` before every forward; what it returns, unless None,
        becomes the inputs. Gives a handler whose `remove()` takes the hook off."""
        return HookHandler(self._forward_pre_hooks, hook)

    def register_forward_hook(self, hook: Callable[..., Any]) -> HookHandler:
        """Call `hook(module, inputs, outputs)` after every forward; what it returns, unless
        None, becomes the outputs. Gives a handler whose `remove()` takes the hook off."""
        return HookHandler(self._forward_hooks, hook)

    def _flatten(
        self,
        *,
        recursive: bool = True,
        with_key: bool = False,
        with_parent: bool = False,
        prefix: str | None = None,
        predicate: Callable[[Any], bool] = lambda _: True,
        seen: set[int] | None = None,
        **ignored: Any,
    ) -> Iterator[Any]:
        """Tensors and modules that pass `predicate`, with their keys and parents if asked."""
        ignored.pop("requires_grad", None)
        if ignored:
            raise TypeError(f"[Module] unknown argument {', '.join(ignored)}")
        seen = {id(self)} if seen is None else seen
        for key, leaf, parent in leaves(self, Module, recursive, prefix or "", predicate, seen):
            if with_key:
                yield (key, leaf, parent) if with_parent else (key, leaf)
            else:
                yield (leaf, parent) if with_parent else leaf

    def parameters(self, recursive: bool = True, **kwargs: Any) -> Iterator[Parameter]:
        """Every Parameter once; `recursive=False` leaves those of submodules out."""
        return self._flatten(recursive=recursive, predicate=_is_parameter, **kwargs)

    def named_parameters(
        self, prefix: str | None = None, recursive: bool = True, **kwargs: Any
    ) -> Iterator[tuple[str, Parameter]]:
        """(dotted name, Parameter) pairs; `prefix` is put before the names."""
        return self._flatten(
            with_key=True, prefix=prefix, recursive=recursive, predicate=_is_parameter, **kwargs
        )

    def buffers(self, recursive: bool = True, **kwargs: Any) -> Iterator[Tensor]:
        """Every tensor that is no Parameter, such as running statistics."""
        return self._flatten(recursive=recursive, predicate=_is_buffer, **kwargs)

    def named_buffers(
        self, prefix: str | None = None, recursive: bool = True, **kwargs: Any
    ) -> Iterator[tuple[str, Tensor]]:
        """(dotted name, tensor) pairs of the tensors that are no Parameter."""
        return self._flatten(
            with_key=True, prefix=prefix, recursive=recursive, predicate=_is_buffer, **kwargs
        )

    def tensors(self, recursive: bool = True, **kwargs: Any) -> Iterator[Tensor]:
        """Every parameter and buffer."""
        return self._flatten(recursive=recursive, predicate=_is_tensor, **kwargs)

    def named_tensors(
        self, prefix: str | None = None, recursive: bool = True, **kwargs: Any
    ) -> Iterator[tuple[str, Tensor]]:
        """(dotted name, tensor) pairs of every parameter and buffer."""
        return self._flatten(
            with_key=True, prefix=prefix, recursive=recursive, predicate=_is_tensor, **kwargs
        )

    def children(self, **kwargs: Any) -> "Iterator[Module]":
        """The modules held directly, not those inside them."""
        return self._flatten(recursive=False, predicate=_is_module, **kwargs)

    def named_children(self, **kwargs: Any) -> "Iterator[tuple[str, Module]]":
        """(attribute name, module) pairs of the modules held directly."""
        return self._flatten(with_key=True, recursive=False, predicate=_is_module, **kwargs)

    def modules(self, **kwargs: Any) -> "Iterator[Module]":
        """This module, then every module inside it at any depth."""
        yield (self, None) if kwargs.get("with_parent") else self  # type: ignore[misc]
        yield from self._flatten(predicate=_is_module, **kwargs)

    def named_modules(
        self, prefix: str | None = None, **kwargs: Any
    ) -> "Iterator[tuple[str, Module]]":
        """(dotted name, module) pairs; this module itself has the name `prefix` or ""."""
        own = prefix or ""
        yield (own, self, None) if kwargs.get("with_parent") else (own, self)  # type: ignore[misc]
        yield from self._flatten(with_key=True, prefix=prefix, predicate=_is_module, **kwargs)

    def apply(self, fn: "Callable[[Module], Any]") -> None:
        """Call `fn` with this module and every module inside it."""
        for item in self.modules():
            fn(item)

    def zero_grad(self) -> None:
        """Fill the gradients that the parameters have with zeros."""
        for param in self.parameters():
            if param.grad is not None:
                param.grad.reset_zero()

    def train(self, mode: bool = True, recursive: bool = True) -> None:
        """Put this module, and with `recursive` those inside it, in training mode (or out)."""
        if not recursive:
            self.training = mode
            return
        self.apply(lambda module: module.train(mode, recursive=False))

    def eval(self) -> None:
        """Put this module and those inside it in evaluation mode."""
        self.train(False)

    def disable_quantize(self, value: bool = True) -> None:
        """Keep this module and those inside it out of quantization (or let them in again)."""

        def mark(module: Module) -> None:
            module.quantize_disabled = value

        self.apply(mark)

    def replace_param(
        self, params: dict[int, Parameter], start_pos: int, seen: set[int] | None = None
    ) -> int:
        """Put `params[start_pos + i]` in the place of the i-th parameter, where there is one.

        Gives the number of parameters passed. Raises ArgumentError for another shape.
        """
        seen = {id(self)} if seen is None else seen
        attributes, count = vars(self), 0
        for key in sorted(attributes):
            value = attributes[key]
            if id(value) in seen:
                continue
            seen.add(id(value))
            if isinstance(value, Parameter):
                new = params.get(start_pos + count)
                if new is not None:
                    if new.shape != value.shape:
                        raise ArgumentError(
                            f"[replace_param] {key} has shape {value.shape}; got {new.shape}"
                        )
                    attributes[key] = new
                count += 1
            elif isinstance(value, Module):
                count += value.replace_param(params, start_pos + count, seen)
        return count

    def state_dict(
        self, rst: Any = None, prefix: str = "", keep_var: bool = False
    ) -> "OrderedDict[str, Any]":
        """Every parameter and buffer by dotted name, as NumPy arrays (tensors if `keep_var`).

        Parameters of normalisation layers come as vectors. `rst` is a dict to add to, `prefix`
        is put before the names.
        """
        return states.state_dict(self, rst, prefix, keep_var)

    def load_state_dict(
        self,
        state_dict: dict[str, Any] | Callable[[str, Tensor], np.ndarray[Any, Any] | None],
        strict: bool = True,
    ) -> None:
        """Take over what `state_dict()` gave, or what a function `(name, tensor)` returns.

        None as a value skips a tensor. With `strict`, names must match one to one (KeyError);
        without it, differences are logged. Raises ArgumentError for another shape.
        """
        states.load_state_dict(self, state_dict, strict)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in ("_modules", "_scope"):
            self._register(name, value)
        object.__setattr__(self, name, value)
        if name != "_scope":
            changes.note()

    def _register(self, name: str, value: Any) -> None:
        """Note and name the parts that an attribute brings."""
        held = self.__dict__.get("_modules")
        if isinstance(value, (Module, list, tuple, dict)):
            for key, leaf in expand(name, value, Module):
                if held is None:
                    raise StateError(
                        f"[Module] {type(self).__name__}.{name}: call super().__init__() before"
                        " assigning modules"
                    )
                set_name(self._name or "", key, leaf)
            if held is not None and name not in held:
                held.append(name)
            return
        if held and name in held:
            held.remove(name)
        if isinstance(value, Tensor):
            set_name(self.__dict__.get("_name") or "", name, value)
        elif name == "name":
            self._scope = None

    def __delattr__(self, name: str) -> None:
        held = self.__dict__.get("_modules")
        if held and name in held:
            held.remove(name)
        object.__delattr__(self, name)
        changes.note()

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__)

    def __setstate__(self, saved: dict[str, Any]) -> None:
        self._scope = None
        self.__dict__.update(saved)
        changes.note()

    def _module_info_string(self) -> str:
        """What stands in the parentheses of the module's text."""
        return ""

    def __repr__(self) -> str:
        extra = self._module_info_string()
        lines = extra.split("\n") if extra else []
        inner = []
        for name in self._modules:
            for key, leaf in expand(name, self.__dict__[name], Module):
                if isinstance(leaf, Module):
                    inner.append(f"({key}): " + repr(leaf).replace("\n", "\n  "))
        if not inner and len(lines) < 2:
            return f"{type(self).__name__}({extra})"
        body = "\n  ".join(lines + inner)
        return f"{type(self).__name__}(\n  {body}\n)"


def _is_parameter(value: Any) -> bool:
    return isinstance(value, Parameter)


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor)


def _is_buffer(value: Any) -> bool:
    return isinstance(value, Tensor) and not isinstance(value, Parameter)


def _is_module(value: Any) -> bool:
    return isinstance(value, Module)
