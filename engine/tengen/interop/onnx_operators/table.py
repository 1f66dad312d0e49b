"""The table of ONNX operators, and how a node runs: on tensors, or ahead on small host arrays.

Shapes and what is computed from them stay NumPy arrays on the host, so that reading a size never
waits for a tensor. `@operator("Name", ...)` enters a function.
"""

import contextlib
import dataclasses
import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import numpy as np

from ...base import dtype as dt
from ...base.errors import ArgumentError, OutOfMemoryError, TengenError
from ...graph.state import state
from ...tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])

_FAMILIES = (
    "elementwise", "arrangement", "indexing", "reduction", "sliding", "normalisation", "creation",
    "recurrent", "resizing", "attention", "losses", "host", "linear_algebra", "selection",
)  # fmt: skip

LARGEST_ON_HOST = 1 << 16
"""Elements of what is computed on the host; more become a tensor."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """A function for an operator.

    `host`: inputs that it takes as NumPy arrays, `raw`: those that it takes as they are (arrays or
    tensors); `numpy`: it takes and gives nothing but arrays.
    `versioned`: it has the keyword `opset`, `counted`: the keyword `outputs`. `attributes`: those
    that it knows.
    """

    function: Callable[..., Any]
    host: tuple[int, ...]
    raw: tuple[int, ...]
    numpy: bool
    versioned: bool
    counted: bool
    attributes: frozenset[str]


_entries: dict[str, Entry] = {}


def operator(
    *names: str,
    host: tuple[int, ...] = (),
    raw: tuple[int, ...] = (),
    numpy: bool = False,
    attributes: Iterable[str] = (),
) -> Callable[[F], F]:
    """Enter a function under ONNX's names; `attributes` where it takes them all as one dict."""

    def enter(function: F) -> F:
        parameters = inspect.signature(function).parameters
        keywords = {n for n, p in parameters.items() if p.kind is p.KEYWORD_ONLY}
        known = frozenset(attributes) | keywords - {"opset", "outputs"}
        entry = Entry(function, host, raw, numpy, "opset" in keywords, "outputs" in keywords, known)
        for name in names:
            assert name not in _entries, name
            _entries[name] = entry
        return function

    return enter


def find(name: str) -> Entry | None:
    """The entry for an operator, None where there is none."""
    for family in _FAMILIES:
        importlib.import_module(f"{__package__}.{family}")
    return _entries.get(name)


def supported() -> list[str]:
    """The names of all operators that have a function."""
    find("")
    return sorted(_entries)


class Host(np.ndarray[Any, Any]):
    """A host array that lives as long as a module: its tensor is made once."""

    tensor: Tensor | None = None

    @staticmethod
    def of(array: Any) -> "Host":
        """The array as one of this kind."""
        return np.asarray(array).view(Host)


def as_tensor(value: Any) -> Any:
    """A tensor for a host array; anything else as it is."""
    if isinstance(value, Host):
        if value.tensor is None:
            value.tensor = Tensor(np.asarray(value), dtype=value.dtype)
        return value.tensor
    if isinstance(value, (np.ndarray, np.generic)):
        return Tensor(np.asarray(value), dtype=value.dtype)
    return value


def as_array(value: Any) -> Any:
    """A host array for a tensor; anything else as it is."""
    return value.numpy() if isinstance(value, Tensor) else value


def plain(value: Any) -> Any:
    """A plain NumPy array for a tensor or a host array."""
    value = as_array(value)
    return np.asarray(value) if isinstance(value, Host) else value


@contextlib.contextmanager
def eagerly() -> Iterator[None]:
    """Calls run at once and are recorded nowhere."""
    mode, recorders = state.mode, state.recorders
    state.mode, state.recorders = None, 0
    try:
        yield
    finally:
        state.mode, state.recorders = mode, recorders


class Operation:
    """A node's operator with its attributes: called with its inputs, gives its outputs.

    `label` says which node it is. Raises ArgumentError for inputs that it can do nothing with, and
    OutOfMemoryError where the outputs do not fit.
    """

    def __init__(self, name: str, attributes: dict[str, Any], opset: int, outputs: int, label: str):
        self.name = name
        self.attributes = attributes
        self.opset = opset
        self.outputs = outputs
        self.label = label

    def __call__(self, *inputs: Any) -> tuple[Any, ...]:
        try:
            return self.made(inputs)
        except TengenError:
            raise
        except MemoryError as error:
            raise OutOfMemoryError(f"[{self.label}] cannot be computed: {error}") from error
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise ArgumentError(f"[{self.label}] cannot be computed: {error}") from error

    def made(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """The outputs."""
        entry = find(self.name)
        assert entry is not None
        named = dict(self.attributes)
        if entry.versioned:
            named["opset"] = self.opset
        if entry.counted:
            named["outputs"] = self.outputs
        if entry.numpy:
            made = entry.function(*[plain(v) for v in inputs], **named)
            kept = isinstance(made, tuple)
            items = made if kept else (made,)
            return tuple([_kept(v, _on_host(inputs)) for v in items])
        given = [
            plain(v) if i in entry.host else v if i in entry.raw else as_tensor(v)
            for i, v in enumerate(inputs)
        ]
        if _on_host(inputs):
            with eagerly():
                made = entry.function(*given, **named)
            items = made if isinstance(made, tuple) else (made,)
            return tuple([_kept(v, True) for v in items])
        made = entry.function(*given, **named)
        return made if isinstance(made, tuple) else (made,)


def _kept(value: Any, on_host: bool) -> Any:
    """A result as a host array, or as a tensor (which is booked) where it is too large for one."""
    large = isinstance(value, (np.ndarray, Tensor)) and value.size > LARGEST_ON_HOST
    return as_array(value) if on_host and not large else as_tensor(value)


def _on_host(inputs: tuple[Any, ...]) -> bool:
    return all(v is None or isinstance(v, np.ndarray) for v in inputs)


def numbers(value: Any) -> list[int]:
    """A host array, list or number as a list of whole numbers."""
    return [int(v) for v in np.asarray(value).reshape(-1)]


def is_whole(x: Any) -> bool:
    """Whether a tensor holds integers."""
    return dt.is_integer(x.dtype)
