"""argmax and argmin: where the extreme element is; the first of equal ones, NaN before all."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, OpDef, Sample
from ..graph.types import TensorType
from .elementwise import HALVES
from .reduce import Axes, reduced_shape, require_elements
from .sampling import draw, strided


class ArgExtreme(OpDef):
    """The int32 position of the extreme along one axis, or in C order over all of them (None)."""

    attrs = {"axis": None, "keepdims": False}
    dtypes = dt.REAL
    differentiable = False
    why_no_grad = "its result is a position"
    function: str

    def infer(self, x: TensorType, *, axis: int | None, keepdims: bool) -> TensorType:
        require_dtypes(self.name, self.dtypes, x)
        axes: Axes = None if axis is None else (axis,)
        found = x.make(reduced_shape(self.name, x, axes, keepdims), dt.int32)
        require_elements(self.name, x, found)
        return found

    def kernel(self, xp: Any, x: Any, *, axis: int | None, keepdims: bool) -> Any:
        wide = x.astype(dt.float32) if x.dtype in HALVES else x
        found = getattr(xp, self.function)(wide, axis=axis, keepdims=keepdims)
        return xp.asarray(found).astype(dt.int32)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (3, 4), dtype),), {"axis": 1})
        for axis in (None, 0, -1):
            for keepdims in (False, True):
                yield Sample((draw(rng, (2, 3, 4)),), {"axis": axis, "keepdims": keepdims})
        yield Sample((draw(rng, (0, 3)),), {"axis": 1})
        yield Sample((draw(rng, ()),))
        yield Sample((strided(draw(rng, (4, 6))),), {"axis": 0})

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones((2, 3), "float32"),), "axis 2 does not exist", {"axis": 2})
        yield BadSample((np.ones((0, 3), "float32"),), "of no elements", {"axis": 0})


argmax = ArgExtreme("argmax", function="argmax")
argmin = ArgExtreme("argmin", function="argmin")
