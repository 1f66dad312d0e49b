"""Deformable convolution: every tap reads at a learned place and has a learned weight.

Dai et al., Deformable Convolutional Networks (2017), section 2.1, with the modulation of Zhu et
al., Deformable ConvNets v2 (2019), section 3.2. Only the inputs are kept for the gradient, which
reads the image again.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...base import dtype as dt
from ...base.errors import DTypeError, ShapeError
from ...graph.infer import require_dtypes
from ...graph.opdef import BadSample, Call, OpDef, Sample
from ...graph.types import Shape, TensorType
from ..convolution import weight_parts
from ..elementwise import mul, same_dtype
from ..matmul import matmul
from ..reduce import sum as sum_of
from ..sampling import draw, strided
from ..shape import cast, reshape, transpose
from ..slicing import sliced
from ..windows import Window
from .sample_points import POSITIONS, READING, points_gradient, points_transpose, sample_points

ZEROS_OUTSIDE = {**READING, "border": "constant"}
ATTRS: dict[str, Any] = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1)}


class TapPoints(OpDef):
    """The points (N * D, taps, H' * W', 2) at which a deformable convolution reads.

    `offset` (N, D * taps * 2, H', W') shifts, down and across in turn, each of the taps of each
    of D groups of channels.
    """

    attrs = {"kernel": (1, 1), **ATTRS}
    dtypes = (dt.float32, dt.float64)
    without = {"0-d": "offsets have four axes", "broadcast": "there is one input"}

    def infer(self, offset: TensorType, *, kernel: Shape, **attrs: Any) -> TensorType:
        require_dtypes(self.name, self.dtypes, offset)
        window = Window(kernel, **attrs)
        window.check(self.name)
        if offset.ndim != 4 or not offset.shape[1] or offset.shape[1] % (2 * window.area):
            raise ShapeError(
                f"[{self.name}] offsets (N, D * {2 * window.area}, H, W) are needed; got"
                f" {offset.shape}"
            )
        batch, numbers, height, width = offset.shape
        groups = numbers // (2 * window.area)
        return offset.with_shape((batch * groups, window.area, height * width, 2))

    def kernel(
        self, xp: Any, offset: Any, *, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape
    ) -> Any:
        batch, numbers, height, width = offset.shape
        area = kernel[0] * kernel[1]
        parts = offset.reshape(batch * (numbers // (2 * area)), area, 2, height, width)
        found = xp.empty((parts.shape[0], area, height, width, 2), offset.dtype)
        for number in range(area):
            row, column = divmod(number, kernel[1])
            top = xp.arange(height) * stride[0] - padding[0] + row * dilation[0]
            left = xp.arange(width) * stride[1] - padding[1] + column * dilation[1]
            found[:, number, :, :, 0] = parts[:, number, 1] + left.astype(offset.dtype)
            found[:, number, :, :, 1] = parts[:, number, 0] + top.astype(offset.dtype)[:, None]
        return found.reshape(parts.shape[0], area, height * width, 2)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return (offset_gradient(dy, call.inputs[0].type.shape),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (2, 24, 2, 3), dtype),), {"kernel": (3, 2)})
        attrs = {"kernel": (2, 2), "stride": (2, 1), "padding": (1, 0), "dilation": (1, 3)}
        yield Sample((draw(rng, (1, 8, 3, 2)),), attrs)
        yield Sample((draw(rng, (0, 2, 3, 2)),))
        yield Sample((strided(draw(rng, (2, 2, 3, 4))),))

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((1, 7, 3, 3), "float32")
        yield BadSample((x,), "offsets (N, D * 8, H, W) are needed", {"kernel": (2, 2)})


def offset_gradient(dpoints: Any, shape: Shape) -> Any:
    """The gradient of the points of TapPoints as that of offsets of `shape`."""
    down_first = sliced(dpoints, index=(*[(None, None, None)] * 3, (None, None, -1)))
    return reshape(transpose(down_first, pattern=(0, 1, 3, 2)), shape=shape)


class DeformableConvolution(OpDef):
    """The deformable convolution of x (N, C, H, W): (N, O, H', W').

    weight (O, C, h, w), or (G, O/G, C/G, h, w) with groups; offset (N, 2 D h w, H', W') and mask
    (N, D h w, H', W'), both in float32 or float64, for D groups of channels. Zeros lie outside the
    image.
    """

    attrs = ATTRS
    dtypes = dt.FLOATS
    without = {"0-d": "an image has four axes"}

    def infer(
        self, x: TensorType, weight: TensorType, offset: TensorType, mask: TensorType, **attrs: Any
    ) -> TensorType:
        require_dtypes(self.name, self.dtypes, x)
        same_dtype(self.name, x, weight)
        if offset.dtype not in POSITIONS or mask.dtype != offset.dtype:
            raise DTypeError(
                f"[{self.name}] offset and mask are both float32 or both float64; got"
                f" {offset.dtype.name} and {mask.dtype.name}"
            )
        groups, outputs, inputs, kernel = weight_parts(self.name, 4, weight.shape)
        window = Window(kernel, **attrs)
        window.check(self.name)
        if x.ndim != 4 or x.shape[1] != groups * inputs:
            raise ShapeError(
                f"[{self.name}] weight of shape {weight.shape} takes an image of"
                f" {groups * inputs} channels; got shape {x.shape}"
            )
        size = window.output(self.name, x.shape[2:])
        parts = offset.shape[1] // (2 * window.area) if offset.ndim == 4 else 0
        if (
            parts < 1 or x.shape[1] % parts
            or offset.shape != (x.shape[0], 2 * parts * window.area, *size)
            or mask.shape != (x.shape[0], parts * window.area, *size)
        ):  # fmt: skip
            raise ShapeError(
                f"[{self.name}] offset ({x.shape[0]}, D * {2 * window.area}, {size[0]}, {size[1]})"
                f" and mask ({x.shape[0]}, D * {window.area}, {size[0]}, {size[1]}), where D"
                f" divides {x.shape[1]} channels, are needed; got {offset.shape} and {mask.shape}"
            )
        return x.with_shape((x.shape[0], groups * outputs, *size))

    def kernel(self, xp: Any, x: Any, weight: Any, offset: Any, mask: Any, **attrs: Any) -> Any:
        groups, outputs, inputs, kernel = weight_parts(self.name, 4, weight.shape)
        size, area = offset.shape[2:], kernel[0] * kernel[1]
        work = np.promote_types(dt.accumulator(x.dtype), offset.dtype)
        matrix = weight.astype(work, copy=False).reshape(groups, outputs, inputs * area)
        parts = offset.shape[1] // (2 * area)
        places = size[0] * size[1]
        out = xp.empty((x.shape[0], groups, outputs, places), x.dtype)
        for image in range(x.shape[0]):
            one = slice(image, image + 1)
            points = tap_points.kernel(xp, offset[one], kernel=kernel, **attrs)
            piece = x[image].reshape(parts, -1, *x.shape[2:]).astype(work, copy=False)
            columns = sample_points.kernel(xp, piece, points, fill=0.0, **ZEROS_OUTSIDE)
            columns *= mask[image].reshape(parts, 1, area, places)
            out[image] = xp.matmul(matrix, columns.reshape(groups, inputs * area, places))
        return out.reshape(x.shape[0], groups * outputs, *size)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        x, weight, offset, mask = call.inputs
        groups, outputs, inputs, kernel = weight_parts(self.name, 4, weight.type.shape)
        batch, channels = x.type.shape[:2]
        area, places = kernel[0] * kernel[1], dy.type.shape[2] * dy.type.shape[3]
        parts = offset.type.shape[1] // (2 * area)
        by_part = (batch * parts, channels // parts, area, places)
        by_group = (batch, groups, inputs * area, places)
        wide = np.promote_types(dt.accumulator(x.type.dtype), offset.type.dtype)
        x, w, factor, dy = (_as(v, wide) for v in (x, weight, mask, dy))
        image = reshape(x, shape=(batch * parts, channels // parts, *x.type.shape[2:]))
        points = tap_points(offset, kernel=kernel, **vars(call.attrs))
        factor = reshape(factor, shape=(batch * parts, 1, area, places))
        dy = reshape(dy, shape=(batch, groups, outputs, places))
        grads: list[Any] = [None] * 4
        if call.needs(1) or call.needs(3):
            columns = sample_points(image, points, **ZEROS_OUTSIDE)
        if call.needs(1):
            read = reshape(mul(columns, factor), shape=by_group)
            dw = sum_of(matmul(dy, read, transpose_b=True), axis=(0,))
            grads[1] = _as(reshape(dw, shape=weight.type.shape), weight.type.dtype)
        matrix = reshape(w, shape=(groups, outputs, inputs * area))
        dcolumns = reshape(matmul(matrix, dy, transpose_a=True), shape=by_part)
        if call.needs(3):
            dmask = sum_of(mul(dcolumns, columns), axis=(1,))
            grads[3] = _as(reshape(dmask, shape=mask.type.shape), mask.type.dtype)
        dread = mul(dcolumns, factor)
        if call.needs(0):
            dx = points_transpose(dread, points, shape=image.type.shape, **ZEROS_OUTSIDE)
            grads[0] = _as(reshape(dx, shape=x.type.shape), call.inputs[0].type.dtype)
        if call.needs(2):
            dpoints = points_gradient(image, points, None, dread, ZEROS_OUTSIDE)
            grads[2] = offset_gradient(dpoints, offset.type.shape)
        return tuple(grads)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield deformed(rng, (1, 2, 4, 4), (3, 2, 2, 2), 1, dtype)
        attrs = {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2)}
        yield deformed(rng, (2, 4, 4, 5), (2, 3, 2, 3, 2), 2, **attrs)
        yield deformed(rng, (1, 2, 3, 3), (2, 2, 3, 3), 1, padding=(1, 1))
        yield deformed(rng, (0, 2, 3, 3), (2, 2, 3, 3), 1)
        plain = deformed(rng, (1, 2, 4, 4), (1, 2, 3, 2), 2)
        yield Sample(tuple(strided(a) for a in plain.inputs), plain.attrs)

    def bad_samples(self) -> Iterator[BadSample]:
        plain = deformed(np.random.default_rng(0), (1, 2, 4, 4), (3, 2, 2, 2), 1).inputs
        x, weight, offset, mask = plain
        yield BadSample((x[:, :1], weight, offset, mask), "takes an image of 2 channels")
        yield BadSample((x, weight, offset[:, :6], mask), "offset (1, D * 8, 3, 3)")
        yield BadSample((x, weight, offset.astype("float64"), mask), "both float32 or both float64")


def _as(value: Any, dtype: Any) -> Any:
    """`value` in a data type."""
    return value if value.type.dtype == dtype else cast(value, dtype=dtype)


def deformed(
    rng: np.random.Generator, x: Shape, weight: Shape, parts: int, dtype: Any = dt.float32,
    **attrs: Any,
) -> Sample:  # fmt: skip
    """A call whose offsets keep away from whole numbers, where the derivative jumps."""
    kernel = weight[-2:]
    size = Window(kernel, **{**ATTRS, **attrs}).output("sample", x[2:])
    area = kernel[0] * kernel[1]
    shape = (x[0], 2 * parts * area, *size)
    offset = rng.integers(-2, 3, shape) + rng.choice([0.2, 0.4, 0.7], shape)
    wide = dt.accumulator(dtype)
    mask = draw(rng, (x[0], parts * area, *size), wide, 0.0, 1.0)
    data = draw(rng, x, dtype), draw(rng, weight, dtype)
    return Sample((*data, offset.astype(wide), mask), attrs)


tap_points = TapPoints("tap_points")
deformable_convolution = DeformableConvolution("deformable_convolution")
