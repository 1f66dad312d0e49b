"""Channels of several tensors put together in any order, as one operator. Passes make it."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ShapeError
from ..graph.opdef import BadSample, OpDef, Sample
from ..graph.types import Shape, TensorType
from .elementwise import same_dtype
from .sampling import draw, strided


class MoveChannels(OpDef):
    """The tensors joined along axis 1, and of that the given channels.

    concat, split, slices along axis 1 and channel shuffles are each one such choice, and so is
    every chain of them.
    """

    attrs = {"channels": ()}
    dtypes = dt.ALL
    differentiable = False
    why_no_grad = "passes make it after the gradients"
    without = {"0-d": "moving channels needs an axis of them"}

    def infer(self, *xs: TensorType, channels: Shape) -> TensorType:
        if not xs or xs[0].ndim < 2:
            raise ShapeError("[move_channels] takes one tensor or more, each (N, C, ...)")
        same_dtype("move_channels", *xs)
        first = xs[0].shape
        for number, x in enumerate(xs):
            if (x.shape[:1], x.shape[2:]) != (first[:1], first[2:]):
                raise ShapeError(
                    f"[move_channels] tensor {number} has shape {x.shape}, tensor 0 {first}: they"
                    " may differ along axis 1 only"
                )
        total = sum(x.shape[1] for x in xs)
        if channels and not 0 <= min(channels) <= max(channels) < total:
            raise ShapeError(
                f"[move_channels] channels {min(channels)} to {max(channels)} are wanted of {total}"
            )
        return xs[0].with_shape((first[0], len(channels), *first[2:]))

    def kernel(self, xp: Any, *xs: Any, channels: Shape) -> Any:
        joined = xs[0] if len(xs) == 1 else xp.concatenate(xs, axis=1)
        return xp.take(joined, xp.asarray(channels, "int64"), axis=1)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            pair = draw(rng, (2, 3, 4), dtype), draw(rng, (2, 2, 4), dtype)
            yield Sample(pair, {"channels": (4, 0, 3, 3)})
        shuffled = np.arange(40).reshape(2, 20).T.reshape(-1).tolist()
        images = draw(rng, (2, 22, 5, 7)), draw(rng, (2, 18, 5, 7))
        yield Sample(images, {"channels": tuple(shuffled)})
        yield Sample((draw(rng, (3, 4)),), {"channels": (3, 1)})
        yield Sample((draw(rng, (0, 3, 2)),), {"channels": (2, 1)})
        yield Sample((draw(rng, (2, 3, 2)),), {"channels": ()})
        yield Sample((strided(draw(rng, (4, 6, 2))),), {"channels": (5, 0, 2)})

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((2, 3, 4), "float32")
        other = np.ones((2, 3, 5), "float32")
        yield BadSample((x, other), "tensor 1 has shape (2, 3, 5), tensor 0 (2, 3, 4)")
        yield BadSample((x, x), "channels 0 to 6 are wanted of 6", {"channels": (6, 0)})
        yield BadSample((np.ones(3, "float32"),), "each (N, C, ...)", {"channels": (0,)})


move_channels = MoveChannels("move_channels")
