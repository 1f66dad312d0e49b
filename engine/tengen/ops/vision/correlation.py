"""Correlation of two feature maps over displacements (Dosovitskiy et al., FlowNet, 2015, 3).

Every output is the mean, over channels and a small window, of the products (or the distances) of
the first map with the second one moved by one displacement; zeros lie around both.
"""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...base import dtype as dt
from ...base.errors import ArgumentError, ShapeError
from ...graph.infer import require_dtypes
from ...graph.opdef import BadSample, Call, OpDef, Sample
from ...graph.types import Shape, TensorType
from ..elementwise import same_dtype
from ..sampling import draw, strided

ATTRS: dict[str, Any] = {
    "kernel": 1, "reach": 1, "stride": 1, "spacing": 1, "padding": 0, "multiply": True,
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Geometry:
    """Sizes of a correlation: an odd window, displacements up to `reach` every `spacing`, outputs
    every `stride`, and `padding` around the maps."""

    kernel: int
    reach: int
    stride: int
    spacing: int
    padding: int

    def check(self, name: str) -> None:
        """Raise ArgumentError for a number out of range."""
        if (
            self.kernel < 1 or self.kernel % 2 == 0 or self.reach < 0 or self.stride < 1
            or self.spacing < 1 or self.padding < 0
        ):  # fmt: skip
            raise ArgumentError(
                f"[{name}] an odd kernel, strides of at least 1, and no negative displacement or"
                f" padding are needed; got {self}"
            )

    def output(self, name: str, shape: Shape) -> Shape:
        """The shape of the result for maps (N, C, H, W)."""
        border = self.reach + self.kernel // 2
        size = tuple(-(-(n + 2 * self.padding - 2 * border) // self.stride) for n in shape[2:])
        if min(size) < 1:
            raise ShapeError(
                f"[{name}] a window of {2 * border + 1} does not fit into {shape[2:]} with padding"
                f" {self.padding}"
            )
        side = 2 * (self.reach // self.spacing) + 1
        return (shape[0], side * side, *size)

    def windows(self, size: Shape) -> Iterator[tuple[int, tuple[slice, ...], tuple[slice, ...]]]:
        """The output channel and the pieces of the padded maps that meet, for every displacement
        and window element; `size` is the output's height and width."""
        grid = self.reach // self.spacing
        moves = range(-grid * self.spacing, grid * self.spacing + 1, self.spacing)
        for channel, (down, across) in enumerate(itertools.product(moves, moves)):
            for row, column in itertools.product(range(self.kernel), repeat=2):
                first = self._piece((row, column), size)
                yield channel, first, self._piece((row + down, column + across), size)

    def _piece(self, at: tuple[int, int], size: Shape) -> tuple[slice, ...]:
        pieces = [
            slice(self.reach + a, self.reach + a + self.stride * (n - 1) + 1, self.stride)
            for a, n in zip(at, size, strict=True)
        ]
        return (slice(None), slice(None), *pieces)

    def pad(self, xp: Any, x: Any, work: Any) -> Any:
        """`x` in the type of the sums with zeros around."""
        sides = [(0, 0), (0, 0), (self.padding,) * 2, (self.padding,) * 2]
        return xp.pad(x.astype(work, copy=False), sides)

    def crop(self, x: Any) -> Any:
        """A padded map without the padding."""
        inner = slice(self.padding, -self.padding or None)
        return x[:, :, inner, inner]


class _Correlating(OpDef):
    """What the operators share: attributes and checks."""

    attrs = ATTRS
    dtypes = dt.FLOATS
    choices = {"multiply": (False, True)}
    without = {"0-d": "the maps have four axes", "broadcast": "the maps agree in shape"}

    def check(self, maps: tuple[TensorType, ...], geometry: Geometry) -> Shape:
        """The output's shape. Raises unless the maps agree and the numbers fit."""
        require_dtypes(self.name, self.dtypes, maps[0])
        same_dtype(self.name, *maps)
        if maps[0].ndim != 4 or any(m.shape != maps[0].shape for m in maps):
            shapes = " and ".join(str(m.shape) for m in maps)
            raise ShapeError(
                f"[{self.name}] maps (N, C, H, W) of one shape are needed; got {shapes}"
            )
        geometry.check(self.name)
        return geometry.output(self.name, maps[0].shape)

    def calls(self, rng: np.random.Generator) -> Iterator[tuple[Any, Shape, dict[str, Any]]]:
        """Data type, shape and attributes of the samples."""
        for dtype in self.dtypes:
            yield dtype, (2, 2, 4, 5), {}
        for attrs in (
            {"kernel": 3, "reach": 2, "padding": 3, "stride": 2, "spacing": 2},
            {"reach": 3, "spacing": 2, "padding": 3},
            {"multiply": False},
            {"kernel": 3, "reach": 1, "padding": 2, "multiply": False},
        ):
            yield dt.float32, (1, 2, 4, 5), attrs
        yield dt.float32, (0, 2, 4, 5), {}


class Correlation(_Correlating):
    """The correlation of two maps (N, C, H, W): (N, displacements, H', W')."""

    def infer(self, a: TensorType, b: TensorType, *, multiply: bool, **numbers: int) -> TensorType:
        return a.with_shape(self.check((a, b), Geometry(**numbers)))

    def kernel(self, xp: Any, a: Any, b: Any, *, multiply: bool, **numbers: int) -> Any:
        geometry, work = Geometry(**numbers), dt.accumulator(a.dtype)
        total = xp.zeros(geometry.output(self.name, a.shape), work)
        first, second = geometry.pad(xp, a, work), geometry.pad(xp, b, work)
        for channel, at_a, at_b in geometry.windows(total.shape[2:]):
            if multiply:
                part = xp.einsum("nchw,nchw->nhw", first[at_a], second[at_b])
            else:
                part = xp.abs(first[at_a] - second[at_b]).sum(axis=1)
            total[:, channel] += part
        total /= work.type(max(a.shape[1], 1) * geometry.kernel**2)
        return total.astype(a.dtype, copy=False)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        a, b = call.inputs
        how = vars(call.attrs)
        return tuple(
            correlation_backward(dy, a, b, side=side, **how) if call.needs(side) else None
            for side in (0, 1)
        )

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype, shape, attrs in self.calls(rng):
            yield Sample((draw(rng, shape, dtype), draw(rng, shape, dtype)), attrs)
        pair = tuple(strided(draw(rng, (1, 2, 4, 5))) for _ in range(2))
        yield Sample(pair)

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((1, 2, 4, 5), "float32")
        yield BadSample((x, x[:, :1]), "maps (N, C, H, W) of one shape are needed")
        yield BadSample((x, x), "an odd kernel", {"kernel": 2})
        yield BadSample((x, x), "does not fit into (4, 5)", {"reach": 3})


class CorrelationBackward(_Correlating):
    """The gradient of map `side` (0 or 1) of a correlation, from dy and both maps."""

    attrs = {"side": 0, **ATTRS}
    choices = {"side": (0, 1), "multiply": (False, True)}
    without = {"0-d": "the maps have four axes"}

    def infer(
        self, dy: TensorType, a: TensorType, b: TensorType, *, side: int, multiply: bool,
        **numbers: int,
    ) -> TensorType:  # fmt: skip
        expected = self.check((a, b), Geometry(**numbers))
        same_dtype(self.name, dy, a)
        if dy.shape != expected:
            raise ShapeError(f"[{self.name}] dy must have shape {expected}; got {dy.shape}")
        return a

    def kernel(
        self, xp: Any, dy: Any, a: Any, b: Any, *, side: int, multiply: bool, **numbers: int
    ) -> Any:
        geometry, work = Geometry(**numbers), dt.accumulator(a.dtype)
        padded = [geometry.pad(xp, m, work) for m in (a, b)]
        total = xp.zeros(padded[0].shape, work)
        wide = dy.astype(work, copy=False)
        for channel, *at in geometry.windows(dy.shape[2:]):
            slope = _slope(xp, padded, at, side, multiply)
            total[at[side]] += slope * wide[:, channel : channel + 1]
        total /= work.type(max(a.shape[1], 1) * geometry.kernel**2)
        return xp.array(geometry.crop(total), dtype=a.dtype)

    def grad(self, call: Call, u: Any) -> tuple[Any, ...]:
        dy, a, b = call.inputs
        how = {key: getattr(call.attrs, key) for key in ATTRS}
        side = call.attrs.side
        grads: list[Any] = [None, None, None]
        if call.needs(0):
            grads[0] = correlation_change(u, a, b, side=side, **how)
        if how["multiply"] and call.needs(2 - side):
            pair = (u, b) if side == 0 else (a, u)
            grads[2 - side] = correlation_backward(dy, *pair, side=1 - side, **how)
        return tuple(grads)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for number, (dtype, shape, attrs) in enumerate(self.calls(rng)):
            numbers = {k: attrs.get(k, v) for k, v in ATTRS.items() if k != "multiply"}
            output = Geometry(**numbers).output("sample", shape)
            maps = (draw(rng, shape, dtype), draw(rng, shape, dtype))
            yield Sample((draw(rng, output, dtype), *maps), {**attrs, "side": number % 2})
        dy = strided(draw(rng, (1, 9, 2, 3)))
        yield Sample((dy, draw(rng, (1, 2, 4, 5)), draw(rng, (1, 2, 4, 5))))

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((1, 2, 4, 5), "float32")
        yield BadSample((x, x, x), "dy must have shape (1, 9, 2, 3)")


class CorrelationChange(_Correlating):
    """How a correlation changes when map `side` moves by u: linear in u."""

    attrs = {"side": 0, **ATTRS}
    choices = {"side": (0, 1), "multiply": (False, True)}

    def infer(
        self, u: TensorType, a: TensorType, b: TensorType, *, side: int, multiply: bool,
        **numbers: int,
    ) -> TensorType:  # fmt: skip
        return a.with_shape(self.check((u, a, b), Geometry(**numbers)))

    def kernel(
        self, xp: Any, u: Any, a: Any, b: Any, *, side: int, multiply: bool, **numbers: int
    ) -> Any:
        geometry, work = Geometry(**numbers), dt.accumulator(a.dtype)
        total = xp.zeros(geometry.output(self.name, a.shape), work)
        padded = [geometry.pad(xp, m, work) for m in (a, b)]
        moved = geometry.pad(xp, u, work)
        for channel, *at in geometry.windows(total.shape[2:]):
            slope = _slope(xp, padded, at, side, multiply)
            total[:, channel] += (slope * moved[at[side]]).sum(axis=1)
        total /= work.type(max(a.shape[1], 1) * geometry.kernel**2)
        return total.astype(a.dtype, copy=False)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        u, a, b = call.inputs
        how = {key: getattr(call.attrs, key) for key in ATTRS}
        side = call.attrs.side
        grads: list[Any] = [None, None, None]
        if call.needs(0):
            grads[0] = correlation_backward(dy, a, b, side=side, **how)
        if how["multiply"] and call.needs(2 - side):
            pair = (u, b) if side == 0 else (a, u)
            grads[2 - side] = correlation_backward(dy, *pair, side=1 - side, **how)
        return tuple(grads)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for number, (dtype, shape, attrs) in enumerate(self.calls(rng)):
            maps = tuple(draw(rng, shape, dtype) for _ in range(3))
            yield Sample(maps, {**attrs, "side": number % 2})
        yield Sample(tuple(strided(draw(rng, (1, 2, 4, 5))) for _ in range(3)))


def _slope(xp: Any, maps: list[Any], at: list[Any], side: int, multiply: bool) -> Any:
    """The derivative of one product or distance by the map `side`."""
    if multiply:
        return maps[1 - side][at[1 - side]]
    return xp.sign(maps[side][at[side]] - maps[1 - side][at[1 - side]])


correlation = Correlation()
correlation_backward = CorrelationBackward("correlation_backward")
correlation_change = CorrelationChange("correlation_change")
