"""Orders: the indices that sort, and those of the k first. Values are read with `take`.

Sorting is stable: equal elements keep their order, ascending and descending. NaN is greater than
every number, as in NumPy.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, OpDef, Sample
from ..graph.types import TensorType
from .sampling import draw, strided

NO_SCALAR = {"0-d": "order needs an axis"}


def sortable(xp: Any, x: Any) -> Any:
    """`x` in a type that the module sorts."""
    return x.astype(np.float32) if x.dtype == dt.bfloat16 else x


def order(xp: Any, x: Any, descending: bool) -> Any:
    """The stable order of the last axis."""
    x = sortable(xp, x)
    if not descending:
        return xp.argsort(x, axis=-1, kind="stable")
    # Reversed twice, so that equal elements keep their order.
    backwards = xp.argsort(x[..., ::-1], axis=-1, kind="stable")[..., ::-1]
    return x.shape[-1] - 1 - backwards


class ArgSort(OpDef):
    """The indices (int32) that sort the last axis."""

    attrs = {"descending": False}
    dtypes = dt.REAL
    differentiable = False
    choices = {"descending": (False, True)}
    without = NO_SCALAR

    def infer(self, x: TensorType, *, descending: bool) -> TensorType:
        require_dtypes("argsort", self.dtypes, x)
        if not x.ndim:
            raise ShapeError("[argsort] needs one dimension at least; got a 0-d tensor")
        return x.with_dtype(dt.int32)

    def kernel(self, xp: Any, x: Any, *, descending: bool) -> Any:
        return order(xp, x, descending).astype(np.int32)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for descending in (False, True):
            attrs = {"descending": descending}
            for dtype in self.dtypes:
                yield Sample((draw(rng, (3, 7), dtype, 0, 4),), attrs)
            yield Sample((draw(rng, (0, 3)),), attrs)
            yield Sample((draw(rng, (2, 0)),), attrs)
            yield Sample((strided(draw(rng, (4, 6))),), attrs)
            yield Sample((np.array([1, np.nan, -np.inf, np.nan, 0], "float32"),), attrs)

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones((), "float32"),), "needs one dimension at least")


class ArgTopK(OpDef):
    """The indices (int32) of the k greatest elements of the last axis (else the k least), in order.

    Of equal elements the first ones count.
    """

    attrs = {"k": 1, "descending": True}
    dtypes = dt.REAL
    differentiable = False
    choices = {"descending": (False, True)}
    without = NO_SCALAR

    def infer(self, x: TensorType, *, k: int, descending: bool) -> TensorType:
        require_dtypes("argtopk", self.dtypes, x)
        if not x.ndim:
            raise ShapeError("[argtopk] needs one dimension at least; got a 0-d tensor")
        if not 0 <= k <= x.shape[-1]:
            raise ArgumentError(f"[argtopk] k lies between 0 and {x.shape[-1]}; got {k}")
        return x.make((*x.shape[:-1], k), dt.int32)

    def kernel(self, xp: Any, x: Any, *, k: int, descending: bool) -> Any:
        x = sortable(xp, x)
        size = x.shape[-1]
        if xp is not np or k * 8 > size or not k:
            return order(xp, x, descending)[..., :k].astype(np.int32)
        # Everything beyond the k-th value is in; of those equal to it, the first ones fill up.
        rank = size - k if descending else k - 1
        kth = xp.partition(x, rank, axis=-1)[..., rank : rank + 1]
        beyond = x > kth if descending else x < kth
        equal = x == kth
        if x.dtype.kind == "f":
            lost = xp.isnan(x)
            beyond |= (lost & ~xp.isnan(kth)) if descending else (~lost & xp.isnan(kth))
            equal |= lost & xp.isnan(kth)
        room = k - beyond.sum(axis=-1, keepdims=True)
        chosen = beyond | (equal & (xp.cumsum(equal, axis=-1) <= room))
        found = xp.nonzero(chosen)[-1].reshape(*x.shape[:-1], k)
        ranked = order(xp, xp.take_along_axis(x, found, axis=-1), descending)
        return xp.take_along_axis(found, ranked, axis=-1).astype(np.int32)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        lost = draw(rng, (2, 40), low=0, high=9).round()
        lost[0, ::3] = np.nan
        lost[1, 5] = np.nan
        for descending in (False, True):
            for dtype in self.dtypes:
                x = draw(rng, (3, 40), dtype, 0, 9)
                yield Sample((x,), {"k": 4, "descending": descending})
            yield Sample((lost,), {"k": 5, "descending": descending})
            yield Sample((draw(rng, (0, 3)),), {"k": 2, "descending": descending})
            yield Sample((draw(rng, (2, 0)),), {"k": 0, "descending": descending})
            yield Sample((strided(draw(rng, (4, 6))),), {"k": 6, "descending": descending})

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones((), "float32"),), "needs one dimension at least")
        yield BadSample((np.ones(3, "float32"),), "k lies between 0 and 3; got 4", {"k": 4})


argsort = ArgSort("argsort")
argtopk = ArgTopK("argtopk")
