"""Optimizer: the base of all; keeps parameter groups and the state of each parameter."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, StateError
from ..tensor import Parameter, Tensor


class _Required:
    def __repr__(self) -> str:
        return "<required parameter>"


required: Any = _Required()


class Optimizer(ABC):
    """Base class: a subclass states `_create_state(group)` and `_updates(group)`.

    `params`: Parameters, or dicts with "params" and settings of their own (groups).
    `defaults`: settings of the groups that do not state them. Raises ArgumentError for an empty
    list, a mixture, anything but Parameters, or a Parameter given twice.
    """

    def __init__(self, params: Iterable[Parameter] | dict[str, Any], defaults: dict[str, Any]):
        self._state: dict[Parameter, dict[str, Tensor]] = {}
        self._defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        if isinstance(params, (Parameter, dict)):
            params = [params]  # type: ignore[list-item]
        elif not isinstance(params, Iterable):
            raise ArgumentError(
                f"[Optimizer] expected Parameters or dicts of them; got {type(params).__name__}"
            )
        items: list[Any] = list(params)
        if not items:
            raise ArgumentError("[Optimizer] the list of parameters is empty")
        grouped = [isinstance(item, dict) for item in items]
        if any(grouped) != all(grouped):
            raise ArgumentError("[Optimizer] expected Parameters or dicts; got both in one list")
        for group in items if grouped[0] else [{"params": items}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with settings of their own: {"params": [...], "lr": ...}.

        Raises ArgumentError as the constructor does, and for a required setting left out.
        """
        if not isinstance(param_group, dict):
            raise ArgumentError(
                f"[Optimizer] a parameter group is a dict; got {type(param_group).__name__}"
            )
        params = param_group["params"]
        if isinstance(params, set):
            raise ArgumentError("[Optimizer] parameters come in an ordered list; got a set")
        params = [params] if isinstance(params, Tensor) else list(params)
        for param in params:
            if not isinstance(param, Parameter):
                raise ArgumentError(
                    f"[Optimizer] can only optimize Parameters; got {type(param).__name__}"
                )
        known = {id(p) for group in self.param_groups for p in group["params"]}
        if len({id(p) for p in params}) < len(params) or any(id(p) in known for p in params):
            raise ArgumentError("[Optimizer] a parameter appears in more than one place")
        param_group["params"] = params
        for name, default in self._defaults.items():
            if default is required and name not in param_group:
                raise ArgumentError(f"[Optimizer] the group does not state {name}")
            param_group.setdefault(name, default)
        self.param_groups.append(param_group)
        self._create_state(param_group)

    def _add_state(
        self, param: Parameter, state_name: str, initializer: Any = None, dtype: Any = None
    ) -> None:
        """Give a parameter a state tensor: zeros like it, or `initializer`.

        Half-width parameters have float32 states.
        """
        states = self._state.setdefault(param, {})
        if state_name in states:
            raise StateError(f"[Optimizer] the parameter has a state {state_name} already")
        kind = dt.accumulator(param.dtype) if dtype is None else dt.as_dtype(dtype)
        if initializer is None:
            initializer = np.zeros(param.shape, kind)
        states[state_name] = Tensor(
            initializer, dtype=kind, device=param.device, name=_state_name(param, state_name)
        )

    @abstractmethod
    def _create_state(self, param_group: dict[str, Any]) -> None:
        """Add the states of a group's parameters with `_add_state`."""

    @abstractmethod
    def _updates(self, param_group: dict[str, Any]) -> None:
        """Update a group's parameters and states from the gradients."""

    def step(self) -> "Optimizer":
        """Update every parameter that has a gradient; gives the optimizer itself."""
        for group in self.param_groups:
            self._updates(group)
        return self

    def zero_grad(self) -> None:
        """Fill the gradients that there are with zeros; `clear_grad` drops them instead."""
        for group in self.param_groups:
            for param in group["params"]:
                if param.grad is not None:
                    param.grad.reset_zero()

    def clear_grad(self) -> "Optimizer":
        """Drop the gradients (`grad` becomes None); gives the optimizer itself."""
        for group in self.param_groups:
            for param in group["params"]:
                param.grad = None
        return self

    def state_dict(self, keep_var: bool = False) -> dict[str, Any]:
        """{"param_groups": settings with parameter numbers, "state": states by number}.

        States come as NumPy arrays, or as tensors with `keep_var`.
        """
        numbers = {
            id(param): number
            for number, param in enumerate(p for g in self.param_groups for p in g["params"])
        }
        groups = []
        for group in self.param_groups:
            saved = {key: value for key, value in group.items() if key != "params"}
            saved["params"] = [numbers[id(param)] for param in group["params"]]
            groups.append(saved)
        state = {
            numbers[id(param)]: {
                name: value if keep_var else value.numpy() for name, value in states.items()
            }
            for param, states in self._state.items()
        }
        return {"param_groups": groups, "state": state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave. Raises ArgumentError if groups, settings, numbers of
        parameters or shapes differ."""
        saved_groups, saved_state = state["param_groups"], state["state"]
        if len(saved_groups) != len(self.param_groups):
            raise ArgumentError(
                f"[Optimizer] has {len(self.param_groups)} group(s); got {len(saved_groups)}"
            )
        if len(saved_state) != len(self._state):
            raise ArgumentError(
                f"[Optimizer] keeps states of {len(self._state)} parameter(s);"
                f" got {len(saved_state)}"
            )
        ready: list[tuple[Tensor, Any]] = []
        for group, saved in zip(self.param_groups, saved_groups, strict=True):
            if len(saved["params"]) != len(group["params"]) or set(saved) != set(group):
                raise ArgumentError(
                    f"[Optimizer] a group has {len(group['params'])} parameter(s) and the settings"
                    f" {sorted(group)}; got {len(saved['params'])} and {sorted(saved)}"
                )
            for param, number in zip(group["params"], saved["params"], strict=True):
                for name, tensor in self._state.get(param, {}).items():
                    ready.append((tensor, _checked(name, saved_state[number][name], tensor)))
        for tensor, value in ready:
            tensor.set_value(value)
        for group, saved in zip(self.param_groups, saved_groups, strict=True):
            group.update({k: v for k, v in saved.items() if k != "params"})

    def backward(self, loss: Any) -> None:
        """Not here: gradients are taken by `tengen.autodiff.GradManager`."""
        raise NotImplementedError("[Optimizer] backward: use tengen.autodiff.GradManager")

    def bcast_param(self) -> None:
        """Not here: sharing parameters among processes is the business of `distributed`."""
        raise NotImplementedError("[Optimizer] bcast_param: use tengen.distributed.bcast_list_")


def _state_name(param: Parameter, state_name: str) -> str | None:
    return f"{param.name}.{state_name}" if param.name else None


def _checked(name: str, value: Any, tensor: Tensor) -> Any:
    array = value.numpy() if isinstance(value, Tensor) else np.asarray(value)
    if array.shape == tensor.shape:
        return array
    if array.size == tensor.size == 1:
        return array.reshape(tensor.shape)
    raise ArgumentError(f"[Optimizer] state {name} has shape {tensor.shape}; got {array.shape}")
