"""Policy: the data types that autocast gives the operands of a call. The door asks it."""

import dataclasses
from typing import Any

from ..base import dtype as dt
from ..base.device import Device
from ..base.dtype import DType
from ..ops.shape import cast
from .precisions import HIGH, HIGH_ON_CPU, LOW

CASTABLE = (dt.float16, dt.bfloat16, dt.float32)
"""What autocast may cast. float64 was asked for by somebody, and stays."""

_NAMED = LOW | HIGH | HIGH_ON_CPU


@dataclasses.dataclass(frozen=True)
class Policy:
    """`low` for products, `high` for what needs it; `host_low` is `low` on the CPU."""

    low: DType
    host_low: DType
    high: DType

    def target(self, op: Any, device: Device) -> DType | None:
        """The type of the operands of `op` on a device; None where they stay as they are."""
        name = op.name
        if name in LOW:
            return self.host_low if device.host else self.low
        if name in HIGH or (name in HIGH_ON_CPU and device.host):
            return self.high
        return None

    def operand(self, op: Any, x: Any) -> Any:
        """One operand of a call as `op` is to get it."""
        kind = x.type
        if kind.dtype not in CASTABLE:
            return x
        wanted = self.target(op, kind.device)
        return x if wanted is None or wanted == kind.dtype else cast(x, dtype=wanted)

    def prepared(self, op: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """The inputs of a call in the types in which `op` is to get them.

        A call with a float64 or complex operand stays as it is.
        """
        if op.name not in _NAMED:
            if not op.elementwise or len(inputs) == 1:
                return inputs
            if len(inputs) == 2 and inputs[0].type.dtype is inputs[1].type.dtype:
                return inputs
        given = [x.type.dtype for x in inputs if x is not None]
        floats = [d for d in given if dt.is_differentiable(d)]
        if not floats or any(d not in CASTABLE for d in floats):
            return inputs
        wanted = self.target(op, next(x for x in inputs if x is not None).type.device)
        if wanted is None:
            if not op.elementwise or len(set(floats)) == 1:
                return inputs
            wanted = self.high  # of two types, of which one is the high one or both are halves
        return tuple(
            [
                x if x is None or x.type.dtype == wanted or x.type.dtype not in CASTABLE
                else cast(x, dtype=wanted)
                for x in inputs
            ]
        )  # fmt: skip
