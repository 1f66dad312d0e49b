"""Cached shape and dtype inference: the types of a call's outputs."""

from typing import Any

from ..base.errors import DTypeError
from .types import TensorType

_cache: dict[tuple[Any, ...], tuple[TensorType, ...]] = {}


def infer(
    op: Any, attrs: tuple[Any, ...], in_types: tuple[TensorType | None, ...]
) -> tuple[TensorType, ...]:
    """Output types of `op` on plain input types, cached by (op, attributes, types)."""
    key = (op, attrs, in_types)
    found = _cache.get(key)
    if found is None:
        result = op.infer(*in_types, **op.unpack(attrs))
        found = result if isinstance(result, tuple) else (result,)
        if len(_cache) > 100_000:
            _cache.clear()
        _cache[key] = found
    return found


def require_dtypes(name: str, allowed: tuple[Any, ...], *types: TensorType) -> None:
    """Raise DTypeError unless every type's dtype is among `allowed`."""
    for type_ in types:
        if type_.dtype not in allowed:
            names = ", ".join(d.name for d in allowed)
            raise DTypeError(f"[{name}] takes {names}; got {type_.dtype.name}")
