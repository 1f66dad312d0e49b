"""ATen's pooling, and padding."""

from typing import Any

from ... import functional as F
from ...base import dtype as dt
from ...base.errors import ArgumentError
from ..sliding import adaptive_average, adaptive_max, average_pool, max_pool
from .convolution import each
from .table import aten


def _batched(x: Any, axes: int, pool: Any) -> Any:
    return pool(x[None])[0] if x.ndim == axes + 1 else pool(x)


def _max_pool(axes: int) -> None:
    @aten(f"max_pool{axes}d")
    def pool(
        x: Any, kernel: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1,
        ceil_mode: bool = False,
    ) -> Any:  # fmt: skip
        sizes = each(kernel, axes)
        steps = each(stride, axes) if stride else sizes
        edge = each(padding, axes)
        gaps = each(dilation, axes)
        return _batched(x, axes, lambda y: max_pool(y, sizes, steps, edge, edge, gaps, ceil_mode))


def _average_pool(axes: int) -> None:
    @aten(f"avg_pool{axes}d")
    def pool(
        x: Any, kernel: Any, stride: Any = (), padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: Any = None,
    ) -> Any:  # fmt: skip
        sizes = each(kernel, axes)
        steps = each(stride, axes) if stride else sizes
        edge = each(padding, axes)
        return _batched(
            x, axes,
            lambda y: average_pool(
                y, sizes, steps, edge, edge, (1,) * axes, ceil_mode, count_include_pad,
                divisor_override,
            ),
        )  # fmt: skip


def _adaptive(axes: int) -> None:
    @aten(f"adaptive_avg_pool{axes}d", f"_adaptive_avg_pool{axes}d")
    def pool(x: Any, target: Any) -> Any:
        goal = each(target, axes)
        return _batched(x, axes, lambda y: adaptive_average(y, _kept(y, goal)))


def _adaptive_max(axes: int) -> None:
    @aten(f"adaptive_max_pool{axes}d")
    def pool(x: Any, target: Any) -> Any:
        goal = each(target, axes)
        return _batched(x, axes, lambda y: adaptive_max(y, _kept(y, goal))), None


def _kept(x: Any, goal: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(n if t is None else t for n, t in zip(x.shape[2:], goal, strict=True))


for _axes in (1, 2, 3):
    _max_pool(_axes)
    _average_pool(_axes)
    _adaptive(_axes)
    _adaptive_max(_axes)


@aten("max_pool2d_with_indices", "max_pool3d_with_indices")
def max_pool_with_places(
    x: Any, kernel: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1,
    ceil_mode: bool = False,
) -> Any:  # fmt: skip
    """The largest elements; their places are not given."""
    axes = len(kernel) if len(kernel) > 1 else x.ndim - 2
    sizes, edge, gaps = each(kernel, axes), each(padding, axes), each(dilation, axes)
    steps = each(stride, axes) if stride else sizes
    return max_pool(x, sizes, steps, edge, edge, gaps, ceil_mode), None


@aten("pad")
def pad(x: Any, widths: Any, mode: str = "constant", value: Any = None) -> Any:
    """x widened at its last axes, or cut where a width is negative."""
    pairs = [(0, 0)] * x.ndim
    for number in range(len(widths) // 2):
        pairs[x.ndim - 1 - number] = (widths[2 * number], widths[2 * number + 1])
    if mode == "circular":
        return _wrapped(x, pairs)
    if mode not in ("constant", "reflect", "replicate"):
        raise ArgumentError(f"[pad] mode is constant, reflect, replicate or circular; got {mode!r}")
    if any(w < 0 for pair in pairs for w in pair):
        cut = tuple(
            slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(x.shape, pairs, strict=True)
        )
        x, pairs = x[cut], [(max(a, 0), max(b, 0)) for a, b in pairs]
    filling = value or 0.0
    if x.dtype == dt.bool_ or dt.is_integer(x.dtype):
        filling = int(filling)
    return F.nn.pad(x, tuple(pairs), mode, filling)


def _wrapped(x: Any, pairs: Any) -> Any:
    for axis, (before, after) in enumerate(pairs):
        if before or after:
            n = x.shape[axis]
            lead = (slice(None),) * axis
            parts = [x[(*lead, slice(n - before, n))], x, x[(*lead, slice(0, after))]]
            x = F.concat(parts, axis)
    return x


@aten("constant_pad_nd")
def constant_pad(x: Any, widths: Any, value: Any = 0) -> Any:
    """x widened with a number."""
    return pad(x, widths, "constant", value)


def _pads(name: str, mode: str) -> None:
    @aten(name)
    def apply(x: Any, widths: Any) -> Any:
        return pad(x, widths, mode)


for _axes in (1, 2, 3):
    _pads(f"reflection_pad{_axes}d", "reflect")
    _pads(f"replication_pad{_axes}d", "replicate")
