"""Convolution in one to three spatial dimensions and its two gradients, all three operators.

x (N, C, ...), weight (O, C, k...) or, for groups, (G, O/G, C/G, k...), y (N, O, ...). Each of the
three is linear in both inputs, and its gradients are the other two; convolution_backward_data
is also the transposed convolution.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import Shape, TensorType
from .elementwise import same_dtype
from .sampling import draw, strided
from .shape import broadcast_to, reshape
from .windows import Window


def weight_parts(name: str, ndim: int, weight: Shape) -> tuple[int, int, int, Shape]:
    """Groups, outputs and inputs per group, and kernel of a weight beside `ndim` axes of data."""
    if not 3 <= ndim <= 5:
        raise ShapeError(f"[{name}] data of 3 to 5 axes (N, C, ...) is needed; got {ndim} axes")
    if len(weight) not in (ndim, ndim + 1):
        raise ShapeError(
            f"[{name}] weight must have {ndim} axes, or {ndim + 1} with groups; got shape {weight}"
        )
    groups = weight[0] if len(weight) == ndim + 1 else 1
    return groups, weight[-ndim], weight[1 - ndim], tuple(weight[2 - ndim :])


class _Convolution(OpDef):
    """What the three share: attributes, window, checks and samples."""

    attrs: dict[str, Any] = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1)}
    dtypes = dt.FLOATS
    without = {"0-d": "the data has a batch and a channel axis"}

    def geometry(
        self, ndim: int, weight: Shape, stride: Shape, padding: Shape, dilation: Shape
    ) -> tuple[int, int, int, Window]:
        """Groups, outputs and inputs per group, and the window."""
        groups, outputs, inputs, kernel = weight_parts(self.name, ndim, weight)
        window = Window(kernel, stride, padding, dilation)
        window.check(self.name)
        return groups, outputs, inputs, window

    def check_channels(self, what: str, data: TensorType, expected: int, weight: Shape) -> None:
        """Raise ShapeError unless the data has the channels that the weight speaks of."""
        if data.shape[1] != expected:
            raise ShapeError(
                f"[{self.name}] weight of shape {weight} takes {expected} {what} channels;"
                f" data of shape {data.shape} has {data.shape[1]}"
            )

    def call(self, rng: np.random.Generator, case: "_Case", dtype: Any) -> Sample:
        """The sample of one case."""
        raise NotImplementedError

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield self.call(rng, _Case((2, 4, 5, 5), (3, 4, 3, 3), padding=(1, 1)), dtype)
        for case in _CASES:
            yield self.call(rng, case, dt.float32)
        plain = self.call(rng, _CASES[0], dt.float32)
        yield Sample(tuple(strided(a) for a in plain.inputs), plain.attrs)


class _Case:
    """Shapes and attributes of a sample."""

    def __init__(
        self, x: Shape, weight: Shape, stride: Any = None, padding: Any = None, dilation: Any = None
    ):
        axes = len(x) - 2
        self.x, self.weight = x, weight
        self.attrs = {
            "stride": stride or (1,) * axes,
            "padding": padding or (0,) * axes,
            "dilation": dilation or (1,) * axes,
        }
        groups, outputs, _, kernel = weight_parts("case", len(x), weight)
        window = Window(kernel, **self.attrs)
        self.y = (x[0], groups * outputs, *window.output("case", x[2:]))


_CASES = [
    _Case((2, 3, 6, 5), (4, 3, 3, 2), stride=(2, 1), padding=(1, 0)),
    _Case((1, 16, 6, 6), (32, 16, 1, 1)),
    _Case((1, 4, 7, 7), (2, 3, 2, 3, 3), stride=(2, 2), padding=(1, 1)),
    _Case((2, 8, 5, 5), (8, 1, 1, 3, 3), padding=(1, 1)),
    _Case((1, 2, 9, 8), (3, 2, 3, 3), padding=(2, 3), dilation=(2, 3)),
    _Case((2, 3, 8), (4, 3, 3), stride=(2,), padding=(1,)),
    _Case((1, 2, 4, 5, 4), (3, 2, 2, 3, 2), stride=(1, 2, 1), padding=(1, 1, 0)),
    _Case((0, 3, 5, 5), (4, 3, 3, 3)),
]


class Convolution(_Convolution):
    """Cross-correlation of x with weight, plus an optional bias of one number per channel."""

    def infer(
        self, x: TensorType, weight: TensorType, bias: TensorType | None = None, **attrs: Any
    ) -> TensorType:
        require_dtypes(self.name, self.dtypes, x)
        same_dtype(self.name, *[t for t in (x, weight, bias) if t is not None])
        groups, outputs, inputs, window = self.geometry(x.ndim, weight.shape, **attrs)
        self.check_channels("input", x, groups * inputs, weight.shape)
        channels = groups * outputs
        if bias is not None and bias.shape not in ((channels,), (1, channels, *[1] * (x.ndim - 2))):
            raise ShapeError(
                f"[{self.name}] bias must hold {channels} numbers along the channel axis;"
                f" got shape {bias.shape}"
            )
        return x.with_shape((x.shape[0], channels, *window.output(self.name, x.shape[2:])))

    def kernel(self, xp: Any, x: Any, weight: Any, bias: Any = None, **attrs: Any) -> Any:
        groups, outputs, inputs, window = self.geometry(x.ndim, weight.shape, **attrs)
        size = window.output(self.name, x.shape[2:])
        work = dt.accumulator(x.dtype)
        columns = _columns(xp, x.astype(work, copy=False), window, groups, size)
        matrix = weight.astype(work, copy=False).reshape(groups, outputs, inputs * window.area)
        y = xp.empty((x.shape[0], groups, outputs, int(np.prod(size))), work)
        for image, parts in enumerate(columns):
            y[image] = xp.matmul(matrix, parts)
        y = y.reshape(x.shape[0], groups * outputs, *size)
        if bias is not None:
            y += bias.astype(work, copy=False).reshape(1, -1, *[1] * (x.ndim - 2))
        return y.astype(x.dtype, copy=False)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        x, weight = call.inputs[:2]
        attrs = vars(call.attrs)
        dx = dw = None
        if call.needs(0):
            size = x.type.shape[2:]
            dx = convolution_backward_data(dy, weight, size=size, **attrs)
        if call.needs(1):
            dw = convolution_backward_weight(x, dy, shape=weight.type.shape, **attrs)
        if len(call.inputs) == 2:
            return dx, dw
        db = None
        if call.needs(2):
            shape = call.inputs[2].type.shape
            db = channel_sum(dy)
            db = db if len(shape) == 1 else reshape(db, shape=shape)
        return dx, dw, db

    def call(self, rng: np.random.Generator, case: _Case, dtype: Any) -> Sample:
        return Sample((draw(rng, case.x, dtype), draw(rng, case.weight, dtype)), case.attrs)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        yield from super().samples(rng)
        for case in (_CASES[0], _CASES[2], _CASES[5]):
            plain = self.call(rng, case, dt.float32)
            bias = draw(rng, (case.y[1],))
            yield Sample((*plain.inputs, bias), plain.attrs)
            yield Sample(
                (*plain.inputs, bias.reshape(1, -1, *[1] * (len(case.x) - 2))), plain.attrs
            )

    def bad_samples(self) -> Iterator[BadSample]:
        x, w = np.ones((2, 3, 8, 8), "float32"), np.ones((4, 3, 3, 3), "float32")
        yield BadSample((x, w[:, :2]), "takes 2 input channels; data of shape (2, 3, 8, 8) has 3")
        yield BadSample((x, w[0]), "weight must have 4 axes")
        yield BadSample((x[:, :, :2], w), "does not fit")
        yield BadSample((x, w), "stride takes 2", {"stride": (0, 1)})
        yield BadSample((x, w, np.ones(3, "float32")), "bias must hold 4 numbers")
        yield BadSample((x, w.astype("float64")), "operands have the types")


class ConvolutionBackwardData(_Convolution):
    """The gradient of a convolution's input of spatial `size`: the transposed convolution of dy."""

    attrs = {"size": (), **_Convolution.attrs}

    def infer(self, dy: TensorType, weight: TensorType, *, size: Shape, **attrs: Any) -> TensorType:
        require_dtypes(self.name, self.dtypes, dy)
        same_dtype(self.name, dy, weight)
        groups, outputs, inputs, window = self.geometry(dy.ndim, weight.shape, **attrs)
        self.check_channels("output", dy, groups * outputs, weight.shape)
        if window.output(self.name, size) != dy.shape[2:]:
            raise ShapeError(
                f"[{self.name}] an input of size {size} gives outputs of size"
                f" {window.output(self.name, size)}; got {dy.shape[2:]}"
            )
        return dy.with_shape((dy.shape[0], groups * inputs, *size))

    def kernel(self, xp: Any, dy: Any, weight: Any, *, size: Shape, **attrs: Any) -> Any:
        groups, outputs, inputs, window = self.geometry(dy.ndim, weight.shape, **attrs)
        batch, output = dy.shape[0], dy.shape[2:]
        work = dt.accumulator(dy.dtype)
        matrix = weight.astype(work, copy=False).reshape(groups, outputs, inputs * window.area)
        matrix = xp.swapaxes(matrix, 1, 2)
        flat = dy.astype(work, copy=False).reshape(batch, groups, outputs, int(np.prod(output)))
        channels = groups * inputs
        padded = xp.zeros((batch, channels, *window.padded_size(size)), work)
        for image in range(batch):
            columns = xp.matmul(matrix, flat[image])
            columns = columns.reshape(channels, window.area, *output)
            for number, place in window.positions(output):
                padded[(image, slice(None), *place)] += columns[:, number]
        return xp.ascontiguousarray(window.crop(padded, size)).astype(dy.dtype, copy=False)

    def grad(self, call: Call, u: Any) -> tuple[Any, ...]:
        dy, weight = call.inputs
        attrs = {key: getattr(call.attrs, key) for key in _Convolution.attrs}
        ddy = convolution(u, weight, **attrs) if call.needs(0) else None
        dw = None
        if call.needs(1):
            dw = convolution_backward_weight(u, dy, shape=weight.type.shape, **attrs)
        return ddy, dw

    def call(self, rng: np.random.Generator, case: _Case, dtype: Any) -> Sample:
        parts = draw(rng, case.y, dtype), draw(rng, case.weight, dtype)
        return Sample(parts, {"size": case.x[2:], **case.attrs})

    def bad_samples(self) -> Iterator[BadSample]:
        dy, w = np.ones((2, 4, 6, 6), "float32"), np.ones((4, 3, 3, 3), "float32")
        yield BadSample((dy, w), "gives outputs of size (7, 6)", {"size": (9, 8)})
        yield BadSample((dy[:, :3], w), "takes 4 output channels", {"size": (8, 8)})


class ConvolutionBackwardWeight(_Convolution):
    """The gradient of a convolution's weight of `shape`, from the input and dy."""

    attrs = {"shape": (), **_Convolution.attrs}

    def infer(self, x: TensorType, dy: TensorType, *, shape: Shape, **attrs: Any) -> TensorType:
        require_dtypes(self.name, self.dtypes, x)
        same_dtype(self.name, x, dy)
        groups, outputs, inputs, window = self.geometry(x.ndim, shape, **attrs)
        self.check_channels("input", x, groups * inputs, shape)
        expected = (x.shape[0], groups * outputs, *window.output(self.name, x.shape[2:]))
        if dy.shape != expected:
            raise ShapeError(
                f"[{self.name}] the output's gradient must have shape {expected}; got {dy.shape}"
            )
        return x.with_shape(shape)

    def kernel(self, xp: Any, x: Any, dy: Any, *, shape: Shape, **attrs: Any) -> Any:
        groups, outputs, inputs, window = self.geometry(x.ndim, shape, **attrs)
        size = dy.shape[2:]
        work = dt.accumulator(x.dtype)
        columns = _columns(xp, x.astype(work, copy=False), window, groups, size)
        flat = dy.astype(work, copy=False)
        flat = flat.reshape(dy.shape[0], groups, outputs, int(np.prod(size)))
        total = xp.zeros((groups, outputs, inputs * window.area), work)
        for image, parts in enumerate(columns):
            total += xp.matmul(flat[image], xp.swapaxes(parts, 1, 2))
        return total.reshape(shape).astype(x.dtype, copy=False)

    def grad(self, call: Call, u: Any) -> tuple[Any, ...]:
        x, dy = call.inputs
        attrs = {key: getattr(call.attrs, key) for key in _Convolution.attrs}
        dx = None
        if call.needs(0):
            dx = convolution_backward_data(dy, u, size=x.type.shape[2:], **attrs)
        return dx, convolution(x, u, **attrs) if call.needs(1) else None

    def call(self, rng: np.random.Generator, case: _Case, dtype: Any) -> Sample:
        parts = draw(rng, case.x, dtype), draw(rng, case.y, dtype)
        return Sample(parts, {"shape": case.weight, **case.attrs})

    def bad_samples(self) -> Iterator[BadSample]:
        x, dy = np.ones((2, 3, 8, 8), "float32"), np.ones((2, 4, 6, 5), "float32")
        yield BadSample((x, dy), "must have shape (2, 4, 6, 6)", {"shape": (4, 3, 3, 3)})
        yield BadSample((x, dy), "takes 2 input channels", {"shape": (4, 2, 3, 3)})


def _columns(xp: Any, x: Any, window: Window, groups: int, output: Shape) -> Iterator[Any]:
    """For each image, its windows as a matrix (G, C/G * kernel, positions)."""
    axes = len(output)
    for image in range(x.shape[0]):
        view = window.view(xp, window.pad(xp, x[image : image + 1]), output)[0]
        order = (0, *range(axes + 1, 2 * axes + 1), *range(1, axes + 1))
        view = view.transpose(order)  # (C, kernel..., output...)
        rows = x.shape[1] // groups * window.area
        yield view.reshape(groups, rows, int(np.prod(output)))


class ChannelSum(OpDef):
    """The sum over every axis but the channels (axis 1): the gradient of a bias."""

    attrs: dict[str, Any] = {"keepdims": False}
    choices = {"keepdims": (False, True)}
    dtypes = dt.FLOATS
    without = {"0-d": "there is a channel axis"}

    def infer(self, x: TensorType, *, keepdims: bool) -> TensorType:
        require_dtypes(self.name, self.dtypes, x)
        if x.ndim < 2:
            raise ShapeError(f"[{self.name}] two axes at least are needed; got shape {x.shape}")
        kept = (1, x.shape[1], *[1] * (x.ndim - 2))
        return x.with_shape(kept if keepdims else kept[1:2])

    def kernel(self, xp: Any, x: Any, *, keepdims: bool) -> Any:
        axes = (0, *range(2, x.ndim))
        total = xp.sum(x, axis=axes, dtype=dt.accumulator(x.dtype), keepdims=keepdims)
        return total.astype(x.dtype, copy=False)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        shape = call.inputs[0].type.shape
        kept = reshape(dy, shape=(1, shape[1], *[1] * (len(shape) - 2)))
        return (broadcast_to(kept, shape=shape),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (2, 3, 4), dtype),))
        for shape, keepdims in itertools.product([(2, 3), (2, 20, 3, 2), (0, 3, 2)], (False, True)):
            yield Sample((draw(rng, shape),), {"keepdims": keepdims})
        yield Sample((strided(draw(rng, (2, 3, 4, 5))),))

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones(3, "float32"),), "two axes at least")


convolution = Convolution("convolution")
convolution_backward_data = ConvolutionBackwardData("convolution_backward_data")
convolution_backward_weight = ConvolutionBackwardWeight("convolution_backward_weight")
channel_sum = ChannelSum("channel_sum")
