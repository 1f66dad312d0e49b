"""ATen's interpolation."""

import math
from typing import Any

from ... import functional as F
from .. import interpolation
from ..sliding import along
from .table import aten


def _target(x: Any, size: Any, factors: Any) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """The new size, and output over input along each axis."""
    old = x.shape[2:]
    if size is not None:
        new = tuple(size)
        given = factors or ()
        scales = tuple(
            s if s else t / n for s, t, n in zip(given or (None,) * len(new), new, old, strict=True)
        )
        return new, scales
    return tuple(math.floor(n * f) for n, f in zip(old, factors, strict=True)), tuple(factors)


def _resized(x: Any, new: Any, scales: Any, weights: Any, mode: str, corners: bool) -> Any:
    """By our operator where the scale is exactly the sizes' quotient, else as matrices."""
    exact = all(
        corners or math.isclose(s, t / n) for s, t, n in zip(scales, new, x.shape[2:], strict=True)
    )
    if exact and mode:
        align = corners if mode.endswith("linear") else None
        return F.nn.interpolate(x, new, mode=mode, align_corners=align)
    for axis, (target, scale) in enumerate(zip(new, scales, strict=True), 2):
        x = along(x, axis, weights(x.shape[axis], target, scale))
    return x


def _linear(name: str, mode: str) -> None:
    @aten(f"{name}.vec")
    def apply(x: Any, size: Any, corners: bool, factors: Any = None) -> Any:
        new, scales = _target(x, size, factors)
        convention = "align_corners" if corners else "half_pixel"

        def weights(n: int, t: int, s: float) -> Any:
            place = interpolation.positions(n, t, s, convention)
            return interpolation.linear(place.clip(0), n)

        return _resized(x, new, scales, weights, mode, corners)


_linear("upsample_linear1d", "linear")
_linear("upsample_bilinear2d", "bilinear")
_linear("upsample_trilinear3d", "trilinear")


@aten("upsample_bicubic2d.vec")
def bicubic(x: Any, size: Any, corners: bool, factors: Any = None) -> Any:
    """Cubic along both axes."""
    new, scales = _target(x, size, factors)
    convention = "align_corners" if corners else "half_pixel"

    def weights(n: int, t: int, s: float) -> Any:
        return interpolation.cubic(interpolation.positions(n, t, s, convention), n)

    return _resized(x, new, scales, weights, "" if corners else "bicubic", corners)


def _antialiased(name: str, weigh: Any) -> None:
    @aten(f"{name}.vec")
    def apply(x: Any, size: Any, corners: bool, factors: Any = None) -> Any:
        new, scales = _target(x, size, factors)
        convention = "align_corners" if corners else "half_pixel"

        def weights(n: int, t: int, s: float) -> Any:
            return weigh(interpolation.positions(n, t, s, convention), n, s)

        return _resized(x, new, scales, weights, "", corners)


def _cubic_filter(place: Any, n: int, s: float) -> Any:
    return interpolation.cubic(place, n, -0.5, s, True, True)


def _linear_filter(place: Any, n: int, s: float) -> Any:
    return interpolation.linear(place, n, s, True, True)


_antialiased("_upsample_bilinear2d_aa", _linear_filter)
_antialiased("_upsample_bicubic2d_aa", _cubic_filter)


def _nearest(name: str, axes: int, convention: str) -> None:
    @aten(f"{name}{axes}d.vec")
    def apply(x: Any, size: Any, factors: Any = None) -> Any:
        new, scales = _target(x, size, factors)

        def weights(n: int, t: int, s: float) -> Any:
            return interpolation.nearest(interpolation.positions(n, t, s, convention), n, "floor")

        mode = "nearest" if axes == 2 and convention == "asymmetric" else ""
        return _resized(x, new, scales, weights, mode, False)


for _axes in (1, 2, 3):
    _nearest("upsample_nearest", _axes, "asymmetric")
    _nearest("_upsample_nearest_exact", _axes, "tf_half_pixel_for_nn")
