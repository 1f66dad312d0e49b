"""The table of ATen operators: `@aten("name", ...)` enters a function under names."""

import dataclasses
import importlib
import sys
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

_FAMILIES = (
    "arithmetic", "arrangement", "convolution", "creation", "indexing", "normalisation", "pooling",
    "python", "randomness", "recurrent", "reduction", "attention", "activation", "losses",
    "resizing", "linear_algebra",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Entry:
    """A function of ours for an operator; `takes_training`: it has the keyword `training`."""

    function: Callable[..., Any]
    takes_training: bool


_entries: dict[str, Entry] = {}


def aten(*names: str, training: bool = False) -> Callable[[F], F]:
    """Enter a function under "name.overload", or under "name" for every overload."""

    def enter(function: F) -> F:
        if "<locals>" in getattr(function, "__qualname__", ""):
            _publish(function, names[0])
        for name in names:
            assert name not in _entries, name
            _entries[name] = Entry(function, training)
        return function

    return enter


def _publish(function: Any, name: str) -> None:
    """Put a function made inside another one at its module's top level, for pickle to find."""
    label = f"aten_{name.replace('.', '_')}"
    function.__name__ = function.__qualname__ = label
    setattr(sys.modules[function.__module__], label, function)


def find(name: str) -> Entry | None:
    """The entry for an operator's full name, None where there is none."""
    for family in _FAMILIES:
        importlib.import_module(f"{__package__}.{family}")
    return _entries.get(name) or _entries.get(name.rpartition(".")[0])
