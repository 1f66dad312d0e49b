"""Desc: the shape, data type and physical form of an array, and oneDNN's descriptor of the same.

A Desc is plain (strides in elements), blocked (a Layout), or `any`, which leaves the choice to
oneDNN. Equal forms compare equal however they were written: axes of length 1 do not count.
"""

import dataclasses
import functools
import itertools
import math
from typing import Any

import ml_dtypes
import numpy as np

from ...base import layout as layouts
from ...base.dtype import DType
from ...base.layout import Layout, Shape
from .errors import Unsupported, check
from .library import load, when_replaced

DATA_TYPES: dict[DType, int] = {
    np.dtype(np.float16): 1,
    np.dtype(ml_dtypes.bfloat16): 2,
    np.dtype(np.float32): 3,
    np.dtype(np.int32): 4,
    np.dtype(np.int8): 5,
    np.dtype(np.uint8): 6,
}
_BY_CODE = {code: dtype for dtype, code in DATA_TYPES.items()}

_BLOCKED = 2
_STRIDES, _NDIMS, _DIMS, _DATA_TYPE = 14, 256, 257, 258
_FORMAT_KIND, _INNER_NBLKS, _INNER_BLKS, _INNER_IDXS = 262, 263, 264, 265
_TAG_ANY = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Desc:
    """Made by `plain`, `blocked`, `any` or `like`; `layout` and `strides` both None means any.

    `opaque_bytes` is the size of a form that only oneDNN understands (a workspace), else 0.
    """

    shape: Shape
    dtype: DType
    layout: Layout | None = None
    strides: Shape | None = None
    opaque_bytes: int = 0

    @staticmethod
    def plain(shape: Any, dtype: Any, strides: Any = None) -> "Desc":
        """A strided array; C-contiguous unless strides, in elements, are given."""
        shape = tuple(shape)
        contiguous = layouts.contiguous_strides(shape)
        if strides is None or _same_memory(shape, strides, contiguous):
            return Desc(shape, np.dtype(dtype), None, contiguous)
        last = layouts.channels_last_strides(shape)
        chosen = last if _same_memory(shape, strides, last) else tuple(strides)
        return Desc(shape, np.dtype(dtype), None, chosen)

    @staticmethod
    def channels_last(shape: Any, dtype: Any) -> "Desc":
        """A dense (N, C, ...) array with the channels fastest."""
        return Desc.plain(shape, dtype, layouts.channels_last_strides(tuple(shape)))

    @staticmethod
    def blocked(shape: Any, dtype: Any, layout: Layout) -> "Desc":
        """An array in tiles, held as `layout.physical_shape(shape)`."""
        shape = tuple(shape)
        return Desc(shape, np.dtype(dtype), layout.canonical(shape))

    @staticmethod
    def laid(shape: Any, dtype: Any, layout: Layout | None) -> "Desc":
        """An array in a layout: plain for None, blocked, or strided for an order of axes."""
        if layout is None or layout.blocks:
            return Desc.of(shape, dtype, layout)
        return Desc.plain(shape, dtype, layouts.contiguous_strides(tuple(shape), layout.order))

    @property
    def lies(self) -> Layout | None:
        """The layout, channels-last strides included; None for plain and for any other strides."""
        if self.layout is not None or self.strides is None or self.ndim < 3:
            return self.layout
        if self.form is None or self.strides != layouts.channels_last_strides(self.shape):
            return None
        return layouts.channels_last(self.ndim)

    @staticmethod
    def any(shape: Any, dtype: Any) -> "Desc":
        """An array whose form oneDNN may choose."""
        return Desc(tuple(shape), np.dtype(dtype))

    @staticmethod
    def of(shape: Any, dtype: Any, form: Any) -> "Desc":
        """A Desc for a `form`: None (C-contiguous), a Layout, strides in elements, or "any"."""
        if isinstance(form, Layout):
            return Desc.blocked(shape, dtype, form)
        return Desc.any(shape, dtype) if form == "any" else Desc.plain(shape, dtype, form)

    @staticmethod
    def like(array: np.ndarray[Any, Any]) -> "Desc":
        """The Desc of a logical array as it lies. Raises Unsupported for negative strides."""
        size = array.itemsize
        if any(step < 0 or step % size for step in array.strides):
            raise Unsupported(f"[onednn] strides {array.strides} of a {array.dtype} array")
        return Desc.plain(array.shape, array.dtype, [step // size for step in array.strides])

    @property
    def ndim(self) -> int:
        """The number of logical axes."""
        return len(self.shape)

    @property
    def is_any(self) -> bool:
        """True while oneDNN has not chosen a form."""
        return self.layout is None and self.strides is None and not self.opaque_bytes

    @property
    def form(self) -> Any:
        """The Layout, "any", or strides; None stands for C-contiguous."""
        if self.layout is not None:
            return self.layout
        if self.strides is None:
            return "any"
        return None if self.strides == layouts.contiguous_strides(self.shape) else self.strides

    @property
    def physical_shape(self) -> Shape:
        """The shape of the array that a plan takes: of the tiles when blocked, else `shape`."""
        if self.opaque_bytes:
            return (self.opaque_bytes,)
        return self.shape if self.layout is None else self.layout.physical_shape(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of memory, padding and gaps included."""
        if self.opaque_bytes:
            return self.opaque_bytes
        if self.strides is not None and 0 not in self.shape:
            steps = zip(self.shape, self.strides, strict=True)
            return (1 + sum((dim - 1) * step for dim, step in steps)) * self.dtype.itemsize
        return math.prod(self.physical_shape) * self.dtype.itemsize

    def relaxed(self) -> "Desc":
        """The same shape and type in any form."""
        return Desc(self.shape, self.dtype)

    def with_dtype(self, dtype: Any) -> "Desc":
        """The same shape and form in another data type."""
        return dataclasses.replace(self, dtype=np.dtype(dtype))

    def swapped(self, first: int, second: int) -> "Desc":
        """The same memory described with two logical axes exchanged."""

        def swap(values: Any) -> Shape:
            listed = list(values)
            listed[first], listed[second] = listed[second], listed[first]
            return tuple(listed)

        shape = swap(self.shape)
        if self.layout is not None:
            return Desc.blocked(shape, self.dtype, self.layout.swapped(first, second))
        if self.strides is not None:
            return Desc.plain(shape, self.dtype, swap(self.strides))
        return dataclasses.replace(self, shape=shape)

    def empty(self) -> np.ndarray[Any, Any]:
        """An uninitialised array in this form. Raises ValueError while the form is any."""
        if self.is_any:
            raise ValueError(f"[onednn] {self} has no form yet")
        if self.strides is not None:
            made: np.ndarray[Any, Any] = layouts.strided_empty(self.shape, self.strides, self.dtype)
            return made
        return np.empty(self.physical_shape, self.dtype)

    def pack(self, logical: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """A new array in this form with the elements of `logical` (by NumPy: the judge)."""
        if self.layout is not None:
            return self.layout.pack(np.asarray(logical, self.dtype))
        made = self.empty()
        made[...] = logical
        return made

    def unpack(self, physical: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The logical array that `physical` holds: a copy when blocked, else itself."""
        return physical if self.layout is None else self.layout.unpack(physical, self.shape)


def _same_memory(shape: Shape, left: Any, right: Any) -> bool:
    return all(dim == 1 or a == b for dim, a, b in zip(shape, left, right, strict=True))


@functools.lru_cache(maxsize=8192)
def md_of(desc: Desc) -> Any:
    """oneDNN's memory descriptor of a Desc. Raises Unsupported where it has no such form."""
    library = load()
    ffi, c = library.ffi, library.c
    code = DATA_TYPES.get(desc.dtype)
    if code is None or not 0 < desc.ndim <= 12 or desc.opaque_bytes:
        raise Unsupported(f"[onednn] a {desc.ndim}-axis array of {desc.dtype}")
    known = _known.get(desc)
    if known is not None:
        return known
    md = ffi.new("md_t *")
    if desc.strides is not None:
        status = c.dnnl_memory_desc_create_with_strides(
            md, desc.ndim, desc.shape, code, desc.strides
        )
    else:
        tag = _TAG_ANY if desc.layout is None else _tag(desc.layout, desc.shape)
        status = c.dnnl_memory_desc_create_with_tag(md, desc.ndim, desc.shape, code, tag)
    check(status, f"onednn: memory of {desc}")
    return ffi.gc(md[0], c.dnnl_memory_desc_destroy)


# Descriptors oneDNN made itself: some of its forms have no tag to ask for them by.
_known: dict[Desc, Any] = {}
when_replaced(_known.clear)
when_replaced(md_of.cache_clear)


def _tag(layout: Layout, shape: Shape) -> int:
    c = load().c
    found = getattr(c, "dnnl_" + layout.name, None)
    if found is not None:
        return int(found)
    for order in itertools.permutations(range(layout.ndim)):
        other = Layout(order, layout.blocks)
        found = getattr(c, "dnnl_" + other.name, None)
        if found is not None and other.canonical(shape) is layout.canonical(shape):
            return int(found)
    raise Unsupported(f"[onednn] layout {layout.name} for shape {shape}")


def desc_of(md: Any) -> Desc | None:
    """The Desc of a oneDNN descriptor; None for a NULL or empty one (an unused argument)."""
    library = load()
    ffi, c = library.ffi, library.c
    if md == ffi.NULL:
        return None

    def query(what: int, kind: str) -> Any:
        result = ffi.new(kind)
        check(c.dnnl_memory_desc_query(md, what, result), "onednn: query of a descriptor")
        return result[0]

    ndim = query(_NDIMS, "int *")
    if ndim == 0:
        return None
    dtype = _BY_CODE[query(_DATA_TYPE, "int *")]
    shape = tuple(query(_DIMS, "dim_t **")[0:ndim])
    if query(_FORMAT_KIND, "int *") != _BLOCKED:
        return Desc(shape, dtype, opaque_bytes=c.dnnl_memory_desc_get_size(md))
    strides = tuple(query(_STRIDES, "dim_t **")[0:ndim])
    count = query(_INNER_NBLKS, "int *")
    if count == 0:
        return Desc.plain(shape, dtype, strides)
    axes = query(_INNER_IDXS, "dim_t **")[0:count]
    sizes = query(_INNER_BLKS, "dim_t **")[0:count]
    order = sorted(range(ndim), key=lambda axis: (-strides[axis], axis))
    layout = Layout(order, list(zip(axes, sizes, strict=True)))
    # An axis of one tile may tie with its neighbours in stride; the others must come in order.
    layout = Layout(layouts.canonical_order(order, layout.outer_shape(shape)), layout.blocks)
    desc = Desc(shape, dtype, layout)
    if math.prod(desc.physical_shape) * dtype.itemsize != c.dnnl_memory_desc_get_size(md):
        return Desc(shape, dtype, opaque_bytes=c.dnnl_memory_desc_get_size(md))
    if desc not in _known:
        clone = ffi.new("md_t *")
        check(c.dnnl_memory_desc_clone(clone, md), "onednn: copy of a descriptor")
        _known[desc] = ffi.gc(clone[0], c.dnnl_memory_desc_destroy)
    return desc
