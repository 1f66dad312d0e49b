"""Reads the pickles in which MegEngine keeps state dicts, without running anything in them.

A pickle is a program; this reader knows only the words that arrays, tensors and plain containers
are made of, makes them itself, and refuses every other.
"""

import io
import math
import os
import pickle
import re
import struct
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, FileFormatError
from ..tensor import Parameter, Tensor

__all__ = ["load_state_dict"]

NAME = "load_state_dict"
DEEPEST = 200
_CODE = re.compile(r"[<>=|]?(\?|[biufc]\d{1,2}|bool|u?int\d{1,2}|float\d{2}|bfloat16)$")


class _DataType:
    """Stands for a NumPy data type while it is read."""

    def __init__(self, code: Any, *ignored: Any):
        if not isinstance(code, str) or not _CODE.match(code):
            raise FileFormatError(f"[{NAME}] arrays of numbers are read; got the type {code!r}")
        self.code = code
        self.order = "="

    def __setstate__(self, state: Any) -> None:
        self.order = state[1] if state[1] in ("<", ">") else "="

    @property
    def dtype(self) -> np.dtype[Any]:
        """The data type itself."""
        if "bfloat16" in self.code:
            return dt.bfloat16
        return np.dtype(self.code.lstrip("<>=|")).newbyteorder(self.order)  # type: ignore[arg-type]


class _Array:
    """Stands for an array while it is read."""

    value: np.ndarray[Any, Any] | None = None

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, fortran, data = state
        self.value = _array(data, kind, shape, "F" if fortran else "C")


class _Tensor:
    """Stands for a MegEngine tensor while it is read."""

    made: type[Tensor] = Tensor
    state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Parameter(_Tensor):
    """Stands for a MegEngine parameter while it is read."""

    made = Parameter


def _array(data: Any, kind: Any, shape: Any, order: Any) -> np.ndarray[Any, Any]:
    if not isinstance(kind, _DataType) or not isinstance(shape, tuple):
        raise FileFormatError(f"[{NAME}] a damaged array: no data type or shape")
    if isinstance(data, str):
        data = data.encode("latin1")
    dtype = kind.dtype
    needed = math.prod(int(n) for n in shape) * dtype.itemsize
    data = bytes(data)
    if any(not isinstance(n, int) or n < 0 for n in shape) or len(data) != needed:
        raise FileFormatError(
            f"[{NAME}] an array of shape {shape} needs {needed} bytes; it has {len(data)}"
        )
    flat = np.frombuffer(data, dtype).astype(dtype.newbyteorder("="))
    return flat.reshape(shape, order="F" if order == "F" else "C")


def _from_buffer(data: Any, kind: Any, shape: Any, order: Any, *ignored: Any) -> Any:
    return _array(data, kind, shape, order)


def _scalar(kind: Any, data: Any) -> Any:
    return _array(data, kind, (), "C")[()]


def _empty(*ignored: Any) -> _Array:
    return _Array()


def _encoded(text: Any, encoding: Any = "latin1") -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1", "utf-8", "ascii"):
        raise FileFormatError(f"[{NAME}] damaged bytes")
    return text.encode(encoding)


def _no_bytes(*given: Any) -> bytes:
    if given:
        raise FileFormatError(f"[{NAME}] damaged bytes")
    return b""


def _new(cls: Any, *ignored: Any) -> Any:
    if cls not in (_Tensor, _Parameter):
        raise FileFormatError(f"[{NAME}] an object of an unknown class")
    return cls()


class _Word:
    """A name that only stands in arguments: calling it is refused."""


_WORDS: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("builtins", "set"): set,
    ("builtins", "frozenset"): frozenset,
    ("builtins", "complex"): complex,
    ("builtins", "bytes"): _no_bytes,
    ("_codecs", "encode"): _encoded,
    ("copyreg", "__newobj__"): _new,
    ("numpy", "dtype"): _DataType,
    ("numpy", "ndarray"): _Word,
}
for _core in ("numpy.core", "numpy._core"):
    _WORDS[f"{_core}.multiarray", "_reconstruct"] = _empty
    _WORDS[f"{_core}.multiarray", "scalar"] = _scalar
    _WORDS[f"{_core}.numeric", "_frombuffer"] = _from_buffer
for _name in ("set", "frozenset", "complex", "bytes"):
    _WORDS["__builtin__", _name] = _WORDS["builtins", _name]
for _place in ("megengine.tensor", "megengine", "megengine.core.tensor.tensor", "tengen.tensor"):
    _WORDS[_place, "Tensor"] = _Tensor
    _WORDS[_place, "Parameter"] = _Parameter
_WORDS["megengine.tensor_nn", "Parameter"] = _Parameter
_WORDS["megengine.tensor_nn", "Buffer"] = _Tensor
_WORDS["ml_dtypes", "bfloat16"] = "bfloat16"


class _Reader(pickle._Unpickler):  # type: ignore[name-defined,misc]
    """Python's own unpickler, written in Python: its memory grows with the file, not with what a
    number in the file says."""

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        found = _WORDS.get((module, name))
        if found is None:
            raise FileFormatError(
                f"[{NAME}] the file wants to use {module}.{name}; only arrays, tensors and plain"
                " containers are read"
            )
        return found  # type: ignore[no-any-return]

    def persistent_load(self, pid: Any) -> Any:
        raise FileFormatError(f"[{NAME}] the file refers to something outside it: {pid!r}")


_DAMAGED = (
    pickle.UnpicklingError, EOFError, ValueError, IndexError, KeyError, AttributeError, TypeError,
    MemoryError, OverflowError, RecursionError, struct.error, AssertionError,
)  # fmt: skip


def load_state_dict(f: Any) -> Any:
    """What a MegEngine pickle holds: `f` is a path or an open binary file.

    Arrays come as NumPy arrays and tensors as tensors, in dicts, lists, tuples and sets with
    numbers, strings and None, as `Module.load_state_dict` and optimizers take them. Raises
    FileFormatError for anything else: a pickle that wants to run something runs nothing.
    """
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            return load_state_dict(file)
    if not hasattr(f, "read"):
        raise ArgumentError(f"[{NAME}] expected a path or an open file; got {type(f).__name__}")
    try:
        value = _Reader(io.BytesIO(f.read()), encoding="latin1").load()
    except FileFormatError:
        raise
    except _DAMAGED as error:
        raise FileFormatError(f"[{NAME}] a damaged pickle: {error!r}") from error
    return _finished(value, 0)


def _finished(value: Any, depth: int) -> Any:
    """The value with arrays and tensors in the place of what stood for them."""
    if depth > DEEPEST:
        raise FileFormatError(f"[{NAME}] containers are nested deeper than {DEEPEST}")
    if isinstance(value, _Array):
        if value.value is None:
            raise FileFormatError(f"[{NAME}] an array without data")
        return value.value
    if isinstance(value, _Tensor):
        return _tensor(value, depth)
    if isinstance(value, OrderedDict):
        return OrderedDict((_key(k), _finished(v, depth + 1)) for k, v in value.items())
    if isinstance(value, dict):
        return {_key(k): _finished(v, depth + 1) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        items = [_finished(v, depth + 1) for v in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, (set, frozenset)):
        return type(value)(_key(v) for v in value)
    if isinstance(value, _DataType):
        return value.dtype
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes, np.generic)):
        return value
    if isinstance(value, (np.ndarray, bytearray)):
        return value
    raise FileFormatError(f"[{NAME}] a value of the type {type(value).__name__}")


def _key(value: Any) -> Any:
    if isinstance(value, (bool, int, float, str, bytes, tuple)) or value is None:
        return value
    raise FileFormatError(f"[{NAME}] a key of the type {type(value).__name__}")


def _tensor(value: _Tensor, depth: int) -> Tensor:
    state = value.state
    array = _finished(state.get("numpy"), depth + 1) if isinstance(state, dict) else None
    if not isinstance(array, np.ndarray):
        raise FileFormatError(f"[{NAME}] a tensor without values")
    return value.made(array, dtype=array.dtype)
