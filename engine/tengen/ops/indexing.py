"""Indexing by arrays of whole numbers: read, its transpose (adding), and write.

`indices` stand for `axes` of the tensor and broadcast together to the lead shape. The lead axes
take the place of the indexed ones if those are neighbours, and else (or with `front`) come first,
as in NumPy. With `grid` one index of the tensor's rank runs along one axis, and every other axis
counts along with it. Negative numbers count from the end; a number out of range raises
IndexingError.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import DTypeError, IndexingError, ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import Shape, TensorType
from .elementwise import reduced_to
from .sampling import draw, strided
from .selection import where
from .shape import reshape
from .slicing import writable

NO_SCALAR = {"0-d": "an array index needs an axis"}
ATTRS: dict[str, Any] = {"axes": (0,), "front": False, "grid": False}
Axes = tuple[int, ...]


def lead_shape(name: str, shape: Shape, indices: tuple[TensorType, ...], axes: Axes, grid: bool):
    """The shape the indices broadcast to. Raises where they do not, or fit no axis."""
    for index in indices:
        if not dt.is_integer(index.dtype):
            raise DTypeError(f"[{name}] an index holds whole numbers; got {index.dtype.name}")
    if len(axes) != len(indices) or any(not 0 <= a < len(shape) for a in axes):
        raise IndexingError(f"[{name}] {len(indices)} indices for axes {axes} of shape {shape}")
    if grid:
        (index,), (axis,) = indices, axes
        fits = index.ndim == len(shape) and all(
            i == axis or d is None or s is None or d <= s
            for i, (d, s) in enumerate(zip(index.shape, shape, strict=False))
        )
        if not fits:
            raise ShapeError(
                f"[{name}] an index of shape {index.shape} does not run along axis {axis} of"
                f" {shape}: the ranks must agree, and no other axis may be longer"
            )
        return index.shape
    try:
        return broadcast(*[i.shape for i in indices])
    except ValueError:
        shapes = ", ".join(str(i.shape) for i in indices)
        raise IndexingError(f"[{name}] indices of shapes {shapes} do not broadcast") from None


def broadcast(*shapes: Shape) -> Shape:
    """The common shape under NumPy's rule, unknown dimensions (None) included."""
    wide = max(len(s) for s in shapes)
    dims = []
    for column in zip(*[(1,) * (wide - len(s)) + s for s in shapes], strict=True):
        found = {d for d in column if d != 1}
        known = found - {None}
        if len(known) > 1:
            raise ValueError(shapes)
        dims.append(known.pop() if known else None if found else 1)
    return tuple(dims)


def place(axes: Axes, front: bool) -> int:
    """Where the lead axes go in the result."""
    neighbours = axes == tuple(range(axes[0], axes[0] + len(axes)))
    return axes[0] if neighbours and not front else 0


def taken_shape(name: str, shape: Shape, indices: Any, axes: Axes, front: bool, grid: bool):
    """The shape that a read gives and a write takes, and the lead shape within it."""
    lead = lead_shape(name, shape, indices, axes, grid)
    if grid:
        return lead, lead
    rest = tuple(d for i, d in enumerate(shape) if i not in axes)
    at = place(axes, front)
    return rest[:at] + lead + rest[at:], lead


def numpy_key(
    name: str, xp: Any, shape: Shape, indices: Any, axes: Axes, grid: bool
) -> tuple[Any, ...]:
    """The index as NumPy takes it. Raises IndexingError for a number out of range."""
    key: list[Any] = [slice(None)] * len(shape)
    if grid:
        key = list(xp.ogrid[tuple(slice(n) for n in indices[0].shape)])
    empty = any(index.size == 0 for index in indices)
    for axis, index in zip(axes, indices, strict=True):
        size = shape[axis]
        if not empty:
            least, most = int(index.min()), int(index.max())
            if least < -size or most >= size:
                wrong = most if most >= size else least
                raise IndexingError(
                    f"[{name}] index {wrong} is out of range for axis {axis} of size {size}"
                )
        key[axis] = index.astype(xp.intp, copy=False)
    return tuple(key)


def to_numpy_order(xp: Any, value: Any, axes: Axes, front: bool, grid: bool, lead: int) -> Any:
    """`value` with its lead axes where NumPy's own rule puts them (`front` undone)."""
    at = place(axes, False)
    if grid or not front or at == 0:
        return value
    return xp.moveaxis(value, tuple(range(lead)), tuple(range(at, at + lead)))


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


def index_samples(rng: np.random.Generator, values: Any, **more: Any) -> Iterator[Sample]:
    """Calls with every placement of the lead axes; `values(shape, taken)`: the first inputs."""

    def sample(shape: Shape, *indices: Any, strides: bool = False, **attrs: Any) -> Sample:
        arrays = tuple(np.asarray(i) for i in indices)
        full = {**ATTRS, **attrs}
        types = tuple(TensorType.of(i.shape, i.dtype) for i in arrays)
        taken = taken_shape("sample", shape, types, full["axes"], full["front"], full["grid"])[0]
        first = values(shape, taken)
        if strides:
            first = tuple(None if v is None else strided(v) for v in first)
        if more:
            attrs["shape"] = shape
        return Sample((*first, *arrays), attrs)

    pair = np.array([[0, 2], [1, -1]]), np.array([1, 1])
    yield sample((3, 4, 2), *pair, axes=(0, 1))
    yield sample((3, 4, 3), *pair, axes=(0, 2))
    yield sample((2, 3, 4), *pair, axes=(1, 2))
    yield sample((2, 3, 4), *pair, axes=(1, 2), front=True)
    yield sample((2, 5), np.array([4, 0, 4], "int64"), axes=(1,), front=True)
    yield sample((2, 5), np.array(3, "uint8"), axes=(1,))
    yield sample((4,), np.array([[1], [1]], "uint64"))
    yield sample((3, 4), np.array([[0, 1, 0], [2, 2, 2]]), axes=(0,), grid=True)
    yield sample((3, 4), np.array([[0, -1], [2, 2], [3, 3]]), axes=(1,), grid=True)
    yield sample((0, 3), np.zeros((0,), "int32"))
    yield sample((4, 3), np.zeros((2, 0), "int32"))
    yield sample((4, 6), np.array([1, 1, 0]), strides=True)


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
        total = xp.zeros(shape, dt.accumulator(x.dtype))
        lead = max(index.ndim for index in indices)
        x = to_numpy_order(xp, x, axes, front, grid, lead).astype(total.dtype, copy=False)
        if xp is np and axes == (0,) and x.ndim > lead and x.size:
            add_rows(total, key[0].reshape(-1), x.reshape(-1, *shape[1:]))
        else:
            xp.add.at(total, key, x)
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


def add_rows(total: Any, places: Any, rows: Any) -> None:
    """Add rows to those of `total` that they name: as `np.add.at`, many times as fast."""
    places = np.where(places < 0, places + len(total), places)
    order = np.argsort(places, kind="stable")
    sorted_places = places[order]
    starts = np.flatnonzero(np.diff(sorted_places, prepend=-1))
    total[sorted_places[starts]] = np.add.reduceat(rows[order], starts, axis=0)


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
        out[key] = value
        return out

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
