"""functional.vision: operators on images, gathered, with those that fit no other file."""

from collections.abc import Sequence
from typing import Any

from ..base import dtype as dt
from ..base.errors import ArgumentError, DTypeError, ShapeError
from ..graph.state import full_precision
from ..operands import as_tensor, floating, pair
from ..ops.elementwise import add
from ..ops.matmul import matmul
from ..ops.vision import color
from ..ops.vision import correlation as matching
from ..ops.vision.deformable import deformable_convolution
from ..tensor import Tensor
from .convolution import per_axis
from .orientation import flip, rot90, rotate
from .regions import deformable_psroi_pooling, nms, roi_align, roi_pooling
from .resizing import interpolate, resize
from .warping import positions, remap, warp_affine, warp_perspective

__all__ = [
    "correlation", "cvt_color", "deformable_conv2d", "deformable_psroi_pooling", "flip",
    "interpolate", "nms", "remap", "resize", "roi_align", "roi_pooling", "rot90", "rotate",
    "warp_affine", "warp_perspective",
]  # fmt: skip


def cvt_color(inp: Tensor, mode: str = "") -> Tensor:
    """Images (N, H, W, C) with the colours of another convention.

    For uint8 and floats: RGB2GRAY, BGR2GRAY, RGBA2GRAY, GRAY2RGB, RGB2BGR, BGR2RGB, RGBA2RGB,
    RGBA2BGR, RGB2YUV, YUV2RGB. For uint8 also camera planes (N, 3/2 H, W, 1): YUV2x_y and
    BT601_YUV2x_y with x of RGB, BGR and y of NV12, NV21, YU12, YV12, YUV2GRAY_y, YCrCb2RGB and
    YCrCb2BGR (which are those of NV21). Floats have a gradient.
    """
    name = "cvt_color"
    mode = color.canonical_mode(name, str(mode))
    x = as_tensor(inp)
    if x.dtype == dt.uint8:
        return color.convert_color(x, mode=mode)  # type: ignore[no-any-return]
    if x.dtype not in dt.FLOATS or mode not in color.MATRICES:
        raise DTypeError(f"[{name}] mode {mode} does not take {x.dtype.name}")
    matrix, shift = color.MATRICES[mode]
    if x.ndim != 4 or x.shape[3] != len(matrix):
        raise ShapeError(
            f"[{name}] {mode} takes images (N, H, W, {len(matrix)}); got shape {x.shape}"
        )
    with full_precision():
        found = matmul(x, Tensor(matrix, dtype=x.dtype, device=x.device))
    return found if shift is None else add(found, Tensor(shift, dtype=x.dtype, device=x.device))


def correlation(
    data1: Tensor,
    data2: Tensor,
    kernel_size: int = 1,
    max_displacement: int = 1,
    stride1: int = 1,
    stride2: int = 1,
    pad_size: int = 0,
    is_multiply: bool = True,
) -> Tensor:
    """How maps (N, C, H, W) agree under displacements: (N, D**2, H', W').

    Each output is the mean over channels and a window of kernel_size (odd) of the products of
    data1 with data2 displaced, or of their distances without `is_multiply`. Displacements
    run to max_displacement in steps of stride2, outputs every stride1; pad_size zeros surround
    both maps. (Dosovitskiy et al., FlowNet, 2015, section 3.)
    """
    a, b = pair("correlation", floating(data1), floating(data2))
    return matching.correlation(  # type: ignore[no-any-return]
        a, b, kernel=int(kernel_size), reach=int(max_displacement), stride=int(stride1),
        spacing=int(stride2), padding=int(pad_size), multiply=bool(is_multiply),
    )  # fmt: skip


def deformable_conv2d(
    inp: Tensor,
    weight: Tensor,
    offset: Tensor,
    mask: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    conv_mode: Any = "cross_correlation",
    compute_mode: Any = "default",
) -> Tensor:
    """The convolution of inp (N, C, H, W) whose taps are shifted and weighted: (N, O, H', W').

    weight (O, C, h, w), or (G, O/G, C/G, h, w) for groups; offset (N, 2 D h w, H', W') holds the
    shift down and across of each tap for D groups of channels, mask (N, D h w, H', W') its weight.
    bias: (1, O, 1, 1). Zeros lie outside the image. (Zhu et al., Deformable ConvNets v2, 2019.)
    """
    name = "deformable_conv2d"
    x, w = pair(name, floating(inp), weight)
    if groups != (w.shape[0] if w.ndim == 5 else 1):
        raise ShapeError(
            f"[{name}] with groups={groups} the weight has"
            f" {'4 axes' if groups == 1 else f'5 axes, {groups} along the first'}; got {w.shape}"
        )
    if str(conv_mode).lower() != "cross_correlation":
        raise ArgumentError(f"[{name}] conv_mode is cross_correlation; got {conv_mode!r}")
    if str(compute_mode).lower() not in ("default", "float32"):
        raise ArgumentError(f"[{name}] compute_mode is default or float32; got {compute_mode!r}")
    shift, factor = pair(name, positions(offset), positions(mask))
    y = deformable_convolution(
        x, w, shift, factor,
        stride=per_axis(name, "stride", stride, 2),
        padding=per_axis(name, "padding", padding, 2),
        dilation=per_axis(name, "dilation", dilation, 2),
    )  # fmt: skip
    return y if bias is None else add(y, bias.astype(y.dtype))  # type: ignore[no-any-return]
