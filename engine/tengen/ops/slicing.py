"""Static indexing by whole numbers, slices and new axes: the view, its transpose, and the write.

An `index` is a tuple of items, one per axis from the front: an int, a (start, stop, step) triple
with None where a slice leaves it open, or None for a new axis. Axes not named are taken whole.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, DTypeError, IndexingError, ShapeError
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import Shape, TensorType
from .elementwise import reduced_to
from .sampling import draw, strided

Item = int | None | tuple[int | None, int | None, int | None]
Index = tuple[Item, ...]

INDICES: tuple[tuple[Index, Shape], ...] = (
    ((1,), (4, 3)),
    ((-1, None, (None, None, -1)), (4, 5)),
    (((1, None, 2),), (5, 3)),
    (((-1, 0, -2), (None, 0, None)), (4, 3)),
    ((None, (None, None, None), 0, None), (2, 3)),
    (((7, 1, None),), (4, 2)),
    (((-100, 100, 3), 1), (5, 4)),
)


def sliced_shape(name: str, shape: Shape, index: Index) -> Shape:
    """The shape of `x[index]`. Raises IndexingError where an index does not fit its axis."""
    axes = sum(item is not None for item in index)
    if axes > len(shape):
        raise IndexingError(
            f"[{name}] too many indices: {axes} for {len(shape)} dimension(s) of shape {shape}"
        )
    dims: list[Any] = []
    axis = 0
    for item in index:
        if item is None:
            dims.append(1)
            continue
        size = shape[axis]
        if isinstance(item, tuple):
            if item[2] == 0:
                raise ArgumentError(f"[{name}] the step of a slice cannot be 0 (axis {axis})")
            dims.append(None if size is None else len(range(*slice(*item).indices(size))))
        elif size is not None and not -size <= item < size:
            raise IndexingError(
                f"[{name}] index {item} is out of range for axis {axis} of size {size}"
            )
        axis += 1
    return (*dims, *shape[axis:])


def numpy_key(index: Index) -> tuple[Any, ...]:
    """The index as NumPy takes it; the Ellipsis makes an array of every result."""
    return (*[slice(*item) if type(item) is tuple else item for item in index], ...)


class Slice(OpDef):
    """A view of `x` by a static index."""

    attrs = {"index": ()}
    dtypes = dt.ALL
    alias = True

    def infer(self, x: TensorType, *, index: Index) -> TensorType:
        return x.with_shape(sliced_shape("slice", x.shape, index))

    def kernel(self, xp: Any, x: Any, *, index: Index) -> Any:
        return x[numpy_key(index)]

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return (slice_backward(dy, shape=call.inputs[0].type.shape, index=call.attrs.index),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (4, 3), dtype),), {"index": ((1, None, 2), -1)})
        for index, shape in INDICES:
            yield Sample((draw(rng, shape),), {"index": index})
        yield Sample((draw(rng, (0, 3)),), {"index": ((None, None, -1), 2)})
        yield Sample((draw(rng, ()),), {"index": (None,)})
        yield Sample((strided(draw(rng, (4, 6))),), {"index": ((3, None, -2), (1, 4, None))})

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((2, 3), "float32")
        yield BadSample((x,), "index 2 is out of range for axis 0 of size 2", {"index": (2,)})
        yield BadSample((x,), "too many indices: 3 for 2", {"index": (0, 0, 0)})
        yield BadSample((x,), "step of a slice cannot be 0", {"index": ((None, None, 0),)})


class SliceBackward(OpDef):
    """Zeros of `shape` with `x` at a static index: the transpose of `slice`."""

    attrs = {"shape": (), "index": ()}
    dtypes = dt.ALL

    def infer(self, x: TensorType, *, shape: Shape, index: Index) -> TensorType:
        target = sliced_shape("slice_backward", shape, index)
        if x.shape != target:
            raise ShapeError(
                f"[slice_backward] the index takes shape {target} of {shape}; x has {x.shape}"
            )
        return x.with_shape(shape)

    def kernel(self, xp: Any, x: Any, *, shape: Shape, index: Index) -> Any:
        out = xp.zeros(shape, x.dtype)
        out[numpy_key(index)] = x
        return out

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return (sliced(dy, index=call.attrs.index),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            x = draw(rng, (2,), dtype)
            yield Sample((x,), {"shape": (4, 3), "index": ((1, None, 2), -1)})
        for index, shape in INDICES:
            taken = sliced_shape("slice_backward", shape, index)
            yield Sample((draw(rng, taken),), {"shape": shape, "index": index})
        yield Sample((draw(rng, (0, 3)),), {"shape": (2, 3), "index": ((2, None, None),)})
        yield Sample((draw(rng, ()),), {"shape": (2, 3), "index": (1, 2)})
        x = strided(draw(rng, (4, 6)))
        yield Sample((x,), {"shape": (8, 6), "index": ((None, None, -2),)})

    def bad_samples(self) -> Iterator[BadSample]:
        attrs = {"shape": (3, 3), "index": (1,)}
        yield BadSample((np.ones((2,), "float32"),), "the index takes shape (3,)", attrs)


class SlicePut(OpDef):
    """A copy of `x` in which the elements at a static index are `value` (None: zeros).

    `value` broadcasts to the shape that the index takes. No element is written twice.
    """

    attrs = {"index": ()}
    dtypes = dt.ALL

    def infer(self, x: TensorType, value: TensorType | None, *, index: Index) -> TensorType:
        target = sliced_shape("slice_put", x.shape, index)
        if value is not None:
            writable("slice_put", x, value, target)
        return x

    def kernel(self, xp: Any, x: Any, value: Any, *, index: Index) -> Any:
        out = xp.array(x)
        out[numpy_key(index)] = 0 if value is None else value
        return out

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        index, value = call.attrs.index, call.inputs[1]
        dx = slice_put(dy, None, index=index) if call.needs(0) else None
        if value is None or not call.needs(1):
            return dx, None
        return dx, reduced_to(sliced(dy, index=index), value.type.shape)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            pair = draw(rng, (4, 3), dtype), draw(rng, (2,), dtype)
            yield Sample(pair, {"index": ((1, None, 2), -1)})
        for index, shape in INDICES:
            taken = sliced_shape("slice_put", shape, index)
            yield Sample((draw(rng, shape), draw(rng, taken)), {"index": index})
        yield Sample((draw(rng, (4, 3)), None), {"index": (1,)})
        yield Sample((draw(rng, (4, 3)), draw(rng, (2, 1))), {"index": ((None, 2, None),)})
        yield Sample((draw(rng, (0, 3)), draw(rng, (3,))), {"index": ()})
        yield Sample((draw(rng, ()), draw(rng, ())), {"index": ()})
        pair = strided(draw(rng, (4, 6))), strided(draw(rng, (2, 6)))
        yield Sample(pair, {"index": ((None, None, -2),)})

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((2, 3), "float32")
        yield BadSample((x, x), "does not broadcast to the (3,) that is written", {"index": (0,)})
        whole = np.ones((3,), "int32")
        yield BadSample((x, whole), "a value of int32 cannot go into float32", {"index": (0,)})


def writable(name: str, x: TensorType, value: TensorType, target: Shape) -> None:
    """Raise unless `value` has the data type of `x` and broadcasts to the shape written."""
    extra = len(target) - value.ndim
    fits = extra >= 0 and all(
        d in (1, t) or t is None for d, t in zip(value.shape, target[extra:], strict=True)
    )
    if not fits:
        raise ShapeError(
            f"[{name}] a value of shape {value.shape} does not broadcast to the {target} that is"
            " written"
        )
    if value.dtype != x.dtype:
        raise DTypeError(
            f"[{name}] a value of {value.dtype.name} cannot go into {x.dtype.name}; cast it first"
        )


sliced = Slice()
slice_backward = SliceBackward("slice_backward")
slice_put = SlicePut("slice_put")
