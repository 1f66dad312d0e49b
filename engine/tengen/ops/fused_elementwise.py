"""A chain of elementwise operators as one operator, so that it passes over memory once.

The chain is an attribute, the program: steps (operator's name, its attributes, its operands), whose
operands are numbered, first the inputs, then a value for each step. Passes make it.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError
from ..graph.opdef import BadSample, OpDef, Sample, registry
from ..graph.types import TensorType
from .elementwise import Elementwise
from .sampling import draw, strided
from .selection import where
from .shape import cast

Step = tuple[str, tuple[Any, ...], tuple[int | None, ...]]
Program = tuple[Step, ...]


def may_be_step(op: OpDef) -> bool:
    """Whether a program may hold this operator."""
    return isinstance(op, Elementwise) or op is where or op is cast


class FusedElementwise(OpDef):
    """The value of the last step of `program`; every step is an elementwise operator."""

    attrs: dict[str, Any] = {"program": ()}
    dtypes = dt.FLOATS
    elementwise = True
    differentiable = False
    why_no_grad = "the compiler makes it once gradients have been taken"

    def reuses(self, attrs: tuple[Any, ...], count: int) -> tuple[tuple[int, int], ...]:
        return tuple([(index, 0) for index in range(count)])

    def infer(self, *types: TensorType, program: Program) -> TensorType:
        values: list[Any] = list(types)
        for name, attrs, operands in program:
            op = registry.get(name)
            if op is None or not may_be_step(op):
                raise ArgumentError(f"[{self.name}] expected elementwise operators; got {name!r}")
            if not all(place is None or 0 <= place < len(values) for place in operands):
                raise ArgumentError(
                    f"[{self.name}] {name} expected values below {len(values)}; got {operands}"
                )
            given = [None if place is None else values[place] for place in operands]
            values.append(op.infer(*given, **op.unpack(attrs)))  # type: ignore[arg-type]
        if not program:
            raise ArgumentError(f"[{self.name}] expected a program of one step at least; got none")
        return values[-1]  # type: ignore[no-any-return]

    def kernel(self, xp: Any, *arrays: Any, program: Program) -> Any:
        values = list(arrays)
        for name, attrs, operands in program:
            op = registry[name]
            given = [None if place is None else values[place] for place in operands]
            values.append(op.kernel(xp, *given, **op.unpack(attrs)))
        return values[-1]

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        scaled: Program = (
            ("mul", (), (0, 1)),
            ("affine", (0.5, 1.0), (2,)),
            ("relu", (), (3,)),
        )
        gated: Program = (
            ("sigmoid", (), (0,)),
            ("tanh", (), (1,)),
            ("mul", (), (2, 3)),
            ("add", (), (4, 0)),
        )
        chosen: Program = (
            ("greater", (), (0, 1)),
            ("where", (), (0, None, 2)),
            ("sub", (), (3, 1)),
        )
        for dtype in self.dtypes:
            yield Sample((draw(rng, (3, 5), dtype), draw(rng, (3, 5), dtype)), {"program": scaled})
        for program in (scaled, gated, chosen):
            for shapes in (((300, 70), (300, 70)), ((300, 70), (70,)), ((300, 70), ())):
                yield Sample(tuple(draw(rng, s) for s in shapes), {"program": program})
        yield Sample((draw(rng, (0, 4)), draw(rng, (4,))), {"program": gated})
        yield Sample((draw(rng, ()), draw(rng, ())), {"program": gated})
        yield Sample((strided(draw(rng, (4, 6))), strided(draw(rng, (4, 6)))), {"program": scaled})

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((2, 3), "float32")
        yield BadSample((x,), "expected elementwise", {"program": (("sum", (None, False), (0,)),)})
        yield BadSample((x,), "expected values below 1", {"program": (("neg", (), (1,)),)})
        yield BadSample((x,), "one step at least")


fused_elementwise = FusedElementwise("fused_elementwise")
