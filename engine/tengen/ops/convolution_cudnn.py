"""Convolutions of images on the GPU by cuDNN, channels-last, with what follows them."""

import math
from typing import Any

from ..base import config as settings
from ..base.layout import Layout, channels_last
from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.cuda import cudnn, program
from .convolution import (
    convolution,
    convolution_backward_data,
    convolution_backward_weight,
)
from .fused_convolution import fused_convolution
from .launching_cuda import TYPES, all_known

GROUPED = Layout((0, 1, 3, 4, 2), ())
"""Channels-last filters with an axis of groups in front."""


def chosen() -> cudnn.Settings:
    """How plans are to be chosen, by the configuration."""
    now = settings.config
    repeatable = now.deterministic or now.algorithm == "reproducible"
    return cudnn.Settings(now.tf32, repeatable, now.algorithm == "profile" and not repeatable)


def signature(
    kind: str, x: TensorType, weight: Any, y: TensorType, attrs: dict[str, Any], **more: Any
) -> cudnn.Convolution | None:
    """The call as cuDNN describes it; groups show in the filters' fewer channels."""
    if x.ndim != 4 or TYPES[x.dtype] not in cudnn.NAMES or not all_known((x, y)):
        return None
    grouped = len(weight) == 5
    filters = (weight[0] * weight[1], *weight[2:]) if grouped else weight
    if 0 in filters:
        return None
    return cudnn.Convolution(
        kind, TYPES[x.dtype], x.shape, tuple(filters), y.shape, tuple(attrs["stride"]),
        tuple(attrs["padding"]), tuple(attrs["dilation"]), **more,
    )  # fmt: skip


def bind(
    found: cudnn.Convolution | cudnn.Attention | None, order: list[int], layouts: Any,
    out_types: Any,
) -> Bound | None:  # fmt: skip
    """The kernel of a signature; `order` names the inputs that are its operands."""
    if found is None or program.loader().stream() is None:
        return None
    how = chosen()
    plan = cudnn.plan(found, how)
    if plan is None:
        return None
    made, count = plan, len(out_types)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        loader = program.loader()
        address = loader.address
        given = [*(address(ins[i]) for i in order), *(address(a) for a in outs[:count])]
        space = address(outs[count]) if made.workspace else 0
        made.run(given, space, loader.stream())

    return Bound(
        run, tuple(layouts), tuple(out_types), workspace=made.workspace,
        reproducible=how.repeatable,
    )  # fmt: skip


def weight_layout(weight: Any) -> Any:
    """The layout in which filters of this shape are wanted."""
    return GROUPED if len(weight) == 5 else channels_last(4)


@convolution.backend("cudnn", "gpu")
def forward(in_types: Any, out_types: Any, **attrs: Any) -> Bound | None:
    """The bias in the same pass."""
    x, weight, *rest = in_types
    shift = bool(rest) and rest[0] is not None
    found = signature("forward", x, weight.shape, out_types[0], attrs, shift=shift)
    last = channels_last(4)
    layouts = [last, weight_layout(weight.shape), *[None] * len(rest)]
    order = [0, 1, 2] if shift else [0, 1]
    return bind(found, order, layouts, (out_types[0].with_layout(last),)) if found else None


@fused_convolution.backend("cudnn", "gpu")
def fused(in_types: Any, out_types: Any, *, activation: str, **attrs: Any) -> Bound | None:
    """Scale, shift, residual and relu behind the convolution, in the same pass."""
    x, weight, shift, scale, residual = (*in_types, None, None, None)[:5]
    if activation not in ("none", "relu", "relu6"):
        return None
    found = signature(
        "forward", x, weight.shape, out_types[0], attrs, scale=scale is not None,
        shift=shift is not None, residual=residual is not None, activation=activation,
    )  # fmt: skip
    if found is None:
        return None
    last = channels_last(4)
    places = {2: None, 3: None, 4: last}
    layouts = [last, weight_layout(weight.shape), *[places[i] for i in range(2, len(in_types))]]
    parts = [(3, scale), (2, shift), (4, residual)]
    order = [0, 1, *[place for place, part in parts if part is not None]]
    return bind(found, order, layouts, (out_types[0].with_layout(last),))


@convolution_backward_data.backend("cudnn", "gpu")
def backward_data(in_types: Any, out_types: Any, *, size: Any, **attrs: Any) -> Bound | None:
    """The gradient of the data."""
    dy, weight = in_types[:2]
    (dx,) = out_types
    if len(in_types) > 2 and in_types[2] is not None:
        return None
    found = signature("data", dx, weight.shape, dy, attrs)
    if found is None:
        return None
    last = channels_last(4)
    layouts = [last, weight_layout(weight.shape), *[None] * (len(in_types) - 2)]
    return bind(found, [0, 1], layouts, (dx.with_layout(last),))


@convolution_backward_weight.backend("cudnn", "gpu")
def backward_weight(in_types: Any, out_types: Any, *, shape: Any, **attrs: Any) -> Bound | None:
    """The gradient of the filters."""
    x, dy = in_types
    found = signature("weight", x, shape, dy, attrs)
    if found is None or math.prod(shape) == 0:
        return None
    last = channels_last(4)
    out = (out_types[0].with_layout(weight_layout(shape)),)
    return bind(found, [0, 1], [last, last], out)
