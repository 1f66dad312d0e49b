"""Matrix product with the addition and activation that may follow it. Passes make it."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ShapeError
from ..graph.opdef import BadSample, OpDef, Sample
from ..graph.types import TensorType
from .fused_activation import ACTIVATIONS, activated, check_activation
from .matmul import matmul
from .sampling import draw, strided


class FusedMatMul(OpDef):
    """activation(a @ b + bias + residual); bias, (N,), and residual, of the result's type, may
    each be None."""

    attrs = {**matmul.attrs, "activation": "none"}
    choices = {**matmul.choices, "activation": ("none", *ACTIVATIONS)}
    dtypes = dt.FLOATS
    differentiable = False
    why_no_grad = "the compiler makes it once gradients have been taken"
    without = matmul.without

    def infer(
        self, a: TensorType, b: TensorType, bias: TensorType | None = None,
        residual: TensorType | None = None, *, activation: str, **attrs: Any,
    ) -> TensorType:  # fmt: skip
        check_activation(self.name, activation, self.choices["activation"])
        y = matmul.infer(a, b, bias, **attrs)
        if residual is not None and residual is not y:
            raise ShapeError(f"[{self.name}] the residual must be {y}; got {residual}")
        return y

    def kernel(
        self, xp: Any, a: Any, b: Any, bias: Any = None, residual: Any = None, *,
        activation: str, **attrs: Any,
    ) -> Any:  # fmt: skip
        work = dt.accumulator(a.dtype)
        parts = [None if x is None else x.astype(work, copy=False) for x in (a, b, bias)]
        y = matmul.kernel(xp, *parts, **attrs)
        if residual is not None:
            y = y + residual.astype(work, copy=False)
        return activated(xp, y, activation).astype(a.dtype, copy=False)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield self._sample(rng, (3, 4), (4, 5), dtype, activation="relu")
        for activation in self.choices["activation"]:
            yield self._sample(rng, (2, 3, 4), (4, 5), activation=activation)
        yield self._sample(rng, (40, 50), (50, 60), activation="gelu")
        yield self._sample(rng, (40, 50), (60, 50), transpose_b=True, activation="relu6")
        yield self._sample(rng, (50, 40), (50, 60), transpose_a=True)
        yield self._sample(rng, (0, 4), (4, 5))
        full = self._sample(rng, (40, 50), (50, 60))
        yield Sample((strided(full.inputs[0]), *full.inputs[1:]), full.attrs)
        yield Sample((*full.inputs[:2], None, full.inputs[3]), {"activation": "tanh"})
        yield Sample((*full.inputs[:3], None), {"activation": "silu"})
        yield Sample(full.inputs[:2], {"activation": "relu"})

    def _sample(
        self, rng: np.random.Generator, a: Any, b: Any, dtype: Any = dt.float32, **attrs: Any
    ) -> Sample:
        types = TensorType.of(a, dtype), TensorType.of(b, dtype)
        turned = {key: attrs.get(key, False) for key in matmul.attrs}
        y = matmul.infer(*types, **turned)
        bias = draw(rng, y.shape[-1:], dtype)
        return Sample((draw(rng, a, dtype), draw(rng, b, dtype), bias, draw(rng, y.shape, dtype)),
                      attrs)  # fmt: skip

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((2, 2), "float32")
        yield BadSample((x, x), "activation is one of none", {"activation": "selu"})
        yield BadSample((x, x, None, x[0]), "the residual must be float32[2, 2]")


fused_matmul = FusedMatMul("fused_matmul")
