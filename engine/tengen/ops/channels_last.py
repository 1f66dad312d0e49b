"""The order of axes in memory that some convolutions work fastest on. Passes ask for it."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ShapeError
from ..graph.opdef import BadSample, OpDef, Sample
from ..graph.types import TensorType
from .sampling import draw, strided


class ChannelsLast(OpDef):
    """The same (N, C, H, W) values, with the channels of a place side by side in memory where a
    kernel can say so; what reads them goes on in that order if it can."""

    dtypes = dt.ALL
    differentiable = False
    why_no_grad = "the compiler makes it once gradients have been taken"
    without = {"0-d": "there is a channel axis"}

    def infer(self, x: TensorType) -> TensorType:
        if x.ndim != 4:
            raise ShapeError(f"[{self.name}] takes (N, C, H, W); got {x.shape}")
        return x

    def kernel(self, xp: Any, x: Any) -> Any:
        return xp.array(x)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (2, 3, 5, 4), dtype),))
        yield Sample((draw(rng, (0, 3, 2, 2)),))
        yield Sample((draw(rng, (2, 5, 1, 1)),))
        yield Sample((strided(draw(rng, (2, 3, 4, 6))),))

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones((3, 4, 4), "float32"),), "takes (N, C, H, W); got (3, 4, 4)")


channels_last = ChannelsLast("channels_last")
