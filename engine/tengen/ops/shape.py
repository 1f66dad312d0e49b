"""Operators that move or view data without computing: reshape, transpose, broadcast_to, cast."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import Shape, TensorType
from .sampling import draw, strided


def normalize_axis(name: str, axis: int, ndim: int) -> int:
    """The axis counted from the front. Raises ShapeError if there is no such axis."""
    if not -ndim <= axis < ndim:
        raise ShapeError(f"[{name}] axis {axis} does not exist in {ndim} dimension(s)")
    return axis + ndim if axis < 0 else axis


class Reshape(OpDef):
    """The same elements, in C order, under another shape; one dimension may be -1."""

    attrs = {"shape": ()}
    dtypes = dt.ALL
    alias = True

    def infer(self, x: TensorType, *, shape: Shape) -> TensorType:
        known = 1
        for dim in shape:
            if dim < -1 or shape.count(-1) > 1:
                raise ArgumentError(f"[reshape] target shape {shape} has a bad dimension {dim}")
            known *= dim if dim != -1 else 1
        if -1 in shape:
            if known == 0 or x.size % known:
                raise ShapeError(
                    f"[reshape] {x.size} elements of shape {x.shape} do not fit {shape}"
                )
            shape = tuple(x.size // known if d == -1 else d for d in shape)
        elif known != x.size:
            raise ShapeError(f"[reshape] {x.size} elements of shape {x.shape} do not fit {shape}")
        return x.with_shape(shape)

    def kernel(self, xp: Any, x: Any, *, shape: Shape) -> Any:
        return xp.reshape(x, shape)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return (reshape(dy, shape=call.inputs[0].type.shape),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (2, 6), dtype),), {"shape": (3, 4)})
        yield Sample((draw(rng, (2, 6)),), {"shape": (-1, 3)})
        yield Sample((draw(rng, (0, 3)),), {"shape": (3, 0)})
        yield Sample((draw(rng, ()),), {"shape": (1, 1)})
        yield Sample((strided(draw(rng, (4, 6))),), {"shape": (8, 3)})

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones((2, 3), "float32"),), "do not fit", {"shape": (4, 2)})
        yield BadSample((np.ones((2, 3), "float32"),), "bad dimension", {"shape": (-1, -1)})


class Transpose(OpDef):
    """Axes in another order: output axis i is input axis `pattern[i]`."""

    attrs = {"pattern": ()}
    dtypes = dt.ALL
    alias = True

    def infer(self, x: TensorType, *, pattern: Shape) -> TensorType:
        if sorted(pattern) != list(range(x.ndim)):
            raise ShapeError(f"[transpose] pattern {pattern} is no order of {x.ndim} axes")
        return x.with_shape([x.shape[i] for i in pattern])

    def kernel(self, xp: Any, x: Any, *, pattern: Shape) -> Any:
        return xp.transpose(x, pattern)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        inverse = [0] * len(call.attrs.pattern)
        for to, source in enumerate(call.attrs.pattern):
            inverse[source] = to
        return (transpose(dy, pattern=tuple(inverse)),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (2, 3, 4), dtype),), {"pattern": (2, 0, 1)})
        yield Sample((draw(rng, (0, 3)),), {"pattern": (1, 0)})
        yield Sample((draw(rng, ()),), {"pattern": ()})
        yield Sample((strided(draw(rng, (4, 6))),), {"pattern": (1, 0)})

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones((2, 3), "float32"),), "no order of 2 axes", {"pattern": (0, 2)})


class BroadcastTo(OpDef):
    """NumPy broadcasting of one value to a shape."""

    attrs = {"shape": ()}
    dtypes = dt.ALL
    alias = True

    def infer(self, x: TensorType, *, shape: Shape) -> TensorType:
        extra = len(shape) - x.ndim
        fits = extra >= 0 and all(d in (1, s) for d, s in zip(x.shape, shape[extra:], strict=True))
        if not fits:
            raise ShapeError(f"[broadcast_to] shape {x.shape} does not broadcast to {shape}")
        return x.with_shape(shape)

    def kernel(self, xp: Any, x: Any, *, shape: Shape) -> Any:
        return xp.broadcast_to(x, shape)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return (sum_to(dy, shape=call.inputs[0].type.shape),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (3, 1), dtype),), {"shape": (2, 3, 4)})
        yield Sample((draw(rng, (0, 1)),), {"shape": (0, 3)})
        yield Sample((draw(rng, ()),), {"shape": (2,)})
        yield Sample((strided(draw(rng, (4, 6))),), {"shape": (2, 4, 6)})

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones((2, 3), "float32"),), "does not broadcast", {"shape": (4, 3)})


class SumTo(OpDef):
    """The sum over the axes along which `shape` would broadcast to the input: its transpose."""

    attrs = {"shape": ()}
    dtypes = dt.INTEGERS + dt.FLOATS + dt.COMPLEX

    def infer(self, x: TensorType, *, shape: Shape) -> TensorType:
        require_dtypes("sum_to", self.dtypes, x)
        extra = x.ndim - len(shape)
        fits = extra >= 0 and all(d in (1, s) for d, s in zip(shape, x.shape[extra:], strict=True))
        if not fits:
            raise ShapeError(f"[sum_to] shape {shape} does not broadcast to {x.shape}")
        return x.with_shape(shape)

    def kernel(self, xp: Any, x: Any, *, shape: Shape) -> Any:
        extra = x.ndim - len(shape)
        axes = tuple(range(extra)) + tuple(
            i + extra for i, d in enumerate(shape) if d == 1 and x.shape[i + extra] != 1
        )
        work = dt.accumulator(x.dtype)
        total = xp.sum(x, axis=axes, dtype=work).astype(x.dtype, copy=False)
        return xp.reshape(total, shape)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return (broadcast_to(dy, shape=call.inputs[0].type.shape),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (2, 3, 4), dtype),), {"shape": (3, 1)})
        yield Sample((draw(rng, (0, 3)),), {"shape": (1, 3)})
        yield Sample((draw(rng, ()),), {"shape": ()})
        yield Sample((draw(rng, (1, 3)),), {"shape": (3,)})
        yield Sample((strided(draw(rng, (4, 6))),), {"shape": (6,)})

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones((2, 3), "float32"),), "does not broadcast", {"shape": (2,)})


class Cast(OpDef):
    """The values in another data type; floats to integers truncate toward zero."""

    attrs = {"dtype": dt.float32}
    dtypes = dt.ALL
    choices = {"dtype": dt.ALL}

    def infer(self, x: TensorType, *, dtype: Any) -> TensorType:
        return x.with_dtype(dtype)

    def kernel(self, xp: Any, x: Any, *, dtype: Any) -> Any:
        if dt.is_complex(x.dtype) and not dt.is_complex(dtype):
            x = x.real
        return x.astype(dtype)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        source = call.inputs[0].type.dtype
        return (cast(dy, dtype=source) if dt.is_differentiable(source) else None,)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            for to in self.dtypes:
                exact = None if to in (dt.float64, dt.complex128) else ()
                yield Sample((draw(rng, (3, 4), dtype, 0, 3),), {"dtype": to}, wrt=exact)
        yield Sample((draw(rng, (0, 4)),), {"dtype": dt.float64})
        yield Sample((draw(rng, ()),), {"dtype": dt.float64})
        yield Sample((strided(draw(rng, (4, 6))),), {"dtype": dt.float64})


reshape = Reshape()
transpose = Transpose()
broadcast_to = BroadcastTo("broadcast_to")
sum_to = SumTo("sum_to")
cast = Cast()
