"""Images read at points, and the transpose: remap, warps and deformable layers stand on it.

With the order of the derivative as an attribute the two operators are closed under
differentiation, by the image and by the points, to every order.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...base import dtype as dt
from ...base.errors import ArgumentError, DTypeError, ShapeError
from ...graph.infer import require_dtypes
from ...graph.opdef import BadSample, Call, OpDef, Sample
from ...graph.types import Shape, TensorType
from ..elementwise import mul
from ..joining import concat
from ..reduce import sum as sum_of
from ..sampling import draw, strided
from ..shape import cast, reshape
from .taps import BORDERS, METHODS, bordered, taps

READING: dict[str, Any] = {"mode": "linear", "border": "replicate", "order": (0, 0)}


POSITIONS = (dt.float32, dt.float64)
"""The data types of points: those with fewer digits would miss the pixels of a large image."""


class _AtPoints(OpDef):
    """What both share: attributes and checks. `order` is of the derivative by x and by y."""

    dtypes = dt.FLOATS
    choices = {"mode": METHODS, "border": BORDERS}
    without = {"0-d": "an image has four axes"}

    def check(
        self, data: TensorType, points: TensorType, index: TensorType | None, image: Shape
    ) -> None:
        """Raise unless points (R, ..., 2), and the image number of each row, fit an image."""
        require_dtypes(self.name, self.dtypes, data)
        if points.dtype not in POSITIONS:
            raise DTypeError(
                f"[{self.name}] points are float32 or float64; got {points.dtype.name}"
            )
        if len(image) != 4 or points.ndim < 2 or points.shape[-1] != 2:
            raise ShapeError(
                f"[{self.name}] images (N, C, H, W) and points (R, ..., 2) are needed; got"
                f" {image} and {points.shape}"
            )
        rows = image[0] if index is None else points.shape[0]
        if index is not None and (index.shape != (rows,) or not dt.is_integer(index.dtype)):
            raise ShapeError(
                f"[{self.name}] {rows} rows of points need as many whole image numbers; got"
                f" {index.dtype.name} of shape {index.shape}"
            )
        if points.shape[0] != rows:
            raise ShapeError(
                f"[{self.name}] {rows} images need as many rows of points; got {points.shape}"
            )
        if points.size and 0 in image[2:]:
            raise ShapeError(f"[{self.name}] images of shape {image} have no pixels to read")

    def check_attrs(self, mode: str, border: str) -> None:
        """Raise ArgumentError for an unknown method or border."""
        if mode not in METHODS or border not in BORDERS:
            raise ArgumentError(
                f"[{self.name}] mode is one of {', '.join(METHODS)}, border one of"
                f" {', '.join(BORDERS)}; got {mode!r} and {border!r}"
            )

    def rows(self, xp: Any, index: Any, images: int, rows: int) -> list[int]:
        """The image number of each row of points. Raises for one out of range."""
        numbers = list(range(rows)) if index is None else [int(i) for i in index.tolist()]
        for number in numbers:
            if not 0 <= number < images:
                raise ArgumentError(
                    f"[{self.name}] image number {number} is not within the {images} images"
                )
        return numbers

    def pairs(
        self, xp: Any, points: Any, size: Shape, mode: str, border: str, order: Any
    ) -> Iterator[tuple[Any, Any, Any]]:
        """For each pair of taps of flat points (P, 2): flat pixels, weights, and what is inside."""
        height, width = size
        across, down = (
            [(*bordered(xp, pixel, n, border), weight) for pixel, weight in found]
            for n, found in (
                (width, taps(xp, points[:, 0], mode, order[0])),
                (height, taps(xp, points[:, 1], mode, order[1])),
            )
        )
        for y, y_inside, y_weight in down:
            for x, x_inside, x_weight in across:
                inside = None if x_inside is None else x_inside & y_inside
                yield y * width + x, y_weight * x_weight, inside


class SamplePoints(_AtPoints):
    """Images (N, C, H, W) read at points (R, ..., 2), each an (x, y) in pixels: (R, C, ...).

    Row r of the points reads image `index[r]`, or image r without an index. Outside lies what
    `border` says, `fill` for "constant".
    """

    attrs = {**READING, "fill": 0.0}

    def infer(
        self, x: TensorType, points: TensorType, index: TensorType | None = None, *,
        mode: str, border: str, fill: float, order: tuple[int, int],
    ) -> TensorType:  # fmt: skip
        self.check(x, points, index, x.shape)
        self.check_attrs(mode, border)
        return x.with_shape((points.shape[0], x.shape[1], *points.shape[1:-1]))

    def kernel(
        self, xp: Any, x: Any, points: Any, index: Any = None, *,
        mode: str, border: str, fill: float, order: tuple[int, int],
    ) -> Any:  # fmt: skip
        images, channels, height, width = x.shape
        rows, between = points.shape[0], points.shape[1:-1]
        flat = points.reshape(rows, int(np.prod(between)), 2)
        out = xp.zeros((rows, channels, flat.shape[1]), x.dtype)
        if not out.size:
            return out.reshape(rows, channels, *between)
        work = np.promote_types(dt.accumulator(x.dtype), points.dtype)
        for row, image in enumerate(self.rows(xp, index, images, rows)):
            plane = x[image].reshape(channels, height * width).astype(work, copy=False)
            total = xp.zeros(out.shape[1:], work)
            for pixel, weight, inside in self.pairs(
                xp, flat[row], (height, width), mode, border, order
            ):
                value = xp.take(plane, pixel, axis=1)
                if inside is not None:
                    value = xp.where(inside, value, work.type(fill))
                value *= weight
                total += value
            out[row] = total
        return out.reshape(rows, channels, *between)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        x, points = call.inputs[:2]
        index = call.inputs[2] if len(call.inputs) > 2 else None
        how = vars(call.attrs)
        dx = dp = None
        if call.needs(0):
            linear = {key: how[key] for key in READING}
            dx = points_transpose(dy, points, index, shape=x.type.shape, **linear)
        if call.needs(1) and how["mode"] != "nearest":
            dp = points_gradient(x, points, index, dy, how)
        return (dx, dp, None)[: len(call.inputs)]

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            wide = dt.accumulator(dtype)
            yield Sample((draw(rng, (2, 3, 4, 5), dtype), inner(rng, (2, 3, 2), wide)))
        yield Sample((draw(rng, (2, 3, 4, 5)), inner(rng, (2, 3, 2), dt.float64)))
        for sample in point_samples(rng):
            x, points, *index = sample.inputs
            yield Sample((x, points, *index), sample.attrs, sample.wrt)
        yield Sample((draw(rng, (1, 2, 3, 4)), inner(rng, (1, 3, 2))), {"fill": 2.0,
                     "border": "constant"})  # fmt: skip

    def bad_samples(self) -> Iterator[BadSample]:
        x, p = np.ones((2, 3, 4, 5), "float32"), np.ones((2, 3, 2), "float32")
        yield BadSample((x, p[:1]), "2 images need as many rows of points")
        yield BadSample((x, p[..., :1]), "points (R, ..., 2) are needed")
        yield BadSample((x, p.astype("float16")), "are float32 or float64; got float16")
        yield BadSample((x, p, np.array([0, 1, 1])), "as many whole image numbers")
        yield BadSample((x, p, np.array([0, 2])), "image number 2 is not within")
        yield BadSample((x[:, :, :0], p), "have no pixels")
        yield BadSample((x, p), "mode is one of", {"mode": "bicubic"})


def points_gradient(x: Any, points: Any, index: Any, dy: Any, how: dict[str, Any]) -> Any:
    """The gradient of the points: dy times the derivative by x and by y, summed over channels."""
    across, down = how["order"]
    shape = (*points.type.shape[:-1], 1)
    parts = []
    for order in ((across + 1, down), (across, down + 1)):
        slope = sample_points(x, points, index, **{**how, "order": order})
        part = cast(mul(slope, dy), dtype=points.type.dtype)
        parts.append(reshape(sum_of(part, axis=(1,)), shape=shape))
    return concat(*parts, axis=len(shape) - 1)


class PointsTranspose(_AtPoints):
    """The transpose of SamplePoints by the image: dy (R, C, ...) added into images of `shape`."""

    attrs = {**READING, "shape": ()}

    def infer(
        self, dy: TensorType, points: TensorType, index: TensorType | None = None, *,
        shape: Shape, mode: str, border: str, order: tuple[int, int],
    ) -> TensorType:  # fmt: skip
        self.check(dy, points, index, shape)
        self.check_attrs(mode, border)
        expected = (points.shape[0], shape[1], *points.shape[1:-1])
        if dy.shape != expected:
            raise ShapeError(f"[{self.name}] dy must have shape {expected}; got {dy.shape}")
        return dy.with_shape(shape)

    def kernel(
        self, xp: Any, dy: Any, points: Any, index: Any = None, *,
        shape: Shape, mode: str, border: str, order: tuple[int, int],
    ) -> Any:  # fmt: skip
        images, channels, height, width = shape
        out = xp.zeros(shape, dy.dtype)
        if not dy.size:
            return out
        rows = points.shape[0]
        flat = points.reshape(rows, -1, 2)
        values = dy.reshape(rows, channels, flat.shape[1])
        numbers = np.array(self.rows(xp, index, images, rows))
        for image in sorted(set(numbers.tolist())):
            mine = xp.asarray(np.flatnonzero(numbers == image))
            pixels, weights = [], []
            for pixel, weight, inside in self.pairs(
                xp, flat[mine].reshape(-1, 2), (height, width), mode, border, order
            ):
                pixels.append(pixel)
                weights.append(weight if inside is None else weight * inside)
            place, weight = xp.concatenate(pixels), xp.stack(weights)
            for channel in range(channels):
                part = values[mine, channel].reshape(-1).astype(weight.dtype, copy=False)
                summed = xp.bincount(place, (weight * part).reshape(-1), height * width)
                out[image, channel] = summed.reshape(height, width)
        return out

    def grad(self, call: Call, u: Any) -> tuple[Any, ...]:
        dy, points = call.inputs[:2]
        index = call.inputs[2] if len(call.inputs) > 2 else None
        how = {key: getattr(call.attrs, key) for key in READING}
        ddy = sample_points(u, points, index, **how) if call.needs(0) else None
        dp = None
        if call.needs(1) and how["mode"] != "nearest":
            dp = points_gradient(u, points, index, dy, how)
        return (ddy, dp, None)[: len(call.inputs)]

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            dy, wide = draw(rng, (2, 3, 3), dtype), dt.accumulator(dtype)
            yield Sample((dy, inner(rng, (2, 3, 2), wide)), {"shape": (2, 3, 4, 5)})
        for sample in point_samples(rng):
            x, points, *index = sample.inputs
            dy = draw(rng, (points.shape[0], x.shape[1], *points.shape[1:-1]))
            if not x.flags.c_contiguous:
                dy = strided(dy)
            attrs = {**sample.attrs, "shape": x.shape}
            yield Sample((dy, points, *index), attrs, sample.wrt)

    def bad_samples(self) -> Iterator[BadSample]:
        dy, p = np.ones((2, 3, 4), "float32"), np.ones((2, 4, 2), "float32")
        yield BadSample((dy, p), "dy must have shape (2, 2, 4)", {"shape": (2, 2, 5, 5)})


def inner(rng: np.random.Generator, shape: Shape, dtype: Any = dt.float32) -> Any:
    """Points some of which lie outside an image of 4 x 5, none near a whole or a half number."""
    whole = rng.integers(-3, 7, shape)
    return (whole + rng.choice([0.2, 0.3, 0.7, 0.8], shape)).astype(dtype)


def point_samples(rng: np.random.Generator) -> Iterator[Sample]:
    """Images, points and attributes that show every method, border, order and index."""
    for border in BORDERS:
        yield Sample((draw(rng, (2, 2, 4, 5)), inner(rng, (2, 3, 2))), {"border": border})
    for border in BORDERS:
        for mode in METHODS:
            wrt = (0,) if mode == "nearest" else None
            attrs: dict[str, Any] = {"border": border, "mode": mode}
            yield Sample((draw(rng, (1, 2, 4, 5)), inner(rng, (1, 2, 2, 2))), attrs, wrt)
    x = draw(rng, (2, 2, 4, 5))
    yield Sample((x, inner(rng, (3, 2, 2)), np.array([1, 0, 1], "int32")))
    for order in ((1, 0), (0, 1), (1, 1)):
        attrs = {"order": order, "mode": "cubic"}
        yield Sample((draw(rng, (2, 1, 4, 5)), inner(rng, (2, 3, 2))), attrs)
    yield Sample((draw(rng, (2, 1, 1, 1)), inner(rng, (2, 3, 2))), {"border": "reflect_101"})
    yield Sample((draw(rng, (0, 2, 4, 5)), inner(rng, (0, 3, 2))))
    yield Sample((draw(rng, (2, 0, 4, 5)), inner(rng, (2, 3, 2))))
    yield Sample((strided(draw(rng, (1, 2, 4, 5))), inner(rng, (1, 3, 2))))


sample_points = SamplePoints("sample_points")
points_transpose = PointsTranspose("points_transpose")
