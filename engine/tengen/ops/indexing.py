"""Indexing by arrays of whole numbers: read, its transpose (adding), and write.

`index_rules` says how the indices, their axes, `front` and `grid` are meant.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import Shape, TensorType
from .elementwise import reduced_to
from .index_rules import (
    ATTRS,
    Axes,
    broadcast,
    index_samples,
    lead_shape,
    numpy_key,
    place,
    taken_shape,
    to_numpy_order,
)
from .sampling import draw, strided
from .selection import where
from .shape import reshape
from .slicing import writable

NO_SCALAR = {"0-d": "an array index needs an axis"}


class Take(OpDef):
    """`x` read at the indices."""

    attrs = ATTRS
    dtypes = dt.ALL
    choices = {"front": (False, True), "grid": (False, True)}
    without = NO_SCALAR

    def infer(self, x: TensorType, *indices: TensorType, axes: Axes, front: bool, grid: bool):
        return x.with_shape(taken_shape("take", x.shape, indices, axes, front, grid)[0])

    def kernel(self, xp: Any, x: Any, *indices: Any, axes: Axes, front: bool, grid: bool) -> Any:
        key = numpy_key("take", xp, x.shape, indices, axes, grid)
        if len(axes) == 1 and not grid:
            out = xp.take(x, key[axes[0]], axis=axes[0])
            lead = indices[0].ndim
        else:
            out = x[key]
            lead = max(index.ndim for index in indices)
        at = place(axes, False)
        if grid or not front or at == 0:
            return out
        return xp.moveaxis(out, tuple(range(at, at + lead)), tuple(range(lead))).copy()

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        x, *indices = call.inputs
        return (
            add_at(dy, *indices, shape=x.type.shape, **vars(call.attrs)),
            *[None] * len(indices),
        )

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (4, 3), dtype), np.array([0, -1, 0, 2], "int32")))
        yield from index_samples(rng, lambda shape, taken: (draw(rng, shape),))

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((2, 3), "float32")
        yield BadSample((x, np.array([0.5], "float32")), "an index holds whole numbers")
        two = np.array([0, 1]), np.array([0, 1, 0])
        yield BadSample((x, *two), "do not broadcast", {"axes": (0, 1)})
        yield BadSample((x, two[0]), "does not run along axis 1", {"axes": (1,), "grid": True})


class AddAt(OpDef):
    """Zeros of `shape` to which `x` is added at the indices, repeats summed: Take's transpose."""

    attrs = {"shape": (), **ATTRS}
    dtypes = dt.INTEGERS + dt.FLOATS + dt.COMPLEX
    choices = Take.choices
    without = {"0-d": "the samples' indices have an axis"}

    def infer(self, x: TensorType, *indices: TensorType, shape: Shape, **how: Any) -> TensorType:
        require_dtypes("add_at", self.dtypes, x)
        taken, _ = taken_shape("add_at", shape, indices, **how)
        if x.shape != taken:
            raise ShapeError(f"[add_at] the indices take shape {taken} of {shape}; x has {x.shape}")
        return x.with_shape(shape)

    def kernel(
        self, xp: Any, x: Any, *indices: Any, shape: Shape, axes: Axes, front: bool, grid: bool
    ) -> Any:
        dtype = x.dtype
        key = numpy_key("add_at", xp, shape, indices, axes, grid)
        total = xp.zeros(shape, dt.accumulator(dtype))
        lead = max(index.ndim for index in indices)
        x = to_numpy_order(xp, x, axes, front, grid, lead).astype(total.dtype, copy=False)
        if xp is np and x.size and (grid or len(axes) == len(shape)):
            places = sum(
                k % size * step for k, size, step in zip(key, shape, steps(shape), strict=True)
            )
            np.add.at(
                total.reshape(-1), np.broadcast_to(places, x.shape).reshape(-1), x.reshape(-1)
            )
        elif xp is np and x.size and len(axes) == 1:
            axis = axes[0]
            rows = np.moveaxis(x, range(axis, axis + lead), range(lead))
            add_rows(np.moveaxis(total, axis, 0), key[axis].reshape(-1), rows, lead)
        elif xp is np:
            np.add.at(total, key, x)
        else:
            return add_by_atomics(xp, total, key, x).astype(dtype, copy=False)
        return total.astype(dtype, copy=False)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        how = vars(call.attrs).copy()
        del how["shape"]
        indices = call.inputs[1:]
        return (take(dy, *indices, **how), *[None] * len(indices))

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            index = np.array([0, -1, 0, 2], "int32")
            yield Sample((draw(rng, (4, 3), dtype), index), {"shape": (4, 3)})
        yield from index_samples(rng, lambda shape, taken: (draw(rng, taken),), shape=True)
        many = rng.integers(-20, 20, (400,))
        yield Sample((draw(rng, (400, 64)), many), {"shape": (20, 64)}, wrt=(), note="rows")

    def bad_samples(self) -> Iterator[BadSample]:
        pair = np.ones((2, 3), "float32"), np.array([0, 1, 1])
        yield BadSample(pair, "the indices take shape (3, 3)", {"shape": (2, 3)})


def steps(shape: Shape) -> Shape:
    """How far apart in C order the neighbours along each axis are."""
    found, step = [], 1
    for size in reversed(shape):
        found.append(step)
        step *= size
    return tuple(reversed(found))


def add_by_atomics(xp: Any, total: Any, key: Any, x: Any) -> Any:
    """`total` with `x` added at the index, by sums in memory, which know few data types."""
    if dt.is_complex(total.dtype):
        real = add_by_atomics(xp, total.real.copy(), key, x.real)
        return real + 1j * add_by_atomics(xp, total.imag.copy(), key, x.imag)
    if total.dtype.kind in "iu":  # what passes the narrow range is cut off alike in the end
        total, x = total.astype(dt.int64), x.astype(dt.int64)
    xp.add.at(total, key, x)
    return total


def winners(xp: Any, sizes: Shape, parts: tuple[Any, ...]) -> tuple[Any, Any]:
    """The number of each write at the index `parts` into axes of `sizes`, and that of the last
    write to the same place."""
    lead = broadcast(*[p.shape for p in parts])
    number = xp.arange(int(np.prod(lead, dtype=np.int64))).reshape(lead)
    slot = xp.full(sizes, -1, number.dtype)
    xp.maximum.at(slot, parts, number)
    return number, slot[parts]


def add_rows(total: Any, places: Any, rows: Any, lead: int) -> None:
    """Add rows to those of `total` that the places name: as `np.add.at`, many times as fast."""
    rows = rows.reshape(-1, *rows.shape[lead:])
    places = places % len(total)
    order = np.argsort(places, kind="stable")
    ranked = places[order]
    starts = np.flatnonzero(np.diff(ranked, prepend=-1))
    total[ranked[starts]] = np.add.reduceat(rows[order], starts, axis=0)


class LastWriter(OpDef):
    """Which element of a write at the indices stays, True where no later one overwrites it."""

    attrs = {"shape": (), **ATTRS}
    dtypes = dt.INTEGERS
    differentiable = False
    choices = Take.choices

    def infer(self, *indices: TensorType, shape: Shape, axes: Axes, front: bool, grid: bool):
        lead = lead_shape("last_writer", shape, indices, axes, grid)
        return indices[0].make(lead, dt.bool_)

    def kernel(
        self, xp: Any, *indices: Any, shape: Shape, axes: Axes, front: bool, grid: bool
    ) -> Any:
        key = numpy_key("last_writer", xp, shape, indices, axes, grid)
        parts = key if grid else tuple(key[a] for a in axes)
        sizes = shape if grid else tuple(shape[a] for a in axes)
        if xp is not np:
            number, last = winners(xp, sizes, parts)
            return number == last
        lead = broadcast(*[p.shape for p in parts])
        number = xp.arange(int(np.prod(lead, dtype=np.int64))).reshape(lead)
        slot = xp.zeros(sizes, number.dtype)
        slot[parts] = number
        return slot[parts] == number

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((np.array([0, 2, 0, 1, 2], dtype),), {"shape": (4, 3)})
        yield from index_samples(rng, lambda shape, taken: (), shape=True)
        yield Sample((np.array(2),), {"shape": (4, 3)})
        yield Sample((strided(np.array([0, 1, 1, 0])),), {"shape": (2,)})


class Put(OpDef):
    """A copy of `x` with `value` (None: zeros) written at the indices; the last write stays.

    `value` broadcasts to the shape that reading there gives.
    """

    attrs = ATTRS
    dtypes = dt.ALL
    choices = Take.choices
    without = NO_SCALAR

    def infer(
        self, x: TensorType, value: TensorType | None, *indices: TensorType, **how: Any
    ) -> TensorType:
        taken, _ = taken_shape("put", x.shape, indices, **how)
        if value is not None:
            writable("put", x, value, taken)
        return x

    def kernel(
        self, xp: Any, x: Any, value: Any, *indices: Any, axes: Axes, front: bool, grid: bool
    ) -> Any:
        key = numpy_key("put", xp, x.shape, indices, axes, grid)
        out = xp.array(x)
        if value is None:
            out[key] = 0
            return out
        lead = max(index.ndim for index in indices)
        if front and not grid:
            value = xp.broadcast_to(value, self._taken(x.shape, indices, axes))
            value = to_numpy_order(xp, value, axes, front, grid, lead)
        if xp is not np:
            value = self._settled(xp, x.shape, value, key, axes, grid)
        out[key] = value
        return out

    def _settled(
        self, xp: Any, shape: Shape, value: Any, key: tuple[Any, ...], axes: Axes, grid: bool
    ) -> Any:
        """`value` in full, each write to a place with what the last one writes there.

        Where writes happen at once, no order of them decides.
        """
        parts = key if grid else tuple(key[a] for a in axes)
        sizes = shape if grid else tuple(shape[a] for a in axes)
        number, last = winners(xp, sizes, parts)
        lead, at = number.shape, 0 if grid else place(axes, False)
        rest = () if grid else tuple(d for i, d in enumerate(shape) if i not in axes)
        full = xp.broadcast_to(value, rest[:at] + lead + rest[at:])
        ahead, there = tuple(range(len(lead))), tuple(range(at, at + len(lead)))
        rows = xp.moveaxis(full, there, ahead).reshape(number.size, *rest)
        return xp.moveaxis(rows[last.reshape(-1)].reshape(*lead, *rest), ahead, there)

    def _taken(self, shape: Shape, indices: Any, axes: Axes) -> Shape:
        rest = tuple(d for i, d in enumerate(shape) if i not in axes)
        return broadcast(*[i.shape for i in indices]) + rest

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        x, value, *indices = call.inputs
        how = vars(call.attrs)
        none = [None] * len(indices)
        dx = put(dy, None, *indices, **how) if call.needs(0) else None
        if value is None or not call.needs(1):
            return dx, None, *none
        mask = last_writer(*indices, shape=x.type.shape, **how)
        read = take(dy, *indices, **how)
        lead = mask.type.shape
        if lead != read.type.shape:
            at = place(how["axes"], how["front"])
            after = read.type.ndim - at - len(lead)
            mask = reshape(mask, shape=(1,) * at + lead + (1,) * after)
        return dx, reduced_to(where(read, None, mask), value.type.shape), *none

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            index = np.array([0, -1, 0, 2], "int32")
            yield Sample((draw(rng, (4, 3), dtype), draw(rng, (4, 3), dtype), index))
        yield from index_samples(rng, lambda shape, taken: (draw(rng, shape), draw(rng, taken)))
        yield Sample((draw(rng, (4, 3)), draw(rng, (3,)), np.array([1, 2])))
        yield Sample((draw(rng, (4, 3)), draw(rng, ()), np.array([1, 1])), {"axes": (1,)})
        yield Sample((draw(rng, (4, 3)), None, np.array([1, 2])))

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((2, 3), "float32")
        yield BadSample((x, np.ones((2,), "float32"), np.array([0])), "does not broadcast")


take = Take()
add_at = AddAt("add_at")
last_writer = LastWriter("last_writer")
put = Put()
