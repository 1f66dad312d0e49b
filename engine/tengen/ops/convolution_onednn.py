"""oneDNN's convolutions: float32 and bfloat16, blocked where oneDNN wants it, so that a chain
never reorders."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from ..base import dtype as dt
from ..base.layout import Layout
from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.onednn import convolution as onednn
from ..kernels.onednn import library
from ..kernels.onednn.errors import Unsupported
from ..kernels.onednn.memory import Desc
from .convolution import convolution, convolution_backward_data, convolution_backward_weight

Types = tuple[TensorType, ...]


def usable(*types: TensorType | None) -> bool:
    """True if oneDNN is there and all are float32 with at least one element."""
    return all(t is None or (t.dtype == dt.float32 and t.size) for t in types) and (
        library.available()
    )


def multipliable(*types: TensorType | None) -> bool:
    """True if oneDNN is there and all are float32, or all bfloat16 where the CPU has vectors for
    it, with at least one element."""
    given = [t for t in types if t is not None]
    if not all(t.size for t in given):
        return False
    kinds = {t.dtype for t in given}
    return library.available() and (
        kinds == {dt.float32} or (kinds == {dt.bfloat16} and library.has_bfloat16())
    )


def _blocked(ndim: int, lanes: int) -> Layout:
    return Layout(range(ndim), ((1, lanes),))


def _forms(t: TensorType) -> Iterator[Desc]:
    """What data of this type may be asked to lie in, the cheapest first.

    First as it comes if it is blocked, then as oneDNN likes, then in blocks of 16 or 8 channels
    (oneDNN may like channels last, which a buffer cannot say), plain at last.
    """
    if t.layout is not None:
        yield Desc.laid(t.shape, t.dtype, t.layout)
    yield Desc.any(t.shape, t.dtype)
    for lanes in (16, 8):
        yield Desc.blocked(t.shape, t.dtype, _blocked(t.ndim, lanes))
    yield Desc.plain(t.shape, t.dtype)


@cache
def favoured_layout(ndim: int) -> Layout | None:
    """The layout in which oneDNN's convolutions on this machine pass data on; None for plain."""
    data = Desc.any((1, 64, *[8] * (ndim - 2)), dt.float32)
    weight = Desc.any((64, 64, *[1] * (ndim - 2)), dt.float32)
    layout = onednn.forward(data, weight).dst.layout
    return (
        None if layout is None or layout.blocks[0][0] != 1 else _blocked(ndim, layout.blocks[0][1])
    )


def has_layout(desc: Desc) -> bool:
    """Whether a buffer can lie in this form: plain, blocked or channels-last."""
    return not desc.opaque_bytes and (desc.lies is not None or desc.form is None)


def bind(
    make: Callable[..., Any], candidates: Iterator[tuple[Desc, ...]], outs: Types
) -> Bound | None:
    """The first plan `make(*descs)` in forms that a buffer can have; its outputs come last."""
    for descs in candidates:
        try:
            plan = make(*descs)
        except Unsupported:
            continue
        if all(map(has_layout, plan.descs)):
            break
    else:
        return None
    first = len(plan.descs) - len(outs)
    types = tuple(
        t.with_layout(desc.lies) for t, desc in zip(outs, plan.descs[first:], strict=True)
    )

    def run(targets: tuple[Any, ...], sources: tuple[Any, ...]) -> None:
        plan(*sources, *targets)

    def prepare(targets: tuple[Any, ...], sources: tuple[Any, ...]) -> Callable[[], None]:
        return plan.bind(*sources, *targets)  # type: ignore[no-any-return]

    return Bound(
        run,
        tuple(desc.lies for desc in plan.descs[:first]),
        types,
        workspace=plan.scratchpad_bytes,
        name=f"onednn {plan.implementation}",
        prepare=prepare,
    )


@convolution.backend("onednn")
def forward(in_types: Types, out_types: Types, **attrs: Any) -> Bound | None:
    """Forward, with the bias in the same pass."""
    x, weight = in_types[:2]
    if not multipliable(*in_types, *out_types):
        return None

    def make(src: Desc, dst: Desc) -> Any:
        w = Desc.any(weight.shape, weight.dtype)
        return onednn.forward(src, w, dst, bias=len(in_types) > 2, **attrs)

    (y,) = out_types
    return bind(make, data_pairs(x, y), out_types)


def data_pairs(given: TensorType, other: TensorType) -> Iterator[tuple[Desc, Desc]]:
    """Forms of the data that comes, each with what the other data shall be in."""
    for desc in _forms(given):
        if desc.is_any:
            yield desc, Desc.any(other.shape, other.dtype)
            continue
        layout = desc.lies
        if layout is not None and not layout.blocks:
            yield desc, Desc.laid(other.shape, other.dtype, layout)
            continue
        if given.layout is not None:
            yield desc, Desc.any(other.shape, other.dtype)
        yield desc, Desc.of(other.shape, other.dtype, layout)
        if layout is not None:
            plain = Desc.plain(given.shape, given.dtype)
            yield plain, Desc.of(other.shape, other.dtype, desc.layout)


forward.physical = forward.ordered = True  # type: ignore[attr-defined]


@convolution_backward_data.backend("onednn")
def backward_data(in_types: Types, out_types: Types, *, size: Any, **attrs: Any) -> Bound | None:
    """The gradient of the input."""
    dy, weight = in_types
    if not multipliable(*in_types, *out_types):
        return None

    def make(diff_dst: Desc, diff_src: Desc) -> Any:
        w = Desc.any(weight.shape, weight.dtype)
        return onednn.backward_data(diff_dst, w, diff_src, **attrs)

    return bind(make, data_pairs(dy, out_types[0]), out_types)


backward_data.physical = True  # type: ignore[attr-defined]


def _forward_weight(src: Desc, shape: Any, dst: Desc, attrs: dict[str, Any]) -> Desc | None:
    """The form in which the forward pass on these forms takes its weight; None if it is plain."""
    try:
        desc = onednn.forward(src, Desc.any(shape, src.dtype), dst, **attrs).weights
    except Unsupported:
        return None
    return desc if desc.layout is not None else None


@convolution_backward_weight.backend("onednn")
def backward_weight(in_types: Types, out_types: Types, *, shape: Any, **attrs: Any) -> Bound | None:
    """The gradient of the weight, in the layout in which the forward pass wants the weight.

    A parameter that follows its gradient's layout is then never reordered for the forward pass.
    """
    x, dy = in_types
    if not multipliable(*in_types, *out_types):
        return None

    def make(src: Desc, diff_dst: Desc) -> Any:
        wanted = _forward_weight(src, shape, diff_dst, attrs)
        if wanted is not None:
            try:
                return onednn.backward_weights(src, diff_dst, wanted, **attrs)
            except Unsupported:
                pass
        dw = Desc.any(shape, x.dtype)
        return onednn.backward_weights(src, diff_dst, dw, **attrs)

    def candidates() -> Iterator[tuple[Desc, ...]]:
        if x.layout is not None or dy.layout is not None:
            yield tuple(
                Desc.any(t.shape, t.dtype) if t.layout is None
                else Desc.blocked(t.shape, t.dtype, t.layout)
                for t in (x, dy)
            )  # fmt: skip
        yield from data_pairs(x, dy)

    return bind(make, candidates(), out_types)


backward_weight.physical = True  # type: ignore[attr-defined]
