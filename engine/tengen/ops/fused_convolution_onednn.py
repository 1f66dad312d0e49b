"""oneDNN's convolution with scale, shift, residual and activation where it writes its result."""

from collections.abc import Callable
from typing import Any

from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.onednn import convolution as onednn
from ..kernels.onednn.errors import Unsupported
from ..kernels.onednn.memory import Desc
from .convolution_onednn import data_pairs, multipliable, plain_or_blocked
from .fused_convolution import fused_convolution

Types = tuple[TensorType, ...]

POST: dict[str, Any] = {
    "none": None,
    "relu": "relu",
    "relu6": ("clip", 0.0, 6.0),
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "silu": "swish",
    "gelu": "gelu_erf",
    "gelu_tanh": "gelu_tanh",
    "hswish": "hard_swish",
    "hsigmoid": "hard_sigmoid",
}
"""oneDNN's names of the activations."""


@fused_convolution.backend("onednn")
def build(in_types: Types, out_types: Types, *, activation: str, **attrs: Any) -> Bound | None:
    """One call; where oneDNN has no such chain in one call, there is none."""
    x, weight = in_types[:2]
    shift, scale, residual = (*in_types[2:], None, None, None)[:3]
    (y,) = out_types
    if not multipliable(*in_types, y) or (scale is not None and shift is None):
        return None

    def make(src: Desc, dst: Desc) -> Any:
        return onednn.forward(
            src,
            Desc.any(weight.shape, weight.dtype),
            dst,
            bias=shift is not None and scale is None,
            scale=scale is not None,
            residual="add" if residual is not None else "",
            activation=POST[activation],
            **attrs,
        )

    for descs in data_pairs(x, y):
        try:
            plan = make(*descs)
        except Unsupported:
            continue
        if all(map(plain_or_blocked, plan.descs)):
            return _bound(plan, in_types, y)
    return None


build.physical = True  # type: ignore[attr-defined]


def _bound(plan: Any, in_types: Types, y: TensorType) -> Bound:
    """The plan's arguments, found among the operator's inputs."""
    named = dict(zip(("src", "weights", "shift", "scale", "residual"), range(5), strict=True))
    named["bias"] = named["shift"]
    order = [named[name] for name in plan.names if name != "dst"]
    layouts: list[Any] = [None] * len(in_types)
    for place, desc in zip(order, plan.descs, strict=False):
        layouts[place] = desc.layout

    def run(targets: tuple[Any, ...], sources: tuple[Any, ...]) -> None:
        plan(*[sources[place] for place in order], *targets)

    def prepare(targets: tuple[Any, ...], sources: tuple[Any, ...]) -> Callable[[], None]:
        return plan.bind(*[sources[place] for place in order], *targets)  # type: ignore[no-any-return]

    return Bound(
        run,
        tuple(layouts),
        (y.with_layout(plan.dst.layout),),
        workspace=plan.scratchpad_bytes,
        name=f"onednn {plan.implementation}",
        prepare=prepare,
    )
