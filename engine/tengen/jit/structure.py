"""Nested arguments and results taken apart into tensors and a template, and put together again."""

from collections.abc import Callable
from typing import Any

from ..tensor import Tensor


class Place:
    """Stands for tensor number `index` in a template."""

    __slots__ = ("index",)

    def __init__(self, index: int):
        self.index = index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and other.index == self.index

    def __hash__(self) -> int:
        return hash(self.index)


def flatten(value: Any, leaves: list[Tensor]) -> Any:
    """The template of nested lists, tuples and dicts; its tensors are appended to `leaves`."""
    if isinstance(value, Tensor):
        leaves.append(value)
        return Place(len(leaves) - 1)
    if isinstance(value, (list, tuple)):
        parts = [flatten(item, leaves) for item in value]
        return _rebuilt(value, parts)
    if isinstance(value, dict):
        return {key: flatten(item, leaves) for key, item in value.items()}
    return value


def rebuild(template: Any, leaf: Callable[[int], Any]) -> Any:
    """The nested value with `leaf(index)` at every place."""
    if isinstance(template, Place):
        return leaf(template.index)
    if isinstance(template, (list, tuple)):
        return _rebuilt(template, [rebuild(item, leaf) for item in template])
    if isinstance(template, dict):
        return {key: rebuild(item, leaf) for key, item in template.items()}
    return template


def flat_tensors(value: Any) -> list[Tensor]:
    """Every tensor in nested lists, tuples and dicts."""
    found: list[Tensor] = []
    flatten(value, found)
    return found


def _rebuilt(like: Any, parts: list[Any]) -> Any:
    if isinstance(like, tuple) and hasattr(like, "_fields"):
        return type(like)(*parts)
    return tuple(parts) if isinstance(like, tuple) else list(parts)


def same(a: Any, b: Any) -> bool:
    """True when two templates are equal in structure and in every plain value."""
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if a is b:
        return True
    try:
        return bool(a == b)
    except (TypeError, ValueError):
        return False
