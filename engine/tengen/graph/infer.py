"""Cached shape and dtype inference: the types of a call's outputs."""

import sys
from typing import Any

from ..base.errors import DTypeError, TengenError
from .types import TensorType

_cache: dict[tuple[Any, ...], tuple[TensorType, ...]] = {}


def infer(
    op: Any, attrs: tuple[Any, ...], in_types: tuple[TensorType | None, ...]
) -> tuple[TensorType, ...]:
    """Output types of `op` on plain input types, cached by (op, attributes, types)."""
    key = (op, attrs, in_types)
    found = _cache.get(key)
    if found is None:
        try:
            result = op.infer(*in_types, **op.unpack(attrs))
        except TengenError as error:
            where = user_line()
            if where and error.args and "\n  at " not in str(error.args[0]):
                error.args = (f"{error.args[0]}\n  at {where}",)
            raise
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


def user_frame() -> Any:
    """The innermost frame outside the framework, or None."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if not module.startswith("tengen") or module.startswith("tengen.models"):
            return frame
        frame = frame.f_back
    return None


def user_line() -> str:
    """The user's line that led here, as "file:line: text", or ""."""
    import linecache

    frame = user_frame()
    if frame is None:
        return ""
    file, line = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(file, line).strip()
    return f"{file}:{line}: {text}" if text else f"{file}:{line}"
