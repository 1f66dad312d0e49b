"""Tensor and Parameter: the handles users hold.

A Tensor is a handle on an immutable value: in-place operators (`x += 1`, `x[0] = 1`) give the
handle a new value and leave every other tensor as it was.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .base import dtype as dt
from .base.device import Device, as_device
from .base.errors import ArgumentError, DTypeError, ShapeError
from .graph.emit import install_eager
from .graph.state import state
from .graph.types import TensorType
from .graph.value import Value, install_value, wrap
from .ops import shape as shape_ops
from .ops.transfer import to_device
from .runtime.buffer import CONSTANT, adopt, empty, from_host, make_tag
from .runtime.eager import run_eager
from .runtime.plan import to_plain

if TYPE_CHECKING:  # operators.py puts them on the class when everything is there
    from .operators import ArrayMethods as _ArrayMethods
else:
    _ArrayMethods = object

__all__ = ["Parameter", "Tensor", "tensor"]


def host_array(data: Any, dtype: Any = None) -> np.ndarray[Any, Any]:
    """A NumPy array of data in the type a tensor takes from it (see DType defaults)."""
    if isinstance(data, Tensor):
        data = data.numpy()
    elif isinstance(data, (list, tuple)) and _holds_tensor(data):
        data = [item.numpy() if isinstance(item, Tensor) else item for item in data]
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise ShapeError(
            f"[Tensor] expected numbers of one rectangular shape; got {type(data).__name__}"
            " whose parts differ in shape"
        ) from error
    if array.dtype == object or (array.dtype.kind in "SUMmV" and array.dtype != dt.bfloat16):
        raise DTypeError(
            f"[Tensor] cannot hold data of type {array.dtype} ({type(data).__name__}):"
            " numbers of one rectangular shape are expected"
        )
    target = dt.as_dtype(dtype) if dtype is not None else dt.default_dtype(array.dtype)
    return array.astype(target, copy=False)


def _holds_tensor(items: Any) -> bool:
    return any(
        isinstance(i, Tensor) or (isinstance(i, (list, tuple)) and _holds_tensor(i)) for i in items
    )


class Tensor(Value, _ArrayMethods):
    """A multi-dimensional array on a device.

    `data`: a Tensor, NumPy array, list or number. Floats become float32 and integers int32
    unless `dtype` says otherwise (float64 and int64 stay once asked for); an array of another
    width keeps its type. `device` defaults to `get_default_device()`.
    """

    grad: "Tensor | None" = None
    name: str | None = None
    format: str = "default"
    qparams: Any = None
    dmap_callback: Callable[[str], str] | None = None

    def __init__(
        self,
        data: "Tensor | np.ndarray[Any, Any] | list[Any] | int | float | complex",
        dtype: Any = None,
        device: str | Device | None = None,
        is_const: bool = False,
        no_cache: bool = False,
        name: str | None = None,
        format: str = "default",
    ):
        if format not in ("default", "nchw", "nhwc"):
            raise ArgumentError(f"[Tensor] format is default, nchw or nhwc; got {format!r}")
        place = as_device(device)
        self._var = None
        if isinstance(data, Tensor) and data._buffer is not None and dtype is None:
            if place is data._buffer.type.device:
                self._buffer = data._buffer
            else:
                self._buffer = from_host(data.numpy(), place, make_tag("data", 1 << 30))
        else:
            array = host_array(data, dtype)
            self._buffer = from_host(array, place, make_tag("data", array.nbytes))
        if name is not None:
            self.name = name
        if format != "default":
            self.format = format

    @property
    def shape(self) -> Any:
        """The dimensions, a tuple of ints."""
        shape, watch = self.type.shape, state.sizes
        return shape if watch is None else watch.shape(shape)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self.type.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        size, watch = self.type.size, state.sizes
        return size if watch is None else watch.size(size)  # type: ignore[no-any-return]

    @property
    def dtype(self) -> Any:
        """The NumPy data type."""
        return self.type.dtype

    @property
    def device(self) -> Device:
        """The device the data is on; prints as MegEngine's name."""
        return self.type.device

    def numpy(self) -> np.ndarray[Any, Any]:
        """A NumPy copy of the data; writing to it leaves the tensor as it is."""
        buffer = self._buffer
        if buffer is None:
            return state.mode.read(self)  # type: ignore[no-any-return]
        if state.mode is not None:
            state.mode.reading(self)
        array = to_plain(buffer)
        return array.copy() if array.base is not None or array is buffer.array else array

    def item(self, *args: int) -> Any:
        """The one element as a Python number; with arguments, the element at that index."""
        if not args and self.size != 1:
            raise ArgumentError(f"[item] needs one element; the tensor has shape {self.shape}")
        return self.numpy().item(*args)

    def tolist(self) -> Any:
        """The data as nested Python lists."""
        return self.numpy().tolist()

    @contextlib.contextmanager
    def _writable(self) -> Iterator[np.ndarray[Any, Any]]:
        """The plain host memory, made this handle's own, to be filled in place."""
        if state.mode is not None:
            state.mode.rebinding(self)
        old = self._buffer
        made = empty(old.type.logical, make_tag("data", old.type.nbytes))
        yield made.array
        self._buffer = made

    def set_value(self, value: Any) -> None:
        """Give this handle a new value (any shape); the device and data type stay."""
        if state.mode is not None:
            state.mode.rebinding(self)
        if isinstance(value, Tensor) and value._buffer is not None:
            kind = self._buffer.type
            if value._buffer.type.dtype == kind.dtype and value._buffer.type.device is kind.device:
                self._buffer, self._var = value._buffer, None
                return
        array = host_array(value, self.dtype)
        self._buffer = from_host(array, self.device, make_tag("data", array.nbytes))
        self._var = None

    def _reset(self, other: "Tensor") -> None:
        """Take over another tensor's value and its place on the tape."""
        if state.mode is not None:
            state.mode.rebinding(self)
        self._buffer, self._var = other._buffer, other._var

    def reset_zero(self) -> None:
        """Fill with zeros."""
        with self._writable() as array:
            array.fill(0)
        self._var = None

    def detach(self) -> "Tensor":
        """The same value as a constant: no gradient flows through it."""
        if self._buffer is None:
            return state.mode.detach(self)  # type: ignore[no-any-return]
        return wrap(self._buffer, None)  # type: ignore[no-any-return]

    @property
    def requires_grad(self) -> bool:
        """True while an active recording tracks this tensor."""
        return self._var is not None and state.recorders > 0 and self._var.epoch == state.epoch

    def astype(self, dtype: Any) -> "Tensor":
        """The values in another data type."""
        target = dt.as_dtype(dtype)
        return self if target == self.dtype else shape_ops.cast(self, dtype=target)

    def to(self, device: str | Device, *, _borrow: bool = False) -> "Tensor":
        """The tensor on another device (the same value if it is there already)."""
        place = as_device(device)
        if place is self.device:
            return self
        return to_device(self, device=place)  # type: ignore[no-any-return]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        array = self.numpy()
        return array if dtype is None else array.astype(dtype, copy=False)

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        return Tensor(array, dtype=array.dtype, device=self.device)

    __array_priority__ = 1000

    def __repr__(self) -> str:
        with np.printoptions(precision=4, suppress=True):
            text = str(self.numpy())
        kind = "" if self.dtype == dt.float32 else f", dtype={self.dtype.name}"
        return f"{type(self).__name__}({text}{kind}, device={self.device})"

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ArgumentError(
                f"[bool] the truth of a tensor of shape {self.shape} is ambiguous; use .min() or"
                " .max(), or compare one element"
            )
        return bool(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __index__(self) -> int:
        if not dt.is_integer(self.dtype) and self.dtype != dt.bool_:
            raise DTypeError(f"[index] only integer tensors can index; this is {self.dtype.name}")
        return int(self.item())

    def __len__(self) -> int:
        if not self.ndim:
            raise ShapeError("[len] a 0-d tensor has no length")
        size, watch = int(self.type.shape[0]), state.sizes
        return size if watch is None else watch.size(size)  # type: ignore[no-any-return]

    def __hash__(self) -> int:
        return id(self)

    def __getstate__(self) -> dict[str, Any]:
        return {
            "numpy": self.numpy(),
            "dtype": self.dtype.name,
            "device": self.device.physical,
            "name": self.name,
            "extra": {k: v for k, v in self.__dict__.items() if k not in ("grad", "name")},
        }

    def __setstate__(self, saved: dict[str, Any]) -> None:
        locate = Tensor.dmap_callback
        try:
            place = as_device(saved["device"] if locate is None else locate(saved["device"]))
        except Exception:
            place = as_device(None)
        array = saved["numpy"]
        self._buffer = from_host(array, place)
        self._var = None
        if saved.get("name"):
            self.name = saved["name"]
        self.__dict__.update(saved.get("extra", {}))

    def __deepcopy__(self, memo: dict[int, Any]) -> "Tensor":
        made = type(self).__new__(type(self))
        memo[id(self)] = made
        made._buffer, made._var = self._buffer, None
        made.__dict__.update({k: v for k, v in self.__dict__.items() if k != "grad"})
        return made


class Parameter(Tensor):
    """A tensor that a module trains; `Module.parameters()` finds it."""


tensor = Tensor
"""The name that many programs make tensors by; `tengen.tensor` is this class, not the module."""


def constant(scalar: Any, dtype: Any, device: Device) -> Any:
    """A 0-d tensor for a Python number, cached."""
    key = (scalar, type(scalar), dtype, device)
    found = _constants.get(key)
    if found is None:
        array = np.asarray(scalar).astype(dtype)
        if device.host:
            buffer = adopt(TensorType.of((), dtype, device), array, CONSTANT)
        else:
            buffer = from_host(array, device, CONSTANT)
        if len(_constants) > 4096:
            _constants.clear()
        found = _constants[key] = wrap(buffer, None)
    return found


_constants: dict[Any, Any] = {}
install_value(Tensor)
install_eager(run_eager)
