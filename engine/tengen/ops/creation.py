"""Operators that make values: a filled array, a progression, an identity matrix."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ShapeError
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import Shape, TensorType
from .reduce import sum
from .sampling import draw

NO_INPUT = {"non-contiguous": "it has no input", "0-size": "it has no input", "0-d": "no input"}


class Fill(OpDef):
    """An array of `shape` that holds one value, the 0-d input."""

    attrs = {"shape": ()}
    dtypes = dt.ALL
    destination = True
    without = {
        "0-size": "the input is one value",
        "non-contiguous": "the input is one value",
    }

    def infer(self, value: TensorType, *, shape: Shape) -> TensorType:
        if value.ndim:
            raise ShapeError(f"[fill] the value must be 0-d; it has shape {value.shape}")
        if any(d < 0 for d in shape):
            raise ShapeError(f"[fill] a shape has no negative dimensions; got {shape}")
        return value.with_shape(shape)

    def kernel(self, xp: Any, value: Any, out: Any = None, *, shape: Shape) -> Any:
        if out is None:
            return xp.full(shape, value, value.dtype)
        out[...] = value
        return out

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return (sum(dy),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (), dtype),), {"shape": (2, 3)})
        yield Sample((draw(rng, ()),), {"shape": (0, 3)})
        yield Sample((draw(rng, ()),), {"shape": ()})

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones(2, "float32"),), "must be 0-d", {"shape": (2,)})
        yield BadSample((np.array(1.0, "float32"),), "no negative", {"shape": (2, -1)})


class Progression(OpDef):
    """`count` values start, start + step ...; formed in float64, or exactly for whole numbers.

    `last`, if given, is the last value to the bit.
    """

    attrs = {
        "start": 0, "step": 1, "count": 0, "last": None, "dtype": dt.float32, "device": None
    }  # fmt: skip
    dtypes = dt.ALL
    differentiable = False
    why_no_grad = "it has no input"
    choices = {"dtype": (*dt.INTEGERS, *dt.FLOATS), "device": (None,)}
    without = NO_INPUT

    def infer(self, *, count: int, dtype: Any, device: Any, **values: Any) -> TensorType:
        if count < 0:
            raise ShapeError(f"[progression] a count is not negative; got {count}")
        return TensorType.of((count,), dtype, device)

    def kernel(
        self,
        xp: Any,
        *,
        start: float,
        step: float,
        count: int,
        last: float | None,
        dtype: Any,
        device: Any,
    ) -> Any:
        whole = isinstance(start, int) and isinstance(step, int)
        values = xp.arange(count, dtype=dt.int64 if whole else dt.float64) * step + start
        if last is not None and count:
            values[-1] = last
        return values.astype(dtype)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.choices["dtype"]:
            yield Sample((), {"start": 1, "step": 2, "count": 4, "dtype": dtype})
        yield Sample((), {"start": 0.5, "step": -0.25, "count": 5})
        yield Sample((), {"start": 0.1, "step": 0.1, "count": 4, "last": 0.4})
        yield Sample((), {"count": 0})

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((), "not negative", {"count": -1})


class Identity(OpDef):
    """A matrix of `rows` by `columns` with ones on its diagonal."""

    attrs = {"rows": 1, "columns": 1, "dtype": dt.float32, "device": None}
    dtypes = dt.ALL
    differentiable = False
    why_no_grad = "it has no input"
    choices = {"dtype": dt.ALL, "device": (None,)}
    without = NO_INPUT

    def infer(self, *, rows: int, columns: int, dtype: Any, device: Any) -> TensorType:
        if rows < 0 or columns < 0:
            raise ShapeError(f"[eye] sizes are not negative; got {rows} by {columns}")
        return TensorType.of((rows, columns), dtype, device)

    def kernel(self, xp: Any, *, rows: int, columns: int, dtype: Any, device: Any) -> Any:
        return xp.eye(rows, columns, dtype=dt.float32).astype(dtype)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in dt.ALL:
            yield Sample((), {"rows": 3, "columns": 2, "dtype": dtype})
        yield Sample((), {"rows": 0, "columns": 4})

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((), "not negative", {"rows": -1})


fill = Fill()
progression = Progression()
eye = Identity("eye")
