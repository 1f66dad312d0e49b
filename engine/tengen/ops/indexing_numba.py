"""Adding whole rows by index (the gradient of a table lookup) in one pass over the rows."""

from typing import Any

import numpy as np

from ..base import dtype as dt
from ..graph.opdef import Bound
from ..kernels.numba import embedding
from .index_rules import Axes, numpy_key
from .indexing import add_at

SMALL = 1 << 14
"""Elements below which NumPy's text is as fast."""


@add_at.backend("numba")
def _add_rows(
    in_types: Any, out_types: Any, *, shape: Any, axes: Axes, front: bool, grid: bool
) -> Bound | None:
    x = in_types[0]
    if axes != (0,) or grid or x.dtype not in (dt.float32, dt.float64) or x.size < SMALL:
        return None
    columns = out_types[0].size // max(shape[0], 1)
    if columns < 2:
        return None

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        places = numpy_key("add_at", np, shape, ins[1:], axes, grid)[0].reshape(-1)
        places = np.where(places < 0, places + shape[0], places)
        outs[0].fill(0)
        embedding.add_rows(outs[0].reshape(-1, columns), places, ins[0].reshape(-1, columns))

    return Bound(run, (None, None), out_types)
