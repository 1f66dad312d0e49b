"""A module's whole state as a dictionary, and taking it over again."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError
from ..logger import get_logger
from ..tensor import Tensor

_log = get_logger(__name__)


def _entries(module: Any, prefix: str) -> list[tuple[str, Tensor, Any]]:
    """(name, tensor, owner) of every tensor; a module's own come before those of its parts.

    What two modules share comes under both names.
    """
    found: list[tuple[str, Tensor, Any]] = []

    def visit(owner: Any, path: str, outside: tuple[int, ...]) -> None:
        parts = list(owner._flatten(recursive=False, with_key=True))
        for key, leaf in parts:
            if isinstance(leaf, Tensor):
                found.append((path + key, leaf, owner))
        for key, leaf in parts:
            if not isinstance(leaf, Tensor) and id(leaf) not in outside:
                visit(leaf, path + key + ".", (*outside, id(leaf)))

    visit(module, prefix, (id(module),))
    return found


def state_dict(module: Any, into: Any, prefix: str, keep_var: bool) -> "OrderedDict[str, Any]":
    """See `Module.state_dict`."""
    found: OrderedDict[str, Any] = OrderedDict() if into is None else into
    for name, tensor, owner in _entries(module, prefix):
        value: Any = tensor if keep_var else tensor.numpy()
        if getattr(owner, "state_as_vectors", False) and value.ndim > 1:
            value = value.reshape(-1)
        found[name] = value
    return found


def load_state_dict(module: Any, source: Any, strict: bool) -> None:
    """See `Module.load_state_dict`."""
    given: set[str] = set()
    if isinstance(source, dict):
        given = set(source)
        look_up: Callable[[str, Tensor], Any] = lambda name, _: source.get(name)  # noqa: E731
    elif callable(source):
        look_up = source
    else:
        raise ArgumentError(
            f"[load_state_dict] expected a dict or a function; got {type(source).__name__}"
        )
    ready, missing = [], []
    for name, tensor, owner in _entries(module, ""):
        value = look_up(name, tensor)
        given.discard(name) if value is not None else missing.append(name)
        if value is not None:
            ready.append((tensor, _fitting(name, value, tensor, owner)))
    _report(given, missing, strict)
    for tensor, array in ready:
        new = type(tensor)(array, dtype=array.dtype, device=tensor.device, format=tensor.format)
        tensor._reset(new)


def _fitting(name: str, value: Any, tensor: Tensor, owner: Any) -> np.ndarray[Any, Any]:
    """The value as an array of the tensor's shape; wide host types become the tensor's."""
    if isinstance(value, Tensor):
        value = value.numpy()
    if not isinstance(value, np.ndarray):
        raise ArgumentError(
            f"[load_state_dict] {name}: expected a NumPy array; got {type(value).__name__}"
        )
    if value.shape != tensor.shape:
        if value.size != tensor.size or not getattr(owner, "state_as_vectors", False):
            raise ArgumentError(
                f"[load_state_dict] {name} has shape {tensor.shape}; got {value.shape}"
            )
        value = value.reshape(tensor.shape)
    if value.dtype != tensor.dtype and dt.default_dtype(value.dtype) != value.dtype:
        value = value.astype(tensor.dtype)
    return value


def _report(unused: set[str], missing: list[str], strict: bool) -> None:
    for label, names in (("not used", sorted(unused)), ("missing", sorted(missing))):
        if names and strict:
            raise KeyError(f"[load_state_dict] {label} (strict=True): {', '.join(names)}")
        if names:
            _log.warning("[load_state_dict] %s (strict=False): %s", label, ", ".join(names))
