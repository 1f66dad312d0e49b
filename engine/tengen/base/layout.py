"""Physical layouts: how the axes of a logical array are ordered and cut into tiles in memory.

A Layout is interned, so equal layouts are one object. Plain strided arrays need none: their layout
is None and NumPy's strides say everything.
"""

import itertools
import math
import re
import string
from collections.abc import Sequence
from typing import Any

import numpy as np

Shape = tuple[int, ...]
Blocks = tuple[tuple[int, int], ...]

_interned: dict[tuple[Shape, Blocks], "Layout"] = {}


class Layout:
    """Outer axes in `order` (the slowest first), then `blocks` of (axis, size), the fastest last.

    nChw16c is `Layout((0, 1, 2, 3), ((1, 16),))`, named "aBcd16b": axes by letter, a capital where
    the axis is cut, then each block. An axis that does not fill its blocks is padded, with zeros.
    Without blocks it is an order alone: channels-last is `Layout((0, 2, 3, 1), ())`, "acdb".
    """

    __slots__ = ("blocks", "name", "ndim", "order")

    order: Shape
    blocks: Blocks
    name: str
    ndim: int

    def __new__(cls, order: Sequence[int], blocks: Sequence[tuple[int, int]]) -> "Layout":
        key = (tuple(order), tuple((axis, size) for axis, size in blocks))
        found = _interned.get(key)
        return found if found is not None else _interned.setdefault(key, cls._make(*key))

    @classmethod
    def _make(cls, order: Shape, blocks: Blocks) -> "Layout":
        ndim = len(order)
        if sorted(order) != list(range(ndim)):
            raise ValueError(f"[layout] order must hold each axis once; got {order}")
        if any(not 0 <= axis < ndim or size < 2 for axis, size in blocks):
            raise ValueError(f"[layout] blocks must be (axis < {ndim}, size > 1); got {blocks}")
        if not blocks and order == tuple(range(ndim)):
            raise ValueError("[layout] the plain order without blocks is no layout, but None")
        made = super().__new__(cls)
        made.order, made.blocks, made.ndim = order, blocks, ndim
        cut = {axis for axis, _ in blocks}
        letters = string.ascii_lowercase
        outer = "".join(letters[a].upper() if a in cut else letters[a] for a in order)
        made.name = outer + "".join(f"{size}{letters[axis]}" for axis, size in blocks)
        return made

    @staticmethod
    def parse(name: str) -> "Layout":
        """The Layout with a name such as "aBcd16b". Raises ValueError for anything else."""
        match = re.fullmatch(r"([A-Za-z]+?)((?:\d+[a-z])*)", name)
        if not match:
            raise ValueError(f"[layout] expected a name such as 'aBcd16b'; got {name!r}")
        outer, inner = match.groups()
        order = [string.ascii_lowercase.index(c) for c in outer.lower()]
        blocks = [
            (string.ascii_lowercase.index(axis), int(size))
            for size, axis in re.findall(r"(\d+)([a-z])", inner)
        ]
        return Layout(order, blocks)

    def __repr__(self) -> str:
        return f"Layout({self.name})"

    def __reduce__(self) -> tuple[Any, tuple[Shape, Blocks]]:
        return Layout, (self.order, self.blocks)

    def block_of(self, axis: int) -> int:
        """How many elements of `axis` one tile holds; 1 where the axis is not cut."""
        return math.prod(size for a, size in self.blocks if a == axis)

    def outer_shape(self, shape: Sequence[int]) -> Shape:
        """Tiles along each logical axis of an array of `shape`, in the logical order of axes."""
        return tuple(-(-dim // self.block_of(axis)) for axis, dim in enumerate(shape))

    def physical_shape(self, shape: Sequence[int]) -> Shape:
        """The shape of the C-contiguous array that holds a logical array of `shape`."""
        outer = self.outer_shape(shape)
        return (*(outer[axis] for axis in self.order), *(size for _, size in self.blocks))

    def pads(self, shape: Sequence[int]) -> bool:
        """True when an array of `shape` leaves part of its last tiles empty."""
        return any(dim % self.block_of(axis) for axis, dim in enumerate(shape))

    def canonical(self, shape: Sequence[int]) -> "Layout":
        """The one Layout that stands for all that put an array of `shape` in memory alike.

        Axes of a single tile may stand anywhere in the order; here each comes as early as the
        order of axis numbers allows.
        """
        outer = self.outer_shape(shape)
        return Layout(canonical_order(self.order, outer), self.blocks)

    def pack(self, logical: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """A new C-contiguous array of `physical_shape`, zero where the tiles are not filled."""
        shape = logical.shape
        if len(shape) != self.ndim:
            raise ValueError(f"[layout] {self.name} holds {self.ndim} axes; got shape {shape}")
        physical = np.zeros(self.physical_shape(shape), logical.dtype)
        if self.pads(shape):
            padded_shape = tuple(
                count * self.block_of(axis) for axis, count in enumerate(self.outer_shape(shape))
            )
            padded = np.zeros(padded_shape, logical.dtype)
            padded[tuple(slice(dim) for dim in shape)] = logical
            logical = padded
        tiled = self._tiled(physical, shape)
        tiled[...] = logical.reshape(tiled.shape)
        return physical

    def unpack(self, physical: np.ndarray[Any, Any], shape: Sequence[int]) -> np.ndarray[Any, Any]:
        """A new C-contiguous array of `shape` with the elements that `physical` holds."""
        expected = self.physical_shape(shape)
        if physical.shape != expected:
            raise ValueError(
                f"[layout] {self.name} of shape {tuple(shape)} is an array of shape {expected}; "
                f"got {physical.shape}"
            )
        tiled = self._tiled(physical, shape)
        outer = self.outer_shape(shape)
        padded = tiled.reshape([n * self.block_of(axis) for axis, n in enumerate(outer)])
        return np.array(padded[tuple(slice(dim) for dim in shape)], order="C")

    def _tiled(self, physical: np.ndarray[Any, Any], shape: Sequence[int]) -> np.ndarray[Any, Any]:
        """The same memory with the tile axes of each logical axis side by side, outermost first."""
        places: list[list[int]] = [[] for _ in range(self.ndim)]
        for place, axis in enumerate((*self.order, *(axis for axis, _ in self.blocks))):
            places[axis].append(place)
        return physical.transpose(list(itertools.chain.from_iterable(places)))

    def swapped(self, first: int, second: int) -> "Layout":
        """The same memory described with two logical axes exchanged."""
        rename = {first: second, second: first}
        return Layout(
            [rename.get(axis, axis) for axis in self.order],
            [(rename.get(axis, axis), size) for axis, size in self.blocks],
        )


def canonical_order(order: Sequence[int], counts: Sequence[int]) -> Shape:
    """`order` with the axes of count 1 moved to the earliest place their number allows."""
    fixed = [axis for axis in order if counts[axis] != 1]
    free = [axis for axis in range(len(counts)) if counts[axis] == 1]
    merged = []
    while fixed or free:
        take = free if free and (not fixed or free[0] < fixed[0]) else fixed
        merged.append(take.pop(0))
    return tuple(merged)


def contiguous_strides(shape: Sequence[int], order: Sequence[int] | None = None) -> Shape:
    """Strides, in elements, of a dense array whose axes lie in `order` (the slowest first)."""
    strides = [1] * len(shape)
    step = 1
    for axis in reversed(range(len(shape)) if order is None else order):
        strides[axis] = step
        step *= max(shape[axis], 1)
    return tuple(strides)


def channels_last_order(ndim: int) -> Shape:
    """The order of axes, slowest first, of a channels-last array: (0, 2, 3, 1) for four axes.

    Fewer than three axes keep their order: there is nothing between images and channels.
    """
    return tuple(range(ndim)) if ndim < 3 else (0, *range(2, ndim), 1)


def channels_last(ndim: int) -> Layout:
    """The layout of (N, C, ...) data with the channels fastest. Needs three axes at least."""
    return Layout(channels_last_order(ndim), ())


def channels_last_strides(shape: Sequence[int]) -> Shape:
    """Strides, in elements, of a dense (N, C, ...) array with the channels fastest."""
    return contiguous_strides(shape, channels_last_order(len(shape)))


def strided_empty(shape: Sequence[int], strides: Sequence[int], dtype: Any) -> Any:
    """An uninitialised array with exactly these strides (in elements, none negative).

    Dense strides cost no more than the elements; others leave gaps.
    """
    span = 1 + sum((dim - 1) * step for dim, step in zip(shape, strides, strict=True))
    memory = np.empty(span if 0 not in shape else 0, dtype)
    size = memory.itemsize
    return np.lib.stride_tricks.as_strided(memory, shape, [step * size for step in strides])
