"""Windows, padding and pixel shuffle of functional.nn."""

from ..base.errors import ArgumentError, ShapeError
from ..operands import as_tensor
from ..ops import padding as padding_ops
from ..ops import sliding as ops
from ..ops.shape import reshape, transpose
from ..tensor import Tensor
from .convolution import PerAxis, per_axis

__all__ = ["pad", "pixel_shuffle", "sliding_window", "sliding_window_transpose"]


def _window(
    name: str, kernel_size: PerAxis, padding: PerAxis, stride: PerAxis, dilation: PerAxis
) -> dict[str, tuple[int, ...]]:
    return {
        "kernel": per_axis(name, "kernel_size", kernel_size, 2),
        "padding": per_axis(name, "padding", padding, 2),
        "stride": per_axis(name, "stride", stride, 2),
        "dilation": per_axis(name, "dilation", dilation, 2),
    }


def sliding_window(
    inp: Tensor, kernel_size: PerAxis, padding: PerAxis = 0, stride: PerAxis = 1,
    dilation: PerAxis = 1,
) -> Tensor:  # fmt: skip
    """Every window of inp (N, C, H, W), zeros around it: (N, C, oh, ow, window h, window w)."""
    sizes = _window("sliding_window", kernel_size, padding, stride, dilation)
    return ops.sliding_window(as_tensor(inp), **sizes)  # type: ignore[no-any-return]


def sliding_window_transpose(
    inp: Tensor, output_size: PerAxis, kernel_size: PerAxis, padding: PerAxis = 0,
    stride: PerAxis = 1, dilation: PerAxis = 1,
) -> Tensor:  # fmt: skip
    """The windows (N, C, oh, ow, h, w) added up where they lie in an image of `output_size`."""
    name = "sliding_window_transpose"
    x = as_tensor(inp)
    if x.ndim != 6:
        raise ShapeError(f"[{name}] input must have 6 axes (N, C, oh, ow, h, w); got {x.shape}")
    sizes = _window(name, kernel_size, padding, stride, dilation)
    size = per_axis(name, "output_size", output_size, 2)
    return ops.sliding_window_transpose(x, size=size, **sizes)  # type: ignore[no-any-return]


def pad(
    src: Tensor, pad_width: tuple[tuple[int, int], ...], mode: str = "constant",
    constant_value: float = 0.0,
) -> Tensor:  # fmt: skip
    """src with pad_width[i] = (before, after) elements added to axis i; axes left out get none.

    mode: "constant" (of `constant_value`), "reflect" (without repeating the edge), or "replicate"
    (the edge; "edge" is another name for it).
    """
    x = as_tensor(src)
    kind = str(mode).lower()
    if len(pad_width) > x.ndim:
        raise ArgumentError(f"[pad] {len(pad_width)} pairs of widths for {x.ndim} axes")
    widths = tuple((int(before), int(after)) for before, after in pad_width)
    widths += ((0, 0),) * (x.ndim - len(widths))
    return padding_ops.pad(  # type: ignore[no-any-return]
        x, widths=widths, mode="replicate" if kind == "edge" else kind, value=constant_value
    )


def pixel_shuffle(inp: Tensor, upscale_factor: int) -> Tensor:
    """(..., C * r * r, H, W) to (..., C, H * r, W * r): channels become pixels.

    Shi et al., "Real-Time Single Image and Video Super-Resolution" (2016), section 3.2.
    """
    x, r = as_tensor(inp), int(upscale_factor)
    if r < 1 or x.ndim < 3 or x.shape[-3] % (r * r):
        raise ShapeError(
            f"[pixel_shuffle] channels must divide by {r} * {r}; got input of shape {x.shape}"
        )
    *lead, channels, height, width = x.shape
    count = 1
    for dim in lead:
        count *= dim
    parts = reshape(x, shape=(count, channels // (r * r), r, r, height, width))
    parts = transpose(parts, pattern=(0, 1, 4, 2, 5, 3))  # (n, C, H, r, W, r)
    return reshape(parts, shape=(*lead, channels // (r * r), height * r, width * r))  # type: ignore[no-any-return]
