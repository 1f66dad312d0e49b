"""oneDNN's convolution with scale, shift, residual and activation where it writes its result."""

from collections.abc import Callable
from typing import Any

from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.onednn import convolution as onednn
from ..kernels.onednn.errors import Unsupported
from ..kernels.onednn.memory import Desc
from .convolution_onednn import data_pairs, has_layout, multipliable
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

    def make(src: Desc, dst: Desc, residual: str) -> Any:
        return onednn.forward(
            src,
            Desc.any(weight.shape, weight.dtype),
            dst,
            bias=shift is not None and scale is None,
            scale=scale is not None,
            residual=residual,
            activation=POST[activation],
            **attrs,
        )

    def over(plan: Any) -> Any:
        """The plan that adds to what its output held; None where that would be another form."""
        try:
            found = make(plan.src, plan.dst, "sum")
        except Unsupported:
            return None
        return found if found.weights == plan.weights else None

    for src, dst in data_pairs(x, y):
        try:
            plan = make(src, dst, "add" if residual is not None else "")
        except Unsupported:
            continue
        if all(map(has_layout, plan.descs)):
            return _bound(plan, None if residual is None else over(plan), in_types, y)
    return None


build.physical = build.ordered = True  # type: ignore[attr-defined]


def _bound(plan: Any, over: Any, in_types: Types, y: TensorType) -> Bound:
    """The plan's arguments, found among the operator's inputs; `over` adds to what the output
    held, for a residual that lies there."""
    named = dict(zip(("src", "weights", "shift", "scale", "residual"), range(5), strict=True))
    named["bias"] = named["shift"]
    order = [named[name] for name in plan.names if name != "dst"]
    layouts: list[Any] = [None] * len(in_types)
    for place, desc in zip(order, plan.descs, strict=False):
        layouts[place] = desc.lies
    bare = [place for place in order if place != _RESIDUAL]

    def chosen(targets: tuple[Any, ...], sources: tuple[Any, ...]) -> tuple[Any, list[Any]]:
        same = over is not None and _address(sources[_RESIDUAL]) == _address(targets[0])
        places = bare if same else order
        return over if same else plan, [*[sources[place] for place in places], *targets]

    def run(targets: tuple[Any, ...], sources: tuple[Any, ...]) -> None:
        call, arrays = chosen(targets, sources)
        call(*arrays)

    def prepare(targets: tuple[Any, ...], sources: tuple[Any, ...]) -> Callable[[], None]:
        call, arrays = chosen(targets, sources)
        return call.bind(*arrays)  # type: ignore[no-any-return]

    return Bound(
        run,
        tuple(layouts),
        (y.with_layout(plan.dst.lies),),
        workspace=max(plan.scratchpad_bytes, over.scratchpad_bytes if over is not None else 0),
        inplace=None if over is None else (_RESIDUAL, 0),
        name=f"onednn {plan.implementation}",
        prepare=prepare,
    )


def _address(array: Any) -> int:
    return array.__array_interface__["data"][0]  # type: ignore[no-any-return]


_RESIDUAL = 4
