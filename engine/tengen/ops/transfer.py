"""Copying a value to another device."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.device import as_device
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import TensorType
from .sampling import draw, strided


class ToDevice(OpDef):
    """The values of `x` in memory of their own on `device` (None: the default device).

    Between two devices the runtime copies; the text stands for a copy on one.
    """

    name = "to_device"
    attrs = {"device": None}
    dtypes = dt.ALL
    choices = {"device": (None,)}

    def infer(self, x: TensorType, *, device: Any) -> TensorType:
        return TensorType.of(x.shape, x.dtype, as_device(device))

    def kernel(self, xp: Any, x: Any, *, device: Any) -> Any:
        return x.copy()

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return (to_device(dy, device=call.inputs[0].type.device),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (2, 3), dtype),))
        yield Sample((draw(rng, ()),))
        yield Sample((draw(rng, (0, 3)),))
        yield Sample((strided(draw(rng, (4, 6))),))

    def bad_samples(self) -> Iterator[BadSample]:
        return iter(())


to_device = ToDevice()
