"""TensorType: shape, data type, device and physical layout of a value, interned.

Equal types are the same object, so that a tuple of them is a cheap dictionary key on the eager
path. A dimension is an int; None stands for one that only running the operator can tell.
"""

import math
from typing import Any

from ..base.device import Device, as_device
from ..base.dtype import DType, as_dtype

Shape = tuple[int, ...]

_interned: dict[tuple[Any, ...], "TensorType"] = {}


class TensorType:
    """What is known of a value without its data. Make one with `TensorType.of`.

    `nbytes` are the bytes of the data, padding of a blocked layout included.
    """

    __slots__ = (
        "device", "dtype", "known", "layout", "logical", "nbytes", "ndim", "shape", "size",
    )  # fmt: skip

    shape: Shape
    dtype: DType
    device: Device
    layout: Any
    logical: "TensorType"
    nbytes: int
    ndim: int
    size: int
    known: bool

    @staticmethod
    def of(shape: Any, dtype: Any, device: Any = None, layout: Any = None) -> "TensorType":
        """The one TensorType with these properties."""
        key = (shape, dtype, device, layout)
        try:
            found = _interned.get(key)
        except TypeError:
            found = None
        if found is None:
            key = (tuple(shape), as_dtype(dtype), as_device(device), layout)
            found = _interned.get(key)
            if found is None:
                found = _interned.setdefault(key, TensorType._make(*key))
        return found

    @staticmethod
    def _make(shape: Shape, dtype: DType, device: Device, layout: Any) -> "TensorType":
        made = object.__new__(TensorType)
        made.shape, made.dtype, made.device, made.layout = shape, dtype, device, layout
        made.ndim = len(shape)
        made.known = None not in shape
        size = 1
        for dim in shape:
            size *= dim or 0
        made.size = size
        if layout is not None:
            size = math.prod(layout.physical_shape(shape))
        made.nbytes = size * dtype.itemsize
        made.logical = made if layout is None else TensorType.of(shape, dtype, device)
        return made

    def with_shape(self, shape: Any) -> "TensorType":
        """The plain type of another shape."""
        return TensorType.of(tuple(shape), self.dtype, self.device)

    def with_dtype(self, dtype: Any) -> "TensorType":
        """The plain type of another data type."""
        return TensorType.of(self.shape, as_dtype(dtype), self.device)

    def make(self, shape: Any, dtype: Any) -> "TensorType":
        """The plain type of another shape and data type on the same device."""
        return TensorType.of(tuple(shape), as_dtype(dtype), self.device)

    def with_layout(self, layout: Any) -> "TensorType":
        """The same logical type in another physical layout (None: plain)."""
        return TensorType.of(self.shape, self.dtype, self.device, layout)

    def __repr__(self) -> str:
        dims = ", ".join("?" if d is None else str(d) for d in self.shape)
        layout = f":{self.layout.name}" if self.layout is not None else ""
        return f"{self.dtype.name}[{dims}]{layout}@{self.device.physical}"

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return TensorType.of, (self.shape, self.dtype, self.device, self.layout)
