"""What a notebook holds that can be made static, and on which inputs it could be tried."""

import builtins
import inspect
import sys
import types
import weakref
from typing import Any

import numpy as np

from ..autodiff import GradManager
from ..graph.state import state
from ..graph.value import wrap
from ..jit.static import StaticFunction, unwrapped
from ..module import Module
from ..optimizer import Optimizer
from ..tensor import Tensor

_last: "weakref.WeakKeyDictionary[Module, tuple[Any, ...]]" = weakref.WeakKeyDictionary()
_watched: "weakref.WeakSet[Module]" = weakref.WeakSet()
LARGEST = 64 * 2**20
"""Inputs of more bytes are not remembered: what is remembered stays in memory."""


def user_names() -> dict[str, Any]:
    """The names of the notebook's or program's main module."""
    main = sys.modules.get("__main__")
    return vars(main) if main is not None else {}


def targets(names: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Modules and step functions among `names`, the steps first.

    Each with its name, kind ("step", "function" or "module"), class or signature, place in the
    source, whether it is static already, and `samples`: the expressions to try it on, "" for one
    that has to be asked for.
    """
    held = user_names() if names is None else names
    found = []
    for name, value in list(held.items()):
        if name.startswith("_") or inspect.isclass(value):
            continue
        if isinstance(value, (types.FunctionType, StaticFunction)):
            plain = unwrapped(value)
            if isinstance(plain, types.FunctionType) and _trains(plain, held):
                found.append(_function(name, value, plain, held))
        elif isinstance(value, Module):
            watch(value)
            found.append(_module(name, value, held))
    order = {"step": 0, "module": 1, "function": 2}
    return sorted(found, key=lambda item: order[item["kind"]])


def watch(module: Module) -> None:
    """Remember from now on what a module is called with."""
    plain = unwrapped(module)
    if plain not in _watched:
        _watched.add(plain)
        plain.register_forward_pre_hook(_remember)


def watch_all(names: dict[str, Any] | None = None) -> None:
    """Watch every module among the names."""
    for value in list((user_names() if names is None else names).values()):
        if isinstance(value, Module):
            watch(value)


def last_inputs(module: Module) -> tuple[Any, ...]:
    """What a watched module was last called with, () if nothing is known."""
    return _last.get(unwrapped(module), ())


def _remember(module: Module, inputs: tuple[Any, ...]) -> None:
    if state.mode is not None:
        return  # being recorded: what is kept of such a call would have to be recorded with it
    size = sum(t._buffer.type.nbytes for t in inputs if isinstance(t, Tensor))
    if size <= LARGEST:
        kept = [wrap(t._buffer, None) if isinstance(t, Tensor) else t for t in inputs]
        _last[module] = tuple(kept)


def _trains(function: types.FunctionType, names: dict[str, Any]) -> bool:
    """True for a function of the user's that takes a step or calls a module."""
    if function.__module__ != "__main__" and function.__globals__ is not names:
        return False
    cells = [c.cell_contents for c in function.__closure__ or () if _filled(c)]
    seen = [names.get(name) for name in function.__code__.co_names] + cells
    return any(isinstance(v, (GradManager, Optimizer, Module)) for v in seen)


def _filled(cell: Any) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:
        return False
    return True


def _function(
    name: str, value: Any, plain: types.FunctionType, names: dict[str, Any]
) -> dict[str, Any]:
    used = [names.get(n) for n in plain.__code__.co_names]
    steps = any(isinstance(v, (GradManager, Optimizer)) for v in used)
    signature = inspect.signature(plain)
    samples = []
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.default is not parameter.empty:
            continue
        samples.append(
            {"argument": parameter.name, **_offer(names.get(parameter.name), parameter.name)}
        )
    return {
        "name": name,
        "kind": "step" if steps else "function",
        "text": f"{name}{signature}",
        "file": plain.__code__.co_filename,
        "line": plain.__code__.co_firstlineno,
        "static": value is not plain,
        "samples": samples,
    }


def _module(name: str, value: Module, names: dict[str, Any]) -> dict[str, Any]:
    samples = []
    for number, item in enumerate(last_inputs(value)):
        known = _name_of(item, names)
        expression = known or f"tengen.viz.last_inputs({name})[{number}]"
        samples.append({"argument": f"input {number + 1}", **_offer(item, expression)})
    if not samples:
        samples = [{"argument": "input 1", "expression": "", "text": ""}]
    cls = type(unwrapped(value))
    place = _place(cls)
    return {
        "name": name,
        "kind": "module",
        "text": f"{cls.__name__}, {sum(p.size for p in value.parameters()):,} parameters",
        "file": place[0],
        "line": place[1],
        "static": unwrapped(value) is not value,
        "samples": samples,
    }


def _offer(value: Any, expression: str) -> dict[str, str]:
    if isinstance(value, Tensor):
        return {"expression": expression, "text": f"{value.dtype.name}{list(value.shape)}"}
    if isinstance(value, np.ndarray):
        text = f"array {value.dtype}{list(value.shape)}"
        return {"expression": f"tengen.Tensor({expression})", "text": text}
    if value is None or hasattr(builtins, expression) or callable(value):
        return {"expression": "", "text": ""}
    return {"expression": expression, "text": repr(value)[:60]}


def _name_of(value: Any, names: dict[str, Any]) -> str:
    """A name under which the same value can be had."""
    if not isinstance(value, Tensor):
        return ""
    for name, held in names.items():
        if not name.startswith("_") and isinstance(held, Tensor) and held._buffer is value._buffer:
            return name
    return ""


def _place(cls: type) -> tuple[str, int]:
    try:
        return inspect.getsourcefile(cls) or "", inspect.getsourcelines(cls)[1]
    except (OSError, TypeError):
        return "", 0
