"""Attributes of operators as JSON, with sizes that follow the batch."""

from typing import Any

import numpy as np

from ..base.device import Device, as_device
from ..base.dtype import as_dtype
from ..base.errors import FileFormatError, TraceError

DEEPEST = 8


def encode(value: Any, other: Any, batch: int, second: int) -> Any:
    """JSON for an attribute that is `value` at one batch size and `other` at a second one.

    An integer that grows with the batch becomes {"batch": how many for each item}. Raises
    TraceError where a value depends on the batch in another way.
    """
    if isinstance(value, tuple):
        if not isinstance(other, tuple) or len(value) != len(other):
            raise TraceError(f"[dump] {value!r} becomes {other!r} for another batch size")
        return [encode(a, b, batch, second) for a, b in zip(value, other, strict=True)]
    if isinstance(value, np.dtype):
        return {"dtype": value.name}
    if isinstance(value, Device):
        return {"device": value.physical}
    if isinstance(value, np.generic):
        value = value.item()
    if type(value) is int and value != other:
        each, rest = divmod(value, batch)
        if rest or each * second != other:
            raise TraceError(f"[dump] {value!r} becomes {other!r} for another batch size")
        return {"batch": each}
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return {"float": repr(value)}
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if value is None or isinstance(value, (bool, int, float, str)):
        if isinstance(value, float) and value != other and not (other != other):
            raise TraceError(f"[dump] {value!r} becomes {other!r} for another batch size")
        return value
    raise TraceError(f"[dump] an attribute of type {type(value).__name__} cannot be written")


def decode(value: Any, batch: int, depth: int = 0) -> Any:
    """The attribute for a batch size. Raises FileFormatError for anything `encode` never wrote."""
    if depth > DEEPEST:
        raise FileFormatError("[load_static] an attribute is nested too deep")
    if isinstance(value, list):
        return tuple([decode(item, batch, depth + 1) for item in value])
    if isinstance(value, dict) and len(value) == 1:
        ((kind, held),) = value.items()
        if kind == "batch" and type(held) is int:
            return held * batch
        if kind == "dtype" and isinstance(held, str):
            return as_dtype(held)
        if kind == "device" and isinstance(held, str):
            return as_device(held)
        if kind == "float" and held in ("nan", "inf", "-inf"):
            return float(held)
        if kind == "complex" and isinstance(held, list) and len(held) == 2:
            return complex(*held)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise FileFormatError(f"[load_static] an attribute cannot be read: {value!r:.80}")


def follows_batch(value: Any) -> bool:
    """True if an encoded attribute or shape changes with the batch."""
    if isinstance(value, list):
        return any(map(follows_batch, value))
    return isinstance(value, dict) and "batch" in value
