"""Interpolation weights and borders: which pixels a position reads, and how much of each.

A method is a row of taps whose weights are polynomials of the fraction behind the first pixel;
their derivatives come with it, so that positions have gradients of every order. The cubic is
the convolution kernel of Keys (1981) with a = -0.75.
"""

from typing import Any

import numpy as np

BORDERS = ("replicate", "reflect", "reflect_101", "wrap", "constant")

# Offset of the first tap, and for each tap the coefficients of 1, u, u**2, u**3.
_A = -0.75
_POLYNOMIALS: dict[str, tuple[int, tuple[tuple[float, ...], ...]]] = {
    "nearest": (0, ((1.0,),)),
    "linear": (0, ((1.0, -1.0), (0.0, 1.0))),
    "cubic": (
        -1,
        (
            (0.0, _A, -2 * _A, _A),
            (1.0, 0.0, -(_A + 3), _A + 2),
            (0.0, -_A, 2 * _A + 3, -(_A + 2)),
            (0.0, 0.0, _A, -_A),
        ),
    ),
}
METHODS = tuple(_POLYNOMIALS)


def taps(xp: Any, position: Any, mode: str, order: int = 0) -> list[tuple[Any, Any]]:
    """(pixel, weight) arrays for each tap of positions along one axis.

    `order` is that of the derivative by position. Positions that are no numbers or far away read
    what lies outside.
    """
    limit = 1e9
    position = xp.nan_to_num(position, nan=-limit, posinf=limit, neginf=-limit)
    position = xp.clip(position, -limit, limit)
    first = xp.rint(position) if mode == "nearest" else xp.floor(position)
    fraction = position - first
    first = first.astype(np.int64)
    start, polynomials = _POLYNOMIALS[mode]
    found = []
    for number, polynomial in enumerate(polynomials):
        terms = np.polynomial.polynomial.polyder(np.array(polynomial), order)
        weight = xp.full_like(fraction, terms[-1])
        for coefficient in terms[-2::-1]:
            weight = weight * fraction + position.dtype.type(coefficient)
        found.append((first + (start + number), weight))
    return found


def bordered(xp: Any, pixel: Any, size: int, border: str) -> tuple[Any, Any]:
    """The pixels within 0 .. size - 1 that stand for `pixel`, and which are inside (None: all)."""
    if border == "constant":
        return xp.clip(pixel, 0, size - 1), (pixel >= 0) & (pixel < size)
    if border == "replicate" or size == 1:
        return xp.clip(pixel, 0, size - 1), None
    if border == "wrap":
        return pixel % size, None
    period = 2 * size if border == "reflect" else 2 * size - 2
    found = pixel % period
    return xp.where(found < size, found, 2 * size - 1 - found if border == "reflect"
                    else period - found), None  # fmt: skip
