"""Joining and cutting along an axis: concat, split, roll, the diagonal, and a fresh copy."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, ShapeError
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import Shape, TensorType
from .elementwise import add, same_dtype
from .sampling import draw, strided
from .shape import normalize_axis
from .slicing import slice_backward, sliced


def along(axis: int, start: int, stop: int) -> tuple[Any, ...]:
    """The static index of positions start to stop of one axis."""
    return (*[(None, None, None)] * axis, (start, stop, 1))


class Concat(OpDef):
    """The operands one after another along `axis`."""

    attrs = {"axis": 0}
    dtypes = dt.ALL
    without = {"0-d": "joining needs an axis"}

    def infer(self, *xs: TensorType, axis: int) -> TensorType:
        if not xs or not xs[0].ndim:
            raise ShapeError("[concat] takes one tensor or more, each with an axis")
        same_dtype("concat", *xs)
        first = xs[0]
        axis = normalize_axis("concat", axis, first.ndim)
        total = 0
        for number, x in enumerate(xs):
            ok = x.ndim == first.ndim and all(
                i == axis or a == b
                for i, (a, b) in enumerate(zip(first.shape, x.shape, strict=False))
            )
            if not ok:
                raise ShapeError(
                    f"[concat] tensor {number} has shape {x.shape}, tensor 0 {first.shape}: they"
                    f" may differ along axis {axis} only"
                )
            total += x.shape[axis]
        return first.with_shape((*first.shape[:axis], total, *first.shape[axis + 1 :]))

    def kernel(self, xp: Any, *xs: Any, axis: int) -> Any:
        return xp.concatenate(xs, axis=axis)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        axis = call.attrs.axis % dy.type.ndim
        grads, start = [], 0
        for number, x in enumerate(call.inputs):
            stop = start + x.type.shape[axis]
            wanted = call.needs(number)
            grads.append(sliced(dy, index=along(axis, start, stop)) if wanted else None)
            start = stop
        return tuple(grads)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (2, 3), dtype), draw(rng, (4, 3), dtype)))
        three = draw(rng, (2, 3)), draw(rng, (2, 0)), draw(rng, (2, 2))
        yield Sample(three, {"axis": 1})
        yield Sample(three, {"axis": -1})
        yield Sample((draw(rng, (3,)),))
        yield Sample((strided(draw(rng, (4, 6))), strided(draw(rng, (2, 6)))))

    def bad_samples(self) -> Iterator[BadSample]:
        pair = np.ones((2, 3), "float32"), np.ones((2, 4), "float32")
        yield BadSample(pair, "tensor 1 has shape (2, 4), tensor 0 (2, 3)")
        yield BadSample(pair, "axis 2 does not exist", {"axis": 2})


class Split(OpDef):
    """Views of consecutive parts along `axis`; `sizes` are the parts' lengths."""

    attrs = {"sizes": (), "axis": 0}
    dtypes = dt.ALL
    single = False
    alias = True
    without = {"0-d": "cutting needs an axis"}

    def infer(self, x: TensorType, *, sizes: Shape, axis: int) -> tuple[TensorType, ...]:
        axis = normalize_axis("split", axis, x.ndim)
        if sum(sizes) != x.shape[axis] or not sizes or min(sizes) < 0:
            raise ShapeError(
                f"[split] parts of lengths {sizes} do not make up axis {axis} of shape {x.shape}"
            )
        head, tail = x.shape[:axis], x.shape[axis + 1 :]
        return tuple(x.with_shape((*head, size, *tail)) for size in sizes)

    def kernel(self, xp: Any, x: Any, *, sizes: Shape, axis: int) -> tuple[Any, ...]:
        ends = np.cumsum(sizes)[:-1].tolist()
        return tuple(xp.split(x, ends, axis=axis))

    def grad(self, call: Call, *dys: Any) -> tuple[Any, ...]:
        shape = call.inputs[0].type.shape
        axis = call.attrs.axis % len(shape)
        if all(dy is not None for dy in dys):
            return (concat(*dys, axis=axis),)
        total, start = None, 0
        for dy, size in zip(dys, call.attrs.sizes, strict=True):
            if dy is not None:
                index = along(axis, start, start + size)
                part = slice_backward(dy, shape=shape, index=index)
                total = part if total is None else add(total, part)
            start += size
        return (total,)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (4, 3), dtype),), {"sizes": (1, 3)})
        yield Sample((draw(rng, (2, 6)),), {"sizes": (3, 0, 2, 1), "axis": 1})
        yield Sample((draw(rng, (0, 2)),), {"sizes": (1, 1), "axis": -1})
        yield Sample((strided(draw(rng, (4, 6))),), {"sizes": (2, 2)})

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((4, 3), "float32")
        yield BadSample((x,), "do not make up axis 0 of shape (4, 3)", {"sizes": (2, 3)})


class Roll(OpDef):
    """The elements moved along axes by `shift` places, those pushed out coming back in front."""

    attrs = {"shift": (1,), "axis": (0,)}
    dtypes = dt.ALL
    without = {"0-d": "moving needs an axis"}

    def infer(self, x: TensorType, *, shift: Shape, axis: Shape) -> TensorType:
        if len(shift) != len(axis):
            raise ArgumentError(f"[roll] {len(shift)} shifts for {len(axis)} axes")
        for a in axis:
            normalize_axis("roll", a, x.ndim)
        return x

    def kernel(self, xp: Any, x: Any, *, shift: Shape, axis: Shape) -> Any:
        return xp.roll(x, shift, axis)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return (roll(dy, shift=tuple(-s for s in call.attrs.shift), axis=call.attrs.axis),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (4, 3), dtype),))
        yield Sample((draw(rng, (4, 3)),), {"shift": (-2, 7), "axis": (1, 0)})
        yield Sample((draw(rng, (4, 3)),), {"shift": (1, 1), "axis": (0, -2)})
        yield Sample((draw(rng, (0, 3)),), {"shift": (2,), "axis": (0,)})
        yield Sample((strided(draw(rng, (4, 6))),), {"shift": (2,), "axis": (1,)})

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((4, 3), "float32")
        yield BadSample((x,), "2 shifts for 1 axes", {"shift": (1, 2)})


class Diag(OpDef):
    """A square matrix with a vector on its k-th diagonal, or the k-th diagonal of a matrix."""

    attrs = {"k": 0}
    dtypes = dt.ALL
    without = {"0-d": "a diagonal belongs to a vector or a matrix"}

    def infer(self, x: TensorType, *, k: int) -> TensorType:
        if x.ndim == 1:
            side = x.shape[0] + abs(k)
            return x.with_shape((side, side))
        if x.ndim != 2:
            raise ShapeError(f"[diag] takes 1 or 2 dimensions; got shape {x.shape}")
        rows, columns = x.shape
        long = min(rows, columns - k) if k >= 0 else min(rows + k, columns)
        return x.with_shape((max(long, 0),))

    def kernel(self, xp: Any, x: Any, *, k: int) -> Any:
        if x.ndim == 1:
            out = xp.zeros((x.size + abs(k),) * 2, x.dtype)
            i = xp.arange(x.size)
            out[i + max(-k, 0), i + max(k, 0)] = x
            return out
        return xp.diagonal(x, k).copy()

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        k, shape = call.attrs.k, call.inputs[0].type.shape
        back = diag(dy, k=k)
        if back.type.shape == shape:
            return (back,)
        # The square that `diag` makes covers the diagonal; the rest of the matrix is cut or padded.
        inner = tuple((0, min(a, b), 1) for a, b in zip(back.type.shape, shape, strict=True))
        return (slice_backward(sliced(back, index=inner), shape=shape, index=inner),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (3,), dtype),))
            yield Sample((draw(rng, (3, 4), dtype),), {"k": 1})
        for k in (-5, -2, 0, 3, 9):
            yield Sample((draw(rng, (3, 5)),), {"k": k})
            yield Sample((draw(rng, (2,)),), {"k": k})
        yield Sample((draw(rng, (0, 3)),))
        yield Sample((strided(draw(rng, (4, 6))),), {"k": -1})

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones((2, 2, 2), "float32"),), "takes 1 or 2 dimensions")


class Copy(OpDef):
    """The same values in memory of their own."""

    dtypes = dt.ALL
    elementwise = True
    destination = True

    def infer(self, x: TensorType) -> TensorType:
        return x

    def kernel(self, xp: Any, x: Any, *, out: Any = None) -> Any:
        if out is None:
            return xp.array(x)
        out[...] = x
        return out

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return (dy,)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (4, 3), dtype),))
        yield Sample((draw(rng, (0, 3)),))
        yield Sample((draw(rng, ()),))
        yield Sample((strided(draw(rng, (4, 6))),))


concat = Concat()
split = Split()
roll = Roll()
diag = Diag()
copy = Copy()
