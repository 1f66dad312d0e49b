"""Many small updates as one operator, of parameters or running statistics. Passes make them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError
from ..graph.opdef import BadSample, OpDef, Sample, registry
from ..graph.types import TensorType
from .optimizer import Update
from .running import running_statistics

NO_EDGE = {"broadcast": "each update is of one shape"}


class FusedUpdate(OpDef):
    """`count` calls of one optimizer update: (param, grad, *states) for each, then `hyper`.

    Gives (param, *states) for each.
    """

    attrs: dict[str, Any] = {"update": "sgd_update", "attributes": (), "count": 1}
    dtypes = dt.FLOATS
    single = False
    differentiable = False
    why_no_grad = Update.why_no_grad
    without = NO_EDGE

    def items(self, values: tuple[Any, ...], update: str, count: int) -> list[tuple[Any, ...]]:
        """The operands of each call, `hyper` last."""
        op = registry.get(update)
        if not isinstance(op, Update):
            raise ArgumentError(f"[{self.name}] update is an optimizer's operator; got {update!r}")
        each = 2 + len(op.states)
        if count < 1 or len(values) != count * each + 1:
            raise ArgumentError(
                f"[{self.name}] {count} update(s) take {count * each + 1} operands;"
                f" got {len(values)}"
            )
        starts = range(0, count * each, each)
        return [(*values[start : start + each], values[-1]) for start in starts]

    def overwrites(self, attrs: tuple[Any, ...]) -> tuple[tuple[int, int], ...]:
        update, _, count = attrs
        op = registry[update]
        assert isinstance(op, Update)
        taken, given = 2 + len(op.states), 1 + len(op.states)
        return tuple(
            (item * taken + source, item * given + target)
            for item in range(count)
            for source, target in op.in_place
        )

    def infer(
        self, *types: TensorType, update: str, attributes: tuple[Any, ...], count: int
    ) -> tuple[TensorType, ...]:
        found: list[TensorType] = []
        for operands in self.items(types, update, count):
            op = registry[update]
            found += op.infer(*operands, **op.unpack(attributes))  # type: ignore[arg-type]
        return tuple(found)

    def kernel(
        self, xp: Any, *arrays: Any, update: str, attributes: tuple[Any, ...], count: int
    ) -> Any:
        op = registry[update]
        found: list[Any] = []
        for operands in self.items(arrays, update, count):
            found += op.kernel(xp, *operands, **op.unpack(attributes))
        return tuple(found)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for name, op in registry.items():
            if isinstance(op, Update) and not name.startswith("lamb"):
                for attrs in _variants(op):
                    yield self._sample(rng, op, attrs, [(3,), (1, 4, 1, 1), (), (0, 4)])
        sgd = registry["sgd_momentum_update"]
        for dtype in self.dtypes:
            yield self._sample(rng, sgd, sgd.defaults, [(3,), (5,)], dtype)
        call = self._sample(rng, sgd, sgd.defaults, [(6,), (4,)])
        yield Sample((call.inputs[0][::-1], *call.inputs[1:]), call.attrs)
        call = self._sample(rng, sgd, sgd.defaults, [()])
        yield Sample(call.inputs, call.attrs)

    def _sample(
        self, rng: np.random.Generator, op: Any, attrs: Any, shapes: list[Any],
        dtype: Any = dt.float32,
    ) -> Sample:  # fmt: skip
        calls = [op.sample(rng, shape, dtype).inputs for shape in shapes]
        operands = [array for call in calls for array in call[:-1]]
        named = {"update": op.name, "attributes": attrs, "count": len(shapes)}
        return Sample((*operands, calls[0][-1]), named)

    def bad_samples(self) -> Iterator[BadSample]:
        x, hyper = np.ones(3, "float32"), np.ones(2)
        yield BadSample((x, x, hyper), "an optimizer's operator", {"update": "add"})
        yield BadSample((x, x, hyper), "2 update(s) take 5 operands; got 3", {"count": 2})


def _variants(op: Update) -> Iterator[tuple[Any, ...]]:
    yield op.defaults
    for key, values in op.choices.items():
        for value in values:
            yield op.pack({key: value})


class FusedRunningStatistics(OpDef):
    """Several running_statistics: (running mean, running variance, mean, variance) for each."""

    attrs: dict[str, Any] = {"momentums": (0.9,), "counts": (2,)}
    dtypes = dt.FLOATS
    single = False
    differentiable = False
    why_no_grad = running_statistics.why_no_grad
    without = NO_EDGE

    def overwrites(self, attrs: tuple[Any, ...]) -> tuple[tuple[int, int], ...]:
        items = range(len(attrs[1]))
        return tuple((4 * item + part, 2 * item + part) for item in items for part in (0, 1))

    def infer(
        self, *types: TensorType, momentums: tuple[float, ...], counts: tuple[int, ...]
    ) -> tuple[TensorType, ...]:
        if len(types) != 4 * len(counts) or len(momentums) != len(counts) or not counts:
            raise ArgumentError(
                f"[{self.name}] four operands go with each count and momentum; got {len(types)},"
                f" {len(counts)} and {len(momentums)}"
            )
        found: list[TensorType] = []
        for item, (momentum, count) in enumerate(zip(momentums, counts, strict=True)):
            four = types[4 * item : 4 * item + 4]
            found += running_statistics.infer(*four, momentum=momentum, count=count)
        return tuple(found)

    def kernel(
        self, xp: Any, *arrays: Any, momentums: tuple[float, ...], counts: tuple[int, ...]
    ) -> Any:
        found: list[Any] = []
        for item, (momentum, count) in enumerate(zip(momentums, counts, strict=True)):
            four = arrays[4 * item : 4 * item + 4]
            found += running_statistics.kernel(xp, *four, momentum=momentum, count=count)
        return tuple(found)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        calls = list(running_statistics.samples(rng))
        for call in calls:
            given = {**running_statistics.attrs, **call.attrs}
            attrs = {"momentums": (given["momentum"],) * 2, "counts": (given["count"], 9)}
            yield Sample((*call.inputs, *call.inputs), attrs)

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones(3, "float32"),) * 3, "four operands go with each count")


fused_update = FusedUpdate("fused_update")
fused_running_statistics = FusedRunningStatistics("fused_running_statistics")
