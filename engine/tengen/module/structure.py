"""Walking what a module holds: tensors and modules in attributes, also inside nested containers."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..base.errors import ArgumentError
from ..tensor import Tensor

Leaf = Any


def expand(prefix: str, value: Any, module_type: type) -> list[tuple[str, Leaf]]:
    """The tensors and modules in an attribute's value, each with its dotted key.

    Lists and tuples count their items, dicts go in the order of their sorted keys. Raises
    ArgumentError for a dict that keeps one under a key that is no string.
    """
    if isinstance(value, (Tensor, module_type)):
        return [(prefix, value)]
    if isinstance(value, dict):
        if not _may_hold(value.values(), module_type):
            return []
        items: Iterable[tuple[Any, Any]] = ((k, value[k]) for k in _sorted(prefix, value))
    elif isinstance(value, (list, tuple)):
        items = enumerate(value)
    else:
        return []
    found = []
    for key, item in items:
        found.extend(expand(f"{prefix}.{key}", item, module_type))
    return found


def _may_hold(values: Iterable[Any], module_type: type) -> bool:
    kinds = (Tensor, module_type, list, tuple, dict)
    return any(isinstance(v, kinds) for v in values)


def _sorted(prefix: str, table: dict[Any, Any]) -> list[Any]:
    for key in table:
        if not isinstance(key, str):
            raise ArgumentError(
                f"[Module] keys of a dict of tensors or modules are strings; {prefix} has {key!r}"
            )
    return sorted(table)


def leaves(
    module: Any,
    module_type: type,
    recursive: bool,
    prefix: str,
    predicate: Callable[[Any], bool],
    seen: set[int],
) -> Iterator[tuple[str, Leaf, Any]]:
    """(key, leaf, parent) of every tensor and module that passes `predicate`, each once.

    Attributes go in the order of their sorted names; a module comes before what it holds.
    """
    attributes = vars(module)
    for name in sorted(attributes):
        for key, leaf in expand(name, attributes[name], module_type):
            if id(leaf) in seen:
                continue
            seen.add(id(leaf))
            full = f"{prefix}.{key}" if prefix else key
            if predicate(leaf):
                yield full, leaf, module
            if recursive and isinstance(leaf, module_type):
                yield from leaves(leaf, module_type, True, full, predicate, seen)
