"""Resizing one axis as a matrix: nearest, linear and cubic, in every convention of coordinates."""

import math
from typing import Any

import numpy as np

Matrix = np.ndarray[Any, Any]


def positions(
    size: int, target: int, scale: float, convention: str, roi: tuple[float, float] = (0.0, 1.0)
) -> Matrix:
    """Where in the input each output element lies.

    `scale` is output over input. Conventions: "half_pixel", "half_pixel_symmetric",
    "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn",
    "tf_crop_and_resize".
    """
    step = np.arange(target, dtype=np.float64)
    if convention == "half_pixel":
        return (step + 0.5) / scale - 0.5
    if convention == "half_pixel_symmetric":
        adjusted = target / (scale * size)
        centre = size / 2
        return centre * (1 - adjusted) + (step + 0.5) / scale - 0.5
    if convention == "pytorch_half_pixel":
        return (step + 0.5) / scale - 0.5 if target > 1 else np.zeros(1)
    if convention == "align_corners":
        return step * ((size - 1) / (target - 1)) if target > 1 else np.zeros(target)
    if convention == "asymmetric":
        return step / scale
    if convention == "tf_half_pixel_for_nn":
        return (step + 0.5) / scale
    start, end = roi
    if target > 1:
        return start * (size - 1) + step * (end - start) * (size - 1) / (target - 1)
    return np.full(1, 0.5 * (start + end) * (size - 1))


def nearest(place: Matrix, size: int, rounding: str) -> Matrix:
    """Weights (size, target) that pick one element; `rounding` says which of two."""
    if rounding == "floor":
        index = np.floor(place)
    elif rounding == "ceil":
        index = np.ceil(place)
    elif rounding == "round_prefer_ceil":
        index = np.floor(place + 0.5)
    else:
        index = np.ceil(place - 0.5)
    return _spread(size, [(index, np.ones(place.size))])


def linear(
    place: Matrix, size: int, scale: float = 1.0, antialias: bool = False,
    inside_only: bool = False,
) -> Matrix:  # fmt: skip
    """Weights of linear interpolation; with `antialias` the triangle widens when shrinking."""
    if antialias and scale < 1:
        triangle = lambda x: np.maximum(0.0, 1 - np.abs(x))  # noqa: E731
        return _filtered(place, size, scale, 1.0, triangle, inside_only)
    low = np.floor(place)
    part = place - low
    return _spread(size, [(low, 1 - part), (low + 1, part)], inside_only)


def cubic(
    place: Matrix, size: int, a: float = -0.75, scale: float = 1.0, antialias: bool = False,
    inside_only: bool = False,
) -> Matrix:  # fmt: skip
    """Weights of cubic convolution (Keys, 1981); `inside_only` leaves out what lies outside."""

    def weight(x: Matrix) -> Matrix:
        x = np.abs(x)
        near = (a + 2) * x**3 - (a + 3) * x**2 + 1
        far = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
        return np.where(x <= 1, near, np.where(x < 2, far, 0.0))

    if antialias and scale < 1:
        return _filtered(place, size, scale, 2.0, weight, inside_only)
    low = np.floor(place)
    taps = [(low + k, weight(place - low - k)) for k in (-1, 0, 1, 2)]
    return _spread(size, taps, inside_only)


def _filtered(
    place: Matrix, size: int, scale: float, reach: float, weight: Any, inside_only: bool = False
) -> Matrix:
    """Weights of a filter stretched by 1 / scale, normalised."""
    count = math.ceil(reach / scale) + 1
    low = np.floor(place)
    taps = [(low + k, weight((low + k - place) * scale)) for k in range(-count, count + 1)]
    total = sum(w for _, w in taps)
    return _spread(size, [(i, w / total) for i, w in taps], inside_only)


def _spread(size: int, taps: Any, inside_only: bool = False) -> Matrix:
    """The matrix of taps; indices outside read the edge, or nothing and the rest is rescaled."""
    target = len(taps[0][0])
    made = np.zeros((size, target))
    column = np.arange(target)
    for index, weight in taps:
        index = index.astype(np.int64)
        if inside_only:
            weight = np.where((index >= 0) & (index < size), weight, 0.0)
        np.add.at(made, (np.clip(index, 0, size - 1), column), weight)
    if inside_only:
        made /= made.sum(0)
    return made
