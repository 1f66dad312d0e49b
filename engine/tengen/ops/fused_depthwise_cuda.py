"""Batch norm, activation and depthwise convolution one after another on the GPU.

What lies between them goes to a workspace; the gradient works it out again from x.
"""

from typing import Any

from ..graph.opdef import Bound
from ..graph.types import TensorType
from .convolution import convolution, convolution_backward_data, convolution_backward_weight
from .fused_depthwise import fused_depthwise, fused_depthwise_backward, window
from .fused_norm import fused_batch_norm, fused_batch_norm_backward
from .launching_cuda import TYPES, all_known
from .norm_cuda import Channels, one_a_channel

OWN = ("gpu", "cuda")


def _rounded(count: int) -> int:
    """Bytes up to the next place where anything may start."""
    return -(-count // 256) * 256


def _run(bound: Bound, outs: tuple[Any, ...], ins: tuple[Any, ...], space: Any) -> None:
    assert bound.run is not None
    bound.run((*outs, space) if bound.workspace else outs, ins)


@fused_depthwise.backend("cuda", "gpu")
def forward(
    forms: Any, out_types: Any, *, eps: float, activation: str, stride: Any, padding: Any
) -> Bound | None:
    """The normalised data go to the workspace, and from there through the convolution."""
    x, weight, bias, kernel = forms
    if not all_known((x, *out_types)) or x.ndim != 4:
        return None
    middle = (x.logical, *out_types[1:])
    norm = fused_batch_norm.backends[OWN]((x, weight, bias), middle, eps=eps, activation=activation)
    if norm is None:
        return None
    y = norm.out_types[0]
    conv = convolution.backends[OWN]((y, kernel), out_types[:1], **window(stride, padding))
    if conv is None or conv.in_layouts[0] is not y.layout:
        return None
    room = _rounded(y.nbytes)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        z, mean, variance, inverse, space = outs
        kept, rest = space[:room], space[room:]
        _run(norm, (kept, mean, variance, inverse), ins[:3], rest)
        _run(conv, (z,), (kept, ins[3]), rest)

    layouts = (norm.in_layouts[0], None, None, conv.in_layouts[1])
    workspace = room + max(norm.workspace, conv.workspace)
    return Bound(run, layouts, (*conv.out_types, *out_types[1:]), workspace=workspace)


@fused_depthwise_backward.backend("cuda", "gpu")
def backward(
    forms: Any, out_types: Any, *, activation: str, stride: Any, padding: Any
) -> Bound | None:
    """Normalised again for the filters' gradient; the data's goes on through batch norm."""
    x, mean, inverse, weight, bias, kernel, dz = forms
    if not all_known((x, *out_types)) or x.ndim != 4 or not one_a_channel(x, weight, bias):
        return None
    known = Channels(x)
    layout, where = known.layout, window(stride, padding)
    y: TensorType = x.with_layout(layout)
    turned = dz.with_layout(layout)
    again = known.program(
        "batch_norm", x.dtype, ACTIVATION=activation.upper(), STATISTIC=TYPES[mean.dtype]
    )
    data = convolution_backward_data.backends[OWN](
        (turned, kernel), (x.logical,), size=x.shape[2:], **where
    )
    filters = convolution_backward_weight.backends[OWN](
        (y, turned), out_types[3:], shape=kernel.shape, **where
    )
    norm = fused_batch_norm_backward.backends[OWN](
        (y, mean, inverse, weight, bias, None, y), out_types[:3], eps=None, activation=activation,
        masked=False,
    )  # fmt: skip
    if data is None or filters is None or norm is None or data.in_layouts[0] is not layout:
        return None
    room = _rounded(x.nbytes)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        dx, dweight, dbias, dkernel, space = outs
        source, mean, inverse, weight, bias, kernel, dz = ins
        kept, gradient, rest = space[:room], space[room : 2 * room], space[2 * room :]
        again("apply", known.grid, known.block, source, mean, inverse, weight, bias, None, kept,
              *known.sizes)  # fmt: skip
        _run(filters, (dkernel,), (kept, dz), rest)
        _run(data, (gradient,), (dz, kernel), rest)
        given = (source, mean, inverse, weight, bias, None, gradient)
        _run(norm, (dx, dweight, dbias), given, rest)

    layouts = (layout, None, None, None, None, None, layout)
    outs = (*norm.out_types, *filters.out_types)
    workspace = 2 * room + max(data.workspace, filters.workspace, norm.workspace)
    return Bound(run, layouts, outs, workspace=workspace)


for _build in (forward, backward):
    _build.physical = True  # type: ignore[attr-defined]
