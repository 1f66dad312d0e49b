"""Pooling of regions of an image: means over bins or sample points, and places of bin maxima.

Regions (R, 5) hold the number of the image and the corners x1, y1, x2, y2. A mean over a grid of
points or a block of pixels is a product of two small matrices with a piece of the image, one for
the rows and one for the columns, so that the transpose needs no scattering.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...base import dtype as dt
from ...base.errors import ArgumentError, ShapeError
from ...graph.infer import require_dtypes
from ...graph.opdef import BadSample, Call, OpDef, Sample
from ...graph.types import Shape, TensorType
from ..sampling import draw, strided
from .taps import taps

KINDS = ("align", "bins")
ATTRS: dict[str, Any] = {
    "output": (1, 1), "kind": "align", "scale": 1.0, "offset": 0.0, "points": (2, 2),
}  # fmt: skip


def check_regions(name: str, image: Shape, regions: TensorType, output: Shape) -> None:
    """Raise ShapeError unless `regions` is (R, 5) beside an image (N, C, H, W)."""
    if len(image) != 4 or regions.ndim != 2 or regions.shape[1] != 5:
        raise ShapeError(
            f"[{name}] an image (N, C, H, W) and regions (R, 5) are needed; got {image} and"
            f" {regions.shape}"
        )
    if len(output) != 2 or min(output) < 1:
        raise ShapeError(f"[{name}] the output has a height and a width; got {output}")


def image_numbers(name: str, regions: Any, images: int) -> list[int]:
    """The image number of each region. Raises ArgumentError for one out of range."""
    found = [int(n) for n in regions[:, 0].tolist()]
    for number in found:
        if not 0 <= number < images:
            raise ArgumentError(f"[{name}] image number {number} is not within the {images} images")
    return found


def bin_edges(low: float, high: float, bins: int, size: int, scale: float) -> tuple[Any, Any]:
    """First and last-plus-one element of each bin of a region of whole pixels, clipped to `size`.

    Corners are rounded half away from zero and lie within the region; bins may overlap.
    """
    first, last = (math.floor(abs(v * scale) + 0.5) * (1 if v >= 0 else -1) for v in (low, high))
    # Single precision, as in the published implementations: the bins depend on the rounding.
    width = np.float32(max(last - first + 1, 1)) / np.float32(bins)
    number = np.arange(bins, dtype=np.float32)
    start = np.floor(number * width).astype(np.int64) + first
    end = np.ceil((number + np.float32(1)) * width).astype(np.int64) + first
    return np.clip(start, 0, size), np.clip(end, 0, size)


def mean_matrix(
    low: float,
    high: float,
    bins: int,
    size: int,
    kind: str,
    scale: float,
    offset: float,
    points: int,
) -> tuple[slice, Any]:
    """The elements a region reads along one axis, and the matrix (bins, elements) of its means."""
    matrix = np.zeros((bins, size))
    if kind == "bins":
        for number, (a, b) in enumerate(zip(*bin_edges(low, high, bins, size, scale), strict=True)):
            matrix[number, a:b] = 1.0 / max(b - a, 1)
    else:
        start = low * scale - offset
        step = max(high * scale - offset - start, 0.0) / bins
        count = points or max(math.ceil(step), 1)
        place = np.arange(bins)[:, None] + (np.arange(count) + 0.5) / count
        for pixel, weight in taps(np, start + step * place, "linear"):
            inside = (pixel >= 0) & (pixel < size)
            row = np.broadcast_to(np.arange(bins)[:, None], pixel.shape)
            np.add.at(matrix, (row[inside], pixel[inside]), weight[inside] / count)
    (used,) = np.nonzero(matrix.any(axis=0))
    piece = slice(int(used[0]), int(used[-1]) + 1) if used.size else slice(0, 0)
    return piece, matrix[:, piece]


class _RegionMean(OpDef):
    """What both share: attributes, the pieces and their matrices, and samples."""

    attrs = ATTRS
    dtypes = dt.FLOATS
    choices = {"kind": KINDS}
    without = {"0-d": "an image has four axes"}

    def pieces(
        self, xp: Any, regions: Any, image: Shape, work: Any, output: Shape, kind: str,
        scale: float, offset: float, points: Shape,
    ) -> Iterator[tuple[int, int, slice, slice, Any, Any]]:  # fmt: skip
        """For each region: its number, image, rows, columns and the two matrices."""
        numbers = image_numbers(self.name, regions, image[0])
        for region, (_, x1, y1, x2, y2) in enumerate(regions.tolist()):
            how = (kind, scale, offset)
            rows, down = mean_matrix(y1, y2, output[0], image[2], *how, points[0])
            columns, across = mean_matrix(x1, x2, output[1], image[3], *how, points[1])
            yield (
                region, numbers[region], rows, columns,
                xp.asarray(down.astype(work)), xp.asarray(across.astype(work)),
            )  # fmt: skip

    def check(self, data: TensorType, image: Shape, regions: TensorType, kind: str, output: Any):
        """Raise for types, shapes or a kind that do not go together."""
        require_dtypes(self.name, self.dtypes, data)
        require_dtypes(self.name, dt.FLOATS, regions)
        check_regions(self.name, image, regions, output)
        if kind not in KINDS:
            raise ArgumentError(f"[{self.name}] kind is one of {', '.join(KINDS)}; got {kind!r}")


class RegionMean(_RegionMean):
    """Means over the bins of regions (R, 5) of an image (N, C, H, W): (R, C, *output).

    "align": the mean of `points` bilinear samples per bin (0: as many as pixels), zeros outside
    (He et al., Mask R-CNN, 2017, section 3; corners times `scale`, less `offset`). "bins": the
    mean of the pixels of a bin (Girshick, Fast R-CNN, 2015, section 2.1), 0 of none.
    """

    def infer(
        self, x: TensorType, regions: TensorType, *, output: Shape, kind: str, **how: Any
    ) -> TensorType:
        self.check(x, x.shape, regions, kind, output)
        return x.with_shape((regions.shape[0], x.shape[1], *output))

    def kernel(self, xp: Any, x: Any, regions: Any, *, output: Shape, **how: Any) -> Any:
        work = dt.accumulator(x.dtype)
        out = xp.zeros((regions.shape[0], x.shape[1], *output), x.dtype)
        pieces = self.pieces(xp, regions, x.shape, work, output, **how)
        for region, image, rows, columns, down, across in pieces:
            piece = x[image, :, rows, columns].astype(work, copy=False)
            out[region] = xp.matmul(down, xp.matmul(piece, across.T))
        return out

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        x, regions = call.inputs
        return region_mean_transpose(dy, regions, shape=x.type.shape, **vars(call.attrs)), None

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (2, 3, 6, 7), dtype), some_regions(dtype)), wrt=(0,))
        for attrs in REGION_ATTRS:
            yield Sample((draw(rng, (2, 2, 6, 7)), some_regions()), attrs, wrt=(0,))
        yield Sample((draw(rng, (2, 2, 6, 7)), some_regions()[:0]), wrt=())
        x = strided(draw(rng, (2, 2, 6, 7)))
        yield Sample((x, some_regions()), {"output": (2, 2)}, wrt=(0,))

    def bad_samples(self) -> Iterator[BadSample]:
        x, r = np.ones((1, 2, 6, 7), "float32"), np.ones((2, 5), "float32")
        yield BadSample((x, r[:, :4]), "regions (R, 5) are needed")
        yield BadSample((x, r), "image number 1 is not within the 1 images")
        yield BadSample((x, r * 0), "a height and a width", {"output": (2,)})
        yield BadSample((x, r * 0), "kind is one of", {"kind": "points"})


class RegionMeanTranspose(_RegionMean):
    """The transpose of RegionMean: dy (R, C, *output) spread over an image of `shape`."""

    attrs = {**ATTRS, "shape": ()}

    def infer(
        self, dy: TensorType, regions: TensorType, *, shape: Shape, output: Shape, kind: str,
        **how: Any,
    ) -> TensorType:  # fmt: skip
        self.check(dy, shape, regions, kind, output)
        expected = (regions.shape[0], shape[1], *output)
        if dy.shape != expected:
            raise ShapeError(f"[{self.name}] dy must have shape {expected}; got {dy.shape}")
        return dy.with_shape(shape)

    def kernel(
        self, xp: Any, dy: Any, regions: Any, *, shape: Shape, output: Shape, **how: Any
    ) -> Any:
        work = dt.accumulator(dy.dtype)
        out = xp.zeros(shape, work)
        pieces = self.pieces(xp, regions, shape, work, output, **how)
        for region, image, rows, columns, down, across in pieces:
            part = dy[region].astype(work, copy=False)
            out[image, :, rows, columns] += xp.matmul(down.T, xp.matmul(part, across))
        return out.astype(dy.dtype, copy=False)

    def grad(self, call: Call, u: Any) -> tuple[Any, ...]:
        how = {key: getattr(call.attrs, key) for key in ATTRS}
        return region_mean(u, call.inputs[1], **how), None

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        shape = {"shape": (2, 2, 6, 7)}
        for dtype in self.dtypes:
            dy = draw(rng, (4, 2, 1, 1), dtype)
            yield Sample((dy, some_regions(dtype)), shape, wrt=(0,))
        for attrs in REGION_ATTRS:
            dy = draw(rng, (4, 2, *attrs["output"]))
            yield Sample((dy, some_regions()), {**attrs, **shape}, wrt=(0,))
        empty = draw(rng, (0, 1, 1, 1)), some_regions()[:0]
        yield Sample(empty, {"shape": (1, 1, 6, 7)}, wrt=())
        dy = strided(draw(rng, (4, 2, 3, 2)))
        yield Sample((dy, some_regions()), {"output": (3, 2), **shape}, wrt=(0,))

    def bad_samples(self) -> Iterator[BadSample]:
        dy, r = np.ones((2, 2, 1, 1), "float32"), np.zeros((2, 5), "float32")
        yield BadSample((dy, r), "dy must have shape (2, 3, 1, 1)", {"shape": (1, 3, 4, 4)})


class BinMaxima(OpDef):
    """Where the largest element of each bin of regions (R, 5) lies: (R, C, *output).

    int64 places in the flat image, the first of equal ones; -1 for a bin without pixels.
    """

    attrs = {"output": (1, 1), "scale": 1.0}
    dtypes = dt.FLOATS
    differentiable = False
    why_no_grad = "its result is a position"
    without = {"0-d": "an image has four axes"}

    def infer(
        self, x: TensorType, regions: TensorType, *, output: Shape, scale: float
    ) -> TensorType:
        require_dtypes(self.name, self.dtypes, x)
        require_dtypes(self.name, dt.FLOATS, regions)
        check_regions(self.name, x.shape, regions, output)
        return x.make((regions.shape[0], x.shape[1], *output), dt.int64)

    def kernel(self, xp: Any, x: Any, regions: Any, *, output: Shape, scale: float) -> Any:
        _, channels, height, width = x.shape
        out = xp.full((regions.shape[0], channels, *output), -1, np.int64)
        wide = x.astype(dt.accumulator(x.dtype), copy=False)
        numbers = image_numbers(self.name, regions, x.shape[0])
        channel = xp.arange(channels)
        for region, (_, x1, y1, x2, y2) in enumerate(regions.tolist()):
            rows = list(zip(*bin_edges(y1, y2, output[0], height, scale), strict=True))
            columns = list(zip(*bin_edges(x1, x2, output[1], width, scale), strict=True))
            plane = (numbers[region] * channels + channel) * height
            for i, (top, bottom) in enumerate(rows):
                for j, (left, right) in enumerate(columns):
                    if top >= bottom or left >= right:
                        continue
                    piece = wide[numbers[region], :, top:bottom, left:right]
                    place = piece.reshape(channels, -1).argmax(axis=1)
                    down, across = place // (right - left), place % (right - left)
                    out[region, :, i, j] = (plane + top + down) * width + left + across
        return out

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            # Values of the types with few digits repeat: the first of them counts.
            yield Sample((draw(rng, (2, 3, 6, 7), dtype), some_regions(dtype)))
        for attrs in ({"output": (2, 3)}, {"output": (3, 3), "scale": 0.5}):
            yield Sample((draw(rng, (2, 2, 6, 7)), some_regions()), attrs)
        yield Sample((draw(rng, (2, 2, 6, 7)), some_regions()[:0]))
        yield Sample((strided(draw(rng, (2, 2, 6, 7))), some_regions()), {"output": (2, 2)})

    def bad_samples(self) -> Iterator[BadSample]:
        x, r = np.ones((1, 2, 6, 7), "float32"), np.full((2, 5), -1, "float32")
        yield BadSample((x, r), "image number -1 is not within")


def some_regions(dtype: Any = dt.float32) -> Any:
    """Regions inside, across and outside an image of 6 x 7, one of them turned around."""
    rows = [
        [0, 0.6, 1.1, 4.4, 5.2], [1, -2.3, -1.2, 3.6, 9.1], [1, 5.2, 4.1, 3.3, 1.2],
        [0, 20.0, 20.0, 30.0, 30.0],
    ]  # fmt: skip
    return np.array(rows).astype(dtype)


REGION_ATTRS: tuple[dict[str, Any], ...] = (
    {"output": (2, 3), "offset": 0.5, "points": (3, 2)},
    {"output": (3, 2), "scale": 0.7, "points": (0, 0)},
    {"output": (2, 3), "kind": "bins"},
    {"output": (4, 4), "kind": "bins", "scale": 0.5},
)

region_mean = RegionMean("region_mean")
region_mean_transpose = RegionMeanTranspose("region_mean_transpose")
bin_maxima = BinMaxima("bin_maxima")
