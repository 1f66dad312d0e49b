"""Operations on single images of shape (H, W, C), by OpenCV where it is faster than NumPy."""

import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

from ....base.errors import ArgumentError, DTypeError, ShapeError
from ...opencv import cv2
from ...randomness import current

Array = np.ndarray

LINEAR = 1  # cv2.INTER_LINEAR
NEAREST = 0  # cv2.INTER_NEAREST

# OpenCV has no interpolation for these; their values are exact in the wider type.
_THROUGH = {"int8": "int16", "float16": "float32", "bool": "uint8"}


def to_gray(image: Array) -> Array:
    """The gray image (H, W, 1) of a BGR one (H, W, 3); one of a single channel as it is."""
    _check(image, "to_gray")
    if image.shape[2] == 1:
        return image
    return cv2().cvtColor(image, cv2().COLOR_BGR2GRAY)[:, :, None]


def to_bgr(image: Array) -> Array:
    """The BGR image (H, W, 3) of a gray one (H, W, 1)."""
    _check(image, "to_bgr")
    return cv2().cvtColor(image, cv2().COLOR_GRAY2BGR)


def pad(input: Array, size: int | Sequence[int], value: Any) -> Array:
    """`input` with a border of `value`.

    `size` is one width for all sides, or (bottom, right), or (top, bottom, left, right). `value`
    is a number or one for each channel, of which those without a channel are ignored; if it is a
    float, the result is float32.
    """
    _check(input, "pad")
    top, bottom, left, right = four_sides(size)
    height, width, channels = input.shape
    dtype = np.dtype(np.float32) if np.asarray(value).dtype.kind == "f" else input.dtype
    shape = (height + top + bottom, width + left + right, channels)
    output = np.empty(shape, dtype)
    output[...] = value[:channels] if isinstance(value, Sequence) else value
    output[top : top + height, left : left + width] = input
    return output


def four_sides(size: Any) -> tuple[int, int, int, int]:
    """A padding size as (top, bottom, left, right); ArgumentError for another form."""
    if isinstance(size, numbers.Integral):
        return (int(size),) * 4
    if isinstance(size, Sequence) and len(size) == 2:
        return (0, size[0], 0, size[1])
    if isinstance(size, Sequence) and len(size) == 4:
        return tuple(size)  # type: ignore[return-value]
    raise ArgumentError(
        f"[Pad] size must be an integer, (bottom, right), or (top, bottom, left, right); "
        f"got {size!r}"
    )


def flip(image: Array, flipCode: int) -> Array:
    """`image` mirrored: left to right for 1, top to bottom for 0, both for -1."""
    _check(image, "flip")
    rows = slice(None, None, -1) if flipCode <= 0 else slice(None)
    columns = slice(None, None, -1) if flipCode != 0 else slice(None)
    if image.dtype == np.uint8 and image.flags.c_contiguous and image.size:
        return _three_axes(cv2().flip(image, flipCode))
    return np.ascontiguousarray(image[rows, columns])


def resize(input: Array, size: Sequence[int], interpolation: Any = LINEAR) -> Array:
    """`input` at `size` (height, width).

    `interpolation` is one of OpenCV's numbers, or a sequence to choose one from at random.
    """
    _check(input, "resize")
    if len(size) != 2:
        raise ArgumentError(f"[resize] size must be (height, width); got {size!r}")
    if isinstance(interpolation, Sequence):
        interpolation = int(current().choice(interpolation))
    name = input.dtype.name
    if interpolation == NEAREST and input.dtype.itemsize == 8 and input.dtype.kind in "iu":
        # OpenCV gives int32 for int64; the same bits as float64 pass through unchanged.
        moved = cv2().resize(input.view(np.float64), size[::-1], interpolation=NEAREST)
        return _three_axes(moved.view(input.dtype))
    through = None if interpolation == NEAREST else _THROUGH.get(name)
    source = input if through is None else input.astype(through)
    try:
        output = cv2().resize(source, tuple(size[::-1]), interpolation=interpolation)
    except cv2().error as error:
        raise DTypeError(
            f"[resize] cannot resize {name} of shape {input.shape} to {tuple(size)} with "
            f"interpolation {interpolation}: {error}"
        ) from error
    return _three_axes(output).astype(input.dtype, copy=False)


def _check(image: Any, name: str) -> None:
    if not isinstance(image, np.ndarray) or image.ndim != 3:
        came = f"shape {image.shape}" if hasattr(image, "shape") else type(image).__name__
        raise ShapeError(f"[{name}] expected an image array of shape (H, W, C); got {came}")


def _three_axes(image: Array) -> Array:
    # OpenCV drops the axis of a single channel.
    return image[:, :, None] if image.ndim == 2 else image
