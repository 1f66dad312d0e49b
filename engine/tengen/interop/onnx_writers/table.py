"""The table of our operators: `@writes("name", ...)` enters a function that appends ONNX nodes.

The function gets the Writer, the names of the inputs (None: left out) and the Call, and gives the
name, or names, of the outputs.
"""

import importlib
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

_FAMILIES = ("elementwise", "arrangement", "reduction", "networks", "indexing")
_entries: dict[str, Callable[..., Any]] = {}


class BatchIsFixed(Exception):
    """A call depends on the batch in a way that its ONNX form cannot follow."""


def writes(*names: str) -> Callable[[F], F]:
    """Enter a function under the names of our operators."""

    def enter(function: F) -> F:
        for name in names:
            assert name not in _entries, name
            _entries[name] = function
        return function

    return enter


def find(name: str) -> Callable[..., Any] | None:
    """The function for an operator of ours, None where there is none."""
    for family in _FAMILIES:
        importlib.import_module(f"{__package__}.{family}")
    return _entries.get(name)
