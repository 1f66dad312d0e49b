"""Two copies of a value: to the host's memory while nobody needs it, and back.

A compiled program on a GPU carries them out beside its other calls. On the CPU they are plain
copies.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import TensorType
from .sampling import draw, strided


class Travel(OpDef):
    """The values of `x`, elsewhere."""

    dtypes = dt.ALL

    def infer(self, x: TensorType) -> TensorType:
        return x

    def kernel(self, xp: Any, x: Any) -> Any:
        return x.copy()

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return (dy,)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (2, 3), dtype),))
        yield Sample((draw(rng, ()),))
        yield Sample((draw(rng, (0, 3)),))
        yield Sample((strided(draw(rng, (4, 6))),))

    def bad_samples(self) -> Iterator[BadSample]:
        return iter(())


offload = Travel("offload", travels="out")
prefetch = Travel("prefetch", travels="back")
